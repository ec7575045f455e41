/**
 * Topics as a reader of committed records sees them, to their ends. Read with librdkafka: kafkajs lets records of
 * aborted transactions through where several are aborted at once, and does not keep the order of headers.
 */
import type { KafkaConsumer, LibrdKafkaError, Message } from 'node-rdkafka'
import type { LogRecord } from './records.ts'

const MOST_RECORDS = 5000
const POLL_MS = 200
const REQUEST_MS = 10_000

const partitionKey = (topic: string, partition: number): string => `${topic}/${partition}`

/** Any callback of node-rdkafka as a promise. */
const called = <T>(call: (done: (error: LibrdKafkaError | null, result: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(new Error(error.message)) : resolve(result)))
  })

async function connected(address: string, isolation: string): Promise<KafkaConsumer> {
  // Optional: who cannot build it can run every test but those that read.
  const { default: rdkafka } = await import('node-rdkafka')
  const consumer = new rdkafka.KafkaConsumer(
    {
      'bootstrap.servers': address,
      'group.id': 'lethe-check',
      'isolation.level': isolation as 'read_committed',
      'enable.auto.commit': false,
      'enable.partition.eof': true,
      'allow.auto.create.topics': false,
    },
    { 'auto.offset.reset': 'earliest' },
  )
  // Errors of the moment are the client's own to mend; nobody else listens.
  consumer.on('event.error', () => {})
  await called((done) => consumer.connect({ timeout: REQUEST_MS }, done))
  return consumer
}

const disconnected = (consumer: KafkaConsumer): Promise<void> =>
  new Promise((resolve) => consumer.disconnect(() => resolve()))

interface Ends {
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
  /** The ends of the logs, open transactions included. */
  readonly ends: ReadonlyMap<string, number>
}

async function findEnds(address: string, topics: readonly string[]): Promise<Ends> {
  const consumer = await connected(address, 'read_uncommitted')
  try {
    const found = await Promise.all(
      topics.map(async (topic) => {
        const metadata = await called<{ topics: { name: string; partitions: { id: number }[] }[] }>((done) =>
          consumer.getMetadata({ topic, timeout: REQUEST_MS }, done),
        )
        const { partitions = [] } = metadata.topics.find(({ name }) => name === topic) ?? {}
        if (partitions.length === 0) throw new Error(`there is no topic ${topic}`)
        return partitions.map(({ id }) => ({ topic, partition: id }))
      }),
    )
    const partitions = found.flat()
    const ends = await Promise.all(
      partitions.map(async ({ topic, partition }) => {
        const { highOffset } = await called<{ highOffset: number }>((done) =>
          consumer.queryWatermarkOffsets(topic, partition, REQUEST_MS, done),
        )
        return [partitionKey(topic, partition), highOffset] as const
      }),
    )
    return { partitions, ends: new Map(ends) }
  } finally {
    await disconnected(consumer)
  }
}

function recordOf({ topic, partition, offset, key, value, headers, timestamp }: Message): LogRecord {
  return {
    topic,
    partition,
    offset,
    key: key === null || key === undefined ? null : Buffer.from(key as Buffer),
    value,
    headers: (headers ?? []).flatMap((header) =>
      Object.entries(header).map(([name, bytes]) => ({ name, value: Buffer.from(bytes as Buffer) })),
    ),
    timestamp: timestamp ?? -1,
  }
}

/**
 * The committed records of the topics, to where their logs end at the call: by topic as named, partition and offset.
 * @throws Error where an open transaction hides the end for longer than `deadline` ms
 */
export async function readTopics(
  address: string,
  topics: readonly string[],
  deadline = 60_000,
): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = []
  const consumer = await connected(address, 'read_committed')
  try {
    const { partitions, ends } = await findEnds(address, topics)
    const left = new Map([...ends].filter(([, end]) => end > 0))
    if (left.size === 0) return records
    const reached = (topic: string, partition: number, next: number): void => {
      const key = partitionKey(topic, partition)
      if (next >= (left.get(key) ?? 0)) left.delete(key)
    }
    consumer.setDefaultConsumeTimeout(POLL_MS)
    // The end for a reader of committed records: behind the last marker, and before an open transaction.
    consumer.on('partition.eof', ({ topic, partition, offset }) => reached(topic, partition, offset))
    consumer.assign(partitions.map((partition) => ({ ...partition, offset: 0 })))
    const giveUp = Date.now() + deadline
    while (left.size > 0) {
      if (Date.now() > giveUp)
        throw new Error(`an open transaction, or a broker that is away, hides the end of ${[...left.keys()]}`)
      for (const message of await called<Message[]>((done) => consumer.consume(MOST_RECORDS, done))) {
        const { topic, partition, offset } = message
        if (offset < ends.get(partitionKey(topic, partition))!) records.push(recordOf(message))
        reached(topic, partition, offset + 1)
      }
    }
  } finally {
    await disconnected(consumer)
  }
  // Partitions come in turns that nothing determines.
  const place = new Map(topics.map((topic, at) => [topic, at]))
  return records.sort(
    (a, b) => place.get(a.topic)! - place.get(b.topic)! || a.partition - b.partition || a.offset - b.offset,
  )
}
