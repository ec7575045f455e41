/**
 * Runs of digits in a text, with what stands between and around them. One walk over the bytes finds them for all
 * detectors that read numbers.
 */
import { isAlphanumeric, isDigit } from './bytes.ts'
import { hasWordBefore, type Words } from './words.ts'

/** What stands between two groups, or beside the run. */
export const Between = {
  nothing: 0,
  space: 1,
  hyphen: 2,
  dot: 4,
  slash: 8,
  /** A parenthesis, with or without a space. */
  parenthesis: 16,
  /** Something that says that the digits are part of something else: a letter, `_`, `#`. */
  part: 32,
} as const

/** No number has a longer group: its digits are not noted, and its length counts as 0. */
export const MOST_DIGITS = 40
/** The most groups of one run. A longer run is cut, and the next part begins before the cut, so that no number is missed. */
const MOST_GROUPS = 24
const OVERLAP = 8

const PLUS = 0x2b
const OPEN = 0x28
const CLOSE = 0x29

export class NumberRun {
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the text begins, for what stands before. */
  textStart = 0
  /** A plus stands before the first group. */
  plus = false
  /** The first group stands in parentheses, or something behind it does. */
  parenthesis = false
  readonly digits: Uint8Array = new Uint8Array(MOST_DIGITS * MOST_GROUPS)
  digitCount = 0
  groupCount = 0
  /** By group: its first digit in `digits`, how many it has, where it stands, and what stands before it. */
  readonly first: Uint16Array = new Uint16Array(MOST_GROUPS)
  readonly length: Uint8Array = new Uint8Array(MOST_GROUPS)
  readonly starts: Float64Array = new Float64Array(MOST_GROUPS)
  readonly ends: Float64Array = new Float64Array(MOST_GROUPS)
  /** `between[group]` stands before a group; `between[groupCount]` behind the last. Bits of `Between`. */
  readonly between: Uint8Array = new Uint8Array(MOST_GROUPS + 1)
  /** Where to look for the next run. */
  resume = 0

  /** Whether one of the words stands shortly before the group. */
  hasWordBefore(group: number, words: Words): boolean {
    // Between two groups there are separators only.
    return group === 0 && hasWordBefore(this.bytes, this.textStart, this.starts[group]!, words)
  }

  /** Reads the next run of `bytes[from..end)`; false where there is none. `textStart`: where the text begins. */
  next(bytes: Uint8Array, textStart: number, from: number, end: number): boolean {
    let p = from
    while (p < end && !isDigit(bytes[p])) p++
    if (p >= end) return false
    this.bytes = bytes
    this.textStart = textStart
    this.digitCount = 0
    this.groupCount = 0
    this.#open(bytes, textStart, p)
    for (;;) {
      const at = p
      while (p < end && isDigit(bytes[p])) p++
      this.#group(at, p)
      const next = this.#separator(bytes, p, end)
      if (next < 0) {
        this.resume = p
        return true
      }
      if (this.groupCount === MOST_GROUPS) {
        this.resume = this.starts[MOST_GROUPS - OVERLAP]!
        return true
      }
      p = next
    }
  }

  /** What stands before the first digit. */
  #open(bytes: Uint8Array, textStart: number, from: number): void {
    let p = from
    this.parenthesis = p > textStart && bytes[p - 1] === OPEN
    if (this.parenthesis) p--
    this.plus = p > textStart && bytes[p - 1] === PLUS
    if (this.plus) p--
    if (!this.parenthesis && p > textStart && bytes[p - 1] === OPEN) p--
    this.between[0] = p > textStart ? besideOf(bytes, p - 1, textStart - 1, -1) : Between.nothing
  }

  #group(from: number, to: number): void {
    const group = this.groupCount++
    const isLong = to - from > MOST_DIGITS
    this.first[group] = this.digitCount
    this.length[group] = isLong ? 0 : to - from
    this.starts[group] = from
    this.ends[group] = to
    if (!isLong) for (let p = from; p < to; p++) this.digits[this.digitCount++] = this.bytes[p]! - 0x30
  }

  /** Where the next group begins, or -1; notes what stands in between, or behind the run. */
  #separator(bytes: Uint8Array, from: number, end: number): number {
    let p = from
    let seen = 0
    // At most ") -" and the like.
    for (let count = 0; count < 3 && p < end; count++) {
      const width = separatorAt(bytes, p, end)
      if (width.bytes === 0) break
      // Two hyphens, two dots or two slashes are no way to write one number.
      if ((seen & width.kind & (Between.hyphen | Between.dot | Between.slash)) !== 0) break
      seen |= width.kind
      p += width.bytes
      if (isDigit(bytes[p]) && p < end) {
        this.between[this.groupCount] = seen
        if ((seen & Between.parenthesis) !== 0) this.parenthesis = true
        return p
      }
    }
    this.between[this.groupCount] = from < end ? besideOf(bytes, from, end, 1) : Between.nothing
    return -1
  }
}

interface Separator {
  readonly kind: number
  readonly bytes: number
}
const separator = (kind: number, bytes: number): Separator => ({ kind, bytes })
const NONE = separator(0, 0)
const ASCII: readonly (Separator | undefined)[] = (() => {
  const table: (Separator | undefined)[] = []
  table[0x20] = separator(Between.space, 1)
  table[0x2d] = separator(Between.hyphen, 1)
  table[0x2e] = separator(Between.dot, 1)
  table[0x2f] = separator(Between.slash, 1)
  table[OPEN] = separator(Between.parenthesis, 1)
  table[CLOSE] = separator(Between.parenthesis, 1)
  return table
})()
const WIDE_SPACE = separator(Between.space, 3)
const WIDE_HYPHEN = separator(Between.hyphen, 3)
const NO_BREAK_SPACE = separator(Between.space, 2)

/** A separator at `p`: a space (U+00A0, U+2000 to U+200A and U+202F too), a hyphen (U+2010 to U+2015 too) and so on. */
function separatorAt(bytes: Uint8Array, p: number, end: number): Separator {
  const byte = bytes[p]!
  if (byte < 0x80) return ASCII[byte] ?? NONE
  if (byte === 0xc2) return p + 1 < end && bytes[p + 1] === 0xa0 ? NO_BREAK_SPACE : NONE
  if (byte !== 0xe2 || p + 2 >= end || bytes[p + 1] !== 0x80) return NONE
  const last = bytes[p + 2]!
  if (last <= 0x8a || last === 0xaf) return WIDE_SPACE
  return last >= 0x90 && last <= 0x95 ? WIDE_HYPHEN : NONE
}

/** What the byte beside a run at `p` says; `limit`: where the text ends on that side; `step`: away from the run. */
function besideOf(bytes: Uint8Array, p: number, limit: number, step: number): number {
  const byte = bytes[p]!
  if (byte >= 0x80) return Between.space
  if (isAlphanumeric(byte) || byte === 0x5f || byte === 0x23 || byte === 0x24) return Between.part
  // A hyphen, a dot or a slash that ends a clause binds nothing.
  const bound = p + step !== limit && isAlphanumeric(bytes[p + step])
  if (byte === 0x2d) return step < 0 || bound ? Between.hyphen : Between.space
  // tel.600100200, but 0.600100200 and 600100200.csv
  if (byte === 0x2e) return bound && (step > 0 || isDigit(bytes[p - 1])) ? Between.dot : Between.space
  if (byte === 0x2f) return bound ? Between.slash : Between.space
  return byte === PLUS ? Between.part : Between.space
}
