/** What a policy does to each field, and to one record: as data, for printing. */

import { viewUse } from '../engine/account-fields.ts'
import type { RecordOutcome } from '../engine/outcome.ts'
import { describeCode } from '../errors.ts'
import type { Path } from '../policy/path.ts'
import type { Policy, PolicyField, PolicyRule } from '../policy/policy.ts'
import { suspectedInputs } from '../policy/suspected.ts'
import {
  doesNotStop,
  onFailure,
  optionsOf,
  stepsOf,
  whatIsDone,
  whatItIs,
  whatLeaves,
  whenItApplies,
} from './in-plain-words.ts'
import { type Json, printJson, valuesAt } from './json-tree.ts'
import type { JudgedGate } from './judged-gates.ts'
import { matchedValues } from './matched-values.ts'
import { inWords, type RecordRun, rowsOf } from './run-record.ts'

export interface ExplainedRule {
  readonly use: string
  /** As the policy writes them. */
  readonly options: string
  /** Of a transform: canonical, with defaults filled in. */
  readonly allOptions: Readonly<Record<string, unknown>> | undefined
  readonly done: string
  readonly when: string | undefined
  readonly onFailure: string | undefined
  /** What a result reveals about its value, in a few words. */
  readonly leaves: string
  readonly accepted: string | undefined
  readonly weaknesses: readonly string[]
  readonly doesNotStop: string | undefined
  /** Where the policy says so. */
  readonly line: number
  /** Set where it holds from a step of retention on, e.g. `180d`. */
  readonly after: string | undefined
  /** What it did to the record: values changed, kept or dropped; values it could not take. */
  readonly applied: number
  readonly failed: number
}

export interface ExplainedField {
  readonly path: string
  readonly from: string
  readonly is: string
  readonly category: string | undefined
  readonly role: string
  /** `$key` and the like: beside the record's value, so not in files. */
  readonly isBeside: boolean
  readonly rules: readonly ExplainedRule[]
  /** As JSON. */
  readonly before: readonly string[]
  readonly after: readonly string[]
}

export interface Explanation {
  readonly outcome: RecordOutcome['kind']
  /** In plain words. */
  readonly became: string
  /** The record after, as text; undefined where it does not leave. */
  readonly published: string | undefined
  /** Members that no field names. */
  readonly unlisted: number
  /** In the order that they judge. */
  readonly gates: readonly JudgedGate[]
  /** Lists and tables that were not looked at. */
  readonly notLookedAt: readonly string[]
  readonly fields: readonly ExplainedField[]
}

/** Tells of every field what the policy does, and what it did to a record. */
export function explain(policy: Policy, run: RecordRun, gates: readonly JudgedGate[] = []): Explanation {
  const { outcome, account, before, after, published } = run
  const notLookedAt = run.notLookedAt.map(inWords)
  const tell = (rule: PolicyRule, { read, type }: PolicyField, step?: string): ExplainedRule => ({
    use: rule.use,
    options: optionsOf(rule),
    allOptions: viewUse({ use: rule.use, options: rule.options }).options,
    done: whatIsDone(rule, read, type?.type),
    when: whenItApplies(rule),
    onFailure: onFailure(rule, read, type?.type),
    leaves: whatLeaves(rule),
    accepted: rule.accept?.reason,
    weaknesses: (rule.weaknesses ?? []).map((weakness) => weakness.reason),
    doesNotStop: doesNotStop(rule),
    line: rule.at.line,
    after: step,
    applied: account.rules[rule.planRule ?? -1]?.applied ?? 0,
    failed: account.rules[rule.planRule ?? -1]?.failed ?? 0,
  })
  const suspected = suspectedInputs(policy.fields, policy.columns)
  const either = policy.either.map(({ path }) => path)
  // Of a change event, values of both images, and of what stands beside them.
  const shown = (tree: Json | undefined, pathOf: (field: PolicyField) => Path) => {
    const rows = rowsOf(tree, run.isChange).map((row) => ({ row, matched: matchedValues(policy, row) }))
    return (field: PolicyField): string[] => {
      const path = pathOf(field)
      if (path.envelope === 'change' && run.isChange && tree !== undefined)
        return valuesAt(tree, path).map(printJson)
      if (path.envelope !== undefined) return []
      return rows.flatMap(({ row, matched }) =>
        (matched.get(field) ?? valuesAt(row, path, either)).map(printJson),
      )
    }
  }
  const valuesBefore = shown(before, ({ from }) => from)
  const valuesAfter = shown(after, ({ path }) => path)
  const fields = policy.fields.map(
    (field): ExplainedField => ({
      path: field.path.text,
      from: field.from.text,
      is: whatItIs(field, suspected.get(field.from.text)),
      category: field.category,
      role: field.role,
      isBeside: field.path.envelope !== undefined && !(run.isChange && field.path.envelope === 'change'),
      rules: [
        ...field.rules.map((rule) => tell(rule, field)),
        ...stepsOf(policy, field).map(({ after: step, rule }) => tell(rule, field, step)),
      ],
      before: valuesBefore(field),
      after: valuesAfter(field),
    }),
  )
  return {
    outcome: outcome.kind,
    became: became(outcome, notLookedAt),
    published,
    unlisted: account.unlisted,
    gates,
    notLookedAt,
    fields,
  }
}

function became(outcome: RecordOutcome, notLookedAt: readonly string[]): string {
  if (outcome.kind === 'suppress') return `the record is suppressed by ${outcome.reason}`
  const unless =
    notLookedAt.length === 0
      ? ''
      : `, unless ${notLookedAt.join(' or ')} holds it back: ${notLookedAt.length === 1 ? 'that was' : 'these were'} not looked at`
  if (outcome.kind === 'publish') return `the record is published${unless}`
  const by = outcome.rule === undefined ? '' : ` at ${outcome.rule}`
  return `the record is a dead letter${by}: ${outcome.code}, ${describeCode(outcome.code)}${unless}`
}
