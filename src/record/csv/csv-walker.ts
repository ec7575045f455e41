/**
 * Reads the rows of a CSV chunk (RFC 4180, or its dialect): where the fields stand, and whether the row is well formed. A quote
 * opens a field only at its start; a malformed row never changes where the next one begins.
 */
import type { RecordCode } from '../../errors.ts'
import type { CsvDialect } from './csv-dialect.ts'

const QUOTE = 0x22
const CR = 0x0d
const LF = 0x0a
const BACKSLASH = 0x5c
const NONE = -1

export class CsvWalker {
  readonly #delimiter: number
  /** Non-zero for the bytes that end or change an unquoted run. */
  readonly #special = new Uint8Array(256)
  /** Non-zero for the bytes that end or change a run in quotes. */
  readonly #specialInQuotes = new Uint8Array(256)
  readonly #hasQuotes: boolean
  readonly #comment: number
  /** Fields of the row read last: `[start, end)`, inside the quotes where there are any. */
  starts: Int32Array = new Int32Array(64)
  ends: Int32Array = new Int32Array(64)
  /** 1 where the field stood in quotes; without quotes in the dialect, where it holds one. */
  quoted: Uint8Array = new Uint8Array(64)
  fields = 0
  /** Physical lines that the row covers. */
  lines = 1
  /** Whether the line is a comment, and no row. */
  isComment = false
  /** Why the row is malformed; undefined where it is not. */
  code: RecordCode | undefined
  /** End of the row, without its line break. */
  end = 0

  constructor(dialect: CsvDialect) {
    this.#delimiter = dialect.delimiter.charCodeAt(0)
    this.#hasQuotes = dialect.quote !== 'none'
    this.#comment = dialect.comment?.charCodeAt(0) ?? NONE
    for (const byte of [this.#delimiter, QUOTE, CR, LF]) this.#special[byte] = 1
    for (const byte of [QUOTE, LF]) this.#specialInQuotes[byte] = 1
    if (dialect.escape === 'backslash') this.#specialInQuotes[BACKSLASH] = 1
  }

  /** Reads the row at `p`; gives the position behind its line break. `bytes[length]` must be a line feed. */
  row(bytes: Uint8Array, p: number, length: number): number {
    const special = this.#special
    const delimiter = this.#delimiter
    let { starts, ends, quoted } = this
    let fields = 0
    this.code = undefined
    this.lines = 1
    this.isComment = bytes[p] === this.#comment && p < length
    if (this.isComment) return this.#commentEnd(bytes, p, length)
    for (;;) {
      if (fields === starts.length) {
        this.#grow()
        starts = this.starts
        ends = this.ends
        quoted = this.quoted
      }
      let byte = bytes[p]!
      if (byte === QUOTE && this.#hasQuotes) {
        p = this.#closingQuote(bytes, p + 1, length, fields)
        if (p < 0) return length
        byte = bytes[p]!
      } else {
        starts[fields] = p
        quoted[fields] = 0
        while (special[byte] === 0) byte = bytes[++p]!
        while (byte === QUOTE && !this.#hasQuotes) {
          quoted[fields] = 1
          byte = bytes[++p]!
          while (special[byte] === 0) byte = bytes[++p]!
        }
        ends[fields] = p
      }
      if (byte !== delimiter && byte !== LF) {
        p = this.#malformed(bytes, p, length)
        byte = bytes[p]!
        if (quoted[fields] === 0) ends[fields] = p
      }
      fields++
      if (byte !== delimiter || p >= length) break
      p++
    }
    this.fields = fields
    this.end = p
    return bytes[p] === CR ? p + 2 : p + 1
  }

  #commentEnd(bytes: Uint8Array, start: number, length: number): number {
    const end = bytes.indexOf(LF, start)
    this.fields = 0
    this.end = end
    return Math.min(end + 1, length)
  }

  /** Notes a quoted field from behind its opening quote; gives the position behind the closing one, or -1. */
  #closingQuote(bytes: Uint8Array, start: number, length: number, field: number): number {
    const special = this.#specialInQuotes
    let p = start
    for (;;) {
      let byte = bytes[p]!
      while (special[byte] === 0) byte = bytes[++p]!
      if (byte !== QUOTE && p < length) {
        if (byte === LF) this.lines++
        const next = byte === BACKSLASH && p + 1 < length ? bytes[p + 1] : undefined
        p += next === QUOTE || next === BACKSLASH ? 2 : 1
        continue
      }
      if (p >= length) {
        this.code = 'csv-quote-unclosed'
        this.fields = field
        this.end = length
        return -1
      }
      if (bytes[p + 1] !== QUOTE || p + 1 >= length) break
      p += 2
    }
    this.starts[field] = start
    this.ends[field] = p
    this.quoted[field] = 1
    return p + 1
  }

  /** From a byte that ends no field to one that does; a carriage return may belong to the line break. */
  #malformed(bytes: Uint8Array, p: number, length: number): number {
    const special = this.#special
    for (;;) {
      let byte = bytes[p]!
      if (byte === this.#delimiter || byte === LF) return p
      if (byte === CR && bytes[p + 1] === LF && p + 1 < length) return p
      this.code = 'csv-syntax'
      byte = bytes[++p]!
      while (special[byte] === 0) byte = bytes[++p]!
    }
  }

  #grow(): void {
    const starts = new Int32Array(this.starts.length * 2)
    starts.set(this.starts)
    this.starts = starts
    const ends = new Int32Array(this.ends.length * 2)
    ends.set(this.ends)
    this.ends = ends
    const quoted = new Uint8Array(this.quoted.length * 2)
    quoted.set(this.quoted)
    this.quoted = quoted
  }
}
