import { isAlphanumeric, isDigit, isLetter, standsAt, tableOf } from './bytes.ts'
import type { Span, TextDetector } from './detector.ts'

/** RFC 5322 atext and the dot; any character beyond ASCII (RFC 6531). */
const LOCAL = tableOf(
  (byte) =>
    isAlphanumeric(byte) || byte >= 0x80 || "!#$%&'*+-/=?^_`{|}~.".includes(String.fromCharCode(byte)),
)
/** Letters, digits, hyphens and dots; any character beyond ASCII. */
const DOMAIN = tableOf((byte) => isAlphanumeric(byte) || byte >= 0x80 || byte === 0x2d || byte === 0x2e)

/** RFC 5321, 4.5.3.1. */
const MOST_LOCAL = 64
const MOST_DOMAIN = 255

const AT = 0x40
const DOT = 0x2e
const HYPHEN = 0x2d

/** In a URL the parts before these say that what follows is a value: `?email=lena%40x.example`. */
const isOpening = (byte: number): boolean => byte === 0x3d || byte === 0x26 || byte === 0x3f || byte === 0x2f

export const email: TextDetector = {
  reads: 'text',
  kind: 'email',
  summary: 'an email address',
  examples: [
    'lena@x.example',
    'call Lena <lena.o+shop@mail.example.com>, please',
    'https://shop.example/?email=lena%40mail.example&utm_source=mail',
    'mailto:o\u2019neil@mail.example;anna@mail.example',
    'jos\u00e9@correo.example',
  ],
  harmless: [
    'lodash@4.17.21',
    'icon@2x.png',
    '@media (min-width: 40em)',
    'git@github.com:owner/repository.git',
    'user@localhost',
    '2 kg @ 3.50',
    'a@b',
    '100%40.00',
  ],
  needs: { oneOf: '@%', bytes: 6 },
  find(bytes, start, end) {
    for (let p = start; p < end; p++) {
      const byte = bytes[p]!
      let behind = p + 1
      if (byte === 0x25) {
        if (!standsAt(bytes, p, end, '%40')) continue
        behind = p + 3
      } else if (byte !== AT) continue
      const found = around(bytes, start, p, behind, end)
      if (found !== undefined) return found
    }
    return undefined
  },
}

/** The address whose `@` stands before `behind` and at `at`. */
function around(bytes: Uint8Array, start: number, at: number, behind: number, end: number): Span | undefined {
  let from = at
  const least = Math.max(start, at - MOST_LOCAL)
  while (from > least && LOCAL[bytes[from - 1]!] === 1 && !isOpening(bytes[from - 1]!)) from--
  while (from < at && bytes[from] === DOT) from++
  if (from === at || bytes[at - 1] === DOT) return undefined
  if (at - from === 3 && standsAt(bytes, from, at, 'git')) return undefined
  const to = domainEnd(bytes, behind, Math.min(end, behind + MOST_DOMAIN))
  return to < 0 ? undefined : { start: from, end: to }
}

/** Behind a host name of two labels or more, the last one no number; -1 where there is none. */
function domainEnd(bytes: Uint8Array, from: number, end: number): number {
  let p = from
  let label = from
  let found = -1
  let labels = 0
  for (;;) {
    while (p < end && DOMAIN[bytes[p]!] === 1 && bytes[p] !== DOT) p++
    if (p === label || bytes[label] === HYPHEN || bytes[p - 1] === HYPHEN) return found
    // `icon@2x.png`: a picture for dense screens.
    if (labels === 0 && p - label === 2 && isDigit(bytes[label]) && bytes[p - 1] === 0x78) return -1
    labels++
    if (labels > 1 && isTopLevel(bytes, label, p)) found = p
    else if (labels > 1) found = -1
    if (bytes[p] !== DOT || p >= end) return found
    p++
    label = p
  }
}

/** Two letters or more, or a name in Punycode. */
function isTopLevel(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 2) return false
  if (standsAt(bytes, from, to, 'xn--')) return true
  for (let p = from; p < to; p++) if (!isLetter(bytes[p]) && bytes[p]! < 0x80) return false
  return true
}
