import { standsAt } from './bytes.ts'
import type { TextDetector } from './detector.ts'

const HYPHEN = 0x2d
const OPENINGS = [
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN RSA PRIVATE KEY-----',
  '-----BEGIN EC PRIVATE KEY-----',
  '-----BEGIN DSA PRIVATE KEY-----',
  '-----BEGIN ENCRYPTED PRIVATE KEY-----',
  '-----BEGIN OPENSSH PRIVATE KEY-----',
  '-----BEGIN PGP PRIVATE KEY BLOCK-----',
  'AGE-SECRET-KEY-1',
]

/** PEM (RFC 7468), OpenSSH and OpenPGP by what they begin with; age by its prefix. */
export const privateKey: TextDetector = {
  reads: 'text',
  kind: 'private-key',
  summary: 'a private key',
  examples: [
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----',
    'key: -----BEGIN RSA PRIVATE KEY-----MIIB',
    `AGE-SECRET-KEY-1${'Q'.repeat(58)}`,
  ],
  harmless: [
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN PUBLIC KEY-----',
    'it begins with BEGIN PRIVATE KEY, they say',
    '-------------------------------------------',
  ],
  needs: { oneOf: '-', bytes: 16 },
  find(bytes, start, end) {
    for (let p = start; p + 16 <= end; p++) {
      // The fourth byte of all but the last is a hyphen, as is the last one's; the sixth of all but the last is a B.
      if (bytes[p + 3] !== HYPHEN) continue
      if (bytes[p] === HYPHEN ? bytes[p + 5] !== 0x42 : bytes[p] !== 0x41) continue
      for (const opening of OPENINGS)
        if (standsAt(bytes, p, end, opening)) return { start: p, end: p + opening.length }
    }
    return undefined
  },
}
