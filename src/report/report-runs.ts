/** Runs out of summaries: what became of their records, and the files that they read and wrote. */
import { sum } from '../engine/account.ts'
import { describeCode, isDeadLetterCode, LetheError } from '../errors.ts'
import type { ReportCount, ReportFlow, ReportRun } from '../forms/report-form.ts'
import { canonicalJson } from '../policy/fingerprint.ts'
import type { Summary } from '../run/account/account-view.ts'
import type { ReplaySummary } from '../run/account/replay-summary.ts'
import type { RouteSummary } from '../run/account/stream-summary.ts'
import type { AnySummary, GivenSummary } from './report-inputs.ts'

/** Files that are listed of each run: a page of more is not read. */
const MOST_FILES = 200
/** A digest of raw records has no key: where they are few, each likely one could be tried. */
const FEWEST_SHOWN = 100

export type OneAccount = Summary | RouteSummary | ReplaySummary

export interface OneRun {
  readonly file: string
  readonly run: ReportRun
  readonly account: OneAccount
}

/** What of a run is not in its account. */
type Head = Omit<
  ReportRun,
  'run' | 'flow' | 'blank' | 'unlisted' | 'approvals' | 'lists' | 'tables' | 'groups' | 'crowd' | 'warnings'
>

interface Part {
  readonly file: string
  readonly account: OneAccount
  readonly head: Head
}

/**
 * The runs that the summaries are of; routes of a stream are runs of their own. `routes`: those that are wanted, all where it is empty.
 * @throws LetheError (usage) where the runs have not one policy and one set of keys, or a summary is of a shard alone
 */
export function runsOf(given: readonly GivenSummary[], routes: readonly string[] = []): readonly OneRun[] {
  const known = new Set(given.flatMap(({ summary }) => routeNames(summary)))
  for (const route of routes)
    if (!known.has(route))
      throw new LetheError('unknown-name', `no summary has a route ${route}`, 'name a route of the pipeline')
  const parts = given
    .flatMap(partsOf)
    .filter(({ head: { route } }) => routes.length === 0 || (route !== undefined && routes.includes(route)))
  if (parts.length === 0)
    throw new LetheError('bad-option', 'the summaries have no route: there is nothing to report of')
  refuseDifferent(parts)
  return parts.map(({ file, account, head }, at) => ({
    file,
    account,
    run: { run: at + 1, ...head, ...ofAccount(account) },
  }))
}

const routeNames = (summary: AnySummary): readonly string[] =>
  summary.lethe === 'stream-summary'
    ? summary.routes.map(({ route }) => route)
    : summary.lethe === 'replay-summary'
      ? [summary.route]
      : []

function partsOf({ file, sha256, summary }: GivenSummary): readonly Part[] {
  if (summary.lethe === 'summary') return [{ file, account: summary, head: headOf(file, summary, sha256) }]
  const { pipeline, status, complete, version, lethe } = summary
  const routes = lethe === 'stream-summary' ? summary.routes : [summary]
  return routes.map((account) => ({
    file,
    account,
    head: {
      kind: lethe === 'stream-summary' ? 'stream' : 'replay',
      ...{ pipeline, route: account.route, status, version },
      isWhole: complete && account.unsettled === undefined,
      dryRun: false,
      summary: sha256,
      unsettled: account.unsettled?.records ?? 0,
      inputs: [],
      outputs: [],
      more: { inputs: 0, outputs: 0 },
    },
  }))
}

function headOf(file: string, summary: Summary, sha256: string): Head {
  const { status, dryRun, version, asOf, inputs, outputs, shard, shards, deadLetterFile } = summary
  if (shard !== undefined)
    throw new LetheError(
      'bad-option',
      `${file} is the summary of one shard: what it left is published by the merge of all`,
      'name what `lethe account merge --summary` wrote',
    )
  return {
    kind: shards === undefined ? 'batch' : 'merge',
    ...{ status, dryRun, version, asOf },
    isWhole: status === 'done',
    summary: sha256,
    unsettled: 0,
    inputs: inputs.slice(0, MOST_FILES).map(({ input, format, records, bytes, sha256: digest }) => ({
      ...{ input, format, records, bytes },
      ...(digest === undefined ? {} : records < FEWEST_SHOWN ? { isWithheld: true } : { sha256: digest }),
    })),
    outputs: outputs.slice(0, MOST_FILES).map(({ output, records, bytes, sha256: digest }) => ({
      output,
      ...(records === undefined ? {} : { records }),
      ...{ bytes, sha256: digest },
    })),
    more: {
      inputs: Math.max(0, inputs.length - MOST_FILES),
      outputs: Math.max(0, outputs.length - MOST_FILES),
    },
    ...(deadLetterFile === undefined ? {} : { deadLetterFile }),
  }
}

function ofAccount(account: OneAccount): Omit<ReportRun, keyof Head | 'run'> {
  const { records, unlisted, approvals = [], lists = [], tables = [], groups, crowd, warnings } = account
  return {
    flow: flowOf(records),
    blank: records.blank,
    unlisted,
    approvals,
    lists: lists.map(({ list, entries, suppressed }) => ({ list, entries, suppressed })),
    tables: tables.map(({ table, purpose, subjects }) => ({ table, purpose, subjects })),
    ...(groups === undefined ? {} : { groups }),
    ...(crowd === undefined ? {} : { crowd }),
    warnings,
  }
}

/** What became of the records of an account. */
export function flowOf({
  in: read,
  published,
  tombstones = 0,
  suppressed,
  deadLettered,
}: Pick<OneAccount['records'], 'in' | 'published' | 'suppressed' | 'deadLettered'> & {
  readonly tombstones?: number
}): ReportFlow {
  const totals = { suppressed: sum(suppressed), deadLettered: sum(deadLettered) }
  const shareOf = (records: number): number | null => (read === 0 ? null : records / read)
  return {
    in: read,
    published,
    tombstones,
    suppressed: countsOf(suppressed, read),
    deadLettered: countsOf(deadLettered, read),
    remainder: read - published - tombstones - totals.suppressed - totals.deadLettered,
    totals,
    shares: { published: shareOf(published), tombstones: shareOf(tombstones) },
  }
}

/** Reasons that are told apart: there are fewer in any run. */
const MOST_REASONS = 40

function countsOf(counts: Readonly<Record<string, number>>, read: number): ReportCount[] {
  const all = Object.entries(counts).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  const others = all.slice(MOST_REASONS).reduce((total, [, count]) => total + count, 0)
  return [...all.slice(0, MOST_REASONS), ...(others === 0 ? [] : [['other reasons', others] as const])].map(
    ([reason, count]) => ({
      reason,
      ...(isDeadLetterCode(reason) ? { is: describeCode(reason) } : {}),
      count,
      ...(read === 0 ? {} : { share: count / read }),
    }),
  )
}

/** Of several runs together. */
export function addFlows(flows: readonly ReportFlow[]): ReportFlow {
  const total = (of: (flow: ReportFlow) => number): number => flows.reduce((all, flow) => all + of(flow), 0)
  const merged = (of: (flow: ReportFlow) => readonly ReportCount[]): Readonly<Record<string, number>> => {
    const all = new Map<string, number>()
    for (const { reason, count } of flows.flatMap(of)) all.set(reason, (all.get(reason) ?? 0) + count)
    return Object.fromEntries(all)
  }
  return flowOf({
    in: total((flow) => flow.in),
    published: total((flow) => flow.published),
    tombstones: total((flow) => flow.tombstones),
    suppressed: merged((flow) => flow.suppressed),
    deadLettered: merged((flow) => flow.deadLettered),
  })
}

/** One page speaks of one policy and one set of keys: figures of two are no figure of either. */
function refuseDifferent(parts: readonly Part[]): void {
  const [first, ...others] = parts
  const shown = ({ file, head: { route } }: Part): string =>
    route === undefined ? file : `${file}, route ${route}`
  for (const other of others) {
    const [was, is] = [first!.account.policy, other.account.policy]
    if (was.fingerprint !== is.fingerprint)
      throw new LetheError(
        'report-mixed',
        `${shown(first!)} is of the policy ${labelOf(was)}, and ${shown(other)} of ${labelOf(is)}: one report is of one policy`,
        'make a report of each; --route names the routes of a stream',
      )
    if (canonicalJson(first!.account.keyChecks) !== canonicalJson(other.account.keyChecks))
      throw new LetheError(
        'report-mixed',
        `${shown(first!)} and ${shown(other)} were made with different keys, so their tokens do not join: one report is of one set of keys`,
        'make a report of each; --route names the routes of a stream',
      )
  }
}

/** As errors name a policy. */
export const labelOf = ({
  name,
  version,
  fingerprint,
}: Pick<OneAccount['policy'], 'name' | 'version' | 'fingerprint'>): string =>
  `${name}, version ${version} (${fingerprint.slice(0, 16)}…)`
