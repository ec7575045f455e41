/** De-identifies one record at a time: for library users, `lethe explain` and `lethe test`. */

import type { Account } from '../engine/account.ts'
import { clockOf, type Now } from '../engine/clock.ts'
import type { RecordOutcome } from '../engine/outcome.ts'
import type { Plan } from '../policy/plan.ts'
import { payloadOpening } from '../record/json/payload-opening.ts'
import { jsonEngine, type RunEngineOptions } from './engines.ts'

export interface Deidentifier {
  /**
   * Takes one JSON object as UTF-8 bytes and gives what becomes of it. Never throws for what a record holds:
   * a record that cannot be taken is a `dead-letter`.
   */
  deidentify(record: Uint8Array): RecordOutcome
  /** Counts since the start, over all records. */
  readonly account: Account
}

export interface DeidentifierOptions extends Omit<RunEngineOptions, 'groups' | 'now'> {
  readonly format: 'json'
  /**
   * The instant that retention is judged at, ms since the epoch: one for all records, or a clock. Default: the time of
   * each call.
   */
  readonly now?: Now | undefined
}

/** @throws LetheError (usage) where the policy names lists, and `data` has none of the name */
export function createDeidentifier(plan: Plan, options: DeidentifierOptions): Deidentifier {
  const clock = clockOf(options.now)
  const engine = jsonEngine(plan, { ...options, now: clock() })
  return {
    deidentify(record) {
      engine.now = clock()
      return engine.one(record)
    },
    get account() {
      return engine.account
    },
  }
}

/** A change event without the schema that may stand beside it; the record itself where none does. */
export function bareEvent(record: Uint8Array): Uint8Array {
  const payload = payloadOpening()(record)
  return typeof payload === 'string' ? record : payload
}
