import { createHmac, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDecimals, parseDecimal, subtractDecimals } from '../../../transforms/decimal.ts'
import { number } from '../../../transforms/noise/number.ts'
import {
  compiled,
  contextWith,
  optionError,
  running,
  TEST_KEY,
  weakOptions,
} from '../generalize/compiling.ts'

const of = (subject: string | undefined) => ({ subject, eventTime: undefined, now: 0 })

function run(
  options: Record<string, unknown>,
  subject: string | undefined = 'c-1',
): (text: string) => string {
  return running(number, options, contextWith(), of(subject))
}

function order(left: string, right: string): number {
  const [a, b] = [parseDecimal(left), parseDecimal(right)]
  if (typeof a === 'string' || typeof b === 'string') throw new Error('no number')
  return compareDecimals(a, b)
}

const amounts = fc.tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(9999)).map(([a, b]) => `${a}.${b}`)

describe('noise.number', () => {
  it.each(number.examples)('example: $title', ({ options, input, output, subject }) => {
    expect(running(number, options, contextWith(), of(subject))(input)).toBe(
      typeof output === 'string' ? output : `!${output.fails}`,
    )
  })

  it('is what its description says, computed with nothing but node:crypto', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.string({ minLength: 1 }),
        fc.integer({ min: 1, max: 1000 }),
        (value, subject, span) => {
          const key = new Uint8Array(hkdfSync('sha256', TEST_KEY, '', 'lethe/v1/noise/money', 32))
          const text = `${Buffer.byteLength(subject)}:${subject}${value}`
          const mac = createHmac('sha256', key).update(text, 'utf8').digest('hex')
          const offsets = []
          for (let offset = -span; offset <= span; offset++) if (offset !== 0) offsets.push(offset)
          const offset = offsets[Number(BigInt(`0x${mac.slice(0, 32)}`) % BigInt(offsets.length))]!
          expect(run({ span, domain: 'money' }, subject)(String(value))).toBe(String(value + offset))
        },
      ),
    )
  })

  it('stays within the span and never gives the value back', () => {
    fc.assert(
      fc.property(
        amounts,
        fc.constantFrom(0, 1, 2),
        fc.integer({ min: 1, max: 50 }),
        (text, decimals, span) => {
          const result = run({ span, decimals })(text)
          expect(order(result, text)).not.toBe(0)
          const far = subtractDecimals(parseDecimal(result) as never, parseDecimal(text) as never)
          expect(Math.abs(Number(far.units) / 10 ** far.scale)).toBeLessThanOrEqual(span + 0.5)
          expect(result).toMatch(decimals === 0 ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/)
        },
      ),
    )
  })

  it('takes a share of the value, and so much of a small one that ten results are possible', () => {
    const tenth = run({ ratio: 0.1 })
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (value) => {
        const result = Number(tenth(String(value)))
        expect(result).not.toBe(value)
        expect(Math.abs(result - value)).toBeLessThanOrEqual(Math.max(5, Math.abs(value) / 10))
      }),
    )
    for (const value of ['0', '7', '-12']) {
      const results = new Set(Array.from({ length: 400 }, (_, n) => run({ ratio: 0.1 }, `c-${n}`)(value)))
      expect(results.size).toBe(10)
    }
    const bounded = run({ ratio: 0.1, min: 0, max: 4 })
    for (const value of ['0', '1', '2', '3', '4']) {
      expect(Number(bounded(value))).toBeGreaterThanOrEqual(0)
      expect(Number(bounded(value))).toBeLessThanOrEqual(4)
    }
  })

  it('gives one result for one number, however it is written, and for one subject and field', () => {
    const noisy = run({ span: 1000 })
    expect(new Set(['100', '100.0', '1e2', '+100', '0100'].map(noisy)).size).toBe(1)
    expect(noisy('100')).toBe(run({ span: 1000 })('100'))
    const others = [run({ span: 1000 }, 'c-2')('100'), run({ span: 1000, domain: 'other' })('100')]
    expect(new Set([noisy('100'), ...others]).size).toBe(3)
    // Length before subject: no two pairs of subject and number run together.
    expect(run({ span: 1_000_000_000 }, '1')('11')).not.toBe(
      String(Number(run({ span: 1_000_000_000 }, '11')('1')) + 10),
    )
  })

  it('does not shift all values of a subject alike', () => {
    const noisy = run({ span: 1_000_000 })
    const offsets = Array.from({ length: 50 }, (_, value) => Number(noisy(String(value))) - value)
    expect(new Set(offsets).size).toBe(50)
  })

  it('reaches every offset but 0, about equally often', () => {
    const counts = new Map<number, number>()
    for (let at = 0; at < 6000; at++) {
      const offset = Number(run({ span: 3 }, `c-${at}`)('10')) - 10
      counts.set(offset, (counts.get(offset) ?? 0) + 1)
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([-3, -2, -1, 1, 2, 3])
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })

  it('mirrors at the value what would pass min or max', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.string({ minLength: 1 }), (value, subject) => {
        const result = Number(run({ span: 50, min: 0, max: 100 }, subject)(String(value)))
        expect(result >= 0 && result <= 100 && result !== value && Math.abs(result - value) <= 50).toBe(true)
        const share = Number(run({ ratio: 1, min: 0, max: 100 }, subject)(String(value)))
        expect(share >= 0 && share <= 100 && share !== value).toBe(true)
        const high = Number(run({ ratio: 1, min: 1000, max: 1100 }, subject)(String(1000 + value)))
        expect(high >= 1000 && high <= 1100 && high !== 1000 + value).toBe(true)
        expect(Number(run({ span: 50, min: 0 }, subject)(String(value)))).toBeGreaterThanOrEqual(0)
      }),
    )
    expect(run({ span: 5, min: 0, max: 100 })('-0.001')).toBe('!out-of-domain')
    expect(run({ span: 5, min: 0, max: 100 })('100.001')).toBe('!out-of-domain')
  })

  it('is exact on long numbers', () => {
    const result = run({ span: 5 })('90071992547409930000')
    expect(result).not.toBe('90071992547409930000')
    expect(BigInt(result) - 90071992547409930000n).toBeLessThanOrEqual(5n)
    expect(run({ span: '100000000000000000000' })('0')).toMatch(/^-?\d{15,21}$/)
  })

  it('fails on what is not a number, and without a subject; throws on nothing', () => {
    expect(run({ span: 5 })('12 EUR')).toBe('!unparsable')
    expect(run({ span: 5 })('1e999999999')).toBe('!out-of-domain')
    expect(running(number, { span: 5 }, contextWith(), of(undefined))('1')).toBe('!subject-missing')
    expect(run({ span: 5 }, '')('1')).toBe('!subject-missing')
    const noisy = run({ span: 5 })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(noisy(text)).not.toBe(text)
      }),
    )
  })

  it('writes what it gets: a number as a number', () => {
    expect(compiled(number, { span: 1 }).yields).toBe('same')
  })

  it.each<[Record<string, unknown>, string]>([
    [{}, 'span'],
    [{ span: 1, ratio: 1 }, 'span'],
    [{ span: 0 }, 'span'],
    [{ span: 0.5 }, 'span'],
    [{ ratio: 0 }, 'ratio'],
    [{ ratio: 1.01 }, 'ratio'],
    [{ span: 5, min: 0, max: 9 }, 'max'],
    [{ ratio: 1, min: 0, max: 1 }, 'max'],
    [{ span: 5, min: '0.5' }, 'min'],
  ])('does not compile %j', (options, option) => {
    expect(optionError(number, options).option).toBe(option)
  })

  it('calls little noise weak', () => {
    expect(weakOptions(number, { span: 4 })).toEqual(['span'])
    expect(weakOptions(number, { span: 4, decimals: 1 })).toEqual([])
    expect(weakOptions(number, { ratio: '0.009' })).toEqual(['ratio'])
    expect(weakOptions(number, { ratio: 0.1 })).toEqual([])
  })
})
