/** What detectors ask of single bytes. */

export const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x30 && byte <= 0x39

export const isUpper = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x41 && byte <= 0x5a

export const isLetter = (byte: number | undefined): boolean => {
  const lower = (byte ?? 0) | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

export const isAlphanumeric = (byte: number | undefined): boolean => isDigit(byte) || isLetter(byte)

/** A byte by byte answer in a table: 1 where `holds`. */
export function tableOf(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0))
}

/** 1 for what words, tokens and keys are made of: letters, digits, `_` and `-`. */
export const WORD: Uint8Array = tableOf((byte) => isAlphanumeric(byte) || byte === 0x5f || byte === 0x2d)

/** ASCII bytes as text; what else is there comes out as Latin-1. */
export function asciiOf(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let p = start; p < end; p++) text += String.fromCharCode(bytes[p]!)
  return text
}

/** Whether `ascii` stands at `bytes[at..]`, before `end`. */
export function standsAt(bytes: Uint8Array, at: number, end: number, ascii: string): boolean {
  if (at + ascii.length > end) return false
  for (let i = 0; i < ascii.length; i++) if (bytes[at + i] !== ascii.charCodeAt(i)) return false
  return true
}
