/** What `generalize.number` divides the numbers into. */
import { compareDecimals, type Decimal, isMultiple, subtractDecimals } from '../decimal.ts'

/** Intervals `[origin + k × width, origin + (k + 1) × width)`, cut at `bottom` and `top` where they are given. */
export interface WidthIntervals {
  readonly width: Decimal
  readonly origin: Decimal
  /** Values from here on are one interval. On a start of an interval. */
  readonly top: Decimal | undefined
  /** Values below are one interval. On a start of an interval. */
  readonly bottom: Decimal | undefined
}

/** Intervals between neighbours of `edges`, which ascend, and one below the first and one from the last on. */
export interface EdgeIntervals {
  readonly edges: readonly Decimal[]
}

export type Intervals = WidthIntervals | EdgeIntervals

/** Whether one interval of `intervals` ends and another starts at `at`. */
function startsAt(intervals: Intervals, at: Decimal): boolean {
  if ('edges' in intervals) return intervals.edges.some((edge) => compareDecimals(edge, at) === 0)
  const { width, origin, top, bottom } = intervals
  if (top !== undefined && compareDecimals(at, top) > 0) return false
  if (bottom !== undefined && compareDecimals(at, bottom) < 0) return false
  return isMultiple(subtractDecimals(at, origin), width)
}

/** Whether every start of an interval of `next` is one of `previous` too: then the one follows from the other. */
export function follows(previous: Intervals, next: Intervals): boolean {
  if ('edges' in next) return next.edges.every((edge) => startsAt(previous, edge))
  // Intervals of one width may go on without end, which no list of edges does; closed ones can be given as edges.
  if ('edges' in previous) return false
  const { top, bottom } = next
  if (previous.top !== undefined && (top === undefined || !startsAt(previous, top))) return false
  if (previous.bottom !== undefined && (bottom === undefined || !startsAt(previous, bottom))) return false
  return (
    isMultiple(next.width, previous.width) &&
    isMultiple(subtractDecimals(next.origin, previous.origin), previous.width)
  )
}

/** The closed intervals between neighbouring edges, as widths. */
function gaps({ edges }: EdgeIntervals): number[] {
  return edges.slice(1).map((edge, at) => toNumber(subtractDecimals(edge, edges[at]!)))
}

/** Widths need no exactness where they are only counted in whole numbers. */
function toNumber({ units, scale }: Decimal): number {
  return Number(units) / 10 ** scale
}

/** The width that half of the closed intervals have at most: one wide interval among many says little. */
function usualOf(gaps: readonly number[]): number {
  return gaps.toSorted((a, b) => a - b)[(gaps.length - 1) >> 1] ?? Number.POSITIVE_INFINITY
}

/**
 * The usual width of a closed interval and the narrowest; infinite where there is none. Of several divisions of one
 * number it is the narrowest piece that two of them leave together.
 */
export function widths(all: readonly Intervals[]): { readonly usual: number; readonly narrowest: number } {
  let usual = Number.POSITIVE_INFINITY
  let narrowest = Number.POSITIVE_INFINITY
  for (const one of all) {
    const own = 'edges' in one ? gaps(one) : [toNumber(one.width)]
    usual = Math.min(usual, usualOf(own))
    narrowest = Math.min(narrowest, ...own)
  }
  for (const [i, one] of all.entries())
    for (const other of all.slice(i + 1)) {
      const piece = smallestPiece(one, other)
      narrowest = Math.min(narrowest, piece)
      if (!('edges' in one) && !('edges' in other)) usual = Math.min(usual, piece)
    }
  return { usual, narrowest }
}

/** How near a start of the one lies to a start of the other, where they are not the same. */
function smallestPiece(one: Intervals, other: Intervals): number {
  if ('edges' in one && 'edges' in other) return Math.min(...one.edges.map((edge) => nearest(edge, other)))
  if ('edges' in one) return Math.min(...one.edges.map((edge) => nearest(edge, other)))
  if ('edges' in other) return smallestPiece(other, one)
  const scale = Math.max(one.width.scale, other.width.scale, one.origin.scale, other.origin.scale)
  const units = ({ units: u, scale: s }: Decimal) => u * 10n ** BigInt(scale - s)
  let [a, b] = [units(one.width), units(other.width)]
  while (b !== 0n) [a, b] = [b, a % b]
  const offset = (((units(one.origin) - units(other.origin)) % a) + a) % a
  const piece = offset === 0n ? a : offset < a - offset ? offset : a - offset
  return Number(piece) / 10 ** scale
}

/** How far `at` lies from the nearest other start of `intervals`; infinite where it is one itself. */
function nearest(at: Decimal, intervals: Intervals): number {
  if ('edges' in intervals) {
    const distances = intervals.edges.map((edge) => Math.abs(toNumber(subtractDecimals(edge, at))))
    return distances.includes(0) ? Number.POSITIVE_INFINITY : Math.min(...distances)
  }
  const width = toNumber(intervals.width)
  const offset = toNumber(subtractDecimals(at, intervals.origin))
  const rest = ((offset % width) + width) % width
  return rest === 0 ? Number.POSITIVE_INFINITY : Math.min(rest, width - rest)
}
