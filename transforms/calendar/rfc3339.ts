/**
 * Dates and date-times of RFC 3339, and date-times without an offset, read strictly:
 *
 * - a full-date, `2024-07-15`;
 * - a date-time, `2024-07-15T13:45:00.25+02:00`. Between date and time stands `T`, `t` or one space; the offset is `Z`, `z`
 *   or `±hh:mm`; seconds are required; a fraction has any number of digits, of which milliseconds count and the rest is cut
 *   off;
 * - the same without an offset.
 *
 * Years run from 0001 to 9999 and days must exist: 2026-02-30 is refused. Second 60 is taken where RFC 3339 has it (the end
 * of June or December, UTC) and read as second 59, so that it stays in its minute; without an offset it is refused. The
 * space is taken because databases write it (RFC 3339, section 5.6, note).
 */
import type { Written } from './form.ts'
import { civilFromDays, DAY_MS, daysFromCivil, daysInMonth, MINUTE_MS } from './gregorian.ts'

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
