/** Texts back to the values of columns: what `avro-text.ts` writes of a value is read to that value, and nothing else fits. */
import { isDay } from '../avro/avro-text.ts'
import type { ColumnType, TimeUnit } from './column-tree.ts'
import type { ColumnValues } from './column-values.ts'

/** Adds the value that a text in UTF-8 stands for; false, and nothing added, where it does not fit the column. */
export type PutText = (column: ColumnValues, bytes: Uint8Array, start: number, end: number) => boolean

const DAY_MS = 86_400_000
const JULIAN_EPOCH = 2_440_588
const LEAST_LONG = -(2n ** 63n)
const MOST_LONG = 2n ** 63n - 1n
/** Longer texts are no number, date or time that was written here. */
const MOST_DIGITS = 1300

const text = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')

/** A whole number as JSON writes it, of 15 digits at most; NaN where it is none, or longer. */
function shortInteger(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === 0x2d
  const first = isNegative ? start + 1 : start
  const digits = end - first
  if (digits < 1 || digits > 15 || (bytes[first] === 0x30 && (digits > 1 || isNegative))) return Number.NaN
  let value = 0
  for (let at = first; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return isNegative ? -value : value
}

/** The same of any length; undefined where it is none. */
function integer(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  if (end - start > MOST_DIGITS) return undefined
  const digits = text(bytes, start, end)
  return /^(?:0|-?[1-9]\d*)$/.test(digits) ? BigInt(digits) : undefined
}

function putInteger(bits: number, isSigned: boolean): PutText {
  const least = isSigned ? -(2 ** (bits - 1)) : 0
  const most = isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1
  if (bits < 64)
    return (column, bytes, start, end) => {
      const value = shortInteger(bytes, start, end)
      if (!(value >= least && value <= most)) return false
      column.int(value)
      return true
    }
  return (column, bytes, start, end) => {
    const short = shortInteger(bytes, start, end)
    if (short >= least) column.long(short)
    else {
      const value = integer(bytes, start, end)
      if (value === undefined) return false
      if (isSigned ? value < LEAST_LONG || value > MOST_LONG : value < 0n || value >= 2n ** 64n) return false
      column.big(value)
    }
    return true
  }
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const TENS: readonly number[] = Array.from({ length: 16 }, (_, power) => 10 ** power)

/** A number as JSON writes it, to the nearest double; NaN where it is none, or no double is near. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  // Up to 15 digits, and a power of ten that a double holds: one division rounds once.
  const first = bytes[start] === 0x2d ? start + 1 : start
  if (end - first <= 16 && end > first) {
    let value = 0
    let point = -1
    let at = first
    for (; at < end; at++) {
      const digit = bytes[at]! - 0x30
      if (digit >= 0 && digit <= 9) value = value * 10 + digit
      else if (digit === -2 && point < 0 && at > first && at + 1 < end) point = at
      else break
    }
    const digits = end - first - (point < 0 ? 0 : 1)
    const leads = bytes[first] === 0x30 && digits > 1 && point !== first + 1
    if (at === end && digits <= 15 && !leads) {
      const made = point < 0 ? value : value / TENS[end - point - 1]!
      return first === start ? made : -made
    }
  }
  if (end - start > MOST_DIGITS) return Number.NaN
  const written = text(bytes, start, end)
  const value = NUMBER.test(written) ? Number(written) : Number.NaN
  return Number.isFinite(value) ? value : Number.NaN
}

/** Whether a whole number beyond those that doubles hold all of is one that they hold, or as a double is written. */
function isHeld(value: number, bytes: Uint8Array, start: number, end: number): boolean {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return true
  const written = text(bytes, start, end)
  return !/^-?\d+$/.test(written) || String(value) === written || BigInt(written) === BigInt(value)
}

function putReal(
  add: (column: ColumnValues, value: number) => void,
  round: (value: number) => number,
  fits: typeof isHeld,
): PutText {
  return (column, bytes, start, end) => {
    const value = round(numberOf(bytes, start, end))
    if (!Number.isFinite(value) || !fits(value, bytes, start, end)) return false
    add(column, value)
    return true
  }
}

/** The bits of half a float (IEEE 754 binary16); undefined where it is between two. */
function halfOf(value: number): number | undefined {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size === 0) return sign
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const fraction = size / 2 ** exponent
  const bits = (fraction >= 1 ? (exponent + 15) * 1024 - 1024 : 0) + fraction * 1024
  return Number.isInteger(bits) && bits < 0x7c00 ? sign | bits : undefined
}

const half = new Uint8Array(2)

const putHalf: PutText = (column, bytes, start, end) => {
  const value = numberOf(bytes, start, end)
  const bits = Number.isNaN(value) ? undefined : halfOf(value)
  if (bits === undefined) return false
  half[0] = bits
  half[1] = bits >> 8
  column.span(half, 0, 2)
  return true
}

/** The two's complement of a number, big endian; undefined where it needs more than `length` bytes, 0: as few as do. */
function complement(value: bigint, length: number): Uint8Array | undefined {
  const magnitude = value < 0n ? -value - 1n : value
  const bits = magnitude === 0n ? 1 : magnitude.toString(2).length + 1
  const needed = Math.ceil(bits / 8)
  if (length > 0 && needed > length) return undefined
  const size = length === 0 ? needed : length
  const hex = BigInt.asUintN(size * 8, value)
    .toString(16)
    .padStart(size * 2, '0')
  return Buffer.from(hex, 'hex')
}

function putDecimal({ precision, scale, length, isWhole }: ColumnType & { as: 'decimal' }): PutText {
  // Digits beyond the scale are zeros, and those that a text leaves out too.
  const form = new RegExp(`^(-?)(0|[1-9]\\d*)(?:\\.(?=\\d)(\\d{0,${scale}})0*)?$`)
  const most = 10n ** BigInt(precision)
  return (column, bytes, start, end) => {
    if (end - start > MOST_DIGITS) return false
    const [, sign, whole, rest = ''] = form.exec(text(bytes, start, end)) ?? []
    if (whole === undefined) return false
    const size = BigInt(whole + rest.padEnd(scale, '0'))
    if (precision > 0 && size >= most) return false
    const value = sign === '-' ? -size : size
    if (!isWhole) {
      const made = complement(value, length)
      if (made === undefined) return false
      column.span(made, 0, made.length)
    } else if (length === 4) column.int(Number(value))
    else if (value < LEAST_LONG || value > MOST_LONG) return false
    else column.big(value)
    return true
  }
}

const digit = (bytes: Uint8Array, at: number): number => {
  const value = bytes[at]! - 0x30
  return value >= 0 && value <= 9 ? value : Number.NaN
}
const two = (bytes: Uint8Array, at: number): number => digit(bytes, at) * 10 + digit(bytes, at + 1)

/** Days since 1970-01-01 of `YYYY-MM-DD`; NaN where it is none. */
function daysAt(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 10 || bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d) return Number.NaN
  const year = two(bytes, at) * 100 + two(bytes, at + 2)
  const month = two(bytes, at + 5)
  const day = two(bytes, at + 8)
  // Years before 100 are others to `Date.UTC`; those of 400 years on have the same days.
  const shift = year < 400 ? 400 : 0
  const days = Date.UTC(year + shift, month - 1, day) / DAY_MS - (shift === 0 ? 0 : 146_097)
  const date = new Date(days * DAY_MS)
  return year >= 1 && date.getUTCMonth() + 1 === month && date.getUTCDate() === day ? days : Number.NaN
}

interface Clock {
  ms: number
  /** Beyond the milliseconds. */
  nanos: number
  /** Behind it. */
  at: number
}

/** The time of `10:20:30` with up to nine digits of a fraction; `ms` is NaN where it is none. */
function clockAt(bytes: Uint8Array, at: number, end: number, into: Clock): void {
  into.ms = Number.NaN
  if (end - at < 8 || bytes[at + 2] !== 0x3a || bytes[at + 5] !== 0x3a) return
  const [hours, minutes, seconds] = [two(bytes, at), two(bytes, at + 3), two(bytes, at + 6)]
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return
  let next = at + 8
  let fraction = 0
  if (next < end && bytes[next] === 0x2e) {
    const first = ++next
    for (; next < end && digit(bytes, next) >= 0 && next < first + 9; next++)
      fraction = fraction * 10 + digit(bytes, next)
    if (next === first) return
    fraction *= 10 ** (9 - (next - first))
  }
  into.ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + Math.floor(fraction / 1_000_000)
  into.nanos = fraction % 1_000_000
  into.at = next
}

const UNITS: Readonly<Record<TimeUnit, number>> = { MILLIS: 1, MICROS: 1000, NANOS: 1_000_000 }

function putDate(): PutText {
  const number = putInteger(32, true)
  return (column, bytes, start, end) => {
    const days = end - start === 10 ? daysAt(bytes, start, end) : Number.NaN
    // Days beyond the years of four digits stand as their number.
    if (Number.isNaN(days)) return number(column, bytes, start, end)
    column.int(days)
    return true
  }
}

function putTime({ unit }: ColumnType & { as: 'time' | 'timestamp' }): PutText {
  const number = putInteger(unit === 'MILLIS' ? 32 : 64, true)
  const units = UNITS[unit]
  const clock: Clock = { ms: 0, nanos: 0, at: 0 }
  return (column, bytes, start, end) => {
    clockAt(bytes, start, end, clock)
    if (Number.isNaN(clock.ms)) return number(column, bytes, start, end)
    const rest = (clock.nanos * units) / 1_000_000
    if (clock.at !== end || !Number.isInteger(rest)) return false
    if (unit === 'MILLIS') column.int(clock.ms)
    else column.long(clock.ms * units + rest)
    return true
  }
}

/** `2026-01-31T10:20:30.5Z` as milliseconds since 1970 and nanoseconds beyond; `ms` is NaN where it is none. */
function instantAt(bytes: Uint8Array, start: number, end: number, isUtc: boolean, into: Clock): void {
  const days = daysAt(bytes, start, end)
  const divider = bytes[start + 10]
  clockAt(bytes, start + 11, end, into)
  if (Number.isNaN(days) || (divider !== 0x54 && divider !== 0x74 && divider !== 0x20)) into.ms = Number.NaN
  if (Number.isNaN(into.ms)) return
  into.ms += days * DAY_MS
  if (!isUtc) return
  const zone = bytes[into.at]
  if (into.at < end && (zone === 0x5a || zone === 0x7a)) into.at++
  else if (end - into.at === 6 && (zone === 0x2b || zone === 0x2d) && bytes[into.at + 3] === 0x3a) {
    const hours = two(bytes, into.at + 1)
    const minutes = two(bytes, into.at + 4)
    const offset = hours < 24 && minutes < 60 ? (hours * 60 + minutes) * 60_000 : Number.NaN
    into.ms -= zone === 0x2b ? offset : -offset
    into.at = end
  } else into.ms = Number.NaN
}

function putTimestamp({ unit, isUtc }: ColumnType & { as: 'time' | 'timestamp' }): PutText {
  const number = putInteger(64, true)
  const units = UNITS[unit]
  const instant: Clock = { ms: 0, nanos: 0, at: 0 }
  return (column, bytes, start, end) => {
    instantAt(bytes, start, end, isUtc, instant)
    // What is beyond the years of four digits stands as its number.
    if (Number.isNaN(instant.ms)) return number(column, bytes, start, end)
    const rest = (instant.nanos * units) / 1_000_000
    if (instant.at !== end || !Number.isInteger(rest) || !isDay(Math.floor(instant.ms / DAY_MS))) return false
    const value = instant.ms * units + rest
    if (Number.isSafeInteger(value)) column.long(value)
    else {
      const exact = BigInt(instant.ms) * BigInt(units) + BigInt(rest)
      if (exact < LEAST_LONG || exact > MOST_LONG) return false
      column.big(exact)
    }
    return true
  }
}

function putInt96(): PutText {
  const instant: Clock = { ms: 0, nanos: 0, at: 0 }
  const bytes96 = new Uint8Array(12)
  const view = new DataView(bytes96.buffer)
  return (column, bytes, start, end) => {
    instantAt(bytes, start, end, true, instant)
    if (Number.isNaN(instant.ms) || instant.at !== end) return false
    const day = Math.floor(instant.ms / DAY_MS)
    view.setBigInt64(0, BigInt(instant.ms - day * DAY_MS) * 1_000_000n + BigInt(instant.nanos), true)
    view.setInt32(8, day + JULIAN_EPOCH, true)
    column.span(bytes96, 0, 12)
    return true
  }
}

const putUuid: PutText = (column, bytes, start, end) => {
  const written = text(bytes, start, end)
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(written)) return false
  column.span(Buffer.from(written.replaceAll('-', ''), 'hex'), 0, 16)
  return true
}

const putBytes =
  (length: number): PutText =>
  (column, bytes, start, end) => {
    const written = text(bytes, start, end)
    const made = Buffer.from(written, 'base64')
    if ((length > 0 && made.length !== length) || made.toString('base64') !== written) return false
    column.span(made, 0, made.length)
    return true
  }

const one = Uint8Array.of(0, 1)

const putBoolean: PutText = (column, bytes, start, end) => {
  const written = end - start > 5 ? '' : text(bytes, start, end)
  if (written !== 'true' && written !== 'false') return false
  column.span(one, written === 'true' ? 1 : 0, written === 'true' ? 2 : 1)
  return true
}

const putText: PutText = (column, bytes, start, end) => {
  column.span(bytes, start, end)
  return true
}

/** What reads the texts of a column. */
export function putterOf(type: ColumnType): PutText {
  switch (type.as) {
    case 'text':
    case 'json':
      return putText
    case 'boolean':
      return putBoolean
    case 'integer':
      return putInteger(type.bits, type.isSigned)
    case 'double':
      return putReal(
        (column, value) => column.double(value),
        (value) => value,
        isHeld,
      )
    case 'float':
      // No rule makes one: it is the text of a float.
      return putReal(
        (column, value) => column.float(value),
        Math.fround,
        () => true,
      )
    case 'float16':
      return putHalf
    case 'decimal':
      return putDecimal(type)
    case 'date':
      return putDate()
    case 'time':
      return putTime(type)
    case 'timestamp':
      return putTimestamp(type)
    case 'int96':
      return putInt96()
    case 'uuid':
      return putUuid
    case 'bytes':
      return putBytes(type.length)
  }
}
