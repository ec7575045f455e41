import { z } from 'zod'
import {
  compareDecimals,
  type Decimal,
  floorDivide,
  isMultiple,
  parseDecimal,
  printDecimal,
  subtractDecimals,
  unitsAt,
} from '../decimal.ts'
import { type NotationOptions, notationOptions, reading } from '../decimal-notation.ts'
import { decimalOption } from '../decimal-option.ts'
import { halves } from '../halves.ts'
import { ASSUMED_ALL, part } from '../reveals/revelation.ts'
import { defineTransform, fail, OptionError, type Transform, type Weakness } from '../transform.ts'
import { type Intervals, widths } from './intervals.ts'
import { byEdges, byWidth } from './number-intervals.ts'

const decimal = z.union([z.number(), z.string().min(1)])

const options = z.strictObject({
  width: decimal
    .optional()
    .describe(
      "Width of every interval, above 0: a number, or decimal text such as '0.25'. Give this or `edges`.",
    ),
  origin: decimal
    .default(0)
    .describe('Where an interval starts, from which the others are counted. Only beside `width`.'),
  edges: z
    .array(decimal)
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'Where intervals start, ascending. Below the first and from the last on there is one interval each.',
    ),
  top: decimal
    .optional()
    .describe(
      'Values from here on are one interval, labelled `90+`. Lies on an interval’s start. Only beside `width`.',
    ),
  bottom: decimal
    .optional()
    .describe(
      'Values below are one interval, labelled `under 18`. Lies on an interval’s start. Only beside `width`.',
    ),
  as: z
    .enum(['label', 'midpoint'])
    .default('label')
    .describe(
      'label: text, `[20,30)`. midpoint: the number in the middle, `25`; for the two tails the number that bounds them.',
    ),
  ...notationOptions,
})

export interface NumberOptions extends NotationOptions {
  readonly width?: number | string | undefined
  readonly origin: number | string
  readonly edges?: readonly (number | string)[] | undefined
  readonly top?: number | string | undefined
  readonly bottom?: number | string | undefined
  readonly as: 'label' | 'midpoint'
}

function need(holds: boolean, message: string, option: string, suggestion: string): asserts holds {
  if (!holds) throw new OptionError(message, option, suggestion)
}

/** The intervals that the options state. Throws `OptionError` where they state none, or two kinds. */
export function intervalsOf(stated: NumberOptions): Intervals {
  if (stated.edges !== undefined) {
    need(stated.width === undefined, 'width and edges exclude each other', 'width', 'give one of the two')
    need(stated.top === undefined, 'with edges the last edge is the top', 'top', 'make it the last edge')
    need(
      stated.bottom === undefined,
      'with edges the first edge is the bottom',
      'bottom',
      'make it the first edge',
    )
    const edges = stated.edges.map((edge) => decimalOption(edge, 'edges'))
    const ascending = edges.every((edge, at) => at === 0 || compareDecimals(edges[at - 1]!, edge) < 0)
    need(ascending, 'edges do not ascend', 'edges', 'sort them and drop repeated ones')
    return { edges }
  }
  need(stated.width !== undefined, 'neither width nor edges is given', 'width', 'give one of the two')
  const width = decimalOption(stated.width, 'width')
  need(width.units > 0n, 'width is not above 0', 'width', 'give a positive width')
  const origin = decimalOption(stated.origin, 'origin')
  const tail = (option: 'top' | 'bottom'): Decimal | undefined => {
    const value = stated[option]
    if (value === undefined) return undefined
    const at = decimalOption(value, option)
    const starts = isMultiple(subtractDecimals(at, origin), width)
    need(starts, `${option} lies inside an interval`, option, 'move it to origin + k × width, or give edges')
    return at
  }
  const top = tail('top')
  const bottom = tail('bottom')
  if (top !== undefined && bottom !== undefined)
    need(compareDecimals(bottom, top) < 0, 'bottom is not below top', 'bottom', 'exchange the two')
  return { width, origin, top, bottom }
}

/** As `intervalsOf`; undefined where the options state none. `compile` says why. */
function statedIntervals(stated: NumberOptions): Intervals | undefined {
  try {
    return intervalsOf(stated)
  } catch (error) {
    if (error instanceof OptionError) return undefined
    throw error
  }
}

/** Of an interval between two bounds. */
const LABEL = /^\[([^,]+),([^,]+)\)$/

function weaknesses(stated: NumberOptions): readonly Weakness[] {
  const intervals = statedIntervals(stated)
  if (intervals === undefined) return []
  if (widths([intervals]).usual > 1) return []
  return [
    {
      option: 'edges' in intervals ? 'edges' : 'width',
      reason:
        'edges' in intervals
          ? 'Most intervals are no wider than 1, and hold at most one whole number: whole numbers stay as they are.'
          : 'No interval is wider than 1, so each holds at most one whole number: whole numbers stay as they are.',
      suggestion: 'make intervals wider',
    },
  ]
}

/** So many times a width is doubled. */
const DOUBLINGS = 16

/** Widths that are twice as large, tails that begin where those intervals do; or every second edge. */
function ladderOf(stated: NumberOptions, intervals: Intervals): NumberOptions[] {
  if ('edges' in intervals) return halves(stated.edges!).map((edges) => ({ ...stated, edges }))
  const { origin, top, bottom } = intervals
  const rungs: NumberOptions[] = []
  let width = intervals.width
  for (let doubled = 0; doubled < DOUBLINGS; doubled++) {
    width = { ...width, units: 2n * width.units }
    const high = top && startAt(top, origin, width)
    const low = bottom && startAt(bottom, origin, width, 'above')
    if (high !== undefined && low !== undefined && compareDecimals(low, high) >= 0) break
    rungs.push({
      ...stated,
      width: asWritten(width, stated.width),
      ...(high === undefined ? {} : { top: asWritten(high, stated.top) }),
      ...(low === undefined ? {} : { bottom: asWritten(low, stated.bottom) }),
    })
  }
  return rungs
}

/** The start of an interval of this width that is at `value` or next to it. */
function startAt(
  value: Decimal,
  origin: Decimal,
  width: Decimal,
  side: 'below' | 'above' = 'below',
): Decimal {
  const scale = Math.max(value.scale, origin.scale, width.scale)
  const [from, step] = [unitsAt(origin, scale), unitsAt(width, scale)]
  const offset = unitsAt(value, scale) - from
  const below = floorDivide(offset, step) * step
  return { units: from + (side === 'above' && below < offset ? below + step : below), scale }
}

/** As a number where one is stated and holds it exactly. */
function asWritten(value: Decimal, like: number | string | undefined): number | string {
  const text = printDecimal(value)
  return typeof like === 'number' && String(Number(text)) === text ? Number(text) : text
}

/**
 * A number in, its interval out. Intervals are half-open: `[20,30)` holds 20 and 29.999, and not 30; it is the
 * way in which PostgreSQL writes ranges. Exact: a number is compared as it is written, whatever its length.
 * Throws `OptionError` at compile time for options that state no intervals.
 */
export const number: Transform = defineTransform({
  name: 'generalize.number',
  summary: 'Puts a number into an interval: of one width, or between stated edges.',
  version: 2,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'with `as: midpoint` a number stays a number',
    accepts:
      'numbers as JSON writes them, also `+5`, `007`, `.5`, `5.`, and as `decimal`, `grouping` and `affix` state; at most 40 digits, before and after the point together',
    yields: 'text such as `[20,30)`, `under 18`, `90+`; or the number in the middle',
    keyed: false,
    stableToken: false,
    // A value may lie in the very middle of its interval, or on the bound of a tail. A label equals no number.
    mayReturnInput: true,
  },
  failures: {
    unparsable:
      'The value is not a decimal number: NaN, Infinity, hexadecimal; separators, white space and units that the rule does not state.',
    'out-of-domain':
      'The number has more than 40 digits, before and after the point together, once written out.',
  },
  doesNotStop:
    'Singling out by extreme values: far out an interval may hold one person. Close both ends with `top` and ' +
    '`bottom`, or use `edges`.',
  examples: [
    { title: 'intervals of one width', options: { width: 10 }, input: '29.99', output: '[20,30)' },
    { title: 'the start belongs to the interval', options: { width: 10 }, input: '30', output: '[30,40)' },
    { title: 'top code', options: { width: 10, top: 90 }, input: '97', output: '90+' },
    { title: 'edges', options: { edges: [18, 30, 65] }, input: '17', output: 'under 18' },
    {
      title: 'a number for training',
      options: { width: '0.5', as: 'midpoint' },
      input: '-0.1',
      output: '-0.25',
    },
    {
      title: 'no digit is lost',
      options: { width: 2, origin: 1 },
      input: '9007199254740993',
      output: '[9007199254740993,9007199254740995)',
    },
    { title: 'not a number', options: { width: 10 }, input: '1,000', output: { fails: 'unparsable' } },
    {
      title: 'as written in much of Europe',
      options: { width: 10, decimal: ',', grouping: '.', affix: ['€', 'EUR'] },
      input: '1.234,50 €',
      output: '[1230,1240)',
    },
    {
      title: 'a dot is not a decimal there',
      options: { width: 10, decimal: ',', grouping: '.', affix: ['€', 'EUR'] },
      input: '12.50',
      output: { fails: 'unparsable' },
    },
    {
      title: 'bounded work',
      options: { width: 10 },
      input: '1e999999999',
      output: { fails: 'out-of-domain' },
    },
  ],
  weaknesses,
  reveals: (stated) => {
    const intervals = statedIntervals(stated)
    if (intervals === undefined) return ASSUMED_ALL
    return part({ of: 'number', intervals, decimal: stated.decimal === ',' ? ',' : undefined })
  },
  restep: (previous, next) => {
    const [fine, coarse] = [statedIntervals(previous), statedIntervals(next)]
    if (fine === undefined || coarse === undefined || 'edges' in fine || 'edges' in coarse) return undefined
    const isPlain = [fine, coarse].every(({ top, bottom }) => top === undefined && bottom === undefined)
    if (!isPlain || previous.as !== 'label' || next.as !== 'label') return undefined
    const isNested =
      isMultiple(coarse.width, fine.width) &&
      isMultiple(subtractDecimals(coarse.origin, fine.origin), fine.width)
    if (!isNested) return undefined
    const interval = byWidth(coarse, false)
    return (stored) => {
      const [, low, high] = LABEL.exec(stored) ?? []
      const [from, until] = [parseDecimal(low ?? ''), parseDecimal(high ?? '')]
      if (typeof from === 'string' || typeof until === 'string') return fail('unparsable')
      const width = subtractDecimals(until, from)
      const isKnown = [fine.width, coarse.width].some((one) => compareDecimals(one, width) === 0)
      return isKnown ? interval(low!) : fail('out-of-domain')
    }
  },
  compile: (stated: NumberOptions) => {
    const intervals = intervalsOf(stated)
    const midpoints = stated.as === 'midpoint'
    return {
      yields: midpoints ? 'number' : 'string',
      ladder: () => ladderOf(stated, intervals),
      apply: reading(
        stated,
        'edges' in intervals ? byEdges(intervals, midpoints) : byWidth(intervals, midpoints),
      ),
    }
  },
})
