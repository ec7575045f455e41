import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  floorDivide,
  isMultiple,
  midpoint,
  parseDecimal,
  plainUnits,
  printDecimal,
  printUnits,
  roundedUnits,
  unitsAt,
} from '../../transforms/decimal.ts'
import { decimalOption } from '../../transforms/decimal-option.ts'
import { OptionError } from '../../transforms/transform.ts'
import { processorMs } from '../processor-time.ts'

function decimal(text: string): Decimal {
  const value = parseDecimal(text)
  if (typeof value === 'string') throw new Error(`${text}: ${value}`)
  return value
}

const canonical = (text: string): string => printDecimal(decimal(text))

/** A number as sign, digits before and after the point and exponent, and its exact value as a fraction. */
const written = fc
  .record({
    sign: fc.constantFrom('', '-', '+'),
    whole: fc.stringMatching(/^\d{0,20}$/),
    fraction: fc.option(fc.stringMatching(/^\d{0,20}$/), { nil: undefined }),
    exponent: fc.option(fc.integer({ min: -30, max: 30 }), { nil: undefined }),
    letter: fc.constantFrom('e', 'E', 'e+'),
  })
  .filter(({ whole, fraction }) => whole + (fraction ?? '') !== '')
  .map(({ sign, whole, fraction, exponent, letter }) => {
    const mark = exponent !== undefined && exponent < 0 ? letter.charAt(0) : letter
    const text =
      sign +
      whole +
      (fraction === undefined ? '' : `.${fraction}`) +
      (exponent === undefined ? '' : mark + exponent)
    const size = BigInt(whole + (fraction ?? ''))
    const shift = (exponent ?? 0) - (fraction ?? '').length
    const top = (sign === '-' ? -size : size) * 10n ** BigInt(Math.max(0, shift))
    const bottom = 10n ** BigInt(Math.max(0, -shift))
    return { text, top, bottom }
  })
  .filter(({ text }) => parseDecimal(text) !== 'out-of-domain')

const equalsFraction = (value: Decimal, top: bigint, bottom: bigint): boolean =>
  value.units * bottom === top * 10n ** BigInt(value.scale)

describe('parseDecimal', () => {
  it.each([
    ['9007199254740993', '9007199254740993'],
    ['-0', '0'],
    ['-0.0e5', '0'],
    ['1e39', `1${'0'.repeat(39)}`],
    ['-1.5E-3', '-0.0015'],
    ['0012.3400', '12.34'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['+7', '7'],
    ['0e999999999', '0'],
    ['100', '100'],
    ['0.1', '0.1'],
  ])('reads %s', (text, expected) => {
    expect(canonical(text)).toBe(expected)
  })

  it.each([
    '',
    '.',
    '-',
    '+',
    'e5',
    '1e',
    '1e+',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x1F',
    '1,000',
    '1 000',
    ' 1',
    '1 ',
    '1_000',
    '1.2.3',
    '--1',
    '１',
    '٣',
    'true',
    '1\n',
    '\u22125',
  ])('refuses %j', (text) => {
    expect(parseDecimal(text)).toBe('unparsable')
  })

  it.each([
    '1e999999999',
    '1e-999999999',
    '1e40',
    '1e-41',
    `1${'0'.repeat(40)}`,
    `${'1'.repeat(20)}.${'1'.repeat(21)}`,
    '1e99999999999999999999',
  ])('says of %s that it is too long', (text) => {
    expect(parseDecimal(text)).toBe('out-of-domain')
  })

  it('takes up to 40 digits, before and after the point together', () => {
    expect(canonical('1e39')).toHaveLength(40)
    expect(canonical('1e-40')).toHaveLength(42)
    expect(canonical(`${'1'.repeat(20)}.${'1'.repeat(20)}`)).toHaveLength(41)
    expect(canonical(`1.${'0'.repeat(5000)}`)).toBe('1')
    expect(canonical(`${'0'.repeat(5000)}1`)).toBe('1')
  })

  it('costs nothing for a huge exponent and is linear in long text', () => {
    const start = processorMs()
    for (let i = 0; i < 1000; i++) parseDecimal('9e999999999')
    expect(parseDecimal('1'.repeat(1_000_000))).toBe('out-of-domain')
    expect(parseDecimal(`${'1'.repeat(1_000_000)}x`)).toBe('unparsable')
    expect(processorMs() - start).toBeLessThan(5000)
  })

  it('holds the exact value, in its shortest form', () => {
    fc.assert(
      fc.property(written, ({ text, top, bottom }) => {
        const value = decimal(text)
        expect(equalsFraction(value, top, bottom)).toBe(true)
        expect(value.scale === 0 || value.units % 10n !== 0n).toBe(true)
      }),
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[-+.eE0-9]*$/)), (text) => {
        const value = parseDecimal(text)
        if (typeof value !== 'string') expect(decimal(printDecimal(value))).toEqual(value)
      }),
    )
  })
})

describe('arithmetic', () => {
  const pair = fc.tuple(written, written)

  it('adds exactly: 0.1 + 0.2 is 0.3', () => {
    expect(printDecimal(addDecimals(decimal('0.1'), decimal('0.2')))).toBe('0.3')
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const sum = addDecimals(decimal(a.text), decimal(b.text))
        expect(equalsFraction(sum, a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom)).toBe(true)
        const half = midpoint(decimal(a.text), decimal(b.text))
        expect(equalsFraction(half, a.top * b.bottom + b.top * a.bottom, 2n * a.bottom * b.bottom)).toBe(true)
      }),
    )
  })

  it('compares as fractions do', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const difference = a.top * b.bottom - b.top * a.bottom
        expect(compareDecimals(decimal(a.text), decimal(b.text))).toBe(
          difference < 0n ? -1 : difference > 0n ? 1 : 0,
        )
      }),
    )
  })

  it('knows whole multiples of a unit, whatever the places of both', () => {
    const multiple = (value: string, unit: string) => isMultiple(decimal(value), decimal(unit))
    expect([multiple('0.3', '0.1'), multiple('-2', '0.25'), multiple('0', '7')]).toEqual([true, true, true])
    expect([multiple('0.35', '0.1'), multiple('1', '3')]).toEqual([false, false])
  })

  it('rounds halves away from zero', () => {
    expect(
      ['0.5', '-0.5', '1.49', '-1.5', '2', '0.05'].map((text) => roundedUnits(decimal(text), 0)),
    ).toEqual([1n, -1n, 1n, -2n, 2n, 0n])
    expect(roundedUnits(decimal('1.005'), 2)).toBe(101n)
    expect(roundedUnits(decimal('1.5'), 3)).toBe(1500n)
  })

  it('floors division toward minus infinity', () => {
    expect([floorDivide(-1n, 10n), floorDivide(-10n, 10n), floorDivide(9n, 10n)]).toEqual([-1n, -1n, 0n])
  })
})

describe('plainUnits', () => {
  it('is the floor of value × 10**scale, or gives up', () => {
    const plain = fc.stringMatching(/^-?\d{1,18}(\.\d{1,30})?$/)
    fc.assert(
      fc.property(
        fc.oneof(
          plain,
          written.map(({ text }) => text),
        ),
        fc.integer({ min: 0, max: 6 }),
        (text, scale) => {
          const units = plainUnits(text, scale)
          if (!Number.isNaN(units)) expect(BigInt(units)).toBe(unitsAt(decimal(text), scale))
        },
      ),
    )
  })

  it.each([
    ['42', 0, 42],
    ['-0', 0, 0],
    ['-0.5', 0, -1],
    ['-0.50', 1, -5],
    ['19.99', 1, 199],
    ['7', 2, 700],
  ])('takes %s at scale %i', (text, scale, expected) => {
    expect(plainUnits(text, scale)).toBe(expected)
  })

  it.each([
    '',
    '-',
    '.5',
    '5.',
    '1e3',
    '+1',
    '9007199254740993',
    '12345678901234567890',
    'a',
    '1a',
    '1.2a',
    ' 1',
  ])('gives up on %j', (text) => {
    expect(plainUnits(text, 0)).toBeNaN()
  })

  it('gives up where the result is not safe in a double', () => {
    expect(plainUnits('9999999999', 6)).toBeNaN()
    expect(plainUnits('999999999', 6)).toBe(999999999000000)
  })
})

it('prints units without needless digits', () => {
  expect([
    printUnits(0n, 3),
    printUnits(-5n, 1),
    printUnits(1230, 2),
    printUnits(100n, 0),
    printUnits(-0, 0),
  ]).toEqual(['0', '-0.5', '12.3', '100', '0'])
})

it('reads numbers of a policy', () => {
  expect(printDecimal(decimalOption(0.1, 'width'))).toBe('0.1')
  expect(printDecimal(decimalOption(1e21 / 1e21, 'width'))).toBe('1')
  expect(() => decimalOption('ten', 'width')).toThrow(OptionError)
  expect(() => decimalOption(Number.NaN, 'width')).toThrow(OptionError)
  expect(() => decimalOption(2 ** 53, 'width')).toThrow(/digits/)
})
