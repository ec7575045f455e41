import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { date } from '../../../transforms/shift/date.ts'
import { Failure, fail, OptionError } from '../../../transforms/transform.ts'
import { context, derive, TEST_SECRET } from '../hash/context.ts'

const DAY = 86_400_000

function compile(options: Record<string, unknown> = {}, own = context()) {
  const { apply } = date.compile(options, own)
  return (text: string, subject: string | undefined = 'cust-1') =>
    apply(text, { subject, eventTime: undefined, now: Date.UTC(2026, 5, 1) })
}

/** Days that a rule moves a subject by. */
function shiftOf(rule: ReturnType<typeof compile>, subject: string): number {
  return (Date.parse(rule('2024-07-15', subject) as string) - Date.parse('2024-07-15')) / DAY
}

/** The shift after the words of the transform's description, with nothing but node:crypto. */
function describedShift(subject: string, maxDays: number, multipleOf: number, domain = 'subject'): number {
  const key = derive(TEST_SECRET, 'shift', domain)
  const mac = createHmac('sha256', key).update(`${maxDays}/${multipleOf}/${subject}`, 'utf8').digest()
  const n = BigInt(Math.floor(maxDays / multipleOf))
  const index = BigInt(`0x${mac.subarray(0, 16).toString('hex')}`) % (2n * n)
  return Number(index < n ? index - n : index - n + 1n) * multipleOf
}

/** 2,000 subjects that differ in a digit or two. */
const EVER = { notBefore: '0001-01-01', notAfter: '9999-12-31' }
const SUBJECTS = Array.from({ length: 2000 }, (_, at) => `cust-${at}`)

const anySubject = fc.string({ unit: 'grapheme', minLength: 1 })
const anyInstant = fc.integer({ min: Date.parse('0011-01-01'), max: Date.parse('9989-01-01') })

describe('shift.date', () => {
  it('shifts as it is described, so that another program can', () => {
    fc.assert(
      fc.property(
        anySubject,
        fc.integer({ min: 7, max: 3650 }),
        fc.constantFrom(undefined, 7),
        (subject, maxDays, multipleOf) => {
          const rule = compile(multipleOf === undefined ? { maxDays } : { maxDays, multipleOf })
          expect(shiftOf(rule, subject)).toBe(describedShift(subject, maxDays, multipleOf ?? 1))
        },
      ),
    )
    expect(shiftOf(compile({ domain: 'visits' }), 'cust-1')).toBe(describedShift('cust-1', 30, 1, 'visits'))
  })

  it('never leaves a date where it is, and never goes beyond maxDays', () => {
    for (const maxDays of [1, 2, 7, 30]) {
      const rule = compile({ maxDays })
      const shifts = new Set(SUBJECTS.map((subject) => shiftOf(rule, subject)))
      const all = Array.from({ length: 2 * maxDays + 1 }, (_, at) => at - maxDays).filter(
        (days) => days !== 0,
      )
      expect([...shifts].sort((a, b) => a - b)).toEqual(all)
    }
  })

  it('covers all shifts about evenly', () => {
    const rule = compile({ maxDays: 10 })
    const counts = new Map<number, number>()
    const many = Array.from({ length: 20_000 }, (_, at) => `subject ${at}`)
    for (const subject of many) {
      const days = shiftOf(rule, subject)
      counts.set(days, (counts.get(days) ?? 0) + 1)
    }
    const expected = many.length / 20
    let chiSquare = 0
    for (const count of counts.values()) chiSquare += (count - expected) ** 2 / expected
    expect(counts.size).toBe(20)
    // 19 degrees of freedom: over 43.8 once in a thousand keys. The key is fixed, so this cannot flicker.
    expect(chiSquare).toBeLessThan(43.8)
  })

  it('says nothing of one subject by the shift of another', () => {
    // Shifts that are linear in the bytes of the subject move all pairs that differ alike by the same distance:
    // one known shift then tells every other.
    const shifts = 60
    const rule = compile({ maxDays: 30 })
    const index = (subject: string) => (shiftOf(rule, subject) + 30 + shifts + 1) % (shifts + 1)
    const distances = new Map<number, number>()
    let equalNeighbours = 0
    for (const subject of SUBJECTS) {
      const first = index(`${subject}-a`)
      const second = index(`${subject}-b`)
      const distance = (second - first + shifts + 1) % (shifts + 1)
      distances.set(distance, (distances.get(distance) ?? 0) + 1)
      if (distance === 0) equalNeighbours++
    }
    // 2,000 pairs over 61 distances: 33 each on average.
    expect(distances.size).toBe(61)
    expect(Math.max(...distances.values())).toBeLessThan(70)
    expect(equalNeighbours).toBeLessThan(70)
  })

  it('says nothing of one domain or range by another', () => {
    const pairs: [ReturnType<typeof compile>, ReturnType<typeof compile>][] = [
      [compile({ maxDays: 30 }), compile({ maxDays: 30, domain: 'visits' })],
      [compile({ maxDays: 30 }), compile({ maxDays: 60 })],
    ]
    for (const [one, other] of pairs) {
      // Among subjects that one rule shifts alike, the other has about all of its shifts.
      const alike = SUBJECTS.filter((subject) => shiftOf(one, subject) === 5)
      expect(alike.length).toBeGreaterThan(20)
      const others = new Set(alike.map((subject) => shiftOf(other, subject)))
      expect(others.size).toBeGreaterThan(alike.length / 2)
    }
  })

  it('depends on the key', () => {
    const one = compile()
    const other = compile({}, context('k2', Buffer.alloc(32, 7)))
    const equal = SUBJECTS.filter((subject) => shiftOf(one, subject) === shiftOf(other, subject))
    expect(equal.length).toBeLessThan(80)
  })

  it('keeps intervals, form, precision, time of day and offset', () => {
    fc.assert(
      fc.property(anySubject, anyInstant, anyInstant, (subject, a, b) => {
        const rule = compile({ maxDays: 3650 })
        const [first, second] = [a, b].map((instant) => new Date(instant).toISOString())
        const [moved, alsoMoved] = [rule(first!, subject) as string, rule(second!, subject) as string]
        expect(Date.parse(alsoMoved) - Date.parse(moved)).toBe(b - a)
        expect(moved.slice(10)).toBe(first!.slice(10))
        const epoch = compile({ maxDays: 3650, format: 'epoch-milliseconds', ...EVER })
        expect(Number(epoch(String(a), subject))).toBe(Date.parse(moved))
        const bare = rule(first!.slice(0, 10), subject)
        expect(bare).toBe(moved.slice(0, 10))
      }),
    )
  })

  it.each([
    ['rfc3339', '2024-07-15 13:45:00.123456789+05:30'],
    ['rfc3339', '2024-07-15t13:45:00z'],
    ['date-time', '2024-07-15T13:45:00'],
    ['date', '2024-07-15'],
  ])('changes nothing but the day of %s %s', (format, text) => {
    const moved = compile({ format })(text) as string
    expect(moved.slice(0, 10)).not.toBe('2024-07-15')
    expect(moved.slice(10)).toBe(text.slice(10))
  })

  it('writes a leap second as second 59, since the other day has none', () => {
    expect(compile()('2016-12-31T23:59:60.25Z')).toMatch(/^\d{4}-\d\d-\d\dT23:59:59\.25Z$/)
  })

  it('shifts epoch numbers by whole days', () => {
    const days = describedShift('cust-1', 30, 1)
    expect(compile({ format: 'epoch-seconds' })('1721051100')).toBe(String(1_721_051_100 + days * 86_400))
    expect(compile({ format: 'epoch-seconds' })('1721051100.50')).toBe(`${1_721_051_100 + days * 86_400}.50`)
    expect(compile({ format: 'epoch-days' })('20522')).toBe(String(20_522 + days))
    expect(compile({ format: 'epoch-nanoseconds' })('1721051100123456789')).toBe(
      `${1_721_051_100 + days * 86_400}123456789`,
    )
  })

  it('keeps weekdays where it shifts by weeks', () => {
    const rule = compile({ maxDays: 70, multipleOf: 7 })
    const shifts = new Set(SUBJECTS.map((subject) => shiftOf(rule, subject)))
    expect([...shifts].sort((a, b) => a - b)).toEqual(
      [-10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((weeks) => weeks * 7),
    )
  })

  it('remembers no subject wrongly, however many there are', () => {
    const rule = compile({ maxDays: 3650 })
    const once = SUBJECTS.map((subject) => shiftOf(rule, subject))
    for (let at = 0; at < 40_000; at++) rule('2024-07-15', `other-${at}`)
    expect(SUBJECTS.map((subject) => shiftOf(rule, subject))).toEqual(once)
    const long = 'x'.repeat(1000)
    expect(shiftOf(rule, long)).toBe(describedShift(long, 3650, 1))
    expect(shiftOf(rule, long)).toBe(describedShift(long, 3650, 1))
  })

  it('fails without a subject, outside the calendar, and for what is not in the format', () => {
    const { apply } = date.compile({}, context())
    expect(apply('2024-07-15', { subject: undefined, eventTime: 0, now: Date.UTC(2026, 5, 1) })).toBe(
      fail('subject-missing'),
    )
    const results = SUBJECTS.slice(0, 50).map((subject) => compile({ maxDays: 3650 })('9999-12-31', subject))
    expect(results).toContain(fail('out-of-domain'))
    expect(results.filter((result) => result instanceof Failure).length).toBeLessThan(50)
    const epochs = SUBJECTS.slice(0, 50).map((subject) =>
      compile({ format: 'epoch-seconds', ...EVER })('-62135596800', subject),
    )
    expect(epochs).toContain(fail('out-of-domain'))
    for (const text of ['2024-02-30', '2024-07-15T13:45:00', '15.07.2024', '1721051100'])
      expect(compile()(text), text).toBe(fail('unparsable'))
  })

  it('never throws, nor returns its input', () => {
    const rules = ['auto', 'date-time', 'epoch-seconds'].map((format) => compile({ format }))
    const near = fc.string({ unit: fc.constantFrom(...'0123456789-:TZ.+'), minLength: 1, maxLength: 26 })
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), near),
        anySubject,
        (text, subject) => {
          for (const rule of rules) expect(rule(text, subject)).not.toBe(text)
        },
      ),
    )
  })

  it('calls few shifts weak, and refuses none at all', () => {
    expect(date.weaknesses({ maxDays: 6 })).toHaveLength(1)
    expect(date.weaknesses({ maxDays: 7 })).toEqual([])
    expect(date.weaknesses({ multipleOf: 7 })).toHaveLength(1)
    expect(date.weaknesses({ multipleOf: 7, maxDays: 49 })).toEqual([])
    expect(() => compile({ multipleOf: 7, maxDays: 6 })).toThrow(OptionError)
  })
})
