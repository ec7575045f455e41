/** The test broker itself: it keeps what it was given, over death and restart. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import { type Broker, startBroker } from '../broker/broker.mjs'
import { broker, onAnyBroker, onOwnKafka, uniqueName } from '../broker/suite.ts'

const client = (address: string, more: object = {}): Kafka =>
  new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, ...more })

async function produce(kafka: Kafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: values.map((value) => ({ value })) })
  await producer.disconnect()
}

async function consume(kafka: Kafka, topic: string, count: number): Promise<readonly string[]> {
  const consumer = kafka.consumer({ groupId: uniqueName('group') })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const values: string[] = []
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          values.push(String(message.value))
          if (values.length === count) resolve()
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
  return values.sort()
}

const isOpen = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const [host, port] = address.split(':')
    const socket = connect(Number(port), host)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

onAnyBroker('the broker of a run', () => {
  it('takes records and gives them back', async () => {
    const topic = uniqueName('harness')
    const kafka = client(broker.address)
    if (broker.isReal) {
      const admin = kafka.admin()
      await admin.connect()
      await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] })
      await admin.disconnect()
    }
    await produce(kafka, topic, ['a', 'b', 'c'])
    expect(await consume(kafka, topic, 3)).toEqual(['a', 'b', 'c'])
  })
})

onOwnKafka('a broker of a test', () => {
  it('keeps its data and its ports when it is killed and restarted', async () => {
    const own = await startBroker({ own: true })
    try {
      const kafka = client(own.address)
      const topic = uniqueName('kept')
      const admin = kafka.admin()
      await admin.connect()
      await admin.createTopics({ topics: [{ topic }] })
      await admin.disconnect()
      await produce(kafka, topic, ['before'])
      await own.kill()
      expect(await isOpen(own.address)).toBe(false)
      await own.restart()
      await produce(kafka, topic, ['after'])
      expect(await consume(kafka, topic, 2)).toEqual(['after', 'before'])
    } finally {
      await own.stop()
    }
    expect(await isOpen(own.address)).toBe(false)
  })

  it('ends with the process that started it, however that ends', async () => {
    const script = fileURLToPath(new URL('../broker/start.mjs', import.meta.url))
    const starter = spawn(process.execPath, [script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LETHE_KAFKA: '' },
    })
    const [line] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string]
    const { address, logFile } = JSON.parse(line) as { address: string; logFile: string }
    expect(await isOpen(address)).toBe(true)
    starter.kill('SIGKILL')
    await expect.poll(() => isOpen(address), { timeout: 10_000 }).toBe(false)
    await expect.poll(() => existsSync(dirname(logFile)), { timeout: 10_000 }).toBe(false)
  })

  it('stops answering while it is paused, and goes on', async () => {
    const own = await startBroker({ own: true })
    try {
      own.pause()
      const answer = client(own.address, {
        requestTimeout: 500,
        connectionTimeout: 500,
        retry: { retries: 0 },
      })
      await expect(topicsOf(answer)).rejects.toThrow(/timed? ?out/i)
      own.resume()
      await expect.poll(() => topicsOf(client(own.address)), { timeout: 20_000 }).toEqual([])
    } finally {
      await own.stop()
    }
  })

  it('listens with TLS, SASL and behind another address, and asks for rights', async () => {
    const users = [{ name: 'alice', password: 'alice-secret' }]
    const own = await startBroker({ tls: true, users, authorizer: true, advertised: ['127.0.0.1:1'] })
    try {
      await expectListeners(own)
    } finally {
      await own.stop()
    }
  })
})

async function topicsOf(kafka: Kafka): Promise<readonly string[]> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    return await admin.listTopics()
  } finally {
    await admin.disconnect()
  }
}

async function expectListeners(own: Broker): Promise<void> {
  const ssl = { ca: [readFileSync(own.certificates!.ca, 'utf8')], servername: 'localhost' }
  // kafkajs writes its authenticator into the object that it is given: a new one each time.
  const sasl = (mechanism: string, password = 'alice-secret'): object => ({
    sasl: { mechanism, username: 'alice', password },
  })
  const seen = (address: string, more: object): Promise<readonly string[]> =>
    topicsOf(client(address, { ...more, retry: { retries: 0 } }))
  const admin = client(own.address).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'seen' }] })
  await admin.disconnect()
  expect(await seen(own.tlsAddress!, { ssl })).toEqual(['seen'])
  const other = { ca: [readFileSync(own.certificates!.otherCa, 'utf8')], servername: 'localhost' }
  await expect(seen(own.tlsAddress!, { ssl: other })).rejects.toThrow(/certificate/)
  // A user without an ACL sees no topic.
  expect(await seen(own.saslTlsAddress!, { ssl, ...sasl('scram-sha-512') })).toEqual([])
  expect(await seen(own.saslAddress!, sasl('plain'))).toEqual([])
  await expect(seen(own.saslAddress!, sasl('scram-sha-256', 'wrong'))).rejects.toThrow(/[Aa]uthentication/)
  // The listener behind a proxy leads to the proxy's address, where nobody listens here.
  await expect(seen(own.behind[0]!, {})).rejects.toThrow(/127\.0\.0\.1:1\b|ECONNREFUSED/)
}
