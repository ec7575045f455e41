/**
 * Tokens of 128 bits in shared memory, each with a few words beside it: open addressing with linear probing, at most two
 * thirds full. One thread writes, any number read: what a reader gets is whole, or is read again (a sequence lock; Boehm, "Can
 * seqlocks get along with programming language memory models?", 2012). Words are read and written by `Atomics`, as a processor
 * may else read them behind the second look at the sequence.
 */

/** Words of 32 bits. */
const TOKEN_WORDS = 4
const HEADER_WORDS = 16
const COUNT = 0
const CAPACITY = 1
const PAYLOAD = 2
/** Odd while the writer is at work. */
const SEQUENCE = 3

/** Of its slots, so many hold a token at most. */
const FULLEST = 2 / 3

export const TOKEN_BYTES = 16

export class TokenTable {
  /** To be handed to other threads. */
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #capacity: number
  readonly #stride: number

  private constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#words = new Int32Array(memory)
    this.#capacity = this.#words[CAPACITY]!
    this.#stride = TOKEN_WORDS + this.#words[PAYLOAD]!
  }

  /** A table with room for `most` tokens with `payload` words each. */
  static create(most: number, payload = 0): TokenTable {
    const capacity = Math.max(8, Math.ceil(most / FULLEST) + 1)
    const memory = new SharedArrayBuffer((HEADER_WORDS + capacity * (TOKEN_WORDS + payload)) * 4)
    const words = new Int32Array(memory)
    words[CAPACITY] = capacity
    words[PAYLOAD] = payload
    return new TokenTable(memory)
  }

  /** The table in the memory that `memory` of another one gave. */
  static of(memory: SharedArrayBuffer): TokenTable {
    return new TokenTable(memory)
  }

  get count(): number {
    return Atomics.load(this.#words, COUNT)
  }

  /** How many tokens it takes. */
  get room(): number {
    return Math.floor((this.#capacity - 1) * FULLEST)
  }

  get payload(): number {
    return this.#stride - TOKEN_WORDS
  }

  has(token: Buffer): boolean {
    return this.#read(token, undefined)
  }

  /** Copies the words beside a token into `words`; false where it is not there. */
  get(token: Buffer, words: Int32Array): boolean {
    return this.#read(token, words)
  }

  #read(token: Buffer, into: Int32Array | undefined): boolean {
    const words = this.#words
    for (;;) {
      const sequence = Atomics.load(words, SEQUENCE)
      if ((sequence & 1) !== 0) continue
      const slot = this.#find(token)
      const found = slot >= 0
      if (found && into !== undefined)
        for (let i = 0; i < into.length; i++) into[i] = Atomics.load(words, slot + TOKEN_WORDS + i)
      if (Atomics.load(words, SEQUENCE) === sequence) return found
    }
  }

  /** Puts a token in, or other words beside it. @throws RangeError where there is no room */
  set(token: Buffer, payload?: Int32Array): void {
    const words = this.#words
    let slot = this.#find(token)
    const isNew = slot < 0
    if (isNew && this.count >= this.room) throw new RangeError('the table is full')
    if (isNew) slot = ~slot
    this.#write(() => {
      if (isNew) {
        const [b, c, d] = [token.readInt32LE(4), token.readInt32LE(8), token.readInt32LE(12)]
        Atomics.store(words, slot + 1, b)
        Atomics.store(words, slot + 2, c)
        Atomics.store(words, slot + 3, d)
        Atomics.store(words, slot, firstWord(token, b | c | d))
        Atomics.add(words, COUNT, 1)
      }
      for (let i = 0; i < (payload?.length ?? 0); i++)
        Atomics.store(words, slot + TOKEN_WORDS + i, payload![i]!)
    })
  }

  /** Takes a token out; false where it is not there. */
  delete(token: Buffer): boolean {
    const found = this.#find(token)
    if (found < 0) return false
    const words = this.#words
    this.#write(() => {
      let hole = this.#indexOf(found)
      words.fill(0, found, found + this.#stride)
      words[COUNT]!--
      // Those behind it that it stood in the way of move up, so that no search ends at the hole.
      for (let index = this.#next(hole); !this.#isFree(index); index = this.#next(index)) {
        const home = this.#home(words[this.#slotOf(index)]!)
        const distance = (index - home + this.#capacity) % this.#capacity
        const toHole = (index - hole + this.#capacity) % this.#capacity
        if (distance < toHole) continue
        const from = this.#slotOf(index)
        words.copyWithin(this.#slotOf(hole), from, from + this.#stride)
        words.fill(0, from, from + this.#stride)
        hole = index
      }
    })
    return true
  }

  /** The same tokens in a table with room for `most`. */
  grown(most: number): TokenTable {
    const larger = TokenTable.create(most, this.payload)
    const token = Buffer.alloc(TOKEN_BYTES)
    const payload = new Int32Array(this.payload)
    for (let index = 0; index < this.#capacity; index++) {
      if (this.#isFree(index)) continue
      const slot = this.#slotOf(index)
      for (let i = 0; i < TOKEN_WORDS; i++) token.writeInt32LE(this.#words[slot + i]!, i * 4)
      payload.set(this.#words.subarray(slot + TOKEN_WORDS, slot + this.#stride))
      larger.set(token, payload)
    }
    return larger
  }

  /** Each token with the words beside it. Both are used again for the next. */
  each(take: (token: Buffer, payload: Int32Array) => void): void {
    const token = Buffer.alloc(TOKEN_BYTES)
    for (let index = 0; index < this.#capacity; index++) {
      if (this.#isFree(index)) continue
      const slot = this.#slotOf(index)
      for (let i = 0; i < TOKEN_WORDS; i++) token.writeInt32LE(this.#words[slot + i]!, i * 4)
      take(token, this.#words.subarray(slot + TOKEN_WORDS, slot + this.#stride))
    }
  }

  #write(change: () => void): void {
    Atomics.add(this.#words, SEQUENCE, 1)
    change()
    Atomics.add(this.#words, SEQUENCE, 1)
  }

  /** The slot of a token; where it is not there, the complement of the one that it would get. */
  #find(token: Buffer): number {
    const words = this.#words
    const stride = this.#stride
    const end = HEADER_WORDS + this.#capacity * stride
    const [b, c, d] = [token.readInt32LE(4), token.readInt32LE(8), token.readInt32LE(12)]
    const a = firstWord(token, b | c | d)
    let slot = HEADER_WORDS + this.#home(a) * stride
    for (let seen = 0; seen < this.#capacity; seen++) {
      const word = Atomics.load(words, slot)
      if (word === a || word === 0) {
        const [second, third, fourth] = [
          Atomics.load(words, slot + 1),
          Atomics.load(words, slot + 2),
          Atomics.load(words, slot + 3),
        ]
        if (word === a && second === b && third === c && fourth === d) return slot
        if ((word | second | third | fourth) === 0) return ~slot
      }
      slot += stride
      if (slot === end) slot = HEADER_WORDS
    }
    throw new RangeError('the table is full')
  }

  #home(word: number): number {
    return Math.floor(((word >>> 0) / 0x1_0000_0000) * this.#capacity)
  }

  #next(index: number): number {
    return index + 1 === this.#capacity ? 0 : index + 1
  }

  #slotOf(index: number): number {
    return HEADER_WORDS + index * this.#stride
  }

  #indexOf(slot: number): number {
    return (slot - HEADER_WORDS) / this.#stride
  }

  #isFree(index: number): boolean {
    const slot = this.#slotOf(index)
    const words = this.#words
    return (words[slot]! | words[slot + 1]! | words[slot + 2]! | words[slot + 3]!) === 0
  }
}

/** No digest is all zeros in our lifetime; should one be, it stands for the next. */
const firstWord = (token: Buffer, others: number): number => {
  const word = token.readInt32LE(0)
  return (word | others) === 0 ? 1 : word
}
