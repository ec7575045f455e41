/**
 * The baseline over kafkajs, at least once: copies a topic to its end in sends of 1,000, as people write it.
 * `node copy-kafkajs.mjs BROKER GROUP INPUT OUTPUT RECORDS`, RECORDS being all that the group copies.
 */
import { Kafka, logLevel } from 'kafkajs'

const [broker, groupId, input, output, records] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId })
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
await Promise.all([consumer.connect(), producer.connect()])
await consumer.subscribe({ topics: [input], fromBeginning: true })
let copied = 0
let end
const done = new Promise((resolve) => {
  end = resolve
})
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch, commitOffsetsIfNecessary, heartbeat }) => {
    for (let from = 0; from < batch.messages.length; from += 1000) {
      const messages = batch.messages
        .slice(from, from + 1000)
        .map(({ key, value, timestamp }) => ({ key, value, timestamp }))
      await producer.send({ topic: output, acks: -1, messages })
      await heartbeat()
    }
    const offset = String(BigInt(batch.lastOffset()) + 1n)
    await commitOffsetsIfNecessary({
      topics: [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset }] }],
    })
    copied += batch.messages.length
    if (copied >= Number(records)) end()
  },
})
await done
await consumer.disconnect()
await producer.disconnect()
process.exit(0)
