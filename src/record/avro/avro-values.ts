/**
 * Reads Avro values out of bytes, and writes each as JSON writes it, into memory that the host gives. All that can be wrong
 * with bytes is found here: what is cut short, counts and lengths that lie, numbers without end. A position below zero means
 * that `code` says why there is no value.
 */
import type { RecordCode } from '../../errors.ts'
import { SlotKind } from '../block.ts'
import { MAX_TYPED_DEPTH } from '../typed/typed-walker.ts'
import {
  FALSE_WORD,
  NULL_WORD,
  putQuotes,
  TRUE_WORD,
  valuesOf,
  viewOf,
  writeBase64,
  writeMark,
  writePlain,
  writeText,
  writeWord,
} from '../value-texts.ts'
import type { AvroType } from './avro-schema.ts'
import {
  decimalRoom,
  isDay,
  isTimestamp,
  MOST_DECIMAL_BYTES,
  NUMBER_ROOM,
  writeBig,
  writeDate,
  writeDecimal,
  writeDouble,
  writeFloat,
  writeInteger,
  writeTime,
  writeTimestamp,
  writeUuid,
} from './avro-text.ts'

/** Types as numbers: those before `array` are leaves. */
export const Code = {
  null: 0,
  boolean: 1,
  int: 2,
  long: 3,
  float: 4,
  double: 5,
  bytes: 6,
  string: 7,
  fixed: 8,
  enum: 9,
  decimal: 10,
  decimalFixed: 11,
  uuidFixed: 12,
  date: 13,
  timeMillis: 14,
  timeMicros: 15,
  timestamp: 16,
  // As `Container`.
  array: 64,
  map: 65,
  union: 66,
  record: 67,
} as const

export function codeOf({ kind, logical }: AvroType): number {
  switch (logical) {
    case undefined:
      return Code[kind]
    case 'decimal':
      return kind === 'fixed' ? Code.decimalFixed : Code.decimal
    case 'uuid':
      return kind === 'fixed' ? Code.uuidFixed : Code.string
    case 'date':
      return Code.date
    case 'time-millis':
      return Code.timeMillis
    case 'time-micros':
      return Code.timeMicros
    default:
      return Code.timestamp
  }
}

const codes = new WeakMap<AvroType, number>()
/** `codeOf`, remembered. */
function codeFor(type: AvroType): number {
  let code = codes.get(type)
  if (code === undefined) {
    code = codeOf(type)
    codes.set(type, code)
  }
  return code
}

const DAY_MS = 86_400_000

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

/** Symbols and names as they stand between quotes. */
const symbolBytes = new WeakMap<AvroType, readonly Uint8Array[]>()
function symbolsOf(type: AvroType): readonly Uint8Array[] {
  let found = symbolBytes.get(type)
  if (found === undefined) {
    found = type.symbols.map((symbol) => ascii(symbol))
    symbolBytes.set(type, found)
  }
  return found
}

export class AvroValues {
  bytes: Uint8Array = new Uint8Array(0)
  #end = 0
  view: DataView = viewOf(this.bytes)
  code: RecordCode = 'payload-malformed'
  /** The last number read, where a double holds it; `big` where none does. */
  #number = 0
  #big = 0n
  #isBig = false
  /** Memory for texts, and where the next one begins. */
  #out: Uint8Array = new Uint8Array(0)
  outView: DataView = viewOf(this.#out)
  at = 0
  /** Texts of one record end before. */
  #mostAt = 0
  #valuesLeft = 0
  /** The text that was written last, without quotes, and its kind. */
  from = 0
  to = 0
  kind: number = SlotKind.nothing
  readonly #grow: (values: AvroValues, room: number) => void

  /** `grow`: gives `out` more memory, at least `room` bytes behind `at`, with what stands there. */
  constructor(grow: (values: AvroValues, room: number) => void) {
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

  /** Starts a record that ends at `end`, whose texts have `most` bytes at most. */
  begin(start: number, end: number, most: number): void {
    this.#end = end
    this.code = 'payload-malformed'
    this.#mostAt = this.at + most
    this.#valuesLeft = valuesOf(end - start)
  }

  get end(): number {
    return this.#end
  }

  fail(code: RecordCode): number {
    this.code = code
    return -1
  }

  /** One value more; false where they are too many. */
  count(): boolean {
    if (--this.#valuesLeft >= 0) return true
    this.code = 'payload-too-large'
    return false
  }

  /** Makes sure that so many bytes fit behind `at`. */
  room(room: number): boolean {
    if (this.at + room > this.#mostAt) {
      this.code = 'payload-too-large'
      return false
    }
    if (this.at + room > this.out.length) this.#grow(this, room)
    return true
  }

  /** A number of 64 bits, zigzag, in base 128; -1 or where it ends. */
  #long(p: number): number {
    const { bytes } = this
    let byte = bytes[p++]!
    let low = byte & 0x7f
    this.#isBig = false
    if (byte > 0x7f) {
      let shift = 7
      do {
        byte = bytes[p++]!
        low |= (byte & 0x7f) << shift
        shift += 7
      } while (byte > 0x7f && shift < 28)
      if (byte > 0x7f) return this.#longer(p, low)
    }
    if (p > this.#end) return this.fail('payload-malformed')
    this.#number = (low >>> 1) ^ -(low & 1)
    return p
  }

  /** The rest of a number that has more than 28 bits. */
  #longer(p: number, low: number): number {
    const { bytes } = this
    let high = 0
    let scale = 1
    for (let count = 0; ; count++) {
      const byte = bytes[p++]!
      // The tenth byte holds the last of 64 bits.
      if (count === 5 && byte > 1) return this.fail('payload-malformed')
      high += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) break
    }
    if (p > this.#end) return this.fail('payload-malformed')
    if (high < 2 ** 24) {
      const whole = high * 2 ** 28 + low
      this.#number = low & 1 ? -(whole + 1) / 2 : whole / 2
      return p
    }
    const whole = (BigInt(high) << 28n) | BigInt(low)
    this.#big = (whole >> 1n) ^ -(whole & 1n)
    this.#number = Number(this.#big)
    this.#isBig = !Number.isSafeInteger(this.#number)
    return p
  }

  /** An index, count or length: a number from 0 on, `index` then. */
  length(p: number): number {
    p = this.#long(p)
    return p >= 0 && this.#number < 0 ? this.fail('payload-malformed') : p
  }

  /** A count of a block, which may be below zero: then its length in bytes follows. */
  blockCount(p: number): number {
    p = this.#long(p)
    return p >= 0 && (this.#isBig || Math.abs(this.#number) > 0x7fffffff) ? this.fail('payload-malformed') : p
  }

  /** What `length` or `blockCount` read. */
  get index(): number {
    return this.#number
  }

  #int(p: number): number {
    p = this.#long(p)
    return p >= 0 && (this.#number > 0x7fffffff || this.#number < -0x80000000)
      ? this.fail('payload-malformed')
      : p
  }

  /** The bytes behind a length; gives where they begin, and `index` is their length. */
  #span(p: number): number {
    p = this.length(p)
    return p >= 0 && p + this.#number > this.#end ? this.fail('payload-malformed') : p
  }

  /** Goes past a value. */
  skip(type: AvroType, p: number, depth: number): number {
    if (!this.count()) return -1
    switch (type.kind) {
      case 'null':
        return p
      case 'boolean':
        return p < this.#end && this.bytes[p]! < 2 ? p + 1 : this.fail('payload-malformed')
      case 'int':
        return this.#int(p)
      case 'long':
        return this.#long(p)
      case 'float':
        return this.#past(p, 4)
      case 'double':
        return this.#past(p, 8)
      case 'fixed':
        return this.#past(p, type.size)
      case 'bytes':
      case 'string':
        p = this.#span(p)
        return p < 0 ? p : p + this.#number
      case 'enum':
        p = this.length(p)
        return p >= 0 && this.#number >= type.symbols.length ? this.fail('payload-malformed') : p
      case 'union':
        p = this.length(p)
        if (p < 0) return p
        return this.#number < type.branches.length
          ? this.skip(type.branches[this.#number]!, p, depth)
          : this.fail('payload-malformed')
      case 'record':
        if (depth >= MAX_TYPED_DEPTH) return this.fail('payload-too-deep')
        for (const field of type.fields) {
          p = this.skip(field.type, p, depth + 1)
          if (p < 0) return p
        }
        return p
      default:
        return this.#skipBlocks(type, p, depth)
    }
  }

  #past(p: number, length: number): number {
    return p + length <= this.#end ? p + length : this.fail('payload-malformed')
  }

  #skipBlocks(type: AvroType, p: number, depth: number): number {
    if (depth >= MAX_TYPED_DEPTH) return this.fail('payload-too-deep')
    for (;;) {
      p = this.blockCount(p)
      if (p < 0) return p
      let count = this.#number
      if (count === 0) return p
      if (count < 0) {
        // The block says how long it is.
        p = this.#span(p)
        if (p < 0) return p
        p += this.#number
        continue
      }
      for (; count > 0; count--) {
        if (type.kind === 'map') {
          p = this.#span(p)
          if (p < 0) return p
          p += this.#number
        }
        p = this.skip(type.item!, p, depth + 1)
        if (p < 0) return p
      }
    }
  }

  /** Writes the text of a leaf, with its quotes; `from`, `to` and `kind` say what stands there. */
  leaf(code: number, type: AvroType, p: number): number {
    if (!this.count()) return -1
    if (code === Code.string) return this.#string(p)
    if (!this.room(NUMBER_ROOM)) return -1
    const from = this.at
    this.from = from
    this.kind = SlotKind.number
    const { out } = this
    switch (code) {
      case Code.null:
        return writeWord(this, NULL_WORD, SlotKind.nothing, p)
      case Code.boolean: {
        const byte = this.bytes[p]!
        if (p >= this.#end || byte > 1) return this.fail('payload-malformed')
        return writeWord(this, byte === 1 ? TRUE_WORD : FALSE_WORD, SlotKind.boolean, p + 1)
      }
      case Code.int:
        p = this.#int(p)
        if (p >= 0) this.at = writeInteger(this.#number, out, from)
        break
      case Code.long:
        p = this.#long(p)
        if (p >= 0) this.at = this.#writeLong(out, from)
        break
      case Code.float: {
        if (p + 4 > this.#end) return this.fail('payload-malformed')
        const value = this.view.getFloat32(p, true)
        if (!Number.isFinite(value)) return this.fail('number-not-finite')
        this.at = writeFloat(value, out, from)
        p += 4
        break
      }
      case Code.double: {
        if (p + 8 > this.#end) return this.fail('payload-malformed')
        const value = this.view.getFloat64(p, true)
        if (!Number.isFinite(value)) return this.fail('number-not-finite')
        this.at = writeDouble(value, out, from)
        p += 8
        break
      }
      case Code.date:
        p = this.#int(p)
        if (p < 0) return p
        if (isDay(this.#number)) {
          putQuotes(this, writeDate(this.#number, out, from + 1))
          return p
        }
        this.at = writeInteger(this.#number, out, from)
        break
      case Code.timeMillis:
      case Code.timeMicros:
      case Code.timestamp:
        p = this.#long(p)
        if (p < 0) return p
        if (this.#time(code, type, from)) return p
        this.at = this.#writeLong(out, from)
        break
      case Code.enum: {
        p = this.length(p)
        if (p < 0) return p
        const symbol = symbolsOf(type)[this.#number]
        if (symbol === undefined) return this.fail('payload-malformed')
        return writePlain(this, symbol, 0, symbol.length) ? p : -1
      }
      case Code.uuidFixed:
        if (p + 16 > this.#end) return this.fail('payload-malformed')
        putQuotes(this, writeUuid(this.bytes, p, out, from + 1))
        return p + 16
      case Code.bytes:
        p = this.#span(p)
        return p < 0 ? p : writeBase64(this, p, this.#number)
      case Code.fixed:
        return p + type.size > this.#end ? this.fail('payload-malformed') : writeBase64(this, p, type.size)
      case Code.decimal:
        p = this.#span(p)
        return p < 0 ? p : this.#decimal(p, this.#number, type.scale)
      default:
        return p + type.size > this.#end
          ? this.fail('payload-malformed')
          : this.#decimal(p, type.size, type.scale)
    }
    this.to = this.at
    return p
  }

  #writeLong(out: Uint8Array, at: number): number {
    return this.#isBig ? writeBig(this.#big, out, at) : writeInteger(this.#number, out, at)
  }

  /** False where no time is what the number says. */
  #time(code: number, { logical }: AvroType, at: number): boolean {
    const { out } = this
    const number = this.#number
    if (code !== Code.timestamp) {
      const perMs = code === Code.timeMillis ? 1 : 1000
      const ms = Math.floor(number / perMs)
      if (this.#isBig || ms < 0 || ms >= DAY_MS) return false
      putQuotes(this, writeTime(ms, (number - ms * perMs) * 1000, out, at + 1))
      return true
    }
    const perMs = logical!.endsWith('millis') ? 1 : logical!.endsWith('micros') ? 1000 : 1_000_000
    let ms: number
    let nanos: number
    if (this.#isBig) {
      const big = BigInt(perMs)
      let rest = this.#big % big
      if (rest < 0n) rest += big
      ms = Number((this.#big - rest) / big)
      nanos = Number(rest) * (1_000_000 / perMs)
    } else {
      ms = Math.floor(number / perMs)
      nanos = (number - ms * perMs) * (1_000_000 / perMs)
    }
    if (!isTimestamp(ms)) return false
    putQuotes(this, writeTimestamp(ms, nanos, logical!.startsWith('local'), out, at + 1))
    return true
  }

  #decimal(p: number, length: number, scale: number): number {
    if (length > MOST_DECIMAL_BYTES) return this.fail('payload-too-large')
    if (!this.room(decimalRoom(length, scale))) return -1
    this.from = this.at
    this.at = writeDecimal(this.bytes, p, p + length, scale, this.out, this.at)
    this.to = this.at
    return p + length
  }

  #string(p: number): number {
    p = this.#span(p)
    if (p < 0) return p
    return this.text(p, p + this.#number)
  }

  /** The text `bytes[p..end)`; gives its end. */
  text(p: number, end: number): number {
    return writeText(this, this.bytes, this.view, p, end)
  }

  /** Writes any value as JSON; `from` and `to` say where. */
  json(type: AvroType, p: number, depth: number): number {
    const from = this.at
    p = this.#json(type, p, depth)
    this.from = from
    this.to = this.at
    return p
  }

  #json(type: AvroType, p: number, depth: number): number {
    const code = codeFor(type)
    if (code < Code.array) return this.leaf(code, type, p)
    if (!this.count()) return -1
    if (code === Code.union) {
      p = this.length(p)
      if (p < 0) return p
      const branch = type.branches[this.#number]
      return branch === undefined ? this.fail('payload-malformed') : this.#json(branch, p, depth)
    }
    if (depth >= MAX_TYPED_DEPTH) return this.fail('payload-too-deep')
    if (code !== Code.record) return this.#jsonBlocks(type, p, depth)
    let open = 0x7b
    for (const field of type.fields) {
      const name = nameOf(field.name)
      if (!this.room(name.length + 1)) return -1
      this.out[this.at++] = open
      this.out.set(name, this.at)
      this.at += name.length
      p = this.#json(field.type, p, depth + 1)
      if (p < 0) return p
      open = 0x2c
    }
    if (open === 0x7b && !writeMark(this, open)) return -1
    return writeMark(this, 0x7d) ? p : -1
  }

  #jsonBlocks(type: AvroType, p: number, depth: number): number {
    const isMap = type.kind === 'map'
    const names = isMap ? new Set<string>() : undefined
    if (!writeMark(this, isMap ? 0x7b : 0x5b)) return -1
    let first = true
    for (;;) {
      p = this.block(p)
      if (p < 0) return p
      const blockEnd = this.blockEnd
      let count = this.#number
      if (count === 0) break
      for (; count > 0; count--) {
        if (!first && !writeMark(this, 0x2c)) return -1
        first = false
        if (names !== undefined) {
          p = this.key(p, names)
          if (p < 0 || !writeMark(this, 0x3a)) return -1
        }
        p = this.#json(type.item!, p, depth + 1)
        if (p < 0) return p
      }
      if (blockEnd >= 0 && p !== blockEnd) return this.fail('payload-malformed')
    }
    return writeMark(this, isMap ? 0x7d : 0x5d) ? p : -1
  }

  /** Where the block ends whose count was read last, by what it says itself; -1: it does not say. */
  blockEnd = -1

  /** Reads how many items the next block has, `index` then; 0 is the end. */
  block(p: number): number {
    p = this.blockCount(p)
    this.blockEnd = -1
    if (p < 0 || this.#number >= 0) return p
    const count = -this.#number
    p = this.#span(p)
    if (p < 0) return p
    this.blockEnd = p + this.#number
    this.#number = count
    return p
  }

  /** The bytes of a map's key, `[keyFrom, keyTo)`. */
  keyFrom = 0
  keyTo = 0

  /** Writes a key of a map as a text; it must not be among `names`, which it joins. */
  key(p: number, names: Set<string>): number {
    p = this.#span(p)
    if (p < 0) return p
    const end = p + this.#number
    this.keyFrom = p
    this.keyTo = end
    const name = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + p, end - p).toString('latin1')
    if (names.has(name) || name.includes('\0')) return this.fail('payload-malformed')
    names.add(name)
    return this.text(p, end)
  }
}

const names = new Map<string, Uint8Array>()
const MOST_NAMES = 4096
/** `"name":`, of names that Avro allows: they need no escapes. */
function nameOf(name: string): Uint8Array {
  let found = names.get(name)
  if (found === undefined) {
    found = ascii(`"${name}":`)
    if (names.size < MOST_NAMES) names.set(name, found)
  }
  return found
}
