/** Which gate of a plan lets a record pass, which holds it back and why, and which was not asked. */
import type { RecordOutcome } from '../engine/outcome.ts'
import type { LookedAt } from '../gates/stated-data.ts'
import type { Plan } from '../policy/plan.ts'
import type { Json } from './json-tree.ts'
import { scalarText, valuesAt } from './json-tree.ts'
import { type GivenRecord, type RecordRun, rowsOf } from './run-record.ts'

export interface JudgedGate {
  /** As the account and the policy call it: `suppression list erasures`, `retention`. */
  readonly gate: string
  /** The paths that it reads. */
  readonly by: readonly string[]
  /** `not-read`: the record cannot be read that far. */
  readonly says: 'pass' | 'suppress' | 'dead-letter' | 'not-looked-at' | 'not-read'
  readonly why: string
}

type RunAlone = (
  plan: Plan,
  given: GivenRecord,
  now: number,
  looked: LookedAt,
) => Pick<RecordRun, 'outcome' | 'before' | 'isChange'>

/** Asks each gate by itself, in the order that they judge. `plan`: the whole one; `run` tries a record. */
export function judgeGates(
  plan: Plan,
  given: GivenRecord,
  now: number,
  looked: LookedAt,
  run: RunAlone,
): readonly JudgedGate[] {
  // Without fields, so that only what a gate reads can be wrong.
  const bare: Plan = {
    ...plan,
    fields: [],
    unlisted: 'drop',
    suspects: 'warn',
    suppression: [],
    consent: [],
    consentTables: [],
    required: [],
    retention: undefined,
    crowd: undefined,
  }
  const ask = (part: Partial<Plan>): Pick<RecordRun, 'outcome' | 'before' | 'isChange'> => {
    const alone = { ...bare, ...part }
    return run(alone, given, now, { ...looked, plan: alone })
  }
  const gates: JudgedGate[] = []
  const one = (
    gate: string,
    by: readonly string[],
    part: Partial<Plan>,
    ownCode: (code: string) => boolean,
    passes: (before: Json | undefined) => string,
  ): void => {
    const { outcome, before, isChange } = ask(part)
    // Of a change event the row as it is, or was last.
    const row = rowsOf(before, isChange).findLast((one) => one !== null)
    gates.push({ gate, by, ...verdict(outcome, ownCode, () => passes(row)) })
  }
  for (const entry of plan.suppression) {
    const { list, label } = entry
    const by = entry.by.map(({ text }) => text)
    if (looked.lists.includes(list)) {
      gates.push({ gate: label, by, says: 'not-looked-at', why: `say --list ${list}=FILE` })
      continue
    }
    const isThere = (before: Json | undefined): boolean =>
      before !== undefined && entry.by.every((path) => valuesAt(before, path, plan.either).some(hasText))
    one(
      label,
      by,
      { suppression: [entry] },
      (code) => code === 'identifier-unparsable',
      (before) => (isThere(before) ? 'it is not on the list' : 'it has no such identifier'),
    )
  }
  for (const entry of plan.consent)
    one(
      `consent in ${entry.from.text}`,
      [entry.from.text],
      { consent: [entry] },
      () => false,
      () => 'it allows',
    )
  for (const entry of plan.consentTables) {
    const { table } = entry
    const [gate, by] = [
      `consent table ${table}`,
      [entry.by.text, ...(plan.time ? [plan.time.path.text] : [])],
    ]
    if (looked.tables.includes(table))
      gates.push({ gate, by, says: 'not-looked-at', why: `say --table ${table}=FILE` })
    else
      one(
        gate,
        by,
        { consentTables: [entry] },
        () => false,
        () => (entry.silence === 'deny' ? 'it was given, and is not withdrawn' : 'it is not withdrawn'),
      )
  }
  if (plan.required.length > 0)
    one(
      'required values',
      plan.required.map(({ text }) => text),
      { required: plan.required },
      (code) => code === 'required-missing',
      () => 'they are there',
    )
  if (plan.retention !== undefined && plan.time !== undefined)
    one(
      'retention',
      [plan.time.path.text],
      { retention: plan.retention },
      (code) => code.startsWith('event-time-'),
      () => (plan.retention!.suppresses ? 'it is young enough' : 'no step suppresses'),
    )
  if (plan.crowd !== undefined)
    gates.push({
      gate: 'crowd',
      by: plan.crowd.over,
      says: 'not-looked-at',
      why: 'it goes by all records of a run, and this is one',
    })
  return gates
}

const hasText = (value: Json): boolean => (scalarText(value) ?? '') !== ''

/** What broken records become before any gate could read them. */
function verdict(
  outcome: RecordOutcome,
  ownCode: (code: string) => boolean,
  passes: () => string,
): Pick<JudgedGate, 'says' | 'why'> {
  if (outcome.kind === 'suppress') return { says: 'suppress', why: outcome.reason }
  if (outcome.kind === 'dead-letter' && ownCode(outcome.code))
    return { says: 'dead-letter', why: outcome.code }
  if (outcome.kind === 'dead-letter' && outcome.rule === undefined)
    return { says: 'not-read', why: outcome.code }
  return { says: 'pass', why: passes() }
}
