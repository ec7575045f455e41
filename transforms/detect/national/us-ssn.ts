import { numberOf } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** Numbers that became known by adverts, and belong to no person. */
const ADVERTISED = new Set([78_05_1120, 219_09_9999])

/** US Social Security numbers have no check digit; by 20 CFR 422.103 and SSA's rules some are never given out. */
export const usSsn: NumberDetector = numbered({
  kind: 'us-ssn',
  summary: 'a US Social Security number',
  examples: ['212-34-5678', 'his number is 212 34 5678.', 'SSN: 212345678', 'social security no. 212345678'],
  harmless: [
    '000-12-3456',
    '666-12-3456',
    '912-34-5678',
    '212-00-5678',
    '212-34-0000',
    '078-05-1120',
    '212345678',
    '212-34 5678',
    '1212-34-5678',
    '212-34-56789',
    '212.34.5678',
    'A-212-34-5678',
  ],
  words: ['ssn', 'social security', 'social security number', 'social security no'],
  forms: [{ groups: [3, 2, 4] }, { groups: [9], afterWord: true }],
  holds(digits, at) {
    const area = numberOf(digits, at, 3)
    if (area === 0 || area === 666 || area >= 900) return false
    if (numberOf(digits, at + 3, 2) === 0 || numberOf(digits, at + 5, 4) === 0) return false
    return !ADVERTISED.has(numberOf(digits, at, 9))
  },
})
