/** Stored sketches: bytes and back, what is refused, and what adds up. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SealedHashes } from '../../../src/groups/sealed-hashes.ts'
import { KHyperLogLog } from '../../../src/measures/khyperloglog.ts'
import { mergeSketches } from '../../../src/measures/merge-sketches.ts'
import {
  readSketch,
  readSketchHead,
  type SketchHead,
  type StoredSketch,
  sketchBytes,
} from '../../../src/measures/sketch-form.ts'
import { hashesOf } from './random.ts'

const HEAD: SketchHead = {
  lethe: 'sketch',
  v: 1,
  version: '0.1.0',
  policy: { name: 'p', version: 1, fingerprint: 'ab'.repeat(32) },
  side: 'output',
  over: ['a', 'b.c'],
  key: { id: 'k1', check: '01234567' },
  from: '2026-11-30T00:00:00.000Z',
  until: '2026-11-30T12:00:00.000Z',
  expires: '2026-12-30T12:00:00.000Z',
  parts: 1,
  open: 0,
}

/** With classes of one, of several, and of more than are counted one by one. */
function sketchOf(seed: number, keys = 50): StoredSketch {
  const sketch = new KHyperLogLog(64)
  const hashes = hashesOf(seed)
  for (let key = 0; key < keys; key++)
    for (let i = 0; i < (key % 7 === 0 ? 80 : 1 + (key % 4)); i++)
      sketch.add(hashes.combination(key), hashes.subject(i + key))
  return { head: HEAD, k: 64, part: sketch.part() }
}

/** The digest fits, so that what is checked is the rest. */
function signed(bytes: Uint8Array): Uint8Array {
  const body = bytes.subarray(0, -32)
  return Buffer.concat([body, createHash('sha256').update(body).digest()])
}

describe('the bytes of a sketch', () => {
  it.each([0, 1, 50, 200])('of %d combinations give the same sketch, and the same bytes again', (keys) => {
    const bytes = sketchBytes(sketchOf(3, keys))
    const read = readSketch(bytes, 'f')
    expect(read).toEqual(sketchOf(3, keys))
    expect(Buffer.from(sketchBytes(read)).equals(bytes)).toBe(true)
    expect(readSketchHead(Buffer.from(bytes))).toEqual(HEAD)
  })

  it('are refused where a byte is another, or missing, and nothing of them is quoted', () => {
    const bytes = sketchBytes(sketchOf(3))
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, cut) => {
          const changed = cut
            ? bytes.subarray(0, at)
            : Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ flip : byte))
          expect(() => readSketch(changed, 'f')).toThrow(
            /^f is no whole sketch: [a-z ]+; it is used for no figure$/,
          )
        },
      ),
    )
  })

  it('are refused where their digest fits and they are not in order', () => {
    const bytes = sketchBytes(sketchOf(3))
    const body = 12 + Buffer.from(bytes).readUInt32BE(8)
    fc.assert(
      fc.property(fc.nat(bytes.length - 33), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = signed(Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ flip : byte)))
        let read: StoredSketch
        try {
          read = readSketch(changed, 'f')
        } catch (error) {
          expect(String(error)).toContain('f is no whole sketch')
          return
        }
        // What is taken has one form, whatever made it.
        expect(Buffer.from(sketchBytes(read)).equals(changed)).toBe(true)
      }),
    )
    const words = (change: (view: DataView) => void): Uint8Array => {
      const copy = Uint8Array.from(bytes)
      change(new DataView(copy.buffer))
      return signed(copy)
    }
    for (const wrong of [
      words((view) => view.setUint32(8, 1 << 30)),
      words((view) => view.setUint32(body, 63)),
      words((view) => view.setUint32(body, 1 << 30)),
      words((view) => view.setUint32(body + 4, 65)),
      words((view) => view.setUint32(body + 4, 49)),
      words((view) => view.setUint32(body + 8, 0xffffffff)),
      words((view) => view.setUint8(body + 16, 0)),
      words((view) => view.setUint8(body + 16, 65)),
    ])
      expect(() => readSketch(wrong, 'f')).toThrow('f is no whole sketch')
  })

  it('hold no version but this one', () => {
    const other = signed(Buffer.from(sketchBytes(sketchOf(1))).fill('2', 7, 8))
    expect(() => readSketch(other, 'f')).toThrow('it does not begin as one')
  })
})

describe('merging', () => {
  const named = (sketch: StoredSketch, head: Partial<SketchHead>, file = 'f') => ({
    ...sketch,
    head: { ...HEAD, ...head },
    file,
  })

  it('spans all periods, is to be deleted with the first, and is the same in any order', () => {
    const sketches = [
      named(sketchOf(3, 20), {}),
      named(sketchOf(3, 40), {
        from: '2026-11-28T00:00:00.000Z',
        until: '2026-11-29T00:00:00.000Z',
        expires: '2026-12-05T00:00:00.000Z',
        open: 1,
      }),
      named(sketchOf(3, 60), {
        from: '2026-12-01T00:00:00.000Z',
        until: '2026-12-02T00:00:00.000Z',
        expires: '2027-12-05T00:00:00.000Z',
        parts: 3,
      }),
    ]
    const merged = mergeSketches(sketches)
    expect(merged.head).toEqual({
      ...HEAD,
      from: '2026-11-28T00:00:00.000Z',
      until: '2026-12-02T00:00:00.000Z',
      expires: '2026-12-05T00:00:00.000Z',
      parts: 5,
      open: 1,
    })
    const bytes = sketchBytes(merged)
    expect(sketchBytes(mergeSketches(sketches.toReversed()))).toEqual(bytes)
    // 60 keys are more than 20 and 40 of the same.
    expect(merged.part).toEqual(sketchOf(3, 60).part)
  })

  it.each([
    ['key', { key: { id: 'k1', check: '76543210' } }],
    ['policy', { policy: { ...HEAD.policy, fingerprint: 'cd'.repeat(32) } }],
    ['side', { side: 'input' }],
    ['list of fields', { over: ['a'] }],
  ] as const)('is refused with another %s', (what, head) => {
    const other = named(sketchOf(3), head as Partial<SketchHead>, 'other')
    expect(() => mergeSketches([named(sketchOf(3), {}), other])).toThrow(`other has another ${what} than f`)
  })
})

describe('sealed hashes', () => {
  it('are equal where hashes are, under one key, and otherwise tell nothing of each other', () => {
    const seal = (key: number, hashes: readonly number[]): Int32Array => {
      const to = new Int32Array(hashes.length * 2)
      const places = Int32Array.from(hashes.keys(), (i) => i * 2)
      new SealedHashes(new Uint8Array(32).fill(key)).seal(
        Int32Array.from(hashes.flatMap((hash) => [hash, 7])),
        places,
        hashes.length,
        to,
      )
      return to
    }
    const [one, other] = [seal(1, [5, 6, 5, 0]), seal(2, [5, 6, 5, 0])]
    expect([...one.subarray(0, 2)]).toEqual([...one.subarray(4, 6)])
    expect(new Set([...one, ...other]).size).toBe(12)
    // By openssl: AES-256 under 32 bytes of 1, of the block 00000005 00000007 and eight zeros.
    expect([...seal(1, [5])].map((word) => (word >>> 0).toString(16))).toEqual(['1064d481', 'a2e2cffd'])
  })
})
