/** Runs one record through a plan: JSON, or a row of CSV. What it was and what it became can then be compared by paths. */
import type { Account } from '../engine/account.ts'
import type { RecordOutcome } from '../engine/outcome.ts'
import { type LookedAt, lookAtNone } from '../gates/stated-data.ts'
import { IMAGES } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import { bareEvent, createDeidentifier } from '../run/deidentifier.ts'
import { type ChangeForm, plannedFor } from '../run/planned.ts'
import { cellsBefore, deidentifyRow, type TableRow } from '../run/table-row.ts'
import { openTexts, type RecordForms } from './json-texts.ts'
import { type Json, readJson, scalarText, treeOf, valuesAt } from './json-tree.ts'

export type GivenRecord =
  | {
      readonly kind: 'json'
      readonly text: string /** It is a change event. */
      readonly change?: ChangeForm
    }
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
  /** Whether the record is a change event, with the images of its row under `before` and `after`. */
  readonly isChange: boolean
  /** Of texts that hold JSON, `before` and `after` have what they hold. */
  readonly forms: RecordForms
  /** Lists and consent tables of the policy that were not looked at: each might hold the record back. */
  readonly notLookedAt: readonly NotLookedAt[]
}

export interface NotLookedAt {
  readonly kind: 'list' | 'table'
  readonly name: string
}

export const inWords = ({ kind, name }: NotLookedAt): string =>
  kind === 'list' ? `the list ${name}` : `the consent table ${name}`

/** The record by input paths. Throws `LetheError` where a row does not fit the policy. */
export function treeBefore(plan: Plan, given: GivenRecord): Json | undefined {
  const tree = given.kind === 'json' ? eventIn(given) : treeOf(cellsBefore(plan, given.row))
  return tree && openTexts(tree, plannedFor(plan, changeOf(given)).plan)
}

/** A change event without the schema that may stand beside it. */
export function eventIn({ text, change }: Extract<GivenRecord, { kind: 'json' }>): Json | undefined {
  return readJson(
    change === undefined ? text : new TextDecoder().decode(bareEvent(new TextEncoder().encode(text))),
  )
}

const changeOf = (given: GivenRecord): ChangeForm | undefined =>
  given.kind === 'json' ? given.change : undefined

/** The rows of a record: of a change event its images, as far as they are there. */
export function rowsOf(tree: Json | undefined, isChange: boolean): readonly Json[] {
  if (tree === undefined) return []
  if (!isChange) return [tree]
  return IMAGES.flatMap((image) => (tree instanceof Map ? (tree.get(image) ?? []) : []) as Json | [])
}

/** The event time of a record, in ms since 1970, judged as of `now`; undefined where it has none. `rows`: of a change event two. */
export function eventTimeOf(plan: Plan, rows: readonly Json[], now: number): number | undefined {
  const { time } = plan
  if (time === undefined) return undefined
  const moments = rows.flatMap((row) => {
    const written = scalarText(valuesAt(row, time.path)[0])
    const moment = written === undefined ? undefined : time.read(written, now)
    return typeof moment === 'number' ? [moment] : []
  })
  return moments.length === 0 ? undefined : Math.max(...moments)
}

/** The event time of a record before; of a change event, the later one of its rows. */
export function bornAt(plan: Plan, given: GivenRecord, now: number): number | undefined {
  const isChange = changeOf(given) !== undefined
  return eventTimeOf(plan, rowsOf(treeBefore(plan, given), isChange), now)
}

/**
 * Runs one record; `now` in ms since 1970. `looked`: what of its lists and tables is known; nothing unless stated.
 * @throws LetheError where a row does not fit the policy
 */
export function runRecord(
  plan: Plan,
  given: GivenRecord,
  now: number,
  looked: LookedAt = lookAtNone(plan),
): RecordRun {
  const { data } = looked
  const notLookedAt: readonly NotLookedAt[] = [
    ...looked.lists.map((name) => ({ kind: 'list', name }) as const),
    ...looked.tables.map((name) => ({ kind: 'table', name }) as const),
  ]
  const before = treeBefore(plan, given)
  if (given.kind === 'row') {
    const { outcome, account, after, published } = deidentifyRow(looked.plan, given.row, { now, data })
    const tree = published === undefined ? undefined : openTexts(treeOf(after), plan)
    return { outcome, account, before, after: tree, published, isChange: false, forms: plan, notLookedAt }
  }
  const change = changeOf(given)
  const forms = plannedFor(plan, change).plan
  const deidentifier = createDeidentifier(looked.plan, { format: 'json', now, data, change })
  const outcome = deidentifier.deidentify(new TextEncoder().encode(given.text))
  const published = outcome.kind === 'publish' ? new TextDecoder().decode(outcome.value).trimEnd() : undefined
  const read = published === undefined ? undefined : readJson(published)
  const after = read && openTexts(read, forms)
  const isChange = change !== undefined
  return { outcome, account: deidentifier.account, before, after, published, isChange, forms, notLookedAt }
}
