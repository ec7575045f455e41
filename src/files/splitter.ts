/**
 * Cuts a stream of bytes into chunks of whole records, without looking at more than it must: line breaks, and
 * for CSV quotes. What follows from a cut is the same wherever the bytes happened to be split.
 */

import type { RecordCode } from '../errors.ts'
import { PADDING } from '../record/codec.ts'

/** Whole records: `bytes[0..length)`, then room to read. */
export interface Records {
  readonly kind: 'records'
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly length: number
  /** Of its first byte in the stream; of JSON, in the lines made of it. */
  readonly offset: number
  /** Of JSON that is not one record a line: the line that each record begins on, from 1; of Parquet the row that it is. */
  readonly recordLines?: Float64Array | undefined
}

/** Bytes that were skipped, because no record that can be read begins or ends there. */
export interface Rejected {
  readonly kind: 'rejected'
  readonly code: RecordCode
  /** How many records this counts as. */
  readonly records: number
  /** Physical lines covered. */
  readonly lines: number
  /** The line that the record begins on, from 1, where the lines before are not counted. */
  readonly line?: number | undefined
}

export type Piece = Records | Rejected

export interface SplitOptions {
  /** Pieces of records are made once this many bytes are there. */
  readonly chunkBytes: number
  /** Longer records are skipped while they are read. */
  readonly maxRecordBytes: number
  /** Gives memory of at least `bytes` bytes for a piece; it need not be cleared. Default: new memory. */
  readonly allocate?: ((bytes: number) => Uint8Array<ArrayBuffer>) | undefined
}

const LF = 0x0a
const QUOTE = 0x22

/** Takes the bytes of a text in order, cut anywhere. */
export interface Splitter {
  /** The pieces that are complete; `data` is the caller's again afterwards. */
  push(data: Uint8Array): Piece[]
  /** The rest. */
  end(): Piece[]
}

/** A line break may add two bytes to a record. */
const LINE_BREAK_BYTES = 2

/**
 * Cuts at line feeds; `CsvSplitter` cuts at those outside of quotes. `push` takes the bytes in order and gives the
 * pieces that are complete, `end` the rest.
 */
export class LineSplitter implements Splitter {
  protected readonly options: SplitOptions
  /** Where the bytes held begin in the stream. */
  #base = 0
  /** The bytes held are `bytes[0..total)`. */
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #total = 0
  /** How many of the bytes held are whole records. */
  #cut = 0
  /** Lines of an oversized record that is being skipped; 0: none is. */
  #skippedLines = 0
  /** Whether the last byte skipped was a line feed: then no further line has begun. */
  #skippedLineFeed = false

  constructor(options: SplitOptions) {
    this.options = options
  }

  /**
   * Position behind the last record end in `data`, which is not empty, or -1 if there is none; state moves on to the end of
   * `data`. Public for what looks for record ends alone, and pushes nothing.
   */
  lastEnd(data: Uint8Array): number {
    const at = data.lastIndexOf(LF)
    return at < 0 ? -1 : at + 1
  }

  /** Position behind the first record end in `data`, which is not empty, or -1; state moves on up to there, or to the end. */
  firstEnd(data: Uint8Array): number {
    const at = data.indexOf(LF)
    return at < 0 ? -1 : at + 1
  }

  /** Whether the bytes end inside a quoted field. */
  protected isOpen(): boolean {
    return false
  }

  /** `data` is the caller's again afterwards. */
  push(data: Uint8Array): Piece[] {
    const pieces: Piece[] = []
    let rest = data
    if (this.#skippedLines > 0) {
      const end = this.firstEnd(rest)
      this.#skippedLines += countLines(end < 0 ? rest : rest.subarray(0, end))
      this.#base += end < 0 ? rest.length : end
      if (end < 0) {
        if (rest.length > 0) this.#skippedLineFeed = rest[rest.length - 1] === LF
        return pieces
      }
      // The line break that ends the record begins no further line.
      pieces.push(rejected('record-too-large', 1, this.#skippedLines - 1))
      this.#skippedLines = 0
      rest = rest.subarray(end)
    }
    if (rest.length === 0) return pieces
    const end = this.lastEnd(rest)
    if (end >= 0) this.#cut = this.#total + end
    this.#hold(rest)
    const open = this.#total - this.#cut
    const tooLarge = open > this.options.maxRecordBytes + LINE_BREAK_BYTES
    if (this.#cut > 0 && (tooLarge || this.#total >= this.options.chunkBytes)) pieces.push(this.#take())
    if (tooLarge) {
      const held = this.#bytes.subarray(0, this.#total)
      this.#skippedLines = 1 + countLines(held)
      this.#skippedLineFeed = held[held.length - 1] === LF
      this.#base += this.#total
      this.#total = 0
    }
    return pieces
  }

  end(): Piece[] {
    const pieces: Piece[] = []
    const open = this.isOpen()
    if (this.#skippedLines > 0) {
      const lines = this.#skippedLines - (this.#skippedLineFeed ? 1 : 0)
      pieces.push(
        open ? rejected('csv-quote-unclosed', lines, lines) : rejected('record-too-large', 1, lines),
      )
    } else if (open) {
      if (this.#cut > 0) pieces.push(this.#take())
      const held = this.#bytes.subarray(0, this.#total)
      const lines = linesOf(held)
      // Where the records in there begin is not known: each line counts as one, so that none is lost unseen.
      pieces.push(rejected('csv-quote-unclosed', lines, lines))
    } else if (this.#total > 0) {
      this.#cut = this.#total
      pieces.push(this.#take())
    }
    this.#total = 0
    this.#cut = 0
    return pieces
  }

  #hold(data: Uint8Array): void {
    const total = this.#total + data.length
    if (total + PADDING > this.#bytes.length) {
      // A read may go beyond a chunk by all that it gives.
      const room = Math.max(total, this.options.chunkBytes + data.length, this.#total * 2) + PADDING
      const larger = this.#allocate(room)
      larger.set(this.#bytes.subarray(0, this.#total))
      this.#bytes = larger
    }
    this.#bytes.set(data, this.#total)
    this.#total = total
  }

  #allocate(bytes: number): Uint8Array<ArrayBuffer> {
    return this.options.allocate?.(bytes) ?? new Uint8Array(bytes)
  }

  /** The whole records held, as one piece; the rest stays. */
  #take(): Records {
    const length = this.#cut
    const bytes = this.#bytes
    const rest = bytes.subarray(length, this.#total)
    this.#bytes = rest.length === 0 ? new Uint8Array(0) : this.#allocate(bytes.length)
    this.#bytes.set(rest)
    bytes.fill(LF, length, length + PADDING)
    this.#total = rest.length
    this.#cut = 0
    const offset = this.#base
    this.#base += length
    return { kind: 'records', bytes: bytes.subarray(0, length + PADDING), length, offset }
  }
}

export class CsvSplitter extends LineSplitter {
  readonly #delimiter: number
  #inQuotes = false
  /** A quote was the last byte seen inside a quoted field: it closes the field unless another follows. */
  #quotePending = false
  #previous = LF

  constructor(options: SplitOptions, delimiter: string) {
    super(options)
    this.#delimiter = delimiter.charCodeAt(0)
  }

  protected override isOpen(): boolean {
    return this.#inQuotes && !this.#quotePending
  }

  override lastEnd(data: Uint8Array): number {
    const segments: number[] = []
    this.#scan(data, segments, false)
    for (let i = segments.length - 2; i >= 0; i -= 2) {
      const at = data.subarray(segments[i]!, segments[i + 1]!).lastIndexOf(LF)
      if (at >= 0) return segments[i]! + at + 1
    }
    return -1
  }

  override firstEnd(data: Uint8Array): number {
    return this.#scan(data, [], true)
  }

  /**
   * Follows the quotes through `data`, and notes the stretches `[from, to)` outside of them. `stopAtEnd`: stops
   * behind the first line feed outside of quotes and gives its position, else -1.
   */
  #scan(data: Uint8Array, segments: number[], stopAtEnd: boolean): number {
    let p = 0
    if (this.#quotePending) {
      this.#quotePending = false
      if (data[0] === QUOTE) p = 1
      else this.#inQuotes = false
    }
    for (;;) {
      if (this.#inQuotes) {
        const quote = data.indexOf(QUOTE, p)
        if (quote < 0) break
        if (quote === data.length - 1) {
          this.#quotePending = true
          break
        }
        if (data[quote + 1] === QUOTE) {
          p = quote + 2
          if (p >= data.length) break
          continue
        }
        this.#inQuotes = false
        p = quote + 1
      }
      const quote = data.indexOf(QUOTE, p)
      const to = quote < 0 ? data.length : quote
      if (stopAtEnd) {
        const at = data.subarray(p, to).indexOf(LF)
        if (at >= 0) {
          this.#previous = LF
          return p + at + 1
        }
      } else segments.push(p, to)
      if (quote < 0) break
      const before = quote > 0 ? data[quote - 1] : this.#previous
      this.#inQuotes = before === this.#delimiter || before === LF
      p = quote + 1
      if (p >= data.length) break
    }
    this.#previous = data[data.length - 1] ?? this.#previous
    return -1
  }
}

function rejected(code: RecordCode, records: number, lines: number): Rejected {
  return { kind: 'rejected', code, records, lines }
}

/** Physical lines that hold something; the last may lack its line break. */
export function linesOf(bytes: Uint8Array): number {
  return countLines(bytes) + (bytes[bytes.length - 1] === LF ? 0 : 1)
}

/** Line feeds. */
export function countLines(bytes: Uint8Array): number {
  let lines = 0
  for (let p = bytes.indexOf(LF); p >= 0; p = bytes.indexOf(LF, p + 1)) lines++
  return lines
}
