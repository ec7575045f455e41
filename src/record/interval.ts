/** Where the interval begins that a generalized date names. */
import { DAY_MS, daysFromCivil, daysInMonth, MINUTE_MS } from '../../transforms/calendar/gregorian.ts'
import { readWritten } from '../../transforms/calendar.ts'

const LABEL = /^(\d{4})(?:-(?:(\d\d)|Q([1-4])|W(\d\d)))?$/

const ZERO = 0x30
const HYPHEN = 0x2d
const COLON = 0x3a
const LETTER_T = 0x54
const LETTER_Z = 0x5a
/** `2024-07-15` and `2024-07-15T13:00:00Z`. */
const DATE_BYTES = 10
const DATE_TIME_BYTES = 20

/** The two digits at `at`; -1 where there are none. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO
  const ones = bytes[at + 1]! - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/**
 * As `intervalStart`, of the text `bytes[from..to)`, for a date and for whole seconds of UTC: these are what most events
 * have, and different for each. NaN for every other text, also for those that `intervalStart` knows.
 */
export function usualStart(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from
  if (length !== DATE_BYTES && length !== DATE_TIME_BYTES) return Number.NaN
  if (bytes[from + 4] !== HYPHEN || bytes[from + 7] !== HYPHEN) return Number.NaN
  const century = twoDigits(bytes, from)
  const yearOfCentury = twoDigits(bytes, from + 2)
  const month = twoDigits(bytes, from + 5)
  const day = twoDigits(bytes, from + 8)
  const year = century * 100 + yearOfCentury
  if (century < 0 || yearOfCentury < 0 || year === 0 || month < 1 || month > 12) return Number.NaN
  if (day < 1 || day > daysInMonth(year, month)) return Number.NaN
  const midnight = daysFromCivil(year, month, day) * DAY_MS
  if (length === DATE_BYTES) return midnight
  const isTime =
    bytes[from + 10] === LETTER_T &&
    bytes[from + 13] === COLON &&
    bytes[from + 16] === COLON &&
    bytes[from + 19] === LETTER_Z
  const hour = twoDigits(bytes, from + 11)
  const minute = twoDigits(bytes, from + 14)
  const second = twoDigits(bytes, from + 17)
  // A leap second is left to whoever reads all forms.
  if (!isTime || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return Number.NaN
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000
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
