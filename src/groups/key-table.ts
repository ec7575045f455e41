/** Tables of keys of a few 32-bit words, each with an index in the order that they came. Keys are hashes, or hold one. */

const MIX = 0x9e3779b1
const FIRST_SLOTS = 1 << 10

export class KeyTable {
  /** Words of a key. */
  readonly width: number
  /** The keys, one behind the other. */
  words: Int32Array<ArrayBuffer>
  /** By hash, and then the next free place: index + 1. */
  #slots: Int32Array<ArrayBuffer>
  #count = 0

  constructor(width: number) {
    this.width = width
    this.#slots = new Int32Array(FIRST_SLOTS)
    this.words = new Int32Array((FIRST_SLOTS / 2) * width)
  }

  /** How many keys there are. */
  get count(): number {
    return this.#count
  }

  /** The index of the key `key[at..at + width)`; it is added where it is new, as index `count`. */
  put(key: Int32Array, at = 0): number {
    const slot = slotOf(this.#slots, this.words, this.width, key, at)
    const found = this.#slots[slot]!
    if (found !== 0) return found - 1
    if (this.#count * 2 === this.#slots.length) {
      this.#grow()
      return this.put(key, at)
    }
    for (let i = 0; i < this.width; i++) this.words[this.#count * this.width + i] = key[at + i]!
    this.#slots[slot] = ++this.#count
    return this.#count - 1
  }

  /** The index of the key `key[at..at + width)`, or -1. */
  find(key: Int32Array, at = 0): number {
    return this.#slots[slotOf(this.#slots, this.words, this.width, key, at)]! - 1
  }

  #grow(): void {
    const { width } = this
    const words = new Int32Array(this.words.length * 2)
    words.set(this.words)
    this.words = words
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let index = 0; index < this.#count; index++)
      this.#slots[slotOf(this.#slots, words, width, words, index * width)] = index + 1
  }
}

/** Where the index of a key stands, or would. */
function slotOf(slots: Int32Array, words: Int32Array, width: number, key: Int32Array, at: number): number {
  let hash = width
  for (let i = 0; i < width; i++) {
    hash = Math.imul(hash ^ key[at + i]!, MIX)
    hash ^= hash >>> 15
  }
  const mask = slots.length - 1
  let slot = hash & mask
  search: for (let found = slots[slot]!; found !== 0; found = slots[slot]!) {
    const first = (found - 1) * width
    for (let i = 0; i < width; i++)
      if (words[first + i] !== key[at + i]) {
        slot = (slot + 1) & mask
        continue search
      }
    return slot
  }
  return slot
}

/** A set of keys in shared memory, which no thread changes. */
export class KeySet {
  readonly #width: number
  readonly #slots: Int32Array<SharedArrayBuffer>
  readonly #words: Int32Array<SharedArrayBuffer>

  /** @param memory what `keySetOf` gave */
  constructor(memory: SharedArrayBuffer) {
    const [width, slots] = new Int32Array(memory, 0, HEADER) as unknown as [number, number]
    this.#width = width
    this.#slots = new Int32Array(memory, HEADER * 4, slots)
    this.#words = new Int32Array(memory, (HEADER + slots) * 4)
  }

  /** Whether the key `key[at..at + width)` is in it. */
  has(key: Int32Array, at: number): boolean {
    return this.#slots[slotOf(this.#slots, this.#words, this.#width, key, at)] !== 0
  }
}

/** In words: the width of keys, and the number of slots. */
const HEADER = 2

/** The keys of a table with these indexes, for `KeySet`. */
export function keySetOf(
  { width, words }: Pick<KeyTable, 'width' | 'words'>,
  indexes: ArrayLike<number>,
): SharedArrayBuffer {
  let slots = FIRST_SLOTS
  while (slots < indexes.length * 2) slots *= 2
  const memory = new SharedArrayBuffer((HEADER + slots + indexes.length * width) * 4)
  const all = new Int32Array(memory)
  all[0] = width
  all[1] = slots
  const places = all.subarray(HEADER, HEADER + slots)
  const keys = all.subarray(HEADER + slots)
  for (let i = 0; i < indexes.length; i++) {
    const first = indexes[i]! * width
    for (let word = 0; word < width; word++) keys[i * width + word] = words[first + word]!
    places[slotOf(places, keys, width, keys, i * width)] = i + 1
  }
  return memory
}
