/** All forms of a number have one text, and no two numbers have the same. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hasOtherForm, numberText } from '../../../src/engine/number-text.ts'

/** A number as digits and a power of ten. */
const anyNumber = fc.record({
  isNegative: fc.boolean(),
  digits: fc.bigInt({ min: 1n, max: 10n ** 40n }).map(String),
  power: fc.integer({ min: -60, max: 60 }),
})
type AnyNumber = typeof anyNumber extends fc.Arbitrary<infer T> ? T : never

/** One of its forms, with zeros more, and the point and the exponent moved. */
function formOf({ isNegative, digits, power }: AnyNumber, zeros: number, moved: number, e: string): string {
  const all = `${digits}${'0'.repeat(zeros)}`
  const behind = Math.min(moved, all.length - 1)
  const point = behind === 0 ? all : `${all.slice(0, -behind)}.${all.slice(-behind)}`
  const exponent = power - zeros + behind
  return `${isNegative ? '-' : ''}${point}${exponent === 0 ? '' : `${e}${exponent}`}`
}

const anyForm = fc.tuple(fc.nat(5), fc.nat(50), fc.constantFrom('e', 'E'))

it('takes all forms of a number for one', () => {
  fc.assert(
    fc.property(anyNumber, anyForm, anyForm, (number, one, other) => {
      expect(numberText(formOf(number, ...one))).toBe(numberText(formOf(number, ...other)))
    }),
  )
})

it('takes no two numbers for one', () => {
  fc.assert(
    fc.property(anyNumber, anyNumber, anyForm, (one, other, form) => {
      const value = ({ isNegative, digits, power }: AnyNumber) =>
        `${isNegative} ${digits.replace(/0+$/, '')} ${power + (/0*$/.exec(digits)?.[0].length ?? 0)}`
      const isSame = numberText(formOf(one, ...form)) === numberText(formOf(other, ...form))
      expect(isSame).toBe(value(one) === value(other))
    }),
  )
})

it.each([
  ['1001.0', '1001'],
  ['1e3', '1000'],
  ['-0', '0'],
  ['-0.0', '0'],
  ['0.10', '1e-1'],
  ['-5', '-5'],
  ['007', '007'],
  ['1e5f', '1e5f'],
  ['1.2.3', '1.2.3'],
  ['2024-01-01', '2024-01-01'],
  ['', ''],
  ['1e999999999', '1e999999999'],
])('%s is %s', (text, expected) => {
  expect(numberText(text)).toBe(expected)
})

it('is asked of every text that it would change', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: fc.constantFrom(...'01.eE+-a') }), fc.string()), (text) => {
      const bytes = Buffer.from(` ${text}`)
      if (!hasOtherForm(bytes, 1, bytes.length)) expect(numberText(text)).toBe(text)
    }),
  )
})
