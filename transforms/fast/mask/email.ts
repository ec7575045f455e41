/** The twin of `mask.email`, for ASCII addresses without quotes, as `ASCII_LOCAL` and `ASCII_DOMAIN` take them. */
import { mostShown } from '../../mask/characters.ts'
import { type EmailOptions, LONGEST, PIECE, RUN, SIGNS } from '../../mask/email.ts'
import { copyBytes, utf8, type WriteBytes } from '../bytes.ts'
import { type Twin, writing } from '../twin.ts'

export const email: Twin<EmailOptions> = ({ keepFirst, domain, domains, with: sign }) =>
  domains === undefined
    ? writing(emailKernel(keepFirst, domain === 'mask', utf8(sign.repeat(SIGNS)), LONGEST, PIECE, RUN))
    : undefined

const AT = 0x40
const DOT = 0x2e
const HYPHEN = 0x2d

const LETTER_OR_DIGIT = 1
const LOCAL = 2

/** Places for pairs of bytes. */
const PAIRS = 1024

/** ASCII by what it may be; and every byte in lower case. */
const CLASSES: Uint8Array = new Uint8Array(256)
const FOLDED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte)
for (let byte = 0x21; byte < 0x7f; byte++) {
  const sign = String.fromCharCode(byte)
  if (/[A-Za-z0-9]/.test(sign)) CLASSES[byte] = LETTER_OR_DIGIT | LOCAL
  else if (/[!#$%&'*+/=?^_`{|}~.-]/.test(sign)) CLASSES[byte] = LOCAL
  FOLDED[byte] = sign.toLowerCase().charCodeAt(0)
}

/** Where the domain that is the end of `source[start..end)` starts, behind an @; -1 where it is none of two labels. */
function startOfDomain(source: Uint8Array, start: number, end: number): number {
  let labels = 1
  for (let at = end - 1; at >= start; at--) {
    const byte = source[at]!
    if ((CLASSES[byte]! & LETTER_OR_DIGIT) !== 0) continue
    if (at === end - 1) return -1
    const next = source[at + 1]!
    if (byte === HYPHEN) {
      if (next === DOT) return -1
      continue
    }
    // A label starts with a letter or digit.
    if ((CLASSES[next]! & LETTER_OR_DIGIT) === 0) return -1
    if (byte === AT) return labels > 1 ? at + 1 : -1
    if (byte !== DOT) return -1
    labels++
  }
  return -1
}

/** Whether the domain `source[domain..end)` holds `source[from..to)`, in any case; as a whole label if `label`. */
function holds(
  source: Uint8Array,
  domain: number,
  end: number,
  from: number,
  to: number,
  label: boolean,
): boolean {
  const length = to - from
  const first = FOLDED[source[from]!]!
  for (let at = domain; at + length <= end; at++) {
    if (FOLDED[source[at]!] !== first) continue
    let same = 1
    while (same < length && FOLDED[source[at + same]!] === FOLDED[source[from + same]!]) same++
    if (same < length) continue
    if (!label) return true
    const starts = at === domain || source[at - 1] === DOT
    if (starts && (at + length === end || source[at + length] === DOT)) return true
  }
  return false
}

/**
 * Whether a word of the domain, but of its last label, has `run` bytes in a row that stand in `joined[0..length)`; of a
 * shorter word of `piece` bytes at least, all of it.
 * @param marks holds `mark` for the pairs of bytes in `joined`: texts that share no run share next to no pair
 */
function sharesRun(
  source: Uint8Array,
  domain: number,
  end: number,
  joined: Uint8Array,
  length: number,
  marks: Int32Array,
  mark: number,
  piece: number,
  run: number,
): boolean {
  let last = end - 1
  while (source[last] !== DOT) last--
  let from = domain
  /** How many bytes up to here are pairs with the one before that `joined` has, in a row. */
  let met = 0
  let before = 0
  for (let at = domain; at <= last; at++) {
    const byte = source[at]!
    if (byte === DOT || byte === HYPHEN) {
      const size = at - from
      if (size < run && size >= piece && met >= size - 1 && stands(joined, length, source, from, size))
        return true
      from = at + 1
      met = 0
      before = 0
    } else {
      const folded = FOLDED[byte]!
      met = before !== 0 && marks[pairAt(before, folded)] === mark ? met + 1 : 0
      before = folded
      if (met >= run - 1 && stands(joined, length, source, at - run + 1, run)) return true
    }
  }
  return false
}

/** Where a pair of bytes is marked. Some pairs share a place. */
const pairAt = (first: number, second: number): number => ((first << 5) ^ second) & (PAIRS - 1)

/** Whether `source[word..word + size)`, in any case, stands in `text[0..length)`, which is in lower case. */
function stands(text: Uint8Array, length: number, source: Uint8Array, word: number, size: number): boolean {
  const first = FOLDED[source[word]!]!
  for (let at = 0; at + size <= length; at++) {
    if (text[at] !== first) continue
    let same = 1
    while (same < size && text[at + same] === FOLDED[source[word + same]!]) same++
    if (same === size) return true
  }
  return false
}

/**
 * @param masksDomain whether the domain is hidden always
 * @param hidden UTF-8 of the signs that stand for a hidden part
 * @param piece least length of a piece of the local part that may stand nowhere in a domain that is shown
 * @param run so many bytes of a word of a shown domain, in a row, may not stand in the local part without its separators
 */
function emailKernel(
  keepFirst: number,
  masksDomain: boolean,
  hidden: Uint8Array,
  longest: number,
  piece: number,
  run: number,
): WriteBytes {
  const joined = new Uint8Array(longest)
  const marks = new Int32Array(PAIRS)
  let mark = 0
  const hiddenBytes = hidden.length
  // A local part with mask signs could come out as it was: `apply` sees to that.
  const sign = hidden[0]!
  return (source, start, end, out, at) => {
    if (end - start > longest) return -1
    const domain = startOfDomain(source, start, end)
    const localEnd = domain - 1
    if (localEnd <= start) return -1
    let shown = !masksDomain
    let pieceStart = start
    let length = 0
    let before = 0
    mark = (mark + 1) | 0
    for (let from = start; from <= localEnd; from++) {
      const byte = source[from]!
      const kind = CLASSES[byte]!
      if ((kind & LETTER_OR_DIGIT) !== 0) {
        const folded = FOLDED[byte]!
        joined[length++] = folded
        marks[pairAt(before, folded)] = mark
        before = folded
        continue
      }
      if (from < localEnd && ((kind & LOCAL) === 0 || byte === sign)) return -1
      if (shown && from > pieceStart)
        shown = !holds(source, domain, end, pieceStart, from, from - pieceStart < piece)
      pieceStart = from + 1
    }
    if (shown && localEnd - start >= piece) shown = !holds(source, domain, end, start, localEnd, false)
    if (shown) shown = !sharesRun(source, domain, end, joined, length, marks, mark, piece, run)
    let to = at
    if (keepFirst === 1 && mostShown(localEnd - start) > 0) out[to++] = source[start]!
    to = copyBytes(hidden, 0, hiddenBytes, out, to)
    out[to++] = AT
    return shown ? copyBytes(source, domain, end, out, to) : copyBytes(hidden, 0, hiddenBytes, out, to)
  }
}
