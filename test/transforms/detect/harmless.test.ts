/** How often harmless values are taken for something: the rates that the docs state, over many seeded values. */
import { describe, expect, it } from 'vitest'
import { detectors } from '../../../transforms/detect/index.ts'
import { look } from '../../../transforms/detect/look.ts'
import { IN_PROOF } from '../../proofs/in-proof.ts'

const VALUES = IN_PROOF ? 20_000 : 10_000

/** Numbers in [0, 1), the same in each run (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Next = () => number
const below = (next: Next, limit: number): number => Math.floor(next() * limit)
const of = (next: Next, alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[below(next, alphabet.length)]).join('')
const DIGITS = '0123456789'
const digits = (next: Next, length: number): string => of(next, DIGITS, length)
const HEX = '0123456789abcdef'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const BASE64 = `${UPPER}${UPPER.toLowerCase()}${DIGITS}+/`
const uuid = (next: Next): string => [8, 4, 4, 4, 12].map((length) => of(next, HEX, length)).join('-')
const instant = (next: Next): Date => new Date(Date.UTC(2015) + below(next, 5e8) * 1000 + below(next, 1000))
const WORDS = (
  'the order came late but was fine size blue 2 pairs returned on monday see invoice for price total of items ' +
  'refund asked since colour differs great product would buy again 5 stars it is ok v2 of app 3 times'
).split(' ')

/** Of each a value, and the share that may be taken for something, in values of 1,000. */
const CORPORA: Readonly<Record<string, readonly [number, (next: Next) => string]>> = {
  'whole numbers of up to 9 digits': [0, (next) => String(below(next, 1e9))],
  'sequential order numbers': [0, (next) => String(10_000_000 + below(next, 2e6))],
  'numbers of 10 digits': [0, (next) => digits(next, 10)],
  'numbers of 11 digits': [12, (next) => digits(next, 11)],
  'numbers of 12 digits': [1, (next) => digits(next, 12)],
  'numbers of 13 digits (EAN)': [0, (next) => digits(next, 13)],
  'numbers of 16 digits': [30, (next) => digits(next, 16)],
  'snowflake ids': [0, (next) => `1${digits(next, 18)}`],
  'epoch seconds': [0, (next) => String(1_400_000_000 + below(next, 4e8))],
  'epoch milliseconds': [0, (next) => String(instant(next).getTime())],
  'epoch microseconds': [0, (next) => `${instant(next).getTime()}${digits(next, 3)}`],
  'RFC 3339': [0, (next) => instant(next).toISOString()],
  'RFC 3339 with an offset': [0, (next) => instant(next).toISOString().replace('Z', '+0200')],
  'local times': [0, (next) => instant(next).toISOString().slice(0, 19).replace('T', ' ')],
  'compact times': [1, (next) => instant(next).toISOString().replace(/\D/g, '').slice(0, 14)],
  'compact times to the minute': [1, (next) => instant(next).toISOString().replace(/\D/g, '').slice(0, 12)],
  'dates day first': [0, (next) => instant(next).toISOString().slice(0, 10).split('-').reverse().join('.')],
  UUIDs: [0, uuid],
  'hex digests': [0, (next) => of(next, HEX, 40)],
  'base64 of 32 bytes': [0.2, (next) => `${of(next, BASE64, 43)}=`],
  'base64url tokens': [0.2, (next) => of(next, BASE64.replace('+/', '-_'), 22)],
  prices: [0, (next) => (next() * 10_000).toFixed(2)],
  'prices with a currency': [0, (next) => `EUR ${(next() * 100).toFixed(2)}`],
  coordinates: [0, (next) => `${(next() * 180 - 90).toFixed(6)}, ${(next() * 360 - 180).toFixed(6)}`],
  'fractions of 16 digits': [0, (next) => String(next())],
  SKUs: [0, (next) => `${of(next, UPPER, 3)}-${digits(next, 4)}-${of(next, UPPER, 2)}${digits(next, 2)}`],
  'SKUs of digits': [0, (next) => `${digits(next, 4)}-${digits(next, 4)}`],
  'order numbers': [0, (next) => `#${digits(next, 9)}`],
  'invoice numbers': [0, (next) => `INV-2024-${digits(next, 6)}`],
  'version numbers': [0, (next) => Array.from({ length: 4 }, () => below(next, 32)).join('.')],
  'user agents': [
    0,
    (next) =>
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${below(next, 200)}.0.${below(next, 9999)}.${below(next, 200)} Safari/537.36`,
  ],
  'MAC addresses': [0, (next) => Array.from({ length: 6 }, () => of(next, HEX, 2)).join(':')],
  'page addresses': [
    0,
    (next) => `https://shop.example/p/${of(next, HEX, 8)}?utm_source=mail&id=${digits(next, 8)}`,
  ],
  prose: [0, (next) => Array.from({ length: 12 }, () => WORDS[below(next, WORDS.length)]).join(' ')],
}

describe.each(Object.entries(CORPORA))('of %s', (_, [most, make]) => {
  it(`at most ${most} of 1,000 look like something`, () => {
    const next = random(20260310)
    const found = new Map<string, number>()
    let hits = 0
    for (let i = 0; i < VALUES; i++) {
      const bytes = Buffer.from(make(next))
      const mask = look(bytes, 0, bytes.length)
      if (mask === 0) continue
      hits++
      for (const [index, { kind }] of detectors.entries())
        if ((mask & (1 << index)) !== 0) found.set(kind, (found.get(kind) ?? 0) + 1)
    }
    expect((hits * 1000) / VALUES, JSON.stringify(Object.fromEntries(found))).toBeLessThanOrEqual(most)
  })
})
