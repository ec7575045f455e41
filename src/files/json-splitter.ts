/**
 * Cuts JSON that is not one record a line (an array of records, or values one behind the other) into lines of one record
 * each. It follows brackets and strings and leaves the rest to the walker: what is no JSON, and ends where it seems to, is a
 * dead letter. Where the end of a record is not sure, it throws: another one could be lost in it.
 */
import { PADDING } from '../record/codec.ts'
import { type Doubt, doubtError } from './json-doubts.ts'
import type { Piece, SplitOptions, Splitter } from './splitter.ts'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** What a byte is outside of strings. */
const PLAIN = 0
const WHITE = 1
const SIGN = 2
const KINDS = new Uint8Array(256)
for (const byte of [LF, CR, SPACE, 0x09]) KINDS[byte] = WHITE
for (const byte of [QUOTE, COMMA, COLON, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT])
  KINDS[byte] = SIGN

/** Where the next byte stands: between records, in an array behind `[`, a comma, a record, or `]`. */
const BETWEEN = 0
const FIRST = 1
const ELEMENT = 2
const BEHIND = 3
const OVER = 4
/** In a record: outside of strings, in one, behind a backslash there. */
const INSIDE = 5
const STRING = 6
const ESCAPE = 7
/** In a record that is one number or word, in the rest of a line that is broken, behind the first line of a record. */
const SCALAR = 8
const LINE = 9
const NEXT_LINE = 10

/** What stands before a byte of a record, white space apart: one of these, a comma or a colon. */
const VALUE = 0
const CLOSED = QUOTE
const OPENED = OPEN_ARRAY

/** Brackets open at once: more are not followed. */
const MOST_OPEN = 1 << 20

/** Whether `byte` can stand there; `closer` closes what is open. */
function fits(byte: number, before: number, closer: number): boolean {
  if (KINDS[byte] === PLAIN) return before !== CLOSED
  if (byte === COMMA || byte === COLON) return true
  if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) return byte === closer
  if (before === VALUE || before === CLOSED) return false
  // Of an object only what follows a colon may be a container.
  return byte === QUOTE || closer !== CLOSE_OBJECT || before === COLON
}

const beginsValue = (byte: number): boolean =>
  byte === OPEN_OBJECT || byte === OPEN_ARRAY || byte === QUOTE || /[-0-9tfn]/.test(String.fromCharCode(byte))

export class JsonSplitter implements Splitter {
  readonly #name: string
  readonly #options: SplitOptions
  #state = BETWEEN
  #isArray = false
  #before = VALUE
  /** By depth, what closes it. */
  #closers = new Uint8Array(64)
  #depth = 0
  /** Bytes of the text before the ones at hand; the line, and where it begins. */
  #taken = 0
  #line = 1
  #lineStart = 0
  /** How many records have begun, the line of the last one, and that on which the last one ended. */
  #records = 0
  #recordLine = 0
  #endLine = 0
  /** Whether every record so far had a line of its own: then a broken line is a broken record. */
  #isByLine = true
  /** Whole lines are `bytes[0..cut)`; behind them stands the record at hand, up to `total`. */
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #cut = 0
  #total = 0
  /** Bytes of the record at hand, and whether they are more than may be. */
  #length = 0
  #isSkipped = false
  /** Bytes given so far, as lines. */
  #given = 0
  #lines: number[] = []
  #pieces: Piece[] = []

  /** `name`: what to call the input in errors. */
  constructor(name: string, options: SplitOptions) {
    this.#name = name
    this.#options = options
  }

  push(data: Uint8Array): Piece[] {
    let p = 0
    while (p < data.length) {
      if (this.#state < INSIDE) p = this.#between(data, p)
      else {
        this.#reserve(data.length - p)
        const from = this.#total
        if (this.#state <= ESCAPE) p = this.#inside(data, p)
        else p = this.#state === NEXT_LINE ? this.#nextLine(data, p) : this.#rest(data, p)
        if (this.#state >= INSIDE) this.#grow(this.#total - from)
      }
    }
    this.#taken += data.length
    if (this.#cut >= this.#options.chunkBytes) this.#give()
    return this.#takePieces()
  }

  end(): Piece[] {
    if (this.#isArray && this.#state !== OVER)
      throw this.#error(this.#state < INSIDE ? 'array-cut-short' : 'record-cut-short', 0)
    // The last of values one behind the other ends with the text: cut short, it is no JSON.
    if (this.#state >= INSIDE) this.#endRecord(this.#total)
    this.#give()
    return this.#takePieces()
  }

  #between(data: Uint8Array, from: number): number {
    for (let p = from; p < data.length; p++) {
      const byte = data[p]!
      if (byte === LF) this.#newLine(p)
      if (KINDS[byte] === WHITE) continue
      if (byte === OPEN_ARRAY && this.#records === 0 && this.#state === BETWEEN) {
        this.#isArray = true
        this.#state = FIRST
      } else if (byte === COMMA && this.#state === BEHIND) this.#state = ELEMENT
      else if (byte === CLOSE_ARRAY && (this.#state === BEHIND || this.#state === FIRST)) this.#state = OVER
      else {
        this.#begin(byte, p)
        return p
      }
    }
    return data.length
  }

  #begin(byte: number, p: number): void {
    if (this.#line === this.#endLine) this.#isByLine = false
    const doubt = this.#isArray ? this.#whyNoElement(byte) : whyNoValue(byte)
    this.#records++
    this.#recordLine = this.#line
    if (doubt !== undefined && !this.#mayLoseLine()) throw this.#error(doubt, p)
    this.#length = 0
    this.#isSkipped = false
    this.#depth = 0
    this.#before = COMMA
    this.#state = doubt !== undefined ? LINE : KINDS[byte] === SIGN ? INSIDE : SCALAR
  }

  #whyNoElement(byte: number): Doubt | undefined {
    if (this.#state === OVER) return 'behind-array'
    if (this.#state === BEHIND) return beginsValue(byte) ? 'comma-missing' : 'no-comma'
    if (byte === CLOSE_ARRAY) return 'comma-trailing'
    if (byte === COMMA) return 'record-missing'
    // Any word is a record that is no JSON.
    return byte === COLON || byte === CLOSE_OBJECT ? 'no-value' : undefined
  }

  /** Goes on in a record until it or `data` ends, or there is a doubt. */
  #inside(data: Uint8Array, from: number): number {
    const bytes = this.#bytes
    let p = from
    let total = this.#total
    let state = this.#state
    let before = this.#before
    let depth = this.#depth
    let closer = depth === 0 ? 0 : this.#closers[depth - 1]!
    let doubt: Doubt | undefined
    let isOver = false
    for (; p < data.length; p++) {
      const byte = data[p]!
      if (state === INSIDE) {
        const kind = KINDS[byte]
        if (kind === WHITE) {
          if (byte === LF) {
            this.#newLine(p)
            if (this.#mayLoseLine()) state = NEXT_LINE
          }
          bytes[total++] = byte === LF || byte === CR ? SPACE : byte
          if (state !== NEXT_LINE) continue
          p++
          break
        }
        if (!fits(byte, before, closer)) {
          doubt = byte === CLOSE_OBJECT || byte === CLOSE_ARRAY ? 'bracket-differs' : 'sign-missing'
          break
        }
        bytes[total++] = byte
        if (kind === PLAIN) before = VALUE
        else if (byte === QUOTE) state = STRING
        else if (byte === COMMA || byte === COLON) before = byte
        else {
          if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
            if (depth === MOST_OPEN) throw this.#error('too-deep', p)
            if (depth === this.#closers.length) this.#closers = twice(this.#closers)
            this.#closers[depth++] = byte + 2
            before = OPENED
          } else {
            depth--
            before = CLOSED
          }
          closer = depth === 0 ? 0 : this.#closers[depth - 1]!
          isOver = depth === 0
        }
      } else {
        // No string of JSON holds a line break; one that was not closed runs into it.
        if (byte === LF) {
          doubt = 'string-open'
          break
        }
        bytes[total++] = byte
        if (state === ESCAPE) state = STRING
        else if (byte === BACKSLASH) state = ESCAPE
        else if (byte === QUOTE) {
          state = INSIDE
          before = CLOSED
          isOver = depth === 0
        }
      }
      if (isOver) {
        p++
        break
      }
    }
    this.#state = state
    this.#before = before
    this.#depth = depth
    if (isOver) this.#endRecord(total)
    else this.#total = total
    if (doubt === undefined) return p
    if (this.#line !== this.#recordLine || !this.#mayLoseLine()) throw this.#error(doubt, p)
    this.#state = LINE
    return p
  }

  /** Behind the first line of a record: it goes on, or was cut short there. */
  #nextLine(data: Uint8Array, from: number): number {
    for (let p = from; p < data.length; p++) {
      const byte = data[p]!
      if (byte === LF) this.#newLine(p)
      if (KINDS[byte] === WHITE) continue
      const isNewValue = this.#before === VALUE && KINDS[byte] === PLAIN
      if (!isNewValue && fits(byte, this.#before, this.#closers[this.#depth - 1]!)) {
        this.#isByLine = false
        this.#state = INSIDE
      } else {
        this.#endRecord(this.#total)
        this.#endLine = this.#recordLine
        this.#isByLine = true
      }
      return p
    }
    return data.length
  }

  /** Goes on in a number or word up to where it ends, or in a broken line up to its end. */
  #rest(data: Uint8Array, from: number): number {
    const isLine = this.#state === LINE
    let p = from
    let total = this.#total
    while (p < data.length && (isLine ? data[p] !== LF : KINDS[data[p]!] === PLAIN))
      this.#bytes[total++] = data[p++]!
    if (p < data.length) this.#endRecord(total)
    else this.#total = total
    return p
  }

  #endRecord(total: number): void {
    this.#grow(total - this.#total)
    if (this.#isSkipped) {
      this.#give()
      const lines = this.#line - this.#recordLine + 1
      this.#pieces.push({
        kind: 'rejected',
        code: 'record-too-large',
        records: 1,
        lines,
        line: this.#recordLine,
      })
    } else {
      this.#bytes[total] = LF
      this.#cut = total + 1
      this.#lines.push(this.#recordLine)
    }
    this.#total = this.#cut
    this.#state = this.#isArray ? BEHIND : BETWEEN
    this.#endLine = this.#line
    if (this.#line !== this.#recordLine) this.#isByLine = false
  }

  /** So many bytes more are of the record at hand: too many are let go. */
  #grow(bytes: number): void {
    this.#length += bytes
    if (this.#length > this.#options.maxRecordBytes) this.#isSkipped = true
    if (this.#isSkipped) this.#total = this.#cut
  }

  /** Whether the line at hand is a record, if a broken one. */
  #mayLoseLine(): boolean {
    return !this.#isArray && this.#isByLine && this.#records > 1
  }

  #newLine(p: number): void {
    this.#line++
    this.#lineStart = this.#taken + p + 1
  }

  #error(doubt: Doubt, p: number): Error {
    const column = this.#taken + p - this.#lineStart + 1
    const isMissing = doubt === 'array-cut-short'
    const place = { line: this.#line, column, record: this.#records + (isMissing ? 1 : 0) }
    return doubtError(this.#name, doubt, place, isMissing ? this.#line : this.#recordLine, this.#isArray)
  }

  /** Room for so many bytes and a line break. */
  #reserve(more: number): void {
    const needed = this.#total + more + 1 + PADDING
    if (needed <= this.#bytes.length) return
    const larger = this.#allocate(Math.max(needed, this.#options.chunkBytes + 2 * more, 2 * this.#total))
    larger.set(this.#bytes.subarray(0, this.#total))
    this.#bytes = larger
  }

  #allocate(bytes: number): Uint8Array<ArrayBuffer> {
    return this.#options.allocate?.(bytes) ?? new Uint8Array(bytes)
  }

  /** The whole records held become a piece; the rest stays. */
  #give(): void {
    const length = this.#cut
    if (length === 0) return
    const bytes = this.#bytes
    const rest = bytes.subarray(length, this.#total)
    this.#bytes = rest.length === 0 ? new Uint8Array(0) : this.#allocate(bytes.length)
    this.#bytes.set(rest)
    bytes.fill(LF, length, length + PADDING)
    this.#total = rest.length
    this.#cut = 0
    const lines = Float64Array.from(this.#lines)
    this.#lines = []
    const offset = this.#given
    this.#given += length
    this.#pieces.push({
      kind: 'records',
      bytes: bytes.subarray(0, length + PADDING),
      length,
      offset,
      recordLines: lines,
    })
  }

  #takePieces(): Piece[] {
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }
}

function whyNoValue(byte: number): Doubt | undefined {
  if (byte === COMMA) return 'comma-outside'
  return beginsValue(byte) ? undefined : 'no-value'
}

function twice(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2)
  larger.set(bytes)
  return larger
}
