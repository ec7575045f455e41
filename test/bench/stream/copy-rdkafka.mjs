/**
 * The baseline over node-rdkafka: copies a topic to its end, with the same client, delivery and batches as Lethe, and
 * does nothing to the records. Several begin when each has its share, and have no more rebalances to meet.
 * `node copy-rdkafka.mjs BROKER GROUP INPUT OUTPUT exactly-once|at-least-once WORKER WORKERS PARTITIONS`
 */
import Kafka from 'node-rdkafka'

const [broker, group, input, output, delivery, worker, workers, partitions] = process.argv.slice(2)
const BATCH = 5_000
const call = (run) =>
  new Promise((resolve, reject) => run((error, value) => (error ? reject(error) : resolve(value))))
/** A broker that starts does not know its coordinators for a while, nor does a group rest at once. */
const insist = async (run) => {
  for (let tries = 1; ; tries++) {
    try {
      return await call(run)
    } catch (error) {
      if (!error.isRetriable && tries === 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
const consume = async (count) => {
  try {
    return await call((done) => consumer.consume(count, done))
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return []
  }
}
const isExact = delivery === 'exactly-once'

const producer = new Kafka.Producer(
  {
    'metadata.broker.list': broker,
    'enable.idempotence': true,
    'linger.ms': 5,
    'queue.buffering.max.messages': 1_000_000,
    ...(isExact ? { 'transactional.id': `copy.${group}.${worker}` } : {}),
  },
  { partitioner: 'murmur2_random' },
)
const consumer = new Kafka.KafkaConsumer(
  {
    'metadata.broker.list': broker,
    'group.id': group,
    'enable.auto.commit': false,
    'isolation.level': 'read_committed',
    'enable.partition.eof': true,
    'partition.assignment.strategy': 'cooperative-sticky',
    'queued.min.messages': 20_000,
    'queued.max.messages.kbytes': 16_384,
    'fetch.queue.backoff.ms': 5,
  },
  { 'auto.offset.reset': 'earliest' },
)
await call((done) => producer.connect({}, done))
if (isExact) await call((done) => producer.initTransactions(10_000, done))
await call((done) => consumer.connect({}, done))
const ended = new Set()
consumer.on('partition.eof', ({ partition }) => ended.add(partition))
consumer.setDefaultConsumeTimeout(20)
consumer.subscribe([input])
const share = Number(partitions) / Number(workers)
while (consumer.assignments().length !== share) await consume(1)
for (const { partition } of consumer.assignments())
  await insist((done) => consumer.seek({ topic: input, partition, offset: 0 }, 10_000, done))
ended.clear()

const settle = async (messages) => {
  const next = new Map()
  if (isExact) await call((done) => producer.beginTransaction(done))
  for (const { value, key, timestamp, partition, offset } of messages) {
    for (;;) {
      try {
        producer.produce(output, null, value, key, timestamp)
        break
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1))
        producer.poll()
      }
    }
    next.set(partition, offset + 1)
  }
  const offsets = [...next].map(([partition, offset]) => ({ topic: input, partition, offset }))
  if (isExact) {
    await insist((done) => producer.sendOffsetsToTransaction(offsets, consumer, 10_000, done))
    await insist((done) => producer.commitTransaction(10_000, done))
  } else {
    await call((done) => producer.flush(10_000, done))
    consumer.commit(offsets)
  }
}

/** Batch n+1 is read while n settles, as Lethe does. */
let settling = Promise.resolve()
let idleSince = performance.now()
for (;;) {
  const messages = await consume(BATCH)
  await settling
  if (messages.length > 0) {
    idleSince = performance.now()
    settling = settle(messages)
  } else {
    if (ended.size >= share && performance.now() - idleSince > 300) break
  }
}
await settling
await call((done) => consumer.disconnect(done))
await call((done) => producer.disconnect(done))
process.exit(0)
