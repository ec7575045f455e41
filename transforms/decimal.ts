/**
 * Exact decimal arithmetic on the text of a number. No binary floating point touches a value: it is held as
 * `units / 10**scale`, `units` a BigInt, so `9007199254740993`, `1e400` and `0.1` are what they say.
 *
 * What is read: the numbers of JSON (RFC 8259, section 6), and the forms that CSV files hold besides: a leading
 * `+`, leading zeros (`007`), a point without digits on one of its sides (`.5`, `5.`). Nothing else: no
 * white space, no thousands separators, no hexadecimal, no NaN or Infinity. `-0` is 0.
 */
/** `units / 10**scale`; `scale` is as small as it can be, so one number has one form. */
export interface Decimal {
  readonly units: bigint
  /** Digits after the point, from 0. */
  readonly scale: number
}

/** Why a text is no `Decimal`: not written as a number, or a number of more digits than are taken. */
export type Unreadable = 'unparsable' | 'out-of-domain'

/**
 * Digits that a number may have, before and after the point together, once it is written without an exponent and
 * without needless zeros. It bounds work and results: `1e999999999` is refused and not computed.
 */
export const MAX_DIGITS = 40

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

/** Powers of ten that a double holds exactly. */
const POWERS: readonly number[] = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)

function reduced(units: bigint, scale: number): Decimal {
  let value = units
  let digits = scale
  while (digits > 0 && value % 10n === 0n) {
    value /= 10n
    digits--
  }
  return { units: value, scale: digits }
}

function withoutEdgeZeros(digits: string): { first: number; end: number } {
  let first = 0
  let end = digits.length
  while (first < end && digits.charCodeAt(first) === 48) first++
  while (end > first && digits.charCodeAt(end - 1) === 48) end--
  return { first, end }
}

/** Reads a number. Takes time linear in the text, whatever its exponent. */
export function parseDecimal(text: string): Decimal | Unreadable {
  const match = NUMBER.exec(text)
  if (match === null) return 'unparsable'
  const whole = match[2]!
  const fraction = match[3] ?? ''
  const digits = whole + fraction
  if (digits === '') return 'unparsable'
  const { first, end } = withoutEdgeZeros(digits)
  if (first === end) return { units: 0n, scale: 0 }
  // A huge exponent becomes a huge double or Infinity here, which the two comparisons refuse.
  const exponent = Number(match[4] ?? '0')
  const digitsBefore = whole.length + exponent - first
  const digitsAfter = digits.length - whole.length - exponent - (digits.length - end)
  if (!(Math.max(0, digitsBefore) + Math.max(0, digitsAfter) <= MAX_DIGITS)) return 'out-of-domain'
  const significant = BigInt(digits.slice(first, end))
  const signed = match[1] === '-' ? -significant : significant
  return digitsAfter > 0
    ? { units: signed, scale: digitsAfter }
    : { units: signed * 10n ** BigInt(-digitsAfter), scale: 0 }
}

/** Longest text that `plainUnits` takes: it has no more than `MAX_DIGITS` digits. */
const PLAIN_LENGTH = 40

/**
 * The fast way for plain short numbers (`-?digits[.digits]`, at most 40 characters): the greatest integer not
 * above value × 10**scale. NaN where the text is not of that form or the result not safe in a double: then
 * `parseDecimal` and `unitsAt` decide. What lies beyond `scale` digits is gone from the result.
 */
export function plainUnits(text: string, scale: number): number {
  const length = text.length
  if (length > PLAIN_LENGTH || scale > 15) return Number.NaN
  const start = text.charCodeAt(0) === 45 ? 1 : 0
  let at = start
  let value = 0
  while (at < length) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
    at++
  }
  if (at === start) return Number.NaN
  let missing = scale
  let rest = 0
  if (at < length) {
    if (text.charCodeAt(at) !== 46 || ++at === length) return Number.NaN
    for (; at < length; at++) {
      const digit = text.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) return Number.NaN
      if (missing > 0) {
        value = value * 10 + digit
        missing--
      } else rest |= digit
    }
  }
  if (missing > 0) value *= POWERS[missing]!
  // What passed 2**53 on the way was rounded, but never to below it.
  if (value >= Number.MAX_SAFE_INTEGER) return Number.NaN
  if (start === 0) return value
  return rest === 0 ? 0 - value : -value - 1
}

/** The greatest integer not above value × 10**scale. */
export function unitsAt(value: Decimal, scale: number): bigint {
  if (scale >= value.scale) return value.units * 10n ** BigInt(scale - value.scale)
  return floorDivide(value.units, 10n ** BigInt(value.scale - scale))
}

/** Quotient rounded toward minus infinity; `divisor` above 0. */
export function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient
}

/** -1, 0 or 1, as `left` is below, equal to or above `right`. */
export function compareDecimals(left: Decimal, right: Decimal): -1 | 0 | 1 {
  const scale = Math.max(left.scale, right.scale)
  const a = unitsAt(left, scale)
  const b = unitsAt(right, scale)
  return a < b ? -1 : a > b ? 1 : 0
}

export function addDecimals(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale)
  return reduced(unitsAt(left, scale) + unitsAt(right, scale), scale)
}

export function subtractDecimals(left: Decimal, right: Decimal): Decimal {
  return addDecimals(left, { units: -right.units, scale: right.scale })
}

/** Whether `value` is a whole multiple of `unit`; `unit` above 0. */
export function isMultiple(value: Decimal, unit: Decimal): boolean {
  const scale = Math.max(value.scale, unit.scale)
  return unitsAt(value, scale) % unitsAt(unit, scale) === 0n
}

/** Half of `low + high`, exactly. */
export function midpoint(low: Decimal, high: Decimal): Decimal {
  const sum = addDecimals(low, high)
  return reduced(sum.units * 5n, sum.scale + 1)
}

/** The whole number of 10**-decimals that lies nearest; a half goes away from zero. */
export function roundedUnits(value: Decimal, decimals: number): bigint {
  if (decimals >= value.scale) return unitsAt(value, decimals)
  const divisor = 10n ** BigInt(value.scale - decimals)
  const size = value.units < 0n ? -value.units : value.units
  const rounded = (size * 2n + divisor) / (divisor * 2n)
  return value.units < 0n ? -rounded : rounded
}

/** The one way in which a number is written: no exponent, no `+`, no needless zeros, never `-0`. */
export function printDecimal(value: Decimal): string {
  return printUnits(value.units, value.scale)
}

/** `units / 10**scale` as `printDecimal` writes it. */
export function printUnits(units: bigint | number, scale: number): string {
  // String(-0) is '0'.
  if (scale === 0) return String(units)
  const negative = units < 0
  const digits = String(negative ? -units : units).padStart(scale + 1, '0')
  const point = digits.length - scale
  let end = digits.length
  while (end > point && digits.charCodeAt(end - 1) === 48) end--
  const text =
    end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`
  return negative ? `-${text}` : text
}
