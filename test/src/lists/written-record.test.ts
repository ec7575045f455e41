/** Records of consent tables as Lethe writes them are read to the same as by the reader of all forms. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { consentLine, parseConsentLine } from '../../../src/lists/consent-file.ts'
import { instantOf, instantText } from '../../../src/lists/consent-history.ts'
import { parseWrittenRecord, writtenInstant } from '../../../src/lists/written-record.ts'

const NOW = Date.parse('2026-03-10T12:00:00Z')
/** JSON with a blank, which no record of Lethe has: the reader of all forms takes it. */
const otherwise = (line: string) => parseConsentLine(line.replace(/^\{/, '{ '), NOW)

const instants = fc.integer({ min: Date.parse('1000-01-01T00:00:00Z'), max: NOW + 86_400_000 })
const words = fc.oneof(fc.constant(undefined), fc.string({ minLength: 1, maxLength: 8 }))
const records = fc.record({
  key: fc.constantFrom('k1', 'k23'),
  token: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
  purpose: fc.constantFrom('train_ai_system', 'analytics', 'train_ai_system.own', 'trian_ai_system'),
  history: fc.array(
    fc.record({
      state: fc.constantFrom('granted' as const, 'withdrawn' as const),
      from: instants,
      until: fc.option(instants, { nil: undefined, freq: 1 }),
      source: words,
      notice: words,
    }),
    { minLength: 1, maxLength: 3 },
  ),
})

it('reads what the reader of all forms reads, and nothing that this one refuses', () => {
  let read = 0
  const check = (line: string): void => {
    const written = parseWrittenRecord(line, NOW)
    const other = otherwise(line)
    if (written !== undefined) {
      read++
      expect(written).toEqual(other)
    }
    expect(parseConsentLine(line, NOW)).toEqual(other)
  }
  fc.assert(
    fc.property(
      records,
      fc.nat(),
      fc.constantFrom('', '0', '9', '"', ',', '}', ' ', 'Z'),
      (record, at, by) => {
        const line = consentLine({
          ...record,
          history: record.history.toSorted((a, b) => a.from - b.from),
        })
        check(line)
        const place = 1 + (at % (line.length - 1))
        check(line.slice(0, place) + by + line.slice(place + 1))
      },
    ),
    { numRuns: 500 },
  )
  expect(read).toBeGreaterThan(20)
})

it('reads instants of the calendar alone', () => {
  for (const text of [
    '2024-02-29T23:59:59Z',
    '2000-02-29T00:00:00.999Z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-13-10T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T23:60:00Z',
    '2026-01-01T23:00:60Z',
    '2026-01-01T25:00:00Z',
  ])
    expect([text, writtenInstant(text)]).toEqual([text, instantOf(text)])
  expect(writtenInstant('0999-01-01T00:00:00Z')).toBeUndefined()
  fc.assert(
    fc.property(instants, (time) => {
      expect(writtenInstant(instantText(time))).toBe(time)
    }),
  )
})
