/** Texts of Avro values, as JSON would write them. Each function writes to `out` from `at` on, and gives where it ends. */

const DIGIT_0 = 0x30
const MINUS = 0x2d
const DOT = 0x2e
const COLON = 0x3a

/** The most bytes that a number, date or time takes. */
export const NUMBER_ROOM = 48

const ascii = (text: string, out: Uint8Array, at: number): number => {
  for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i)
  return at
}

/** An integer that a double holds exactly. */
export function writeInteger(value: number, out: Uint8Array, at: number): number {
  if (value < 0) {
    out[at++] = MINUS
    value = -value
  }
  if (value > 0x7fffffff) return ascii(String(value), out, at)
  let digits = 1
  for (let limit = 10; digits < 10 && value >= limit; limit *= 10) digits++
  const end = at + digits
  let rest = value | 0
  for (let p = end - 1; p >= at; p--) {
    const quotient = (rest / 10) | 0
    out[p] = DIGIT_0 + rest - quotient * 10
    rest = quotient
  }
  return end
}

export const writeBig = (value: bigint, out: Uint8Array, at: number): number => ascii(String(value), out, at)

/** A finite double: the fewest digits that mean it, and none behind the point where it is whole. */
export function writeDouble(value: number, out: Uint8Array, at: number): number {
  if (Number.isInteger(value) && Math.abs(value) <= 0x7fffffff) return writeInteger(value, out, at)
  // A decimal of 15 digits at most that means the double is the shortest that does.
  const hundredths = Math.round(value * 100)
  if (hundredths / 100 === value && Math.abs(hundredths) <= 0x7fffffff)
    return writeScaled(hundredths, 2, out, at)
  const millionths = Math.round(value * 1e6)
  if (millionths / 1e6 === value && Math.abs(millionths) <= 0x7fffffff && Math.abs(value) >= 1)
    return writeScaled(millionths, 6, out, at)
  return ascii(String(value), out, at)
}

/** `value` / 10 ** `digits`, which is not whole, without zeros at its end. */
function writeScaled(value: number, digits: number, out: Uint8Array, at: number): number {
  if (value < 0) {
    out[at++] = MINUS
    value = -value
  }
  const scale = digits === 2 ? 100 : 1_000_000
  const whole = (value / scale) | 0
  at = writeInteger(whole, out, at)
  out[at++] = DOT
  at = padded(value - whole * scale, digits, out, at)
  while (out[at - 1] === DIGIT_0) at--
  return at
}

const LEAST_NORMAL = 2 ** -126

/** The same of a float: the fewest digits that mean it among floats. */
export function writeFloat(value: number, out: Uint8Array, at: number): number {
  if (Number.isInteger(value) && Math.abs(value) <= 0x7fffffff) return writeInteger(value, out, at)
  // Six digits tell all normal floats of six digits or fewer apart; the smallest have fewer.
  for (let precision = Math.abs(value) < LEAST_NORMAL ? 1 : 6; precision < 9; precision++) {
    const shorter = Number(value.toPrecision(precision))
    if (Math.fround(shorter) === value) return ascii(String(shorter), out, at)
  }
  return ascii(String(Number(value.toPrecision(9))), out, at)
}

function padded(value: number, digits: number, out: Uint8Array, at: number): number {
  for (let p = at + digits - 1; p >= at; p--) {
    const quotient = Math.floor(value / 10)
    out[p] = DIGIT_0 + value - quotient * 10
    value = quotient
  }
  return at + digits
}

/** Days since 1970-01-01 of the years 0001 and 9999. */
const FIRST_DAY = -719_162
const LAST_DAY = 2_932_896
const DAY_MS = 86_400_000

export const isDay = (days: number): boolean => days >= FIRST_DAY && days <= LAST_DAY

/** `2026-01-31`, of days since 1970-01-01 that are one (`isDay`). */
export function writeDate(days: number, out: Uint8Array, at: number): number {
  // Eras of 400 years that begin in March (H. Hinnant, "chrono-compatible low-level date algorithms").
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153)
  const day = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  at = padded(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4, out, at)
  out[at++] = MINUS
  at = padded(month, 2, out, at)
  out[at++] = MINUS
  return padded(day, 2, out, at)
}

/** `10:20:30`, and a fraction of 3, 6 or 9 digits where it is not whole; of ms within a day and nanoseconds beyond. */
export function writeTime(ms: number, nanos: number, out: Uint8Array, at: number): number {
  const seconds = Math.floor(ms / 1000)
  at = padded(Math.floor(seconds / 3600), 2, out, at)
  out[at++] = COLON
  at = padded(Math.floor(seconds / 60) % 60, 2, out, at)
  out[at++] = COLON
  at = padded(seconds % 60, 2, out, at)
  const fraction = ms - seconds * 1000
  if (fraction === 0 && nanos === 0) return at
  out[at++] = DOT
  at = padded(fraction, 3, out, at)
  if (nanos === 0) return at
  return nanos % 1000 === 0 ? padded(nanos / 1000, 3, out, at) : padded(nanos, 6, out, at)
}

export const isTimestamp = (ms: number): boolean => isDay(Math.floor(ms / DAY_MS))

/** RFC 3339, in UTC with `Z`, or without where it is a local time. `ms` since 1970, and nanoseconds beyond them. */
export function writeTimestamp(
  ms: number,
  nanos: number,
  isLocal: boolean,
  out: Uint8Array,
  at: number,
): number {
  const day = Math.floor(ms / DAY_MS)
  at = writeDate(day, out, at)
  out[at++] = 0x54
  at = writeTime(ms - day * DAY_MS, nanos, out, at)
  if (!isLocal) out[at++] = 0x5a
  return at
}

/** Longer decimals are refused: each digit costs more than the one before. */
export const MOST_DECIMAL_BYTES = 512

/** A decimal with all digits of its scale; its two's complement, big endian, is `bytes[start..end)`. */
export function writeDecimal(
  bytes: Uint8Array,
  start: number,
  end: number,
  scale: number,
  out: Uint8Array,
  at: number,
): number {
  let digits: string
  if (end - start <= 6) {
    let value = end > start && bytes[start]! > 0x7f ? -1 : 0
    for (let p = start; p < end; p++) value = value * 256 + bytes[p]!
    digits = String(value)
  } else {
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('hex')
    digits = String(BigInt.asIntN(8 * (end - start), BigInt(`0x${hex}`)))
  }
  if (digits.startsWith('-')) {
    out[at++] = MINUS
    digits = digits.slice(1)
  }
  if (scale === 0) return ascii(digits, out, at)
  digits = digits.padStart(scale + 1, '0')
  at = ascii(digits.slice(0, -scale), out, at)
  out[at++] = DOT
  return ascii(digits.slice(-scale), out, at)
}

/** Room for a decimal of so many bytes: 2.41 digits each, its scale, sign, point and a zero. */
export const decimalRoom = (bytes: number, scale: number): number => Math.ceil(bytes * 2.5) + scale + 4

/** 16 bytes as a UUID. */
export function writeUuid(bytes: Uint8Array, start: number, out: Uint8Array, at: number): number {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + start, 16).toString('hex')
  return ascii(
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`,
    out,
    at,
  )
}
