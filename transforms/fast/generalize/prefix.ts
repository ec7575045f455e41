/** The twin of `generalize.prefix`. */
import type { PrefixOptions } from '../../generalize/prefix.ts'
import { isVisibleAscii } from '../../visible.ts'
import type { WriteBytes } from '../bytes.ts'
import { type Twin, writing } from '../twin.ts'

export const prefix: Twin<PrefixOptions> = ({ keep }) => writing(prefixKernel(keep))

/** Whether visible ASCII, Latin from U+00C0 on, kana, CJK from U+5000 on or an emoji from U+1F000 on stands at `at`. */
function isSurelyVisible(source: Uint8Array, at: number): boolean {
  const byte = source[at]!
  if (byte < 0x80) return isVisibleAscii(byte)
  if (byte < 0xe0) return byte >= 0xc3 && byte <= 0xcb
  const next = source[at + 1]!
  if (byte === 0xe3) return next >= 0x81 && next <= 0x83
  return (byte >= 0xe5 && byte <= 0xe9) || (byte === 0xf0 && next === 0x9f)
}

/** `endOfPrefix` on UTF-8: a leading byte says how many bytes its code point has. */
function prefixKernel(keep: number): WriteBytes {
  return (source, start, end, out, at) => {
    let from = start
    let to = at
    for (let count = 0; count < keep; count++) {
      if (from >= end) return -1
      const byte = source[from++]!
      out[to++] = byte
      if (byte >= 0xc0) {
        const size = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
        for (let rest = 0; rest < size; rest++) out[to++] = source[from++]!
      }
    }
    return from < end && isSurelyVisible(source, from) ? to : -1
  }
}
