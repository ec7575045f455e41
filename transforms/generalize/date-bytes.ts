/** The byte kernel of `generalize.date`: dates, and date-times where the zone is UTC; no weeks, no epoch numbers. */
import type { WriteBytes } from '../bytes.ts'
import type { DateFormat } from '../calendar/dates.ts'
import { daysInMonth } from '../calendar/gregorian.ts'

const ZERO = 0x30
const HYPHEN = 0x2d
const COLON = 0x3a

/** The two digits at `at`, as a number; -1 where there are none. */
function twoDigits(source: Uint8Array, at: number): number {
  const tens = source[at]! - ZERO
  const ones = source[at + 1]! - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

function writeTwo(out: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0
  out[at] = ZERO + tens
  out[at + 1] = ZERO + value - tens * 10
}

/** Year, month and day as one number that takes 5 bits of day and 4 of month; 0 for none. */
function pack(year: number, month: number, day: number): number {
  return (year << 9) | (month << 5) | day
}

/** The date at `at`, packed; 0 where none is written or the day does not exist. */
function readDate(source: Uint8Array, at: number): number {
  const century = twoDigits(source, at)
  const yearOfCentury = twoDigits(source, at + 2)
  const month = twoDigits(source, at + 5)
  const day = twoDigits(source, at + 8)
  if (century < 0 || yearOfCentury < 0 || month < 1 || month > 12 || day < 1) return 0
  const year = century * 100 + yearOfCentury
  if (year === 0 || source[at + 4] !== HYPHEN || source[at + 7] !== HYPHEN) return 0
  if (day > 28 && day > daysInMonth(year, month)) return 0
  return pack(year, month, day)
}

/** The next day, packed; or the one before it. 0 outside the years 0001 to 9999. */
function neighbour(date: number, forward: boolean): number {
  let year = date >> 9
  let month = (date >> 5) & 15
  let day = date & 31
  if (forward) {
    if (day < daysInMonth(year, month)) return date + 1
    day = 1
    if (++month > 12) {
      month = 1
      year++
    }
  } else {
    if (day > 1) return date - 1
    if (--month < 1) {
      month = 12
      year--
    }
    if (year > 0) day = daysInMonth(year, month)
  }
  return year < 1 || year > 9999 ? 0 : pack(year, month, day)
}

/** Hour and minute of the day at `at`, in minutes, of a time whose second is 0 to 59; -1 where none is written. */
function readMinutes(source: Uint8Array, at: number): number {
  const hour = twoDigits(source, at)
  const minute = twoDigits(source, at + 3)
  const second = twoDigits(source, at + 6)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1
  return source[at + 2] === COLON && source[at + 5] === COLON ? hour * 60 + minute : -1
}

/** Behind the fraction of a second that may stand at `at`; -1 for a point without digits. */
function skipFraction(source: Uint8Array, at: number, end: number): number {
  if (at >= end || source[at] !== 0x2e) return at
  let to = at + 1
  while (to < end && source[to]! >= ZERO && source[to]! <= 0x39) to++
  return to === at + 1 ? -1 : to
}

const NO_OFFSET = 10_000

/** Minutes ahead of UTC, of the offset that is `source[at..end)`; NO_OFFSET where it is none. */
function readOffset(source: Uint8Array, at: number, end: number): number {
  const sign = source[at]!
  if (end - at === 1) return sign === 0x5a || sign === 0x7a ? 0 : NO_OFFSET
  if (end - at !== 6 || (sign !== 0x2b && sign !== HYPHEN) || source[at + 3] !== COLON) return NO_OFFSET
  const hours = twoDigits(source, at + 1)
  const minutes = twoDigits(source, at + 4)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return NO_OFFSET
  return sign === 0x2b ? hours * 60 + minutes : -(hours * 60 + minutes)
}

export type ByteUnit = 'year' | 'quarter' | 'month' | 'day' | 'hour'

const UNIT_BYTES: Readonly<Record<ByteUnit, number>> = { year: 4, quarter: 7, month: 7, day: 10, hour: 20 }

/** @param utc whether the zone is UTC: in others only bare dates are taken, which no zone moves */
export function dateKernel(
  to: ByteUnit,
  format: Exclude<DateFormat, 'epoch-seconds' | 'epoch-milliseconds'>,
  utc: boolean,
): WriteBytes {
  const bare = to !== 'hour' && (format === 'date' || format === 'auto')
  const timed = utc && format !== 'date'
  const offsets = format !== 'date-time'
  const size = UNIT_BYTES[to]
  const quarters = to === 'quarter'
  return (source, start, end, out, at) => {
    const length = end - start
    if (length !== 10 ? !timed || length < 19 : !bare) return -1
    let date = readDate(source, start)
    if (date === 0) return -1
    let hour = 0
    if (length !== 10) {
      const between = source[start + 10]!
      if (between !== 0x54 && between !== 0x74 && between !== 0x20) return -1
      let minutes = readMinutes(source, start + 11)
      const behind = skipFraction(source, start + 19, end)
      if (minutes < 0 || behind < 0) return -1
      if (behind === end ? offsets : !offsets) return -1
      if (offsets) {
        const offset = readOffset(source, behind, end)
        if (offset === NO_OFFSET) return -1
        minutes -= offset
        if (minutes < 0) {
          date = neighbour(date, false)
          minutes += 1440
        } else if (minutes >= 1440) {
          date = neighbour(date, true)
          minutes -= 1440
        }
        if (date === 0) return -1
      }
      hour = (minutes / 60) | 0
    }
    const year = date >> 9
    const century = (year / 100) | 0
    writeTwo(out, at, century)
    writeTwo(out, at + 2, year - century * 100)
    if (size === 4) return at + 4
    out[at + 4] = HYPHEN
    const month = (date >> 5) & 15
    if (quarters) {
      out[at + 5] = 0x51
      out[at + 6] = ZERO + (((month + 2) / 3) | 0)
      return at + 7
    }
    writeTwo(out, at + 5, month)
    if (size === 7) return at + 7
    out[at + 7] = HYPHEN
    writeTwo(out, at + 8, date & 31)
    return size === 10 ? at + 10 : writeHour(out, at + 10, hour)
  }
}

/** Writes `T13:00:00Z`. */
function writeHour(out: Uint8Array, at: number, hour: number): number {
  out[at] = 0x54
  writeTwo(out, at + 1, hour)
  out[at + 3] = COLON
  writeTwo(out, at + 4, 0)
  out[at + 6] = COLON
  writeTwo(out, at + 7, 0)
  out[at + 9] = 0x5a
  return at + 10
}
