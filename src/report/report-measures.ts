/** Measures as a report shows them: groups named or numbered, the worst first, and no more than a page takes. */
import { lookAt } from '../../transforms/detect/look.ts'
import { LetheError } from '../errors.ts'
import type { Measurement } from '../forms/measurement.ts'
import type { CurvePoint, EarlierReport, LossCurve, ReportBalance, ReportRun } from '../forms/report-form.ts'
import { labelOf, type OneRun } from './report-runs.ts'

/** Groups that are listed; of more, how many there are. */
const MOST_GROUPS = 50
/** Groups of fewer data subjects have no name in a report, whatever the measure allowed. */
export const SMALLEST_NAMED = 10
/** Smaller groups are too few for a share to mean much: as in measures. */
export const SMALLEST_JUDGED = 30
const MOST_NAME = 80

export interface ShownMeasures {
  readonly measures: readonly Measurement[]
  readonly balances: readonly ReportBalance[]
  readonly measured: { readonly records: number; readonly of: number }
}

export interface GivenMeasure {
  readonly file: string
  readonly measurement: Measurement
}

/** @throws LetheError (usage) where a measure is of another policy than the runs, or of more records */
export function showMeasures(given: readonly GivenMeasure[], runs: readonly OneRun[]): ShownMeasures {
  const { policy } = runs[0]!.account
  for (const { file, measurement } of given)
    if (measurement.policy.fingerprint !== policy.fingerprint)
      throw new LetheError(
        'report-mixed',
        `${file} is a measure of the policy ${labelOf(measurement.policy)}, and the runs are of ${labelOf(policy)}`,
        'measure under the policy of the runs',
      )
  const of = runs.reduce((all, { run }) => all + run.flow.in, 0)
  const records = given.reduce((all, { measurement }) => all + coveredBy(measurement, runs), 0)
  return {
    measures: given.map(({ measurement }) => withoutNames(measurement)),
    balances: given.flatMap(({ measurement }, at) => balanceOfMeasure(measurement, at + 1)),
    measured: { records, of },
  }
}

/** How many of the records that the runs read a measure is of. What was measured as it left stands for its runs, where it is all of it. */
function coveredBy({ side, records }: Measurement, runs: readonly OneRun[]): number {
  if (side !== 'output') return records.read + records.unread
  const published = runs.reduce((all, { run }) => all + run.flow.published, 0)
  const read = runs.reduce((all, { run }) => all + run.flow.in, 0)
  return records.published === published || records.read === published ? read : records.read
}

/** The names are in the table of groups, as far as they are shown. */
const withoutNames = (measurement: Measurement): Measurement =>
  measurement.balance === undefined
    ? measurement
    : { ...measurement, balance: { ...measurement.balance, groups: [] } }

function balanceOfMeasure({ balance, options }: Measurement, measure: number): readonly ReportBalance[] {
  if (balance === undefined) return []
  const mayName = options.smallestGroup >= SMALLEST_NAMED
  const groups = balance.groups
    .toSorted((a, b) => a.ratio - b.ratio)
    .map(({ name, read, published, retention, interval, ratio, isFlagged }, at) => ({
      name: mayName && isName(name) ? name : `group ${at + 1}`,
      ...{ read, published, retention, low: interval.low, high: interval.high, ratio, isFlagged },
    }))
  const left = groups.slice(MOST_GROUPS)
  const { small } = balance
  const best = Math.max(
    0,
    ...groups.filter(({ read }) => read >= SMALLEST_JUDGED).map((one) => one.retention),
  )
  return [
    {
      measure,
      by: balance.by,
      groups: groups.slice(0, MOST_GROUPS),
      more: {
        groups: left.length,
        read: left.reduce((all, { read }) => all + read, 0),
        published: left.reduce((all, { published }) => all + published, 0),
      },
      small,
      smallRetention: small.read === 0 ? null : small.published / small.read,
      smallRatio: small.read === 0 || best === 0 ? null : small.published / small.read / best,
    },
  ]
}

/** A value that looks personal is no name of a group, and a long one no name at all. */
const isName = (name: string): boolean => name.length <= MOST_NAME && lookAt(name).length === 0

/** Points of loss against k: of a file, of earlier reports under any version of the policy, and of this one. Empty where there is but one. */
export function curveOf(
  solved: LossCurve | undefined,
  earlier: readonly EarlierReport[],
  measures: readonly Measurement[],
): readonly CurvePoint[] {
  const points: CurvePoint[] = (solved?.curve ?? []).map(({ k, loss }) => ({ k, loss, of: 'solved' }))
  for (const { curve = [] } of earlier)
    points.push(...curve.flatMap((one) => (one.of === 'this' ? [{ ...one, of: 'earlier' as const }] : [])))
  for (const { output, utility } of measures)
    if (output !== undefined && utility !== undefined && output.risk.k > 0)
      points.push({ k: output.risk.k, loss: utility.loss, of: 'this' })
  const seen = new Set<string>()
  return points
    .filter((point) => {
      const key = JSON.stringify(point)
      return !seen.has(key) && seen.add(key)
    })
    .sort((a, b) => a.k - b.k || a.loss - b.loss)
}

/** Whether a data subject stands alone by the account of a run, beyond the error of its estimate. */
export const someoneAlone = ({ groups }: ReportRun): boolean =>
  groups !== undefined && groups.alone.share > 2 * groups.alone.error
