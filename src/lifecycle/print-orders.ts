/** Work orders of retention, and what was found afterwards, as lines for people. */
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import type { VerifiedTarget } from './retention-orders.ts'
import type { TargetSurvey } from './target.ts'
import type { TopicOrder } from './topic-order.ts'
import { fileOf, totalOf, type WorkOrder } from './work-order.ts'

const HOUR_MS = 3_600_000
const hours = (milliseconds: number): string => `${Math.ceil(milliseconds / HOUR_MS)} h`

export function orderLines(order: WorkOrder): readonly string[] {
  const { rows, deleted, stepped } = totalOf(order)
  const lines: string[] = []
  for (const target of order.targets) {
    const { rules, undated, cannotStep, unsteppable, unstepped, whole, oldest, newest, mayOutliveMs } = target
    const span = oldest === null ? 'no event time' : `${oldest} to ${newest}`
    lines.push(`lethe: ${fileOf(target.target)}: ${target.rows} rows, ${target.digest.bytes} bytes, ${span}`)
    for (const { rule, action, rows: count } of rules) lines.push(`  ${action} ${count} rows: ${rule}`)
    if (whole) lines.push('  nothing is left: the file goes')
    lines.push(...olderLines(target), ...heldLines(target))
    if (undated > 0) lines.push(`  ${undated} rows have no event time that can be read, and stay`)
    if (cannotStep > 0) {
      lines.push(
        `  ${cannotStep} rows cannot be stepped down here, and stay: say --cannot-step drop-field or drop-row`,
      )
    }
    for (const { step, field, why } of unsteppable) lines.push(`  step ${step}, ${field}: ${why}`)
    if (unstepped !== undefined)
      lines.push(
        `  ${unstepped} rows are old enough for a step of this policy, and stay as they are: another version of it made the file, and steps are taken by that version alone (-p), or by making the file again`,
      )
    if (rules.length > 0) lines.push(`  a row may outlive its period by up to ${hours(mayOutliveMs)}`)
  }
  for (const { target, code, message } of order.untouched)
    lines.push(`lethe: ${fileOf(target)}: not touched (${code}): ${message}`)
  if (order.expiredHolds.length > 0)
    lines.push(`lethe: holds that expired, and hold nothing: ${order.expiredHolds.join(', ')}`)
  lines.push(
    `lethe: of ${rows} rows ${deleted} go and ${stepped} are stepped; order ${order.hash.slice(0, 16)}…, to be applied until ${order.validUntil}`,
  )
  return lines
}

/** What goes beside rows, in a bucket that keeps versions. */
export const olderLines = ({ olderVersions }: Pick<TargetSurvey, 'olderVersions'>): readonly string[] =>
  olderVersions === undefined ? [] : [`  ${olderVersions} older versions of it go, whatever is in them`]

/** What legal holds keep of a file. */
export function heldLines({ held }: Pick<TargetSurvey, 'held'>): readonly string[] {
  const { by = {}, whole = [] } = held
  return [
    ...Object.entries(by).map(
      ([hold, count]) => `  ${count} rows stay as they are, under legal hold ${hold}`,
    ),
    ...whole.map(
      ({ hold, why }) => `  the legal hold ${hold} is on subjects, and holds every row here: ${why}`,
    ),
  ]
}

/** Where routes of a pipeline write files, which orders of topics leave alone. */
export const ofFiles = ({ routes }: Pick<Pipeline, 'routes'>): string =>
  routes
    .flatMap(({ name, to, policy }) => (to.dataset === undefined ? [] : [{ name, policy, ...to.dataset }]))
    .map(
      ({ name, folder, policy }) =>
        `lethe: route ${name}: its data set is of files: lethe retain plan ${folder} -p ${policy}\n`,
    )
    .join('')

export const verifiedLines = (targets: readonly VerifiedTarget[]): readonly string[] =>
  targets.map(({ target, state, message }) => `${fileOf(target)}: ${state}: ${message}`)

export function topicOrderLines(order: TopicOrder): readonly string[] {
  const { rows, deleted } = totalOf(order)
  const lines: string[] = []
  for (const {
    target,
    rows: all,
    keptFor,
    partitions,
    oldest,
    newest,
    mayOutliveMs,
    ...one
  } of order.targets) {
    const span = oldest === null ? 'no timestamp' : `timestamps ${oldest} to ${newest}`
    lines.push(`lethe: topic ${fileOf(target)}: ${all} records, ${span}`)
    for (const { partition, start, before, deleted: count } of partitions)
      if (count > 0)
        lines.push(
          `  partition ${partition}: ${count} records to delete, from offset ${start} up to ${before} (not in it)`,
        )
    if (keptFor.behind > 0)
      lines.push(
        `  ${keptFor.behind} records are too old, and stay: one that has to stay lies before them, and a broker deletes from the start only`,
      )
    if (keptFor.held > 0) lines.push(`  ${keptFor.held} records are too old, and stay under legal hold`)
    if (keptFor.undated > 0) lines.push(`  ${keptFor.undated} records have no timestamp, and stay`)
    if (keptFor.foreign > 0)
      lines.push(`  ${keptFor.foreign} records were made by no policy of this pipeline, and stay`)
    if (keptFor.otherVersion > 0)
      lines.push(
        `  ${keptFor.otherVersion} records were made by another version of a policy, and stay: say --other-versions with the longest interval that those wrote, such as 31d`,
      )
    if (one.deleted > 0) lines.push(`  a record may outlive its period by up to ${hours(mayOutliveMs)}`)
  }
  for (const { target, code, message } of order.untouched)
    lines.push(`lethe: topic ${fileOf(target)}: not touched (${code}): ${message}`)
  for (const { target, says } of order.brokers) {
    lines.push(`lethe: what the brokers delete of topic ${fileOf(target)} by themselves:`)
    for (const words of says) lines.push(`  ${words}`)
  }
  if (order.expiredHolds.length > 0)
    lines.push(`lethe: holds that expired, and hold nothing: ${order.expiredHolds.join(', ')}`)
  lines.push(
    `lethe: of ${rows} records ${deleted} go; order ${order.hash.slice(0, 16)}…, to be applied until ${order.validUntil}`,
  )
  return lines
}
