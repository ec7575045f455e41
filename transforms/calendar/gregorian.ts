/**
 * The proleptic Gregorian calendar in integers: days since 1970-01-01, no time zone, no `Date`.
 * Method: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": a year that starts in March has its
 * leap day last, so that the days before a month are one linear formula. Every function is exact for the
 * years 0000 to 99999.
 */

export const MINUTE_MS: number = 60_000
export const HOUR_MS: number = 3_600_000
export const DAY_MS: number = 86_400_000

/** First day of the year 0001, and last of the year 9999, in days since 1970-01-01. */
export const FIRST_DAY: number = -719_162
export const LAST_DAY: number = 2_932_896

export interface CivilDate {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/** Days in a month: 28 to 31. `month` is 1 to 12. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days since 1970-01-01 of a date that exists. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const m = month > 2 ? month - 3 : month + 9
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)
  return 365 * y + leapDays + Math.floor((153 * m + 2) / 5) + day - 719_469
}

/** The date of a day, counted from 1970-01-01. */
export function civilFromDays(days: number): CivilDate {
  const sinceMarch = days + 719_468
  const era = Math.floor(sinceMarch / 146_097)
  const dayOfEra = sinceMarch - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const m = Math.floor((5 * dayOfYear + 2) / 153)
  const month = m < 10 ? m + 3 : m - 9
  return {
    year: era * 400 + yearOfEra + (month > 2 ? 0 : 1),
    month,
    day: dayOfYear - Math.floor((153 * m + 2) / 5) + 1,
  }
}

/** 0 for Monday to 6 for Sunday. */
export function weekday(days: number): number {
  return (((days + 3) % 7) + 7) % 7
}

/** ISO 8601 week: weeks start on Monday and belong to the year that holds their Thursday. */
export function isoWeek(days: number): { readonly year: number; readonly week: number } {
  const thursday = days - weekday(days) + 3
  const { year } = civilFromDays(thursday)
  return { year, week: Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1 }
}

/** The date of a day; undefined outside the years 0001 to 9999. */
export function dateOfDay(days: number): CivilDate | undefined {
  return days >= FIRST_DAY && days <= LAST_DAY ? civilFromDays(days) : undefined
}

/** `YYYY-MM-DD`; undefined outside the years 0001 to 9999. */
export function formatDay(days: number): string | undefined {
  if (days < FIRST_DAY || days > LAST_DAY) return undefined
  const { year, month, day } = civilFromDays(days)
  return `${pad4(year)}-${pad2(month)}-${pad2(day)}`
}

/** Two digits of 0 to 99. */
export function pad2(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** Four digits of 0 to 9999. */
export function pad4(value: number): string {
  return value < 1000 ? String(value).padStart(4, '0') : String(value)
}
