/** Runs the cases beside a policy: what is expected, what came, and which rules no case exercised. */

import { type Account, addAccount, emptyAccount } from '../engine/account.ts'
import type { RecordOutcome } from '../engine/outcome.ts'
import { type DeadLetterCode, describeCode } from '../errors.ts'
import { type Json, leaves, readJson, scalarText, valuesAt } from '../explain/json-tree.ts'
import { reasonsOf } from '../gates/index.ts'
import type { Expected, PolicyCase } from '../policy/cases.ts'
import type { Plan } from '../policy/plan.ts'
import { createDeidentifier } from '../run/deidentifier.ts'

export interface CaseResult {
  readonly case: PolicyCase
  /** Why it failed; undefined where it passed. The data of cases is made up, so it may be shown. */
  readonly failure: string | undefined
  /** Lines of expected (`-`) and actual (`+`), by place. */
  readonly diff: readonly string[]
}

export interface CasesRun {
  readonly results: readonly CaseResult[]
  /** Labels of rules that no case exercised. */
  readonly uncovered: readonly string[]
  readonly rules: number
}

/** Runs every case on a fresh record walker. `plan` is compiled with the published test keys. */
export function runCases(plan: Plan, cases: readonly PolicyCase[]): CasesRun {
  const account = emptyAccount(plan)
  const results = cases.map((one) => runCase(plan, one, account))
  // Rules of the record key, headers and timestamp meet no record here.
  const outside = new Set(plan.envelope.flatMap((field) => field.rulesByStep.flat().map((rule) => rule.id)))
  const inside = plan.rules.filter((rule) => !outside.has(rule.id))
  const uncovered = inside
    .filter((rule) => account.rules[rule.id]!.applied + account.rules[rule.id]!.failed === 0)
    .map((rule) => rule.label)
  // What suppresses is a rule too; the account names it by its reason once it has.
  const reasons = reasonsOf(plan)
  uncovered.push(...reasons.filter((reason) => account.suppressed[reason] === undefined))
  return { results, uncovered, rules: inside.length + reasons.length }
}

function runCase(plan: Plan, one: PolicyCase, account: Account): CaseResult {
  const deidentifier = createDeidentifier(plan, { format: 'json', now: one.asOf ?? momentOf(plan, one.text) })
  const outcome = deidentifier.deidentify(new TextEncoder().encode(one.text))
  addAccount(account, deidentifier.account)
  const { failure, diff } = compare(one.expected, outcome)
  if (failure !== undefined) return { case: one, failure, diff }
  return { case: one, failure: forbidden(one.mustNotContain, outcome), diff: [] }
}

/** A case that states no `asOf` is judged at the time of its event: it gives the same result on every day. */
function momentOf(plan: Plan, text: string): number {
  const record = plan.time && readJson(text)
  const written = record === undefined ? undefined : scalarText(valuesAt(record, plan.time!.path)[0])
  // The event is its own present, so that no range ends a year after today.
  const moment = written === undefined ? undefined : plan.time!.read(written, Number.POSITIVE_INFINITY)
  return typeof moment === 'number' ? moment : Date.now()
}

function tell(expected: Expected | RecordOutcome): string {
  if (expected.kind === 'publish') return 'published'
  if (expected.kind === 'suppress') return 'suppressed'
  return `dead-lettered with ${expected.code}`
}

function compare(expected: Expected, outcome: RecordOutcome): { failure?: string; diff: readonly string[] } {
  const code = (one: Expected | RecordOutcome): DeadLetterCode | undefined =>
    one.kind === 'dead-letter' ? one.code : undefined
  if (expected.kind !== outcome.kind || code(expected) !== code(outcome)) {
    let what = tell(outcome)
    if (outcome.kind === 'dead-letter') what += ` (${describeCode(outcome.code)})`
    const by = outcome.kind === 'suppress' ? outcome.reason : outcome.kind === 'dead-letter' && outcome.rule
    if (by) what += ` by ${by}`
    return { failure: `expected to be ${tell(expected)}, but it was ${what}`, diff: [] }
  }
  if (expected.kind !== 'publish' || outcome.kind !== 'publish') return { diff: [] }
  const diff = difference(readJson(expected.json), readJson(new TextDecoder().decode(outcome.value)))
  return diff.length === 0 ? { diff } : { failure: 'what was published differs', diff }
}

function difference(expected: Json | undefined, actual: Json | undefined): string[] {
  const want = new Map(expected === undefined ? [] : leaves(expected))
  const got = new Map(actual === undefined ? [] : leaves(actual))
  const lines: string[] = []
  for (const place of new Set([...want.keys(), ...got.keys()])) {
    const [a, b] = [want.get(place), got.get(place)]
    if (a === b) continue
    const name = place === '' ? '(the record)' : place
    if (a !== undefined) lines.push(`- ${name}: ${a}`)
    if (b !== undefined) lines.push(`+ ${name}: ${b}`)
  }
  return lines
}

/** Looks for texts that must not leave, as they are written and inside decoded strings and names. */
function forbidden(texts: readonly string[], outcome: RecordOutcome): string | undefined {
  if (outcome.kind !== 'publish') return undefined
  const raw = new TextDecoder().decode(outcome.value)
  const record = readJson(raw)
  const decoded = record === undefined ? [] : everyText(record)
  const found = texts.filter((text) => raw.includes(text) || decoded.some((one) => one.includes(text)))
  if (found.length === 0) return undefined
  return `what was published contains ${found.map((text) => JSON.stringify(text)).join(', ')}, which it must not`
}

function everyText(value: Json): string[] {
  if (value instanceof Map) return [...value].flatMap(([name, member]) => [name, ...everyText(member)])
  if (Array.isArray(value)) return value.flatMap(everyText)
  const text = scalarText(value)
  return text === undefined ? [] : [text]
}
