/** Records of a log: a value, and beside it a key, headers and a timestamp. */
import type { DeadLetterCode } from '../errors.ts'

export interface MessageHeader {
  readonly name: string
  readonly value: Uint8Array
}

export interface Message {
  /** Null is no key; an empty key is one. */
  readonly key: Uint8Array | null
  /** A JSON object as UTF-8; null is a tombstone. */
  readonly value: Uint8Array | null
  /** In order; names may repeat. */
  readonly headers: readonly MessageHeader[] | undefined
  /** Milliseconds since the epoch; -1 where there is none. */
  readonly timestamp: number
}

/** What became of one message. There is no way from an error to `publish`. */
export interface MessageOutcome {
  readonly kind: 'publish' | 'suppress' | 'tombstone' | 'dead-letter'
  /** The value that may leave; only of what is published. */
  readonly value: Uint8Array | null
  /** The de-identified key of what is published; null where none may leave. */
  readonly key: Uint8Array | null
  /** Headers that may leave, in the policy's order. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  /** When the record says that it happened, as far as may be told; ms since the epoch. Undefined: nothing may be told. */
  readonly timestamp: number | undefined
  /** Keys to write tombstones under. */
  readonly tombstones: readonly Uint8Array[]
  /** Of a dead letter. */
  readonly code: DeadLetterCode | undefined
  /** Id of the rule that failed, or -1. */
  readonly rule: number
}
