import { isAlphanumeric, standsAt, WORD } from './bytes.ts'
import type { TextDetector } from './detector.ts'

const DOT = 0x2e
/** `{"` in base64url: a header and, in a signed token, a payload begin so. */
const OPENING = 'eyJ'
/** `{"alg":"none"}` has 19 characters. */
const FEWEST = 16

function wordEnd(bytes: Uint8Array, from: number, end: number): number {
  let p = from
  while (p < end && WORD[bytes[p]!] === 1) p++
  return p
}

/** JWS in its compact form (RFC 7515, 7.1), and JWE (RFC 7516, 7.1): parts of base64url with dots between them. */
export const jwt: TextDetector = {
  reads: 'text',
  kind: 'jwt',
  summary: 'a JSON Web Token',
  examples: [
    `${OPENING}hbGciOiJIUzI1NiJ9.${OPENING}zdWIiOiJhbm5hIn0.c2lnbmF0dXJlLW9mLW5vYm9keQ`,
    `Authorization: Bearer ${OPENING}hbGciOiJub25lIn0.${OPENING}zdWIiOiJhbm5hIn0.`,
    `${OPENING}hbGciOiJSU0EtT0FFUCJ9.T0stb2Ytbm9ib2R5.aXY.Y2lwaGVy.dGFn`,
  ],
  harmless: [
    `${OPENING}hbGciOiJIUzI1NiJ9`,
    'eyJ.eyJ.eyJ',
    'keyJobs.forEach.call',
    `x${OPENING}hbGciOiJIUzI1NiJ9.${OPENING}zdWIiOiJhbm5hIn0.c2ln`,
  ],
  needs: { oneOf: 'J', dots: 2, bytes: 30 },
  find(bytes, start, end) {
    let p = start
    while (p + FEWEST < end) {
      if (WORD[bytes[p]!] === 0) {
        p++
        continue
      }
      const first = wordEnd(bytes, p, end)
      if (standsAt(bytes, p, end, OPENING) && first - p >= FEWEST && first < end && bytes[first] === DOT) {
        const second = wordEnd(bytes, first + 1, end)
        const isSigned = standsAt(bytes, first + 1, end, OPENING)
        if (second < end && bytes[second] === DOT && second > first + 1) {
          const third = wordEnd(bytes, second + 1, end)
          const isEncrypted = third < end && bytes[third] === DOT && isAlphanumeric(bytes[third + 1])
          if (isSigned || isEncrypted) return { start: p, end: third }
        }
      }
      p = first
    }
    return undefined
  },
}
