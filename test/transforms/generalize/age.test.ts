import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { age } from '../../../transforms/generalize/age.ts'
import { Failure, fail, OptionError } from '../../../transforms/transform.ts'
import { coarser } from '../coarser.ts'
import { context } from '../hash/context.ts'

function compile(options: Record<string, unknown>) {
  const { apply } = age.compile(options, context())
  return (text: string, at: string | undefined) =>
    apply(text, {
      subject: undefined,
      eventTime: at === undefined ? undefined : Date.parse(at),
      now: Date.UTC(2026, 5, 1),
    })
}

const exact = compile({ width: 1, topCode: 130 })

describe('generalize.age', () => {
  it('counts completed years', () => {
    expect(exact('1985-03-12', '2024-03-11T23:59:59.999Z')).toBe('38')
    expect(exact('1985-03-12', '2024-03-12T00:00:00Z')).toBe('39')
    expect(exact('2024-07-15', '2024-07-15T00:00:00Z')).toBe('0')
  })

  it('makes those born on 29 February a year older on 1 March of a common year', () => {
    expect(exact('2004-02-29', '2023-02-28T12:00:00Z')).toBe('18')
    expect(exact('2004-02-29', '2023-03-01T00:00:00Z')).toBe('19')
    expect(exact('2004-02-29', '2024-02-28T12:00:00Z')).toBe('19')
    expect(exact('2004-02-29', '2024-02-29T00:00:00Z')).toBe('20')
  })

  it('equals a count of birthdays', () => {
    const day = fc.integer({ min: Date.UTC(1900, 0, 1) / 86_400_000, max: Date.UTC(2020, 0, 1) / 86_400_000 })
    fc.assert(
      fc.property(day, fc.integer({ min: 0, max: 44_000 }), (born, later) => {
        const birth = new Date(born * 86_400_000)
        const event = new Date((born + later) * 86_400_000 + 1)
        let birthdays = 0
        // Date.UTC carries 29 February over to 1 March.
        while (
          Date.UTC(birth.getUTCFullYear() + birthdays + 1, birth.getUTCMonth(), birth.getUTCDate()) <= +event
        )
          birthdays++
        expect(exact(birth.toISOString().slice(0, 10), event.toISOString())).toBe(String(birthdays))
      }),
      { numRuns: 500 },
    )
  })

  it('takes the day of the event in the stated zone', () => {
    const tokyo = compile({ width: 1, zone: 'Asia/Tokyo' })
    expect(tokyo('1985-03-12', '2024-03-11T14:59:59Z')).toBe('38')
    expect(tokyo('1985-03-12', '2024-03-11T15:00:00Z')).toBe('39')
  })

  it('takes the birth date as it is written', () => {
    expect(exact('1985-03-12T00:00:00+14:00', '2024-03-11T23:00:00Z')).toBe('38')
    expect(exact('1985-03-12T23:30:00-12:00', '2024-03-12T00:00:00Z')).toBe('39')
    const local = compile({ width: 1, format: 'date-time' })
    expect(local('1985-03-12 08:00:00', '2024-03-12T00:00:00Z')).toBe('39')
    // 12 March 1985, 00:00 in Tokyo.
    const epoch = compile({ width: 1, format: 'epoch-seconds', zone: 'Asia/Tokyo', notBefore: '1900-01-01' })
    expect(epoch('479401200', '2024-03-11T14:59:59Z')).toBe('38')
    expect(epoch('479401199', '2024-03-11T14:59:59Z')).toBe('39')
    expect(epoch('479401199', '2024-03-10T14:59:59Z')).toBe('38')
  })

  it('has bands of ten years up to 89, and one above', () => {
    const banded = compile({})
    const at = '2024-07-15T00:00:00Z'
    const born = (years: number) => `${2024 - years}-07-15`
    expect([0, 9, 10, 39, 40, 89, 90, 91, 130].map((years) => banded(born(years), at))).toEqual([
      '0-9',
      '0-9',
      '10-19',
      '30-39',
      '40-49',
      '80-89',
      '90+',
      '90+',
      '90+',
    ])
  })

  it('cuts the last band below the top code', () => {
    const banded = compile({ width: 20, topCode: 90 })
    expect(banded('1940-01-01', '2024-07-15T00:00:00Z')).toBe('80-89')
    expect(compile({ width: 50, topCode: 51 })('1974-01-01', '2024-07-15T00:00:00Z')).toBe('50')
    expect(compile({ width: 7, topCode: 5 })('2021-01-01', '2024-07-15T00:00:00Z')).toBe('0-4')
  })

  it('has bands with stated edges', () => {
    const banded = compile({ edges: [18, 30, 65] })
    const at = '2024-07-15T00:00:00Z'
    const born = (years: number) => `${2024 - years}-07-15`
    expect([0, 17, 18, 29, 30, 64, 65, 89, 90].map((years) => banded(born(years), at))).toEqual([
      '0-17',
      '0-17',
      '18-29',
      '18-29',
      '30-64',
      '30-64',
      '65-89',
      '65-89',
      '90+',
    ])
  })

  it('puts every age into the band that its label names', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 0, max: 130 }),
        (width, topCode, years) => {
          const label = compile({ width, topCode })(`${2024 - years}-01-01`, '2024-07-15T00:00:00Z') as string
          const [from, to] = label.endsWith('+')
            ? [Number(label.slice(0, -1)), 130]
            : label.split('-').map(Number)
          expect(years).toBeGreaterThanOrEqual(from!)
          expect(years).toBeLessThanOrEqual(to ?? from!)
          expect(label.endsWith('+')).toBe(years >= topCode)
        },
      ),
    )
  })

  it('fails for those not yet born, too old to be, or at no known time', () => {
    expect(exact('2024-07-16', '2024-07-15T23:59:59Z')).toBe(fail('out-of-domain'))
    expect(exact('1894-07-15', '2024-07-15T00:00:00Z')).toBe('130+')
    expect(exact('1893-07-15', '2024-07-15T00:00:00Z')).toBe(fail('out-of-domain'))
    expect(exact('0001-01-01', '2024-07-15T00:00:00Z')).toBe(fail('out-of-domain'))
    expect(exact('1985-03-12', undefined)).toBe(fail('event-time-missing'))
    expect(exact('12.03.1985', undefined)).toBe(fail('unparsable'))
  })

  it('never throws, nor returns its input', () => {
    const banded = compile({})
    const near = fc.string({ unit: fc.constantFrom(...'0123456789-+'), minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), near), (text) => {
        const result = banded(text, '2024-07-15T00:00:00Z')
        expect(result).not.toBe(text)
        if (!(result instanceof Failure)) expect(result).toMatch(/^\d+(-\d+|\+)$/)
      }),
    )
  })

  it('refuses edges out of order, and two kinds of bands', () => {
    for (const edges of [[18, 18], [30, 18], [18, 90], [100]])
      expect(() => compile({ edges }), String(edges)).toThrow(OptionError)
    expect(() => compile({ edges: [18], width: 5 })).toThrow(OptionError)
    expect(() => compile({ zone: 'Europe/Atlantis' })).toThrow(OptionError)
  })

  it('calls a top code over 90 weak', () => {
    expect(age.weaknesses({ topCode: 91 })).toHaveLength(1)
    expect(age.weaknesses({ topCode: 85 })).toEqual([])
  })

  it('is coarser where each band is made of whole bands', () => {
    expect(coarser(age, { width: 5 }, { width: 10 })).toBe(true)
    expect(coarser(age, { width: 10 }, { width: 5 })).toBe(false)
    expect(coarser(age, { width: 10 }, { width: 15 })).toBe(false)
    expect(coarser(age, {}, { edges: [30, 60] })).toBe(true)
    expect(coarser(age, {}, { edges: [18] })).toBe(false)
    expect(coarser(age, {}, { topCode: 80 })).toBe(true)
    expect(coarser(age, { topCode: 80 }, {})).toBe(false)
    expect(coarser(age, { width: 5 }, { width: 10, zone: 'Asia/Tokyo' })).toBe(false)
  })
})
