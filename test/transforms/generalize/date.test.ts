import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { date } from '../../../transforms/generalize/date.ts'
import { Failure, fail, OptionError } from '../../../transforms/transform.ts'
import { coarser } from '../coarser.ts'
import { context, NO_RECORD } from '../hash/context.ts'

const UNITS = ['year', 'quarter', 'month', 'week', 'day', 'hour'] as const

function compile(options: Record<string, unknown>) {
  const { apply } = date.compile(options, context())
  return (text: string) => apply(text, NO_RECORD)
}

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
]
const anyInstant = fc.integer({ min: Date.UTC(1972, 0, 8), max: Date.UTC(2100, 0, 1) })

/** `2024-07-15T13:00:00+02:00`, by the platform. */
function platformHour(zone: string, instant: number): string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  })
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]))
  const offset = part['timeZoneName']!.replace('GMT', '').replace('−', '-') || '+00:00'
  const time = `${part['year']}-${part['month']}-${part['day']}T${part['hour']}:00:00`
  return time + (zone === 'UTC' ? 'Z' : offset)
}

describe('generalize.date', () => {
  it('keeps the part that is asked for', () => {
    const results = UNITS.map((to) => compile({ to })('2024-07-15T13:45:12.5Z'))
    expect(results).toEqual(['2024', '2024-Q3', '2024-07', '2024-W29', '2024-07-15', '2024-07-15T13:00:00Z'])
  })

  it('names every quarter', () => {
    const quarter = compile({ to: 'quarter' })
    const months = Array.from({ length: 12 }, (_, month) => String(month + 1).padStart(2, '0'))
    expect(months.map((month) => quarter(`2023-${month}-28`))).toEqual(
      [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4].map((n) => `2023-Q${n}`),
    )
  })

  it('gives ISO weeks the year of their Thursday', () => {
    const week = compile({ to: 'week' })
    expect(week('2021-01-03')).toBe('2020-W53')
    expect(week('2024-12-30')).toBe('2025-W01')
    expect(week('0001-01-01')).toBe('0001-W01')
    expect(week('9999-12-31')).toBe('9999-W52')
  })

  it('shows the hour of the zone as the platform does, in whatever form the moment is written', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), anyInstant, (zone, instant) => {
        const expected = platformHour(zone, instant)
        const iso = new Date(instant).toISOString()
        const earlier = `${new Date(instant - 5 * 3_600_000).toISOString().slice(0, -1)}-05:00`
        expect(compile({ to: 'hour', zone })(iso)).toBe(expected)
        expect(compile({ to: 'hour', zone })(earlier)).toBe(expected)
        const epoch = { format: 'epoch-milliseconds', notBefore: '1970-01-01', notAfter: '2100-12-31' }
        expect(compile({ to: 'hour', zone, ...epoch })(String(instant))).toBe(expected)
        expect(compile({ to: 'day', zone })(iso)).toBe(expected.slice(0, 10))
        expect(compile({ to: 'month', zone })(iso)).toBe(expected.slice(0, 7))
        expect(compile({ to: 'year', zone })(iso)).toBe(expected.slice(0, 4))
      }),
      { numRuns: 500 },
    )
  })

  it('tells the two hours apart when the clock goes back', () => {
    const hour = compile({ to: 'hour', zone: 'America/New_York' })
    expect(hour('2024-11-03T05:30:00Z')).toBe('2024-11-03T01:00:00-04:00')
    expect(hour('2024-11-03T06:30:00Z')).toBe('2024-11-03T01:00:00-05:00')
  })

  it('reads local date-times on the clock of the zone', () => {
    const hour = compile({ to: 'hour', zone: 'Europe/Berlin', format: 'date-time' })
    expect(hour('2024-07-15 13:45:00')).toBe('2024-07-15T13:00:00+02:00')
    // The clock skips from 02:00 to 03:00.
    expect(hour('2024-03-31T02:30:00')).toBe('2024-03-31T03:00:00+02:00')
  })

  it('moves no bare date into another zone, and has no hour for it', () => {
    expect(compile({ to: 'day', zone: 'Pacific/Kiritimati' })('2024-07-15')).toBe('2024-07-15')
    expect(compile({ to: 'month', zone: 'America/New_York' })('2024-07-01')).toBe('2024-07')
    expect(compile({ to: 'hour' })('2024-07-15')).toBe(fail('unparsable'))
  })

  it('has no result outside the years 0001 to 9999', () => {
    const year = compile({ to: 'year', zone: 'America/New_York' })
    expect(year('0001-01-01T00:00:00Z')).toBe(fail('out-of-domain'))
    expect(compile({ to: 'hour', zone: 'Asia/Tokyo' })('9999-12-31T23:00:00Z')).toBe(fail('out-of-domain'))
    expect(compile({ to: 'week' })('9999-12-31T23:59:00-01:00')).toBe(fail('out-of-domain'))
  })

  it('has no hour for an offset that RFC 3339 cannot write', () => {
    const zone = 'America/New_York'
    expect(compile({ to: 'hour', zone })('1850-01-01T12:00:00Z')).toBe(fail('out-of-domain'))
    expect(compile({ to: 'day', zone })('1850-01-01T12:00:00Z')).toBe('1850-01-01')
  })

  it('takes only the stated format', () => {
    const forms = {
      date: '2024-07-15',
      rfc3339: '2024-07-15T13:45:00Z',
      'date-time': '2024-07-15T13:45:00',
      'epoch-seconds': '1721051100',
    }
    for (const format of Object.keys(forms))
      for (const [form, text] of Object.entries(forms))
        expect(compile({ to: 'month', format })(text), `${format} of ${form}`).toBe(
          format === form ? '2024-07' : fail('unparsable'),
        )
    const automatic = Object.values(forms).map((text) => compile({ to: 'month' })(text))
    expect(automatic).toEqual(['2024-07', '2024-07', fail('unparsable'), fail('unparsable')])
  })

  it('never throws, and gives plain text of its own form', () => {
    const near = fc.string({ unit: fc.constantFrom(...'0123456789-:TZ.+'), maxLength: 26 })
    const rules = UNITS.map((to) => compile({ to }))
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), near), (text) => {
        for (const rule of rules) {
          const result = rule(text)
          if (!(result instanceof Failure)) expect(result).toMatch(/^\d{4}(-(Q\d|W\d\d|\d\d.*))?$/)
        }
      }),
    )
  })

  it('is coarser only where every value of the coarser unit follows from the finer', () => {
    const mayFollow = (from: string, to: string) => coarser(date, { to: from }, { to })
    const days = Array.from({ length: 800 }, (_, day) =>
      new Date(Date.UTC(2019, 11, 1) + day * 86_400_000).toISOString(),
    )
    for (const from of UNITS) {
      for (const to of UNITS) {
        const seen = new Map<unknown, unknown>()
        let follows = true
        for (const day of days) {
          const fine = compile({ to: from })(day)
          const coarse = compile({ to })(day)
          if (seen.has(fine) && seen.get(fine) !== coarse) follows = false
          seen.set(fine, coarse)
        }
        // One moment a day cannot tell hours from days.
        const expected = from === 'day' && to === 'hour' ? false : follows
        expect(mayFollow(from, to), `${from} to ${to}`).toBe(expected)
      }
    }
    expect(coarser(date, { to: 'day' }, { to: 'month', zone: 'Asia/Tokyo' })).toBe(false)
    expect(coarser(date, { to: 'day' }, { to: 'month', format: 'date' })).toBe(false)
  })

  it('says when it depends on time zone data', () => {
    const parts: string[] = []
    const own = { ...context(), usesPlatform: (part: string) => void parts.push(part) }
    date.compile({ to: 'day' }, own)
    expect(parts).toEqual([])
    date.compile({ to: 'day', zone: 'Europe/Berlin' }, own)
    expect(parts).toEqual(['time-zones'])
  })

  it('refuses an hour of bare dates, and zones that are none', () => {
    expect(() => compile({ to: 'hour', format: 'date' })).toThrow(OptionError)
    expect(() => compile({ to: 'day', zone: 'Europe/Atlantis' })).toThrow(OptionError)
  })

  it('calls the day of a bare date weak', () => {
    expect(date.weaknesses({ to: 'day', format: 'date' })).toHaveLength(1)
    expect(date.weaknesses({ to: 'day' })).toEqual([])
    expect(date.weaknesses({ to: 'month', format: 'date' })).toEqual([])
  })
})
