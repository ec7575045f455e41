/** Makes a report of its inputs: a document with every figure once. Its page is made of the document alone. */

import { LetheError } from '../errors.ts'
import { type ReportDocument, reportForm } from '../forms/report-form.ts'
import { readHolds } from '../lifecycle/holds-file.ts'
import { expiredOf, stateOf } from '../lifecycle/legal-hold.ts'
import { packageVersion } from '../run/package-root.ts'
import { readFindings } from './findings-file.ts'
import { type LedgerSources, ledgerTotals } from './ledger-totals.ts'
import { readLimits } from './limits-file.ts'
import { type KnownPolicy, knownPolicy, type PolicySources } from './policy-source.ts'
import { fieldsOfReport } from './report-fields.ts'
import { readCurve, readEarlier, readMeasure, readSummaries } from './report-inputs.ts'
import { curveOf, SMALLEST_JUDGED, SMALLEST_NAMED, showMeasures } from './report-measures.ts'
import { addFlows, labelOf, type OneRun, runsOf } from './report-runs.ts'
import { tilesOf, verdictOf } from './tiles.ts'

export interface ReportSources extends Partial<PolicySources>, LedgerSources {
  readonly summaries: readonly string[]
  readonly routes: readonly string[]
  readonly measures: readonly string[]
  readonly earlier: readonly string[]
  readonly curves: readonly string[]
  readonly findings: string | undefined
  readonly limits: string | undefined
  readonly holds: string | undefined
  /** A URL, for links to the pages of docs/. */
  readonly docs: string | undefined
  /** ms since 1970. */
  readonly now: number
}

/** Every file that a report reads, as it was named. */
export const filesOf = (sources: ReportSources): readonly string[] =>
  [
    ...sources.summaries,
    ...sources.measures,
    ...sources.earlier,
    ...sources.curves,
    ...sources.ledgers,
    ...sources.anchors,
    ...[sources.policy, sources.approvalKeys, sources.diffFrom, sources.findings],
    ...[sources.limits, sources.holds, sources.keys],
  ].filter((file) => file !== undefined)

/** @throws LetheError where an input cannot be read, or the inputs do not belong together */
export async function makeReport(sources: ReportSources): Promise<ReportDocument> {
  const { now } = sources
  const runs = runsOf(readSummaries(sources.summaries), sources.routes)
  const { policy, keyChecks } = runs[0]!.account
  const { policy: file, approvalKeys, diffFrom } = sources
  const known =
    file === undefined ? undefined : await knownPolicy({ policy: file, approvalKeys, diffFrom }, runs)
  const given = sources.measures.map((name) => ({ file: name, measurement: readMeasure(name) }))
  const shown = showMeasures(given, runs)
  const earlier = earlierOf(sources.earlier, runs[0]!)
  const solved = sources.curves.map(readCurve)
  const limits = sources.limits === undefined ? {} : readLimits(sources.limits)
  const ledger = sources.ledgers.length === 0 ? undefined : ledgerTotals(sources)
  const findings = sources.findings === undefined ? undefined : readFindings(sources.findings, now)
  const flow = addFlows(runs.map(({ run }) => run.flow))
  const all = runs.map(({ run }) => run)
  const tiles = tilesOf({ runs: all, flow, ...shown, ledger, findings, limits, earlier })
  const report: ReportDocument = {
    lethe: 'report',
    v: 1,
    version: packageVersion(),
    made: new Date(now).toISOString(),
    policy,
    keyChecks,
    verdict: verdictOf(tiles),
    tiles,
    ...(limits.reason === undefined ? {} : { limitsReason: limits.reason }),
    bounds: { smallestJudged: SMALLEST_JUDGED, smallestNamed: SMALLEST_NAMED, confidence: 0.95 },
    runs: all,
    flow,
    overview: known?.overview ?? [{ name: 'purpose', says: policy.purpose }],
    fieldsFrom: known === undefined ? 'summary' : 'policy',
    fields: fieldsOfReport(known, runs),
    acceptances: acceptancesOf(runs, known),
    ...shown,
    curve: curveOf(solved, earlier, shown.measures),
    ...(ledger === undefined ? {} : { ledger }),
    ...(sources.holds === undefined ? {} : { holds: holdTotals(sources.holds, now) }),
    approvals: known?.approvals ?? [],
    change: known?.change ?? { state: 'policy-missing', changes: [] },
    ...(findings === undefined ? {} : { findings }),
    ...(sources.docs === undefined ? {} : { docs: sources.docs }),
  }
  // What is written is what the form says, to the last member.
  return reportForm.parse(report)
}

/** The oldest first. @throws LetheError where one is of another policy */
function earlierOf(files: readonly string[], { account: { policy } }: OneRun) {
  const all = files.map((file) => {
    const report = readEarlier(file)
    if (report.policy.name !== policy.name)
      throw new LetheError(
        'report-mixed',
        `${file} is a report of the policy ${labelOf(report.policy)}, and this one of ${labelOf(policy)}`,
        'name earlier reports of the same policy, in any version',
      )
    return report
  })
  return all.sort((a, b) => (a.made < b.made ? -1 : 1))
}

/** Weak choices that a person accepted in writing, each once. */
function acceptancesOf(
  runs: readonly OneRun[],
  known: KnownPolicy | undefined,
): ReportDocument['acceptances'] {
  const all = new Map<string, { about: string; reason: string }>()
  for (const { account } of runs) {
    for (const { rule, accepted } of account.rules)
      if (accepted !== undefined) all.set(`${rule} ${accepted}`, { about: rule, reason: accepted })
  }
  return [...all.values(), ...(known?.acceptances ?? [])]
}

function holdTotals(file: string, now: number): NonNullable<ReportDocument['holds']> {
  const holds = readHolds(file)
  const inForce = holds.filter((hold) => stateOf(hold, now) === 'in force')
  const next = Math.min(...inForce.map(({ expires }) => expires))
  return {
    inForce: inForce.length,
    expired: expiredOf(holds, now).length,
    released: holds.filter((hold) => stateOf(hold, now) === 'released').length,
    ...(inForce.length === 0 ? {} : { nextExpiry: new Date(next).toISOString() }),
  }
}
