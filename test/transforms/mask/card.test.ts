import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { card } from '../../../transforms/mask/card.ts'
import { fail, OptionError } from '../../../transforms/transform.ts'
import { coarser } from '../coarser.ts'
import { maskContext, NO_RECORD } from './context.ts'

const apply = (options: object, text: string) => card.compile(options, maskContext()).apply(text, NO_RECORD)
const digitsOf = (text: string) => text.replace(/[ -]/g, '')

/** Luhn, from the words of ISO/IEC 7812-1 annex B: the digit that completes a number. */
function checkDigit(payload: string): number {
  const sum = [...payload]
    .reverse()
    .map((digit, at) => Number(digit) * (at % 2 === 0 ? 2 : 1))
    .reduce((total, weighed) => total + Math.floor(weighed / 10) + (weighed % 10), 0)
  return (10 - (sum % 10)) % 10
}

const numbers = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 11, maxLength: 18 }),
    fc.array(fc.constantFrom('', '', '', ' ', '-'), { minLength: 18, maxLength: 18 }),
  )
  .map(([payload, separators]) => {
    const digits = payload + checkDigit(payload)
    return [...digits].map((digit, at) => (at === 0 ? digit : separators[at - 1] + digit)).join('')
  })

describe('mask.card', () => {
  it.each(card.examples)('$title', ({ options, input, output }) => {
    expect(apply(options, input)).toEqual(typeof output === 'string' ? output : fail(output.fails))
  })

  it('hides at least six digits, shows no more than asked, and leaves separators where they are', () => {
    fc.assert(
      fc.property(numbers, fc.nat(6), fc.nat(4), (text, keepFirst, keepLast) => {
        const result = apply({ keepFirst, keepLast }, text) as string
        expect(result.replace(/[0-9*]/g, 'd')).toBe(text.replace(/[0-9]/g, 'd'))
        const before = digitsOf(text)
        const after = digitsOf(result)
        const hidden = after.split('*').length - 1
        expect(hidden).toBe(Math.max(6, before.length - keepFirst - keepLast))
        expect(after).toMatch(/^[0-9]*\*{6,}[0-9]*$/)
        expect([...after].every((sign, at) => sign === '*' || sign === before[at])).toBe(true)
        expect(after.lastIndexOf('*')).toBe(before.length - keepLast - 1)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    '4111 1111 111',
    '41111111111111111111',
    '4111  1111 1111 1111',
    ' 4111111111111111',
    '4111111111111111 ',
    '4111.1111.1111.1111',
    '４１１１１１１１１１１１１１１１',
    '4.111111111111111e15',
    'x',
    '-4111111111111111',
  ])('does not take %j', (text) => {
    expect(apply({ luhn: 'ignore' }, text)).toBe(fail('unparsable'))
  })

  it('catches every single wrong digit, unless told not to look', () => {
    const good = '5555555555554444'
    for (let at = 0; at < good.length; at++) {
      for (let by = 1; by < 10; by++) {
        const bad = good.slice(0, at) + ((Number(good[at]) + by) % 10) + good.slice(at + 1)
        expect(apply({}, bad)).toBe(fail('out-of-domain'))
        expect(apply({ luhn: 'ignore', keepLast: 0 }, bad)).toBe('*'.repeat(16))
      }
    }
  })

  it('holds the limits of PCI DSS in the schema', () => {
    expect(card.options.safeParse({ keepFirst: 7 }).success).toBe(false)
    expect(card.options.safeParse({ keepLast: 5 }).success).toBe(false)
    expect(card.options.safeParse({ keepFirst: 6, keepLast: 4 }).success).toBe(true)
  })

  it('calls first six and last four weak, and says how few numbers are left', () => {
    expect(card.weaknesses({ keepFirst: 6 })[0]?.reason).toContain('about 100,000 numbers')
    expect(card.weaknesses({ keepFirst: 4 })).toEqual([])
  })

  it('refuses a digit as mask sign', () => {
    expect(() => card.compile({ with: '0' }, maskContext())).toThrow(OptionError)
    expect(() => card.compile({ with: '٣' }, maskContext())).toThrow(OptionError)
  })

  it('is coarser where it keeps less and takes no more', () => {
    expect(coarser(card, { keepFirst: 6 }, { keepFirst: 4 })).toBe(true)
    expect(coarser(card, { keepFirst: 6, keepLast: 4 }, { keepFirst: 6, keepLast: 0 })).toBe(false)
    expect(coarser(card, { keepLast: 4 }, { keepLast: 4, luhn: 'ignore' })).toBe(false)
    expect(coarser(card, { keepLast: 0 }, { keepLast: 1 })).toBe(false)
  })
})
