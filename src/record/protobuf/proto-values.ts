/**
 * Reads values of Protobuf out of bytes, and writes each as JSON writes it (encoding: protobuf.dev/programming-guides/encoding).
 * All that can be wrong with bytes is found here: what is cut short, lengths that lie, numbers without end, groups that never end.
 */

import type { RecordCode } from '../../errors.ts'
import {
  isTimestamp,
  NUMBER_ROOM,
  writeBig,
  writeDouble,
  writeFloat,
  writeInteger,
  writeTimestamp,
} from '../avro/avro-text.ts'
import { SlotKind } from '../block.ts'
import { MAX_TYPED_DEPTH } from '../typed/typed-walker.ts'
import {
  FALSE_WORD,
  NULL_WORD,
  putQuotes,
  type TextMemory,
  TRUE_WORD,
  valuesOf,
  viewOf,
  writeBase64,
  writeEmpty,
  writeMark,
  writePlain,
  writeText,
  writeWord,
} from '../value-texts.ts'
import { Leaf } from './proto-leaf.ts'
import type { ProtoType } from './proto-type.ts'

const TWO_32 = 2 ** 32
/** Seconds of a Duration, as google/protobuf/duration.proto bounds them. */
const MOST_SECONDS = 315_576_000_000

export type Grow = (values: ProtoValues, room: number) => void

export class ProtoValues implements TextMemory {
  bytes: Uint8Array = new Uint8Array(0)
  view: DataView = viewOf(this.bytes)
  code: RecordCode = 'payload-malformed'
  #out: Uint8Array = new Uint8Array(0)
  outView: DataView = viewOf(this.#out)
  at = 0
  from = 0
  to = 0
  kind: number = SlotKind.nothing
  /** Texts of one record end before. */
  #mostAt = 0
  #valuesLeft = 0
  readonly #grow: Grow

  /** `grow`: gives `out` more memory, at least `room` bytes behind `at`, with what stands there. */
  constructor(grow: Grow) {
    this.#grow = grow
  }

  /** Takes a buffer of records. */
  open(bytes: Uint8Array): void {
    this.bytes = bytes
    this.view = viewOf(bytes)
  }

  get out(): Uint8Array {
    return this.#out
  }

  set out(out: Uint8Array) {
    if (out === this.#out) return
    this.#out = out
    this.outView = viewOf(out)
  }

  /** Starts a record of so many bytes, whose texts have `most` bytes at most. */
  begin(length: number, most: number): void {
    this.code = 'payload-malformed'
    this.#mostAt = this.at + most
    this.#valuesLeft = valuesOf(length)
  }

  fail(code: RecordCode): number {
    this.code = code
    return -1
  }

  /** So many values more; false where they are too many. */
  count(more = 1): boolean {
    this.#valuesLeft -= more
    if (this.#valuesLeft >= 0) return true
    this.code = 'payload-too-large'
    return false
  }

  room(room: number): boolean {
    if (this.at + room > this.#mostAt) {
      this.code = 'payload-too-large'
      return false
    }
    if (this.at + room > this.out.length) this.#grow(this, room)
    return true
  }

  /** What was read last: the lower and upper 32 bits of a number, as integers without sign. */
  low = 0
  high = 0
  /** The tag that was read last: the number of a field, and the wire type. */
  field = 0
  wire = 0
  /** Where the value begins behind the tag that was read last. */
  start = 0

  /** A number in base 128, of 64 bits at most, before `end`; -1, or where it ends. */
  varint(p: number, end: number): number {
    const { bytes } = this
    const first = bytes[p]!
    if (first < 0x80 && p < end) {
      this.low = first
      this.high = 0
      return p + 1
    }
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (p >= end) return this.fail('payload-malformed')
      const byte = bytes[p++]!
      if (shift < 28) low |= (byte & 0x7f) << shift
      else if (shift === 28) {
        low |= (byte & 0x0f) << 28
        high = (byte & 0x7f) >> 4
      } else if (shift < 63) high |= (byte & 0x7f) << (shift - 32)
      else {
        // The tenth byte holds the last of 64 bits.
        if (byte > 1) return this.fail('payload-malformed')
        high |= byte << 31
      }
      if (byte < 0x80) {
        this.low = low >>> 0
        this.high = high >>> 0
        return p
      }
    }
    return this.fail('payload-malformed')
  }

  /** A length, and the end of what has it. */
  #span(p: number, end: number): number {
    p = this.varint(p, end)
    if (p < 0) return p
    this.start = p
    return this.high !== 0 || this.low > end - p ? this.fail('payload-malformed') : p + this.low
  }

  /**
   * The tag and value at `p`: `field`, `wire` and `start` say what it is, and where the value begins; of a group, behind its tag.
   * Gives where it ends, for a group where its last tag begins, and `after` what is behind all.
   */
  item(p: number, end: number, depth: number): number {
    p = this.varint(p, end)
    if (p < 0) return p
    const tag = this.low
    const field = tag >>> 3
    const wire = tag & 7
    if (this.high !== 0 || field === 0) return this.fail('payload-malformed')
    let stop: number
    this.start = p
    switch (wire) {
      case 0:
        stop = this.varint(p, end)
        break
      case 1:
        stop = p + 8 <= end ? p + 8 : this.fail('payload-malformed')
        break
      case 2:
        stop = this.#span(p, end)
        break
      case 5:
        stop = p + 4 <= end ? p + 4 : this.fail('payload-malformed')
        break
      case 3:
        return this.#group(field, p, end, depth)
      default:
        return this.fail('payload-malformed')
    }
    this.field = field
    this.wire = wire
    this.after = stop
    return stop
  }

  /** Where the next item begins. */
  after = 0

  /** The items of a group, up to its end tag. */
  #group(field: number, start: number, end: number, depth: number): number {
    if (depth >= MAX_TYPED_DEPTH) return this.fail('payload-too-deep')
    let p = start
    for (;;) {
      const before = p
      const tagEnd = this.varint(p, end)
      if (tagEnd < 0) return tagEnd
      if (this.high !== 0) return this.fail('payload-malformed')
      if ((this.low & 7) === 4) {
        if (this.low >>> 3 !== field) return this.fail('payload-malformed')
        this.field = field
        this.wire = 3
        this.start = start
        this.after = tagEnd
        return before
      }
      if (!this.count()) return -1
      if (this.item(p, end, depth + 1) < 0) return -1
      p = this.after
    }
  }

  /** Writes the number that was read as one of 64 bits with a sign. */
  #signed(at: number): number {
    const { low, high, out } = this
    const top = high | 0
    if (top >= -0x200000 && top < 0x200000) return writeInteger(top * TWO_32 + low, out, at)
    return writeBig((BigInt(top) << 32n) | BigInt(low), out, at)
  }

  #unsigned(at: number): number {
    const { low, high, out } = this
    if (high < 0x200000) return writeInteger(high * TWO_32 + low, out, at)
    return writeBig((BigInt(high) << 32n) | BigInt(low), out, at)
  }

  /** Numbers that alternate between positive and negative ones. */
  #unzigzag(): void {
    const { low, high } = this
    const sign = -(low & 1)
    this.low = (((low >>> 1) | (high << 31)) ^ sign) >>> 0
    this.high = ((high >>> 1) ^ sign) >>> 0
  }

  /** Reads the fixed number at `p`. */
  #fixed(p: number, length: number, end: number): number {
    if (p + length > end) return this.fail('payload-malformed')
    this.low = this.view.getUint32(p, true)
    this.high = length === 8 ? this.view.getUint32(p + 4, true) : 0
    return p + length
  }

  /**
   * Writes the text of the leaf that begins at `p` and ends no later than `end`, where one of bytes ends; gives where it ends.
   * `from`, `to` and `kind` say what stands there.
   */
  leaf({ leaf, symbols }: ProtoType, p: number, end: number): number {
    if (!this.count()) return -1
    if (leaf === Leaf.string) return writeText(this, this.bytes, this.view, p, end)
    if (!this.room(NUMBER_ROOM)) return -1
    if (leaf === Leaf.bytes) return writeBase64(this, p, end - p)
    const from = this.at
    this.from = from
    this.kind = SlotKind.number
    switch (leaf) {
      case Leaf.double:
      case Leaf.float: {
        const length = leaf === Leaf.double ? 8 : 4
        if (p + length > end) return this.fail('payload-malformed')
        const value = leaf === Leaf.double ? this.view.getFloat64(p, true) : this.view.getFloat32(p, true)
        if (!Number.isFinite(value)) return this.fail('number-not-finite')
        this.at = (leaf === Leaf.double ? writeDouble : writeFloat)(value, this.out, from)
        this.to = this.at
        return p + length
      }
      case Leaf.fixed32:
      case Leaf.sfixed32:
        p = this.#fixed(p, 4, end)
        break
      case Leaf.fixed64:
      case Leaf.sfixed64:
        p = this.#fixed(p, 8, end)
        break
      default:
        p = this.varint(p, end)
    }
    if (p < 0) return p
    switch (leaf) {
      case Leaf.int64:
      case Leaf.sfixed64:
        this.at = this.#signed(from)
        break
      case Leaf.uint64:
      case Leaf.fixed64:
        this.at = this.#unsigned(from)
        break
      case Leaf.sint64:
        this.#unzigzag()
        this.at = this.#signed(from)
        break
      case Leaf.sint32:
        // Of longer numbers the lower 32 bits count, as for all of 32 bits.
        this.at = writeInteger((this.low >>> 1) ^ -(this.low & 1), this.out, from)
        break
      case Leaf.int32:
      case Leaf.sfixed32:
        this.at = writeInteger(this.low | 0, this.out, from)
        break
      case Leaf.uint32:
      case Leaf.fixed32:
        this.at = writeInteger(this.low, this.out, from)
        break
      case Leaf.bool:
        return writeWord(
          this,
          this.low === 0 && this.high === 0 ? FALSE_WORD : TRUE_WORD,
          SlotKind.boolean,
          p,
        )
      case Leaf.null:
        return writeWord(this, NULL_WORD, SlotKind.nothing, p)
      default: {
        const symbol = symbols.get(this.low | 0)
        if (symbol !== undefined) return writePlain(this, symbol, 0, symbol.length) ? p : -1
        this.at = writeInteger(this.low | 0, this.out, from)
      }
    }
    this.to = this.at
    return p
  }

  /** Writes the default value of a leaf. */
  initial({ leaf, symbols }: ProtoType): boolean {
    if (!this.count() || !this.room(NUMBER_ROOM)) return false
    switch (leaf) {
      case Leaf.string:
      case Leaf.bytes:
        writeEmpty(this, 0)
        return true
      case Leaf.bool:
        writeWord(this, FALSE_WORD, SlotKind.boolean, 0)
        return true
      case Leaf.null:
        writeWord(this, NULL_WORD, SlotKind.nothing, 0)
        return true
      case Leaf.enum: {
        const symbol = symbols.get(0)
        if (symbol !== undefined) return writePlain(this, symbol, 0, symbol.length)
      }
    }
    this.from = this.at
    this.out[this.at++] = 0x30
    this.to = this.at
    this.kind = SlotKind.number
    return true
  }

  /** Of seconds and nanoseconds since 1970 (google/protobuf/timestamp.proto). */
  timestamp(seconds: number, nanos: number): boolean {
    if (!this.count() || !this.room(NUMBER_ROOM)) return false
    const ms = seconds * 1000 + Math.floor(nanos / 1_000_000)
    if (nanos < 0 || nanos > 999_999_999 || !isTimestamp(ms)) return this.fail('payload-malformed') >= 0
    putQuotes(this, writeTimestamp(ms, nanos % 1_000_000, false, this.out, this.at + 1))
    return true
  }

  /** `1.5s`, with 0, 3, 6 or 9 digits of a second (google/protobuf/duration.proto). */
  duration(seconds: number, nanos: number): boolean {
    if (!this.count() || !this.room(NUMBER_ROOM)) return false
    const isBad =
      Math.abs(seconds) > MOST_SECONDS ||
      Math.abs(nanos) > 999_999_999 ||
      (seconds > 0 && nanos < 0) ||
      (seconds < 0 && nanos > 0)
    if (isBad) return this.fail('payload-malformed') >= 0
    const digits = String(Math.abs(nanos))
      .padStart(9, '0')
      .replace(/^(\d{3}(?:\d{3})??)(?:000)+$/, '$1')
    const fraction = nanos === 0 ? '' : `.${digits}`
    const sign = seconds < 0 || nanos < 0 ? '-' : ''
    const text = new Uint8Array(Buffer.from(`${sign}${Math.abs(seconds)}${fraction}s`))
    return writePlain(this, text, 0, text.length)
  }

  /** The number that was read last, with its sign, as a double. */
  get signed(): number {
    return (this.high | 0) * TWO_32 + this.low
  }

  /** Writes bytes that need no escapes, such as names of a schema and what stands between values. */
  raw(source: Uint8Array): boolean {
    if (!this.room(source.length)) return false
    this.out.set(source, this.at)
    this.at += source.length
    return true
  }

  punctuation(byte: number): boolean {
    return writeMark(this, byte)
  }

  /** Writes the name of a field as a text. */
  ascii(name: Uint8Array): boolean {
    return writePlain(this, name, 0, name.length)
  }

  /** Writes a key of a map as a text. */
  name(bytes: Uint8Array): boolean {
    return writeText(this, bytes, viewOf(bytes), 0, bytes.length) >= 0
  }

  /** The text of a map's key, one character a byte; undefined where it is none. `at`: its occurrence; below 0 the default. */
  keyText(type: ProtoType, at: number, starts: Int32Array, ends: Int32Array): string | undefined {
    const [start, end] = at < 0 ? [0, 0] : [starts[at]!, ends[at]!]
    if (type.leaf === Leaf.string) {
      const name = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, end - start).toString(
        'latin1',
      )
      if (!name.includes('\0')) return name
      this.fail('payload-malformed')
      return undefined
    }
    const before = this.at
    const isRead = at < 0 ? this.initial(type) : this.leaf(type, start, end) >= 0
    const text = Buffer.from(this.out.buffer, this.out.byteOffset + this.from, this.to - this.from).toString(
      'latin1',
    )
    this.at = before
    return isRead ? text : undefined
  }
}
