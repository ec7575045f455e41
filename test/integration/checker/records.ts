/** What the checker speaks of. */

export interface Coordinates {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** A record as a consumer that reads committed ones alone sees it. Offsets have gaps: markers, and what was aborted. */
export interface LogRecord extends Coordinates {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In order; names may repeat. */
  readonly headers: readonly { readonly name: string; readonly value: Buffer }[]
  /** ms since the epoch; -1 where there is none. */
  readonly timestamp: number
}

export const keyOf = ({ topic, partition, offset }: Coordinates): string => `${topic}/${partition}/${offset}`

/** One record that must stand in the output. */
export interface Write {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Beside those of Lethe. Undefined: none. */
  readonly headers?: readonly { readonly name: string; readonly value: string }[]
  /** Undefined: any. */
  readonly timestamp?: number
}

/** What the policy makes of one input record. */
export interface Expected {
  readonly kind: 'publish' | 'suppress' | 'tombstone' | 'dead-letter'
  /** All that must stand in the output for it, in any order: the record, tombstones. Of a dead letter: nothing. */
  readonly writes: readonly Write[]
  /** Of a dead letter. Undefined: any code. */
  readonly code?: string
  /** It may also be suppressed: which of both depends on when it was judged, and that is not known. */
  readonly mayBeHeld?: boolean
}

export type FindingKind =
  /** Something that must be there is not. */
  | 'lost'
  /** The same record twice. */
  | 'duplicate'
  /** Within an output key, not in the order of the input partition. */
  | 'reordered'
  /** It is there, and its key, value, headers, time, partition, code or policy is another one. */
  | 'wrong'
  /** A record for an input that gives none, or another sort of record than it gives. */
  | 'unexpected'
  /** A raw value. */
  | 'raw'
  /** No source, or one that no committed input record has. */
  | 'unaccounted'

export interface Finding {
  readonly kind: FindingKind
  /** Coordinates of the record found, and of the input record; never a value. */
  readonly at: string
  readonly what: string
}
