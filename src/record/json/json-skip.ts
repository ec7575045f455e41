/** Over values of JSON that is known to be well formed. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c

const opens = (byte: number): boolean => byte === 0x7b || byte === 0x5b
const closes = (byte: number): boolean => byte === 0x7d || byte === 0x5d

/** Where the value that begins at `at` ends. */
export function behindValue(bytes: Uint8Array, at: number): number {
  let depth = 0
  for (; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++
      if (depth === 0) return at + 1
    } else if (opens(byte)) depth++
    else if (closes(byte)) {
      // What is around a number or a word ends.
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (byte === COMMA || byte <= 0x20)) return at
  }
  return at
}
