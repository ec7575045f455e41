/**
 * The normalisations of hash/normalize.ts in batches. On UTF-8 bytes they are what they are on text: they are defined on
 * ASCII, and bytes from 0x80 on pass as they are. `nfkc` and `email` alone look beyond it, and are done here for ASCII
 * only.
 */
import { LEAST_DIGITS, MOST_DIGITS, type Normalize, type NormalizeOptions } from '../../hash/normalize.ts'

/** How a batch is normalised: `trims` or `text` or `rewrite` by the host, then `lowers` by the kernel. */
export interface BatchNormal {
  /** Whether the kernel makes `A` to `Z` lower-case. */
  readonly lowers: boolean
  /** Whether white space goes from both ends of bytes. */
  readonly trims: boolean
  /** What else is done to bytes; undefined: nothing. */
  readonly rewrite: Rewrite | undefined
  /** What is done to a text; undefined: nothing. */
  readonly text: Normalize | undefined
}

/**
 * Writes what `source[start..end)` is normalised to into `out` from `at` on, where `end - start + 3` bytes are free,
 * and gives the position behind it. -1: the text function has to be asked.
 */
export type Rewrite = (source: Uint8Array, start: number, end: number, out: Uint8Array, at: number) => number

/** For options that `normalizer` has taken, and what it gave. */
export function batchNormal(options: NormalizeOptions, text: Normalize | undefined): BatchNormal {
  const nothing = { lowers: false, trims: false, rewrite: undefined, text }
  switch (options.normalize) {
    case 'none':
      return nothing
    case 'trim':
      return { ...nothing, trims: true }
    case 'lower':
      return { ...nothing, lowers: true, text: undefined }
    case 'email':
      return { lowers: true, trims: true, rewrite: plainAddress, text }
    case 'phone':
      return { ...nothing, trims: true, rewrite: phone(options) }
    case 'nfkc':
      return { ...nothing, rewrite: ascii }
  }
}

/** Where `source[start..end)` starts without the white space at its start; `end` if there is nothing else. */
export function trimStart(source: Uint8Array, start: number, end: number): number {
  let from = start
  while (from < end && isSpace(source[from]!)) from++
  return from
}

/** Where it ends without the white space at its end. */
export function trimEnd(source: Uint8Array, start: number, end: number): number {
  let to = end
  while (to > start && isSpace(source[to - 1]!)) to--
  return to
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

const ascii: Rewrite = (source, start, end, out, at) => {
  let to = at
  for (let from = start; from < end; from++) {
    const byte = source[from]!
    if (byte >= 0x80) return -1
    out[to++] = byte
  }
  return to
}

/** 1 for `@`, and more for what stands in no plain address: white space, controls, `" ( ) , : ; < >`, all beyond ASCII. */
const SIGNS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x40) return 1
  return byte <= 0x20 || byte >= 0x7f || '"(),:;<>'.includes(String.fromCharCode(byte)) ? 2 : 0
})

/** What has such a sign, or two `@`, is for `apply`. Lower case is made by the kernel. */
const plainAddress: Rewrite = (source, start, end, out, at) => {
  let to = at
  let signs = 0
  for (let from = start; from < end; from++) {
    const byte = source[from]!
    signs += SIGNS[byte]!
    out[to++] = byte
  }
  return signs > 1 ? -1 : to
}

/** What may stand between digits: tab, space and `( ) - . /`. */
const SEPARATOR: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  '\t ()-./'.includes(String.fromCharCode(byte)) ? 1 : 0,
)

const ZERO = 0x30
const PLUS = 0x2b

/** Takes bytes without white space at their ends. */
function phone({ countryCode, bareCountryCode = 'refuse' }: NormalizeOptions): Rewrite {
  const code = countryCode === undefined ? undefined : Buffer.from(String(countryCode), 'latin1')
  return (source, start, end, out, at) => {
    const begin = isTel(source, start, end) ? start + 4 : start
    const plus = begin < end && source[begin] === PLUS
    // The digits go where a country code of three still fits before them.
    let first = at + 3
    let last = first
    for (let p = plus ? begin + 1 : begin; p < end; p++) {
      const byte = source[p]!
      if (byte >= ZERO && byte <= 0x39) out[last++] = byte
      else if (SEPARATOR[byte] === 0) return -1
    }
    if (!plus) {
      if (last - first >= 2 && out[first] === ZERO && out[first + 1] === ZERO) first += 2
      else {
        if (code === undefined || last === first) return -1
        const bare = last - first >= LEAST_DIGITS && startsWith(out, first, last, code)
        if (bare && bareCountryCode === 'refuse') return -1
        if (out[first] === ZERO) first++
        if (!bare || bareCountryCode === 'national') {
          first -= code.length
          for (let i = 0; i < code.length; i++) out[first + i] = code[i]!
        }
      }
    }
    const length = last - first
    if (length < LEAST_DIGITS || length > MOST_DIGITS) return -1
    for (let i = 0; i < length; i++) out[at + i] = out[first + i]!
    return at + length
  }
}

/** Whether `tel:` stands at `start`, in any case. */
function isTel(source: Uint8Array, start: number, end: number): boolean {
  return (
    end - start >= 4 &&
    (source[start]! | 0x20) === 0x74 &&
    (source[start + 1]! | 0x20) === 0x65 &&
    (source[start + 2]! | 0x20) === 0x6c &&
    source[start + 3] === 0x3a
  )
}

function startsWith(bytes: Uint8Array, start: number, end: number, code: Uint8Array): boolean {
  if (end - start < code.length) return false
  for (let i = 0; i < code.length; i++) if (bytes[start + i] !== code[i]) return false
  return true
}
