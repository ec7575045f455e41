/**
 * Keyed hashes of tuples of values: the exclusive or of one random function a column (tabulation hashing: M. Patrascu and
 * M. Thorup, "The power of simple tabulation hashing", 2012; that it is enough for samples of the smallest hashes shows
 * Thorup, "Bottom-k and priority sampling", 2013). Such a function is a table of random words by position and byte for
 * short values, and HalfSipHash for long ones. A producer of records does not know the key, so it cannot choose where
 * its records fall.
 */
import { createCipheriv } from 'node:crypto'
import { HalfSipHash } from './half-sip-hash.ts'

/** 32 secret bytes. */
export type HashKey = Uint8Array<ArrayBuffer>

/** Hashes are whole numbers from 0 to below this one: what a double holds exactly. */
export const HASHES: number = 2 ** 53

const LOW_BITS = 21
const LOW = 2 ** LOW_BITS
const SIGN = -(2 ** 31)

/** The upper 32 bits of a hash, or of a limit, as a signed number in the same order. */
export const highOf = (hash: number): number => (hash >= HASHES ? 2 ** 31 - 1 : Math.floor(hash / LOW) ^ SIGN)

/** Longer values, such as no UUID is, have no place in the tables. */
const SHORT = 40
/** One row of the table is for the length. */
const ROWS = SHORT + 1
const WORDS_A_ROW = 512
const WORDS_A_COLUMN = ROWS * WORDS_A_ROW

/** Where values stand, and where their hashes go. */
export class Spans {
  readonly starts: Int32Array<ArrayBuffer>
  readonly ends: Int32Array<ArrayBuffer>
  readonly places: Int32Array<ArrayBuffer>
  count = 0

  constructor(most: number) {
    this.starts = new Int32Array(most)
    this.ends = new Int32Array(most)
    this.places = new Int32Array(most)
  }
}

export class TupleHashes {
  readonly #columns: number
  readonly #key: HashKey
  /** Random words: of each column, for its length and each byte of the value, the upper and the lower half of a hash. */
  #tables: Int32Array<ArrayBuffer> | undefined
  /** For values that are long, or of which there may be several. */
  readonly #sip: HalfSipHash

  constructor(key: HashKey, columns: number) {
    this.#columns = columns
    this.#key = key
    const words = randomWords(key, 1, 2)
    this.#sip = new HalfSipHash(words[0]!, words[1]!)
  }

  /**
   * Adds values of a column: the first `spans.count` spans of `bytes`, each to the two words of `hashes` at its place, upper
   * half first. Of a column without a value, nothing is added.
   */
  add(hashes: Int32Array, column: number, bytes: Uint8Array, { starts, ends, places, count }: Spans): void {
    this.#tables ??= randomWords(this.#key, 0, this.#columns * WORDS_A_COLUMN)
    const tables = this.#tables
    const first = column * WORDS_A_COLUMN
    for (let i = 0; i < count; i++) {
      const start = starts[i]!
      const end = ends[i]!
      const at = places[i]!
      if (end - start > SHORT) {
        this.#addLong(hashes, at, column, bytes, start, end)
        continue
      }
      const length = first + (end - start) * 2
      let high = hashes[at]! ^ tables[length]!
      let low = hashes[at + 1]! ^ tables[length + 1]!
      let row = first
      for (let p = start; p < end; p++) {
        row += WORDS_A_ROW
        const word = row + bytes[p]! * 2
        high ^= tables[word]!
        low ^= tables[word + 1]!
      }
      hashes[at] = high
      hashes[at + 1] = low
    }
  }

  #addLong(
    hashes: Int32Array,
    at: number,
    column: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.beginList(column)
    this.addToList(bytes, start, end)
    this.endList(hashes, at)
  }

  /** Starts a column that may hold several values. */
  beginList(column: number): void {
    this.#sip.begin()
    this.#sip.word(column)
  }

  addToList(bytes: Uint8Array, start: number, end: number): void {
    this.#sip.value(bytes, start, end)
  }

  endList(hashes: Int32Array, at: number): void {
    this.#sip.end()
    hashes[at]! ^= this.#sip.high
    hashes[at + 1]! ^= this.#sip.low
  }
}

/** The upper half of a hash, in the order that `highOf` has. */
export const upperHalf = (hashes: Int32Array, at: number): number => hashes[at]! ^ SIGN

export const hashAt = (hashes: Int32Array, at: number): number =>
  (hashes[at]! >>> 0) * LOW + (hashes[at + 1]! >>> (32 - LOW_BITS))

/** Words that the key and the number of the stream determine: AES-256 in counter mode over zeros. */
function randomWords(key: HashKey, stream: number, count: number): Int32Array<ArrayBuffer> {
  const counter = Buffer.alloc(16)
  counter[0] = stream
  const bytes = createCipheriv('aes-256-ctr', key, counter).update(Buffer.alloc(count * 4))
  return new Int32Array(new Uint8Array(bytes).buffer)
}
