/** Which records are to be read again: by partition and offset, each with the dead letters that are settled with it. */
import type { LetterPlace } from '../dead-letter.ts'
import { type Position, partitionKey, type TopicPartition } from '../record.ts'

/** Dead letters that wait, in any order. */
export interface Waiting {
  /** Number of the input partition. */
  readonly place: Int32Array
  /** Of the record there. */
  readonly offset: Float64Array
  /** Of the dead-letter topic. */
  readonly partition: Int32Array
  /** The dead letter's own offset in it. */
  readonly letter: Float64Array
  readonly asked: Uint8Array
}

/** The records of one input partition: dead letters `[from, to)` of the plan. */
export interface PlannedPartition extends TopicPartition {
  readonly from: number
  readonly to: number
}

export class ReplayPlan {
  /** Of the dead letters taken, in order: the offset of the record. Equal ones stand side by side. */
  readonly offsets: Float64Array
  readonly partitions: readonly PlannedPartition[]
  /** Dead letters that were replayed before. */
  readonly replayed: number
  /** Dead letters that wait and were not asked for. */
  readonly leftOut: number
  /** Records to be read again: fewer than dead letters taken, where a record has several. */
  readonly records: number
  readonly #letterPartitions: Int32Array
  readonly #letters: Float64Array
  readonly #byKey: ReadonlyMap<string, PlannedPartition>
  /** 1 at the first dead letter of a record that is gone. */
  readonly #expired: Uint8Array
  #expiredRecords = 0

  /** `order`: of `waiting`, by place and offset. */
  constructor(places: readonly TopicPartition[], waiting: Waiting, order: Uint32Array, replayed: number) {
    const taken = takenOf(waiting, order)
    this.offsets = Float64Array.from(taken, (at) => waiting.offset[at]!)
    this.#letterPartitions = Int32Array.from(taken, (at) => waiting.partition[at]!)
    this.#letters = Float64Array.from(taken, (at) => waiting.letter[at]!)
    this.#expired = new Uint8Array(taken.length)
    const partitions: PlannedPartition[] = []
    let records = 0
    for (let from = 0, to = 0; from < taken.length; from = to) {
      const place = waiting.place[taken[from]!]!
      for (to = from; to < taken.length && waiting.place[taken[to]!] === place; to++)
        if (to === from || this.offsets[to] !== this.offsets[to - 1]) records++
      partitions.push({ ...places[place]!, from, to })
    }
    this.partitions = partitions
    this.#byKey = new Map(partitions.map((one) => [partitionKey(one), one]))
    this.records = records
    this.replayed = replayed
    this.leftOut = order.length - taken.length
  }

  /** How many dead letters are taken. */
  get length(): number {
    return this.offsets.length
  }

  /** Records that are gone from their topic. */
  get expired(): number {
    return this.#expiredRecords
  }

  /** The record of the dead letter `index` is gone. Once is as good as often. */
  expire(of: PlannedPartition, index: number): void {
    const { from } = this.#runAt(of, index)
    if (this.#expired[from] === 1) return
    this.#expired[from] = 1
    this.#expiredRecords++
  }

  /** The first dead letter of the next record. */
  after(of: PlannedPartition, index: number): number {
    return this.#runAt(of, index).to
  }

  /** The dead letters of a record. */
  lettersOf({ topic, partition, offset }: Position): readonly LetterPlace[] {
    const found = this.#byKey.get(partitionKey({ topic, partition }))
    const index = found === undefined ? -1 : this.seek(found, offset)
    if (found === undefined || index === found.to || this.offsets[index] !== offset)
      throw new Error('a record is replayed that no dead letter names')
    const { from, to } = this.#runAt(found, index)
    return Array.from({ length: to - from }, (_, at) => ({
      partition: this.#letterPartitions[from + at]!,
      offset: this.#letters[from + at]!,
    }))
  }

  /** The first dead letter of a partition whose record stands at `offset` or behind it. */
  seek({ from, to }: PlannedPartition, offset: number): number {
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.offsets[middle]! < offset) from = middle + 1
      else to = middle
    }
    return from
  }

  /** The dead letters of one record. */
  #runAt(bounds: PlannedPartition, index: number): { readonly from: number; readonly to: number } {
    let from = index
    let to = index + 1
    while (from > bounds.from && this.offsets[from - 1] === this.offsets[index]) from--
    while (to < bounds.to && this.offsets[to] === this.offsets[index]) to++
    return { from, to }
  }
}

/** The dead letters of `order` whose record has one that was asked for. */
function takenOf({ place, offset, asked }: Waiting, order: Uint32Array): Uint32Array {
  const taken = new Uint32Array(order.length)
  let length = 0
  for (let from = 0, to = 0; from < order.length; from = to) {
    let isAsked = false
    const first = order[from]!
    for (to = from; to < order.length; to++) {
      const at = order[to]!
      if (place[at] !== place[first] || offset[at] !== offset[first]) break
      isAsked ||= asked[at] === 1
    }
    if (isAsked) for (let at = from; at < to; at++) taken[length++] = order[at]!
  }
  return taken.subarray(0, length)
}
