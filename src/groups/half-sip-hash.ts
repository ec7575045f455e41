/**
 * HalfSipHash-1-3 with 64 bits of output (J.-P. Aumasson and D. J. Bernstein, https://github.com/veorq/SipHash) over a
 * sequence of values: a keyed hash of 32-bit words.
 */

/** A length from here on is written as a word of its own. */
const LONG = 255

export class HalfSipHash {
  readonly #k0: number
  readonly #k1: number
  #v0 = 0
  #v1 = 0
  #v2 = 0
  #v3 = 0
  /** The hash, after `end`. */
  high = 0
  low = 0

  constructor(k0: number, k1: number) {
    this.#k0 = k0 | 0
    this.#k1 = k1 | 0
  }

  begin(): void {
    this.#v0 = this.#k0
    this.#v1 = this.#k1 ^ 0xee
    this.#v2 = 0x6c796765 ^ this.#k0
    this.#v3 = 0x74656462 ^ this.#k1
  }

  word(word: number): void {
    this.#v3 ^= word
    this.#round()
    this.#v0 ^= word
  }

  /**
   * The next value, `bytes[start..end)`. No two sequences of values give the same words: the first word has the length and
   * three bytes, each further one four.
   */
  value(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    let p = start
    const next = (most: number): number => {
      let word = 0
      for (let shift = 0; shift < most && p < end; shift += 8) word |= bytes[p++]! << shift
      return word
    }
    this.word((Math.min(length, LONG) << 24) | next(24))
    if (length >= LONG) this.word(length)
    while (p < end) this.word(next(32))
  }

  end(): void {
    this.#v2 ^= 0xee
    for (let round = 0; round < 3; round++) this.#round()
    this.high = this.#v1 ^ this.#v3
    this.#v1 ^= 0xdd
    for (let round = 0; round < 3; round++) this.#round()
    this.low = this.#v1 ^ this.#v3
  }

  #round(): void {
    let v0 = (this.#v0 + this.#v1) | 0
    let v1 = ((this.#v1 << 5) | (this.#v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    let v2 = (this.#v2 + this.#v3) | 0
    let v3 = ((this.#v3 << 8) | (this.#v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    this.#v0 = v0
    this.#v1 = v1
    this.#v2 = v2
    this.#v3 = v3
  }
}
