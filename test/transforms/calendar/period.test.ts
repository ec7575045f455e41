import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addPeriod,
  isShorter,
  parsePeriod,
  periodBounds,
  periodText,
} from '../../../transforms/calendar/period.ts'

const at = (text: string) => Date.parse(text)
const plus = (text: string, period: string) =>
  new Date(addPeriod(at(text), parsePeriod(period)!)).toISOString()

const anyPeriod = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom('m', 'h', 'd', 'w', 'mo', 'y'))
  .map(([count, unit]) => parsePeriod(`${count}${unit}`)!)
const anyInstant = fc.integer({ min: at('0001-01-01'), max: at('9500-01-01') })

describe('periods', () => {
  it('are a whole number and a unit', () => {
    expect(parsePeriod('30d')).toEqual({ text: '30d', unit: 'd', months: 0, milliseconds: 30 * 86_400_000 })
    expect(parsePeriod('6mo')).toMatchObject({ months: 6, milliseconds: 0 })
    expect(parsePeriod('2y')).toMatchObject({ months: 24, milliseconds: 0 })
    expect(parsePeriod('5m')).toMatchObject({ months: 0, milliseconds: 300_000 })
    expect(parsePeriod('2w')).toMatchObject({ milliseconds: 14 * 86_400_000 })
  })

  it('are nothing else', () => {
    for (const text of [
      '',
      '0d',
      '-1d',
      '1',
      'd',
      '1.5d',
      '1 d',
      '01d',
      '1D',
      '1M',
      '30days',
      '1y6mo',
      ' 1d',
      '1d\n',
    ])
      expect(parsePeriod(text), text).toBeUndefined()
  })

  it('are no longer than 1,000 years', () => {
    expect(parsePeriod('1000y')).toBeDefined()
    expect(parsePeriod('1001y')).toBeUndefined()
    expect(parsePeriod('365001d')).toBeUndefined()
    expect(parsePeriod('9999999d')).toBeUndefined()
  })

  it('match their schema', () => {
    fc.assert(
      fc.property(anyPeriod, ({ text }) => {
        expect(periodText.safeParse(text).success).toBe(true)
      }),
    )
    expect(periodText.safeParse('30 days').success).toBe(false)
  })

  it.each([
    ['2023-01-31T10:00:00.000Z', '1mo', '2023-02-28T10:00:00.000Z'],
    ['2024-01-31T10:00:00.000Z', '1mo', '2024-02-29T10:00:00.000Z'],
    ['2024-02-29T00:00:00.000Z', '1y', '2025-02-28T00:00:00.000Z'],
    ['2024-02-29T00:00:00.000Z', '4y', '2028-02-29T00:00:00.000Z'],
    ['2096-02-29T23:59:59.999Z', '4y', '2100-02-28T23:59:59.999Z'],
    ['2024-10-31T00:00:00.000Z', '13mo', '2025-11-30T00:00:00.000Z'],
    ['2024-12-15T06:07:08.009Z', '1mo', '2025-01-15T06:07:08.009Z'],
    ['1969-12-31T23:00:00.000Z', '2mo', '1970-02-28T23:00:00.000Z'],
    ['2024-02-28T12:00:00.000Z', '30d', '2024-03-29T12:00:00.000Z'],
  ])('%s + %s is %s', (from, period, to) => {
    expect(plus(from, period)).toBe(to)
  })

  it('land in the month that is meant, on its day or its last', () => {
    fc.assert(
      fc.property(anyInstant, fc.integer({ min: 1, max: 4000 }), (instant, months) => {
        const from = new Date(instant)
        const to = new Date(addPeriod(instant, parsePeriod(`${months}mo`)!))
        const meant = from.getUTCFullYear() * 12 + from.getUTCMonth() + months
        expect(to.getUTCFullYear() * 12 + to.getUTCMonth()).toBe(meant)
        expect(to.toISOString().slice(-14)).toBe(from.toISOString().slice(-14))
        const nextDay = new Date(to.getTime() + 86_400_000)
        if (to.getUTCDate() !== from.getUTCDate()) {
          expect(to.getUTCDate()).toBeLessThan(from.getUTCDate())
          expect(nextDay.getUTCDate()).toBe(1)
        }
      }),
    )
  })

  it('stay within their bounds, and reach them', () => {
    fc.assert(
      fc.property(anyPeriod, anyInstant, (period, instant) => {
        const { shortest, longest } = periodBounds(period)
        const length = addPeriod(instant, period) - instant
        expect(length).toBeGreaterThanOrEqual(shortest)
        expect(length).toBeLessThanOrEqual(longest)
      }),
      { numRuns: 300 },
    )
    const days = ({ shortest, longest }: ReturnType<typeof periodBounds>) =>
      [shortest, longest].map((ms) => ms / 86_400_000)
    expect(days(periodBounds(parsePeriod('1mo')!))).toEqual([28, 31])
    expect(days(periodBounds(parsePeriod('1y')!))).toEqual([365, 366])
    expect(days(periodBounds(parsePeriod('8y')!))).toEqual([2921, 2922])
  })

  it('are ordered only where every start agrees', () => {
    const shorter = (a: string, b: string) => isShorter(parsePeriod(a)!, parsePeriod(b)!)
    expect(shorter('30d', '180d')).toBe(true)
    expect(shorter('27d', '1mo')).toBe(true)
    expect(shorter('1mo', '32d')).toBe(true)
    expect(shorter('11mo', '1y')).toBe(true)
    expect(shorter('30d', '1mo')).toBe(false)
    expect(shorter('1mo', '30d')).toBe(false)
    expect(shorter('12mo', '1y')).toBe(false)
    expect(shorter('365d', '1y')).toBe(false)
    expect(shorter('2d', '1d')).toBe(false)
  })

  it('of any two counts of months, the smaller is shorter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 11_999 }), (months) => {
        expect(isShorter(parsePeriod(`${months}mo`)!, parsePeriod(`${months + 1}mo`)!)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})
