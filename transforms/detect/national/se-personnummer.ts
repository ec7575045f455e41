import { isDay, numberOf, passesLuhn } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** 202401151230 is a time before it is a person. */
const isClock = (digits: Uint8Array, at: number): boolean =>
  numberOf(digits, at, 2) < 24 && numberOf(digits, at + 2, 2) < 60

/** Swedish personnummer and samordningsnummer: date of birth (day 60 more), serial, Luhn. */
export const sePersonnummer: NumberDetector = numbered({
  kind: 'se-personnummer',
  summary: 'a Swedish personal number',
  examples: ['811228-9874', '670919-9530', '19811228-9874', '198112289874', 'personnummer 8112289874'],
  harmless: [
    '811228-9875',
    '811328-9874',
    '8112289874',
    '1710150000',
    '202401151230',
    '2024-01-15',
    '811228 9874',
  ],
  words: ['personnummer', 'personnr', 'pnr', 'samordningsnummer'],
  forms: [
    { groups: [6, 4], between: '-' },
    { groups: [8, 4], between: '-' },
    { groups: [12] },
    { groups: [10], afterWord: true },
  ],
  holds(digits, at, count, { groups }) {
    const date = at + count - 10
    if (count === 12) {
      const century = numberOf(digits, at, 2)
      if (century !== 19 && century !== 20) return false
      if (groups.length === 1 && isClock(digits, date + 6)) return false
    }
    const day = numberOf(digits, date + 4, 2)
    return isDay(numberOf(digits, date + 2, 2), day > 60 ? day - 60 : day) && passesLuhn(digits, date, 10)
  },
})
