/** `applyAll` equals `apply`: with the kernel, with its memo, and where there is no WebAssembly. */
import { createHash, createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Kernel, MAX_UNITS } from '../../../transforms/fast/hash/kernel/kernel.ts'
import { BATCH } from '../../../transforms/fast/hash/kernel/sha256-layout.ts'
import type { CompiledTransform, Result, Transform } from '../../../transforms/transform.ts'
import { context, NO_RECORD, registered, TEST_SECRET } from './context.ts'

const [email, hmac, integer, sha256, uuid] = ['email', 'hmac', 'integer', 'sha256', 'uuid'].map(
  registered,
) as [Transform, Transform, Transform, Transform, Transform]

const VARIANTS: readonly [Transform, object][] = [
  [hmac, { domain: 'd' }],
  [hmac, { domain: 'd', bits: 40, encoding: 'hex' }],
  [hmac, { domain: 'd', bits: 256 }],
  [hmac, { domain: 'd', normalize: 'email' }],
  [hmac, { domain: 'd', normalize: 'nfkc' }],
  [hmac, { domain: 'd', normalize: 'phone', countryCode: 49 }],
  [uuid, { domain: 'd', normalize: 'lower' }],
  [integer, { domain: 'd', max: 1_000_000 }],
  [integer, { domain: 'd', min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }],
  [email, { domain: 'd', normalize: 'trim' }],
  [sha256, {}],
  [sha256, { normalize: 'email', encoding: 'base64url' }],
]

function compile([transform, options]: readonly [Transform, object]): CompiledTransform {
  return transform.compile(transform.options.parse(options), context())
}

function all(compiled: CompiledTransform, texts: readonly string[]): Result[] {
  const out: Result[] = []
  compiled.applyAll!(texts, out, texts.length)
  return out
}

function each(compiled: CompiledTransform, texts: readonly string[]): Result[] {
  return texts.map((text) => compiled.apply(text, NO_RECORD))
}

/** Any code units: lone surrogates, NULs and characters of one to four bytes among them. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 300, size: 'max' }),
  fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 300, size: 'max' }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(' ', '\t', '0', '9', '+', '-', 'A', 'é', '\u0080', '\ud800', '\0'),
    minLength: 1,
    maxLength: 70,
  }),
)

describe.each(
  VARIANTS.map(
    ([transform, options]) => [`${transform.name} ${JSON.stringify(options)}`, transform, options] as const,
  ),
)('%s', (_, transform, options) => {
  it('gives for many values what it gives for each', () => {
    const compiled = compile([transform, options])
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 16, maxLength: 300, size: 'max' }), (texts) => {
        expect(all(compiled, texts)).toEqual(each(compiled, texts))
      }),
      // To shrink hundreds of texts takes longer than anybody waits.
      { numRuns: 8, endOnFailure: true },
    )
  })
})

describe('the memo', () => {
  it.each([
    ['hash.hmac', compile([hmac, { domain: 'd' }])],
    ['hash.integer', compile([integer, { domain: 'd', max: 1_000_000 }])],
  ])('changes no result of %s: it hits, misses, overflows, rests and wakes', (_, compiled) => {
    // 20 thousand values, more than the memo holds, a third of them often; then enough new ones for it to rest.
    const often = Array.from({ length: 30_000 }, (__, at) => {
      const number = at % 3 === 0 ? at % 500 : at
      return `${number % 7 === 0 ? 'é' : '0'}${'1'.repeat(number % 60)}${number}`
    })
    const fresh = Array.from({ length: 100_000 }, (__, at) => `00${at}1234567`)
    const known = new Map(often.map((text) => [text, compiled.apply(text, NO_RECORD)]))
    for (let round = 0; round < 3; round++) {
      const out = all(compiled, often)
      expect(out.findIndex((result, at) => result !== known.get(often[at]!))).toBe(-1)
      const sample = (results: readonly Result[]) => results.filter((__, at) => at % 97 === 0)
      expect(sample(all(compiled, fresh))).toEqual(
        each(
          compiled,
          fresh.filter((__, at) => at % 97 === 0),
        ),
      )
    }
  })
})

describe('applyAll', () => {
  it('takes every length from 1 to beyond the kernel, alone and in batches, in ASCII and not', () => {
    const compiled = compile([hmac, { domain: 'd' }])
    const texts = [1, 2, 3, 4].flatMap((width) => {
      const unit = ['a', 'é', '€', '\u{1f600}'][width - 1]!
      return Array.from({ length: 300 }, (_, at) => unit.repeat(Math.ceil((at + 1) / unit.length)))
    })
    expect(all(compiled, texts)).toEqual(each(compiled, texts))
    for (let count = 0; count < 40; count++) {
      expect(all(compiled, texts.slice(0, count))).toEqual(each(compiled, texts.slice(0, count)))
    }
  })

  it('fills out[0..count) and touches nothing else', () => {
    const compiled = compile([hmac, { domain: 'd' }])
    const texts = Array.from({ length: BATCH + 44 }, (_, at) => `t${at}`)
    for (const count of [0, 1, 17, BATCH, BATCH + 1]) {
      const out: Result[] = texts.map(() => 'untouched')
      compiled.applyAll!(texts, out, count)
      expect(out.slice(0, count)).toEqual(each(compiled, texts.slice(0, count)))
      expect(out.slice(count).every((result) => result === 'untouched')).toBe(true)
    }
  })

  it('keeps two keys apart that work in turn', () => {
    const one = compile([hmac, { domain: 'a' }])
    const other = compile([hmac, { domain: 'b' }])
    const texts = Array.from({ length: 6000 }, (_, at) => `t${at % 100}`)
    for (let round = 0; round < 3; round++) {
      for (const compiled of [one, other]) {
        expect(all(compiled, texts).slice(-100)).toEqual(each(compiled, texts.slice(-100)))
      }
    }
  })
})

describe('the kernel', () => {
  it('is there on this platform: the tests above are about it', () => {
    expect(Kernel.open(TEST_SECRET)).toBeDefined()
  })

  it.each([TEST_SECRET, Buffer.alloc(131, 0xaa), undefined])('gives whole MACs or digests', (key) => {
    const kernel = Kernel.open(key)!
    const texts = Array.from({ length: BATCH }, (_, at) => 'é€a'.repeat(at).slice(0, MAX_UNITS))
    for (const memo of [false, true, true]) {
      if (memo) kernel.openMemo()
      kernel.lengths.set(texts.map((text) => text.length))
      kernel.putJoined(texts.join(''), texts.length)
      kernel.run(texts.length, memo)
      texts.forEach((text, at) => {
        const expected = (key === undefined ? createHash('sha256') : createHmac('sha256', key))
          .update(text, 'utf8')
          .digest('hex')
        // Of a remembered MAC only the first 16 bytes count.
        const [from, to] = [32 * at, 32 * at + (memo ? 16 : 32)]
        expect(Buffer.from(kernel.macs.subarray(from, to)).toString('hex')).toBe(
          expected.slice(0, 2 * (to - from)),
        )
      })
    }
  })

  it('remembers', () => {
    const kernel = Kernel.open(TEST_SECRET)!
    expect(kernel.openMemo()).toBe(true)
    const texts = ['a', 'b', 'a'.repeat(47), 'a'.repeat(48), 'b'.repeat(300).slice(0, 120)]
    const run = () => {
      kernel.lengths.set(texts.map((text) => text.length))
      kernel.putJoined(texts.join(''), texts.length)
      return kernel.run(texts.length, true)
    }
    expect(run()).toBe(0)
    expect(run()).toBe(3)
  })

  it('keeps two messages of one bucket', () => {
    const kernel = Kernel.open(TEST_SECRET)!
    kernel.openMemo()
    let found = 0
    for (let round = 0; round < 2; round++) {
      found = 0
      for (let from = 0; from < 3000; from += 100) {
        const texts = Array.from({ length: 100 }, (_, at) => `message ${from + at}`)
        kernel.lengths.set(texts.map((text) => text.length))
        kernel.putJoined(texts.join(''), texts.length)
        found += kernel.run(texts.length, true)
      }
    }
    // Of 3,000 in 8,192 buckets some 500 meet another one; three of a bucket are rare.
    expect(found).toBeGreaterThan(2850)
  })
})

describe('without the kernel', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.resetModules()
  })

  it.each<[string, unknown]>([
    ['there is no WebAssembly', undefined],
    [
      'it has no SIMD',
      {
        Module: function Module() {
          throw new TypeError('no SIMD')
        },
      },
    ],
    [
      'there is no memory for it',
      {
        Module: function Module() {},
        Instance: function Instance() {
          throw new RangeError('no memory')
        },
      },
    ],
  ])('it is slower and the same where %s', async (_, host) => {
    const texts = Array.from({ length: 400 }, (__, at) => `t${at % 50}é\ud83d`.slice(0, at % 9)).filter(
      (text) => text !== '',
    )
    const expected = each(compile([hmac, { domain: 'd' }]), texts)
    vi.resetModules()
    vi.stubGlobal('WebAssembly', host)
    const kernel = await import('../../../transforms/fast/hash/kernel/kernel.ts')
    expect(kernel.Kernel.open(TEST_SECRET)).toBeUndefined()
    const { withTwin } = await import('../../../transforms/fast/twin.ts')
    const definition = await import('../../../transforms/hash/hmac.ts')
    const twin = await import('../../../transforms/fast/hash/hmac.ts')
    const fresh = withTwin(definition.hmac, twin.hmac)
    const out = all(compile([fresh, { domain: 'd' }]), texts)
    // Failures are of the fresh module too, so they are compared by what they carry.
    expect(JSON.stringify(out)).toBe(JSON.stringify(expected))
    expect(out).toHaveLength(texts.length)
  })
})
