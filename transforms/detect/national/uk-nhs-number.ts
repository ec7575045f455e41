import { allSame, weighted } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** NHS number (NHS Data Dictionary): nine digits and one modulo 11. Bare ones behind a word only: one in 11 passes. */
export const ukNhsNumber: NumberDetector = numbered({
  kind: 'uk-nhs-number',
  summary: 'an NHS number',
  examples: ['943 476 5919', 'NHS no: 9434765919', 'nhs 943-476-5919', '401 023 2137'],
  harmless: ['943 476 5918', '9434765919', '1700000000', '943-476-5919', '943 476 59190'],
  words: ['nhs', 'nhs number', 'nhs no'],
  forms: [
    { groups: [3, 3, 4], between: ' ' },
    { groups: [3, 3, 4], between: '-', afterWord: true },
    { groups: [10], afterWord: true },
  ],
  holds: (digits, at, count) =>
    !allSame(digits, at, count) && weighted(digits, at, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
})
