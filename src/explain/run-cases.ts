/** Runs the cases beside a policy: what is expected, what came, and which rules no case exercised. */

import { type Account, addAccount, emptyAccount } from '../engine/account.ts'
import { CROWD } from '../engine/class-pass.ts'
import type { RecordOutcome } from '../engine/outcome.ts'
import { type DeadLetterCode, describeCode, LetheError } from '../errors.ts'
import type { DataReaders, GateData } from '../gates/gate-data.ts'
import { reasonsOf } from '../gates/index.ts'
import { lookAt, readOnce, statedData } from '../gates/stated-data.ts'
import type { Expected, PolicyCase } from '../policy/cases.ts'
import type { InputForm } from '../policy/input-form.ts'
import type { Plan } from '../policy/plan.ts'
import { DEBEZIUM } from '../run/planned.ts'
import { firstRow } from '../run/table-row.ts'
import { compareRecord } from './compare-record.ts'
import { everyText, readJson, scalarText } from './json-tree.ts'
import type { CaseRow } from './parquet-cases.ts'
import {
  bornAt,
  eventIn,
  type GivenRecord,
  inWords,
  type NotLookedAt,
  type RecordRun,
  runRecord,
} from './run-record.ts'

export interface CaseResult {
  readonly case: PolicyCase
  /** Why it failed; undefined where it passed. The data of cases is made up, so it may be shown. */
  readonly failure: string | undefined
  /** Lines of expected (`-`) and actual (`+`), by place. */
  readonly diff: readonly string[]
  /** Undefined where the record does not fit the policy at all. */
  readonly run: RecordRun | undefined
  /** Whether what was published contains what it must not. */
  readonly isForbidden: boolean
}

export interface CasesRun {
  readonly results: readonly CaseResult[]
  /** Labels of rules that no case exercised. */
  readonly uncovered: readonly string[]
  readonly rules: number
  /** What of the policy no case can judge, in words. */
  readonly notJudged: readonly string[]
}

/** How files are found that cases name. */
export interface CaseFiles {
  readonly resolve: (file: string) => string
  /** The rows of Parquet that cases state, as JSON. */
  readonly row: CaseRow
  /** @throws LetheError where the file of the match keys cannot be read */
  readonly matchKeys: () => GateData['matchKeys']
}

/** Runs every case on a fresh record walker. `plan` is compiled with the published test keys; `form` is that of CSV. */
export function runCases(
  plan: Plan,
  cases: readonly PolicyCase[],
  form: InputForm,
  files: CaseFiles,
): CasesRun {
  const account = emptyAccount(plan)
  const readers = readOnce()
  const results = cases.map((one) => runCase(plan, one, form, { ...files, readers }, account))
  // Rules of the record key, headers and timestamp meet no record here.
  const outside = new Set(plan.envelope.flatMap((field) => field.rulesByStep.flat().map((rule) => rule.id)))
  const inside = plan.rules.filter((rule) => !outside.has(rule.id))
  const uncovered = inside
    .filter((rule) => account.rules[rule.id]!.applied + account.rules[rule.id]!.failed === 0)
    .map((rule) => rule.label)
  // What suppresses is a rule too; the account names it by its reason once it has.
  const reasons = reasonsOf(plan).filter((reason) => reason !== CROWD)
  uncovered.push(...reasons.filter((reason) => account.suppressed[reason] === undefined))
  const notJudged =
    plan.crowd === undefined
      ? []
      : ['crowd: a case is one record, and whether it may leave goes by all records of a run']
  return { results, uncovered, rules: inside.length + reasons.length, notJudged }
}

function runCase(
  plan: Plan,
  one: PolicyCase,
  form: InputForm,
  { resolve, matchKeys, row, readers }: CaseFiles & { readonly readers: DataReaders },
  account: Account,
): CaseResult {
  let run: RecordRun
  try {
    const given =
      one.parquet === undefined ? recordOf(one, form) : ({ kind: 'json', text: row(one) } as const)
    const now = one.asOf ?? momentOf(plan, given)
    const data = statedData(plan, one.stated, resolve, matchKeys, Math.max(now, Date.now()), readers)
    run = runRecord(plan, given, now, lookAt(plan, data))
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    const way = error.suggestion === undefined ? '' : ` -> ${error.suggestion}`
    return { case: one, failure: `${error.message}${way}`, diff: [], run: undefined, isForbidden: false }
  }
  addAccount(account, run.account)
  const { failure, diff } = compare(one, run)
  const contains = forbidden(one.mustNotContain, run)
  return {
    case: one,
    failure: failure ?? contains ?? unstated(run),
    diff,
    run,
    isForbidden: contains !== undefined,
  }
}

/** A record that leaves only because a list was not looked at: the case shows nothing, and must say what the list holds. */
function unstated({ outcome, notLookedAt }: RecordRun): string | undefined {
  if (outcome.kind === 'suppress' || notLookedAt.length === 0) return undefined
  const [{ kind, name }] = notLookedAt as readonly [NotLookedAt, ...NotLookedAt[]]
  const [holds, it] = notLookedAt.length === 1 ? ['holds', 'it'] : ['hold', 'them']
  return `it was ${tell(outcome)}, but nothing says what ${notLookedAt.map(inWords).join(' and ')} ${holds}, and the policy goes by ${it} -> \`${kind}s: { ${name}: [] }\` in the case, or at the top of the file, where it is empty`
}

/** A change event that was made up: the row before is whole where it is written. */
function asWritten(text: string): GivenRecord {
  const given = { kind: 'json', text, change: DEBEZIUM } as const
  const event = eventIn(given)
  const [op, before] = ['op', 'before'].map((name) => (event instanceof Map ? event.get(name) : undefined))
  const isMissing = scalarText(op) === 'u' && !(before instanceof Map)
  return { ...given, change: { ...DEBEZIUM, before: isMissing ? 'key' : 'full' } }
}

/** Throws `LetheError` where the text of a row is none. */
function recordOf({ format, text, name, isChange }: PolicyCase, form: InputForm): GivenRecord {
  if (format === 'json') return isChange ? asWritten(text) : { kind: 'json', text }
  const label = `the csv of ${JSON.stringify(name)}`
  const row = firstRow(label, new TextEncoder().encode(text), form, { names: form.header, implied: ',' })
  if (row.hasMore)
    throw new LetheError('file-malformed', `${label} has more than one row`, 'write a case for each')
  return { kind: 'row', row }
}

/** A case that states no `asOf` is judged at the time of its event: it gives the same result on every day. */
function momentOf(plan: Plan, given: GivenRecord): number {
  if (plan.time === undefined) return Date.now()
  // The event is its own present, so that no range ends a year after today.
  return bornAt(plan, given, Number.POSITIVE_INFINITY) ?? Date.now()
}

/** What became of a record, in words. */
export function tell(expected: Expected | RecordOutcome): string {
  if (expected.kind === 'publish') return 'published'
  if (expected.kind === 'suppress') return 'suppressed'
  return `dead-lettered with ${expected.code}`
}

function compare(
  { expected, format }: PolicyCase,
  run: RecordRun,
): { failure?: string; diff: readonly string[] } {
  const { outcome } = run
  const code = (one: Expected | RecordOutcome): DeadLetterCode | undefined =>
    one.kind === 'dead-letter' ? one.code : undefined
  let what = tell(outcome)
  if (outcome.kind === 'dead-letter') what += ` (${describeCode(outcome.code)})`
  const by = outcome.kind === 'suppress' ? outcome.reason : outcome.kind === 'dead-letter' && outcome.rule
  if (by) what += ` by ${by}`
  if (expected === undefined) return { failure: `nothing is expected; it was ${what}`, diff: [] }
  if (expected.kind !== outcome.kind || code(expected) !== code(outcome))
    return { failure: `expected to be ${tell(expected)}, but it was ${what}`, diff: [] }
  if (expected.kind !== 'publish') return { diff: [] }
  const diff = compareRecord(expected, format, run)
  return diff.length === 0 ? { diff } : { failure: 'what was published differs', diff }
}

/** Looks for texts that must not leave, as they are written and inside decoded strings and names. */
function forbidden(texts: readonly string[], { outcome, published, after }: RecordRun): string | undefined {
  if (outcome.kind !== 'publish' || published === undefined) return undefined
  const record = after ?? readJson(published)
  const decoded = record === undefined ? [] : everyText(record)
  const found = texts.filter((text) => published.includes(text) || decoded.some((one) => one.includes(text)))
  if (found.length === 0) return undefined
  return `what was published contains ${found.map((text) => JSON.stringify(text)).join(', ')}, which it must not`
}
