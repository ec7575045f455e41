/** Check digits. All take digits as numbers 0 to 9, `digits[at..at + count)`. */

export type Digits = ArrayLike<number>

/** Luhn (ISO/IEC 7812-1, annex B). */
export function passesLuhn(digits: Digits, at: number, count: number): boolean {
  let sum = 0
  for (let i = 0; i < count; i++) {
    const digit = digits[at + count - 1 - i]!
    sum += i % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit
  }
  return sum % 10 === 0
}

/** The digits times their weights. */
export function weighted(digits: Digits, at: number, weights: readonly number[]): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) sum += digits[at + i]! * weights[i]!
  return sum
}

/** The digits as a number; exact up to 15 of them. */
export function numberOf(digits: Digits, at: number, count: number): number {
  let number = 0
  for (let i = 0; i < count; i++) number = number * 10 + digits[at + i]!
  return number
}

/** ISO/IEC 7064, MOD 11,10: the last digit checks the others. */
export function passesMod11And10(digits: Digits, at: number, count: number): boolean {
  let product = 10
  for (let i = 0; i < count - 1; i++) {
    const sum = (digits[at + i]! + product) % 10
    product = ((sum === 0 ? 10 : sum) * 2) % 11
  }
  return (11 - product) % 10 === digits[at + count - 1]!
}

/** The dihedral group D5, row by row, and the permutation (Verhoeff 1969). */
const D5 = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
].map((row) => [...row].map(Number))
const PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
const POWERS: readonly (readonly number[])[] = Array.from({ length: 8 }).reduce<number[][]>(
  (powers) => [...powers, powers.at(-1)!.map((digit) => PERMUTATION[digit]!)],
  [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
)

export function passesVerhoeff(digits: Digits, at: number, count: number): boolean {
  let state = 0
  for (let i = 0; i < count; i++) state = D5[state]![POWERS[i % 8]![digits[at + count - 1 - i]!]!]!
  return state === 0
}

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Whether a year has, or may have, such a day. */
export const isDay = (month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= DAYS[month - 1]!

export const allSame = (digits: Digits, at: number, count: number): boolean => {
  for (let i = 1; i < count; i++) if (digits[at + i] !== digits[at]) return false
  return true
}
