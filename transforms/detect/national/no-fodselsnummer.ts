import { isDay, numberOf, weighted } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** Norwegian fødselsnummer and D-number (day 40 more): date of birth, serial, two check digits. */
export const noFodselsnummer: NumberDetector = numbered({
  kind: 'no-fodselsnummer',
  summary: 'a Norwegian national identity number',
  examples: ['01010750160', 'fnr 010107 50160', '29029600013'],
  harmless: ['01010750161', '01130750160', '32010750160', '0101075016', '010107501600'],
  forms: [{ groups: [11] }, { groups: [6, 5] }],
  holds(digits, at) {
    const day = numberOf(digits, at, 2)
    if (!isDay(numberOf(digits, at + 2, 2), day > 40 ? day - 40 : day)) return false
    return (
      weighted(digits, at, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
      weighted(digits, at, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0
    )
  },
})
