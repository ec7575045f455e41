import { isAlphanumeric, isDigit, isUpper } from '../bytes.ts'
import type { TextDetector } from '../detector.ts'

const LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE'
const HYPHEN = 0x2d

/** 20240115B is a day and something: a batch, a file. */
const isDate = (number: number): boolean => {
  const month = Math.floor(number / 100) % 100
  return number >= 19_000_000 && number < 21_000_000 && month >= 1 && month <= 12 && number % 100 <= 31
}

/** Behind the number whose digits stand at `[from, to)`, or -1; `lead`: X, Y or Z of a NIE as 0 to 2, else -1. */
function numberEnd(bytes: Uint8Array, from: number, to: number, end: number, lead: number): number {
  let number = Math.max(0, lead)
  for (let p = from; p < to; p++) number = number * 10 + bytes[p]! - 0x30
  const letter = bytes[to] === HYPHEN ? to + 1 : to
  if (letter >= end || bytes[letter] !== LETTERS.charCodeAt(number % 23)) return -1
  if (letter + 1 < end && (isAlphanumeric(bytes[letter + 1]) || bytes[letter + 1] === 0x5f)) return -1
  return lead < 0 && isDate(number) ? -1 : letter + 1
}

/** Spanish DNI (8 digits and a letter) and NIE (X, Y or Z, 7 digits and a letter), letters in upper case. */
export const esDni: TextDetector = {
  reads: 'text',
  kind: 'es-dni',
  summary: 'a Spanish DNI or NIE',
  examples: ['12345678Z', 'DNI 12345678-Z', 'X1234567L', 'nie: Y-1234567-X.'],
  harmless: ['12345678A', '12345678z', 'X1234567A', '012345678Z', 'A-12345678Z', '12345678ZZ', '20240115B'],
  needs: { digits: 7, bytes: 9 },
  find(bytes, start, end) {
    let p = start
    while (p < end) {
      if (!isDigit(bytes[p])) {
        p++
        continue
      }
      const from = p
      while (p < end && isDigit(bytes[p])) p++
      const count = p - from
      if (count !== 7 && count !== 8) continue
      let first = from
      let lead = -1
      if (count === 7) {
        const at = bytes[from - 1] === HYPHEN ? from - 2 : from - 1
        if (at < start || !isUpper(bytes[at])) continue
        lead = bytes[at]! - 0x58
        first = at
        if (lead < 0 || lead > 2) continue
      }
      const before = first > start ? bytes[first - 1] : undefined
      if (isAlphanumeric(before) || before === 0x5f || before === HYPHEN || before === 0x2e) continue
      const to = numberEnd(bytes, from, p, end, lead)
      if (to >= 0) return { start: first, end: to }
    }
    return undefined
  },
}
