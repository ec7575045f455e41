import { isDay, numberOf } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** Belgian national register number: date of birth, serial, 97 less the rest of division by 97 (2 in front from 2000 on). */
export const beNationalNumber: NumberDetector = numbered({
  kind: 'be-national-number',
  summary: 'a Belgian national number',
  examples: ['85.07.30-033.28', '85073003328', 'NN 17073003384'],
  harmless: ['85073003329', '85.07.30-033.29', '85137303328', '85-07-30-033-27', '850730033281'],
  forms: [{ groups: [11] }, { groups: [2, 2, 2, 3, 2], exactly: '..-.' }, { groups: [6, 3, 2] }],
  holds(digits, at) {
    const month = numberOf(digits, at + 2, 2)
    // A number for people who live elsewhere has 20 or 40 more.
    if (!isDay(month > 40 ? month - 40 : month > 20 ? month - 20 : month, numberOf(digits, at + 4, 2)))
      return false
    const number = numberOf(digits, at, 9)
    const check = numberOf(digits, at + 9, 2)
    return 97 - (number % 97) === check || 97 - ((2_000_000_000 + number) % 97) === check
  },
})
