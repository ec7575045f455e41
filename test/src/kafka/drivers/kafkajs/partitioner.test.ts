/** Partitions as Java's client chooses them. */
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { murmur2, Partitioner } from '../../../../../src/kafka/drivers/kafkajs/partitioner.ts'

/** From org.apache.kafka.common.utils.UtilsTest. */
const VECTORS: readonly (readonly [text: string, hash: number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

describe('murmur2', () => {
  it.each(VECTORS)('of %s is that of Java', (text, hash) => {
    expect(murmur2(Buffer.from(text)) | 0).toBe(hash)
  })
})

describe('a key', () => {
  it('goes where kafkajs puts it, which checks itself against Java', () => {
    const theirs = kafkajs.Partitioners.DefaultPartitioner()
    const ours = new Partitioner()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
          partitionId,
          leader: 0,
        }))
        const message = { key: Buffer.from(key), value: null }
        expect(ours.partitionOf(key, count)).toBe(
          theirs({ topic: 't', partitionMetadata: partitionMetadata as never, message }),
        )
      }),
    )
  })

  it('that is empty is a key: all of them meet', () => {
    const partitioner = new Partitioner()
    const empty = Array.from({ length: 20 }, () => partitioner.partitionOf(Buffer.alloc(0), 7))
    expect(new Set(empty).size).toBe(1)
  })

  it('that is not there spreads its records over all partitions', () => {
    const partitioner = new Partitioner()
    const spread = Array.from({ length: 70 }, () => partitioner.partitionOf(null, 7))
    for (let partition = 0; partition < 7; partition++)
      expect(spread.filter((one) => one === partition).length).toBe(10)
  })
})
