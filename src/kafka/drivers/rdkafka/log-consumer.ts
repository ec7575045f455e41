/**
 * Reads partitions from given offsets, without joining a group: committed records only, unless told otherwise. An offset
 * that the log no longer reaches, or a place that is passed over, is told and not hidden.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../../errors.ts'
import { type Position, partitionKey } from '../../record.ts'
import { type Client, type Consumer, call, type Library, type LibraryMessage, ZSTD } from './client.ts'
import { asClientError, CODE, classify, codeName, fatalError, isOfTheMoment } from './client-errors.ts'
import { connect, disconnect, watch } from './connecting.ts'
import { plain } from './rdkafka-offsets.ts'
import { consumerSettings } from './rdkafka-settings.ts'
import { BACKOFF_MS, type Session } from './session.ts'

/** How long `take` waits for the next record before it gives what it has. */
const GAP_MS = 20

export interface Taken {
  readonly messages: readonly LibraryMessage[]
  /** Ends of partitions that were met, by topic/partition: what stands before them was given. */
  readonly ends: ReadonlyMap<string, number>
  /** An offset that was assigned is not in its log: nothing of that partition comes any more. */
  readonly isOutOfRange: boolean
}

export class LogConsumer {
  readonly consumer: Consumer
  readonly #session: Session
  #ends = new Map<string, number>()
  /** The last `take`, until it has given what it has. */
  #taking: Promise<unknown> = Promise.resolve()

  private constructor(consumer: Consumer, session: Session) {
    this.consumer = consumer
    this.#session = session
    consumer.on('partition.eof', (end: Position) => {
      this.#ends.set(partitionKey(end), end.offset)
    })
    consumer.setDefaultConsumeTimeout(GAP_MS)
  }

  /** Connects. Its group is one that has no members: see `Driver.untilEnd`. */
  static async open(
    library: Library,
    session: Session,
    isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
  ): Promise<LogConsumer> {
    const { options } = session
    const { global, topic } = consumerSettings(options, `${options.group}.until-end`)
    const consumer = new library.KafkaConsumer({ ...global, 'isolation.level': isolation }, topic as never)
    watch(consumer as Client, session)
    const log = new LogConsumer(consumer, session)
    try {
      await connect(session, consumer, 'consumer')
    } catch (error) {
      await log.close()
      throw error
    }
    return log
  }

  /** Reads these partitions from here on, and no others. Not while a `take` is outstanding. */
  assign(positions: readonly Position[]): void {
    this.#ends = new Map()
    this.consumer.assign(plain(positions))
  }

  /** The next records, `count` at most. @throws LetheError where there is no going on */
  async take(count: number): Promise<Taken> {
    const taking = this.#take(count)
    this.#taking = taking.catch(() => {})
    return await taking
  }

  async #take(count: number): Promise<Taken> {
    let messages: readonly LibraryMessage[] = []
    let isOutOfRange = false
    try {
      messages = (await call<LibraryMessage[]>((done) => this.consumer.consume(count, done as never))) ?? []
    } catch (given) {
      const error = asClientError(given)
      const { onEvent } = this.#session.options
      if (error.code === CODE.NOT_IMPLEMENTED || error.code === CODE.BAD_COMPRESSION)
        throw new LetheError(
          'records-unreadable',
          'a topic holds records that this build of node-rdkafka cannot decompress; nothing is skipped',
          ZSTD,
        )
      if (error.code === CODE.AUTO_OFFSET_RESET) isOutOfRange = true
      else if (classify(error) === 'fatal') throw fatalError(error, 'reading')
      else {
        if (isOfTheMoment(error.code)) onEvent({ kind: 'retry', code: codeName(error.code) })
        else onEvent({ kind: 'client-log', severity: 'warn', code: codeName(error.code) })
        await sleep(BACKOFF_MS)
      }
    }
    this.#session.check()
    const ends = this.#ends
    this.#ends = new Map()
    return { messages, ends, isOutOfRange }
  }

  async close(): Promise<void> {
    await this.#taking
    await disconnect(this.#session, this.consumer)
  }
}
