/**
 * Dates and times as data write them, read strictly: what is not written in the stated form is not guessed at.
 *
 * - `date`: a full-date of RFC 3339, `2024-07-15`.
 * - `rfc3339`: a date-time of RFC 3339, `2024-07-15T13:45:00.25+02:00`. Between date and time stands `T`, `t` or
 *   one space; the offset is `Z`, `z` or `±hh:mm`; seconds are required; a fraction has any number of digits, of
 *   which milliseconds count and the rest is cut off.
 * - `date-time`: the same without an offset, on the clock of a stated zone.
 * - `epoch-seconds`, `epoch-milliseconds`: a whole number since 1970-01-01T00:00Z, `-` allowed; no `+`, leading
 *   zeros, fraction or exponent.
 *
 * Years run from 0001 to 9999 and days must exist: 2026-02-30 is refused. Second 60 is taken where RFC 3339 has
 * it (the end of June or December, UTC) and read as second 59, so that it stays in its minute; in `date-time` it
 * is refused. The space is taken because databases write it (RFC 3339, section 5.6, note).
 */
import { z } from 'zod'
import {
  civilFromDays,
  DAY_MS,
  daysFromCivil,
  daysInMonth,
  FIRST_DAY,
  LAST_DAY,
  MINUTE_MS,
} from './calendar/gregorian.ts'
import { compileZone } from './calendar/zone.ts'
import { OptionError } from './transform.ts'

export const TIME_FORMATS = ['rfc3339', 'date', 'date-time', 'epoch-seconds', 'epoch-milliseconds'] as const

export type TimeFormat = (typeof TIME_FORMATS)[number]

/** The schema of a stated format. */
export const timeFormat: z.ZodEnum<{ [K in TimeFormat]: K }> = z
  .enum(TIME_FORMATS)
  .describe(
    'How the time is written: rfc3339 (2024-07-15T13:45:00Z), date (2024-07-15), date-time (2024-07-15T13:45:00, on the clock of `zone`), epoch-seconds or epoch-milliseconds (whole numbers since 1970-01-01T00:00Z).',
  )

/** The schema of a time zone's name; whether there is such a zone, `compileZone` says. */
export const timeZone: z.ZodString = z
  .string()
  .min(1)
  .describe('A name of the IANA time zone database, such as Europe/Berlin, or UTC.')

/** A date, with or without time, as it is written. */
export interface Written {
  /** Days since 1970-01-01 of the date as written. */
  readonly days: number
  /** Milliseconds since its midnight; undefined for a bare date. */
  readonly time: number | undefined
  /** Minutes ahead of UTC; undefined where no offset is written. */
  readonly offset: number | undefined
}

/** The two digits at `at`, as a number; -1 where there are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/** Reads a full-date, a date-time or a date-time with offset, as this file's head describes them. */
export function readWritten(text: string): Written | undefined {
  const century = twoDigits(text, 0)
  const yearOfCentury = twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  if (century < 0 || yearOfCentury < 0 || month < 1 || month > 12 || day < 1) return undefined
  const year = century * 100 + yearOfCentury
  if (year === 0 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined
  if (day > 28 && day > daysInMonth(year, month)) return undefined
  const days = daysFromCivil(year, month, day)
  if (text.length === 10) return { days, time: undefined, offset: undefined }

  const between = text.charCodeAt(10)
  if (between !== 84 && between !== 116 && between !== 32) return undefined
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return undefined
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return undefined
  let at = 19
  let fraction = 0
  if (text.charCodeAt(at) === 46) {
    const start = ++at
    for (let worth = 100; ; at++, worth /= 10) {
      const digit = text.charCodeAt(at) - 48
      if (!(digit >= 0 && digit <= 9)) break
      if (worth >= 1) fraction += digit * worth
    }
    if (at === start) return undefined
  }
  const time = ((hour * 60 + minute) * 60 + Math.min(second, 59)) * 1000 + fraction
  if (at === text.length) return second === 60 ? undefined : { days, time, offset: undefined }

  const offset = readOffset(text, at)
  if (offset === undefined) return undefined
  if (second === 60 && !endsHalfYear(days * DAY_MS + time - fraction + 1000 - offset * MINUTE_MS))
    return undefined
  return { days, time, offset }
}

/** Minutes ahead of UTC, of the offset that `text` ends with from `at` on. */
function readOffset(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at)
  if (sign === 90 || sign === 122) return text.length === at + 1 ? 0 : undefined
  if ((sign !== 43 && sign !== 45) || text.length !== at + 6 || text.charCodeAt(at + 3) !== 58)
    return undefined
  const hours = twoDigits(text, at + 1)
  const minutes = twoDigits(text, at + 4)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined
  return sign === 43 ? hours * 60 + minutes : -(hours * 60 + minutes)
}

/** Whether an instant is the first of January or July, 00:00 UTC: a leap second can only stand before it. */
function endsHalfYear(instant: number): boolean {
  if (instant % DAY_MS !== 0) return false
  const { month, day } = civilFromDays(instant / DAY_MS)
  return day === 1 && (month === 1 || month === 7)
}

const FIRST_MS = FIRST_DAY * DAY_MS
const LAST_MS = (LAST_DAY + 1) * DAY_MS - 1
const WHOLE_NUMBER = /^(?:0|-?[1-9][0-9]{0,15})$/

/** Milliseconds of a whole number of `unit` (1 or 1000 ms) since 1970; undefined outside the years 0001 to 9999. */
export function readEpoch(text: string, unit: 1 | 1000): number | undefined {
  if (!WHOLE_NUMBER.test(text)) return undefined
  const instant = Number(text) * unit
  return instant >= FIRST_MS && instant <= LAST_MS ? instant : undefined
}

/**
 * The parser of event times: text to milliseconds since 1970-01-01T00:00Z, undefined for what is not written in
 * that format. A `date` is the first instant of its day. `zone` says whose clock `date-time` and `date` are on;
 * `date-time` requires it, `date` takes UTC without it, and the others refuse it, since they name their offset.
 * Throws `OptionError` for a zone that is missing, superfluous or unknown.
 */
export function compileTimeParser(options: {
  readonly format: TimeFormat
  readonly zone?: string | undefined
}): (text: string) => number | undefined {
  const { format, zone } = options
  if (format === 'date-time' || format === 'date') {
    if (zone === undefined && format === 'date-time')
      throw new OptionError(
        'format date-time has no offset, so its time zone must be stated',
        'zone',
        'add zone, e.g. zone: Europe/Berlin, or zone: UTC',
      )
    const { instantOf } = compileZone(zone ?? 'UTC')
    const timed = format === 'date-time'
    return (text) => {
      const written = readWritten(text)
      if (written === undefined || written.offset !== undefined) return undefined
      if ((written.time !== undefined) !== timed) return undefined
      return instantOf(written.days * DAY_MS + (written.time ?? 0))
    }
  }
  if (zone !== undefined)
    throw new OptionError(`format ${format} names an instant; a zone changes nothing`, 'zone', 'remove zone')
  if (format === 'epoch-seconds') return (text) => readEpoch(text, 1000)
  if (format === 'epoch-milliseconds') return (text) => readEpoch(text, 1)
  return (text) => {
    const written = readWritten(text)
    return written?.offset === undefined ? undefined : instantOfWritten(written, written.offset)
  }
}

function instantOfWritten(written: Written, offset: number): number {
  return written.days * DAY_MS + written.time! - offset * MINUTE_MS
}
