/** The k smallest of the distinct numbers put in ("bottom-k", "k minimum values"): a fair sample, where they are hashes. */
import { HASHES } from './keyed-hash.ts'

export class Smallest {
  readonly #most: number
  /** Whatever is not below it is none of the smallest. */
  limit: number = HASHES
  /** Those kept, up to twice as many as asked for, in no order. */
  readonly values: Float64Array<ArrayBuffer>
  count = 0
  /** By the number's low bits, and then the next free place: position in `values` + 1. */
  readonly #table: Int32Array<ArrayBuffer>
  /** Called when numbers were dropped: the position `kept[i]` became `i`; they ascend. */
  readonly #pruned: (kept: Int32Array) => void

  /** `most`: a power of two. */
  constructor(most: number, pruned: (kept: Int32Array) => void = () => {}) {
    this.#most = most
    this.#pruned = pruned
    this.values = new Float64Array(most * 2)
    this.#table = new Int32Array(most * 4)
  }

  /** Position of a number, which is added if it is new; -1 where it is none of the smallest. */
  put(value: number): number {
    if (value >= this.limit) return -1
    const table = this.#table
    const mask = table.length - 1
    let at = (value | 0) & mask
    for (let found = table[at]!; found !== 0; found = table[at]!) {
      if (this.values[found - 1] === value) return found - 1
      at = (at + 1) & mask
    }
    if (this.count === this.values.length) {
      this.#prune()
      return this.put(value)
    }
    this.values[this.count] = value
    table[at] = ++this.count
    return this.count - 1
  }

  clear(): void {
    this.count = 0
    this.#table.fill(0)
    this.limit = HASHES
  }

  /** Positions of all that are kept. */
  all(): Int32Array {
    const positions = new Int32Array(this.count)
    for (let position = 0; position < this.count; position++) positions[position] = position
    return positions
  }

  /** Positions of the smallest, in no order. */
  smallest(): Int32Array {
    const { values, count } = this
    const positions = new Int32Array(Math.min(count, this.#most))
    const largest =
      count > this.#most ? values.slice(0, count).sort()[this.#most - 1]! : Number.POSITIVE_INFINITY
    let kept = 0
    for (let position = 0; position < count; position++)
      if (values[position]! <= largest) positions[kept++] = position
    return positions
  }

  /** Drops all but the smallest, once there are twice as many. */
  #prune(): void {
    const { values } = this
    const table = this.#table
    const kept = this.smallest()
    table.fill(0)
    const mask = table.length - 1
    let largest = 0
    for (let to = 0; to < kept.length; to++) {
      const value = values[kept[to]!]!
      values[to] = value
      if (value > largest) largest = value
      let at = (value | 0) & mask
      while (table[at] !== 0) at = (at + 1) & mask
      table[at] = to + 1
    }
    this.limit = largest + 1
    this.count = kept.length
    this.#pruned(kept)
  }
}
