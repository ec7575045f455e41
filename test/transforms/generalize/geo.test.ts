import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDecimals, parseDecimal } from '../../../transforms/decimal.ts'
import { geo } from '../../../transforms/generalize/geo.ts'
import { coarser } from '../coarser.ts'
import { compiled, optionError, running, weakOptions } from './compiling.ts'

const order = (left: string, right: string): number => {
  const [a, b] = [parseDecimal(left), parseDecimal(right)]
  if (typeof a === 'string' || typeof b === 'string') throw new Error('no number')
  return compareDecimals(a, b)
}

describe('generalize.geo', () => {
  it.each<[Record<string, unknown>, string, string]>([
    [{ axis: 'latitude' }, '37.7749', '37.7'],
    [{ axis: 'latitude' }, '-37.7749', '-37.8'],
    [{ axis: 'latitude' }, '0.3', '0.3'],
    [{ axis: 'latitude' }, '-0.0', '0'],
    [{ axis: 'latitude' }, '-1e-30', '-0.1'],
    [{ axis: 'latitude', at: 'center' }, '37.7749', '37.75'],
    [{ axis: 'latitude', cell: '0.25', at: 'center' }, '-89.99', '-89.875'],
    [{ axis: 'latitude' }, '90', '89.9'],
    [{ axis: 'latitude', at: 'center' }, '9e1', '89.95'],
    [{ axis: 'latitude' }, '-90', '-90'],
    [{ axis: 'latitude' }, '90.0000000000001', '!out-of-domain'],
    [{ axis: 'latitude' }, '-90.00000000000000000001', '!out-of-domain'],
    [{ axis: 'latitude' }, '1e999999', '!out-of-domain'],
    [{ axis: 'longitude' }, '180', '-180'],
    [{ axis: 'longitude', at: 'center' }, '180.0', '-179.95'],
    [{ axis: 'longitude' }, '-180', '-180'],
    [{ axis: 'longitude' }, '179.99', '179.9'],
    [{ axis: 'longitude' }, '180.0001', '!out-of-domain'],
    [{ axis: 'longitude' }, '122.4194W', '!unparsable'],
    [{ axis: 'both', cell: 5 }, '48.2,16.37', '45,15'],
    [{ axis: 'both', cell: 5 }, '48.2, 16.37', '45,15'],
    [{ axis: 'both' }, '48.2 16.37', '!unparsable'],
    [{ axis: 'both' }, '48.2,  16.37', '!unparsable'],
    [{ axis: 'both' }, '48.2,16.37,100', '!unparsable'],
    [{ axis: 'both' }, '16.37,', '!unparsable'],
    [{ axis: 'both' }, '116.37,48.2', '!out-of-domain'],
  ])('%j of %s: %s', (options, text, expected) => {
    expect(running(geo, options)(text)).toBe(expected)
  })

  it('keeps the kind of one coordinate and writes two as text', () => {
    expect(compiled(geo, { axis: 'latitude' }).yields).toBe('same')
    expect(compiled(geo, { axis: 'both' }).yields).toBe('string')
  })

  const coordinate = fc
    .tuple(fc.integer({ min: -179, max: 179 }), fc.stringMatching(/^\d{1,9}$/))
    .map((parts) => parts.join('.'))

  it('gives the corner of the cell that holds the coordinate', () => {
    const sides = { '0.01': '0.01', '0.25': '0.25', '1.5': '1.5', '30': '30' }
    fc.assert(
      fc.property(coordinate, fc.constantFrom(...Object.keys(sides)), (text, cell) => {
        const low = running(geo, { axis: 'longitude', cell })(text)
        expect(order(low, text)).toBeLessThanOrEqual(0)
        const cells = Number(low) / Number(cell)
        expect(Math.abs(cells - Math.round(cells))).toBeLessThan(1e-6)
        expect(Number(text) - Number(low)).toBeLessThan(Number(cell) + 1e-9)
      }),
    )
  })

  it('decides plain text and exponent form alike, and throws on nothing', () => {
    fc.assert(
      fc.property(coordinate, fc.constantFrom('corner', 'center'), (text, at) => {
        const run = running(geo, { axis: 'longitude', at })
        expect(run(text)).toBe(run(`${text}e0`))
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(running(geo, { axis: 'both' })(text)).toBeTypeOf('string')
      }),
    )
  })

  it.each([0, -1, 0.7, 'x', '0.0000000000001', 180])('does not compile a cell of %s', (cell) => {
    expect(optionError(geo, { axis: 'latitude', cell }).option).toBe('cell')
  })

  it('calls small cells weak, and is coarser with whole multiples', () => {
    expect(weakOptions(geo, { axis: 'latitude', cell: '0.09' })).toEqual(['cell'])
    expect(weakOptions(geo, { axis: 'latitude' })).toEqual([])
    expect(coarser(geo, { axis: 'latitude' }, { axis: 'latitude', cell: 1 })).toBe(true)
    expect(coarser(geo, { axis: 'latitude', cell: 1 }, { axis: 'latitude', cell: 1.5 })).toBe(false)
    expect(coarser(geo, { axis: 'latitude' }, { axis: 'longitude', cell: 1 })).toBe(false)
  })
})
