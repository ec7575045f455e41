/** The topic of a table, read by librdkafka: one client reads, and one asks for the end. */
import { LetheError } from '../../../errors.ts'
import { ClientLost, type DriverOptions } from '../../driver.ts'
import type { TableSource, TableSourceOptions } from '../../table-source.ts'
import { call, type Library, loadLibrary } from './client.ts'
import { asClientError, classify, fatalError } from './client-errors.ts'
import { LogConsumer } from './log-consumer.ts'
import { partitionsOf, watermarks } from './rdkafka-offsets.ts'
import { Session } from './session.ts'

const AT_ONCE = 4_096
const ASK_MS = 2_000
/** The end was not told for this long: another client may get it. */
const LOST_MS = 10_000
const LOST =
  'the topic was made again, or deletes records: set its cleanup.policy to compact, and start again, when the whole table is in it'
/** Of so many questions for the end, one asks for the partitions too. */
const PARTITIONS_EVERY = 10

export async function openTableSource(options: TableSourceOptions): Promise<TableSource> {
  const library = await loadLibrary()
  const { connection, group, topic, onEvent } = options
  const driver: DriverOptions = {
    connection,
    group,
    topics: [topic],
    start: 'earliest',
    delivery: 'at-least-once',
    transactionalId: '',
    onEvent,
  }
  const reader = await LogConsumer.open(library, new Session(driver))
  try {
    const source = new RdkafkaTableSource(reader, await openAsker(library, driver), topic)
    try {
      await source.begin(options.from)
    } catch (error) {
      await source.close()
      throw error
    }
    return source
  } catch (error) {
    await reader.close()
    throw error
  }
}

/** Asked so, the end lies behind open transactions. */
const openAsker = (library: Library, driver: DriverOptions): Promise<LogConsumer> =>
  LogConsumer.open(library, new Session(driver), 'read_uncommitted')

class RdkafkaTableSource implements TableSource {
  readonly #reader: LogConsumer
  readonly #asker: LogConsumer
  readonly #topic: string
  start = 0
  #position = 0
  #asked = 0
  #answeredAt = performance.now()
  #closed: Promise<unknown> | undefined

  constructor(reader: LogConsumer, asker: LogConsumer, topic: string) {
    this.#reader = reader
    this.#asker = asker
    this.#topic = topic
  }

  async begin(from: number | undefined): Promise<void> {
    try {
      await this.#checkPartitions()
      const { low, high } = await watermarks(this.#asker.consumer, { topic: this.#topic, partition: 0 })
      if (from !== undefined) this.#checkRange(from, low, high)
      this.start = low
      this.#position = from ?? low
    } catch (given) {
      if (given instanceof LetheError) throw given
      throw fatalError(asClientError(given), 'reading a consent table')
    }
    this.#reader.assign([this.#at(this.#position)])
  }

  async take(): ReturnType<TableSource['take']> {
    const { messages, ends, isOutOfRange } = await this.#reader.take(AT_ONCE)
    if (isOutOfRange)
      throw new LetheError(
        'offsets-lost',
        `topic ${this.#topic}, partition 0: offset ${this.#position} is not in the log any more`,
        LOST,
      )
    for (const { offset } of messages) this.#position = Math.max(this.#position, offset + 1)
    for (const offset of ends.values()) this.#position = Math.max(this.#position, offset)
    const records = messages.map(({ key, value, offset }) => ({ key: bytesOf(key), value, offset }))
    return { records, position: this.#position }
  }

  async end(): Promise<number | undefined> {
    const position = this.#position
    try {
      if (++this.#asked % PARTITIONS_EVERY === 0) await this.#checkPartitions()
      const { highOffset } = await call<{ highOffset: number }>((done) =>
        this.#asker.consumer.queryWatermarkOffsets(this.#topic, 0, ASK_MS, done),
      )
      this.#checkRange(position, 0, highOffset)
      this.#answeredAt = performance.now()
      return highOffset
    } catch (given) {
      if (given instanceof LetheError) throw given
      const error = asClientError(given)
      if (performance.now() - this.#answeredAt < LOST_MS) return undefined
      if (classify(error) === 'fatal') throw fatalError(error, 'reading a consent table')
      throw new ClientLost('no-broker', `no broker tells where the topic ${this.#topic} ends`)
    }
  }

  /** What one subject said has an order within a partition only. */
  async #checkPartitions(): Promise<void> {
    const { length } = await partitionsOf(this.#asker.consumer, [this.#topic])
    if (length !== 1)
      throw new LetheError(
        'topic-mismatch',
        `the topic ${this.#topic} of a consent table has ${length} partitions: which of two statements was the last one cannot be told`,
        'write the table into a topic of one partition',
      )
  }

  /** What stands before the offset was read; a log that does not reach it is another one, or has lost some. */
  #checkRange(offset: number, low: number, high: number): void {
    if (offset >= low && offset <= high) return
    throw new LetheError(
      'offsets-lost',
      `the topic ${this.#topic} of a consent table was read up to offset ${offset}, and its log holds ${low} to ${high}`,
      LOST,
    )
  }

  #at(offset: number): { topic: string; partition: number; offset: number } {
    return { topic: this.#topic, partition: 0, offset }
  }

  async close(): Promise<void> {
    this.#closed ??= Promise.all([this.#reader.close(), this.#asker.close()])
    await this.#closed
  }
}

const bytesOf = (key: unknown): Uint8Array | null =>
  key === null || key === undefined ? null : typeof key === 'string' ? Buffer.from(key) : (key as Uint8Array)
