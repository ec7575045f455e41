/** Forms other than patterns: what they write they read, and what they move keeps its form. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileForm, exampleOf, NAMED_FORMATS } from '../../../transforms/calendar/forms.ts'

const auto = compileForm('auto')
const moved = (text: string, days: number) => auto.move(text, auto.read(text)!, days)

describe('forms', () => {
  it('read what they write', () => {
    for (const format of [...NAMED_FORMATS, 'dd/MM/yyyy HH:mm', "yyyy-MM-dd'T'HHmmX"]) {
      const form = compileForm(format)
      const written = form.read(exampleOf(format))
      expect([format, written?.days, written?.time ?? 49_500_000]).toEqual([format, 19_919, 49_500_000])
    }
  })

  it.each([
    ['2026-03-10T24:00:00Z', '2026-03-11T24:00:00Z'],
    ['20260331T2400+01', '20260401T2400+01'],
    ['2016-12-31T23:59:60.5Z', '2017-01-01T23:59:59.5Z'],
    ['20161231T235960Z', '20170101T235959Z'],
    ['2026-03-28T10:00:00+01:00[Europe/Warsaw]', '2026-03-29T10:00:00+01:00'],
    ['2026-03-10 10:00 UTC', '2026-03-11 10:00 UTC'],
    ['2026-03-10 10:00:00.000000 -0500', '2026-03-11 10:00:00.000000 -0500'],
    ['Tue, 10 Mar 2026 10:00:00 GMT', 'Wed, 11 Mar 2026 10:00:00 GMT'],
    ['31 Mar 2026 10:00 +0100', '01 Apr 2026 10:00 +0100'],
    ['Sat, 31 Dec 2016 23:59:60 GMT', 'Sun, 01 Jan 2017 23:59:59 GMT'],
    ['9 Mar 2026 10:00:00 GMT', '10 Mar 2026 10:00:00 GMT'],
    ['2026-02-28', '2026-03-01'],
    ['9999-12-31T00:00Z', undefined],
    ['9999-12-30T24:00Z', '9999-12-31T24:00Z'],
  ])('move %s by a day, and nothing else of it', (text, next) => {
    expect(moved(text, 1)).toBe(next)
  })

  it('move numbers exactly, over zero too', () => {
    const number = fc
      .tuple(
        fc.bigInt({ min: -90_000n, max: 90_000n }),
        fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 12 }),
      )
      .map(([whole, fraction]) => (fraction === '' ? `${whole}` : `${whole}.${fraction}`))
    const scaled = (text: string) => {
      const [whole, fraction = ''] = text.replace('-', '').split('.')
      const size = BigInt(whole! + fraction.padEnd(12, '0'))
      return text.startsWith('-') ? -size : size
    }
    fc.assert(
      fc.property(number, fc.integer({ min: -3, max: 3 }), (text, days) => {
        const seconds = compileForm('epoch-seconds')
        const written = seconds.read(text)
        if (written === undefined) return
        const next = seconds.move(text, written, days)!
        expect([text, scaled(next)]).toEqual([text, scaled(text) + BigInt(days) * 86_400n * 10n ** 12n])
        expect(next.split('.')[1]?.length).toBe(text.split('.')[1]?.length)
      }),
      { numRuns: 2000 },
    )
  })
})
