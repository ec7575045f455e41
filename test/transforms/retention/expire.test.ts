import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addPeriod, isShorter, parsePeriod } from '../../../transforms/calendar/period.ts'
import { readMoment } from '../../../transforms/calendar.ts'
import { expire, type RetentionOptions } from '../../../transforms/retention/expire.ts'
import { OptionError } from '../../../transforms/transform.ts'

const DAY = 86_400_000
const at = (text: string) => Date.parse(text)
const steps = (...periods: string[]) => ({ steps: periods.map((after) => ({ after })) })
const suppressAfter = (after: string): RetentionOptions => ({ steps: [{ after, then: 'suppress' }] })

describe('retention.expire', () => {
  it.each(expire.examples)('$title', ({ options, input, eventTime, output }) => {
    const { judge } = expire.compile(options as unknown as RetentionOptions)
    expect(String(judge(readMoment(eventTime!, false)!, readMoment(input, false)!))).toBe(output)
  })

  it('counts the steps that an event has reached', () => {
    const { judge } = expire.compile({
      steps: [{ after: '30d' }, { after: '180d' }, { after: '400d', then: 'suppress' }],
    })
    const now = at('2024-07-15T12:00:00Z')
    const ages = [
      -1,
      0,
      30 * DAY - 1,
      30 * DAY,
      180 * DAY - 1,
      180 * DAY,
      400 * DAY - 1,
      400 * DAY,
      9000 * DAY,
    ]
    expect(ages.map((age) => judge(now - age, now))).toEqual([0, 0, 0, 1, 1, 2, 2, 'suppress', 'suppress'])
  })

  it('suppresses nothing where no step says so', () => {
    const { judge } = expire.compile(steps('30d', '180d'))
    expect(judge(0, at('2024-07-15'))).toBe(2)
  })

  it('follows the calendar to the millisecond', () => {
    const { judge } = expire.compile(suppressAfter('1mo'))
    const event = at('2023-01-31T10:00:00Z')
    expect(judge(event, at('2023-02-28T10:00:00Z') - 1)).toBe(0)
    expect(judge(event, at('2023-02-28T10:00:00Z'))).toBe('suppress')
    const leap = expire.compile(suppressAfter('1y')).judge
    expect(leap(at('2024-02-29T00:00:00Z'), at('2025-02-28T00:00:00Z') - 1)).toBe(0)
    expect(leap(at('2024-02-29T00:00:00Z'), at('2025-02-28T00:00:00Z'))).toBe('suppress')
  })

  it('equals its definition: event + period <= now', () => {
    const period = fc
      .tuple(fc.integer({ min: 1, max: 100 }), fc.constantFrom('h', 'd', 'w', 'mo', 'y'))
      .map(([count, unit]) => parsePeriod(`${count}${unit}`)!)
    // Of the instants, those at the edge of the period and at the ends of months are where a shortcut fails.
    const event = fc.oneof(
      fc.integer({ min: at('0001-01-01'), max: at('9000-01-01') }),
      fc
        .tuple(fc.integer({ min: 0, max: 12_000 }), fc.integer({ min: -3 * DAY, max: DAY }))
        .map(([month, ms]) => Date.UTC(1500, month) + ms),
    )
    const near = fc.integer({ min: -4 * DAY, max: 4 * DAY })
    fc.assert(
      fc.property(
        fc.array(period, { minLength: 1, maxLength: 3 }),
        event,
        near,
        (periods, eventTime, off) => {
          const ascending = periods.every((one, index) => index === 0 || isShorter(periods[index - 1]!, one))
          fc.pre(ascending)
          const { judge } = expire.compile(steps(...periods.map(({ text }) => text)))
          for (const edge of periods) {
            for (const distance of [off, -1, 0]) {
              const now = addPeriod(eventTime, edge) + distance
              const reached = periods.filter((one) => addPeriod(eventTime, one) <= now).length
              expect(judge(eventTime, now)).toBe(reached)
            }
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  it('refuses steps that do not ascend at every time of the year', () => {
    for (const periods of [
      ['180d', '30d'],
      ['30d', '30d'],
      ['30d', '1mo'],
      ['12mo', '1y'],
      ['365d', '1y'],
      ['1d', '2d', '48h'],
    ])
      expect(() => expire.compile(steps(...periods)), periods.join()).toThrow(OptionError)
    expect(() => expire.compile(steps('27d', '1mo', '32d', '1y', '367d'))).not.toThrow()
  })

  it('refuses steps after the one that suppresses', () => {
    const wrong: RetentionOptions = { steps: [{ after: '1d', then: 'suppress' }, { after: '2d' }] }
    expect(() => expire.compile(wrong)).toThrow(OptionError)
  })

  it('refuses minutes, which are easily meant for months, and periods over 1,000 years', () => {
    expect(expire.options.safeParse(steps('6m')).success).toBe(false)
    expect(expire.options.safeParse(steps('6mo')).success).toBe(true)
    expect(() => expire.compile(steps('9999y'))).toThrow(OptionError)
    expect(expire.options.safeParse({ steps: [] }).success).toBe(false)
  })

  it('allows events five minutes in the future, or as stated, up to a day', () => {
    expect(expire.compile(steps('1d')).toleranceMs).toBe(300_000)
    expect(expire.compile({ ...steps('1d'), futureTolerance: '1h' }).toleranceMs).toBe(3_600_000)
    expect(expire.compile({ ...steps('1d'), futureTolerance: '1d' }).toleranceMs).toBe(DAY)
    for (const futureTolerance of ['25h', '1mo', '2y'])
      expect(() => expire.compile({ ...steps('1d'), futureTolerance }), futureTolerance).toThrow(OptionError)
  })

  it('has a label for the account', () => {
    expect(expire.compile(suppressAfter('400d')).label).toBe('retention suppress after 400d')
    expect(expire.compile(steps('30d', '6mo')).label).toBe('retention steps after 30d, 6mo')
  })
})
