/** The checker reads what is committed, as it is, and nothing else. */
import { Kafka, logLevel, type Message, type Transaction } from 'kafkajs'
import { expect, it } from 'vitest'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import { createTopics } from '../broker/topics.ts'
import { readTopics } from './checker/read-topics.ts'

const kafka = (): Kafka => new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })

async function withTopic(partitions: number, test: (topic: string) => Promise<void>): Promise<void> {
  const topic = uniqueName('read')
  const admin = kafka().admin()
  await admin.connect()
  try {
    await createTopics(admin, [{ topic, numPartitions: partitions }])
    await test(topic)
  } finally {
    await admin.deleteTopics({ topics: [topic] })
    await admin.disconnect()
  }
}

/** Several producers with transactions of their own. */
async function withProducers(
  count: number,
  test: (begin: readonly (() => Promise<Transaction>)[]) => Promise<void>,
): Promise<void> {
  const producers = Array.from({ length: count }, () =>
    kafka().producer({ transactionalId: uniqueName('tx'), idempotent: true, maxInFlightRequests: 1 }),
  )
  try {
    await Promise.all(producers.map((producer) => producer.connect()))
    await test(producers.map((producer) => () => producer.transaction()))
  } finally {
    await Promise.all(producers.map((producer) => producer.disconnect()))
  }
}

const send = (to: Transaction, topic: string, ...messages: Message[]): Promise<unknown> =>
  to.send({ topic, messages: messages.map((message) => ({ partition: 0, ...message })) })

onKafka('the reader of the checker', () => {
  it('keeps null and empty apart, headers in order, bytes and times as they are', async () => {
    await withTopic(2, async (topic) => {
      const producer = kafka().producer()
      await producer.connect()
      const bytes = Buffer.from([0, 255, 1, 128])
      await producer.send({
        topic,
        messages: [
          { partition: 1, key: null, value: null, timestamp: '1000' },
          { partition: 1, key: '', value: '', timestamp: '2000' },
          { partition: 1, key: bytes, value: bytes, headers: { b: ['1', '2'], a: bytes }, timestamp: '3000' },
        ],
      })
      await producer.disconnect()
      const empty = Buffer.alloc(0)
      const header = (name: string, value: string | Buffer): object => ({ name, value: Buffer.from(value) })
      const at = (offset: number): object => ({ topic, partition: 1, offset, timestamp: 1000 * (offset + 1) })
      expect(await readTopics(broker.address, [topic])).toEqual([
        { ...at(0), key: null, value: null, headers: [] },
        { ...at(1), key: empty, value: empty, headers: [] },
        {
          ...at(2),
          key: bytes,
          value: bytes,
          headers: [header('b', '1'), header('b', '2'), header('a', bytes)],
        },
      ])
    })
  })

  it('sees nothing of aborted transactions, also where several lie across each other', async () => {
    await withTopic(1, async (topic) => {
      await withProducers(3, async ([one, two, three]) => {
        const a = await one!()
        const b = await two!()
        const c = await three!()
        for (const round of [0, 1, 2])
          for (const [name, transaction] of Object.entries({ a, b, c }))
            await send(transaction, topic, { value: `${name}${round}` })
        await b.abort()
        await send(a, topic, { value: 'a3' })
        await a.abort()
        const d = await two!()
        await send(d, topic, { value: 'd' })
        await d.commit()
        await c.commit()
        const e = await one!()
        await send(e, topic, { value: 'e' })
        await e.abort()
      })
      const records = await readTopics(broker.address, [topic])
      expect(records.map(({ value }) => String(value))).toEqual(['c0', 'c1', 'c2', 'd'])
      const offsets = records.map(({ offset }) => offset)
      expect(offsets).toEqual([...offsets].sort((x, y) => x - y))
      // Gaps: three records between two of `c`.
      expect(offsets[1]! - offsets[0]!).toBe(3)
    })
  })

  it('says so where an open transaction hides records, and does not take that for the end', async () => {
    await withTopic(1, async (topic) => {
      await withProducers(2, async ([one, two]) => {
        const open = await one!()
        await send(open, topic, { value: 'open' })
        const other = await two!()
        await send(other, topic, { value: 'hidden' })
        await other.commit()
        await expect(readTopics(broker.address, [topic], 1500)).rejects.toThrow('open transaction')
        const later = readTopics(broker.address, [topic], 20_000)
        await open.abort()
        expect((await later).map(({ value }) => String(value))).toEqual(['hidden'])
      })
    })
  })

  it('says that a topic is missing', async () => {
    await expect(readTopics(broker.address, [uniqueName('none')])).rejects.toThrow(/topic/)
  })
})
