import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDecimals, parseDecimal } from '../../../transforms/decimal.ts'
import { number } from '../../../transforms/generalize/number.ts'
import { coarser } from '../coarser.ts'
import { compiled, optionError, running, weakOptions } from './compiling.ts'

const below = (left: string, right: string): boolean => {
  const [a, b] = [parseDecimal(left), parseDecimal(right)]
  return typeof a !== 'string' && typeof b !== 'string' && compareDecimals(a, b) < 0
}

const numbers = fc.oneof(
  fc.integer().map(String),
  fc.tuple(fc.integer({ min: -99999, max: 99999 }), fc.nat(9999)).map(([a, b]) => `${a}.${b}`),
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
  fc.tuple(fc.integer(), fc.integer({ min: -20, max: 20 })).map(([a, b]) => `${a}e${b}`),
)

const widths = fc.constantFrom<Record<string, unknown>>(
  { width: 10 },
  { width: 7, origin: 3 },
  { width: '0.25', origin: '-0.1' },
  { width: '1e-3' },
  { width: '12345678901234567890', origin: 5 },
  { width: 5, top: 90, bottom: '-20' },
  { width: 1e6 },
)

describe('generalize.number with a width', () => {
  it('gives the half-open interval that holds the value', () => {
    fc.assert(
      fc.property(numbers, widths, (text, options) => {
        const label = running(number, options)(text)
        const interval = /^\[([-.\d]+),([-.\d]+)\)$/.exec(label)
        const under = /^under (.+)$/.exec(label)
        const over = /^(.+)\+$/.exec(label)
        if (interval) expect(!below(text, interval[1]!) && below(text, interval[2]!)).toBe(true)
        else if (under) expect(below(text, under[1]!)).toBe(true)
        else expect(over !== null && !below(text, over[1]!)).toBe(true)
      }),
    )
  })

  it('decides short plain numbers as it decides the same numbers in exponent form', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^-?\d{1,9}(\.\d{1,4})?$/), widths, (text, options) => {
        const apply = running(number, options)
        expect(apply(text)).toBe(apply(`${text}e0`))
      }),
    )
  })

  it.each([
    ['9007199254740993', '[9007199254740992,9007199254740994)'],
    ['-0', '[0,2)'],
    ['-0.0000000000000000001', '[-2,0)'],
    ['1.99999999999999999999', '[0,2)'],
    ['20e-1', '[2,4)'],
  ])('is exact: %s', (text, expected) => {
    expect(running(number, { width: 2 })(text)).toBe(expected)
  })

  it('takes 40 digits and no more', () => {
    expect(running(number, { width: 3 })('1e39')).toBe(`[${'9'.repeat(39)},1${'0'.repeat(38)}2)`)
    expect(running(number, { width: 3 })('1e40')).toBe('!out-of-domain')
    expect(running(number, { width: 10 })('1e999')).toBe('!out-of-domain')
  })

  it('closes the ends where told', () => {
    const apply = running(number, { width: 9, origin: 18, bottom: 18, top: 90 })
    expect(['17.999', '18', '26', '27', '89.9', '90', '9e1', '89.9e0', '1e30', '-1e30'].map(apply)).toEqual([
      'under 18',
      '[18,27)',
      '[18,27)',
      '[27,36)',
      '[81,90)',
      '90+',
      '90+',
      '[81,90)',
      '90+',
      'under 18',
    ])
  })

  it('gives midpoints, and the bounds for the tails', () => {
    const apply = running(number, { width: 5, top: 20, bottom: 0, as: 'midpoint' })
    expect(['0', '4.9', '12', '20', '-3'].map(apply)).toEqual(['2.5', '2.5', '12.5', '20', '0'])
    expect(compiled(number, { width: 5, as: 'midpoint' }).yields).toBe('number')
    expect(compiled(number, { width: 5 }).yields).toBe('string')
  })

  it('keeps giving right labels beyond those it keeps ready', () => {
    const apply = running(number, { width: 2 })
    for (let value = 0; value < 20_000; value += 2)
      expect(apply(String(value))).toBe(`[${value},${value + 2})`)
  })
})

describe('generalize.number with edges', () => {
  it('gives the interval between neighbours, and the tails', () => {
    const apply = running(number, { edges: [18, '30.5', 65] })
    expect(['17', '18', '30.49', '30.5', '64.99', '65', '1e30'].map(apply)).toEqual([
      'under 18',
      '[18,30.5)',
      '[18,30.5)',
      '[30.5,65)',
      '[30.5,65)',
      '65+',
      '65+',
    ])
    expect(running(number, { edges: [10, 20], as: 'midpoint' })('11')).toBe('15')
  })

  it('agrees with comparing the value to every edge', () => {
    fc.assert(
      fc.property(
        numbers,
        fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }),
        (text, some) => {
          const edges = some.toSorted((a, b) => a - b)
          const reached = edges.filter((edge) => !below(text, String(edge))).length
          const expected =
            reached === 0
              ? `under ${edges[0]}`
              : reached === edges.length
                ? `${edges.at(-1)}+`
                : `[${edges[reached - 1]},${edges[reached]})`
          expect(running(number, { edges })(text)).toBe(expected)
          expect(
            running(number, { edges })(`${text.replace('e', '00e').replace(/^(-?\d+)$/, '$1.0')}`),
          ).toBeTypeOf('string')
        },
      ),
    )
  })

  it('decides edges that a double does not hold', () => {
    const apply = running(number, { edges: ['9007199254740992', '9007199254740993', '9007199254740994'] })
    expect(apply('9007199254740993')).toBe('[9007199254740993,9007199254740994)')
  })
})

describe('generalize.number, refusals', () => {
  it.each(['NaN', 'Infinity', '0x10', '1,000', ' 1', '', 'twelve', '12 kg'])('fails on %j', (text) => {
    expect(running(number, { width: 10 })(text)).toBe('!unparsable')
    expect(running(number, { edges: [10] })(text)).toBe('!unparsable')
  })

  it('fails on numbers without bound', () => {
    expect(running(number, { width: 10 })('1e999999999')).toBe('!out-of-domain')
    expect(running(number, { edges: [10] })('-1e999999999')).toBe('!out-of-domain')
  })

  it('throws on nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), widths, (text, options) => {
        expect(running(number, options)(text)).not.toBe(text)
      }),
    )
  })

  it.each<[Record<string, unknown>, string]>([
    [{}, 'width'],
    [{ width: 10, edges: [1] }, 'width'],
    [{ width: 0 }, 'width'],
    [{ width: '-1' }, 'width'],
    [{ width: 'wide' }, 'width'],
    [{ edges: [2, 1] }, 'edges'],
    [{ edges: [1, '1.0'] }, 'edges'],
    [{ edges: [1, 2], top: 2 }, 'top'],
    [{ width: 20, top: 90 }, 'top'],
    [{ width: 10, bottom: 5 }, 'bottom'],
    [{ width: 10, bottom: 50, top: 50 }, 'bottom'],
  ])('does not compile %j', (options, option) => {
    expect(optionError(number, options).option).toBe(option)
    expect(number.weaknesses(number.options.parse(options))).toBeInstanceOf(Array)
  })

  it('calls intervals weak that hold one whole number', () => {
    expect(weakOptions(number, { width: 1 })).toEqual(['width'])
    expect(weakOptions(number, { edges: [1, 2, 3] })).toEqual(['edges'])
    expect(weakOptions(number, { width: 2 })).toEqual([])
    expect(weakOptions(number, { edges: [18] })).toEqual([])
  })
})

describe('generalize.number, coarser', () => {
  it.each<[Record<string, unknown>, Record<string, unknown>, boolean]>([
    [{ width: 5 }, { width: 10 }, true],
    [{ width: 5 }, { width: 5 }, true],
    [{ width: 10 }, { width: 5 }, false],
    [{ width: 10 }, { width: 15 }, false],
    [{ width: 5 }, { width: 10, origin: 5 }, true],
    [{ width: 5 }, { width: 10, origin: 2 }, false],
    [{ width: '0.1' }, { width: '0.3' }, true],
    [{ width: 5, top: 90 }, { width: 10 }, false],
    [{ width: 5 }, { width: 10, top: 90 }, true],
    [{ width: 5, top: 90 }, { width: 10, top: 100 }, false],
    [{ width: 5, top: 90 }, { width: 10, top: 80 }, true],
    [{ width: 5, bottom: 10 }, { width: 5, bottom: 0 }, false],
    [{ width: 5 }, { edges: [15, 40] }, true],
    [{ width: 5 }, { edges: [15, 41] }, false],
    [{ width: 5, top: 30 }, { edges: [15, 40] }, false],
    [{ edges: [1, 2, 3] }, { edges: [1, 3] }, true],
    [{ edges: [1, 3] }, { edges: [1, 2, 3] }, false],
    [{ edges: [10, 20] }, { width: 10, bottom: 10, top: 20 }, false],
    [{ width: 0 }, { width: 10 }, false],
  ])('%j to %j: %s', (previous, next, expected) => {
    expect(coarser(number, previous, next)).toBe(expected)
  })

  it('holds what it says: equal before is equal after', () => {
    const stated = fc.oneof(
      fc.record({ width: fc.integer({ min: 1, max: 6 }), origin: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ edges: fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 4 }) }),
    )
    const sorted = (options: { width: number } | { edges: number[] }) =>
      'edges' in options ? { edges: options.edges.toSorted((a, b) => a - b) } : options
    fc.assert(
      fc.property(stated, stated, (first, second) => {
        const [previous, next] = [sorted(first), sorted(second)]
        fc.pre(coarser(number, previous, next))
        const [fine, coarse] = [running(number, previous), running(number, next)]
        const labels = new Map<string, string>()
        for (let value = -20; value < 30; value += 0.5) {
          const known = labels.get(fine(String(value)))
          expect(known ?? coarse(String(value))).toBe(coarse(String(value)))
          labels.set(fine(String(value)), coarse(String(value)))
        }
      }),
    )
  })
})
