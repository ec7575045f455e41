/** Runs one record through a plan: JSON, or a row of CSV. What it was and what it became can then be compared by paths. */
import type { Account } from '../engine/account.ts'
import type { RecordOutcome } from '../engine/outcome.ts'
import { tried } from '../gates/gate-data.ts'
import type { Plan } from '../policy/plan.ts'
import { createDeidentifier } from '../run/deidentifier.ts'
import { cellsBefore, deidentifyRow, type TableRow } from '../run/table-row.ts'
import { openTexts, type RecordForms } from './json-texts.ts'
import { type Json, readJson, scalarText, treeOf, valuesAt } from './json-tree.ts'

export type GivenRecord =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'row'; readonly row: TableRow }

/** What became of a record. */
export interface RecordRun {
  readonly outcome: RecordOutcome
  readonly account: Account
  /** By input paths; of a row, the cells that the policy reads. Undefined where it is no JSON. */
  readonly before: Json | undefined
  /** By output paths; undefined where it does not leave. */
  readonly after: Json | undefined
  /** What leaves, as text: of a row with its header. */
  readonly published: string | undefined
  /** Of texts that hold JSON, `before` and `after` have what they hold. */
  readonly forms: RecordForms
}

/** The record by input paths. Throws `LetheError` where a row does not fit the policy. */
export function treeBefore(plan: Plan, given: GivenRecord): Json | undefined {
  const tree = given.kind === 'json' ? readJson(given.text) : treeOf(cellsBefore(plan, given.row))
  return tree && openTexts(tree, plan)
}

/** The event time of a record, in ms since 1970, judged as of `now`; undefined where it has none. */
export function eventTimeOf(plan: Plan, before: Json | undefined, now: number): number | undefined {
  const written =
    plan.time === undefined || before === undefined
      ? undefined
      : scalarText(valuesAt(before, plan.time.path)[0])
  const moment = written === undefined ? undefined : plan.time!.read(written, now)
  return typeof moment === 'number' ? moment : undefined
}

/** Runs one record; `now` in ms since 1970. Throws `LetheError` where a row does not fit the policy. */
export function runRecord(plan: Plan, given: GivenRecord, now: number): RecordRun {
  const before = treeBefore(plan, given)
  if (given.kind === 'row') {
    const { outcome, account, after, published } = deidentifyRow(tried(plan), given.row, { now })
    const tree = published === undefined ? undefined : openTexts(treeOf(after), plan)
    return { outcome, account, before, after: tree, published, forms: plan }
  }
  const deidentifier = createDeidentifier(tried(plan), { format: 'json', now })
  const outcome = deidentifier.deidentify(new TextEncoder().encode(given.text))
  const published = outcome.kind === 'publish' ? new TextDecoder().decode(outcome.value).trimEnd() : undefined
  const read = published === undefined ? undefined : readJson(published)
  const after = read && openTexts(read, plan)
  return { outcome, account: deidentifier.account, before, after, published, forms: plan }
}
