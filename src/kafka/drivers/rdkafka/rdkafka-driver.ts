/**
 * The driver over node-rdkafka (librdkafka): exactly once by one transaction a batch, with the group's offsets in it
 * (KIP-98, KIP-447), or at least once.
 *
 * What node-rdkafka does decides the form. Its rebalance callback only queues an event, which is heard when this thread
 * comes to it, while `consume` goes on filling its array on another one. So the epoch is taken before each `consume`,
 * and whatever happened since discards what it gave. A partition is let go only when no offsets are on their way; the
 * group's metadata, read when they are sent, can then not be younger than the epoch that was checked. Nothing is sought
 * while a `consume` is outstanding.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { EXIT, LetheError } from '../../../errors.ts'
import {
  type BatchBounds,
  type Driver,
  type DriverOptions,
  type InputRecord,
  type OutputRecord,
  type Polled,
  type Position,
  Refused,
  type Settled,
  type TopicPartition,
} from '../../driver.ts'
import {
  type Client,
  type Consumer,
  call,
  type Library,
  loadLibrary,
  type Message,
  type Producer,
} from './client.ts'
import {
  asClientError,
  type ClientError,
  CODE,
  classify,
  codeName,
  fatalError,
  isFenced,
  isOfTheMoment,
  isOutdated,
  isPassing,
  isRefusal,
  isTooLarge,
  isUnknown,
  timedOut,
} from './errors.ts'
import { asking, commitStart, committed, fixEnds, plain, watermarks } from './offsets.ts'
import { Ownership } from './ownership.ts'
import { consumerSettings, producerSettings, TRANSACTION_MS } from './settings.ts'

const OPEN_MS = 15_000
/** Tried again while its error is of the moment; two of them must fit into the deadline of `close`. */
const TRANSACTION_CALL_MS = 4_000
const SEEK_MS = 10_000
const BACKOFF_MS = 100
/** How long `consume` waits for the next record before it gives what it has. */
const GAP_MS = 20
const MOST_AT_ONCE = 8_192
const FEWEST_AT_ONCE = 16
/** So often may a partition stand still before its log's end until something is wrong. */
const STALLS = 3
/** So often is a transaction made again whose sequence had a gap. */
const MOST_TRIES = 3
/** A broker that starts does not know its partitions for a while. */
const UNKNOWN_MS = 30_000

export function rdkafkaDriver(options: DriverOptions): Driver {
  return new RdkafkaDriver(options)
}

class RdkafkaDriver implements Driver {
  readonly name = 'rdkafka'
  readonly #options: DriverOptions
  readonly #owned: Ownership = new Ownership()
  #library!: Library
  #consumer!: Consumer
  #producer!: Producer
  /** Records that one `consume` asks for: as many as fit the bounds, by what came before. */
  #atOnce = FEWEST_AT_ONCE
  #largest = 1
  /** Ends of partitions met during a `consume`. */
  readonly #ends: Map<string, Position> = new Map()
  #consuming: Promise<unknown> = Promise.resolve()
  /** A `poll` consumes. */
  #polling = false
  /** Records that came while an answer was waited for: the next poll's first. */
  #early: { readonly epoch: number; readonly messages: Message[] } = { epoch: 0, messages: [] }
  /** From the first offsets of a batch being sent until they are committed or not. */
  #settling: Promise<unknown> = Promise.resolve()
  /** Changes of the assignment, one after the other. */
  #rebalancing: Promise<unknown> = Promise.resolve()
  #rewind = false
  #paused = false
  #closing = false
  #failure: LetheError | undefined
  /** Why the broker refused a record of the transaction at hand. */
  #refusal: number | undefined
  /** Behind records that the broker refused, the producer's sequence has a gap, and one more abort closes it. */
  #hasGap = false
  /** When the transaction at hand began. */
  #begunAt = 0
  readonly #stalls: Map<string, { readonly offset: number; readonly times: number }> = new Map()

  constructor(options: DriverOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    this.#library = await loadLibrary()
    const { delivery, topics } = this.#options
    this.#checkCodec()
    this.#producer = this.#make(
      (library) =>
        new library.Producer(producerSettings(this.#options), {
          partitioner: 'murmur2_random',
          'request.required.acks': -1,
        }),
    )
    this.#watch(this.#producer as Client)
    this.#producer.on('delivery-report', (error) => this.#undelivered(asClientError(error)))
    await this.#connect(this.#producer as Client, 'producer')
    this.#producer.setPollInterval(50)
    const { global, topic } = consumerSettings(this.#options, this.#options.group)
    this.#consumer = this.#make(
      (library) =>
        new library.KafkaConsumer(
          {
            ...global,
            rebalance_cb: (error: unknown, partitions: TopicPartition[]) =>
              this.#rebalanced(error, partitions),
          } as never,
          topic as never,
        ),
    )
    this.#watch(this.#consumer as Client)
    this.#consumer.on('partition.eof', (end: Position) => {
      this.#ends.set(`${end.topic}/${end.partition}`, end)
    })
    this.#consumer.setDefaultConsumeTimeout(GAP_MS)
    await this.#connect(this.#consumer as Client, 'consumer')
    try {
      if (delivery === 'exactly-once')
        await this.#insist(() => call((done) => this.#producer.initTransactions(TRANSACTION_CALL_MS, done)))
      await commitStart(this.#consumer, this.#options)
    } catch (error) {
      throw error instanceof LetheError ? error : fatalError(asClientError(error), 'starting')
    }
    // librdkafka takes POSIX expressions, which know no groups but these.
    this.#consumer.subscribe('pattern' in topics ? [new RegExp(`^(${topics.pattern})$`)] : [...topics])
  }

  /** A client, or why its settings are refused; the library's own text may hold them, passwords too. */
  #make<T>(make: (library: Library) => T): T {
    try {
      return make(this.#library)
    } catch {
      throw new LetheError(
        EXIT.usage,
        'librdkafka refuses the settings of a client',
        'check `client:` and `tls:`: values, and files that are no PEM',
      )
    }
  }

  #checkCodec(): void {
    const codec = this.#options.connection.client.get('compression.type')
    if (codec === undefined || codec === 'none' || this.#library.features.includes(String(codec))) return
    throw new LetheError(
      EXIT.usage,
      `node-rdkafka was built here without ${codec}`,
      codec === 'zstd' ? ZSTD : 'choose another `compression.type`',
    )
  }

  /** Connects a client, and says why where that fails. */
  async #connect(client: Client, what: string): Promise<void> {
    let last: ClientError | undefined
    const hear = (error: unknown): void => {
      const heard = asClientError(error)
      if (!isOfTheMoment(heard.code) || last === undefined) last = heard
    }
    client.on('event.error', hear)
    try {
      await call<unknown>((done) => client.connect({ timeout: OPEN_MS }, done))
    } catch (error) {
      const told = last ?? asClientError(error)
      if (!isOfTheMoment(told.code) && told.code !== CODE.RESOLVE)
        throw fatalError(told, `connecting the ${what}`)
      throw new LetheError(
        EXIT.io,
        `no broker of ${this.#options.connection.brokers.join(', ')} answered within ${OPEN_MS / 1000} s`,
        'check `brokers:`, and `tls:` and `sasl:` if the listener wants them',
      )
    } finally {
      client.removeListener('event.error', hear)
    }
  }

  /** Errors that come by themselves. Their texts stay here. */
  #watch(client: Client): void {
    client.on('event.error', (given) => {
      const error = asClientError(given)
      this.#options.onEvent({ kind: 'client-log', severity: 'error', code: codeName(error.code) })
      if (error.isFatal || error.code === CODE.FATAL) this.#failure ??= fatalError(error, 'running')
    })
    client.on('event.log', (entry) => {
      const level = (entry as { readonly severity?: number }).severity ?? 7
      const severity = level <= 3 ? 'error' : level === 4 ? 'warn' : 'debug'
      this.#options.onEvent({ kind: 'client-log', severity, code: 'librdkafka' })
    })
  }

  #undelivered({ code }: ClientError): void {
    // What an abort throws away is not refused.
    if (code === CODE.PURGE_QUEUE || code === CODE.PURGE_INFLIGHT) return
    this.#options.onEvent({ kind: 'client-log', severity: 'warn', code: codeName(code) })
    if (this.#refusal === undefined || isRefusal(code)) this.#refusal = code
  }

  // The group

  #rebalanced(given: unknown, partitions: readonly TopicPartition[]): void {
    const { code } = asClientError(given)
    this.#owned.endEpoch()
    this.#rewind = true
    const change = code === CODE.ASSIGN ? this.#assign(partitions) : this.#revoke(partitions)
    this.#rebalancing = change.catch((error: unknown) => {
      this.#failure ??= error instanceof LetheError ? error : fatalError(asClientError(error), 'rebalancing')
    })
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#rebalancing
    const offsets = await this.#askOn(() => committed(this.#consumer, partitions))
    const positions: Position[] = []
    for (const [i, { topic, partition }] of partitions.entries()) {
      const { low, high } = await this.#askOn(() => watermarks(this.#consumer, { topic, partition }))
      const offset = offsets[i] ?? low
      this.#checkRange({ topic, partition, offset }, low, high)
      positions.push({ topic, partition, offset })
    }
    if (this.#consumer.rebalanceProtocol() === 'COOPERATIVE')
      this.#consumer.incrementalAssign(plain(positions))
    else this.#consumer.assign(plain(positions))
    for (const position of positions) this.#owned.add(position)
    this.#owned.endEpoch()
    if (this.#paused) this.#consumer.pause(plain(positions))
    this.#options.onEvent({ kind: 'assigned', partitions: positions })
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#rebalancing
    // While we have not let go, nobody else can have them: what is on its way may arrive.
    await this.#settling.catch(() => {})
    if (this.#consumer.rebalanceProtocol() === 'COOPERATIVE')
      this.#consumer.incrementalUnassign(partitions.map(({ topic, partition }) => ({ topic, partition })))
    else this.#consumer.unassign()
    for (const partition of partitions) this.#owned.remove(partition)
    this.#owned.endEpoch()
    this.#options.onEvent({ kind: 'revoked', partitions })
  }

  #checkRange({ topic, partition, offset }: Position, low: number, high: number): void {
    if (offset < low)
      throw new LetheError(
        EXIT.io,
        `topic ${topic}, partition ${partition}: up to ${low - offset} records (offsets ${offset} to ${low - 1}) were deleted before they were read`,
        'if that loss is accepted, set the offset of the group by hand (kafka-consumer-groups.sh --reset-offsets)',
      )
    if (offset > high)
      throw new LetheError(
        EXIT.io,
        `topic ${topic}, partition ${partition}: the group stands at offset ${offset}, the log ends at ${high}`,
        'the topic was made anew, or lost records: use a new group, or reset its offsets by hand',
      )
  }

  // Reading

  async poll(bounds: BatchBounds): Promise<Polled> {
    this.#check()
    await this.#rebalancing
    if (this.#rewind) await this.#seekBack()
    this.#check()
    this.#polling = true
    try {
      return await this.#read(bounds)
    } finally {
      this.#polling = false
    }
  }

  async #read(bounds: BatchBounds): Promise<Polled> {
    const { epoch } = this.#owned
    const until = performance.now() + bounds.time
    const records: InputRecord[] = []
    let bytes = 0
    const take = (messages: readonly Message[]): void => {
      for (const message of messages) {
        const { length } = message.value ?? NOTHING
        const size = length + (message.key?.length ?? 0)
        if (size > this.#largest) this.#largest = size
        bytes += size
        records.push(inputOf(message))
      }
    }
    await this.#consuming.catch(() => {})
    const early = this.#early.messages.splice(0)
    if (epoch !== this.#owned.epoch || (early.length > 0 && epoch !== this.#early.epoch)) {
      this.#drop(early)
      return { epoch, records: [], next: [] }
    }
    take(early)
    do {
      const room = Math.max(1, Math.floor((bounds.bytes - bytes) / this.#largest))
      const wanted = Math.max(1, Math.min(this.#atOnce, bounds.records - records.length, room))
      const started = performance.now()
      const consumed = this.#consume(wanted)
      this.#consuming = consumed
      const messages = await consumed
      if (epoch !== this.#owned.epoch) {
        this.#drop([...records, ...messages])
        return { epoch, records: [], next: [] }
      }
      this.#adapt(messages.length, wanted, performance.now() - started, bounds.time)
      take(messages)
    } while (
      records.length < bounds.records &&
      bytes < bounds.bytes &&
      performance.now() < until &&
      !this.#closing
    )
    this.#largest = Math.max(1, Math.floor(this.#largest * 0.9))
    const next = this.#nextOf(records)
    this.#ends.clear()
    return { epoch, records, next }
  }

  /** What the client handed over and nobody takes is read again: without going back it would be lost. */
  #drop(records: readonly Position[]): void {
    for (const { topic, partition, offset } of records)
      this.#owned.fetched({ topic, partition, offset: offset + 1 })
    this.#ends.clear()
    this.#rewind = true
  }

  async #consume(count: number): Promise<readonly Message[]> {
    try {
      return (await call<Message[]>((done) => this.#consumer.consume(count, done as never))) ?? []
    } catch (given) {
      const error = asClientError(given)
      if (isOfTheMoment(error.code) || error.code === CODE.NO_OFFSET) {
        this.#options.onEvent({ kind: 'retry', code: codeName(error.code) })
        await sleep(BACKOFF_MS)
      } else if (error.code === CODE.NOT_IMPLEMENTED || error.code === CODE.BAD_COMPRESSION)
        throw new LetheError(
          EXIT.io,
          'an input topic holds records that this build of node-rdkafka cannot decompress; nothing is skipped',
          ZSTD,
        )
      else if (error.code === CODE.AUTO_OFFSET_RESET) await this.ends()
      else if (classify(error) === 'fatal') throw fatalError(error, 'reading')
      else {
        this.#options.onEvent({ kind: 'client-log', severity: 'warn', code: codeName(error.code) })
        await sleep(BACKOFF_MS)
      }
      this.#check()
      return []
    }
  }

  /** A call must not outlast the time bound by far, and few calls are cheap calls. */
  #adapt(got: number, wanted: number, took: number, time: number): void {
    if (took > time * 2) this.#atOnce = Math.max(FEWEST_AT_ONCE, this.#atOnce >> 1)
    else if (got === wanted && wanted === this.#atOnce)
      this.#atOnce = Math.min(MOST_AT_ONCE, this.#atOnce * 2)
  }

  #nextOf(records: readonly InputRecord[]): Position[] {
    const next = new Map<string, Position>()
    let last: InputRecord | undefined
    const put = ({ topic, partition, offset }: InputRecord): void => {
      next.set(`${topic}/${partition}`, { topic, partition, offset: offset + 1 })
    }
    // Records of a partition come in runs.
    for (const record of records) {
      if (last !== undefined && (last.partition !== record.partition || last.topic !== record.topic))
        put(last)
      last = record
    }
    if (last !== undefined) put(last)
    // Control records lie between the last record and the end.
    for (const [key, end] of this.#ends) {
      const known = next.get(key)?.offset ?? this.#owned.settledPosition(end) ?? end.offset
      if (end.offset > known)
        next.set(key, { topic: end.topic, partition: end.partition, offset: end.offset })
    }
    for (const position of next.values()) this.#owned.fetched(position)
    return [...next.values()]
  }

  async rewind(): Promise<void> {
    this.#owned.endEpoch()
    this.#rewind = true
  }

  async #seekBack(): Promise<void> {
    await this.#consuming.catch(() => {})
    // What is on its way may still arrive; going back before it did would read it twice.
    await this.#settling.catch(() => {})
    this.#drop(this.#early.messages.splice(0))
    this.#rewind = false
    for (const position of this.#owned.behind()) {
      try {
        await asking(() => call((done) => this.#consumer.seek(position as never, SEEK_MS, done as never)))
      } catch (error) {
        // Read on from the wrong place, and records would be lost.
        throw fatalError(asClientError(error), 'going back to the settled offset')
      }
      this.#owned.rewound(position)
    }
  }

  // Settling

  async settle(epoch: number, outputs: readonly OutputRecord[], next: readonly Position[]): Promise<Settled> {
    this.#check()
    if (epoch !== this.#owned.epoch) return this.#discard('epoch')
    const settling =
      this.#options.delivery === 'exactly-once'
        ? this.#transact(epoch, outputs, next)
        : this.#deliver(epoch, outputs, next)
    this.#settling = settling
    return await settling
  }

  #discard(code: string): Settled {
    this.#rewind = true
    this.#options.onEvent({ kind: 'discarded', code })
    return 'discarded'
  }

  async #transact(
    epoch: number,
    outputs: readonly OutputRecord[],
    next: readonly Position[],
    tries: number = 1,
  ): Promise<Settled> {
    this.#refusal = undefined
    this.#begunAt = performance.now()
    const producer = this.#producer
    try {
      await this.#insist(() => call((done) => producer.beginTransaction(done)))
      await this.#produce(outputs)
      if (epoch !== this.#owned.epoch) {
        await this.#arrive()
        return await this.#abort('epoch')
      }
      await this.#insist(() =>
        call((done) =>
          producer.sendOffsetsToTransaction(plain(next) as never, this.#consumer, TRANSACTION_CALL_MS, done),
        ),
      )
      await this.#insist(() => call((done) => producer.commitTransaction(TRANSACTION_CALL_MS, done)))
    } catch (given) {
      if (given instanceof LetheError) throw given
      const refused = given instanceof Refused ? given : undefined
      const error = asClientError(given)
      if (refused === undefined && !isRefusal(error.code) && classify(error) === 'fatal')
        throw this.#fail(error, 'committing')
      if (refused !== undefined) await this.#arrive()
      await this.#hearReports()
      const found = refused ?? this.#refused(isRefusal(error.code) ? error.code : this.#refusal)
      const isAgain = found === undefined && this.#hasGap && tries < MOST_TRIES
      const settled = await this.#abort(found?.code ?? codeName(error.code), found !== undefined || isAgain)
      if (refused === undefined && found !== undefined) this.#hasGap = true
      if (found !== undefined) throw found
      if (!isAgain) return settled
      return await this.#transact(epoch, outputs, next, tries + 1)
    }
    this.#hasGap = false
    this.#owned.settled(next)
    return 'settled'
  }

  /** A broker's refusal, for which the records at fault have to be found; a missing right or topic is none. */
  #refused(code: number | undefined): Refused | undefined {
    if (code === undefined) return undefined
    if (isRefusal(code))
      return new Refused(isTooLarge(code) ? 'output-too-large' : 'output-refused', undefined)
    const error: ClientError = { code, isFatal: false, isRetriable: false, isTxnRequiresAbort: false }
    if (classify(error) === 'fatal') throw this.#fail(error, 'publishing')
    return undefined
  }

  #fail(error: ClientError, during: string): LetheError {
    // The broker fences alike: who was replaced, and who kept a transaction open for too long (KIP-588 tells them
    // apart; librdkafka does not). The second may begin again.
    const timeout = Number(this.#options.connection.client.get('transaction.timeout.ms') ?? TRANSACTION_MS)
    const isLate = performance.now() - this.#begunAt > timeout
    this.#failure ??= isFenced(error.code) && isLate ? timedOut(timeout) : fatalError(error, during)
    return this.#failure
  }

  /**
   * Lets what was produced arrive. While the broker still ends the transaction before, it takes none of the next; to
   * abort one that it has not begun it answers with an error that ends the client.
   */
  async #arrive(): Promise<void> {
    await call((done) => this.#producer.flush(TRANSACTION_CALL_MS, done)).catch(() => {})
  }

  /** Reports of delivery are handed to this thread by themselves: they may come behind the answer to a `flush`. */
  async #hearReports(): Promise<void> {
    this.#producer.poll()
    for (let turn = 0; turn < 2; turn++) await setImmediate()
  }

  /** Aborts, so that nothing of the batch is visible. `keep`: the same records are settled again at once. */
  async #abort(code: string, keep = false): Promise<Settled> {
    this.#options.onEvent({ kind: 'aborted', code })
    try {
      await this.#insist(() => call((done) => this.#producer.abortTransaction(TRANSACTION_CALL_MS, done)))
    } catch (given) {
      if (given instanceof LetheError) throw given
      throw this.#fail(asClientError(given), 'aborting')
    }
    if (!keep) {
      this.#owned.endEpoch()
      this.#rewind = true
    }
    return 'discarded'
  }

  /** Makes the same call again while its error is one of the moment. */
  async #insist(make: () => Promise<unknown>): Promise<void> {
    for (let wait = BACKOFF_MS; ; wait = Math.min(wait * 2, 2_000)) {
      try {
        await make()
        return
      } catch (given) {
        const error = asClientError(given)
        if (this.#failure !== undefined) throw this.#failure
        if (classify(error) !== 'retriable' || this.#closing) throw given
        this.#options.onEvent({ kind: 'retry', code: codeName(error.code) })
        await sleep(wait)
      }
    }
  }

  async #produce(outputs: readonly OutputRecord[]): Promise<void> {
    const producer = this.#producer
    for (const [index, output] of outputs.entries()) {
      for (;;) {
        try {
          producer.produce(
            output.topic,
            output.partition,
            filled(output.value),
            filled(output.key),
            output.timestamp,
            undefined,
            output.headers as never,
          )
          break
        } catch (given) {
          const error = asClientError(given)
          if (isRefusal(error.code))
            throw new Refused(isTooLarge(error.code) ? 'output-too-large' : 'output-refused', index)
          if (error.code !== CODE.QUEUE_FULL) throw given
          producer.poll()
          await sleep(1)
          if (this.#closing) throw given
        }
      }
    }
  }

  async #deliver(
    epoch: number,
    outputs: readonly OutputRecord[],
    next: readonly Position[],
  ): Promise<Settled> {
    this.#refusal = undefined
    try {
      await this.#produce(outputs)
      await this.#insist(() => call((done) => this.#producer.flush(TRANSACTION_CALL_MS, done)))
      await this.#hearReports()
    } catch (given) {
      if (given instanceof LetheError || given instanceof Refused) throw given
      const error = asClientError(given)
      if (classify(error) === 'fatal') throw this.#fail(error, 'publishing')
      // Without a new epoch the batch behind this one would be settled, and this one lost.
      this.#owned.endEpoch()
      return this.#discard(codeName(error.code))
    }
    const refused = this.#refused(this.#refusal)
    if (refused !== undefined) throw refused
    // Something of the batch did not arrive: all of it is sent again.
    if (this.#refusal !== undefined) {
      this.#owned.endEpoch()
      return this.#discard(codeName(this.#refusal))
    }
    if (epoch !== this.#owned.epoch) return this.#discard('epoch')
    return await this.#commit(next)
  }

  async #commit(next: readonly Position[]): Promise<Settled> {
    if (next.length > 0) {
      try {
        await this.#insist(() => this.#commitOnce(next))
      } catch (given) {
        const error = asClientError(given)
        if (isOutdated(error.code)) {
          this.#owned.endEpoch()
          return this.#discard(codeName(error.code))
        }
        throw this.#fail(error, 'committing offsets')
      }
    }
    this.#owned.settled(next)
    return 'settled'
  }

  /** The answer comes through the consumer's queue, which only a `consume` serves: here where no poll does. */
  async #commitOnce(next: readonly Position[]): Promise<void> {
    const consumer = this.#consumer
    let isAnswered = false
    const answer = new Promise<void>((resolve, reject) => {
      const hear = (error: unknown): void => {
        isAnswered = true
        if (error === null || error === undefined) resolve()
        else reject(error)
      }
      consumer.once('offset.commit', hear)
      try {
        consumer.commit(plain(next))
      } catch (error) {
        consumer.removeListener('offset.commit', hear)
        hear(error)
      }
    })
    // It is waited for below.
    answer.catch(() => {})
    while (!isAnswered && !this.#closing) {
      if (this.#polling) await sleep(2)
      else await this.#consumeEarly()
    }
    await answer
  }

  async #consumeEarly(): Promise<void> {
    const { epoch } = this.#owned
    const consumed = this.#consume(1)
    this.#consuming = consumed
    const messages = await consumed
    if (epoch !== this.#owned.epoch) this.#drop(messages)
    else if (messages.length > 0)
      this.#early = {
        epoch,
        messages: this.#early.epoch === epoch ? [...this.#early.messages, ...messages] : [...messages],
      }
  }

  // The rest

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    const owned = this.#owned.positions()
    if (owned.length > 0) this.#consumer.pause(plain(owned))
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    const owned = this.#owned.positions()
    if (owned.length > 0) this.#consumer.resume(plain(owned))
  }

  positions(): readonly Position[] {
    return this.#owned.positions()
  }

  /** Also sees partitions that stand still: librdkafka may swallow an error that comes behind records. */
  async ends(): Promise<readonly Position[]> {
    const ends: Position[] = []
    for (const { topic, partition, offset } of this.#owned.fetchedPositions()) {
      const marks = await this.#ask(() => watermarks(this.#consumer, { topic, partition }))
      if (marks === undefined) break
      const { low, high } = marks
      if (!this.#owned.owns({ topic, partition })) continue
      try {
        this.#checkRange({ topic, partition, offset }, low, Math.max(high, offset))
      } catch (error) {
        this.#failure ??= error as LetheError
        throw error
      }
      ends.push({ topic, partition, offset: high })
      this.#seeStall({ topic, partition, offset }, high)
    }
    return ends
  }

  /** What the broker says; undefined where it does not answer, which is of the moment: it is asked again later. */
  async #ask<T>(ask: () => Promise<T>, mayBeUnknown = true): Promise<T | undefined> {
    try {
      return await ask()
    } catch (given) {
      if (given instanceof LetheError) throw given
      const error = asClientError(given)
      if (!isPassing(error) && !(mayBeUnknown && isUnknown(error.code)))
        throw fatalError(error, 'asking for offsets')
      this.#options.onEvent({ kind: 'retry', code: codeName(error.code) })
      return undefined
    }
  }

  /** Without an answer there is no going on: asks until there is one. A partition that stays unknown is gone. */
  async #askOn<T>(ask: () => Promise<T>): Promise<T> {
    const giveUp = performance.now() + UNKNOWN_MS
    for (;;) {
      const answer = await this.#ask(ask, performance.now() < giveUp)
      if (answer !== undefined) return answer
      if (this.#closing) throw fatalError(asClientError({ code: CODE.TIMED_OUT }), 'asking for offsets')
      await sleep(BACKOFF_MS)
    }
  }

  #seeStall({ topic, partition, offset }: Position, high: number): void {
    const key = `${topic}/${partition}`
    const before = this.#stalls.get(key)
    if (this.#paused || offset >= high || before?.offset !== offset) {
      this.#stalls.set(key, { offset, times: 0 })
      return
    }
    this.#stalls.set(key, { offset, times: before.times + 1 })
    if (before.times + 1 < STALLS) return
    this.#options.onEvent({ kind: 'retry', code: 'stalled' })
    // Asking for the same place again makes the client fetch anew.
    this.#owned.endEpoch()
    this.#owned.fetched({ topic, partition, offset: offset + 1 })
    this.#rewind = true
    this.#stalls.delete(key)
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    const offsets = (await this.#ask(() => committed(this.#consumer, partitions))) ?? []
    return partitions.flatMap(({ topic, partition }, i) =>
      offsets[i] === undefined ? [] : [{ topic, partition, offset: offsets[i] }],
    )
  }

  async untilEnd(): Promise<readonly Position[]> {
    const { global, topic } = consumerSettings(this.#options, `${this.#options.group}.until-end`)
    const keeper = new this.#library.KafkaConsumer(global, topic as never)
    this.#watch(keeper as Client)
    await this.#connect(keeper as Client, 'consumer')
    try {
      return await fixEnds(keeper, this.#consumer, this.#options)
    } catch (error) {
      throw error instanceof LetheError ? error : fatalError(asClientError(error), 'fixing where to end')
    } finally {
      await new Promise<void>((resolve) => keeper.disconnect(() => resolve()))
    }
  }

  async close(deadline: number): Promise<void> {
    this.#closing = true
    const late = sleep(deadline, undefined, { ref: false })
    const quiet = (work: Promise<unknown>): Promise<unknown> => Promise.race([work.catch(() => {}), late])
    await quiet(this.#consuming)
    await quiet(this.#settling)
    if (this.#consumer !== undefined)
      await quiet(new Promise<void>((resolve) => this.#consumer.disconnect(() => resolve())))
    if (this.#producer !== undefined)
      await quiet(new Promise<void>((resolve) => this.#producer.disconnect(1_000, () => resolve())))
  }
}

const NOTHING = { length: 0 }

/** No bytes, but somewhere: the client takes an empty buffer that lies nowhere for null, so for a tombstone. */
const EMPTY: Buffer = Buffer.alloc(1).subarray(0, 0)
const filled = (bytes: Uint8Array | null): Buffer | null =>
  bytes?.length === 0 ? EMPTY : (bytes as Buffer | null)

const ZSTD =
  'install the headers of libzstd, then npm rebuild node-rdkafka; the driver kafkajs reads zstd too'

/** Most messages are records as they are; a copy of each would be garbage. */
function inputOf(message: Message): InputRecord {
  if (message.headers === undefined && message.timestamp !== undefined)
    return message as unknown as InputRecord
  const { topic, partition, offset, value, timestamp } = message
  return {
    topic,
    partition,
    offset,
    value: value ?? null,
    key: (message.key as Buffer | null | undefined) ?? null,
    headers: message.headers === undefined ? undefined : headersOf(message.headers as never),
    timestamp: timestamp ?? -1,
  }
}

/** A header is an object of one member; a null value comes as no bytes. */
const headersOf = (headers: readonly Readonly<Record<string, Buffer>>[]): InputRecord['headers'] =>
  headers.flatMap((header) => Object.entries(header).map(([name, value]) => ({ name, value })))
