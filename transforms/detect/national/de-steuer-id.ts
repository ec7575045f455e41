import { passesMod11And10 } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** One digit of the first ten twice or three times (since 2016), not three in a row, and all others at most once. */
function hasOneRepeated(digits: Uint8Array, at: number): boolean {
  const counts = new Uint8Array(10)
  for (let i = 0; i < 10; i++) {
    counts[digits[at + i]!]!++
    if (i > 1 && digits[at + i] === digits[at + i - 1] && digits[at + i] === digits[at + i - 2]) return false
  }
  let repeated = 0
  for (const count of counts) {
    if (count > 3) return false
    if (count > 1) repeated++
  }
  return repeated === 1
}

/** German tax id (section 139b AO). One random number of 11 digits in 300 is one by chance. */
export const deSteuerId: NumberDetector = numbered({
  kind: 'de-steuer-id',
  summary: 'a German tax id',
  examples: ['86095742719', 'IdNr. 86 095 742 719', '65929970489'],
  harmless: ['86095742718', '06095742719', '12345678901', '11111111111', '8609574271', '860957427190'],
  forms: [{ groups: [11] }, { groups: [2, 3, 3, 3], between: ' ' }],
  holds: (digits, at, count) =>
    digits[at] !== 0 && hasOneRepeated(digits, at) && passesMod11And10(digits, at, count),
})
