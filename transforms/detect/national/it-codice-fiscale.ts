import { isAlphanumeric, isDigit, isLetter } from '../bytes.ts'
import type { TextDetector } from '../detector.ts'

const LENGTH = 16
/** What a character counts in an odd place, of 0 to 9 and A to Z (decree of 23 December 1976). */
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21]
const ODD_LETTERS = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
]
/** Letters that stand for digits 0 to 9 where two people would share a code. */
const OMOCODIA = 'LMNPQRSTUV'
const MONTHS = 'ABCDEHLMPRST'
/** d: a digit or its letter, l: a letter. */
const SHAPE = 'lllllldd' + 'ldd' + 'lddd' + 'l'

const upperOf = (byte: number): number => (isLetter(byte) ? byte & 0xdf : byte)

/** 0 to 9, or -1. */
const digitAt = (byte: number): number =>
  isDigit(byte) ? byte - 0x30 : OMOCODIA.indexOf(String.fromCharCode(upperOf(byte)))

function isCode(bytes: Uint8Array, from: number): boolean {
  let sum = 0
  for (let i = 0; i < LENGTH; i++) {
    const byte = bytes[from + i]!
    if (SHAPE[i] === 'l' ? !isLetter(byte) : digitAt(byte) < 0) return false
    if (i === LENGTH - 1) break
    const letter = upperOf(byte) - 0x41
    if (i % 2 === 0) sum += isDigit(byte) ? ODD[byte - 0x30]! : ODD_LETTERS[letter]!
    else sum += isDigit(byte) ? byte - 0x30 : letter
  }
  if (!MONTHS.includes(String.fromCharCode(upperOf(bytes[from + 8]!)))) return false
  const day = digitAt(bytes[from + 9]!) * 10 + digitAt(bytes[from + 10]!)
  if (day < 1 || (day > 31 && day < 41) || day > 71) return false
  return upperOf(bytes[from + LENGTH - 1]!) - 0x41 === sum % 26
}

export const itCodiceFiscale: TextDetector = {
  reads: 'text',
  kind: 'it-codice-fiscale',
  summary: 'an Italian codice fiscale',
  examples: ['RSSMRA85T10A562S', 'cf rssmra85t10a562s,', 'codice:RSSMRA85T10A562S'],
  harmless: [
    'RSSMRA85T10A562T',
    'RSSMRA85X10A562S',
    'RSSMRA85T99A562S',
    'ARSSMRA85T10A562S',
    'ABCDEFGHIJKLMNOP',
  ],
  needs: { bytes: LENGTH },
  find(bytes, start, end) {
    let p = start
    while (p + LENGTH <= end) {
      // As with keys: most texts have no word that long, and are passed in steps.
      let back = p + LENGTH - 1
      while (back >= p && isAlphanumeric(bytes[back])) back--
      if (back >= p) {
        p = back + 1
        continue
      }
      let to = p + LENGTH
      const bound = p === start || (bytes[p - 1] !== 0x5f && !isAlphanumeric(bytes[p - 1]))
      while (to < end && isAlphanumeric(bytes[to])) to++
      if (bound && to - p === LENGTH && bytes[to] !== 0x5f && isCode(bytes, p)) return { start: p, end: to }
      p = to
    }
    return undefined
  },
}
