/** JSON strings and numbers as RFC 8259 writes them. */

const SAFE = /^[ !#-[\]-~]*$/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** A text as a JSON string, quotes included. */
export function jsonString(text: string): string {
  return SAFE.test(text) ? `"${text}"` : JSON.stringify(text)
}

/**
 * Writes the inside of a JSON string, which is valid, decoded to `out` from `at` on; gives where it ends. It is no longer than
 * what it is decoded of.
 */
export function decodeString(
  source: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  for (let p = start; p < end; ) {
    const byte = source[p++]!
    if (byte !== BACKSLASH) {
      out[at++] = byte
      continue
    }
    const letter = source[p++]!
    if (letter !== LETTER_U) {
      out[at++] = CONTROLS[letter] ?? letter
      continue
    }
    let point = unitAt(source, p)
    p += 4
    if (point >= 0xd800 && point < 0xdc00) {
      point = 0x10000 + ((point - 0xd800) << 10) + (unitAt(source, p + 2) - 0xdc00)
      p += 6
    }
    at = putPoint(point, out, at)
  }
  return at
}

const BACKSLASH = 0x5c
const LETTER_U = 0x75
/** By the letter of an escape. */
const CONTROLS: Readonly<Record<number, number>> = { 98: 0x08, 102: 0x0c, 110: 0x0a, 114: 0x0d, 116: 0x09 }

const unitAt = (source: Uint8Array, p: number): number =>
  Number.parseInt(String.fromCharCode(source[p]!, source[p + 1]!, source[p + 2]!, source[p + 3]!), 16)

/** Writes a character in UTF-8 (RFC 3629). */
function putPoint(point: number, out: Uint8Array, at: number): number {
  if (point < 0x80) {
    out[at] = point
    return at + 1
  }
  const more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3
  // As many ones lead the first byte as there are bytes.
  out[at] = ((0xff00 >> (more + 1)) & 0xff) | (point >> (6 * more))
  for (let i = 1; i <= more; i++) out[at + i] = 0x80 | ((point >> (6 * (more - i))) & 0x3f)
  return at + more + 1
}

/** Whether a text is a JSON number. */
export function isJsonNumber(text: string): boolean {
  return NUMBER.test(text)
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(.))/g
const SHORT: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** Decodes the escapes of a JSON string's inside, which the walker has validated. */
export function unescapeJson(text: string): string {
  return text.replace(ESCAPE, (_, hex: string | undefined, short: string) =>
    hex === undefined ? (SHORT[short] ?? short) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** How many objects and arrays are open at once in a text, at most; it is meant for JSON, and ends for any text. */
export function levelsOf(text: string): number {
  let most = 0
  let open = 0
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if (sign === '"') for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++
    if (sign === '{' || sign === '[') most = Math.max(most, ++open)
    if (sign === '}' || sign === ']') open--
  }
  return most
}
