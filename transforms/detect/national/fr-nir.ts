import { numberOf } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** French NIR (INSEE): sex, year, month, place, serial, key. Of Corsica (2A, 2B) only those with digits. */
export const frNir: NumberDetector = numbered({
  kind: 'fr-nir',
  summary: 'a French social security number',
  examples: ['255081416802538', '2 55 08 14 168 025 38', 'NIR 2550814168025 38'],
  harmless: ['255081416802539', '355081416802538', '255151416802538', '2550814168025', '170000000000000'],
  forms: [{ groups: [15] }, { groups: [13, 2] }, { groups: [1, 2, 2, 2, 3, 3, 2] }],
  holds(digits, at) {
    const sex = digits[at]!
    const month = numberOf(digits, at + 3, 2)
    if ((sex !== 1 && sex !== 2) || month === 0 || (month > 12 && month !== 20 && (month < 30 || month > 42)))
      return false
    return 97 - (numberOf(digits, at, 13) % 97) === numberOf(digits, at + 13, 2)
  },
})
