/** Records of a log: a value, and beside it a key, headers and a timestamp. */

export interface MessageHeader {
  readonly name: string
  readonly value: Uint8Array
}

export interface Message {
  /** Null is not a key; an empty key is one. */
  readonly key: Uint8Array | null
  /** A JSON object as UTF-8; null is a tombstone. */
  readonly value: Uint8Array | null
  /** In order; names may repeat. */
  readonly headers: readonly MessageHeader[] | undefined
  /** Milliseconds since the epoch; -1 where there is none. */
  readonly timestamp: number
}
