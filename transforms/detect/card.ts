import { allSame, numberOf, passesLuhn } from './checksums.ts'
import type { NumberDetector } from './detector.ts'
import { numbered } from './forms.ts'

/** Issuers by their first digits and lengths (ISO/IEC 7812; the networks' published ranges). */
const isIssued = (digits: Uint8Array, at: number, count: number): boolean => {
  const two = numberOf(digits, at, 2)
  const four = numberOf(digits, at, 4)
  if (count === 15) return two === 34 || two === 37
  if (count === 14) return (four >= 3000 && four <= 3059) || two === 36 || two === 38 || two === 39
  return (
    digits[at] === 4 ||
    (two >= 51 && two <= 55) ||
    (four >= 2221 && four <= 2720) ||
    four === 6011 ||
    (four >= 6440 && four <= 6599) ||
    (four >= 3528 && four <= 3589) ||
    two === 62
  )
}

/**
 * Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay; of 14 to 16 digits. One random number of 16
 * digits in 40 is one by chance.
 */
export const card: NumberDetector = numbered({
  kind: 'card',
  summary: 'a payment card number',
  examples: [
    '4111111111111111',
    'card 4111 1111 1111 1111 of May',
    '5555-5555-5555-4444',
    '378282246310005',
    '3782 822463 10005',
    '2223003122003222',
    '30569309025904',
    'paid 3 4111 1111 1111 1111',
  ],
  harmless: [
    '4111111111111112',
    '1700000000000000',
    '0.4111111111111111',
    '4111111111111111.00',
    'id-4111111111111111-x',
    '550e8400-e29b-41d4-a716-411111111111',
    '0000000000000000',
  ],
  forms: [
    { groups: [16] },
    { groups: [4, 4, 4, 4] },
    { groups: [15] },
    { groups: [4, 6, 5] },
    { groups: [14] },
    { groups: [4, 6, 4] },
  ],
  holds: (digits, at, count) =>
    isIssued(digits, at, count) && passesLuhn(digits, at, count) && !allSame(digits, at, count),
})
