/**
 * Numbers since 1970-01-01T00:00Z: days, seconds, milliseconds, microseconds or nanoseconds. A fraction may have any number
 * of digits; `-` is allowed; no `+`, leading zeros or exponent. The instant is the millisecond that the number lies in, also
 * before 1970. A whole number of days is a bare date, which no zone moves.
 */
import type { Form, Written } from './form.ts'
import { DAY_MS, FIRST_DAY, LAST_DAY, MINUTE_MS } from './gregorian.ts'

export const FIRST_MS: number = FIRST_DAY * DAY_MS
export const LAST_MS: number = (LAST_DAY + 1) * DAY_MS - 1

interface EpochUnit {
  /** Milliseconds in one. */
  readonly size: number
  /** How many of the last digits before the point are fractions of a millisecond. */
  readonly below: number
  readonly perDay: bigint
}

export type EpochFormat =
  | 'epoch-days'
  | 'epoch-seconds'
  | 'epoch-milliseconds'
  | 'epoch-microseconds'
  | 'epoch-nanoseconds'

export const EPOCHS: Readonly<Record<EpochFormat, EpochUnit>> = {
  'epoch-days': { size: DAY_MS, below: 0, perDay: 1n },
  'epoch-seconds': { size: 1000, below: 0, perDay: 86_400n },
  'epoch-milliseconds': { size: 1, below: 0, perDay: 86_400_000n },
  'epoch-microseconds': { size: 1, below: 3, perDay: 86_400_000_000n },
  'epoch-nanoseconds': { size: 1, below: 6, perDay: 86_400_000_000_000n },
}

const NUMBER = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/
const ZEROS = /^0*$/
/** Whole numbers of more digits lie far outside of the calendar in every unit. */
const MOST_DIGITS = 24

/** A number as it is written; undefined for what is none. */
function split(text: string): { negative: boolean; whole: string; fraction: string } | undefined {
  const match = NUMBER.exec(text)
  if (match === null) return undefined
  const [, sign, whole, fraction = ''] = match as unknown as [string, string, string, string?]
  if (sign !== '' && whole === '0' && ZEROS.test(fraction)) return undefined
  return { negative: sign !== '', whole, fraction }
}

/** The millisecond that a number lies in; one without end where it has too many digits for any calendar. */
function instantOf(
  { negative, whole, fraction }: NonNullable<ReturnType<typeof split>>,
  unit: EpochUnit,
): number {
  if (whole.length > MOST_DIGITS) return negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const cut = unit.below === 0 ? whole.length : Math.max(0, whole.length - unit.below)
  let isExact = ZEROS.test(whole.slice(cut))
  // Digit by digit from the last, each step rounded down, which gives the whole rounded down.
  let part = 0
  for (let i = fraction.length - 1; i >= 0; i--) {
    const sum = (fraction.charCodeAt(i) - 48) * unit.size + part
    part = Math.floor(sum / 10)
    isExact &&= sum % 10 === 0
  }
  const size = Number(whole.slice(0, cut)) * unit.size + (unit.below === 0 ? part : 0)
  return negative ? -size - (isExact ? 0 : 1) : size
}

/** The complement of a fraction to one: `25` of `75`. It has a digit that is not 0. */
function complement(fraction: string): string {
  const last = fraction.search(/[1-9]0*$/)
  const before = fraction.slice(0, last).replace(/[0-9]/g, (digit) => String(9 - Number(digit)))
  return before + String(10 - Number(fraction[last])) + fraction.slice(last + 1)
}

/** The number `by` more, in the same unit, with as many digits behind the point. */
function add({ negative, whole, fraction }: NonNullable<ReturnType<typeof split>>, by: bigint): string {
  const sum = (negative ? -BigInt(whole) : BigInt(whole)) + by
  const point = fraction === '' ? '' : '.'
  if (ZEROS.test(fraction)) return `${sum}${point}${fraction}`
  // The fraction counts towards the sign that the number had.
  if (negative) return sum > 0n ? `${sum - 1n}.${complement(fraction)}` : `-${-sum}.${fraction}`
  return sum < 0n ? `-${-sum - 1n}.${complement(fraction)}` : `${sum}.${fraction}`
}

export function epochForm(name: EpochFormat): Form {
  const unit: EpochUnit = EPOCHS[name]
  const isDays = name === 'epoch-days'
  const read = (text: string): Written | undefined => {
    const parts = split(text)
    if (parts === undefined) return undefined
    const instant = instantOf(parts, unit)
    const days = Math.floor(instant / DAY_MS)
    if (isDays && parts.fraction === '') return { days, time: undefined, offset: undefined }
    return { days, time: instant - days * DAY_MS, offset: 0 }
  }
  return {
    name,
    bare: false,
    zone: isDays ? 'used' : 'unused',
    counts: true,
    read,
    move: (text, _, by) => {
      const parts = split(text)
      if (parts === undefined || parts.whole.length > MOST_DIGITS) return undefined
      const moved = add(parts, BigInt(by) * unit.perDay)
      const instant = instantOf(split(moved)!, unit)
      return instant >= FIRST_MS && instant <= LAST_MS ? moved : undefined
    },
    write: ({ days, time = 0, offset = 0 }) => {
      if (isDays) return String(days)
      const instant = days * DAY_MS + time - offset * MINUTE_MS
      return unit.size > 1 ? String(Math.floor(instant / unit.size)) : `${instant}${'0'.repeat(unit.below)}`
    },
  }
}
