import { allSame, weighted } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

const check = (sum: number): number => (sum % 11 < 2 ? 0 : 11 - (sum % 11))

/** Brazilian CPF: nine digits and two that check them. One number of 11 digits in 100 passes: bare ones behind a word only. */
export const brCpf: NumberDetector = numbered({
  kind: 'br-cpf',
  summary: 'a Brazilian CPF',
  examples: ['529.982.247-25', 'CPF 52998224725', 'cpf: 529982247-25', '529982247-25'],
  harmless: ['529.982.247-26', '52998224725', '111.111.111-11', '529-982-247-25', '529.982.247-255'],
  words: ['cpf'],
  forms: [
    { groups: [3, 3, 3, 2], exactly: '..-' },
    { groups: [9, 2], between: '-' },
    { groups: [11], afterWord: true },
  ],
  holds: (digits, at, count) =>
    !allSame(digits, at, count) &&
    digits[at + 9] === check(weighted(digits, at, [10, 9, 8, 7, 6, 5, 4, 3, 2])) &&
    digits[at + 10] === check(weighted(digits, at, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2])),
})
