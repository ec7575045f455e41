import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NAMED_FORMATS } from '../../transforms/calendar/forms.ts'
import { dateFormat } from '../../transforms/calendar/reading-options.ts'
import { readWritten } from '../../transforms/calendar/rfc3339.ts'
import { compileTimeReader, type ReadingOptions } from '../../transforms/calendar.ts'
import { OptionError } from '../../transforms/transform.ts'

const EVER = { notBefore: '0001-01-01', notAfter: '9999-12-31' }

/** Text to instant, of any year; undefined for what is not read. */
function compileTimeParser(options: ReadingOptions & { zone?: string }) {
  const read = compileTimeReader({ ...(options.format.startsWith('epoch-') ? EVER : {}), ...options })
  return (text: string) => {
    const instant = read(text, 0)
    return typeof instant === 'number' ? instant : undefined
  }
}

const rfc3339 = compileTimeParser({ format: 'rfc3339' })
const date = compileTimeParser({ format: 'date' })
const local = compileTimeParser({ format: 'date-time', zone: 'Europe/Berlin' })
const seconds = compileTimeParser({ format: 'epoch-seconds' })
const milliseconds = compileTimeParser({ format: 'epoch-milliseconds' })

const anyInstant = fc.integer({ min: Date.parse('0001-01-02'), max: Date.parse('9999-12-30') })

/** `+hh:mm` of minutes. */
const offsetText = (minutes: number) =>
  `${minutes < 0 ? '-' : '+'}${String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0')}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`

describe('rfc3339', () => {
  it.each([
    // RFC 3339, section 5.8. The two leap seconds are one instant, read as second 59.
    ['1985-04-12T23:20:50.52Z', Date.UTC(1985, 3, 12, 23, 20, 50, 520)],
    ['1996-12-19T16:39:57-08:00', Date.UTC(1996, 11, 20, 0, 39, 57)],
    ['1990-12-31T23:59:60Z', Date.UTC(1990, 11, 31, 23, 59, 59)],
    ['1990-12-31T15:59:60-08:00', Date.UTC(1990, 11, 31, 23, 59, 59)],
    ['1937-01-01T12:00:27.87+00:20', Date.UTC(1937, 0, 1, 11, 40, 27, 870)],
    // Separators and letter case.
    ['2024-07-15t13:45:00z', Date.UTC(2024, 6, 15, 13, 45)],
    ['2024-07-15 13:45:00+02:00', Date.UTC(2024, 6, 15, 11, 45)],
    ['2024-07-15T13:45:00-00:00', Date.UTC(2024, 6, 15, 13, 45)],
    // Fractions of any length; what follows milliseconds is cut off, before 1970 too.
    ['2024-07-15T13:45:00.1Z', Date.UTC(2024, 6, 15, 13, 45, 0, 100)],
    ['2024-07-15T13:45:00.123999999999Z', Date.UTC(2024, 6, 15, 13, 45, 0, 123)],
    ['1960-01-01T00:00:00.0019Z', Date.UTC(1960, 0, 1, 0, 0, 0, 1)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2015-06-30T23:59:60.5Z', Date.UTC(2015, 5, 30, 23, 59, 59, 500)],
  ])('reads %s', (text, instant) => {
    expect(rfc3339(text)).toBe(instant)
  })

  it.each([
    '2024-07-15',
    '2024-07-15T13:45:00',
    '2024-07-15T13:45Z',
    '2024-07-15T13:45:00.Z',
    '2024-07-15T13:45:00,5Z',
    '2024-07-15T13:45:00+0200',
    '2024-07-15T13:45:00+02',
    '2024-07-15T13:45:00+24:00',
    '2024-07-15T13:45:00+02:60',
    '2024-07-15T13:45:00 Z',
    '2024-07-15T13:45:00Z ',
    '2024-07-15T13:45:00+02:00x',
    '2024-07-15T13:45:00Zx',
    ' 2024-07-15T13:45:00Z',
    '2024-07-15  13:45:00Z',
    '2024-07-15_13:45:00Z',
    '2024-07-15T24:00:00Z',
    '2024-07-15T13:60:00Z',
    '2024-07-15T13:45:61Z',
    '2024-07-15T13:45:60Z',
    '2024-07-15T23:59:60Z',
    '1990-12-31T23:59:60+01:00',
    '2026-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '+2024-07-15T13:45:00Z',
    '12024-07-15T13:45:00Z',
    '24-07-15T13:45:00Z',
    '2024/07/15T13:45:00Z',
    '２０２４-07-15T13:45:00Z',
    '1721051100',
    'Mon, 15 Jul 2024 13:45:00 GMT',
    'T',
  ])('refuses %s', (text) => {
    expect(rfc3339(text)).toBeUndefined()
  })

  it('reads what the platform writes, in any offset', () => {
    fc.assert(
      fc.property(anyInstant, fc.integer({ min: -1439, max: 1439 }), (instant, offset) => {
        expect(rfc3339(new Date(instant).toISOString())).toBe(instant)
        const clock = new Date(instant + offset * 60_000).toISOString().slice(0, -1)
        expect(rfc3339(clock + offsetText(offset))).toBe(instant)
      }),
      { numRuns: 1000 },
    )
  })

  it('takes no text with one character changed to a letter that is not its own', () => {
    const text = '2024-07-15T13:45:00.250+02:00'
    for (let at = 0; at < text.length; at++) {
      expect(rfc3339(`${text.slice(0, at)}x${text.slice(at + 1)}`), String(at)).toBeUndefined()
      expect(rfc3339(text.slice(0, at)), String(at)).toBeUndefined()
    }
  })
})

describe('date', () => {
  it('is the first instant of its day', () => {
    expect(date('2024-07-15')).toBe(Date.UTC(2024, 6, 15))
    expect(date('0001-01-01')).toBe(Date.parse('0001-01-01'))
    expect(compileTimeParser({ format: 'date', zone: 'Asia/Tokyo' })('2024-07-15')).toBe(
      Date.UTC(2024, 6, 14, 15),
    )
    // In Cairo the clock went from 00:00 to 01:00 on 26 April 2024.
    expect(compileTimeParser({ format: 'date', zone: 'Africa/Cairo' })('2024-04-26')).toBe(
      Date.UTC(2024, 3, 25, 22),
    )
  })

  it('refuses days that do not exist, and times', () => {
    for (const text of [
      '2026-02-30',
      '1900-02-29',
      '2024-7-15',
      '20240715',
      '2024-07-15T00:00:00Z',
      '2024-07',
    ])
      expect(date(text), text).toBeUndefined()
  })

  it('takes exactly the days that exist', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9999 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        (year, month, day) => {
          const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
          const moment = new Date(`${text}T00:00:00Z`)
          // The platform carries 30 February over to March.
          const exists =
            year > 0 && !Number.isNaN(moment.getTime()) && moment.toISOString().slice(0, 10) === text
          expect(date(text)).toBe(exists ? moment.getTime() : undefined)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('date-time', () => {
  it('is on the clock of its zone', () => {
    expect(local('2024-07-15T13:45:00')).toBe(Date.UTC(2024, 6, 15, 11, 45))
    expect(local('2024-01-15 13:45:00.5')).toBe(Date.UTC(2024, 0, 15, 12, 45, 0, 500))
    expect(local('2024-10-27T02:30:00')).toBe(Date.UTC(2024, 9, 27, 0, 30))
    expect(local('2024-03-31T02:30:00')).toBe(Date.UTC(2024, 2, 31, 1, 30))
  })

  it('has neither offset nor leap second, and is no bare date', () => {
    for (const text of ['2024-07-15T13:45:00Z', '2024-07-15', '1990-12-31T23:59:60'])
      expect(local(text), text).toBeUndefined()
  })
})

describe('epoch numbers', () => {
  it('are numbers, with a fraction or none', () => {
    expect(seconds('1721051100.123456')).toBe(1_721_051_100_123)
    // A moment before 1970 lies in the millisecond before.
    expect(seconds('-0.0001')).toBe(-1)
    expect(milliseconds('1.0')).toBe(1)
    expect(seconds('1721051100')).toBe(1_721_051_100_000)
    expect(milliseconds('1721051100123')).toBe(1_721_051_100_123)
    expect(seconds('0')).toBe(0)
    expect(milliseconds('-1')).toBe(-1)
  })

  it('are written in one way only', () => {
    for (const text of [
      '',
      '+1',
      '-0',
      '007',
      '1.',
      '.5',
      '-0.0',
      '1e9',
      '1721051100 ',
      '0x10',
      '1_000',
      '١٢',
      'NaN',
      '-',
    ])
      expect([seconds(text), milliseconds(text)], text).toEqual([undefined, undefined])
  })

  it('lie within the years 0001 to 9999', () => {
    expect(seconds('253402300799')).toBe(Date.parse('9999-12-31T23:59:59Z'))
    expect(seconds('253402300800')).toBeUndefined()
    expect(seconds('-62135596800')).toBe(Date.parse('0001-01-01'))
    expect(seconds('-62135596801')).toBeUndefined()
    expect(milliseconds('253402300799999')).toBe(Date.parse('9999-12-31T23:59:59.999Z'))
    expect(milliseconds('253402300800000')).toBeUndefined()
    // Milliseconds where seconds are stated are seen.
    expect(seconds('1721051100123')).toBeUndefined()
  })

  it('are those of the platform', () => {
    fc.assert(
      fc.property(anyInstant, (instant) => {
        expect(milliseconds(String(instant))).toBe(instant)
        expect(seconds(String(Math.floor(instant / 1000)))).toBe(Math.floor(instant / 1000) * 1000)
      }),
    )
  })
})

describe('time parsers', () => {
  it('never throw and never read what none of the forms writes', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789-:T Z.+'), maxLength: 30 })
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), digits), (text) => {
        for (const parse of [rfc3339, date, local, seconds, milliseconds]) {
          const instant = parse(text)
          if (instant === undefined) continue
          expect(Number.isSafeInteger(instant)).toBe(true)
          expect(text).toMatch(
            /^(\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?)?|-?\d+(\.\d+)?)$/,
          )
        }
        readWritten(text)
      }),
      { numRuns: 2000 },
    )
  })

  it('want a zone where it matters, and none where it does not', () => {
    expect(() => compileTimeParser({ format: 'date-time' })).toThrow(OptionError)
    expect(() => compileTimeParser({ format: 'date-time', zone: 'Mars/Olympus' })).toThrow(OptionError)
    for (const format of ['rfc3339', 'epoch-seconds', 'epoch-milliseconds'] as const)
      expect(() => compileTimeParser({ format, zone: 'UTC' })).toThrow(OptionError)
  })

  it('have a described schema', () => {
    for (const format of NAMED_FORMATS) expect(dateFormat.description).toContain(format)
  })
})
