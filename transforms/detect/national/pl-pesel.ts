import { isDay, numberOf, weighted } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

const WEIGHTS = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]

/**
 * Polish PESEL: year, month (20 more from 2000 on), day, serial, check digit. One random number of 11 digits in 200 is one by
 * chance.
 */
export const plPesel: NumberDetector = numbered({
  kind: 'pl-pesel',
  summary: 'a Polish PESEL number',
  examples: ['44051401359', 'PESEL 02070803628', 'nr 44051401359, Kraków'],
  harmless: [
    '44051401358',
    '44951401359',
    '44053201359',
    '12345678901',
    '48600100200',
    '4405140135',
    '440514013591',
  ],
  forms: [{ groups: [11] }],
  holds(digits, at) {
    const month = numberOf(digits, at + 2, 2)
    // No one is born in 2036 or later yet.
    if (month > 20 && numberOf(digits, at, 2) > 35) return false
    if (!isDay(month > 20 ? month - 20 : month, numberOf(digits, at + 4, 2))) return false
    return weighted(digits, at, WEIGHTS) % 10 === 0
  },
})
