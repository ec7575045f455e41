/** Records of Kafka as Lethe reads and writes them, and where they stand. */

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** An offset of a partition: of a record, or the next one to be read. Exact below 2^53. */
export interface Position extends TopicPartition {
  readonly offset: number
}

/** Names a partition, as the key of a map: `topic/partition`. A name of a topic holds no slash. */
export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** The offsets of positions, by `partitionKey`. */
export const offsetsOf = (positions: readonly Position[]): Map<string, number> =>
  new Map(positions.map((position) => [partitionKey(position), position.offset]))

export interface Header {
  readonly name: string
  /** The bytes as they are; a null value counts as empty. */
  readonly value: Uint8Array
}

export interface InputRecord extends Position {
  /** Null is not a key; an empty key is one. */
  readonly key: Uint8Array | null
  /** Null is a tombstone; an empty value is none. */
  readonly value: Uint8Array | null
  /** In order; names may repeat. Undefined: none. */
  readonly headers: readonly Header[] | undefined
  /** Milliseconds since the epoch; -1 where the record has none. */
  readonly timestamp: number
}

export type OutputHeader = Readonly<Record<string, string>>

export interface OutputRecord {
  readonly topic: string
  /** Undefined: by the key, murmur2 as the Java client does it; null keys are spread. */
  readonly partition: number | undefined
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** In order, each an object of one member: name and text. Equal ones may be one object. */
  readonly headers: readonly OutputHeader[]
  /** Milliseconds since the epoch; undefined: the time of writing. */
  readonly timestamp: number | undefined
}

/** Outputs, each made as it is asked for: that of one place is always the same. An array is such a one, too. */
export interface Outputs extends Iterable<OutputRecord> {
  readonly length: number
  at(index: number): OutputRecord | undefined
}
