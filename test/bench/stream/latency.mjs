/** How long a record takes from the input log to the output log, by the broker's own clock, at a steady rate. */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import Rdkafka from 'node-rdkafka'

const RATE = 5_000
const SECONDS = 20
const WARM_SECONDS = 5
const TICK_MS = 10

export async function latency({ broker, main, file, folder, from, to }) {
  const child = spawn(process.execPath, [main, 'stream', file, '--quiet'], { cwd: folder, stdio: 'ignore' })
  try {
    await sleep(3_000)
    await produce(broker, from)
    await sleep(2_000)
  } finally {
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
  }
  const began = await stamps(broker, from, ({ partition, offset }) => `${partition}/${offset}`)
  const ended = await stamps(broker, to, ({ headers }) =>
    headers['lethe-source'].toString().split('/').slice(1).join('/'),
  )
  const start = Math.min(...began.values())
  const delays = []
  for (const [source, at] of ended) {
    const appended = began.get(source)
    if (appended - start > WARM_SECONDS * 1000) delays.push(at - appended)
  }
  delays.sort((a, b) => a - b)
  const at = (share) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))]
  return { p50: at(0.5), p99: at(0.99), records: delays.length }
}

async function produce(broker, topic) {
  const producer = new Rdkafka.Producer(
    { 'metadata.broker.list': broker, 'linger.ms': 2 },
    { partitioner: 'murmur2_random' },
  )
  await new Promise((resolve, reject) => producer.connect({}, (error) => (error ? reject(error) : resolve())))
  const began = performance.now()
  let sent = 0
  while (sent < RATE * SECONDS) {
    const due = Math.min(RATE * SECONDS, Math.floor(((performance.now() - began) / 1000) * RATE))
    for (; sent < due; sent++) {
      const value = JSON.stringify({
        type: 'view',
        occurred_at: new Date().toISOString(),
        customer: { id: `C-${sent % 5000}`, email: `c${sent % 5000}@example.org`, note: 'x'.repeat(400) },
      })
      producer.produce(topic, null, Buffer.from(value), Buffer.from(`C-${sent % 5000}`))
    }
    await sleep(TICK_MS)
  }
  await new Promise((resolve, reject) =>
    producer.flush(30_000, (error) => (error ? reject(error) : resolve())),
  )
  await new Promise((resolve) => producer.disconnect(resolve))
}

/** When each record was appended, by `nameOf` it. */
async function stamps(broker, topic, nameOf) {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: `latency-${topic}-${Date.now()}` })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const found = new Map()
  let last = Date.now()
  await consumer.run({
    eachBatch: async ({ batch }) => {
      last = Date.now()
      for (const message of batch.messages)
        found.set(nameOf({ ...message, partition: batch.partition }), Number(message.timestamp))
    },
  })
  while (Date.now() - last < 3_000) await sleep(200)
  await consumer.disconnect()
  return found
}
