import { allSame, weighted } from '../checksums.ts'
import type { NumberDetector } from '../detector.ts'
import { numbered } from '../forms.ts'

/** Dutch BSN: the eleven-proof. One number of 9 digits in 11 passes, so only those behind a word count. */
export const nlBsn: NumberDetector = numbered({
  kind: 'nl-bsn',
  summary: 'a Dutch BSN',
  examples: ['BSN 111222333', 'burgerservicenummer: 123456782', 'bsn=1234.56.782'],
  harmless: ['111222333', 'BSN 111222334', 'order 123456782', 'BSN 000000000'],
  words: ['bsn', 'burgerservicenummer', 'sofinummer', 'sofi'],
  forms: [
    { groups: [9], afterWord: true },
    { groups: [4, 2, 3], between: '. ', afterWord: true },
  ],
  holds: (digits, at, count) =>
    !allSame(digits, at, count) && weighted(digits, at, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
})
