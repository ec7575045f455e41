import { passesVerhoeff } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** Indian Aadhaar: eleven digits and Verhoeff's check digit. Bare ones behind a word only: one in 12 passes. */
export const inAadhaar: NumberDetector = numbered({
  kind: 'in-aadhaar',
  summary: 'an Indian Aadhaar number',
  examples: ['2345 6789 0124', 'aadhaar: 234567890124', 'UID 2345-6789-0124'],
  harmless: [
    '2345 6789 0123',
    '234567890124',
    '1345 6789 0124',
    '12345 6789 0124',
    '2345-6789 0124',
    '2345678901',
  ],
  words: ['aadhaar', 'aadhar', 'adhaar', 'uidai', 'uid'],
  forms: [{ groups: [4, 4, 4] }, { groups: [12], afterWord: true }],
  holds: (digits, at, count) => digits[at]! > 1 && passesVerhoeff(digits, at, count),
})
