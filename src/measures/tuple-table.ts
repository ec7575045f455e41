/** Distinct tuples of 32-bit numbers, each with the index of its first appearance: open addressing in typed arrays. */

const MIX = 0x9e3779b1

export class TupleTable {
  readonly width: number
  /** The tuples, one behind the other. */
  #rows: Int32Array<ArrayBuffer>
  /** Index + 1, by hash. */
  #slots: Int32Array<ArrayBuffer>
  #count = 0

  /** `width`: numbers in a tuple, from 0. */
  constructor(width: number, expected = 256) {
    this.width = width
    let slots = 16
    while (slots < expected * 2) slots *= 2
    this.#slots = new Int32Array(slots)
    this.#rows = new Int32Array(Math.max(1, (slots / 2) * width))
  }

  /** How many distinct tuples were put in. */
  get count(): number {
    return this.#count
  }

  /** The index of the tuple `tuple[at..at + width)`; it is added where it is new, as index `count`. */
  put(tuple: Int32Array, at = 0): number {
    const { width } = this
    let hash = width
    for (let i = 0; i < width; i++) {
      hash = Math.imul(hash ^ tuple[at + i]!, MIX)
      hash ^= hash >>> 15
    }
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hash & mask
    for (let found = slots[slot]!; found !== 0; found = slots[slot]!) {
      if (this.#equals(found - 1, tuple, at)) return found - 1
      slot = (slot + 1) & mask
    }
    if (this.#count * 2 === slots.length) {
      this.#grow()
      return this.put(tuple, at)
    }
    this.#rows.set(tuple.subarray(at, at + width), this.#count * width)
    slots[slot] = ++this.#count
    return this.#count - 1
  }

  /** The number at `place` of the tuple with this index. */
  at(index: number, place: number): number {
    return this.#rows[index * this.width + place]!
  }

  #equals(index: number, tuple: Int32Array, at: number): boolean {
    const rows = this.#rows
    const first = index * this.width
    for (let i = 0; i < this.width; i++) if (rows[first + i] !== tuple[at + i]) return false
    return true
  }

  #grow(): void {
    const old = this.#rows.subarray(0, this.#count * this.width)
    const bigger = new TupleTable(this.width, this.#slots.length)
    for (let index = 0; index < this.#count; index++) bigger.put(old, index * this.width)
    this.#rows = bigger.#rows
    this.#slots = bigger.#slots
  }
}
