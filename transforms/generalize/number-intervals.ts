/**
 * Numbers to intervals, for `generalize.number`. Every bound is a whole number of 10**-scale, `scale` being that
 * of the finest bound; so the greatest such whole number not above a value decides its interval, and nothing
 * beyond it matters. Short plain numbers are decided in doubles that hold it exactly, all others in BigInt.
 */
import {
  type Decimal,
  floorDivide,
  midpoint,
  parseDecimal,
  plainUnits,
  printDecimal,
  printUnits,
  unitsAt,
} from '../decimal.ts'
import { fail, type Result } from '../transform.ts'
import type { EdgeIntervals, WidthIntervals } from './intervals.ts'

type Apply = (text: string) => Result

/** How many labels are kept ready. Further ones are formatted for each value. */
const LABELS = 4096

/** The label of what lies below `bound`, the first of all. */
export function underLabel(bound: Decimal, midpoints: boolean): string {
  return midpoints ? printDecimal(bound) : `under ${printDecimal(bound)}`
}

/** The label of what lies at `bound`, the last of all, or above. */
export function overLabel(bound: Decimal, midpoints: boolean): string {
  return midpoints ? printDecimal(bound) : `${printDecimal(bound)}+`
}

/** Below 2**52, so that sums of two of them stay exact in a double. */
function exactInDouble(...units: readonly bigint[]): boolean {
  const limit = 2n ** 52n
  return units.every((value) => -limit < value && value < limit)
}

/** Text of a number in, the interval of one width that holds it out. */
export function byWidth(intervals: WidthIntervals, midpoints: boolean): Apply {
  const { width, origin, top, bottom } = intervals
  const scale = Math.max(width.scale, origin.scale)
  const step = unitsAt(width, scale)
  const start = unitsAt(origin, scale)
  const topUnits = top && unitsAt(top, scale)
  const bottomUnits = bottom && unitsAt(bottom, scale)
  const over = top && overLabel(top, midpoints)
  const under = bottom && underLabel(bottom, midpoints)

  const between = (low: bigint | number, high: bigint | number): string =>
    `[${printUnits(low, scale)},${printUnits(high, scale)})`
  const label = (low: bigint): string =>
    midpoints ? printUnits((2n * low + step) * 5n, scale + 1) : between(low, low + step)

  const exact: Apply = (text) => {
    const value = parseDecimal(text)
    if (typeof value === 'string') return fail(value)
    const units = unitsAt(value, scale)
    if (topUnits !== undefined && units >= topUnits) return over!
    if (bottomUnits !== undefined && units < bottomUnits) return under!
    return label(start + floorDivide(units - start, step) * step)
  }
  if (!exactInDouble(step, start, topUnits ?? 0n, bottomUnits ?? 0n)) return exact

  const stepNumber = Number(step)
  const startNumber = Number(start)
  const topNumber = topUnits === undefined ? Number.POSITIVE_INFINITY : Number(topUnits)
  const bottomNumber = bottomUnits === undefined ? Number.NEGATIVE_INFINITY : Number(bottomUnits)
  const labels = new Map<number, string>()
  return (text) => {
    const units = plainUnits(text, scale)
    if (units >= topNumber) return over!
    if (units < bottomNumber) return under!
    const offset = units - startNumber
    // Also for NaN: not a plain short number.
    if (!(Math.abs(offset) < 2 ** 52)) return exact(text)
    const rest = offset % stepNumber
    const low = units - (rest < 0 ? rest + stepNumber : rest)
    const known = labels.get(low)
    if (known !== undefined) return known
    const made = midpoints ? label(BigInt(low)) : between(low, low + stepNumber)
    if (labels.size < LABELS) labels.set(low, made)
    return made
  }
}

/** One label more than there are edges: number i is for values with i edges at or below them. */
export function edgeLabels(edges: readonly Decimal[], midpoints: boolean): readonly string[] {
  return [
    underLabel(edges[0]!, midpoints),
    ...edges.slice(1).map((high, at) => {
      const low = edges[at]!
      return midpoints ? printDecimal(midpoint(low, high)) : `[${printDecimal(low)},${printDecimal(high)})`
    }),
    overLabel(edges.at(-1)!, midpoints),
  ]
}

/** Text of a number in, the interval between two edges that holds it out. */
export function byEdges(intervals: EdgeIntervals, midpoints: boolean): Apply {
  const { edges } = intervals
  const scale = Math.max(...edges.map((edge) => edge.scale))
  const bounds = edges.map((edge) => unitsAt(edge, scale))
  const labels = edgeLabels(edges, midpoints)

  const exact: Apply = (text) => {
    const value = parseDecimal(text)
    if (typeof value === 'string') return fail(value)
    const units = unitsAt(value, scale)
    const reached = bounds.findLastIndex((bound) => units >= bound)
    return labels[reached + 1]!
  }

  // A bound from 2**53 on may be rounded, and stays above every number that is decided here.
  const numbers = Float64Array.from(bounds, Number)
  return (text) => {
    const units = plainUnits(text, scale)
    if (Number.isNaN(units)) return exact(text)
    let low = 0
    let high = numbers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (units >= numbers[middle]!) low = middle + 1
      else high = middle
    }
    return labels[low]!
  }
}
