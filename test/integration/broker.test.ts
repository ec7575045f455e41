/** The test broker itself: it keeps what it was given, over death and restart. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
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
      await own.restart()
      expect(await consume(kafka, topic, 2)).toEqual(['after', 'before'])
    } finally {
      await own.stop()
    }
    expect(await isOpen(own.address)).toBe(false)
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

async function expectListeners(own: Broker): Promise<void> {
  const ssl = { ca: [readFileSync(own.certificates!.ca, 'utf8')], servername: 'localhost' }
  // kafkajs writes its authenticator into the object that it is given: a new one each time.
  const sasl = (mechanism: string, password = 'alice-secret'): object => ({
    sasl: { mechanism, username: 'alice', password },
  })
  const topicsOf = async (address: string, more: object): Promise<readonly string[]> => {
    const admin = client(address, { ...more, retry: { retries: 0 } }).admin()
    try {
      await admin.connect()
      return await admin.listTopics()
    } finally {
      await admin.disconnect()
    }
  }
  const admin = client(own.address).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'seen' }] })
  await admin.disconnect()
  expect(await topicsOf(own.tlsAddress!, { ssl })).toEqual(['seen'])
  const other = { ca: [readFileSync(own.certificates!.otherCa, 'utf8')], servername: 'localhost' }
  await expect(topicsOf(own.tlsAddress!, { ssl: other })).rejects.toThrow(/certificate/)
  // A user without an ACL sees no topic.
  expect(await topicsOf(own.saslTlsAddress!, { ssl, ...sasl('scram-sha-512') })).toEqual([])
  expect(await topicsOf(own.saslAddress!, sasl('plain'))).toEqual([])
  await expect(topicsOf(own.saslAddress!, sasl('scram-sha-256', 'wrong'))).rejects.toThrow(
    /[Aa]uthentication/,
  )
  // The listener behind a proxy leads to the proxy's address, where nobody listens here.
  await expect(topicsOf(own.behind[0]!, {})).rejects.toThrow(/127\.0\.0\.1:1\b|ECONNREFUSED/)
}
