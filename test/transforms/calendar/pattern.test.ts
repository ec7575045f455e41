import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from '../../../transforms/calendar/pattern.ts'
import { OptionError } from '../../../transforms/transform.ts'

const MONTHS = Array.from({ length: 12 }, (_, month) =>
  new Intl.DateTimeFormat('en', { month: 'long', timeZone: 'UTC' }).format(Date.UTC(2024, month)),
)

/** What each letter writes, by the platform and by hand: `offset` in minutes. */
function platformWrites(pattern: string, instant: number, offset: number): string {
  const local = new Date(instant + offset * 60_000)
  const iso = local.toISOString()
  const [year, month, day] = [iso.slice(0, 4), iso.slice(5, 7), iso.slice(8, 10)]
  const [hour, minute, second, fraction] = [
    iso.slice(11, 13),
    iso.slice(14, 16),
    iso.slice(17, 19),
    iso.slice(20, 23),
  ]
  const half = String(local.getUTCHours() % 12 || 12)
  const size = Math.abs(offset)
  const sign = offset < 0 ? '-' : '+'
  const zone = [String(Math.floor(size / 60)).padStart(2, '0'), String(size % 60).padStart(2, '0')]
  const by: Readonly<Record<string, string>> = {
    yyyy: year,
    y: year,
    MMMM: MONTHS[Number(month) - 1]!,
    MMM: MONTHS[Number(month) - 1]!.slice(0, 3),
    MM: month,
    M: String(Number(month)),
    dd: day,
    d: String(Number(day)),
    HH: hour,
    H: String(Number(hour)),
    hh: half.padStart(2, '0'),
    h: half,
    a: local.getUTCHours() < 12 ? 'AM' : 'PM',
    mm: minute,
    m: String(Number(minute)),
    ss: second,
    s: String(Number(second)),
    S: fraction.slice(0, 1),
    SSS: fraction,
    SSSSSS: `${fraction}000`,
    SSSSSSSSS: `${fraction}000000`,
    X: offset === 0 ? 'Z' : sign + (zone[1] === '00' ? zone[0] : zone.join('')),
    XX: offset === 0 ? 'Z' : sign + zone.join(''),
    XXX: offset === 0 ? 'Z' : sign + zone.join(':'),
  }
  return pattern.replace(/'([^']*)'|([A-Za-z])\2*/g, (run, text: string | undefined) =>
    text === undefined ? by[run]! : text === '' ? "'" : text,
  )
}

/** Patterns as people write them, and how fine each is, in ms. */
const PATTERNS: readonly (readonly [pattern: string, finest: number])[] = [
  ['dd/MM/yyyy HH:mm', 60_000],
  ['M/d/yyyy h:mm a', 60_000],
  ['d.M.y H:m:s', 1000],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", 1],
  ['yyyy-MM-dd HH:mm:ss XX', 1000],
  ["yyyyMMdd'T'HHmmssX", 1000],
  ['yyyyMMddHHmmssSSS', 1],
  ['d MMM yyyy, hh:mm:ss a', 1000],
  ['MMMM d, yyyy', 86_400_000],
  ["dd-MMM-yyyy 'at' HH 'o''clock'", 3_600_000],
  ['yyyy年MM月dd日', 86_400_000],
  ['HH:mm:ss.SSSSSSSSS MM/dd/yyyy', 1],
  ['yyyy-MM-dd HH:mm:ss,S', 100],
  ['d/M/yyyy', 86_400_000],
]

const anyInstant = fc.integer({ min: Date.parse('0002-01-01'), max: Date.parse('9998-12-30') })
const anyOffset = fc.oneof(fc.constant(0), fc.integer({ min: -1439, max: 1439 }))
const instantOf = (pattern: string, text: string) => {
  const written = compilePattern(pattern).read(text)
  return written && written.days * 86_400_000 + (written.time ?? 0) - (written.offset ?? 0) * 60_000
}

describe('patterns', () => {
  it('read back exactly what they write, of any moment', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PATTERNS),
        anyInstant,
        anyOffset,
        ([pattern, finest], instant, offset) => {
          const ahead = pattern.includes('X') ? offset : 0
          const text = platformWrites(pattern, instant, ahead)
          const local = instant + ahead * 60_000
          expect(instantOf(pattern, text), `${pattern}: ${text}`).toBe(
            Math.floor(local / finest) * finest - ahead * 60_000,
          )
          // And what they write themselves is the same.
          const written = compilePattern(pattern).read(text)!
          expect(compilePattern(pattern).write(written)).toBe(text)
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('take no text that they would write otherwise', () => {
    const signs = [...'0123456789/:-+. ,TZaAPMJnu']
    fc.assert(
      fc.property(
        fc.constantFrom(...PATTERNS),
        anyInstant,
        anyOffset,
        fc.nat(40),
        fc.constantFrom('', ...signs),
        fc.integer({ min: 0, max: 2 }),
        ([pattern], instant, offset, at, sign, cut) => {
          const text = platformWrites(pattern, instant, pattern.includes('X') ? offset : 0)
          const changed = text.slice(0, at) + sign + text.slice(at + cut)
          const form = compilePattern(pattern)
          const written = form.read(changed)
          // `+00:00` is taken beside `Z`, and what is finer than milliseconds is cut off.
          const mended = changed
            .replace(/\+00:?(00)?$/, (zero) => (pattern.includes('X') ? 'Z' : zero))
            .replace(/(?<=\.\d{3})\d{6}/, '000000')
          if (written !== undefined) expect(form.write(written), changed).toBe(mended)
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('move a text by days and change nothing else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PATTERNS),
        anyInstant,
        anyOffset,
        fc.integer({ min: -300, max: 300 }),
        ([pattern], instant, offset, days) => {
          const ahead = pattern.includes('X') ? offset : 0
          const form = compilePattern(pattern)
          const text = platformWrites(pattern, instant, ahead)
          expect(form.move(text, form.read(text)!, days)).toBe(
            platformWrites(pattern, instant + days * 86_400_000, ahead),
          )
        },
      ),
    )
  })

  it.each([
    [
      'dd/MM/yyyy',
      ['31/02/2026', '1/03/2026', '10/13/2026', '10/03/26', '10/03/2026 ', '00/03/2026', '10/03/0000'],
    ],
    ['d/M/yyyy', ['01/3/2026', '0/3/2026', '32/3/2026', '１/3/2026']],
    ['d MMM yyyy', ['10 MAR 2026', '10 mar 2026', '10 March 2026', '10 Maí 2026']],
    ['dd/MM/yyyy HH:mm', ['10/03/2026 24:00', '10/03/2026 10:60', '10/03/2026 10:00:00', '10/03/2026T10:00']],
    ['dd/MM/yyyy HH:mm:ss', ['31/12/2016 23:59:60']],
    ['M/d/yyyy h:mm a', ['3/10/2026 0:30 AM', '3/10/2026 13:00 PM', '3/10/2026 10:00 am', '3/10/2026 10:00']],
    [
      'yyyy-MM-dd HH:mm X',
      ['2026-03-10 10:00 +0100', '2026-03-10 10:00 -00', '2026-03-10 10:00 +24', '2026-03-10 10:00 z'],
    ],
    ['yyyy-MM-dd HH:mm XX', ['2026-03-10 10:00 +01', '2026-03-10 10:00 +01:00', '2026-03-10 10:00 +0160']],
    [
      'yyyy-MM-dd HH:mm:ss.SSS',
      ['2026-03-10 10:00:00.12', '2026-03-10 10:00:00.1234', '2026-03-10 10:00:00'],
    ],
  ] as const)('%s refuses what it does not write', (pattern, texts) => {
    for (const text of texts) expect(compilePattern(pattern).read(text), text).toBeUndefined()
  })

  it.each([
    ['yy-MM-dd', 'century'],
    ['YYYY-MM-dd', 'letter Y'],
    ['yyyy-mm-dd', 'full date'],
    ['yyyy-MM', 'full date'],
    ['HH:mm', 'full date'],
    ['yyyy-MM-DD', 'letter D'],
    ['EEE, dd MMM yyyy', 'letter E'],
    ['yyyy-MM-ddTHH:mm', 'letter T'],
    ['yyyy-MM-dd hh:mm', 'h without a'],
    ['yyyy-MM-dd HH:mm a', 'a without h'],
    ['yyyy-MM-dd ss', 's without m'],
    ['yyyy-MM-dd mm', 'without an hour'],
    ['yyyy-MM-dd X', 'without an hour'],
    ['yyyy-MM-dd HH:mm.SSS', 'S without s'],
    ['dMyyyy', 'end cannot be told'],
    ['yyyyMd', 'end cannot be told'],
    ["yyyy-MM-dd HH:mm X'0'", 'end cannot be told'],
    ['yyyy-MM-dd yyyy', 'two places'],
    ['yyyyy-MM-dd', 'yyyyy'],
    ['yyyy-MM-dd[ HH:mm]', '['],
    ["yyyy-MM-dd'T", 'never closes'],
    ['y-M-d H:m:s.SSSSSSSSSS', 'SSSSSSSSSS'],
    [`yyyy-MM-dd${' '.repeat(100)}`, 'longer'],
    ['%Y-%m-%d', 'letter Y'],
  ])('%s is refused', (pattern, reason) => {
    expect(() => compilePattern(pattern)).toThrow(OptionError)
    expect(() => compilePattern(pattern)).toThrow(reason)
  })
})
