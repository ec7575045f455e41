/**
 * The normalisations of normalize.ts on UTF-8 bytes: they are defined on ASCII, so bytes from 0x80 on pass as
 * they are. `nfkc` alone looks beyond it, and is done here for ASCII only, which it leaves alone.
 */
import type { NormalizeOptions } from './normalize.ts'

/**
 * Writes the normalised `source[start..end)` to `out` from `at` on, where `end - start + 3` bytes are free, and gives
 * the position behind it. `at` or less: nothing is left, or the text function has to be asked.
 */
export type NormalizeBytes = (
  source: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
) => number

/** `LOWER[byte]`: `A` to `Z` become `a` to `z`. */
const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte,
)

/** The byte function for options that `normalizer` has taken. */
export function byteNormalizer({ normalize, countryCode }: NormalizeOptions): NormalizeBytes {
  switch (normalize) {
    case 'none':
      return copy
    case 'trim':
      return (source, start, end, out, at) => {
        const to = trimEnd(source, start, end)
        return copy(source, trimStart(source, start, to), to, out, at)
      }
    case 'lower':
      return lower
    case 'email':
      return (source, start, end, out, at) => {
        const to = trimEnd(source, start, end)
        return lower(source, trimStart(source, start, to), to, out, at)
      }
    case 'phone':
      return phone(countryCode === undefined ? undefined : Buffer.from(String(countryCode), 'latin1'))
    case 'nfkc':
      return (source, start, end, out, at) => {
        for (let from = start; from < end; from++) if (source[from]! >= 0x80) return -1
        return copy(source, start, end, out, at)
      }
  }
}

function copy(source: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  let to = at
  for (let from = start; from < end; from++) out[to++] = source[from]!
  return to
}

function lower(source: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  let to = at
  for (let from = start; from < end; from++) out[to++] = LOWER[source[from]!]!
  return to
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

function trimEnd(source: Uint8Array, start: number, end: number): number {
  let to = end
  while (to > start && isSpace(source[to - 1]!)) to--
  return to
}

function trimStart(source: Uint8Array, start: number, end: number): number {
  let from = start
  while (from < end && isSpace(source[from]!)) from++
  return from
}

/** What may stand between digits: tab, space and `( ) - . /`. */
const SEPARATOR: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  '\t ()-./'.includes(String.fromCharCode(byte)) ? 1 : 0,
)

const ZERO = 0x30
const PLUS = 0x2b

function phone(code: Uint8Array | undefined): NormalizeBytes {
  return (source, start, end, out, at) => {
    const to = trimEnd(source, start, end)
    const from = trimStart(source, start, to)
    const plus = from < to && source[from] === PLUS
    // The digits go where a country code of three still fits before them.
    let first = at + 3
    let last = first
    for (let p = plus ? from + 1 : from; p < to; p++) {
      const byte = source[p]!
      if (byte >= ZERO && byte <= 0x39) out[last++] = byte
      else if (SEPARATOR[byte] === 0) return -1
    }
    if (!plus) {
      if (last - first >= 2 && out[first] === ZERO && out[first + 1] === ZERO) first += 2
      else {
        if (code === undefined || last === first) return -1
        if (out[first] === ZERO) first++
        first -= code.length
        for (let i = 0; i < code.length; i++) out[first + i] = code[i]!
      }
    }
    const length = last - first
    return length >= 7 && length <= 15 ? copy(out, first, last, out, at) : -1
  }
}
