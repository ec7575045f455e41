/** `writeAllBytes` equals `apply`, and leaves to it only what it says it leaves. */
import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { MAX_BYTES } from '../../../transforms/fast/hash/kernel/kernel.ts'
import {
  type CompiledTransform,
  type Result,
  type Transform,
  WRITE_ROOM,
} from '../../../transforms/transform.ts'
import { IN_PROOF } from '../../proofs/in-proof.ts'
import { context, NO_RECORD, registered } from './context.ts'

const [email, hmac, sha256, uuid] = ['email', 'hmac', 'sha256', 'uuid'].map(registered) as [
  Transform,
  Transform,
  Transform,
  Transform,
]

const VARIANTS: readonly [Transform, object][] = [
  [hmac, { domain: 'd' }],
  [hmac, { domain: 'd', bits: 256, encoding: 'hex' }],
  ...['trim', 'lower', 'email', 'nfkc', 'phone'].map((normalize): [Transform, object] => [
    hmac,
    { domain: 'd', normalize },
  ]),
  [hmac, { domain: 'd', normalize: 'phone', countryCode: 1 }],
  [hmac, { domain: 'd', normalize: 'phone', countryCode: 358 }],
  [hmac, { domain: 'd', normalize: 'phone', countryCode: 4, bareCountryCode: 'join' }],
  [hmac, { domain: 'd', normalize: 'phone', countryCode: 9, bareCountryCode: 'national' }],
  [uuid, { domain: 'd', normalize: 'lower' }],
  [email, { domain: 'd', normalize: 'email' }],
  [email, { domain: 'd', host: `${`${'a'.repeat(60)}.`.repeat(2)}${'b'.repeat(50)}.invalid` }],
  [sha256, {}],
  [sha256, { normalize: 'email', encoding: 'base64url' }],
]

function compile([transform, options]: readonly [Transform, object]): CompiledTransform {
  return transform.compile(transform.options.parse(options), context('k123456'))
}

const GUARD = 0xee

/**
 * What `writeAllBytes` writes for each text; the spans stand `gap(i)` bytes apart in the source, among letters,
 * digits and spaces that belong to no value.
 */
function writeAll(
  compiled: CompiledTransform,
  texts: readonly string[],
  at = 0,
  gap: (i: number) => number = () => 0,
): string[] {
  const starts = new Int32Array(texts.length + 1)
  const ends = new Int32Array(texts.length + 1)
  const pieces: Buffer[] = []
  let length = 0
  texts.forEach((text, i) => {
    const between = Buffer.from(' A7z é'.repeat(gap(i)).slice(0, gap(i)))
    const bytes = Buffer.from(text, 'utf8')
    pieces.push(between, bytes)
    starts[i] = length + between.length
    ends[i] = length + between.length + bytes.length
    length = ends[i]!
  })
  const source = Buffer.concat(pieces)
  const before = Buffer.from(source)
  let room = 0
  for (let i = 0; i < texts.length; i++) room += ends[i]! - starts[i]! + WRITE_ROOM
  const out = Buffer.alloc(at + room + 64, GUARD)
  const resultEnds = new Int32Array(texts.length + 1).fill(-7)
  compiled.writeAllBytes!(source, starts, ends, texts.length, out, at, resultEnds)
  expect(source.equals(before)).toBe(true)
  expect(out.subarray(0, at).every((byte) => byte === GUARD)).toBe(true)
  expect(out.subarray(at + room).every((byte) => byte === GUARD)).toBe(true)
  expect(resultEnds[texts.length]).toBe(-7)
  let from = at
  return texts.map((_, i) => {
    const end = resultEnds[i]!
    const result = out.toString('utf8', from, end)
    expect(end).toBeGreaterThanOrEqual(from)
    from = end
    return result
  })
}

/** Well-formed text of characters of one to four bytes. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 300, size: 'max' }).map((text) => text.toWellFormed()),
  fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 900, size: 'max' }),
  fc.string({
    unit: fc.constantFrom(' ', '\t', '\v', '0', '9', 'A', 'Z', '@', '[', 'é', 'Ä', '\u0080', '\u00a0', '\0'),
    minLength: 1,
    maxLength: 70,
  }),
  fc.string({
    unit: fc.constantFrom('0', '0', '1', '4', '9', '+', ' ', '-', '('),
    minLength: 1,
    maxLength: 20,
  }),
)

describe.each(
  VARIANTS.map(
    ([transform, options]) => [`${transform.name} ${JSON.stringify(options)}`, transform, options] as const,
  ),
)('%s', (_, transform, options) => {
  it('writes the UTF-8 of what apply gives, and nothing only where it says so', () => {
    const compiled = compile([transform, options])
    const nfkc = 'normalize' in options && options.normalize === 'nfkc'
    const email = 'normalize' in options && options.normalize === 'email'
    fc.assert(
      fc.property(
        fc.array(anyText, { minLength: 16, maxLength: 300, size: 'max' }),
        fc.nat(100),
        fc.infiniteStream(fc.nat(20)),
        (texts, at, gaps) => {
          const results = writeAll(compiled, texts, at, () => gaps.next().value)
          texts.forEach((text, i) => {
            const expected = compiled.apply(text, NO_RECORD)
            const beyond = (nfkc || email) && /[^\0-\x7f]/.test(text)
            const left = typeof expected !== 'string' || beyond
            // What stands around addresses is rare, and left to apply.
            if (email && results[i] === '' && /[\0-\x20"(),:;<>@\x7f]/.test(text)) return
            // What is too long may become short enough by being trimmed.
            if (Buffer.byteLength(text) > MAX_BYTES && results[i] === '') return
            expect(results[i]).toBe(left ? '' : expected)
          })
        },
      ),
      // To shrink hundreds of texts takes longer than anybody waits.
      { numRuns: 5, endOnFailure: true },
    )
  })
})

describe('writeAllBytes', () => {
  const REALISTIC: readonly [string, Transform, object, (i: number) => string][] = [
    ['customer ids', hmac, { domain: 'customer' }, (i) => `C-${100_000 + i}`],
    ['addresses', hmac, { domain: 'email', normalize: 'email' }, (i) => ` Jane.Doe${i}@Example.COM `],
    ['names', hmac, { domain: 'name', normalize: 'trim' }, (i) => `Zoë Müller-Łukasiewicz ${i} 王小明 😀`],
    ['sessions', uuid, { domain: 'session' }, (i) => `6f9619ff-8b86-4011-b42d-${1e11 + i}`],
    ['addresses as addresses', email, { domain: 'email', normalize: 'email' }, (i) => `Jo${i}@example.com`],
    ['digests', sha256, { normalize: 'lower' }, (i) => `Jo${i}@example.com`],
    [
      'phone numbers',
      hmac,
      { domain: 'p', normalize: 'phone', countryCode: 49 },
      (i) => `0${i % 2} 30/${1e6 + i}`,
    ],
    ['ASCII under NFKC', hmac, { domain: 'p', normalize: 'nfkc' }, (i) => `Order ${i}`],
  ]

  const OVER_AND_OVER = ['customer ids', 'names', 'sessions', 'digests']

  it.each(REALISTIC)('takes all of 512 %s, over and over', (name, transform, options, value) => {
    const compiled = compile([transform, options])
    // So often that the memo opens, hits, and rests; of half of the kinds, in a proof only.
    const rounds = IN_PROOF || OVER_AND_OVER.includes(name) ? 40 : 6
    for (let round = 0; round < rounds; round++) {
      const texts = Array.from({ length: 512 }, (__, i) => value(round < rounds / 2 ? i : i + 512 * round))
      const results = writeAll(compiled, texts)
      const sample = [0, 1, 255, 256, 510, 511]
      expect(sample.map((i) => results[i])).toEqual(sample.map((i) => compiled.apply(texts[i]!, NO_RECORD)))
      expect(results).not.toContain('')
      expect(new Set(results).size).toBe(512)
    }
  })

  it('takes batches of the longest values, and leaves one byte more to apply', () => {
    for (const options of [{ domain: 'd' }, { domain: 'd', normalize: 'nfkc' }]) {
      const compiled = compile([hmac, options])
      const texts = Array.from({ length: 600 }, (_, i) =>
        String.fromCharCode(97 + (i % 26)).repeat(MAX_BYTES),
      )
      expect(writeAll(compiled, texts)).toEqual(texts.map((text) => compiled.apply(text, NO_RECORD)))
      expect(writeAll(compiled, [...texts, 'a'.repeat(MAX_BYTES + 1)]).at(-1)).toBe('')
    }
  })

  it('reads phone numbers as apply does, at the edges too', () => {
    const digits = '23456789012345678'
    const starts = [
      '',
      '+',
      '0',
      '00',
      '+00',
      '+0',
      ' (0) ',
      '+49 (0)',
      '++',
      'x',
      '/',
      ':',
      '1',
      '49',
      '4-9',
    ]
    const texts = [...starts, 'tel:', ' TEL:+', 'tel:49', 'tel', 'tel:tel:', '358', '35']
      .flatMap((start) => Array.from({ length: 17 }, (_, count) => `${start}${digits.slice(0, count)}`))
      .filter((text) => text !== '')
    const codes = [1, 49, 358].flatMap((countryCode) =>
      [undefined, 'refuse', 'join', 'national'].map((bareCountryCode) => ({ countryCode, bareCountryCode })),
    )
    for (const options of [{}, ...codes]) {
      const compiled = compile([hmac, { domain: 'd', normalize: 'phone', ...options }])
      const expected = texts.map((text) => compiled.apply(text, NO_RECORD))
      expect(writeAll(compiled, texts)).toEqual(
        expected.map((result) => (typeof result === 'string' ? result : '')),
      )
    }
  })

  it('takes every length from 1 on, in batches of every size', () => {
    const compiled = compile([hmac, { domain: 'd' }])
    const texts = Array.from({ length: 300 }, (_, at) =>
      'é'
        .repeat(at / 2)
        .padEnd(at + 1, 'x')
        .slice(0, at + 1),
    )
    const expected = texts.map((text) => compiled.apply(text, NO_RECORD))
    expect(writeAll(compiled, texts)).toEqual(expected)
    for (let count = 0; count < 40; count++)
      expect(writeAll(compiled, texts.slice(0, count))).toEqual(expected.slice(0, count))
  })

  it.each(['base64url', 'hex'])('writes tokens of every width as %s, and applyAll does', (encoding) => {
    const texts = Array.from({ length: 40 }, (_, at) => `value ${at}`)
    for (let bits = 40; bits <= 256; bits += 8) {
      const compiled = compile([hmac, { domain: 'd', bits, encoding }])
      const expected = texts.map((text) => compiled.apply(text, NO_RECORD))
      expect(writeAll(compiled, texts, bits)).toEqual(expected)
      const out: Result[] = []
      compiled.applyAll!(texts, out, texts.length)
      expect(out).toEqual(expected)
    }
  })

  it('shares a kernel with applyAll: neither disturbs the other', () => {
    const compiled = compile([hmac, { domain: 'd' }])
    const texts = Array.from({ length: 3000 }, (_, at) => `t${at % 1000}`)
    const expected = texts.map((text) => compiled.apply(text, NO_RECORD))
    for (let round = 0; round < 4; round++) {
      const out: Result[] = []
      compiled.applyAll!(texts, out, texts.length)
      expect(out).toEqual(expected)
      expect(writeAll(compiled, texts, round)).toEqual(expected)
    }
  })

  it('leaves a few values to apply while there is no kernel', () => {
    const compiled = compile([hmac, { domain: 'd' }])
    expect(writeAll(compiled, ['a', 'b'], 5)).toEqual(['', ''])
  })
})

describe('without the kernel', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.resetModules()
  })

  it('leaves everything to apply', async () => {
    vi.resetModules()
    vi.stubGlobal('WebAssembly', undefined)
    const { withTwin } = await import('../../../transforms/fast/twin.ts')
    const definition = await import('../../../transforms/hash/hmac.ts')
    const twin = await import('../../../transforms/fast/hash/hmac.ts')
    const fresh = withTwin(definition.hmac, twin.hmac)
    const texts = Array.from({ length: 600 }, (_, at) => `t${at}`)
    expect(writeAll(compile([fresh, { domain: 'd' }]), texts, 3)).toEqual(texts.map(() => ''))
  })
})
