import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  civilFromDays,
  DAY_MS,
  daysFromCivil,
  daysInMonth,
  FIRST_DAY,
  formatDay,
  isoWeek,
  LAST_DAY,
  weekday,
} from '../../../transforms/calendar/gregorian.ts'

const anyDay = fc.integer({ min: FIRST_DAY, max: LAST_DAY })

/** `YYYY-MM-DD` as the platform's own calendar writes it. */
const platformDay = (days: number) => new Date(days * DAY_MS).toISOString().slice(0, 10)

describe('days since 1970-01-01', () => {
  it('equal the platform for every day of the years 0001 to 9999', () => {
    const wrong: string[] = []
    let day = FIRST_DAY
    for (let year = 1; year <= 9999; year++) {
      for (let month = 1; month <= 12; month++) {
        const length = daysInMonth(year, month)
        for (let date = 1; date <= length; date++, day++) {
          const back = civilFromDays(day)
          if (
            daysFromCivil(year, month, date) !== day ||
            back.year !== year ||
            back.month !== month ||
            back.day !== date
          )
            wrong.push(`${year}-${month}-${date}`)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(day - 1).toBe(LAST_DAY)
    expect(platformDay(FIRST_DAY)).toBe('0001-01-01')
    expect(platformDay(LAST_DAY)).toBe('9999-12-31')
  })

  it('are written as the platform writes them', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        expect(formatDay(day)).toBe(platformDay(day))
      }),
      { numRuns: 2000 },
    )
  })

  it('have no text outside the years 0001 to 9999', () => {
    expect(formatDay(FIRST_DAY - 1)).toBeUndefined()
    expect(formatDay(LAST_DAY + 1)).toBeUndefined()
  })

  it('fall on the weekday of the platform', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        expect(weekday(day)).toBe((new Date(day * DAY_MS).getUTCDay() + 6) % 7)
      }),
    )
  })
})

describe('ISO 8601 weeks', () => {
  it.each([
    // Dates and weeks at turns of the year.
    ['2005-01-01', 2004, 53],
    ['2005-01-02', 2004, 53],
    ['2005-12-31', 2005, 52],
    ['2007-01-01', 2007, 1],
    ['2007-12-30', 2007, 52],
    ['2007-12-31', 2008, 1],
    ['2008-12-28', 2008, 52],
    ['2008-12-29', 2009, 1],
    ['2009-12-31', 2009, 53],
    ['2010-01-03', 2009, 53],
    ['0001-01-01', 1, 1],
    ['9999-12-31', 9999, 52],
  ])('%s is in week %i-W%i', (date, year, week) => {
    expect(isoWeek(Date.parse(date) / DAY_MS)).toEqual({ year, week })
  })

  it('equal the formula over ordinal dates', () => {
    /** Years of 53 weeks: those that start or end on a Thursday. */
    const weeksOf = (year: number) => {
      const dominical = (y: number) => (y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)) % 7
      return dominical(year) === 4 || dominical(year - 1) === 3 ? 53 : 52
    }
    fc.assert(
      fc.property(anyDay, (day) => {
        const { year } = civilFromDays(day)
        const ordinal = day - daysFromCivil(year, 1, 1) + 1
        const week = Math.floor((10 + ordinal - (weekday(day) + 1)) / 7)
        const expected =
          week < 1
            ? { year: year - 1, week: weeksOf(year - 1) }
            : week > weeksOf(year)
              ? { year: year + 1, week: 1 }
              : { year, week }
        expect(isoWeek(day)).toEqual(expected)
      }),
      { numRuns: 3000 },
    )
  })
})
