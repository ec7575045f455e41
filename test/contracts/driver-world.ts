/** What the contract of the drivers runs in: topics, producers, a reader that shares no code with the drivers. */
import kafkajs from 'kafkajs'
import { afterAll, afterEach } from 'vitest'
import type { Admin } from '../../src/kafka/admin.ts'
import type { BatchBounds, Connection, Driver, DriverEvent, DriverOptions } from '../../src/kafka/driver.ts'
import { kafkajsDriver } from '../../src/kafka/drivers/kafkajs/kafkajs-driver.ts'
import { registerCodecs } from '../../src/kafka/drivers/kafkajs/register-codecs.ts'
import { hasLibrary, loadLibrary } from '../../src/kafka/drivers/rdkafka/client.ts'
import { rdkafkaDriver } from '../../src/kafka/drivers/rdkafka/rdkafka-driver.ts'
import { openAdmin } from '../../src/kafka/open-admin.ts'
import type { InputRecord, OutputRecord, Position } from '../../src/kafka/record.ts'
import { broker, uniqueName } from '../broker/suite.ts'

export interface DriverCase {
  readonly name: string
  readonly make: (options: DriverOptions) => Driver
  readonly delivery: DriverOptions['delivery']
  readonly isThere: boolean
  /** Compressions that it was built without. */
  readonly lacks: readonly string[]
  /** Ways of sharing partitions that it has: cooperative and eager. */
  readonly assignments: readonly string[]
  /** Settings under which it soon gives up a topic that is missing. */
  readonly impatient: Readonly<Record<string, number>>
  /** Tests of the contract, by their names, that it does not pass: what it lacks. Each has a reason here. */
  readonly skipped: readonly string[]
}

export const hasRdkafka: boolean = await hasLibrary()
const features: readonly string[] = hasRdkafka ? (await loadLibrary()).features : []

/** What librdkafka was built without: zstd, where its headers were not there. */
export const LACKED_BY_RDKAFKA: readonly string[] = hasRdkafka
  ? ['gzip', 'snappy', 'lz4', 'zstd'].filter((one) => !features.includes(one))
  : []

export const KAFKAJS: DriverCase = {
  name: 'kafkajs, at least once',
  make: kafkajsDriver,
  delivery: 'at-least-once',
  isThere: true,
  lacks: [],
  assignments: ['range'],
  impatient: {},
  skipped: [
    // It refuses records that were written by transactions, as kafkajs passes on some of aborted ones.
    'leaves out what was aborted, also where transactions overlap',
    'ends before an open transaction and behind control records, and can be reached',
    // Headers of kafkajs are an object: those of one name stand together.
    'keeps the order of headers where a name comes again',
  ],
}

export const RDKAFKA_AT_LEAST_ONCE: DriverCase = {
  name: 'rdkafka, at least once',
  make: rdkafkaDriver,
  delivery: 'at-least-once',
  isThere: hasRdkafka,
  lacks: LACKED_BY_RDKAFKA,
  assignments: ['cooperative-sticky', 'range'],
  impatient: { 'topic.metadata.propagation.max.ms': 2000 },
  skipped: [],
}

export const RDKAFKA_EXACTLY_ONCE: DriverCase = {
  ...RDKAFKA_AT_LEAST_ONCE,
  name: 'rdkafka, exactly once',
  delivery: 'exactly-once',
}

type Client = Readonly<Record<string, string | number | boolean>>

export const connection = (client: Client = {}, address: string = broker.address): Connection => ({
  brokers: [address],
  tls: undefined,
  sasl: undefined,
  client: new Map(Object.entries(client)),
})

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

let shared: Admin | undefined
export async function admin(): Promise<Admin> {
  shared ??= await openAdmin(connection())
  return shared
}
/** Ends the connections that tests share; the next one makes new ones. */
async function disconnectShared(): Promise<void> {
  await shared?.close()
  await writer?.then((producer) => producer.disconnect())
  shared = undefined
  writer = undefined
}
afterAll(disconnectShared)

/** Makes a topic that no other test has. */
export async function makeTopic(
  partitions: number = 1,
  settings: Readonly<Record<string, string>> = {},
  name: string = uniqueName('contract'),
): Promise<string> {
  const plan = { name, partitions, replication: 1, settings: new Map(Object.entries(settings)) }
  const made = await (await admin()).createTopics([plan])
  if (made.get(name)?.outcome !== 'created') throw new Error(`${name} was not made`)
  // Other brokers and clients hear of it a little later.
  for (let i = 0; i < 100; i++) {
    const [found] = await (await admin()).topics([name])
    if (found?.presence === 'there' && found.partitions.every(({ hasLeader }) => hasLeader)) return name
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${name} has no leaders`)
}

export const client = (address: string = broker.address): kafkajs.Kafka =>
  new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING })

/** Joins a group as a member whose way to share partitions nobody else knows. Resolves with how to leave. */
export async function joinOtherwise(group: string, topic: string): Promise<() => Promise<void>> {
  const { MemberMetadata } = kafkajs.AssignerProtocol
  const metadata = MemberMetadata.encode({ version: 0, topics: [topic], userData: Buffer.alloc(0) })
  const otherwise: kafkajs.PartitionAssigner = () => ({
    name: 'otherwise',
    version: 0,
    assign: () => Promise.resolve([]),
    protocol: () => ({ name: 'otherwise', metadata }),
  })
  const consumer = client().consumer({ groupId: group, partitionAssigners: [otherwise] })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.run({ eachMessage: () => Promise.resolve() })
  await joined
  return async () => await consumer.disconnect()
}

let writer: Promise<kafkajs.Producer> | undefined

/** Writes records as another program would. */
export async function write(topic: string, messages: kafkajs.Message[]): Promise<void> {
  writer ??= (async () => {
    // Idempotent: else it writes some twice where a leader is not ready yet.
    const producer = client().producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    return producer
  })()
  for (let at = 0; at < messages.length; at += 500)
    await (await writer).send({ topic, messages: messages.slice(at, at + 500) })
}

/** Writes values as librdkafka compresses them. */
export async function writeByRdkafka(
  topic: string,
  values: readonly string[],
  compression: string,
): Promise<void> {
  const { Producer } = await loadLibrary()
  const producer = new Producer({
    'metadata.broker.list': broker.address,
    'compression.codec': compression as 'gzip',
    'linger.ms': 50,
  })
  await new Promise((resolve, reject) => {
    producer.connect({}, (error) => (error ? reject(error) : resolve(undefined)))
  })
  for (const value of values) producer.produce(topic, 0, Buffer.from(value))
  await new Promise((resolve, reject) => {
    producer.flush(10_000, (error) => (error ? reject(error) : resolve(undefined)))
  })
  await new Promise((resolve) => producer.disconnect(() => resolve(undefined)))
}

/** The values of a topic's only partition as kafkajs' own consumer reads them, in every compression. */
export async function readByKafkajs(topic: string, count: number): Promise<readonly (string | null)[]> {
  registerCodecs()
  const consumer = client().consumer({ groupId: uniqueName('reader') })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const values: (string | null)[] = []
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(message.value === null ? null : message.value.toString())
    },
  })
  await until('kafkajs has read it', () => values.length >= count)
  await consumer.disconnect()
  return values
}

/** A transaction of another program. */
export async function beginTransaction(
  topic: string,
  messages: kafkajs.Message[],
): Promise<Pick<kafkajs.Transaction, 'commit' | 'abort'>> {
  const producer = client().producer({
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: uniqueName('transaction'),
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  closing.push(() => producer.disconnect())
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages })
  return transaction
}

export interface Opened {
  readonly driver: Driver
  readonly events: readonly DriverEvent[]
  readonly group: string
  readonly close: () => Promise<void>
}

export interface OpenOptions {
  readonly topics: DriverOptions['topics']
  readonly group?: string
  readonly start?: DriverOptions['start']
  readonly client?: Client
  readonly transactionalId?: string
  /** What the output topic takes, where that was looked up before. */
  readonly limit?: number
  /** Another broker than the shared one, or another way to it. */
  readonly to?: Omit<Connection, 'client'>
}

/** Short sessions, so that a rebalance takes a second and not many. */
const SOON: Client = { 'session.timeout.ms': 45_000, 'heartbeat.interval.ms': 300 }

export async function openDriver({ make, delivery }: DriverCase, options: OpenOptions): Promise<Opened> {
  const {
    topics,
    group = uniqueName('group'),
    start = 'earliest',
    client: settings = {},
    limit,
    to,
  } = options
  const events: DriverEvent[] = []
  const driver = make({
    connection: { ...connection({ ...SOON, ...settings }), ...to },
    group,
    topics,
    start,
    delivery,
    transactionalId: options.transactionalId ?? uniqueName('instance'),
    maxMessageBytes: limit,
    maxBatchBytes: limit,
    onEvent: (event) => events.push(event),
  })
  let isClosed = false
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    await driver.close(10_000)
  }
  closing.push(close)
  await driver.open()
  return { driver, events, group, close }
}

export const BOUNDS: BatchBounds = { records: 1000, bytes: 1 << 20, time: 200 }

export const keyOf = ({ topic, partition }: { topic: string; partition: number }): string =>
  `${topic}/${partition}`

/** Waits until something holds. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  most = 30_000,
): Promise<void> {
  const giveUp = performance.now() + most
  while (!(await holds())) {
    if (performance.now() > giveUp) throw new Error(`it took too long: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

export interface Read {
  readonly epoch: number
  readonly records: readonly InputRecord[]
  readonly next: readonly Position[]
}

/** Polls, and unpacks what came. */
export async function pollOnce(driver: Driver, bounds: BatchBounds = BOUNDS): Promise<Read> {
  const { epoch, records, next } = await driver.poll(bounds)
  return { epoch, records: [...records], next }
}

/** Polls, as some drivers join only then, until so many partitions are owned. Nothing may be there to read yet. */
export async function stand(driver: Driver, partitions: number): Promise<void> {
  await until('the group stands', async () => {
    const { records } = await driver.poll({ records: 1, bytes: 1, time: 50 })
    if (records.length > 0) throw new Error('there was something to read')
    return driver.positions().length === partitions
  })
}

/** Polls until there are so many records, in one epoch, without settling. */
export async function pollSome(driver: Driver, count: number, most = 30_000): Promise<Read> {
  const giveUp = performance.now() + most
  let records: InputRecord[] = []
  let next = new Map<string, Position>()
  let epoch = -1
  while (records.length < count) {
    if (performance.now() > giveUp) throw new Error(`only ${records.length} of ${count} records came`)
    const polled = await driver.poll(BOUNDS)
    if (polled.epoch !== epoch) {
      records = []
      next = new Map()
      epoch = polled.epoch
    }
    records.push(...polled.records)
    for (const position of polled.next) next.set(keyOf(position), position)
  }
  return { epoch, records, next: [...next.values()] }
}

/** Polls and settles what comes, passing it on with `outputs`, until so many records are settled. */
export async function settleSome(
  driver: Driver,
  count: number,
  outputs: (records: readonly InputRecord[]) => readonly OutputRecord[] = () => [],
): Promise<readonly InputRecord[]> {
  const giveUp = performance.now() + 30_000
  const settled: InputRecord[] = []
  while (settled.length < count) {
    if (performance.now() > giveUp) throw new Error(`only ${settled.length} of ${count} records were settled`)
    const { epoch, records, next } = await pollOnce(driver)
    if ((await driver.settle(epoch, outputs(records), next)) === 'settled') settled.push(...records)
  }
  return settled
}

export const copyTo =
  (topic: string) =>
  (records: readonly InputRecord[]): OutputRecord[] =>
    records.map(({ key, value, timestamp }) => ({
      topic,
      partition: undefined,
      key,
      value,
      headers: [],
      timestamp: timestamp < 0 ? undefined : timestamp,
    }))

export const texts = (records: readonly { readonly value: Uint8Array | null }[]): (string | null)[] =>
  records.map(({ value }) => (value === null ? null : Buffer.from(value).toString()))

/** Whether every partition's records come in the order of their offsets. */
export function isInOrder(records: readonly InputRecord[]): boolean {
  const last = new Map<string, number>()
  return records.every((record) => {
    const before = last.get(keyOf(record)) ?? -1
    last.set(keyOf(record), record.offset)
    return record.offset > before
  })
}

export const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `${from + i}`)
