/** Where the interval begins that a generalized date names. */

import { DAY_MS, daysFromCivil, HOUR_MS, MINUTE_MS } from './gregorian.ts'
import { readWritten } from './rfc3339.ts'
import { readDate, readMinutes, twoDigits } from './written.ts'

/** The longest that each interval of `generalize.date` is, in ms. */
export const LONGEST_MS: Readonly<Record<string, number>> = {
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 31 * DAY_MS,
  quarter: 92 * DAY_MS,
  year: 366 * DAY_MS,
}

const LABEL = /^(\d{4})(?:-(?:(\d\d)|Q([1-4])|W(\d\d)))?$/

const LETTER_T = 0x54
const LETTER_Z = 0x5a
/** `2024-07-15` and `2024-07-15T13:00:00Z`. */
const DATE_BYTES = 10
const DATE_TIME_BYTES = 20

/**
 * As `intervalStart`, of the text `bytes[from..to)`, for a date and for whole seconds of UTC: these are what most events
 * have, and different for each. NaN for every other text, also for those that `intervalStart` knows.
 */
export function usualStart(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from
  if (length !== DATE_BYTES && length !== DATE_TIME_BYTES) return Number.NaN
  const date = readDate(bytes, from)
  if (date === 0) return Number.NaN
  const midnight = daysFromCivil(date >> 9, (date >> 5) & 15, date & 31) * DAY_MS
  if (length === DATE_BYTES) return midnight
  // A leap second is left to `intervalStart`.
  const minutes = readMinutes(bytes, from + 11)
  if (bytes[from + 10] !== LETTER_T || minutes < 0 || bytes[from + 19] !== LETTER_Z) return Number.NaN
  return midnight + minutes * MINUTE_MS + twoDigits(bytes, from + 17) * 1000
}

/**
 * The start, in ms since the epoch, of what `2024`, `2024-Q3`, `2024-07`, `2024-W29`, `2024-07-15` or a date-time
 * names; a date without an offset is taken as UTC. Undefined for any other text.
 */
export function intervalStart(text: string): number | undefined {
  const label = LABEL.exec(text)
  if (label === null) {
    const written = readWritten(text)
    if (written === undefined) return undefined
    return written.days * DAY_MS + (written.time ?? 0) - (written.offset ?? 0) * MINUTE_MS
  }
  const [, yearText, monthText, quarter, week] = label
  const year = Number(yearText)
  if (year === 0) return undefined
  if (week !== undefined) {
    if (Number(week) < 1 || Number(week) > 53) return undefined
    // ISO 8601: week 1 holds the fourth of January; weeks begin on Monday, and 1970-01-01 was a Thursday.
    const fourth = daysFromCivil(year, 1, 4)
    const monday = fourth - ((((fourth + 3) % 7) + 7) % 7)
    return (monday + (Number(week) - 1) * 7) * DAY_MS
  }
  const month = quarter === undefined ? Number(monthText ?? 1) : Number(quarter) * 3 - 2
  return month < 1 || month > 12 ? undefined : daysFromCivil(year, month, 1) * DAY_MS
}

const HOUR_LABEL = /T\d\d:00:00(?:Z|[+-]\d\d:\d\d)$/
const SECOND_MS = 1000

/**
 * Where the interval ends that a generalized date names: the first instant, in ms since the epoch, that is not in it. A
 * date-time on a whole hour is that hour, since `generalize.date` writes hours so; any other is a second. Undefined where
 * `intervalStart` knows none.
 */
export function intervalEnd(text: string): number | undefined {
  const start = intervalStart(text)
  if (start === undefined) return undefined
  const label = LABEL.exec(text)
  if (label === null) {
    if (text.length === DATE_BYTES) return start + DAY_MS
    return start + (HOUR_LABEL.test(text) ? 60 * MINUTE_MS : SECOND_MS)
  }
  const [, yearText, month, quarter, week] = label
  if (week !== undefined) return start + 7 * DAY_MS
  const year = Number(yearText)
  if (quarter !== undefined) return firstOfMonth(year, Number(quarter) * 3 + 1)
  return month === undefined ? firstOfMonth(year + 1, 1) : firstOfMonth(year, Number(month) + 1)
}

/** `month` may be 13. */
const firstOfMonth = (year: number, month: number): number =>
  daysFromCivil(month > 12 ? year + 1 : year, month > 12 ? 1 : month, 1) * DAY_MS
