import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PackedRecords } from '../../../src/kafka/packed-records.ts'
import { Sampling } from '../../../src/run/sampling.ts'

const record = (topic: string, partition: number, offset: number) => ({
  topic,
  partition,
  offset,
  key: null,
  value: null,
  headers: undefined,
  timestamp: 0,
})

describe('the sampling of a route', () => {
  it('goes by offsets, however partitions are shared and batches are cut', () => {
    const starts = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 1, maxLength: 3 })
    // Distances behind the start, in order; topics leave gaps.
    const distances = fc.uniqueArray(
      fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 9_900, max: 10_300 })),
      { minLength: 1, maxLength: 80 },
    )
    fc.assert(
      fc.property(starts, distances, fc.integer({ min: 1, max: 50 }), (starts, distances, size) => {
        const sorted = [0, ...distances.filter((one) => one > 0).sort((a, b) => a - b)]
        const partitions = starts.map((start, partition) =>
          sorted.map((distance) => record('t', partition, start + distance)),
        )
        const mixed = sorted.flatMap((_, index) => partitions.map((records) => records[index]!))
        const expected = mixed.map(({ partition, offset }) =>
          Number(offset < starts[partition]! + 10_000 || offset % 64 === 0),
        )
        const one = new Sampling()
        const inBatches: number[] = []
        for (let at = 0; at < mixed.length; at += size)
          inBatches.push(...one.of(PackedRecords.of(mixed.slice(at, at + size))))
        expect(inBatches).toEqual(expected)
        // Each partition to another process.
        for (const records of partitions)
          expect([...new Sampling().of(PackedRecords.of(records))]).toEqual(
            mixed.flatMap((one, index) => (one.partition === records[0]!.partition ? [expected[index]] : [])),
          )
      }),
    )
  })

  it('looks at a batch again as before, if it is read again', () => {
    const sampling = new Sampling()
    const first = PackedRecords.of([record('t', 0, 70), record('t', 0, 10_071)])
    expect([...sampling.of(first)]).toEqual([1, 0])
    expect([...sampling.of(first)]).toEqual([1, 0])
    expect([...sampling.of(PackedRecords.of([record('u', 0, 10_071)]))]).toEqual([1])
  })
})
