/** Work orders of erasure, and what was found afterwards, as lines for people. */
import { heldLines, olderLines } from '../lifecycle/print-orders.ts'
import { fileOf, totalOf } from '../lifecycle/work-order.ts'
import type { VerifiedErasure } from './erase.ts'
import type { ErasureOrder } from './erasure-order.ts'
import type { LocatedTopic } from './locate-records.ts'
import type { Located } from './locate-rows.ts'
import { openPoints } from './receipt.ts'

/** What an order comes to in each data set that it has files of. */
async function dataSetLines(
  { targets, untouched }: ErasureOrder,
  dataSetOf: (file: string) => Promise<string | undefined>,
): Promise<readonly string[]> {
  const sets = new Map<string, { files: number; rows: number; deleted: number; untouched: number }>()
  const at = async (target: ErasureOrder['targets'][number]['target']) => {
    const folder = await dataSetOf(fileOf(target))
    if (folder === undefined) return undefined
    const known = sets.get(folder) ?? { files: 0, rows: 0, deleted: 0, untouched: 0 }
    sets.set(folder, known)
    known.files++
    return known
  }
  for (const { target, rows, deleted } of targets) {
    const set = await at(target)
    if (set === undefined) continue
    set.rows += rows
    set.deleted += deleted
  }
  for (const { target } of untouched) {
    const set = await at(target)
    if (set !== undefined) set.untouched++
  }
  return [...sets].map(
    ([folder, set]) =>
      `lethe: data set ${folder}: ${set.files} files, of ${set.rows} rows ${set.deleted} go${set.untouched === 0 ? '' : `, ${set.untouched} files not touched`}`,
  )
}

/** `dataSetOf`: the folder of the data set that a file is of, if it is of one. */
export async function erasureLines(
  order: ErasureOrder,
  dataSetOf: (file: string) => Promise<string | undefined>,
): Promise<readonly string[]> {
  const { rows, deleted } = totalOf(order)
  const lines: string[] = []
  for (const { target, digest, ...survey } of order.targets) {
    const { rules, unnamed = 0, unsearched = [], whole } = survey
    lines.push(`lethe: ${fileOf(target)}: ${survey.rows} rows, ${digest.bytes} bytes`)
    for (const { rule, rows: count } of rules) lines.push(`  ${count} rows go, found by ${rule}`)
    if (whole) lines.push('  nothing is left: the file goes')
    lines.push(...olderLines(survey), ...heldLines(survey))
    if (unnamed > 0) lines.push(`  ${unnamed} rows name no subject, and stay`)
    for (const why of unsearched) lines.push(`  not all rows can be found: ${why}`)
  }
  for (const { target, code, message } of order.untouched)
    lines.push(`lethe: ${fileOf(target)}: not touched (${code}): ${message}`)
  for (const { target, rows: letters, found, held, unknown } of order.lists ?? []) {
    lines.push(`lethe: ${fileOf(target)}: ${letters} dead letters, of ${found} the sealed originals go`)
    if (held > 0) lines.push(`  ${held} sealed originals stay under legal hold`)
    if (unknown > 0)
      lines.push(
        `  ${unknown} originals are of subjects that are not told, and stay: delete the list once it was replayed`,
      )
  }
  lines.push(...(await dataSetLines(order, dataSetOf)), ...topicLines(order.topics))
  if (order.expiredHolds.length > 0)
    lines.push(`lethe: holds that expired, and hold nothing: ${order.expiredHolds.join(', ')}`)
  const files =
    order.topics !== undefined && order.targets.length === 0 ? [] : [`of ${rows} rows ${deleted} go`]
  const all = [...files, ...topicTotals(order.topics)].join('; ')
  lines.push(
    `lethe: ${order.subjects.length} subjects under ${Object.keys(order.keys).length} keys: ${all}; order ${order.hash.slice(0, 16)}…, to be applied until ${order.validUntil}`,
  )
  return lines
}

/** What is found in topics, and what of that the order requests to go. */
function topicTotals(topics: ErasureOrder['topics']): readonly string[] {
  if (topics === undefined) return []
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
  const partitions = topics.targets.flatMap((target) => target.partitions)
  const rows = sum(topics.targets.map((target) => target.rows))
  const found = sum(topics.targets.map((target) => target.found))
  const deleted = sum(partitions.map((one) => one.deleted))
  const tombstones = sum(partitions.map((one) => one.tombstones))
  return [`of ${rows} records ${found} found, ${tombstones} tombstones to write, ${deleted} to delete`]
}

function topicLines(topics: ErasureOrder['topics']): readonly string[] {
  if (topics === undefined) return []
  const lines: string[] = []
  for (const { target, role, rows, found, rules, partitions, tombstones, ...one } of topics.targets) {
    lines.push(`lethe: topic ${fileOf(target)} (${role}): ${rows} records, ${found} of the subjects`)
    for (const { rule, rows: count } of rules) lines.push(`  ${count} found by ${rule}`)
    for (const {
      partition,
      found: count,
      first,
      last,
      tombstones: keys,
      start,
      before,
      deleted,
      others,
    } of partitions) {
      if (count > 0) lines.push(`  partition ${partition}: ${count} records, offsets ${first} to ${last}`)
      if (keys > 0) lines.push(`  partition ${partition}: ${keys} tombstones to write`)
      if (before > start)
        lines.push(
          `  partition ${partition}: records before offset ${before} to delete, ${deleted} of the subjects and ${others} of others`,
        )
    }
    if (tombstones > 0)
      lines.push(`  ${tombstones} tombstones are there already, under tokens of the subjects`)
    for (const words of one.says) lines.push(`  ${words}`)
    for (const why of one.unsearched) lines.push(`  not all records can be found: ${why}`)
  }
  for (const { target, code, message } of topics.untouched)
    lines.push(`lethe: topic ${fileOf(target)}: not looked through (${code}): ${message}`)
  return lines
}

export function erasureFound(verified: VerifiedErasure): readonly string[] {
  const open = openPoints(verified)
  return [
    ...verified.targets.map(({ target, state, message }) => `${fileOf(target)}: ${state}: ${message}`),
    ...open.filter(({ target }) => target === null).map(({ code, message }) => `${code}: ${message}`),
    open.length === 0
      ? 'closed: every target was read again, and nothing was found'
      : `open: ${open.length} points`,
  ]
}

const spansOf = (spans: readonly (readonly [number, number])[]): string =>
  spans.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')

const locatedTopic = ({ target, read, found, partitions }: LocatedTopic): readonly string[] => [
  `topic ${fileOf(target)}: ${found} of ${read} records`,
  ...partitions.map(
    (one) => `  partition ${one.partition}: ${one.found} records, offsets ${spansOf(one.offsets)}`,
  ),
]

function locatedFile({ target, read, found, rows }: Located): string {
  const where = found === 0 ? '' : `: ${spansOf(rows)}`
  return `${fileOf(target)}: ${found} of ${read} rows${where}`
}

export const locatedLines = (one: Located | LocatedTopic): readonly string[] =>
  'rows' in one ? [locatedFile(one)] : locatedTopic(one)
