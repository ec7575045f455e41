/** The twin of `generalize.date`: one of four formats, dates, and date-times where the zone is UTC; no weeks, no range. */
import { daysInMonth } from '../../calendar/gregorian.ts'
import { pack, readDate, readMinutes, twoDigits } from '../../calendar/written.ts'
import type { DateOptions } from '../../generalize/date.ts'
import { copyBytes, type WriteBytes } from '../bytes.ts'
import { type Twin, writing } from '../twin.ts'

export const date: Twin<DateOptions> = ({ to, format, formats, notBefore, notAfter, zone }) => {
  const usual = USUAL.find((one) => one === format)
  if (to === 'week' || usual === undefined || (formats ?? notBefore ?? notAfter) !== undefined)
    return undefined
  return writing(dateKernel(to, usual, zone === 'UTC'))
}

/** Formats that begin as `2024-07-15`. */
const USUAL = ['auto', 'rfc3339', 'date', 'date-time'] as const

const ZERO = 0x30
const HYPHEN = 0x2d
const COLON = 0x3a

function writeTwo(out: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0
  out[at] = ZERO + tens
  out[at + 1] = ZERO + value - tens * 10
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

type ByteUnit = 'year' | 'quarter' | 'month' | 'day' | 'hour'

/** How many bytes of `2024-07-15T13` each keeps; a quarter only those of the year. */
const UNIT_BYTES: Readonly<Record<ByteUnit, number>> = { year: 4, quarter: 4, month: 7, day: 10, hour: 13 }

/** @param utc whether the zone is UTC: in others only bare dates are taken, which no zone moves */
function dateKernel(to: ByteUnit, format: (typeof USUAL)[number], utc: boolean): WriteBytes {
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
    let offset = 0
    if (length !== 10) {
      const between = source[start + 10]!
      if (between !== 0x54 && between !== 0x74 && between !== 0x20) return -1
      const minutes = readMinutes(source, start + 11)
      const behind = skipFraction(source, start + 19, end)
      if (minutes < 0 || behind < 0) return -1
      if (behind === end ? offsets : !offsets) return -1
      if (offsets) offset = readOffset(source, behind, end)
      if (offset === NO_OFFSET) return -1
      if (offset !== 0) {
        date = writeMoved(out, at, date, minutes - offset)
        if (date === 0) return -1
      }
    }
    if (offset === 0) copyBytes(source, start, start + size, out, at)
    if (quarters) {
      out[at + 4] = HYPHEN
      out[at + 5] = 0x51
      out[at + 6] = ZERO + (((((date >> 5) & 15) + 2) / 3) | 0)
      return at + 7
    }
    return size === 13 ? writeHourEnd(out, at) : at + size
  }
}

/**
 * Writes date and hour, `2024-07-15T13`, of a time that may lie on the day before `date` or on the one behind it.
 * @param minutes since the midnight that `date` starts with, -1440 to 2879
 * @returns the date written, packed; 0 outside the years 0001 to 9999
 */
function writeMoved(out: Uint8Array, at: number, date: number, minutes: number): number {
  let day = date
  let ofDay = minutes
  if (minutes < 0) {
    day = neighbour(date, false)
    ofDay += 1440
  } else if (minutes >= 1440) {
    day = neighbour(date, true)
    ofDay -= 1440
  }
  const year = day >> 9
  const century = (year / 100) | 0
  writeTwo(out, at, century)
  writeTwo(out, at + 2, year - century * 100)
  out[at + 4] = HYPHEN
  writeTwo(out, at + 5, (day >> 5) & 15)
  out[at + 7] = HYPHEN
  writeTwo(out, at + 8, day & 31)
  writeTwo(out, at + 11, (ofDay / 60) | 0)
  return day
}

/** Makes `2024-07-15T13:00:00Z` of the date and hour at `at`. */
function writeHourEnd(out: Uint8Array, at: number): number {
  out[at + 10] = 0x54
  out[at + 13] = COLON
  out[at + 14] = ZERO
  out[at + 15] = ZERO
  out[at + 16] = COLON
  out[at + 17] = ZERO
  out[at + 18] = ZERO
  out[at + 19] = 0x5a
  return at + 20
}
