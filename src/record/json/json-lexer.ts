/**
 * The words of JSON (RFC 8259) over bytes: white space, strings, numbers, literals. Each takes the position where it
 * begins and gives the one behind it, or -1: then `code` says why. `bytes[end]` must be readable and no part of a
 * string: the line break after a record, or a sentinel.
 */
import type { RecordCode } from '../../errors.ts'

/** 0 plain, 1 quote, 2 backslash, 3 control character. */
export const CLASS: Uint8Array = new Uint8Array(256)
for (let byte = 0; byte < 0x20; byte++) CLASS[byte] = 3
CLASS[0x22] = 1
CLASS[0x5c] = 2

const HEX = new Int8Array(256).fill(-1)
for (const digit of '0123456789abcdefABCDEF') HEX[digit.charCodeAt(0)] = Number.parseInt(digit, 16)

export class JsonLexer {
  bytes: Uint8Array = new Uint8Array(0)
  /** End of the record. */
  end = 0
  /** Why the last answer was -1. */
  code: RecordCode = 'json-syntax'

  /** Notes why it is not JSON; at the record's end, that it is cut off. */
  fail(p: number, code: RecordCode = 'json-syntax'): number {
    this.code = code === 'json-syntax' && p >= this.end ? 'json-truncated' : code
    return -1
  }

  space(p: number): number {
    const { bytes, end } = this
    while (p < end) {
      const byte = bytes[p]!
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      p++
    }
    return p
  }

  /** From behind a name to its value; -1 if no colon stands between. */
  colon(p: number): number {
    const { bytes } = this
    if (bytes[p] !== 0x3a) {
      p = this.space(p)
      if (bytes[p] !== 0x3a) return this.fail(p)
    }
    if (bytes[++p]! <= 0x20) p = this.space(p)
    return p
  }

  /** From behind the opening quote or later, to the closing quote. */
  string(p: number): number {
    const { bytes } = this
    for (;;) {
      let byte = bytes[p]!
      while (CLASS[byte] === 0) byte = bytes[++p]!
      if (byte === 0x22) return p >= this.end ? this.fail(p) : p
      if (byte !== 0x5c) return this.fail(p)
      p = this.#escape(p)
      if (p < 0) return p
    }
  }

  /** One escape, from its backslash. A surrogate must stand in its pair. */
  #escape(p: number): number {
    const { bytes } = this
    const letter = bytes[p + 1]!
    if (letter !== 0x75) {
      const known =
        letter === 0x22 ||
        letter === 0x5c ||
        letter === 0x2f ||
        letter === 0x62 ||
        letter === 0x66 ||
        letter === 0x6e ||
        letter === 0x72 ||
        letter === 0x74
      return known && p + 1 < this.end ? p + 2 : this.fail(p + 1)
    }
    const unit = this.#hex(p + 2)
    if (unit < 0) return -1
    if (unit < 0xd800 || unit > 0xdfff) return p + 6
    if (unit > 0xdbff) return this.fail(p, 'json-lone-surrogate')
    if (bytes[p + 6] !== 0x5c || bytes[p + 7] !== 0x75) return this.fail(p, 'json-lone-surrogate')
    const low = this.#hex(p + 8)
    if (low < 0) return -1
    return low >= 0xdc00 && low <= 0xdfff ? p + 12 : this.fail(p, 'json-lone-surrogate')
  }

  #hex(p: number): number {
    const { bytes } = this
    let unit = 0
    for (let i = 0; i < 4; i++) {
      const digit = HEX[bytes[p + i]!]!
      if (digit < 0 || p + i >= this.end) return this.fail(p + i)
      unit = unit * 16 + digit
    }
    return unit
  }

  number(p: number): number {
    const { bytes } = this
    let byte = bytes[p]!
    if (byte === 0x2d) byte = bytes[++p]!
    if (byte === 0x30) byte = bytes[++p]!
    else {
      if (byte < 0x31 || byte > 0x39) return this.fail(p)
      do byte = bytes[++p]!
      while (byte >= 0x30 && byte <= 0x39)
    }
    if (byte === 0x2e) {
      byte = bytes[++p]!
      if (byte < 0x30 || byte > 0x39) return this.fail(p)
      do byte = bytes[++p]!
      while (byte >= 0x30 && byte <= 0x39)
    }
    if (byte === 0x65 || byte === 0x45) {
      byte = bytes[++p]!
      if (byte === 0x2b || byte === 0x2d) byte = bytes[++p]!
      if (byte < 0x30 || byte > 0x39) return this.fail(p)
      do byte = bytes[++p]!
      while (byte >= 0x30 && byte <= 0x39)
    }
    return p > this.end ? this.fail(this.end) : p
  }

  word(p: number, word: string): number {
    for (let i = 0; i < word.length; i++)
      if (this.bytes[p + i] !== word.charCodeAt(i) || p + i >= this.end) return this.fail(p + i)
    return p + word.length
  }
}
