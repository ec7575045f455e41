/** The twin of `mask.card`. */
import { type CardOptions, LEAST_HIDDEN } from '../../mask/card.ts'
import { WRITE_ROOM } from '../../transform.ts'
import { copyBytes, utf8, type WriteBytes } from '../bytes.ts'
import { type Twin, writing } from '../twin.ts'

const LEAST_DIGITS = 12
const MOST_DIGITS = 19
const SPACE = 0x20
const HYPHEN = 0x2d
const ZERO = 0x30

export const card: Twin<CardOptions> = ({ keepFirst, keepLast, with: sign, luhn }) =>
  writing(cardKernel(keepFirst, keepLast, utf8(sign), luhn === 'require'))

/**
 * @param sign UTF-8 of the mask sign
 * @returns undefined for a sign so long that the result may not fit
 */
function cardKernel(
  keepFirst: number,
  keepLast: number,
  sign: Uint8Array,
  luhn: boolean,
): WriteBytes | undefined {
  const signBytes = sign.length
  const signByte = sign[0]!
  if ((signBytes - 1) * MOST_DIGITS > WRITE_ROOM) return undefined
  return (source, start, end, out, at) => {
    if (end - start > 2 * MOST_DIGITS) return -1
    let digits = 0
    // Every second digit counts double, from the right: which ones these are shows at the end, so both sums grow.
    let sum = 0
    let other = 0
    let separated = true
    // Hidden while they are looked at; what is to be shown is put back.
    let to = at
    for (let from = start; from < end; from++) {
      const byte = source[from]!
      const digit = byte - ZERO
      if (digit >= 0 && digit <= 9) {
        // Without a branch, which would be mispredicted half of the time: -9 from 5 on.
        const doubled = other + digit + digit - (9 & ((4 - digit) >> 31))
        other = sum + digit
        sum = doubled
        digits++
        separated = false
        out[to++] = signByte
      } else {
        if (separated || (byte !== SPACE && byte !== HYPHEN)) return -1
        separated = true
        out[to++] = byte
      }
    }
    if (separated || digits < LEAST_DIGITS || digits > MOST_DIGITS) return -1
    // `other` is the sum in which the last digit counts once.
    if (luhn && other % 10 !== 0) return -1
    const most = digits - LEAST_HIDDEN
    const last = Math.min(keepLast, most)
    const first = Math.min(keepFirst, most - last)
    if (signBytes > 1) return rewrite(source, start, end, out, at, sign, first, digits - last)
    for (let from = start, left = first; left > 0; from++) {
      const byte = source[from]!
      out[at + from - start] = byte
      if (byte >= ZERO) left--
    }
    for (let from = end - 1, left = last; left > 0; from--) {
      const byte = source[from]!
      out[at + from - start] = byte
      if (byte >= ZERO) left--
    }
    return to
  }
}

/** Writes the number with a sign of several bytes for the digits from number `first` up to number `last`. */
function rewrite(
  source: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
  sign: Uint8Array,
  first: number,
  last: number,
): number {
  let seen = 0
  let to = at
  for (let from = start; from < end; from++) {
    const byte = source[from]!
    if (byte < ZERO) out[to++] = byte
    else {
      if (seen < first || seen >= last) out[to++] = byte
      else to = copyBytes(sign, 0, sign.length, out, to)
      seen++
    }
  }
  return to
}
