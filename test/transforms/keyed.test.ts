import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  hmacSha256,
  integerBelow,
  isWellFormed,
  prefixedHmacSha256,
  uint128,
} from '../../transforms/keyed.ts'

/** RFC 4231, section 4: the cases whose data is text. Of the fifth it gives the first 128 bits only. */
const RFC_4231 = [
  {
    key: '0b'.repeat(20),
    data: 'Hi There',
    mac: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    key: Buffer.from('Jefe').toString('hex'),
    data: 'what do ya want for nothing?',
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    key: '0c'.repeat(20),
    data: 'Test With Truncation',
    mac: 'a3b6167473100ee06e0c796c2955552b',
  },
  {
    key: 'aa'.repeat(131),
    data: 'Test Using Larger Than Block-Size Key - Hash Key First',
    mac: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  },
  {
    key: 'aa'.repeat(131),
    data: 'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    mac: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  },
]

describe('prefixedHmacSha256', () => {
  it('is the MAC of both texts, whatever came before', () => {
    const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at))
    const whole = hmacSha256(key)
    const parted = prefixedHmacSha256(key)
    const prefix = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(...[255, 256, 257, 5000].flatMap((n) => ['a'.repeat(n), 'é'.repeat(n)])),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(prefix, fc.string()), { minLength: 1 }), (pairs) => {
        for (const [first, rest] of [...pairs, ...pairs])
          expect(parted(first, rest).toString('hex')).toBe(whole(first + rest).toString('hex'))
      }),
    )
  })
})

describe('hmacSha256', () => {
  it.each(RFC_4231)('gives the MAC of RFC 4231 for $data', ({ key, data, mac }) => {
    expect(hmacSha256(Buffer.from(key, 'hex'))(data).toString('hex').slice(0, mac.length)).toBe(mac)
  })

  it('equals createHmac on any text, and does not depend on what it hashed before', () => {
    const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at))
    const mac = hmacSha256(key)
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 700, size: 'max' }), (text) => {
        expect(mac(text).toString('hex')).toBe(createHmac('sha256', key).update(text, 'utf8').digest('hex'))
      }),
    )
    for (const length of [511, 512, 513, 5000]) {
      const text = '€'.repeat(length)
      expect(mac(text).toString('hex')).toBe(createHmac('sha256', key).update(text, 'utf8').digest('hex'))
    }
  })
})

describe('integerBelow', () => {
  it('is the 128-bit number modulo n, for small and large n', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 2 ** 37 - 3, max: 2 ** 37 + 3 }),
      fc
        .maxSafeInteger()
        .map((n) => Math.abs(n) + 1)
        .filter(Number.isSafeInteger),
    )
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        sizes,
        fc.integer({ min: 0, max: 16 }),
        (bytes, n, at) => {
          const whole = BigInt(`0x${Buffer.from(bytes.subarray(at, at + 16)).toString('hex')}`)
          expect(uint128(bytes, at)).toBe(whole)
          expect(integerBelow(bytes, n, at)).toBe(Number(whole % BigInt(n)))
        },
      ),
    )
  })
})

describe('isWellFormed', () => {
  it('refuses halves of pairs and takes whole ones', () => {
    expect(isWellFormed('a\u{1f600}b')).toBe(true)
    expect(isWellFormed('a\ud83d')).toBe(false)
    expect(isWellFormed('\ude00a')).toBe(false)
  })
})
