/** The four tiles: each one number, its limit and its trend. The verdict is the worst of them. */
import type { StatedLimits } from '../forms/findings.ts'
import type { Measurement } from '../forms/measurement.ts'
import {
  type EarlierReport,
  type LedgerTotals,
  type ReportBalance,
  type ReportDocument,
  type ReportFinding,
  type ReportFlow,
  type ReportRun,
  type ReportTile,
  TILE_STATES,
  TILES,
  type TileName,
  type TileState,
} from '../forms/report-form.ts'
import { BOUNDS, DEFAULT_LIMITS } from './limits-file.ts'
import { covers, SMALLEST_JUDGED, someoneAlone } from './report-measures.ts'

/** What tiles are judged by. */
export interface TileInputs {
  readonly runs: readonly ReportRun[]
  readonly flow: ReportFlow
  readonly measures: readonly Measurement[]
  readonly measured: ReportDocument['measured']
  readonly balances: readonly ReportBalance[]
  readonly ledger: LedgerTotals | undefined
  readonly findings: readonly ReportFinding[] | undefined
  readonly limits: StatedLimits
  /** The oldest first. */
  readonly earlier: readonly EarlierReport[]
}

interface Figure {
  readonly value: number | null
  readonly why: readonly string[]
  /** What holds whatever the number is: the worse of both counts. */
  readonly atBest?: TileState
}

const NO_MEASURE = 'No measure was given: `--measure` names what `lethe measure --format json` printed.'
const NOTHING_LEFT = 'Nothing was published, so there is nothing to measure.'

export function tilesOf(judged: TileInputs): readonly ReportTile[] {
  const figures: Readonly<Record<TileName, Figure>> = {
    privacy: privacy(judged),
    utility: utility(judged),
    balance: balance(judged),
    operations: operations(judged),
  }
  return TILES.map((tile) => {
    const { value, why, atBest = 'within' } = figures[tile]
    const stated = judged.limits[tile]
    const limit = stated ?? DEFAULT_LIMITS[tile]
    const isWithin = value !== null && (BOUNDS[tile] === 'at-most' ? value <= limit : value >= limit)
    const ofNumber: TileState = value === null ? 'not-measured' : isWithin ? 'within' : 'beyond'
    return {
      tile,
      is: worst([ofNumber, atBest]),
      value,
      limit,
      bound: BOUNDS[tile],
      limitFrom: stated === undefined ? 'default' : 'file',
      why,
      trend: judged.earlier.flatMap(({ made, policy: { version }, tiles }) =>
        tiles
          .filter((one) => one.tile === tile)
          .map(({ is, value: was }) => ({ made, version, is, value: was })),
      ),
    }
  })
}

const worst = (states: readonly TileState[]): TileState =>
  TILE_STATES.find((state) => states.includes(state))!

/** A figure of a part of the records says nothing of the rest. `from`: the measures that it comes from, from 0. */
function covered({ measured }: TileInputs, from: readonly number[], figure: Figure): Figure {
  const ofThese = from.map((at) => measured.covered[at]!)
  if (covers(ofThese, { records: measured.of, published: measured.published })) return figure
  return {
    ...figure,
    atBest: worst([figure.atBest ?? 'within', 'not-measured']),
    why: [
      ...figure.why,
      'The measures are not of all records that the runs read and published, so the rest is not known.',
    ],
  }
}

/** The measures that have something, from 0. */
const having = (measures: readonly Measurement[], has: (one: Measurement) => boolean): readonly number[] =>
  measures.flatMap((one, at) => (has(one) ? [at] : []))

/** The highest risk of one person: of the smallest class of all measures. */
function privacy(judged: TileInputs): Figure {
  const { measures, runs, flow } = judged
  if (flow.published === 0) return { value: null, why: [NOTHING_LEFT] }
  const sides = measures.flatMap(({ output }) =>
    output === undefined || output.risk.k === 0 ? [] : [output],
  )
  if (sides.length > 0) {
    const one = measures.some(({ counted }) => counted === 'records') ? 'record' : 'data subject'
    const smallest = Math.min(...sides.map(({ risk }) => risk.k))
    const why = `The smallest class that leaves has ${smallest === 1 ? `one ${one}` : `${smallest} ${one}s`} in it.`
    const from = having(measures, ({ output }) => output !== undefined)
    return covered(judged, from, { value: Math.max(...sides.map(({ risk }) => risk.highest)), why: [why] })
  }
  const held = runs.filter((one) => one.flow.published > 0).map(({ crowd }) => crowd?.k)
  const least = Math.min(...held.map((k) => k ?? 0))
  if (least > 0)
    return {
      value: 1 / least,
      why: [
        'The runs held `crowd:` of the policy: no class that left is smaller than it says. No measure was given.',
        ...(runs.some(({ crowd }) => crowd?.counted === 'records')
          ? ['The policy names no data subject, so each record counted as one person.']
          : []),
      ],
    }
  if (runs.some(someoneAlone))
    return { value: 1, why: ['By the account of a run, some people stand alone in what leaves.', NO_MEASURE] }
  return { value: null, why: [measures.length === 0 ? NO_MEASURE : 'The measure is not of what leaves.'] }
}

function utility(judged: TileInputs): Figure {
  if (judged.flow.in === 0) return { value: null, why: ['No record was read.'] }
  if (judged.flow.published === 0) return { value: 1, why: ['Nothing was published, so all is lost.'] }
  const losses = judged.measures.flatMap((one) => (one.utility === undefined ? [] : [one.utility.loss]))
  if (losses.length === 0)
    return {
      value: null,
      why: [
        judged.measures.length === 0 ? NO_MEASURE : 'The measure is of one side, so it knows of no loss.',
      ],
    }
  const why = 'How much of its domain a published value stands for, over all quasi-identifiers.'
  const from = having(judged.measures, (one) => one.utility !== undefined)
  return covered(judged, from, { value: Math.max(...losses), why: [why] })
}

/** The worst group of all that are large enough; those without a name count as one. */
function balance(judged: TileInputs): Figure {
  const { balances, flow, measures } = judged
  if (balances.length === 0)
    return {
      value: null,
      why: [
        measures.length === 0 ? NO_MEASURE : 'The measure has no groups: `lethe measure --by` names them.',
      ],
    }
  if (flow.published === 0) return { value: null, why: [NOTHING_LEFT] }
  const ratios = balances.flatMap(({ groups, small, smallRatio, by }) => [
    ...groups
      .filter(({ read }) => read >= SMALLEST_JUDGED)
      .map(({ ratio, name }) => ({ ratio, of: `the group ${name} of ${by}` })),
    ...(smallRatio === null || small.read < SMALLEST_JUDGED
      ? []
      : [{ ratio: smallRatio, of: `the groups of ${by} that are too small to be named, taken together` }]),
  ])
  if (ratios.length === 0)
    return { value: null, why: ['No group has records enough for a share to mean much.'] }
  const groups = balances.flatMap((one) => one.groups)
  const moved = groups.some(({ label }) => label?.isFlagged === true)
  const emptied = groups.some((one) => one.emptied.length > 0)
  const lowest = ratios.reduce((low, one) => (one.ratio < low.ratio ? one : low))
  const from = [...new Set(balances.map(({ measure }) => measure - 1))]
  return covered(judged, from, {
    value: lowest.ratio,
    why: [
      ...(moved ? ['In a group, the share of the label is another one in what is published.'] : []),
      ...(emptied
        ? ['Of a group, far more values of a field are missing in what is published than of another.']
        : []),
      `The least was kept of ${lowest.of}, in relation to the group that was kept best.`,
    ],
    ...(moved || emptied ? { atBest: 'beyond' as const } : {}),
  })
}

function operations({ runs, flow, ledger, findings = [] }: TileInputs): Figure {
  const dead = flow.totals.deadLettered
  const unsettled = runs.reduce((all, one) => all + one.unsettled, 0)
  const read = flow.in + unsettled
  const failed: string[] = []
  const beyond: string[] = []
  const open: string[] = []
  for (const { run, status, isWhole, route } of runs)
    if (!isWhole)
      failed.push(
        status === 'done'
          ? `Run ${run}${route === undefined ? '' : `, route ${route},`} did not give its last account.`
          : `Run ${run}${route === undefined ? '' : `, route ${route},`} did not end as it should: ${STATUSES[status] ?? status}.`,
      )
  if (flow.remainder !== 0)
    failed.push('The counts of the runs do not add up: of some records nothing is said.')
  if (ledger?.verified === 'not-as-written') beyond.push('The ledger is not as it was written.')
  const overdue = findings.filter(({ isOverdue }) => isOverdue).length
  if (overdue > 0) beyond.push(`Findings that are open past their date: ${overdue}.`)
  if (runs.some(({ dryRun }) => dryRun)) open.push('A run was a dry run: it wrote nothing.')
  if (flow.in === 0) open.push('No record was read.')
  return {
    value: read === 0 ? null : (dead + unsettled) / read,
    why: [
      ...failed,
      ...beyond,
      ...open,
      ...(read === 0 ? [] : ['Records that could not be taken, among those that were read.']),
    ],
    atBest:
      failed.length > 0
        ? 'failed'
        : beyond.length > 0
          ? 'beyond'
          : open.length > 0
            ? 'not-measured'
            : 'within',
  }
}

const STATUSES: Readonly<Record<string, string>> = {
  'too-many-dead-letters': 'too many records became dead letters',
  'too-many-stand-alone': 'too many data subjects stand alone',
  failed: 'it failed',
  stopped: 'it was stopped',
}

const SENTENCES: Readonly<Record<TileState, string>> = {
  failed: 'A run failed, or its counts do not add up. What it left must not be taken for a result.',
  beyond: 'A figure is beyond its limit.',
  'not-measured': 'The report is incomplete: a figure is missing, so nothing can be said of it.',
  within: 'Every figure is within its limit.',
}

/** The worst tile, never an average. */
export function verdictOf(tiles: readonly ReportTile[]): ReportDocument['verdict'] {
  const is = worst(tiles.map((tile) => tile.is))
  const bad = tiles.filter((tile) => tile.is === is)
  return {
    is,
    tiles: is === 'within' ? [] : bad.map(({ tile }) => tile),
    sentences: [SENTENCES[is], ...(is === 'within' ? [] : bad.flatMap(({ why }) => why.slice(0, 1)))],
  }
}
