import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DateNotations } from '../../../src/init/date-notations.ts'
import { patternsOf } from '../../../src/init/date-patterns.ts'
import { compilePattern } from '../../../transforms/calendar/pattern.ts'

const DATES = [
  'dd/MM/yyyy',
  'd.M.yyyy',
  'MM-dd-yyyy',
  'M/d/yyyy',
  'yyyy/MM/dd',
  'yyyy-MM-dd',
  'yyyyMMdd',
  'dd MMM yyyy',
  'd. MMMM yyyy',
  'dd-MMM-yyyy',
  'MMM d, yyyy',
  'MMMM dd yyyy',
]
const TIMES = [
  '',
  ' HH:mm',
  "'T'HH:mm:ss",
  ', H:mm:ss',
  ' HH:mm:ss.SSS',
  ' h:mm a',
  ' hh:mm:ss a',
  ' HH:mm:ss XX',
  ' HH:mmXXX',
  ' HHmmss',
]
const patterns = DATES.flatMap((date) => TIMES.map((time) => date + time))

/** From 1990 to 2040, offset two hours, in whole milliseconds. */
const anyMoment = fc
  .record({ days: fc.integer({ min: 7305, max: 25_567 }), time: fc.nat(86_399_999) })
  .map((moment) => ({ ...moment, offset: 120 }))

const notationOf = (texts: readonly string[]) => {
  const notations = new DateNotations()
  for (const text of texts) notations.add(text)
  return notations.of(0.9 * texts.length)
}

describe('notations of dates', () => {
  it('hold the pattern that a text was written by', () => {
    fc.assert(
      fc.property(fc.constantFrom(...patterns), anyMoment, (pattern, moment) => {
        const form = compilePattern(pattern)
        const text = form.write(moment)!
        const found = patternsOf(text)
        expect(
          found.map((one) => compilePattern(one).read(text)?.days),
          `${pattern}: ${text}`,
        ).toContain(form.read(text)!.days)
      }),
      { numRuns: 2000 },
    )
  })

  it('are found from many values, and read every one of them as what it is; or both are named', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...patterns),
        fc.array(anyMoment, { minLength: 20, maxLength: 60 }),
        (pattern, moments) => {
          const form = compilePattern(pattern)
          const texts = moments.map((moment) => form.write(moment)!)
          const notation = notationOf(texts)
          if (notation?.kind === 'either') {
            // Neither day nor month is over 12 anywhere.
            expect(texts.every((text) => patternsOf(text).length >= 2)).toBe(true)
            return
          }
          expect(notation, texts[0]).toBeDefined()
          const found = compilePattern(notation!.format)
          for (const text of texts) expect(found.read(text), text).toEqual(form.read(text))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('say which number is the day only where a value shows it', () => {
    expect(notationOf(['10/03/2026', '11/03/2026', '01/02/2026'])).toEqual({
      kind: 'either',
      formats: ['dd/MM/yyyy', 'MM/dd/yyyy'],
    })
    expect(notationOf(['10/03/2026', '25/03/2026'])).toMatchObject({ kind: 'one', format: 'dd/MM/yyyy' })
    const many = Array.from({ length: 98 }, (_, at) => `${(at % 12) + 1}/3/2026`)
    expect(notationOf([...many, '3/25/2026'])).toMatchObject({ kind: 'one', format: 'M/d/yyyy' })
    // Some values say one thing and some the other: people decide.
    expect(notationOf([...many, '3/25/2026', '25/3/2026'])).toMatchObject({ kind: 'either' })
  })

  it('are none for two-digit years, days that do not exist and other texts', () => {
    for (const text of [
      '7/15/24',
      '31/02/2026',
      '2026-02-30 10:00',
      '30261310',
      'Elm Street 5',
      '10/03/2026 25:00',
    ])
      expect(patternsOf(text), text).toEqual([])
  })
})
