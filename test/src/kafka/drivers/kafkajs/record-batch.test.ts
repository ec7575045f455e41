/** Record batches against kafkajs' own coder, which others have used for years, and against damage. */
import fc from 'fast-check'
// @ts-expect-error: no types
import KafkajsDecoder from 'kafkajs/src/protocol/decoder.js'
// @ts-expect-error: no types
import kafkajsRecord from 'kafkajs/src/protocol/recordBatch/record/v0/index.js'
// @ts-expect-error: no types
import decodeByKafkajs from 'kafkajs/src/protocol/recordBatch/v0/decoder.js'
// @ts-expect-error: no types
import kafkajsBatch from 'kafkajs/src/protocol/recordBatch/v0/index.js'
import { describe, expect, it } from 'vitest'
import {
  BATCH_OVERHEAD,
  mostBytes,
  stamp,
  writeBatch,
} from '../../../../../src/kafka/drivers/kafkajs/batch-writer.ts'
import { crc32c } from '../../../../../src/kafka/drivers/kafkajs/crc32c.ts'
import {
  isAbortMarker,
  openBatch,
  readBatches,
} from '../../../../../src/kafka/drivers/kafkajs/record-batch.ts'
import type { InputRecord, OutputRecord } from '../../../../../src/kafka/record.ts'

const record = (fields: Partial<OutputRecord> = {}): OutputRecord => ({
  topic: 't',
  partition: 0,
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  headers: [],
  timestamp: 1_700_000_000_000,
  ...fields,
})

async function write(
  records: readonly OutputRecord[],
  compression: 'none' | 'gzip' = 'none',
): Promise<Buffer> {
  const batch = await writeBatch(records, compression, 1_700_000_000_000)
  stamp(batch, { producerId: 4711, epoch: 3, sequence: 2_147_483_600 })
  return batch
}

async function read(set: Buffer): Promise<InputRecord[]> {
  const records: InputRecord[] = []
  for (const batch of readBatches(set))
    for (
      const opened = await openBatch(batch, 't', 0), got = { next: opened.next() };
      got.next.done !== true;
    ) {
      records.push(got.next.value)
      got.next = opened.next()
    }
  return records
}

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null })
const header = fc
  .tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 200 }))
  .map(([name, value]) => ({ [name]: value }))
  .filter((one) => Object.keys(one).length === 1)
const outputs = fc.array(
  fc.record({
    topic: fc.constant('t'),
    partition: fc.constant(0),
    key: bytes,
    value: bytes,
    headers: fc.array(header, { maxLength: 3 }),
    timestamp: fc.option(fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 4_102_444_800_000 })), {
      nil: undefined,
    }),
  }),
  { minLength: 1, maxLength: 40 },
)

const plain = (piece: Uint8Array | null): Buffer | null => (piece === null ? null : Buffer.from(piece))

describe('a batch', () => {
  it('comes back as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(
        outputs,
        fc.constantFrom('none' as const, 'gzip' as const),
        async (records, compression) => {
          const back = await read(await write(records, compression))
          expect(back).toEqual(
            records.map(({ key, value, headers, timestamp }, offset) => ({
              topic: 't',
              partition: 0,
              offset,
              key: plain(key),
              value: plain(value),
              headers:
                headers.length === 0
                  ? undefined
                  : headers.map((one) => {
                      const [name, text] = Object.entries(one)[0]!
                      return { name, value: Buffer.from(text) }
                    }),
              timestamp: timestamp ?? 1_700_000_000_000,
            })),
          )
        },
      ),
    )
  })

  it('is read by kafkajs as we read it', async () => {
    await fc.assert(
      fc.asyncProperty(outputs, async (records) => {
        const set = await write(records)
        const theirs = await decodeByKafkajs(new KafkajsDecoder(set))
        const ours = await read(set)
        expect(theirs.producerId).toBe('4711')
        expect(theirs.producerEpoch).toBe(3)
        expect(theirs.firstSequence).toBe(2_147_483_600)
        expect(
          theirs.records.map((one: { offset: string; key: unknown; value: unknown; timestamp: string }) => [
            Number(one.offset),
            one.key,
            one.value,
            Number(one.timestamp),
          ]),
        ).toEqual(ours.map(({ offset, key, value, timestamp }) => [offset, key, value, timestamp]))
      }),
    )
  })

  it('of kafkajs is read by us', async () => {
    const { RecordBatch } = kafkajsBatch
    const records = Array.from({ length: 50 }, (_, i) =>
      kafkajsRecord({
        offsetDelta: i,
        timestampDelta: i * 1000,
        key: i % 3 === 0 ? null : Buffer.from(`k${i}`),
        value: i % 5 === 0 ? null : Buffer.from('v'.repeat(i * 10)),
        headers: i % 2 === 0 ? {} : { a: ['1', '2'], b: '3' },
      }),
    )
    const batch = await RecordBatch({
      records,
      firstTimestamp: 1000,
      maxTimestamp: 50_000,
      lastOffsetDelta: 49,
    })
    const back = await read(batch.buffer)
    expect(back.length).toBe(50)
    expect(back[7]).toMatchObject({ offset: 7, timestamp: 8000, key: Buffer.from('k7') })
    expect(back[7]!.headers).toEqual([
      { name: 'a', value: Buffer.from('1') },
      { name: 'a', value: Buffer.from('2') },
      { name: 'b', value: Buffer.from('3') },
    ])
    expect(back[0]).toMatchObject({ key: null, value: null })
  })

  it('never weighs more than was reckoned', async () => {
    await fc.assert(
      fc.asyncProperty(outputs, async (records) => {
        const most = records.reduce((sum, one) => sum + mostBytes(one), BATCH_OVERHEAD)
        expect((await write(records)).length).toBeLessThanOrEqual(most)
      }),
    )
  })

  it('holds more records than a call takes arguments', async () => {
    const records = Array.from({ length: 200_000 }, () => record({ key: null, value: null }))
    expect((await read(await write(records, 'gzip'))).length).toBe(200_000)
  })

  it('is given up at any damage, and nothing of it is passed on', async () => {
    const batch = await write([record({ value: Buffer.from('Ada Lovelace') })])
    for (let at = 12; at < batch.length; at++) {
      const damaged = Buffer.from(batch)
      damaged[at]! ^= 0x40
      if (at >= 12 && at < 16) continue // The leader's epoch is not guarded.
      await expect(read(damaged)).rejects.toMatchObject({
        code: 'batch-corrupt',
      })
    }
  })

  it('with lengths that lie is given up, its checksum be right', async () => {
    const batch = await write([record({ key: null, value: Buffer.alloc(20) })])
    for (let at = BATCH_OVERHEAD; at < BATCH_OVERHEAD + 6; at++)
      for (const lie of [0x7f, 0xff, 0x01, 0x03]) {
        const damaged = Buffer.from(batch)
        damaged[at] = lie
        if (damaged.equals(batch)) continue
        stamp(damaged, { producerId: 1, epoch: 0, sequence: 0 })
        const back = await read(damaged).catch((error: unknown) => error)
        // A changed time or attribute is a record all the same; anything else must be seen.
        if (Array.isArray(back)) expect(back[0]!.value).toEqual(Buffer.alloc(20))
        else expect(back).toMatchObject({ code: 'batch-corrupt' })
      }
  })

  it('that is cut off at the end of a fetch is left for the next one', async () => {
    const whole = await write([record(), record()])
    for (let length = whole.length; length < 2 * whole.length; length += 7)
      expect((await read(Buffer.concat([whole, whole]).subarray(0, length))).length).toBe(2)
  })

  it('that compaction emptied still tells where to read on', async () => {
    const batch = await write([record()])
    const empty = Buffer.from(batch.subarray(0, BATCH_OVERHEAD))
    empty.writeInt32BE(BATCH_OVERHEAD - 12, 8)
    empty.writeInt32BE(99, 23)
    empty.writeInt32BE(0, 57)
    stamp(empty, { producerId: 1, epoch: 0, sequence: 0 })
    const [found] = [...readBatches(empty)]
    expect(found).toMatchObject({ lastOffset: 99, count: 0 })
    expect(await read(empty)).toEqual([])
  })

  it('from before Kafka 0.11 is told by its name', () => {
    const old = Buffer.alloc(80)
    old[16] = 1
    expect(() => [...readBatches(old)]).toThrow('batch-format-old')
  })

  it('takes the time of appending for every record where the topic says so', async () => {
    const batch = await write([record({ timestamp: 5 }), record({ timestamp: 9 })])
    batch.writeInt16BE(8, 21)
    batch.writeBigInt64BE(77n, 35)
    stamp(batch, { producerId: 1, epoch: 0, sequence: 0 })
    expect((await read(batch)).map(({ timestamp }) => timestamp)).toEqual([77, 77])
  })
})

describe('a marker', () => {
  const marker = async (type: number): Promise<Buffer> => {
    const batch = await write([record({ key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6) })])
    batch.writeInt16BE(16 | 32, 21)
    stamp(batch, { producerId: 9, epoch: 0, sequence: -1 })
    return batch
  }
  it('says whether its transaction was aborted', async () => {
    expect([...readBatches(await marker(0))].map(isAbortMarker)).toEqual([true])
    expect([...readBatches(await marker(1))].map(isAbortMarker)).toEqual([false])
  })
  it('is no record with such a key', async () => {
    const batch = await write([record({ key: Buffer.alloc(4) })])
    expect([...readBatches(batch)].map(isAbortMarker)).toEqual([false])
  })
})

describe('crc32c', () => {
  it('is that of RFC 3720, over any part', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.alloc(32, 255))).toBe(0x62a8ab43)
    expect(crc32c(Buffer.from('xx123456789yy'), 2, 11)).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(0))).toBe(0)
  })
})
