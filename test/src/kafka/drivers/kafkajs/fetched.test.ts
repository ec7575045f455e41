/** Which batches of kafkajs are taken: those that begin where the one before ended, outside of transactions. */
import fc from 'fast-check'
import type { Batch } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { FetchQueue, gapError, gapIn } from '../../../../../src/kafka/drivers/kafkajs/fetched.ts'

const PLAIN = { inTransaction: false }

const batch = (offsets: readonly number[], contextOf: (offset: number) => unknown = () => PLAIN): Batch =>
  ({
    topic: 't',
    partition: 3,
    messages: offsets.map((offset) => ({
      offset: `${offset}`,
      key: null,
      value: Buffer.from(`${offset}`),
      timestamp: '1',
      batchContext: contextOf(offset),
    })),
  }) as unknown as Batch

describe('a batch', () => {
  it('has no gap exactly where it begins at the expected offset and leaves none out', () => {
    const offsets = fc.uniqueArray(fc.nat(12), { minLength: 1 }).map((list) => list.toSorted((a, b) => a - b))
    fc.assert(
      fc.property(offsets, fc.nat(12), (list, from) => {
        const missed = list.findIndex((offset, i) => offset !== from + i)
        expect(gapIn(batch(list), from)).toEqual(
          missed < 0 ? undefined : { expected: from + missed, found: list[missed] },
        )
      }),
    )
  })

  it('is refused where one of its records was written by a transaction', () => {
    const mixed = batch([5, 6, 7], (offset) => ({ inTransaction: offset === 6 }))
    expect(() => gapIn(mixed, 5)).toThrow(
      expect.objectContaining({
        exitCode: 4,
        message: expect.stringMatching(/topic t, partition 3, offset 6.*transaction/),
        suggestion: expect.stringContaining('driver: rdkafka'),
      }),
    )
  })

  it.each([
    ['no context', undefined],
    ['no word', {}],
    ['another word', { inTransaction: 0 }],
  ])('is refused where kafkajs does not say whether there was a transaction: %s', (_, context) => {
    expect(() =>
      gapIn(
        batch([5], () => context),
        5,
      ),
    ).toThrow(
      expect.objectContaining({
        code: 'records-unreadable',
        message: expect.stringContaining('offset 5'),
        suggestion: expect.stringContaining('2.2.4'),
      }),
    )
  })
})

describe('a gap', () => {
  const at = { topic: 't', partition: 3, offset: 10 }

  it('is told with its size, and why it is there', () => {
    expect(gapError(at, undefined, 60, 100).message).toMatch(/50 records \(offsets 10 to 59\)/)
    expect(gapError(at, undefined, 0, 7).message).toMatch(/offset 10.*ends at 7/)
    const missing = gapError(at, 15, 0, 100)
    expect(missing.message).toMatch(/topic t, partition 3: 5 offsets are missing/)
    expect(missing.suggestion).toContain('driver: rdkafka')
    expect(gapError(at, undefined, 0, 100).message).toMatch(/no records came/)
  })
})

describe('the queue', () => {
  it('gives all records once, in order, in batches within the bounds', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 8 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 12 }), (lengths, records) => {
        const queue = new FetchQueue()
        let offset = 0
        for (const length of lengths) queue.add(batch(Array.from({ length }, () => offset++)))
        const seen: number[] = []
        while (!queue.isEmpty) {
          const taken = queue.take({ records, bytes: 1 << 20, time: 0 })
          expect(taken.length).toBeLessThanOrEqual(records)
          for (const record of taken) seen.push(record.offset)
        }
        expect(seen).toEqual(Array.from({ length: offset }, (_, i) => i))
        expect(queue.bytes).toBe(0)
      }),
    )
  })
})
