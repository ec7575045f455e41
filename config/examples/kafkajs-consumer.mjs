/**
 * Lethe in a kafkajs consumer of one's own, at least once: each batch is de-identified, what may leave is sent, and
 * only then are its offsets committed. A test runs this file against a real broker.
 *
 *   node kafkajs-consumer.mjs POLICY KEYS BROKER GROUP INPUT OUTPUT
 */
import { Kafka } from 'kafkajs'
import { compilePolicy, createMessageDeidentifier, formatProblems, loadKeyring, readPolicyFile } from 'lethe'

const [policyFile, keysFile, broker, groupId, input, output] = process.argv.slice(2)

const source = readPolicyFile(policyFile)
const keys = loadKeyring(keysFile)
const compiled = compilePolicy(source, { keys })
if (compiled.plan === undefined) throw new Error(formatProblems(compiled.problems, 'text'))
const deidentifier = createMessageDeidentifier(source, compiled, { keys })

const kafka = new Kafka({ brokers: [broker] })
const consumer = kafka.consumer({ groupId })
// Not idempotent: once a send has failed in part, the idempotent producer of kafkajs 2.2.4 gives the sequence numbers of
// what was written to what comes next, which the broker then drops as a repetition. And no retries: where a leader moves
// between two tries, kafkajs takes records for written that it never sent. So a send fails as a whole, nothing is
// committed, and the batch is read again: records may be there twice, and none is missing.
const producer = kafka.producer({ idempotent: false, retry: { retries: 0 } })
await Promise.all([consumer.connect(), producer.connect()])
await consumer.subscribe({ topics: [input], fromBeginning: true })

/** kafkajs holds headers by name; a name that repeats has a list. */
const headersOf = (headers = {}) =>
  Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => ({ name, value: Buffer.from(value ?? '') })),
  )

await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch, commitOffsetsIfNecessary, heartbeat }) => {
    const outcomes = deidentifier.deidentify(
      batch.messages.map(({ key, value, headers, timestamp }) => ({
        key,
        value,
        headers: headersOf(headers),
        timestamp: Number(timestamp),
      })),
    )
    const messages = []
    outcomes.forEach((outcome, i) => {
      for (const key of outcome.tombstones) messages.push({ key: Buffer.from(key), value: null })
      if (outcome.kind === 'publish') {
        messages.push({
          key: outcome.key && Buffer.from(outcome.key),
          value: Buffer.from(outcome.value),
          headers: Object.fromEntries(outcome.headers.map(({ name, value }) => [name, value])),
          ...(outcome.timestamp === undefined ? {} : { timestamp: String(outcome.timestamp) }),
        })
      } else if (outcome.kind === 'dead-letter') {
        // Coordinates and a code: the value stays where it is.
        const { offset } = batch.messages[i]
        console.error(
          JSON.stringify({ topic: batch.topic, partition: batch.partition, offset, code: outcome.code }),
        )
      }
    })
    // A send must stay below the topic's max.message.bytes.
    for (let from = 0; from < messages.length; from += 200) {
      // All replicas in sync acknowledge it.
      await producer.send({ topic: output, acks: -1, messages: messages.slice(from, from + 200) })
      await heartbeat()
    }
    await commitOffsetsIfNecessary({
      topics: [
        {
          topic: batch.topic,
          partitions: [{ partition: batch.partition, offset: String(BigInt(batch.lastOffset()) + 1n) }],
        },
      ],
    })
  },
})

process.once('SIGTERM', async () => {
  await consumer.disconnect()
  await producer.disconnect()
  console.error(JSON.stringify(deidentifier.account))
})
