/** Dates and times of day as bytes of ASCII. */
import { daysInMonth } from './gregorian.ts'

const ZERO = 0x30
const HYPHEN = 0x2d
const COLON = 0x3a

/** The two digits at `at`, as a number; -1 where there are none. */
export function twoDigits(source: Uint8Array, at: number): number {
  const tens = source[at]! - ZERO
  const ones = source[at + 1]! - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/** Year, month and day as one number that takes 5 bits of day and 4 of month; 0 for none. */
export function pack(year: number, month: number, day: number): number {
  return (year << 9) | (month << 5) | day
}

/** The date at `at`, packed; 0 where none is written or the day does not exist. */
export function readDate(source: Uint8Array, at: number): number {
  const century = twoDigits(source, at)
  const yearOfCentury = twoDigits(source, at + 2)
  const month = twoDigits(source, at + 5)
  const day = twoDigits(source, at + 8)
  if (century < 0 || yearOfCentury < 0 || month < 1 || month > 12 || day < 1) return 0
  const year = century * 100 + yearOfCentury
  if (year === 0 || source[at + 4] !== HYPHEN || source[at + 7] !== HYPHEN) return 0
  if (day > 28 && day > daysInMonth(year, month)) return 0
  return pack(year, month, day)
}

/** Hour and minute of the day at `at`, in minutes, of a time whose second is 0 to 59; -1 where none is written. */
export function readMinutes(source: Uint8Array, at: number): number {
  const hour = twoDigits(source, at)
  const minute = twoDigits(source, at + 3)
  const second = twoDigits(source, at + 6)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1
  return source[at + 2] === COLON && source[at + 5] === COLON ? hour * 60 + minute : -1
}
