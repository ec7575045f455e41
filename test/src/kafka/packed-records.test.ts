import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PackedRecords } from '../../../src/kafka/packed-records.ts'
import type { InputRecord, Position } from '../../../src/kafka/record.ts'

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 5 }).map((bytes) => new Uint8Array(bytes)),
  fc.constantFrom('{"a":1}', '{"a":\n1}', '', '{').map((text) => new Uint8Array(Buffer.from(text))),
)
const anyRecord: fc.Arbitrary<InputRecord> = fc.record({
  topic: fc.constantFrom('a', 'b'),
  partition: fc.nat({ max: 2 }),
  offset: fc.oneof(fc.nat({ max: 9 }), fc.maxSafeNat()),
  key: fc.option(anyBytes),
  value: fc.option(anyBytes),
  headers: fc.option(
    fc.array(fc.record({ name: fc.constantFrom('h', ''), value: anyBytes }), { minLength: 1 }),
    {
      nil: undefined,
    },
  ),
  timestamp: fc.constantFrom(-1, 0, 1_700_000_000_123),
})
const keyOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`

describe('PackedRecords', () => {
  it('give what was added, over more than fits at first', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 40 }), fc.nat({ max: 20 }), (some, times) => {
        const records = Array.from({ length: times }, () => some).flat()
        const packed = PackedRecords.of(records)
        expect(packed.length).toBe(records.length)
        expect([...packed]).toEqual(records)
        expect(packed.at(records.length)).toBe(undefined)
      }),
      { numRuns: 60 },
    )
  })

  it('give a part, what lies before ends, and the positions behind, as arrays would', () => {
    const anyEnds = fc.dictionary(
      fc
        .tuple(fc.constantFrom('a', 'b'), fc.nat({ max: 2 }))
        .map(([topic, partition]) => keyOf({ topic, partition })),
      fc.nat({ max: 10 }),
    )
    fc.assert(
      fc.property(fc.array(anyRecord), fc.nat(), fc.nat(), anyEnds, (records, one, other, ends) => {
        const packed = PackedRecords.of(records)
        const [from, to] = [one, other].map((at) => at % (records.length + 1)).sort((a, b) => a - b)
        expect([...packed.slice(from!, to!)]).toEqual(records.slice(from, to))
        const endOf = (partition: { topic: string; partition: number }): number =>
          ends[keyOf(partition)] ?? -1
        const before = packed.before(endOf)
        expect([...before]).toEqual(records.filter((record) => record.offset < endOf(record)))
        if (before.length === records.length) expect(before).toBe(packed)
        const last = new Map<string, Position>()
        for (const { topic, partition, offset } of records)
          last.set(keyOf({ topic, partition }), { topic, partition, offset: offset + 1 })
        const sorted = (positions: Iterable<Position>) =>
          [...positions].toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)))
        expect(sorted(packed.behind())).toEqual(sorted(last.values()))
      }),
    )
  })

  it('use the memory again of what is released, and never show what stood there', () => {
    const record = (value: string): InputRecord => ({
      topic: 'a',
      partition: 0,
      offset: 0,
      key: null,
      value: Buffer.from(value),
      headers: undefined,
      timestamp: -1,
    })
    const first = new PackedRecords(1000)
    first.add(record('{"secret":"of the first"}'))
    const { buffer } = first.lines.bytes
    first.release()
    expect(() => first.at(0)).toThrow(RangeError)
    const second = new PackedRecords(1000)
    expect(second.lines.bytes.buffer).toBe(buffer)
    second.add(record('{}'))
    expect([...second].map(({ value }) => Buffer.from(value!).toString())).toEqual(['{}'])
    expect(second.lines.length).toBe(3)
  })
})
