/** Records as they were polled: packed messages, and where each stands in its log. */
import { MessageBatch } from '../engine/message-batch.ts'
import { Spares } from '../record/spares.ts'
import { type InputRecord, type Position, partitionKey, type TopicPartition } from './record.ts'

const FIRST_ROOM = 256
/** A batch is read while another is written. Larger batches are rare; their memory is not kept. */
const SPARES = new Spares(2, 16 << 20)

/** The memory for a batch of `bytes` bytes, with the line breaks between values and the quotes around keys. */
export const roomFor = (bytes: number): number => bytes + (bytes >> 3)

export class PackedRecords extends MessageBatch {
  /** One text for all records of a topic. */
  readonly #topics: string[] = []
  #topic = ''
  #partitions = new Int32Array(FIRST_ROOM)
  #offsets = new Float64Array(FIRST_ROOM)

  /** `bytes`: how much is expected, keys included. */
  constructor(bytes: number = 0) {
    super(bytes, bytes === 0 ? undefined : SPARES.any())
  }

  static override of(records: Iterable<InputRecord>): PackedRecords {
    const packed = new PackedRecords()
    for (const record of records) packed.add(record)
    return packed
  }

  override add(record: InputRecord): void {
    const index = this.length
    if (index === this.#partitions.length) {
      const partitions = new Int32Array(index * 2)
      const offsets = new Float64Array(index * 2)
      partitions.set(this.#partitions)
      offsets.set(this.#offsets)
      this.#partitions = partitions
      this.#offsets = offsets
    }
    super.add(record)
    if (record.topic !== this.#topic) this.#topic = record.topic
    this.#topics.push(this.#topic)
    this.#partitions[index] = record.partition
    this.#offsets[index] = record.offset
  }

  topic(index: number): string {
    return this.#topics[index]!
  }

  partition(index: number): number {
    return this.#partitions[index]!
  }

  offset(index: number): number {
    return this.#offsets[index]!
  }

  position(index: number): Position {
    return { topic: this.topic(index), partition: this.partition(index), offset: this.offset(index) }
  }

  override at(index: number): InputRecord | undefined {
    const message = super.at(index)
    return message === undefined ? undefined : { ...this.position(index), ...message }
  }

  override *[Symbol.iterator](): Generator<InputRecord> {
    for (let index = 0; index < this.length; index++) yield this.at(index)!
  }

  /** The values are not needed any more: their memory may hold others. */
  release(): void {
    SPARES.give(this.lines.take().buffer)
  }

  /** Those from `from` to before `to`. */
  slice(from: number, to: number): PackedRecords {
    const part = new PackedRecords()
    for (let index = from; index < to; index++) part.add(this.at(index)!)
    return part
  }

  /** Those that lie before the end of their partition; itself, where all do. */
  before(endOf: (partition: TopicPartition) => number): PackedRecords {
    // Records of a partition come in runs.
    let at: TopicPartition | undefined
    let end = 0
    const isBefore = (index: number): boolean => {
      if (at?.partition !== this.partition(index) || at.topic !== this.topic(index)) {
        at = { topic: this.topic(index), partition: this.partition(index) }
        end = endOf(at)
      }
      return this.offset(index) < end
    }
    let first = 0
    while (first < this.length && isBefore(first)) first++
    if (first === this.length) return this
    const kept = this.slice(0, first)
    for (let index = first + 1; index < this.length; index++) if (isBefore(index)) kept.add(this.at(index)!)
    return kept
  }

  /** The positions behind the first `count` of them, one for each partition. */
  behind(count: number = this.length): readonly Position[] {
    const next = new Map<string, Position>()
    const put = (index: number): void => {
      const { topic, partition, offset } = this.position(index)
      next.set(partitionKey({ topic, partition }), { topic, partition, offset: offset + 1 })
    }
    // Records of a partition come in runs.
    for (let index = 1; index < count; index++) {
      const isSame = this.partition(index) === this.partition(index - 1)
      if (!isSame || this.topic(index) !== this.topic(index - 1)) put(index - 1)
    }
    if (count > 0) put(count - 1)
    return [...next.values()]
  }
}
