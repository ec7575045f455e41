import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { birthYear } from '../../../transforms/generalize/birth-year.ts'
import { Failure, fail } from '../../../transforms/transform.ts'
import { coarser } from '../coarser.ts'
import { context, NO_RECORD } from '../hash/context.ts'

function compile(options: Record<string, unknown>) {
  const { apply } = birthYear.compile(options, context())
  return (text: string, at?: string) =>
    apply(
      text,
      at === undefined
        ? NO_RECORD
        : { subject: undefined, eventTime: Date.parse(at), now: Date.UTC(2026, 5, 1) },
    )
}

const asOf2026 = compile({ asOfYear: 2026 })

describe('generalize.birth-year', () => {
  it('keeps the year, and makes the oldest one', () => {
    expect(asOf2026('1985-03-12')).toBe('1985')
    expect(asOf2026('1937-01-01')).toBe('1937')
    expect(asOf2026('1936-12-31')).toBe('1936-or-earlier')
    expect(asOf2026('1901-01-01')).toBe('1936-or-earlier')
    expect(asOf2026('2026-05-01')).toBe('2026')
  })

  it('shows no year of anybody who is over 89 at any time up to the end of the stated year', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1950, max: 2100 }),
        fc.integer({ min: 0, max: 130 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 364 }),
        (asOfYear, before, month, day) => {
          const born = `${asOfYear - before}-${String(month).padStart(2, '0')}-28`
          const event = Date.UTC(asOfYear, 0, 1 + day)
          const ninety = Date.UTC(asOfYear - before + 90, month - 1, 28)
          const result = compile({ asOfYear })(born, new Date(event).toISOString())
          if (ninety <= event) expect(result).toBe(`${asOfYear - 90}-or-earlier`)
          // Nobody loses the year who cannot be 90 by the end of it.
          if (before < 90) expect(result).toBe(String(asOfYear - before))
        },
      ),
    )
  })

  it('reads years, dates and date-times, as stated', () => {
    const forms = { year: '1985', date: '1985-12-31', rfc3339: '1985-12-31T23:59:59-12:00' }
    for (const [form, text] of Object.entries(forms)) {
      expect(asOf2026(text)).toBe('1985')
      for (const format of Object.keys(forms))
        expect(compile({ asOfYear: 2026, format })(text), `${format} of ${form}`).toBe(
          format === form ? '1985' : fail('unparsable'),
        )
    }
    for (const text of [
      '85',
      '0000',
      '01985',
      '1985-02-30',
      '1985-12',
      '19x5',
      '1985-12-31T23:59:59',
      '١٩٨٥',
    ])
      expect(asOf2026(text), text).toBe(fail('unparsable'))
  })

  it('fails for years that nobody alive was born in', () => {
    expect(asOf2026('2027')).toBe(fail('out-of-domain'))
    expect(asOf2026('1896')).toBe('1936-or-earlier')
    expect(asOf2026('1895')).toBe(fail('out-of-domain'))
    expect(asOf2026('0001-01-01')).toBe(fail('out-of-domain'))
  })

  it('fails for events after the stated year', () => {
    expect(asOf2026('1985', '2026-12-31T23:59:59.999Z')).toBe('1985')
    expect(asOf2026('1985', '2027-01-01T00:00:00Z')).toBe(fail('out-of-domain'))
  })

  it('never throws, and gives a year or the oldest', () => {
    const near = fc.string({ unit: fc.constantFrom(...'0123456789-'), maxLength: 10 })
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), near), (text) => {
        const result = asOf2026(text)
        if (!(result instanceof Failure)) expect(result).toMatch(/^\d{4}(-or-earlier)?$/)
      }),
    )
  })

  it('calls a top code over 90 weak', () => {
    expect(birthYear.weaknesses({ asOfYear: 2026, topCode: 91 })).toHaveLength(1)
    expect(birthYear.weaknesses({ asOfYear: 2026 })).toEqual([])
  })

  it('is coarser where more years become one', () => {
    const base = { asOfYear: 2026 }
    expect(coarser(birthYear, base, { ...base, topCode: 80 })).toBe(true)
    expect(coarser(birthYear, { ...base, topCode: 80 }, base)).toBe(false)
    expect(coarser(birthYear, base, { asOfYear: 2030 })).toBe(false)
  })
})
