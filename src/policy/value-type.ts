/**
 * `type:` of a field: what its values are where they leave. It says which column of Parquet takes them, and a text that is no
 * value of the type is a failure of its field, in every form of output.
 */

/** Digits of a second that a timestamp has, and no more. */
export type SecondDigits = 3 | 6 | 9

export type StatedType =
  | { readonly is: 'string' | 'integer' | 'number' | 'boolean' | 'date' }
  | { readonly is: 'timestamp'; readonly digits: SecondDigits; readonly isLocal: boolean }
  | { readonly is: 'decimal'; readonly precision: number; readonly scale: number }

/** Digits of a decimal at most, as in Parquet, Avro and SQL. */
export const MOST_PRECISION = 38
/** A longer text is no number, date or time. */
const MOST_CHARACTERS = 1300

const LEAST_LONG = -(2n ** 63n)
const MOST_LONG = 2n ** 63n - 1n
const DAY_MS = 86_400_000

const FORM =
  /^(?:(string|integer|number|boolean|date)|(local-)?timestamp(?:\(([369])\))?|decimal\(([1-9]\d?),\s?(0|[1-9]\d?)\))$/

/** The type that a text names; undefined where it names none. */
export function parseValueType(text: string): StatedType | undefined {
  const found = FORM.exec(text)
  if (found === null) return undefined
  const [, plain, local, digits = '6', precision, scale] = found
  if (plain !== undefined) return { is: plain as 'string' }
  if (precision === undefined)
    return { is: 'timestamp', digits: Number(digits) as SecondDigits, isLocal: local !== undefined }
  const type = { is: 'decimal', precision: Number(precision), scale: Number(scale) } as const
  return type.precision <= MOST_PRECISION && type.scale <= type.precision ? type : undefined
}

/** As a policy writes it. */
export function printValueType(type: StatedType): string {
  if (type.is === 'decimal') return `decimal(${type.precision},${type.scale})`
  if (type.is !== 'timestamp') return type.is
  return `${type.isLocal ? 'local-' : ''}timestamp${type.digits === 6 ? '' : `(${type.digits})`}`
}

/** What tells whether a text is a value of the type; undefined where every text is. */
export function fitsType(type: StatedType): ((text: string) => boolean) | undefined {
  switch (type.is) {
    case 'string':
      return undefined
    case 'integer':
      return isLong
    case 'number':
      return isDouble
    case 'boolean':
      return (text) => text === 'true' || text === 'false'
    case 'date':
      return (text) => text.length === 10 && !Number.isNaN(daysOf(text))
    case 'timestamp':
      return timestampTest(type.digits, type.isLocal)
    case 'decimal':
      return decimalTest(type.precision, type.scale)
  }
}

const isBetween = (value: bigint): boolean => value >= LEAST_LONG && value <= MOST_LONG

/** Digits of a number that 64 bits hold, without a sign but a minus and without zeros before them. */
const isLong = (text: string): boolean =>
  text.length <= 20 && /^(?:0|-?[1-9]\d*)$/.test(text) && (text.length < 19 || isBetween(BigInt(text)))

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** A number as JSON writes it; a whole number that no double holds is none, since it would become another. */
function isDouble(text: string): boolean {
  if (text.length > MOST_CHARACTERS || !NUMBER.test(text)) return false
  const value = Number(text)
  if (!Number.isFinite(value)) return false
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER || !/^-?\d+$/.test(text)) return true
  return String(value) === text || BigInt(text) === BigInt(value)
}

function decimalTest(precision: number, scale: number): (text: string) => boolean {
  const whole = precision - scale
  return (text) => {
    if (text.length > MOST_CHARACTERS) return false
    const [, digits, behind = ''] = /^-?(0|[1-9]\d*)(?:\.(\d+))?$/.exec(text) ?? []
    if (digits === undefined) return false
    return (digits === '0' ? 0 : digits.length) <= whole && /^0*$/.test(behind.slice(scale))
  }
}

/** Days since 1970-01-01 of `YYYY-MM-DD`, of the years 0001 to 9999; NaN where it is none. */
function daysOf(text: string): number {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(text) ?? []
  if (year === undefined || year === '0000') return Number.NaN
  // Years before 100 are others to `Date.UTC`; those of 400 years on have the same days.
  const shift = Number(year) < 400 ? 400 : 0
  const date = new Date(Date.UTC(Number(year) + shift, Number(month) - 1, Number(day)))
  const isReal = date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day)
  return isReal ? date.getTime() / DAY_MS - (shift === 0 ? 0 : 146_097) : Number.NaN
}

const FIRST_DAY = daysOf('0001-01-01')
const LAST_DAY = daysOf('9999-12-31')
const CLOCK =
  /^[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])([01]\d|2[0-3]):([0-5]\d))?$/

/** RFC 3339, with an offset or, of a local one, without. More digits of a second than the type has are no value of it. */
function timestampTest(most: SecondDigits, isLocal: boolean): (text: string) => boolean {
  return (text) => {
    const days = daysOf(text)
    const found = Number.isNaN(days) ? null : CLOCK.exec(text.slice(10))
    if (found === null) return false
    const [, hours, minutes, seconds, fraction = '', zulu, sign, offHours, offMinutes] = found
    if (!/^0*$/.test(fraction.slice(most))) return false
    if ((zulu === undefined && sign === undefined) !== isLocal) return false
    const offset = sign === undefined ? 0 : (Number(offHours) * 60 + Number(offMinutes)) * 60
    const ofDay = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
    const at = days * 86_400 + ofDay + (sign === '+' ? -offset : offset)
    const day = Math.floor(at / 86_400)
    if (day < FIRST_DAY || day > LAST_DAY) return false
    return most < 9 || isBetween(BigInt(at) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0')))
  }
}
