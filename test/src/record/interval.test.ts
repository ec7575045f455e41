import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { intervalStart } from '../../../src/record/interval.ts'
import { date } from '../../../transforms/generalize/date.ts'

const UNITS = ['year', 'quarter', 'month', 'week', 'day', 'hour'] as const

describe('intervalStart', () => {
  it('is the first instant that generalizes to the same text', () => {
    const context = { path: 'at' } as never
    fc.assert(
      fc.property(
        fc.constantFrom(...UNITS),
        fc.integer({ min: Date.UTC(1970, 0, 5), max: Date.UTC(2199, 0, 1) }),
        (to, instant) => {
          const { apply } = date.compile(date.options.parse({ to }), context)
          const nothing = { subject: undefined, eventTime: undefined }
          const label = (at: number) => apply(new Date(at).toISOString(), nothing)
          const text = label(instant) as string
          const start = intervalStart(text)!
          expect(start).toBeLessThanOrEqual(instant)
          expect(label(start)).toBe(text)
          expect(label(start - 1)).not.toBe(text)
        },
      ),
    )
  })

  it('knows no other text', () => {
    for (const text of [
      '',
      '0000',
      '2024-13',
      '2024-W54',
      '2024-W00',
      '2024-Q5',
      '1700000000',
      '2024-02-30',
      'x',
    ])
      expect(intervalStart(text), text).toBe(undefined)
  })

  it('reads offsets', () => {
    expect(intervalStart('2024-07-15T13:00:00+02:00')).toBe(Date.UTC(2024, 6, 15, 11))
  })
})
