import { weighted } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** Portuguese NIF: eight digits and one that checks them. One number of 9 digits in 11 passes: behind a word only. */
export const ptNif: NumberDetector = numbered({
  kind: 'pt-nif',
  summary: 'a Portuguese NIF',
  examples: ['NIF 123456789', 'contribuinte n.º 234 567 899', 'nif: 501964843'],
  harmless: ['123456789', 'NIF 123456788', 'order 234567899', 'NIF 012345678'],
  words: ['nif', 'contribuinte', 'contribuinte n.º', 'contribuinte nº'],
  forms: [
    { groups: [9], afterWord: true },
    { groups: [3, 3, 3], between: ' .', afterWord: true },
  ],
  holds(digits, at) {
    if (digits[at] === 0) return false
    const check = 11 - (weighted(digits, at, [9, 8, 7, 6, 5, 4, 3, 2]) % 11)
    return digits[at + 8] === (check > 9 ? 0 : check)
  },
})
