/**
 * Reads the rows of a CSV chunk (RFC 4180): where the fields stand, and whether the row is well formed. A quote
 * opens a field only at its start; a malformed row never changes where the next one begins.
 */
import type { RecordCode } from '../errors.ts'

const QUOTE = 0x22
const CR = 0x0d
const LF = 0x0a

export interface CsvDialect {
  /** One ASCII character. Default `,`. */
  readonly delimiter: string
}

export class CsvWalker {
  readonly #delimiter: number
  /** Non-zero for the bytes that end or change an unquoted run. */
  readonly #special = new Uint8Array(256)
  /** Fields of the row read last: `[start, end)`, inside the quotes where there are any. */
  starts: Int32Array = new Int32Array(64)
  ends: Int32Array = new Int32Array(64)
  /** 1 where the field stood in quotes. */
  quoted: Uint8Array = new Uint8Array(64)
  fields = 0
  /** Whether any field stood in quotes: only then may the row cover several lines. */
  anyQuoted = false
  /** Why the row is malformed; undefined where it is not. */
  code: RecordCode | undefined
  /** End of the row, without its line break. */
  end = 0

  constructor(dialect: CsvDialect) {
    this.#delimiter = dialect.delimiter.charCodeAt(0)
    for (const byte of [this.#delimiter, QUOTE, CR, LF]) this.#special[byte] = 1
  }

  /** Reads the row at `p`; gives the position behind its line break. `bytes[length]` must be a line feed. */
  row(bytes: Uint8Array, p: number, length: number): number {
    const special = this.#special
    const delimiter = this.#delimiter
    this.code = undefined
    this.anyQuoted = false
    let fields = 0
    for (;;) {
      if (fields === this.starts.length) this.#grow()
      let byte = bytes[p]!
      if (byte === QUOTE) {
        this.anyQuoted = true
        const start = ++p
        p = bytes.indexOf(QUOTE, p)
        while (p >= 0 && bytes[p + 1] === QUOTE && p + 1 < length) p = bytes.indexOf(QUOTE, p + 2)
        if (p < 0 || p >= length) {
          this.code = 'csv-quote-unclosed'
          this.fields = fields
          this.end = length
          return length
        }
        this.starts[fields] = start
        this.ends[fields] = p
        this.quoted[fields] = 1
        byte = bytes[++p]!
        if (byte !== delimiter && byte !== LF && !(byte === CR && bytes[p + 1] === LF && p + 1 < length))
          this.code = 'csv-syntax'
      } else {
        this.starts[fields] = p
        this.ends[fields] = -1
        this.quoted[fields] = 0
      }
      for (;;) {
        while (special[byte] === 0) byte = bytes[++p]!
        if (byte === delimiter || byte === LF) break
        if (byte === CR && bytes[p + 1] === LF && p + 1 < length) break
        this.code = 'csv-syntax'
        byte = bytes[++p]!
      }
      if (this.ends[fields]! < 0) this.ends[fields] = p
      fields++
      if (byte !== delimiter || p >= length) break
      p++
    }
    this.fields = fields
    this.end = p
    return bytes[p] === CR ? p + 2 : p + 1
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
