/**
 * Short decimal numbers in bytes, read and written in 32-bit integers: for the byte kernels of what puts numbers
 * into intervals. The counterparts of `plainUnits` and `printUnits` in `decimal.ts`.
 */

const ZERO = 0x30
const MINUS = 0x2d
const POINT = 0x2e

/** Units that are read lie within plus and minus this; sums of two still fit 32 bits. */
export const MOST_UNITS = 1_000_000_000

/** No number that is read. */
export const NO_UNITS: number = -0x80000000

/** Most digits behind the point. */
export const MOST_SCALE = 8

const POWERS: Int32Array = Int32Array.from({ length: 10 }, (_, exponent) => 10 ** exponent)

/**
 * Reads `-?digits[.digits]`: the greatest integer not above value × 10**scale. NO_UNITS where `source[start..end)`
 * is not of that form, longer than 40 bytes, or beyond MOST_UNITS.
 * @param scale 0 to MOST_SCALE
 */
export function readUnits(source: Uint8Array, start: number, end: number, scale: number): number {
  if (end - start > 40 || start === end) return NO_UNITS
  const negative = source[start] === MINUS
  const first = negative ? start + 1 : start
  let at = first
  let value = 0
  for (; at < end; at++) {
    const digit = source[at]! - ZERO
    if (digit < 0 || digit > 9) break
    if (value >= 100_000_000) return NO_UNITS
    value = (value * 10 + digit) | 0
  }
  if (at === first) return NO_UNITS
  let missing = scale
  let rest = 0
  if (at < end) {
    if (source[at] !== POINT || ++at === end) return NO_UNITS
    for (; at < end; at++) {
      const digit = source[at]! - ZERO
      if (digit < 0 || digit > 9) return NO_UNITS
      if (missing > 0) {
        if (value >= 100_000_000) return NO_UNITS
        value = (value * 10 + digit) | 0
        missing--
      } else rest |= digit
    }
  }
  if (missing > 0) {
    if (value > MOST_UNITS / POWERS[missing]!) return NO_UNITS
    value = Math.imul(value, POWERS[missing]!)
  }
  if (!negative) return value
  return rest === 0 ? -value | 0 : (-value - 1) | 0
}

/**
 * Writes `units / 10**scale` as `printUnits` does, to `out` from `at` on; gives the position behind it.
 * @param units a 32-bit integer above NO_UNITS
 * @param scale 0 to 9
 */
export function writeUnits(out: Uint8Array, at: number, units: number, scale: number): number {
  let to = at
  let value = units
  if (value < 0) {
    out[to++] = MINUS
    value = -value | 0
  }
  if (scale === 0) return writeDigits(out, to, value, digitsOf(value))
  const power = POWERS[scale]!
  const whole = (value / power) | 0
  let fraction = (value - Math.imul(whole, power)) | 0
  to = writeDigits(out, to, whole, digitsOf(whole))
  if (fraction === 0) return to
  let digits = scale
  while (fraction % 10 === 0) {
    fraction = (fraction / 10) | 0
    digits--
  }
  out[to] = POINT
  return writeDigits(out, to + 1, fraction, digits)
}

function digitsOf(value: number): number {
  let digits = 1
  while (digits < 10 && value >= POWERS[digits]!) digits++
  return digits
}

/** The last `digits` digits of `value`, with leading zeros. */
function writeDigits(out: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value
  for (let to = at + digits - 1; to >= at; to--) {
    const tenth = (rest / 10) | 0
    out[to] = ZERO + rest - tenth * 10
    rest = tenth
  }
  return at + digits
}
