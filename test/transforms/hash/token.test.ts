import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { email } from '../../../transforms/hash/email.ts'
import { hmac } from '../../../transforms/hash/hmac.ts'
import { integer } from '../../../transforms/hash/integer.ts'
import { sha256 } from '../../../transforms/hash/sha256.ts'
import { uuid } from '../../../transforms/hash/uuid.ts'
import { fail, OptionError, type Result, type Transform } from '../../../transforms/transform.ts'
import { context, NO_RECORD } from './context.ts'

const ALL = [hmac, uuid, integer, email, sha256]

function run(transform: Transform, options: object, text: string, keyId = 'k1'): Result {
  const secret = Buffer.alloc(32, keyId)
  return transform
    .compile(transform.options.parse(options), keyId === 'k1' ? context() : context(keyId, secret))
    .apply(text, NO_RECORD)
}

/** Options that every transform of the family takes. */
function minimal(transform: Transform): object {
  if (transform === sha256) return {}
  return transform === integer ? { domain: 'd', max: 1000 } : { domain: 'd' }
}

describe.each(ALL)('$name', (transform) => {
  it.each(transform.examples)('gives the example: $title', ({ options, input, output }) => {
    expect(run(transform, options, input)).toEqual(typeof output === 'string' ? output : fail(output.fails))
  })

  it('refuses halves of surrogate pairs', () => {
    expect(run(transform, minimal(transform), 'a\ud800')).toBe(fail('not-well-formed'))
    expect(run(transform, { ...minimal(transform), normalize: 'phone' }, '\udc00')).toBe(
      fail('not-well-formed'),
    )
  })

  it('refuses a value that normalising leaves nothing of', () => {
    expect(run(transform, { ...minimal(transform), normalize: 'trim' }, ' \t')).toBe(fail('unparsable'))
  })

  it('keeps the promise of plain results', () => {
    const compiled = transform.compile(transform.options.parse(minimal(transform)), context())
    expect(compiled.plain).toBe(true)
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(compiled.apply(text, NO_RECORD)).toMatch(/^[A-Za-z0-9*][A-Za-z0-9._\-:+@/*=]*$/)
      }),
    )
  })
})

describe('hash.hmac', () => {
  it('gives shorter and longer prefixes of one MAC, under the id of its key', () => {
    const whole = run(hmac, { domain: 'd', bits: 256, encoding: 'hex' }, 'x') as string
    expect(whole).toMatch(/^k1\.[0-9a-f]{64}$/)
    for (let bits = 32; bits <= 256; bits += 8) {
      expect(run(hmac, { domain: 'd', bits, encoding: 'hex' }, 'x')).toBe(whole.slice(0, 3 + bits / 4))
      const bytes = Buffer.from(whole.slice(3), 'hex').subarray(0, bits / 8)
      expect(run(hmac, { domain: 'd', bits }, 'x')).toBe(`k1.${bytes.toString('base64url')}`)
    }
  })

  it('differs by domain and by key, and names the key', () => {
    const one = run(hmac, { domain: 'a' }, 'x')
    expect(run(hmac, { domain: 'b' }, 'x')).not.toBe(one)
    const other = run(hmac, { domain: 'a' }, 'x', 'k12') as string
    expect(other.startsWith('k12.')).toBe(true)
    expect(other.slice(4)).not.toBe((one as string).slice(3))
  })

  it.each([
    { bits: 24 },
    { bits: 33 },
    { bits: 264 },
    { domain: 'a/b' },
    { domain: '' },
    { normalize: 'upper' },
    { salt: 1 },
  ])('refuses the options %j', (options) => {
    expect(hmac.options.safeParse({ domain: 'd', ...options }).success).toBe(false)
  })

  it('calls fewer than 96 bits a weakness and states the odds', () => {
    expect(hmac.weaknesses({ domain: 'd', bits: 96 })).toEqual([])
    expect(hmac.weaknesses({ domain: 'd', bits: 32 })[0]?.reason).toContain('over 99.9 %')
    expect(hmac.weaknesses({ domain: 'd', bits: 40 })[0]?.reason).toContain('37 %')
    expect(hmac.weaknesses({ domain: 'd', bits: 64 })[0]?.reason).toContain('1 in 4e7')
  })
})

describe('hash.uuid', () => {
  it('sets version 8 and variant 10 (RFC 9562) and leaves the other 122 bits to the MAC', () => {
    const mac = run(hmac, { domain: 'd', bits: 128, encoding: 'hex' }, 'x') as string
    const digits = (run(uuid, { domain: 'd' }, 'x') as string).replaceAll('-', '')
    const masked = (hex: string) => BigInt(`0x${hex}`) & ~(0xfn << 76n) & ~(0x3n << 62n)
    expect(masked(digits)).toBe(masked(mac.slice(3)))
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        expect(run(uuid, { domain: 'd' }, text)).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        )
      }),
    )
  })
})

describe('hash.integer', () => {
  it('is min plus the first 128 bits modulo the size of the range', () => {
    const range = fc.tuple(fc.maxSafeInteger(), fc.maxSafeInteger()).filter(([a, b]) => a !== b)
    const wide = fc.constant([-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as [number, number])
    fc.assert(
      fc.property(fc.oneof(range, wide), fc.string({ minLength: 1 }), ([a, b], text) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)]
        const mac = run(hmac, { domain: 'd', bits: 128, encoding: 'hex' }, text) as string
        const expected = BigInt(min) + (BigInt(`0x${mac.slice(3)}`) % (BigInt(max) - BigInt(min) + 1n))
        expect(run(integer, { domain: 'd', min, max }, text)).toBe(String(expected))
      }),
    )
  })

  it('yields a number, and promises a plain one only where it cannot be negative', () => {
    const compile = (min: number) =>
      integer.compile(integer.options.parse({ domain: 'd', min, max: 9 }), context())
    expect(compile(0)).toMatchObject({ yields: 'number', plain: true })
    expect(compile(-1)).toMatchObject({ yields: 'number', plain: false })
  })

  it('is always a weakness, with the odds of its range', () => {
    const reason = (max: number) => integer.weaknesses({ domain: 'd', min: 1, max })[0]?.reason
    expect(reason(2 ** 53 - 1)).toContain('1 in 2e4')
    expect(reason(2_000_000_000)).toContain('over 99.9 %')
  })

  it.each([
    [5, 5],
    [6, 5],
  ])('refuses a range from %d to %d', (min, max) => {
    const options = integer.options.parse({ domain: 'd', min, max })
    expect(() => integer.compile(options, context())).toThrow(OptionError)
  })
})

describe('hash.email', () => {
  it.each(['invalid', 'a.test', 'mail-1.example', 'example.com', 'a.b.example.org'])(
    'takes the host %s',
    (host) => {
      const address = run(email, { domain: 'd', host }, 'x') as string
      expect(address).toMatch(/^k1\.[0-9a-f]{32}@/)
      expect(address.endsWith(`@${host}`)).toBe(true)
      expect(address.indexOf('@')).toBeLessThanOrEqual(64)
    },
  )

  it.each([
    'gmail.com',
    'notexample.com',
    'example.de',
    'Example.com',
    'a..test',
    '.test',
    'a_b.test',
    '-a.test',
    'example.com.',
    '',
  ])('refuses the host %j', (host) => {
    expect(email.options.safeParse({ domain: 'd', host }).success).toBe(false)
  })
})

describe('hash.sha256', () => {
  it('is the digest of the normalised text, needs no key, and is always a weakness', () => {
    const digest = createHash('sha256').update('jürgen').digest()
    expect(run(sha256, { normalize: 'trim' }, ' jürgen ')).toBe(digest.toString('hex'))
    expect(run(sha256, { encoding: 'base64url' }, 'jürgen')).toBe(digest.toString('base64url'))
    expect(sha256.properties.keyed).toBe(false)
    expect(sha256.weaknesses({})).toHaveLength(1)
  })
})
