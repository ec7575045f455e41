/**
 * Tokens of 128 bits in shared memory, each with a few words beside it: open addressing with linear probing, which begins where a
 * line of the processor's cache does, so that most lookups touch one. One thread writes, any number read: what a reader gets is
 * whole, or is read again (a sequence lock; Boehm, "Can seqlocks get along with programming language memory models?", 2012). Words
 * are read and written by `Atomics`, as a processor may else read them behind the second look at the sequence.
 */

/** Words of 32 bits. */
export const TOKEN_WORDS = 4
/** The words of a line of the cache. */
const LINE_WORDS = 16
const HEADER_WORDS = LINE_WORDS
const COUNT = 0
const CAPACITY = 1
const PAYLOAD = 2
/** Odd while the writer is at work. */
const SEQUENCE = 3

/** Of its slots, so many hold a token at most. */
const FULLEST = 0.7
/** A large table grows by a quarter: half of it would else stand empty. */
const LARGE = 1 << 20

export const TOKEN_BYTES = 16

export class TokenTable {
  /** To be handed to other threads. */
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #capacity: number
  readonly #stride: number
  /** Slots of a line, less one. */
  readonly #inLine: number
  readonly #end: number
  readonly #token: Int32Array = new Int32Array(TOKEN_WORDS)
  #touched = 0
  readonly #tokenBytes: Uint8Array = new Uint8Array(this.#token.buffer)

  private constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#words = new Int32Array(memory)
    this.#capacity = this.#words[CAPACITY]!
    this.#stride = TOKEN_WORDS + this.#words[PAYLOAD]!
    this.#inLine = slotsOfLine(this.#words[PAYLOAD]!) - 1
    this.#end = HEADER_WORDS + this.#capacity * this.#stride
  }

  /** A table with room for `most` tokens with `payload` words each. */
  static create(most: number, payload = 0): TokenTable {
    const ofLine = slotsOfLine(payload)
    const capacity = Math.ceil(Math.max(8, Math.ceil(most / FULLEST) + 1) / ofLine) * ofLine
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

  /** How many its successor is to take, once it is full. */
  get nextRoom(): number {
    return this.count < LARGE ? this.count * 2 : Math.ceil(this.count * 1.25)
  }

  /** For diagnostics: what `touch` saw last. */
  get touched(): number {
    return this.#touched
  }

  get payload(): number {
    return this.#stride - TOKEN_WORDS
  }

  has(token: Uint8Array): boolean {
    return this.#read(this.#take(token), 0, undefined)
  }

  /** Copies the words beside a token into `words`; false where it is not there. */
  get(token: Uint8Array, words: Int32Array): boolean {
    return this.#read(this.#take(token), 0, words)
  }

  /** The same of the token at a place of `tokens`, as words. */
  getAt(tokens: Int32Array, at: number, words: Int32Array): boolean {
    return this.#read(tokens, at, words)
  }

  /**
   * Looks at the places of tokens, one behind the other: the processor waits for the memory of several at once, and has it at hand
   * when each is asked for.
   */
  touch(tokens: Int32Array, count: number): void {
    const words = this.#words
    let seen = 0
    for (let at = 0; at < count * TOKEN_WORDS; at += TOKEN_WORDS)
      seen ^= words[this.#slotOf(this.#home(tokens[at]!))]!
    // Read for nothing, unless it is kept.
    this.#touched = seen
  }

  #read(tokens: Int32Array, at: number, into: Int32Array | undefined): boolean {
    const words = this.#words
    for (;;) {
      const sequence = Atomics.load(words, SEQUENCE)
      if ((sequence & 1) !== 0) continue
      const slot = this.#find(tokens, at)
      const found = slot >= 0
      if (found && into !== undefined)
        for (let i = 0; i < into.length; i++) into[i] = Atomics.load(words, slot + TOKEN_WORDS + i)
      if (Atomics.load(words, SEQUENCE) === sequence) return found
    }
  }

  /** Puts a token in, or other words beside it. @throws RangeError where there is no room */
  set(token: Uint8Array, payload?: Int32Array): void {
    const own = this.#take(token)
    const slot = this.#find(own, 0)
    if (slot < 0 && this.count >= this.room) throw new RangeError('the table is full')
    this.#write(() => this.#put(slot, own, 0, payload, 0))
  }

  /**
   * Puts in entries of another table of the same payload, each its token and the words beside it. Only while no other thread reads.
   * @throws RangeError where there is no room
   */
  fill(entries: Int32Array, words: number): void {
    const [own, stride, room] = [this.#words, this.#stride, this.room]
    let count = this.count
    for (let at = 0; at < words; at += stride) {
      const found = this.#find(entries, at)
      if (found < 0 && count >= room) throw new RangeError('the table is full')
      if (found < 0) count++
      const slot = found < 0 ? ~found : found
      // Not by `Atomics`, which order each of them before the next.
      for (let i = 0; i < stride; i++) own[slot + i] = entries[at + i]!
      own[slot] = firstWord(entries[at]!, own[slot + 1]! | own[slot + 2]! | own[slot + 3]!)
    }
    Atomics.store(own, COUNT, count)
  }

  /**
   * Copies entries into `into`, those of the slots from `from` on, as many as it takes.
   * @returns the words that were copied, and the slot to go on from; undefined where that was the last one
   */
  entries(from: number, into: Int32Array): { readonly words: number; readonly next: number | undefined } {
    const stride = this.#stride
    let words = 0
    let index = from
    for (; index < this.#capacity && words + stride <= into.length; index++) {
      if (this.#isFree(index)) continue
      const slot = this.#slotOf(index)
      for (let i = 0; i < stride; i++) into[words + i] = this.#words[slot + i]!
      words += stride
    }
    return { words, next: index < this.#capacity ? index : undefined }
  }

  #put(found: number, from: Int32Array, at: number, payload: Int32Array | undefined, first: number): void {
    const words = this.#words
    const slot = found < 0 ? ~found : found
    if (found < 0) {
      const [b, c, d] = [from[at + 1]!, from[at + 2]!, from[at + 3]!]
      Atomics.store(words, slot + 1, b)
      Atomics.store(words, slot + 2, c)
      Atomics.store(words, slot + 3, d)
      Atomics.store(words, slot, firstWord(from[at]!, b | c | d))
      Atomics.add(words, COUNT, 1)
    }
    if (payload === undefined) return
    for (let i = 0; i < this.payload; i++) Atomics.store(words, slot + TOKEN_WORDS + i, payload[first + i]!)
  }

  /** Takes a token out; false where it is not there. */
  delete(token: Uint8Array): boolean {
    const found = this.#find(this.#take(token), 0)
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

  /** The same tokens in a table with room for `most`. `change`: given the words beside each, as they are copied. */
  grown(most: number, change?: (payload: Int32Array) => void): TokenTable {
    const larger = TokenTable.create(most, this.payload)
    const entry = new Int32Array(this.#stride)
    const payload = entry.subarray(TOKEN_WORDS)
    for (let index = 0; index < this.#capacity; index++) {
      if (this.#isFree(index)) continue
      const slot = this.#slotOf(index)
      for (let i = 0; i < entry.length; i++) entry[i] = this.#words[slot + i]!
      change?.(payload)
      larger.fill(entry, entry.length)
    }
    return larger
  }

  #write(change: () => void): void {
    Atomics.add(this.#words, SEQUENCE, 1)
    change()
    Atomics.add(this.#words, SEQUENCE, 1)
  }

  /** The words of a token, wherever its bytes lie. */
  #take(token: Uint8Array): Int32Array {
    const bytes = this.#tokenBytes
    for (let i = 0; i < TOKEN_BYTES; i++) bytes[i] = token[i]!
    return this.#token
  }

  /** The slot of the token at `at`; where it is not there, the complement of the one that it would get. */
  #find(tokens: Int32Array, at: number): number {
    const words = this.#words
    const stride = this.#stride
    const [b, c, d] = [tokens[at + 1]!, tokens[at + 2]!, tokens[at + 3]!]
    const a = firstWord(tokens[at]!, b | c | d)
    let slot = this.#slotOf(this.#home(a))
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
      if (slot === this.#end) slot = HEADER_WORDS
    }
    throw new RangeError('the table is full')
  }

  /** The first slot of a line. */
  #home(word: number): number {
    return Math.floor(((word >>> 0) / 0x1_0000_0000) * this.#capacity) & ~this.#inLine
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

const slotsOfLine = (payload: number): number => {
  const slots = LINE_WORDS / (TOKEN_WORDS + payload)
  return slots === 4 || slots === 2 ? slots : 1
}

/** No digest is all zeros in our lifetime; should one be, it stands for the next. */
const firstWord = (word: number, others: number): number => ((word | others) === 0 ? 1 : word)
