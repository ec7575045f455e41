/** Measures as a report shows them: groups named or numbered, the worst first, and no more than a page takes. */
import { lookAt } from '../../transforms/detect/look.ts'
import { LetheError } from '../errors.ts'
import type { Measurement } from '../forms/measurement.ts'
import type {
  CurvePoint,
  EarlierReport,
  LossCurve,
  ReportBalance,
  ReportDocument,
  ReportGroup,
  ReportRun,
} from '../forms/report-form.ts'
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
  readonly measured: ReportDocument['measured']
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
  const covered = given.map(({ measurement }) => coveredBy(measurement, runs))
  return {
    measures: given.map(({ measurement }) => withoutNames(measurement)),
    balances: given.flatMap(({ measurement }, at) => balancesOf(measurement, at + 1)),
    measured: { ...coverage(covered, runs), covered },
  }
}

/** Records that a measure is of. */
export type Covered = ReportDocument['measured']['covered'][number]

/** Where what was published was measured as it left, and is all of it, it stands for all that was read. */
function coveredBy(
  { side, records: { read, unread, published } }: Measurement,
  runs: readonly OneRun[],
): Covered {
  if (side !== 'output') return { records: read + unread, published }
  const all = totalOf(runs)
  return read === all.published ? all : { records: read, published: read }
}

const totalOf = (runs: readonly OneRun[]): Covered => ({
  records: runs.reduce((all, { run }) => all + run.flow.in, 0),
  published: runs.reduce((all, { run }) => all + run.flow.published, 0),
})

/** One measure may be of all records; else they have to be of its parts, together. */
function coverage(
  covered: readonly Covered[],
  runs: readonly OneRun[],
): Omit<ReportDocument['measured'], 'covered'> {
  const of = totalOf(runs)
  const sum = covered.reduce((all, one) => all + one.records, 0)
  return { records: covers(covered, of) ? of.records : sum, of: of.records, published: of.published }
}

/** Whether these measures are of all that the runs read, and of all that they published. */
export function covers(covered: readonly Covered[], { records, published }: Covered): boolean {
  if (covered.some((one) => one.records === records && one.published === published)) return true
  const total = (of: keyof Covered): number => covered.reduce((all, one) => all + one[of], 0)
  return total('records') === records && total('published') === published
}

/** The names are in the table of groups, as far as they are shown; weights by value are for who trains a model. */
const withoutNames = ({ balance: _, weights: __, ...measurement }: Measurement): Measurement => measurement

/** Reasons and fields that are listed of a group. */
const MOST_REASONS = 3

function balancesOf(measurement: Measurement, measure: number): readonly ReportBalance[] {
  const { balance = [], options, label } = measurement
  const mayName = options.smallestGroup >= SMALLEST_NAMED
  return balance.map(({ by, of, groups: all, small }) => {
    const groups = all.toSorted((a, b) => a.ratio - b.ratio).map((one, at) => groupOf(one, at + 1, mayName))
    const left = groups.slice(MOST_GROUPS)
    const judged = groups.filter(({ read }) => read >= SMALLEST_JUDGED)
    const best = Math.max(0, ...judged.map(({ retention }) => retention))
    const smallRetention = small.read === 0 ? null : small.published / small.read
    return {
      ...{ measure, by, of },
      ...(label === undefined ? {} : { label }),
      groups: groups.slice(0, MOST_GROUPS),
      more: {
        groups: left.length,
        read: left.reduce((sum, { read }) => sum + read, 0),
        published: left.reduce((sum, { published }) => sum + published, 0),
      },
      small,
      smallRetention,
      smallRatio: smallRetention === null || best === 0 ? null : smallRetention / best,
    }
  })
}

type MeasuredGroup = NonNullable<Measurement['balance']>[number]['groups'][number]

function groupOf(group: MeasuredGroup, at: number, mayName: boolean): ReportGroup {
  const { name, read, published, retention, interval, ratio, isFlagged, label } = group
  const most = mayName ? MOST_REASONS : 0
  const told = group.withheld.slice(0, most)
  const untold = group.withheld.slice(most).reduce((sum, { records }) => sum + records, 0)
  return {
    name: name === null ? 'no value' : mayName && isName(name) ? name : `group ${at}`,
    ...{ read, published, retention, low: interval.low, high: interval.high, ratio, isFlagged },
    withheld: told.map(({ kind, reason, rule, records }) => ({
      ...{ kind, reason },
      ...(rule === undefined ? {} : { rule }),
      records,
    })),
    other: group.withheldOther + untold,
    generalization: group.generalization,
    emptied: group.emptied
      .filter((one) => one.isFlagged)
      .slice(0, MOST_REASONS)
      .map(({ field, ratio: left }) => ({ field, ratio: left })),
    ...(label === undefined
      ? {}
      : { label: { read: label.read, published: label.published, isFlagged: label.isFlagged } }),
  }
}

/** A value that looks personal is no name of a group, and a long one no name at all. */
const isName = (name: string): boolean => name.length <= MOST_NAME && lookAt(name).length === 0

/** Points of loss against k: of a file, of earlier reports under any version of the policy, and of this one. Empty where there is but one. */
export function curveOf(
  solved: readonly LossCurve[],
  earlier: readonly EarlierReport[],
  measures: readonly Measurement[],
): readonly CurvePoint[] {
  const points: CurvePoint[] = solved
    .flatMap(({ curve = [], solution }) => (solution === undefined ? curve : [solution]))
    .filter(({ k }) => k > 0)
    .map(({ k, loss }) => ({ k, loss, of: 'solved' }))
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
