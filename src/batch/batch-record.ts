/** What a ledger says of a batch. No file is named: names of files may be values. */
import { sum } from '../engine/account.ts'
import type { LedgerFact } from '../ledger/entry.ts'
import type { LedgerOutcome } from '../ledger/ledger.ts'
import type { Plan } from '../policy/plan.ts'
import type { Summary } from '../run/account/account-view.ts'

export function batchFact(plan: Plan, action: 'batch' | 'replay', inputs: number): Omit<LedgerFact, 'state'> {
  return {
    action,
    names: {
      policy: plan.name,
      version: String(plan.version),
      ...(plan.keyIds.length === 0 ? {} : { keys: plan.keyIds.join('-') }),
    },
    fingerprints: { policy: plan.fingerprint },
    counts: { inputs },
  }
}

/** Counts, and the digests of the files that were published where they are few. */
export function batchOutcome({ status, records, outputs }: Summary): LedgerOutcome {
  return {
    ...(status === 'done' ? {} : { code: status }),
    counts: {
      in: records.in,
      published: records.published,
      suppressed: sum(records.suppressed),
      deadLettered: sum(records.deadLettered),
      outputs: outputs.length,
    },
    fingerprints: Object.fromEntries(
      outputs
        .slice(0, MOST_DIGESTS)
        .flatMap(({ sha256 }, at) => (sha256 === undefined ? [] : [[`output${LETTERS[at]}`, sha256]])),
    ),
  }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const MOST_DIGESTS = LETTERS.length
