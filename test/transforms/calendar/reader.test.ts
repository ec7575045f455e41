/** The reader of dates as a whole: which texts each format takes, ranges, several formats. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileTimeReader, type ReadingOptions } from '../../../transforms/calendar.ts'
import { Failure } from '../../../transforms/transform.ts'

const NOW = Date.UTC(2026, 5, 1)

function read(text: string, options: Partial<ReadingOptions> & { zone?: string } = {}, now = NOW) {
  const result = compileTimeReader({ format: 'auto', ...options })(text, now)
  return result instanceof Failure ? result.code : result
}

const TEN = Date.UTC(2026, 2, 10, 10)

describe('auto', () => {
  it.each([
    ['2026-03-10T10:00:00.000+0000', TEN],
    ['2026-03-10 10:00:00.123+00', TEN + 123],
    ['2026-03-10 10:00:00 UTC', TEN],
    ['2026-03-10 10:00:00.5 UTC', TEN + 500],
    ['2026-03-10 10:00:00Z', TEN],
    ['2026-03-10T10:00Z', TEN],
    ['2026-03-10 10:00+00:00', TEN],
    ['2026-03-10T11:00:00+01', TEN],
    ['20260310T100000Z', TEN],
    ['20260310T1000Z', TEN],
    ['20260310T100000.25+0000', TEN + 250],
    ['Tue, 10 Mar 2026 10:00:00 GMT', TEN],
    ['10 Mar 2026 11:00 +0100', TEN],
    ['Sun, 1 Mar 2026 10:00:00 GMT', Date.UTC(2026, 2, 1, 10)],
    ['2026-03-10T11:00:00+01:00[Europe/Warsaw]', TEN],
    ['2026-03-10T10:00:00Z[UTC]', TEN],
    ['2026-03-10 05:00:00 -0500', TEN],
    ['2026-03-10T24:00:00Z', Date.UTC(2026, 2, 11)],
    ['2026-03-10T24:00Z', Date.UTC(2026, 2, 11)],
    ['20261231T240000.000Z', Date.UTC(2027, 0, 1)],
    ['2016-12-31T235960Z', undefined],
    ['20161231T235960Z', Date.UTC(2016, 11, 31, 23, 59, 59)],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2016, 11, 31, 23, 59, 59)],
    ['2026-03-10', Date.UTC(2026, 2, 10)],
  ])('%s', (text, instant) => {
    expect(read(text)).toBe(instant ?? 'unparsable')
  })

  it.each([
    // No offset, so that the instant is not known.
    '2026-03-10T10:00:00',
    '2026-03-10 10:00',
    '20260310T100000',
    // A number may be a date or a count.
    '20260310',
    '1773136800',
    '2026',
    // Day or month first?
    '10/03/2026',
    '10/03/2026 10:00',
    '2026/03/10',
    // Forms that are written by mistake only.
    '2026-03-10T10Z',
    '2026-03-10T100000Z',
    '20260310T10:00:00Z',
    '2026-03-10T10:00.5Z',
    '2026-03-10T10:00:00,5Z',
    '2026-03-10  10:00Z',
    '2026-03-10T10:00:00  UTC',
    '2026-03-10T10:00:00UTC',
    '2026-03-10T10:00:00 utc',
    '2026-03-10T10:00:00 CET',
    '2026-03-10T10:00:00 Z',
    '2026-03-10T10:00:00+1',
    '2026-03-10T10:00:00+100',
    '2026-03-10T10:00:00+2400',
    '2026-03-10T10:00:00[Europe/Warsaw]',
    '2026-03-10T10:00:00Z[]',
    '2026-03-10T10:00:00Z[!Europe/Warsaw]',
    '2026-03-10T10:00:00Z[u-ca=hebrew]',
    `2026-03-10T10:00:00Z[${'a'.repeat(70)}]`,
    '2026-03-10T10:00:00Z ',
    '2026-03-10T24:00:01Z',
    '2026-03-10T24:01:00Z',
    '2026-03-10T24:00:00.001Z',
    '2026-02-30T24:00:00Z',
    '9999-12-31T24:00:00Z',
    '2026-03-10T10:00:60Z',
    '20260230T100000Z',
    '00000310T100000Z',
    'Mon, 10 Mar 2026 10:00:00 GMT',
    'Tue, 10 Mar 2026 10:00:00',
    'Tue, 10 Mar 2026 10:00:00 EST',
    'Tue, 30 Feb 2026 10:00:00 GMT',
    'Tue 10 Mar 2026 10:00:00 GMT',
    'Tue, 10 March 2026 10:00:00 GMT',
    'Tue, 10 Mar 26 10:00:00 GMT',
  ])('refuses %s', (text) => {
    expect(read(text)).toBe('unparsable')
  })

  it('reads every form of a moment as the platform has it', () => {
    const anyInstant = fc.integer({ min: Date.parse('0001-01-02'), max: Date.parse('9999-12-30') })
    fc.assert(
      fc.property(anyInstant, fc.integer({ min: -1439, max: 1439 }), (instant, offset) => {
        const iso = new Date(instant + offset * 60_000).toISOString()
        const size = Math.abs(offset)
        const [hours, minutes] = [Math.floor(size / 60), size % 60].map((n) => String(n).padStart(2, '0'))
        const sign = offset < 0 ? '-' : '+'
        const basic = iso.slice(0, 23).replaceAll('-', '').replaceAll(':', '')
        for (const text of [
          `${iso.slice(0, 23)}${sign}${hours}${minutes}`,
          `${iso.slice(0, 23).replace('T', ' ')} ${sign}${hours}:${minutes}`,
          `${basic}${sign}${hours}${minutes}`,
          ...(minutes === '00' ? [`${iso.slice(0, 23)}${sign}${hours}`] : []),
        ])
          expect(read(text), text).toBe(instant)
        expect(read(`${new Date(instant).toISOString().slice(0, 16)}Z`)).toBe(
          Math.floor(instant / 60_000) * 60_000,
        )
        expect(read(new Date(instant).toUTCString())).toBe(Math.floor(instant / 1000) * 1000)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('numbers since 1970', () => {
  it.each([
    ['epoch-days', '20522', Date.UTC(2026, 2, 10)],
    ['epoch-days', '20522.5', Date.UTC(2026, 2, 10, 12)],
    ['epoch-seconds', '1773136800.123', TEN + 123],
    ['epoch-seconds', '1773136800', TEN],
    ['epoch-milliseconds', '1773136800123.999', TEN + 123],
    ['epoch-microseconds', '1773136800123456', TEN + 123],
    ['epoch-nanoseconds', '1773136800123456789', TEN + 123],
  ])('%s %s', (format, text, instant) => {
    expect(read(text, { format })).toBe(instant)
  })

  it.each([
    ['epoch-seconds', '20522'],
    ['epoch-seconds', '20260310'],
    ['epoch-seconds', '1773136800123'],
    ['epoch-seconds', '0'],
    ['epoch-seconds', '-1'],
    ['epoch-milliseconds', '1773136800'],
    ['epoch-milliseconds', '1773136800123456'],
    ['epoch-microseconds', '1773136800123'],
    ['epoch-nanoseconds', '1773136800123456'],
    ['epoch-days', '1990'],
    ['epoch-days', '20260310'],
    ['epoch-days', '9'.repeat(5000)],
    ['epoch-seconds', `-${'9'.repeat(5000)}.5`],
  ])('%s does not take %s for a moment of our time', (format, text) => {
    expect(read(text, { format })).toBe('out-of-domain')
    expect(read(text, { format, zone: format === 'epoch-days' ? 'Asia/Tokyo' : undefined! })).toBe(
      'out-of-domain',
    )
  })

  it('reach from 1990 to a year after the run, unless the policy says otherwise', () => {
    const format = 'epoch-milliseconds'
    const first = Date.UTC(1990, 0, 1)
    const last = Date.UTC(2027, 5, 1)
    expect([first - 1, first, last, last + 1].map((ms) => read(String(ms), { format }))).toEqual([
      'out-of-domain',
      first,
      last,
      'out-of-domain',
    ])
    expect(read(String(last + 1), { format }, NOW + 1)).toBe(last + 1)
    expect(read('0', { format, notBefore: '1970-01-01' })).toBe(0)
    expect(read(String(last + 1), { format, notBefore: '1970-01-01' })).toBe('out-of-domain')
    expect(read(String(last + 1), { format, notAfter: '2030-01-01' })).toBe(last + 1)
    expect(read('0', { format, notAfter: '2030-01-01' })).toBe('out-of-domain')
  })

  it('are the millisecond that exact arithmetic gives, in any unit', () => {
    const units = [
      ['epoch-days', 86_400_000n, 1n],
      ['epoch-seconds', 1000n, 1n],
      ['epoch-milliseconds', 1n, 1n],
      ['epoch-microseconds', 1n, 1000n],
      ['epoch-nanoseconds', 1n, 1_000_000n],
    ] as const
    const ever = { notBefore: '0001-01-01', notAfter: '9999-12-31' }
    const readers = units.map(([format]) => compileTimeReader({ format, ...ever }))
    fc.assert(
      fc.property(
        fc.nat(4),
        fc.bigInt({ min: -60_000_000_000_000n, max: 250_000_000_000_000n }),
        fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 0, maxLength: 20 }),
        (at, ms, fraction) => {
          const [, size, parts] = units[at]!
          const whole = (ms * parts) / size
          const negative = ms < 0n
          const digits = `${negative ? -whole : whole}${fraction}`
          const scale = 10n ** BigInt(fraction.length)
          const exact = BigInt(digits) * size * (negative ? -1n : 1n)
          const by = scale * parts
          const floor = exact / by - (exact % by < 0n ? 1n : 0n)
          const text = `${negative ? '-' : ''}${negative ? -whole : whole}${fraction === '' ? '' : `.${fraction}`}`
          const result = readers[at]!(text, NOW)
          if (result instanceof Failure)
            expect([text, BigInt(digits)]).toEqual([expect.stringMatching(/^-/), 0n])
          else expect([text, BigInt(result)]).toEqual([text, floor])
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('ranges', () => {
  it('hold for every format; a date counts with all of its day, on the clock of the zone', () => {
    const range = { notBefore: '2026-03-01', notAfter: '2026-03-31' }
    expect(read('2026-03-01T00:00:00Z', range)).toBe(Date.UTC(2026, 2, 1))
    expect(read('2026-02-28T23:59:59.999Z', range)).toBe('out-of-domain')
    expect(read('2026-03-31T23:59:59.999Z', range)).toBe(Date.UTC(2026, 3, 1) - 1)
    expect(read('2026-04-01T00:00:00Z', range)).toBe('out-of-domain')
    expect(read('2026-03-01', { ...range, zone: 'Asia/Tokyo' })).toBe(Date.UTC(2026, 1, 28, 15))
    expect(read('2026-03-31', { ...range, zone: 'America/New_York' })).toBe(Date.UTC(2026, 2, 31, 4))
    expect(read('x', range)).toBe('unparsable')
    expect(read('2026-03-10T10:00:00Z', { notBefore: '2026-03-10T10:00:00.001Z' })).toBe('out-of-domain')
    expect(read('2026-03-10T10:00:00Z', { notAfter: '2026-03-10T11:00:00+01:00' })).toBe(TEN)
  })

  it.each([
    [{ notBefore: 'soon' }],
    [{ notBefore: '2026-02-30' }],
    [{ notAfter: '2026-03-10T10:00:00' }],
    [{ notBefore: '2026-03-11', notAfter: '2026-03-10' }],
  ])('%j is none', (options) => {
    expect(() => read('2026-03-10', options)).toThrow(/notBefore|notAfter/)
  })
})

describe('several formats', () => {
  it('are tried in order, and the first in whose range a text lies counts', () => {
    const formats = ['epoch-seconds', 'epoch-milliseconds', 'auto', 'dd/MM/yyyy']
    const all = (text: string) => read(text, { formats })
    expect(all('1773136800')).toBe(TEN)
    expect(all('1773136800123')).toBe(TEN + 123)
    expect(all('2026-03-10T10:00Z')).toBe(TEN)
    expect(all('10/03/2026')).toBe(Date.UTC(2026, 2, 10))
    expect(all('20522')).toBe('out-of-domain')
    expect(all('31/02/2026')).toBe('unparsable')
  })

  it.each([
    [['dd/MM/yyyy', 'MM/dd/yyyy']],
    [['yyyy-MM-dd', 'yyyy-dd-MM']],
    [['date', 'yyyy-dd-MM']],
    [['d/M/yyyy', 'dd/MM/yyyy', 'M/d/yyyy']],
    [['auto', 'auto']],
  ])('%j leaves a day to be guessed', (formats) => {
    expect(() => read('2026-03-10', { formats })).toThrow(/another one of format|twice/)
  })

  it('may be alike where they agree', () => {
    expect(read('1/3/2026', { formats: ['dd/MM/yyyy', 'd/M/yyyy'] })).toBe(Date.UTC(2026, 2, 1))
    expect(read('2026-03-01', { formats: ['auto', 'yyyy-MM-dd', 'dd.MM.yyyy'] })).toBe(Date.UTC(2026, 2, 1))
  })
})

describe('zones', () => {
  it('are asked of what has no offset, and of nothing else', () => {
    const zone = 'Europe/Warsaw'
    expect(read('10/03/2026 10:00', { format: 'dd/MM/yyyy HH:mm', zone })).toBe(TEN - 3_600_000)
    expect(() => read('', { format: 'dd/MM/yyyy HH:mm' })).toThrow('no offset')
    expect(() => read('', { format: 'dd/MM/yyyy HH:mm X', zone })).toThrow('a zone changes nothing')
    expect(() => read('', { format: 'rfc1123', zone })).toThrow('a zone changes nothing')
    expect(read('2026-03-10 10:00:00 -0500', { format: 'yyyy-MM-dd HH:mm:ss XX' })).toBe(TEN + 5 * 3_600_000)
    expect(() => read('', { format: 'epoch-second' })).toThrow('no format is called so')
  })
})
