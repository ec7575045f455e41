/** What became of one record of a file, or of one message. There is no way from an error to `publish`. */
import type { DeadLetterCode } from '../errors.ts'

export interface OutcomeHeader {
  readonly name: string
  readonly value: string
}

interface WithTombstones {
  /** Keys to write tombstones under, whatever the kind; none of a record of a file. */
  readonly tombstones: readonly Uint8Array[]
}

export type Outcome = WithTombstones &
  (
    | {
        readonly kind: 'publish'
        /** The value that may leave. */
        readonly value: Uint8Array
        /** The de-identified key; null where none may leave, and of a record of a file. */
        readonly key: Uint8Array | null
        /** Headers that may leave, in the policy's order. */
        readonly headers: readonly OutcomeHeader[]
        /** When the message says that it happened, as far as may be told; ms since the epoch. Undefined: nothing may be told. */
        readonly timestamp: number | undefined
      }
    /** The record must not leave. `reason` is one of those that the account counts by: the label of a gate. */
    | { readonly kind: 'suppress'; readonly reason: string }
    /** The message was a tombstone, which leaves as those under `tombstones`. */
    | { readonly kind: 'tombstone' }
    | {
        readonly kind: 'dead-letter'
        readonly code: DeadLetterCode
        /** The label of the rule that failed; undefined where the record as a whole did. */
        readonly rule: string | undefined
      }
  )

/** Of a record of a file, which is not a tombstone. */
export type RecordOutcome = Exclude<Outcome, { readonly kind: 'tombstone' }>

/** The label of a rule by its id; undefined for -1, which stands for the record as a whole. */
export const labelOf = (rules: readonly { readonly label: string }[], rule: number): string | undefined =>
  rule < 0 ? undefined : rules[rule]!.label
