/** One text for all forms of a number: an export writes `1001.0` for 1001 where a column had gaps, and means the same person. */

const FORM = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/
/** Whole numbers of more digits than these stay with an exponent. */
const MOST_DIGITS = 64

const [MINUS, ZERO, NINE] = [0x2d, 0x30, 0x39]

/** Whether `bytes[start..end)` may be a number that has a shorter form: one with a fraction or an exponent, or `-0`. */
export function hasOtherForm(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!
  if (first !== MINUS && (first < ZERO || first > NINE)) return false
  let isPlain = true
  for (let p = start + 1; p < end; p++) {
    const byte = bytes[p]!
    if (byte >= ZERO && byte <= NINE) continue
    // . e E + -
    if (byte !== 0x2e && byte !== 0x65 && byte !== 0x45 && byte !== 0x2b && byte !== MINUS) return false
    isPlain = false
  }
  return !isPlain || (first === MINUS && bytes[start + 1] === ZERO)
}

/**
 * The text itself, unless it is a number with a fraction or an exponent, or `-0`: then one that all forms of this number have, and of a
 * whole number that is its digits. Digits are counted, not rounded, so no two numbers have the same.
 */
export function numberText(text: string): string {
  const [, sign, whole, fraction, exponent] = FORM.exec(text) ?? []
  if (whole === undefined) return text
  if (fraction === undefined && exponent === undefined && sign === '') return text
  const all = `${whole}${fraction ?? ''}`
  let from = 0
  while (from < all.length && all.charCodeAt(from) === ZERO) from++
  let to = all.length
  while (to > from && all.charCodeAt(to - 1) === ZERO) to--
  if (from === to) return '0'
  const digits = all.slice(from, to)
  const zeros = Number(exponent ?? 0) - (fraction?.length ?? 0) + (all.length - to)
  return zeros >= 0 && digits.length + zeros <= MOST_DIGITS
    ? `${sign}${digits}${'0'.repeat(zeros)}`
    : `${sign}${digits}e${zeros}`
}
