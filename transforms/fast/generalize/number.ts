/** The twin of `generalize.number`, for bounds and values that 32-bit integers hold. */
import { type Decimal, unitsAt } from '../../decimal.ts'
import { notation } from '../../decimal-notation.ts'
import type { EdgeIntervals, WidthIntervals } from '../../generalize/intervals.ts'
import { intervalsOf, type NumberOptions } from '../../generalize/number.ts'
import { edgeLabels, overLabel, underLabel } from '../../generalize/number-intervals.ts'
import { copyBytes, utf8, type WriteBytes } from '../bytes.ts'
import { MOST_SCALE, MOST_UNITS, NO_UNITS, readUnits, writeUnits } from '../decimals.ts'
import { type Twin, writing } from '../twin.ts'

export const number: Twin<NumberOptions> = (stated) => {
  if (notation(stated) !== undefined) return undefined
  const intervals = intervalsOf(stated)
  const midpoints = stated.as === 'midpoint'
  return writing('edges' in intervals ? edgesKernel(intervals, midpoints) : widthKernel(intervals, midpoints))
}

/** Ten times as much must fit where midpoints are written. */
const MOST_FOR_MIDPOINTS = 100_000_000

/** `at`, in units of 10**-scale; undefined where it is not of few enough digits. */
function smallUnits(at: Decimal, scale: number, most: number): number | undefined {
  const units = unitsAt(at, scale)
  return -BigInt(most) <= units && units <= BigInt(most) ? Number(units) : undefined
}

/** @returns undefined where a bound has too many digits */
function widthKernel(
  { width, origin, top, bottom }: WidthIntervals,
  midpoints: boolean,
): WriteBytes | undefined {
  const scale = Math.max(width.scale, origin.scale)
  const most = midpoints ? MOST_FOR_MIDPOINTS : MOST_UNITS
  if (scale > MOST_SCALE) return undefined
  const step = smallUnits(width, scale, most)
  const start = smallUnits(origin, scale, most)
  // No value that is read lies beyond these.
  const topUnits = top === undefined ? MOST_UNITS + 1 : smallUnits(top, scale, most)
  const bottomUnits = bottom === undefined ? -MOST_UNITS - 1 : smallUnits(bottom, scale, most)
  if (step === undefined || start === undefined || topUnits === undefined || bottomUnits === undefined)
    return undefined
  const underBytes = utf8(bottom === undefined ? '' : underLabel(bottom, midpoints))
  const overBytes = utf8(top === undefined ? '' : overLabel(top, midpoints))
  return (source, from, end, out, at) => {
    const units = readUnits(source, from, end, scale)
    if (units === NO_UNITS) return -1
    if (units >= topUnits) return copyBytes(overBytes, 0, overBytes.length, out, at)
    if (units < bottomUnits) return copyBytes(underBytes, 0, underBytes.length, out, at)
    if (units > most || units < -most) return -1
    const rest = (units - start) % step
    const low = (units - (rest < 0 ? rest + step : rest)) | 0
    if (midpoints) return writeUnits(out, at, Math.imul(low + low + step, 5), scale + 1)
    out[at] = 0x5b
    let to = writeUnits(out, at + 1, low, scale)
    out[to] = 0x2c
    to = writeUnits(out, to + 1, (low + step) | 0, scale)
    out[to] = 0x29
    return to + 1
  }
}

/** @returns undefined where an edge has too many digits */
function edgesKernel({ edges }: EdgeIntervals, midpoints: boolean): WriteBytes | undefined {
  const scale = Math.max(...edges.map((edge) => edge.scale))
  if (scale > MOST_SCALE) return undefined
  const small = edges.map((edge) => smallUnits(edge, scale, MOST_UNITS))
  if (small.includes(undefined)) return undefined
  const bounds = Int32Array.from(small as number[])
  const labels = edgeLabels(edges, midpoints)
  const text = utf8(labels.join(''))
  // Labels are ASCII: as many bytes as characters.
  const ends = new Int32Array(labels.length + 1)
  labels.forEach((label, at) => {
    ends[at + 1] = ends[at]! + label.length
  })
  return (source, from, end, out, at) => {
    const units = readUnits(source, from, end, scale)
    if (units === NO_UNITS) return -1
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (units >= bounds[middle]!) low = middle + 1
      else high = middle
    }
    return copyBytes(text, ends[low]!, ends[low + 1]!, out, at)
  }
}
