/**
 * Reading: batches of what one `consume` after the other gives. Each belongs to the epoch that was taken before its
 * first; what another one has overtaken is sought again, and nothing is sought while a `consume` is outstanding.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../../errors.ts'
import type { BatchBounds, Polled } from '../../driver.ts'
import { PackedRecords, roomFor } from '../../packed-records.ts'
import { type Position, partitionKey } from '../../record.ts'
import { call, type LibraryMessage, ZSTD } from './client.ts'
import { asClientError, CODE, classify, codeName, fatalError, isOfTheMoment } from './client-errors.ts'
import type { Ends } from './ends.ts'
import { inputOf } from './messages.ts'
import type { RdkafkaMembership } from './rdkafka-membership.ts'
import { asking } from './rdkafka-offsets.ts'
import { BACKOFF_MS, type Session } from './session.ts'

const SEEK_MS = 10_000
/** How long `consume` waits for the next record before it gives what it has. */
const GAP_MS = 20
const MOST_AT_ONCE = 8_192
const FEWEST_AT_ONCE = 16
const NOTHING = { length: 0 }

export class RdkafkaFetcher {
  readonly #session: Session
  readonly #membership: RdkafkaMembership
  readonly #logEnds: Ends
  /** Records that one `consume` asks for: as many as fit the bounds, by what came before. */
  #atOnce = FEWEST_AT_ONCE
  #largest = 1
  /** How many bytes a batch holds, more or less. */
  #expected = 0
  /** Ends of partitions met during a `consume`. */
  readonly #ends: Map<string, Position> = new Map()
  /** The last `consume`, until it has given what it has. */
  consuming: Promise<unknown> = Promise.resolve()
  /** A `poll` consumes. */
  #polling = false
  /** Nothing is consumed: what came behind a `seek` would be taken for what came before it, and lost. */
  #goingBack = false
  /** Records that came while an answer was waited for: the next poll's first. */
  #early: { readonly epoch: number; readonly messages: LibraryMessage[] } = { epoch: 0, messages: [] }

  constructor(session: Session, membership: RdkafkaMembership, logEnds: Ends) {
    this.#session = session
    this.#membership = membership
    this.#logEnds = logEnds
  }

  /** Before the consumer connects. */
  prepare(): void {
    const { consumer } = this.#session
    consumer.on('partition.eof', (end: Position) => {
      this.#ends.set(partitionKey(end), end)
    })
    consumer.setDefaultConsumeTimeout(GAP_MS)
  }

  async poll(bounds: BatchBounds): Promise<Polled> {
    this.#session.check()
    await this.#membership.rebalancing
    while (this.#session.rewind) {
      await this.#seekBack()
      await this.#membership.rebalancing
      this.#session.check()
    }
    this.#polling = true
    try {
      return await this.#read(bounds)
    } finally {
      this.#polling = false
    }
  }

  async #read(bounds: BatchBounds): Promise<Polled> {
    const { epoch } = this.#session.owned
    const until = performance.now() + bounds.time
    const records = new PackedRecords(this.#expected)
    let bytes = 0
    const take = (messages: readonly LibraryMessage[]): void => {
      for (const message of messages) {
        const { length } = message.value ?? NOTHING
        const size = length + (message.key?.length ?? 0)
        if (size > this.#largest) this.#largest = size
        bytes += size
        records.add(inputOf(message))
      }
    }
    await this.consuming.catch(() => {})
    const early = this.#early.messages.splice(0)
    if (epoch !== this.#session.owned.epoch || (early.length > 0 && epoch !== this.#early.epoch)) {
      this.#drop(early)
      return { epoch, records: new PackedRecords(), next: [] }
    }
    take(early)
    do {
      const room = Math.max(1, Math.floor((bounds.bytes - bytes) / this.#largest))
      const wanted = Math.max(1, Math.min(this.#atOnce, bounds.records - records.length, room))
      const started = performance.now()
      const consumed = this.#consume(wanted)
      this.consuming = consumed
      const messages = await consumed
      if (epoch !== this.#session.owned.epoch) {
        this.#drop(records.behind())
        this.#drop(messages)
        return { epoch, records: new PackedRecords(), next: [] }
      }
      this.#adapt(messages.length, wanted, performance.now() - started, bounds.time)
      take(messages)
    } while (
      records.length < bounds.records &&
      bytes < bounds.bytes &&
      performance.now() < until &&
      !this.#session.closing
    )
    this.#largest = Math.max(1, Math.floor(this.#largest * 0.9))
    this.#expected = roomFor(bytes)
    const next = this.#nextOf(records)
    this.#ends.clear()
    return { epoch, records, next }
  }

  /** Serves the consumer's queue, where no poll does, until an answer has come through it. */
  async serveUntil(isAnswered: () => boolean): Promise<void> {
    while (!isAnswered() && !this.#session.closing) {
      if (this.#polling || this.#goingBack) await sleep(2)
      else await this.#consumeEarly()
    }
  }

  async #consumeEarly(): Promise<void> {
    const { epoch } = this.#session.owned
    const consumed = this.#consume(1)
    this.consuming = consumed
    const messages = await consumed
    // What came in another epoch than the rest would be taken for read.
    const older = epoch === this.#early.epoch ? [] : this.#early.messages.splice(0)
    if (older.length > 0) this.#drop(older)
    if (epoch !== this.#session.owned.epoch) this.#drop(messages)
    else if (messages.length > 0) this.#early = { epoch, messages: [...this.#early.messages, ...messages] }
  }

  async #consume(count: number): Promise<readonly LibraryMessage[]> {
    try {
      return (
        (await call<LibraryMessage[]>((done) => this.#session.consumer.consume(count, done as never))) ?? []
      )
    } catch (given) {
      const error = asClientError(given)
      if (isOfTheMoment(error.code) || error.code === CODE.NO_OFFSET) {
        this.#session.options.onEvent({ kind: 'retry', code: codeName(error.code) })
        await sleep(BACKOFF_MS)
      } else if (error.code === CODE.NOT_IMPLEMENTED || error.code === CODE.BAD_COMPRESSION)
        throw new LetheError(
          'records-unreadable',
          'an input topic holds records that this build of node-rdkafka cannot decompress; nothing is skipped',
          ZSTD,
        )
      else if (error.code === CODE.AUTO_OFFSET_RESET) await this.#logEnds.ask()
      else if (classify(error) === 'fatal') throw fatalError(error, 'reading')
      else {
        this.#session.options.onEvent({ kind: 'client-log', severity: 'warn', code: codeName(error.code) })
        await sleep(BACKOFF_MS)
      }
      this.#session.check()
      return []
    }
  }

  /** A call must not outlast the time bound by far, and few calls are cheap calls. */
  #adapt(got: number, wanted: number, took: number, time: number): void {
    if (took > time * 2) this.#atOnce = Math.max(FEWEST_AT_ONCE, this.#atOnce >> 1)
    else if (got === wanted && wanted === this.#atOnce)
      this.#atOnce = Math.min(MOST_AT_ONCE, this.#atOnce * 2)
  }

  #nextOf(records: PackedRecords): Position[] {
    const next = new Map(records.behind().map((position) => [partitionKey(position), position]))
    // Control records lie between the last record and the end.
    for (const [key, end] of this.#ends) {
      const known = next.get(key)?.offset ?? this.#session.owned.settledPosition(end) ?? end.offset
      if (end.offset > known)
        next.set(key, { topic: end.topic, partition: end.partition, offset: end.offset })
    }
    for (const position of next.values()) this.#session.owned.fetched(position)
    return [...next.values()]
  }

  /**
   * What the client handed over and was not taken is read again: without going back it would be lost. So are ends: the
   * client tells of one once, and where no record lies before it, nothing else would come.
   */
  #drop(records: readonly Position[]): void {
    const { owned } = this.#session
    for (const { topic, partition, offset } of records)
      owned.fetched({ topic, partition, offset: offset + 1 })
    for (const { topic, partition, offset } of this.#ends.values())
      owned.fetched({ topic, partition, offset })
    this.#ends.clear()
    this.#session.rewind = true
  }

  async #seekBack(): Promise<void> {
    await this.consuming.catch(() => {})
    try {
      // What is on its way may still arrive; going back before it did would read it twice.
      for (let settling: Promise<unknown> | undefined; settling !== this.#session.settling; ) {
        // It may wait for an answer that comes by consuming.
        this.#goingBack = false
        settling = this.#session.settling
        await settling.catch(() => {})
        this.#goingBack = true
        // A commit that no batch waits for may have begun to consume.
        await this.consuming.catch(() => {})
      }
      await this.#seekNow()
    } finally {
      this.#goingBack = false
    }
  }

  async #seekNow(): Promise<void> {
    const { owned } = this.#session
    this.#drop(this.#early.messages.splice(0))
    this.#session.rewind = false
    const behind = owned.behind()
    if (behind.length === 0) return
    // Nor may anything of it be settled later: a batch that a broker refused is settled again in parts.
    owned.endEpoch()
    const { epoch } = owned
    for (const position of behind) {
      try {
        await asking(() =>
          call((done) => this.#session.consumer.seek(position as never, SEEK_MS, done as never)),
        )
      } catch (error) {
        // Partitions may have been revoked meanwhile: those still owned are looked at again.
        if (epoch !== owned.epoch) {
          this.#session.rewind = true
          return
        }
        // Read on from the wrong place, and records would be lost.
        throw fatalError(asClientError(error), 'going back to the settled offset')
      }
      owned.rewound(position)
    }
    // An end that came meanwhile, to a commit that waits for its answer, lies behind records that come again.
    if (this.#ends.size > 0) this.#drop([])
  }
}
