import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { intervalStart, usualStart } from '../../../transforms/calendar/interval.ts'
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
          const nothing = { subject: undefined, eventTime: undefined, now: Date.UTC(2026, 5, 1) }
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

describe('usualStart', () => {
  const at = (text: string): number => {
    const bytes = Buffer.from(`xx${text}yy`)
    return usualStart(bytes, 2, bytes.length - 2)
  }
  const twoOf = (most: number) => fc.nat({ max: most }).map((n) => String(n).padStart(2, '0'))
  const anyDate = fc
    .tuple(twoOf(99), twoOf(99), twoOf(13), twoOf(32))
    .map(([century, year, month, day]) => `${century}${year}-${month}-${day}`)
  const anyTime = fc.tuple(twoOf(25), twoOf(61), twoOf(61)).map((parts) => `T${parts.join(':')}Z`)
  const anyText = fc.tuple(anyDate, fc.oneof(fc.constant(''), anyTime)).map((parts) => parts.join(''))

  it('is the start that every date and every second of UTC has, or leaves it to be read otherwise', () => {
    let usual = 0
    fc.assert(
      fc.property(anyText, (text) => {
        const start = at(text)
        if (Number.isNaN(start)) return
        usual++
        expect(start).toBe(intervalStart(text))
      }),
      { numRuns: 2000 },
    )
    expect(usual).toBeGreaterThan(500)
    expect(at('2024-02-29')).toBe(Date.UTC(2024, 1, 29))
    expect(at('2024-07-15T13:45:59Z')).toBe(Date.UTC(2024, 6, 15, 13, 45, 59))
  })

  it('leaves every text of another form', () => {
    const anyDamage = fc.tuple(
      anyText,
      fc.nat({ max: 19 }),
      fc.constantFrom('x', ' ', '-', ':', 'Z', 'T', '/'),
    )
    fc.assert(
      fc.property(anyDamage, ([text, place, letter]) => {
        if (place >= text.length || text[place] === letter) return
        expect(at(text.slice(0, place) + letter + text.slice(place + 1))).toBeNaN()
      }),
    )
    for (const text of [
      '',
      '2024',
      '2024-W29',
      '2024-07',
      '2024-02-30',
      '0000-01-01',
      '2024-07-15T24:00:00Z',
    ])
      expect(at(text), text).toBeNaN()
  })
})
