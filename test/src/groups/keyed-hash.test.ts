import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HalfSipHash } from '../../../src/groups/half-sip-hash.ts'
import { HASHES, hashAt, highOf, Spans, TupleHashes, upperHalf } from '../../../src/groups/keyed-hash.ts'

/** HalfSipHash-c-d of whole words and a tail, with 64 bits of output, as the published code has it: v1^v3, twice. */
function halfSipHash(key: readonly [number, number], words: readonly number[], c: number, d: number): bigint {
  const m = 0xffff_ffffn
  const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & m
  const k0 = BigInt(key[0] >>> 0)
  const k1 = BigInt(key[1] >>> 0)
  let [v0, v1, v2, v3] = [k0, k1 ^ 0xeen, k0 ^ 0x6c796765n, k1 ^ 0x74656462n]
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) & m
      v1 = rotate(v1, 5n) ^ v0
      v0 = rotate(v0, 16n)
      v2 = (v2 + v3) & m
      v3 = rotate(v3, 8n) ^ v2
      v0 = (v0 + v3) & m
      v3 = rotate(v3, 7n) ^ v0
      v2 = (v2 + v1) & m
      v1 = rotate(v1, 13n) ^ v2
      v2 = rotate(v2, 16n)
    }
  }
  for (const word of words) {
    const w = BigInt(word >>> 0)
    v3 ^= w
    rounds(c)
    v0 ^= w
  }
  v2 ^= 0xeen
  rounds(d)
  const first = v1 ^ v3
  v1 ^= 0xddn
  rounds(d)
  return (first << 32n) | (v1 ^ v3)
}

describe('the reference of this test', () => {
  it('gives the published vectors of HalfSipHash-2-4 (github.com/veorq/SipHash, vectors_hsip64)', () => {
    const key = [0x03020100, 0x07060504] as const
    const bytes = (hash: bigint): string => {
      const out = Buffer.alloc(8)
      out.writeUInt32LE(Number(hash >> 32n), 0)
      out.writeUInt32LE(Number(hash & 0xffff_ffffn), 4)
      return out.toString('hex')
    }
    expect(bytes(halfSipHash(key, [0], 2, 4))).toBe('218d1f59b9b83cc8')
    expect(bytes(halfSipHash(key, [1 << 24], 2, 4))).toBe('be552412f8387315')
    expect(bytes(halfSipHash(key, [0x02000100], 2, 4))).toBe('064f39ef7c50eb57')
  })
})

/** The words of a value, written out: length and three bytes, the length again where it is long, then four bytes each. */
function wordsOf(value: Uint8Array): number[] {
  const at = (p: number): number => value[p] ?? 0
  const words = [at(0) | (at(1) << 8) | (at(2) << 16) | (Math.min(255, value.length) << 24)]
  if (value.length >= 255) words.push(value.length)
  for (let p = 3; p < value.length; p += 4)
    words.push(at(p) | (at(p + 1) << 8) | (at(p + 2) << 16) | (at(p + 3) << 24))
  return words
}

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const value = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.uint8Array({ minLength: 38, maxLength: 43 }),
  fc.uint8Array({ minLength: 250, maxLength: 262 }),
)

describe('HalfSipHash', () => {
  it('is HalfSipHash-1-3 over the words of the values', () => {
    fc.assert(
      fc.property(word, word, fc.array(value, { maxLength: 4 }), (k0, k1, values) => {
        const hash = new HalfSipHash(k0, k1)
        hash.begin()
        const words: number[] = []
        for (const one of values) {
          const padded = Uint8Array.of(9, ...one, 9)
          hash.value(padded, 1, padded.length - 1)
          words.push(...wordsOf(one))
        }
        hash.end()
        const expected = halfSipHash([k0, k1], words, 1, 3)
        expect([BigInt(hash.high >>> 0), BigInt(hash.low >>> 0)]).toEqual([
          expected >> 32n,
          expected & 0xffff_ffffn,
        ])
      }),
    )
  })
})

describe('hashes of tuples', () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => new Uint8Array(bytes))
  const tuple = fc.array(fc.option(value), { minLength: 3, maxLength: 3 })

  /** `tuples[i][column]`, hashed column by column, each value from the middle of other bytes. */
  function hashesOf(hashes: TupleHashes, tuples: readonly (readonly (Uint8Array | null)[])[]): Int32Array {
    const words = new Int32Array(tuples.length * 2)
    for (const column of [0, 1, 2]) {
      const spans = new Spans(tuples.length)
      const bytes: number[] = [7]
      tuples.forEach((values, index) => {
        const one = values[column]!
        if (one === null) return
        spans.places[spans.count] = index * 2
        spans.starts[spans.count] = bytes.length
        bytes.push(...one)
        spans.ends[spans.count++] = bytes.length
      })
      hashes.add(words, column, Uint8Array.from(bytes), spans)
    }
    return words
  }

  it('are the same for the same values, and others for others', () => {
    fc.assert(
      fc.property(key, fc.array(tuple, { minLength: 1, maxLength: 12 }), (secret, tuples) => {
        const words = hashesOf(new TupleHashes(secret, 3), tuples)
        const again = hashesOf(new TupleHashes(secret, 3), [...tuples].reverse())
        const text = (values: readonly (Uint8Array | null)[]): string =>
          values.map((one) => (one === null ? '-' : Buffer.from(one).toString('hex'))).join('/')
        tuples.forEach((values, index) => {
          expect(hashAt(words, index * 2)).toBe(hashAt(again, (tuples.length - 1 - index) * 2))
          tuples.slice(0, index).forEach((others, other) => {
            expect(hashAt(words, index * 2) === hashAt(words, other * 2)).toBe(text(values) === text(others))
          })
        })
      }),
    )
  })

  it('depend on the key', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { minLength: 2, maxLength: 2, selector: String }),
        value,
        ([a, b], one) => {
          const of = (secret: Uint8Array<ArrayBuffer>): number =>
            hashAt(hashesOf(new TupleHashes(secret, 3), [[one, null, null]]), 0)
          expect(of(a!)).not.toBe(of(b!))
        },
      ),
    )
  })

  it('have upper halves in the order of the hashes', () => {
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        const words = Int32Array.of(a, b, c, d)
        const [first, second] = [hashAt(words, 0), hashAt(words, 2)]
        expect(upperHalf(words, 0)).toBe(highOf(first))
        if (first <= second) expect(highOf(first)).toBeLessThanOrEqual(highOf(second))
        expect(first).toBeLessThan(HASHES)
      }),
    )
    expect([highOf(0), highOf(HASHES)]).toEqual([-(2 ** 31), 2 ** 31 - 1])
  })
})
