/** The twin of `generalize.geo`, for cells of few digits. */
import { type Decimal, unitsAt } from '../../decimal.ts'
import { cellOf, type GeoOptions } from '../../generalize/geo.ts'
import type { WriteBytes } from '../bytes.ts'
import { MOST_UNITS, readUnits, writeUnits } from '../decimals.ts'
import { type Twin, writing } from '../twin.ts'

export const geo: Twin<GeoOptions> = ({ axis, cell: stated, at }) => {
  const cell = cellOf(stated)
  const kernel = (limit: 90 | 180) => coordinateKernel(cell, limit, at === 'center')
  if (axis === 'both') return writing(pairKernel(kernel(90), kernel(180)))
  return writing(kernel(axis === 'latitude' ? 90 : 180))
}

const SPACE = 0x20
const COMMA = 0x2c

/** One coordinate that lies within plus and minus `limit` degrees; undefined where the cell has too many digits. */
function coordinateKernel(cell: Decimal, limit: 90 | 180, center: boolean): WriteBytes | undefined {
  const { scale } = cell
  // 180 degrees in tenths of a unit, for a center, must fit.
  if (scale > 5) return undefined
  const step = Number(cell.units)
  const most = Number(unitsAt({ units: BigInt(limit), scale: 0 }, scale))
  if (step > MOST_UNITS / 10) return undefined
  return (source, start, end, out, at) => {
    const units = readUnits(source, start, end, scale)
    // At a limit or beyond it the digits behind the scale matter. NO_UNITS is beyond.
    if (units >= most || units < -most) return -1
    const rest = units % step
    const low = (units - (rest < 0 ? rest + step : rest)) | 0
    return center
      ? writeUnits(out, at, Math.imul(low + low + step, 5), scale + 1)
      : writeUnits(out, at, low, scale)
  }
}

/** `latitude,longitude`, one space behind the comma allowed. */
function pairKernel(
  latitude: WriteBytes | undefined,
  longitude: WriteBytes | undefined,
): WriteBytes | undefined {
  if (latitude === undefined || longitude === undefined) return undefined
  return (source, start, end, out, at) => {
    let comma = start
    while (comma < end && source[comma] !== COMMA) comma++
    if (comma === start || comma >= end) return -1
    const between = latitude(source, start, comma, out, at)
    if (between < 0) return -1
    const second = source[comma + 1] === SPACE ? comma + 2 : comma + 1
    if (second >= end) return -1
    out[between] = COMMA
    return longitude(source, second, end, out, between + 1)
  }
}
