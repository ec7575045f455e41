import { z } from 'zod'
import {
  compareDecimals,
  type Decimal,
  floorDivide,
  isMultiple,
  parseDecimal,
  plainUnits,
  printUnits,
  unitsAt,
} from '../decimal.ts'
import { decimalOption } from '../decimal-option.ts'
import { reapplied } from '../restep.ts'
import { ASSUMED_ALL, part } from '../reveals/revelation.ts'
import {
  defineTransform,
  type Failure,
  fail,
  OptionError,
  type Result,
  type Transform,
} from '../transform.ts'

const options = z.strictObject({
  axis: z
    .enum(['latitude', 'longitude', 'both'])
    .describe(
      'What a value is: one coordinate, or both as `latitude,longitude`; a space may follow the comma.',
    ),
  cell: z
    .union([z.number(), z.string().min(1)])
    .default('0.1')
    .describe('Side of a grid cell in degrees: a number or decimal text that divides 90. A tenth is 11 km.'),
  at: z
    .enum(['corner', 'center'])
    .default('corner')
    .describe('Which point stands for a cell: its south-west corner, or its center.'),
})

export interface GeoOptions {
  readonly axis: 'latitude' | 'longitude' | 'both'
  readonly cell: number | string
  readonly at: 'corner' | 'center'
}

const NINETY: Decimal = { units: 90n, scale: 0 }

/** The smallest side, in degrees, that is not called weak: about 11 km from north to south. */
const COARSE: Decimal = { units: 1n, scale: 1 }

/** The side of a cell, in degrees. Throws `OptionError` for one that does not divide 90. */
export function cellOf(stated: number | string): Decimal {
  const cell = decimalOption(stated, 'cell')
  if (cell.units <= 0n || cell.scale > 12 || !isMultiple(NINETY, cell))
    throw new OptionError(
      'cell is not a side that divides 90 degrees',
      'cell',
      'give 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5 …',
    )
  return cell
}

/** Sides that are used: each is a multiple of the one before it. */
const SIDES = ['0.001', '0.01', '0.05', '0.1', '0.5', '1', '5', '10', '30', '90']

/** Sides of larger cells that nest, from this one on. */
function coarserCells(cell: Decimal): string[] {
  let last = cell
  return SIDES.filter((text) => {
    const side = decimalOption(text, 'cell')
    if (compareDecimals(side, last) <= 0 || !isMultiple(side, last)) return false
    last = side
    return true
  })
}

/**
 * One coordinate in, the point of its cell out. Cells start at 0 and are closed to the south and west. The
 * north pole belongs to the cells below it, and longitude 180 is longitude -180.
 */
function coordinates(cell: Decimal, limit: bigint, center: boolean): (text: string) => Result {
  const { scale } = cell
  const step = cell.units
  const stepNumber = Number(step)
  const most = unitsAt({ units: limit, scale: 0 }, scale)
  const mostNumber = Number(most)
  const wraps = limit === 180n
  const label = (low: bigint): string =>
    center ? printUnits((2n * low + step) * 5n, scale + 1) : printUnits(low, scale)

  const exact = (text: string): Result => {
    const value = parseDecimal(text)
    if (typeof value === 'string') return fail(value)
    const furthest: Decimal = { units: limit, scale: 0 }
    const high = compareDecimals(value, furthest)
    if (high > 0 || compareDecimals(value, { units: -limit, scale: 0 }) < 0) return fail('out-of-domain')
    if (high === 0) return label(wraps ? -most : most - step)
    return label(floorDivide(unitsAt(value, scale), step) * step)
  }
  return (text) => {
    const units = plainUnits(text, scale)
    // At a limit or beyond it, and for NaN, the digits behind the scale matter.
    if (!(units < mostNumber && units >= -mostNumber)) return exact(text)
    const rest = units % stepNumber
    const low = units - (rest < 0 ? rest + stepNumber : rest)
    return center ? label(BigInt(low)) : printUnits(low, scale)
  }
}

/** `latitude,longitude` in, the point of the cell in the same form out. */
function pairs(
  latitude: (text: string) => Result,
  longitude: (text: string) => Result,
): (text: string) => Result {
  const failed = (result: Result): result is Failure => typeof result !== 'string'
  return (text) => {
    const comma = text.indexOf(',')
    if (comma < 0) return fail('unparsable')
    const south = latitude(text.slice(0, comma))
    if (failed(south)) return south
    const west = longitude(text.slice(text.charCodeAt(comma + 1) === 32 ? comma + 2 : comma + 1))
    return failed(west) ? west : `${south},${west}`
  }
}

/** Throws `OptionError`. */
function onGrid({ axis, cell: stated, at }: GeoOptions): (text: string) => Result {
  const cell = cellOf(stated)
  const latitude = coordinates(cell, 90n, at === 'center')
  const longitude = coordinates(cell, 180n, at === 'center')
  return axis === 'both' ? pairs(latitude, longitude) : axis === 'latitude' ? latitude : longitude
}

/**
 * Coordinates in decimal degrees in, a point of the grid cell that holds them out; exact on the text.
 * Throws `OptionError` for a cell that does not divide 90.
 */
export const geo: Transform = defineTransform({
  name: 'generalize.geo',
  summary: 'Puts coordinates on a grid of stated degrees.',
  version: 2,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'decimal degrees; one coordinate that was a number stays one',
    accepts:
      'decimal degrees: latitude from -90 to 90, longitude from -180 to 180, or both with a comma between',
    yields: 'the south-west corner or the center of the cell, in the form of the input',
    keyed: false,
    stableToken: false,
    // A value may lie exactly on the point that stands for its cell.
    mayReturnInput: true,
  },
  failures: {
    unparsable:
      'The value is not written in decimal degrees: minutes, seconds, N or W, or not two where two are meant.',
    'out-of-domain': 'A coordinate lies beyond the poles or beyond 180 degrees, or has more than 40 digits.',
  },
  doesNotStop:
    'Linking places: home and work together single out most people even on a coarse grid, and in empty country a ' +
    'cell may hold one house.',
  examples: [
    { title: 'the corner', options: { axis: 'latitude' }, input: '37.7749', output: '37.7' },
    { title: 'south and west', options: { axis: 'longitude' }, input: '-122.4194', output: '-122.5' },
    {
      title: 'the center',
      options: { axis: 'longitude', at: 'center' },
      input: '-122.4194',
      output: '-122.45',
    },
    {
      title: 'both',
      options: { axis: 'both', cell: 0.5 },
      input: '37.7749, -122.4194',
      output: '37.5,-122.5',
    },
    { title: 'the pole', options: { axis: 'latitude', cell: 1 }, input: '90', output: '89' },
    { title: 'the antimeridian', options: { axis: 'longitude', cell: 1 }, input: '180', output: '-180' },
    {
      title: 'off the globe',
      options: { axis: 'latitude' },
      input: '90.01',
      output: { fails: 'out-of-domain' },
    },
  ],
  weaknesses: ({ cell }) => {
    const side = parseDecimal(String(cell))
    return typeof side !== 'string' && compareDecimals(side, COARSE) < 0
      ? [
          {
            option: 'cell',
            reason: 'A cell under 0.1 degree (11 km from north to south) may hold a single household.',
            suggestion: 'use 0.1 degree or more',
          },
        ]
      : []
  },
  reveals: ({ axis, cell: stated }) => {
    const cell = parseDecimal(String(stated))
    return typeof cell === 'string' || cell.units <= 0n ? ASSUMED_ALL : part({ of: 'place', axis, cell })
  },
  restep: (previous, next) => {
    const [fine, coarse] = [parseDecimal(String(previous.cell)), parseDecimal(String(next.cell))]
    if (typeof fine === 'string' || typeof coarse === 'string' || fine.units <= 0n) return undefined
    if (previous.axis !== next.axis || !isMultiple(coarse, fine)) return undefined
    // Corner and center of a cell lie in the larger one that holds it.
    return reapplied(onGrid(previous), onGrid(next))
  },
  compile: (stated: GeoOptions) => ({
    yields: stated.axis === 'both' ? 'string' : 'same',
    ladder: () => coarserCells(cellOf(stated.cell)).map((cell) => ({ ...stated, cell })),
    apply: onGrid(stated),
  }),
})
