/** De-identifies one record at a time: for library users, `lethe explain` and `lethe test`. */
import type { Plan } from '../policy/plan.ts'
import type { Account } from './account.ts'
import { clockOf, type Now } from './clock.ts'
import { JsonRewriter } from './json-rewriter.ts'
import type { Outcome } from './outcome.ts'
import type { RewriteOptions } from './rewriter.ts'

export interface Deidentifier {
  /**
   * Takes one JSON object as UTF-8 bytes and gives what becomes of it. Never throws for what a record holds:
   * a record that cannot be taken is a `dead-letter`.
   */
  deidentify(record: Uint8Array): Outcome
  /** Counts since the start, over all records. */
  readonly account: Account
}

export interface DeidentifierOptions extends Omit<RewriteOptions, 'groups' | 'now'> {
  readonly format: 'json'
  /**
   * The instant that retention is judged at, ms since the epoch: one for all records, or a clock. Default: the time of
   * each call.
   */
  readonly now?: Now | undefined
}

export function createDeidentifier(plan: Plan, options: DeidentifierOptions): Deidentifier {
  const clock = clockOf(options.now)
  const rewriter = new JsonRewriter(plan, { ...options, now: clock() })
  return {
    deidentify(record) {
      rewriter.now = clock()
      return rewriter.rewriteOne(record)
    },
    get account() {
      return rewriter.account
    },
  }
}
