/** JSON strings and numbers as RFC 8259 writes them. */

const SAFE = /^[ !#-[\]-~]*$/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** A text as a JSON string, quotes included. */
export function jsonString(text: string): string {
  return SAFE.test(text) ? `"${text}"` : JSON.stringify(text)
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
