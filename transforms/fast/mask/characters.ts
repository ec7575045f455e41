/** The twin of `mask.characters`, for text of which every code point is a grapheme of its own. */
import type { CharactersOptions } from '../../mask/characters.ts'
import { WRITE_ROOM } from '../../transform.ts'
import { isVisibleAscii } from '../../visible.ts'
import { copyBytes, utf8, type WriteBytes } from '../bytes.ts'
import { type Twin, writing } from '../twin.ts'

export const characters: Twin<CharactersOptions> = ({ keepFirst, keepLast, with: sign, length }) =>
  writing(charactersKernel(keepFirst, keepLast, utf8(sign), length ?? -1))

/** As `graphemes.ts`: CR is left out because of CR LF, which is one grapheme. */
const CR = 0x0d

/** Bytes that lead U+0080 to U+00BF; there, all up to U+00A0 and U+00AD are unseen. */
const LATIN_1 = 0xc2
const LAST_UNSEEN = 0xa0
const SOFT_HYPHEN = 0xad

/** Set by `countCharacters`: how many of the characters it counted a reader does not see. */
let unseen = 0

/**
 * The count of characters in `source[start..end)`, or -1 where it holds others than ASCII without CR, Latin up to
 * U+02FF, and U+4E00 to U+9FFF (CJK): there a code point is a grapheme and a UTF-16 unit.
 */
function countCharacters(source: Uint8Array, start: number, end: number): number {
  let count = 0
  let at = start
  unseen = 0
  for (; at < end; count++) {
    const byte = source[at]!
    if (byte < 0x80) {
      if (!isVisibleAscii(byte)) {
        if (byte === CR) return -1
        unseen++
      }
      at += 1
    } else if (byte >= 0xc2 && byte <= 0xcb) {
      if (byte === LATIN_1) {
        const next = source[at + 1]!
        if (next <= LAST_UNSEEN || next === SOFT_HYPHEN) unseen++
      }
      at += 2
    } else if ((byte >= 0xe5 && byte <= 0xe9) || (byte === 0xe4 && source[at + 1]! >= 0xb8)) at += 3
    else return -1
  }
  return at === end ? count : -1
}

/** Where the character behind `count` characters from `at` on starts. */
function skipCharacters(source: Uint8Array, at: number, count: number): number {
  let to = at
  for (let skipped = 0; skipped < count; skipped++) {
    const byte = source[to]!
    to += byte < 0x80 ? 1 : byte < 0xe0 ? 2 : 3
  }
  return to
}

/**
 * @param sign UTF-8 of the mask sign
 * @param fixed how many signs are always written, or -1 for one a hidden character
 */
function charactersKernel(keepFirst: number, keepLast: number, sign: Uint8Array, fixed: number): WriteBytes {
  const signBytes = sign.length
  const signByte = sign[0]!
  const oneForOne = fixed < 0 && signBytes === 1
  return (source, start, end, out, at) => {
    const bytes = end - start
    let from = start
    let blank = 0
    if (oneForOne) {
      // ASCII: hide everything while looking at it, then show the ends.
      for (let to = at; from < end; from++) {
        const byte = source[from]!
        if (!isVisibleAscii(byte)) {
          if (byte >= 0x80 || byte === CR) break
          blank++
        }
        out[to++] = signByte
      }
    }
    let count = bytes
    if (from < end) {
      count = countCharacters(source, start, end)
      if (count < 0) return -1
      blank = unseen
    }
    // The rule of `mostShown`.
    const visible = count - blank
    const most = Math.max(0, Math.min(visible >> 1, visible - 3))
    const last = Math.min(keepLast, most)
    const first = Math.min(keepFirst, most - last)
    if (from === end) {
      copyBytes(source, start, start + first, out, at)
      return copyBytes(source, end - last, end, out, at + bytes - last)
    }
    const signs = fixed < 0 ? count - first - last : fixed
    const firstEnd = skipCharacters(source, start, first)
    const lastStart = skipCharacters(source, firstEnd, count - first - last)
    if (firstEnd - start + signs * signBytes + end - lastStart > bytes + WRITE_ROOM) return -1
    let to = copyBytes(source, start, firstEnd, out, at)
    for (let written = 0; written < signs; written++) {
      if (signBytes === 1) out[to++] = signByte
      else to = copyBytes(sign, 0, signBytes, out, to)
    }
    return copyBytes(source, lastStart, end, out, to)
  }
}
