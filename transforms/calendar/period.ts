/**
 * Periods of the calendar, as a policy writes them: `30d`, `6mo`, `2y`; and their exact addition in UTC.
 */
import { z } from 'zod'
import { civilFromDays, DAY_MS, daysFromCivil, daysInMonth, HOUR_MS, MINUTE_MS } from './gregorian.ts'

export type PeriodUnit = 'm' | 'h' | 'd' | 'w' | 'mo' | 'y'

/** Either months or milliseconds are 0. */
export interface Period {
  /** As it was written. */
  readonly text: string
  readonly unit: PeriodUnit
  readonly months: number
  readonly milliseconds: number
}

const PERIOD = /^([1-9][0-9]{0,5})(m|h|d|w|mo|y)$/
/** No period is longer than 1,000 years. */
const MOST_MONTHS = 12_000
const MOST_MS = 365_000 * DAY_MS

/** The schema of a period: its text. Whether the text is within bounds, `parsePeriod` says. */
export const periodText: z.ZodString = z
  .string()
  .regex(PERIOD, 'not a period: write a whole number and a unit, m (minutes), h, d, w, mo (months) or y')
  .describe(
    'A whole number and a unit: m (minutes), h (hours), d (days of 24 hours), w (weeks), mo (calendar months) or y (calendar years), in UTC.',
  )

/** The period that a text such as `90d` stands for; undefined where it is none, or longer than 1,000 years. */
export function parsePeriod(text: string): Period | undefined {
  const match = PERIOD.exec(text)
  if (match === null) return undefined
  const count = Number(match[1])
  const unit = match[2] as PeriodUnit
  let months = 0
  let milliseconds = 0
  if (unit === 'mo') months = count
  else if (unit === 'y') months = 12 * count
  else milliseconds = count * { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS }[unit]
  if (months > MOST_MONTHS || milliseconds > MOST_MS) return undefined
  return { text, unit, months, milliseconds }
}

/**
 * The instant one period after another, in ms. Months and years keep the UTC time of day and the day of the
 * month; where the month reached has no such day, its last day is taken: 31 January + 1mo is 28 or 29 February,
 * 29 February + 1y is 28 February.
 */
export function addPeriod(instant: number, period: Period): number {
  if (period.months === 0) return instant + period.milliseconds
  const days = Math.floor(instant / DAY_MS)
  const { year, month, day } = civilFromDays(days)
  const monthsOn = month - 1 + period.months
  const toYear = year + Math.floor(monthsOn / 12)
  const toMonth = (monthsOn % 12) + 1
  const toDay = Math.min(day, daysInMonth(toYear, toMonth))
  return instant + (daysFromCivil(toYear, toMonth, toDay) - days) * DAY_MS
}

/** The shortest and the longest that a period can be, in ms, over all instants that it may start at. */
export function periodBounds(period: Period): { readonly shortest: number; readonly longest: number } {
  if (period.months === 0) return { shortest: period.milliseconds, longest: period.milliseconds }
  let shortest = Number.POSITIVE_INFINITY
  let longest = 0
  // The calendar repeats after 400 years; within a month only the last day can be clipped most, the first never.
  for (let year = 2000; year < 2400; year++) {
    for (let month = 1; month <= 12; month++) {
      const first = daysFromCivil(year, month, 1) * DAY_MS
      const last = daysFromCivil(year, month, daysInMonth(year, month)) * DAY_MS
      longest = Math.max(longest, addPeriod(first, period) - first)
      shortest = Math.min(shortest, addPeriod(last, period) - last)
    }
  }
  return { shortest, longest }
}

/**
 * Whether a period ends before another, whenever both start. `30d` and `1mo` are neither way round: which ends
 * first depends on the month.
 */
export function isShorter(period: Period, than: Period): boolean {
  return periodBounds(period).longest < periodBounds(than).shortest
}
