/**
 * The baseline over kafkajs, at least once: copies a topic to its end in sends of 1,000, as people write it.
 * `node copy-kafkajs.mjs BROKER GROUP INPUT OUTPUT RECORDS`, RECORDS being all that the group copies.
 */
import { Kafka, logLevel } from 'kafkajs'

const [broker, groupId, input, output, records] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId })
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
const admin = kafka.admin()
await Promise.all([consumer.connect(), producer.connect(), admin.connect()])
await consumer.subscribe({ topics: [input], fromBeginning: true })
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
  },
})
/** Several copies share the group: all are through when its offsets add up. */
for (let copied = 0; copied < Number(records); ) {
  await new Promise((resolve) => setTimeout(resolve, 100))
  const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [input] })
  copied = partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
}
await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()])
process.exit(0)
