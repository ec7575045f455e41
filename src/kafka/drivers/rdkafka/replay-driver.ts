/**
 * The driver of a replay: what it polls are the records of dead letters, what it settles are their outputs and markers, in one
 * transaction. It joins no group and commits no offsets: the markers say what was done. They are read after the transactional
 * id was taken over, which aborts or completes the transaction of a replay before, and lets none of its follow; so of two
 * replays of a route one goes on, and knows all that the other one has settled.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../../errors.ts'
import type { BatchBounds, Driver, DriverOptions, Polled, Settled } from '../../driver.ts'
import { PackedRecords, roomFor } from '../../packed-records.ts'
import { type Outputs, type Position, partitionKey, type TopicPartition } from '../../record.ts'
import type { PlannedPartition, ReplayPlan } from '../../replay/replay-plan.ts'
import { LetterReading, type Planned, type ReplayRequest } from '../../replay/replay-request.ts'
import { type Client, call, type Library, loadLibrary } from './client.ts'
import { asClientError, fatalError } from './client-errors.ts'
import { checkCodec, connect, disconnect, FLUSH_MS, makeProducer, watch } from './connecting.ts'
import { ExactlyOnce } from './exactly-once.ts'
import { readLetters } from './letter-reader.ts'
import { LogConsumer } from './log-consumer.ts'
import { inputOf } from './messages.ts'
import { Publisher } from './publisher.ts'
import { partitionsOf, watermarks } from './rdkafka-offsets.ts'
import { RecordSeeker } from './record-seeker.ts'
import { Session, TRANSACTION_CALL_MS } from './session.ts'

/** Nothing is left to poll, and something to settle. */
const IDLE_MS = 20

export const replayDriver =
  (request: ReplayRequest, planned: Planned) =>
  (options: DriverOptions): Driver =>
    new ReplayDriver(options, request, planned)

/** Behind the last record of a partition. */
const endOf = ({ topic, partition, to }: PlannedPartition, { offsets }: ReplayPlan): Position => ({
  topic,
  partition,
  offset: offsets[to - 1]! + 1,
})

async function checkEnd(log: LogConsumer, of: PlannedPartition, plan: ReplayPlan): Promise<void> {
  const { topic, partition, offset } = endOf(of, plan)
  const { high } = await watermarks(log.consumer, of)
  if (offset <= high) return
  throw new LetheError(
    'offsets-lost',
    `topic ${topic}, partition ${partition}: a dead letter is of offset ${offset - 1}, and the log ends at ${high}; nothing was replayed`,
    'the topic was made anew, or lost records, so that dead letters of before may speak of other records: leave them out with --since',
  )
}

class ReplayDriver implements Driver {
  readonly name = 'rdkafka'
  readonly #request: ReplayRequest
  readonly #planned: Planned
  readonly #session: Session
  readonly #publisher: Publisher
  readonly #settler: ExactlyOnce
  #library!: Library
  #opening: Promise<void> = Promise.resolve()
  /** Reading of dead letters or records. */
  #reading: Promise<unknown> = Promise.resolve()
  #plan: ReplayPlan | undefined
  #seeker: RecordSeeker | undefined
  /** Behind what is settled, by topic/partition. */
  readonly #settled = new Map<string, Position>()
  #expected = 0

  constructor(options: DriverOptions, request: ReplayRequest, planned: Planned) {
    this.#request = request
    this.#planned = planned
    this.#session = new Session(options)
    this.#publisher = new Publisher(this.#session)
    this.#settler = new ExactlyOnce(this.#session, this.#publisher)
  }

  open(): Promise<void> {
    this.#opening = this.#open()
    return this.#opening
  }

  async #open(): Promise<void> {
    const session = this.#session
    const { connection } = session.options
    const library = await loadLibrary()
    this.#library = library
    checkCodec(library, connection)
    session.producer = makeProducer(library, session.options)
    watch(session.producer as Client, session)
    this.#publisher.prepare()
    await connect(session, session.producer, 'producer')
    session.producer.setPollInterval(50)
    try {
      await session.insist(() => call((done) => session.producer.initTransactions(TRANSACTION_CALL_MS, done)))
    } catch (error) {
      throw error instanceof LetheError ? error : fatalError(asClientError(error), 'starting')
    }
  }

  /** Reads the dead letters, and gives the positions behind the last record of each partition. */
  async untilEnd(): Promise<readonly Position[]> {
    const reading = this.#makePlan()
    this.#reading = reading.catch(() => {})
    try {
      const plan = await reading
      return plan.partitions.map((of) => endOf(of, plan))
    } catch (error) {
      throw error instanceof LetheError ? error : fatalError(asClientError(error), 'reading dead letters')
    }
  }

  async #makePlan(): Promise<ReplayPlan> {
    const reading = new LetterReading(this.#request)
    await readLetters(this.#library, this.#session, this.#request.deadLetterTopic, (record) =>
      reading.hear(record),
    )
    const plan = reading.plan()
    await this.#findPlaces(plan)
    this.#plan = plan
    this.#planned(plan, reading.counts)
    return plan
  }

  /**
   * Where the records are looked for. Those of a topic that is not there any more are gone.
   * @throws LetheError where a log ends before a record that it should hold: other records would be read
   */
  async #findPlaces(plan: ReplayPlan): Promise<void> {
    if (plan.length === 0) return
    const log = await LogConsumer.open(this.#library, this.#session)
    try {
      const there = new Set((await this.#partitions(log)).map(partitionKey))
      for (const of of plan.partitions) {
        const { topic, partition, from } = of
        const key = partitionKey(of)
        this.#settled.set(key, { topic, partition, offset: plan.offsets[from]! })
        if (there.has(key)) await checkEnd(log, of, plan)
        else this.#settled.set(key, endOf(of, plan))
        if (!there.has(key)) for (let at = from; at < of.to; at = plan.after(of, at)) plan.expire(of, at)
      }
    } finally {
      await log.close()
    }
  }

  async #partitions(log: LogConsumer): Promise<readonly TopicPartition[]> {
    return await partitionsOf(log.consumer, this.#session.options.topics)
  }

  async poll(bounds: BatchBounds): Promise<Polled> {
    const session = this.#session
    session.check()
    if (session.rewind || this.#seeker === undefined) await this.#seekBack()
    const polling = this.#poll(bounds, this.#seeker!)
    this.#reading = polling.catch(() => {})
    return await polling
  }

  /** What was polled and not settled is polled again: by a client that has no records left of before. */
  async #seekBack(): Promise<void> {
    await this.#session.settling.catch(() => {})
    this.#session.rewind = false
    await this.#seeker?.close()
    const offsets = new Map([...this.#settled].map(([key, { offset }]) => [key, offset]))
    this.#seeker = await RecordSeeker.open(this.#library, this.#session, this.#plan!, offsets)
  }

  async #poll(bounds: BatchBounds, seeker: RecordSeeker): Promise<Polled> {
    const { epoch } = this.#session.owned
    const until = performance.now() + bounds.time
    const records = new PackedRecords(this.#expected)
    const next = new Map<string, Position>()
    let bytes = 0
    if (seeker.isDone) await sleep(IDLE_MS)
    while (
      !seeker.isDone &&
      records.length < bounds.records &&
      bytes < bounds.bytes &&
      performance.now() < until &&
      !this.#session.closing
    ) {
      const found = await seeker.next()
      if (found?.behind !== undefined) next.set(partitionKey(found.behind), found.behind)
      if (found?.message === undefined) continue
      const record = inputOf(found.message)
      bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0)
      records.add(record)
    }
    this.#expected = roomFor(bytes)
    return { epoch, records, next: [...next.values()] }
  }

  async settle(epoch: number, outputs: Outputs, next: readonly Position[]): Promise<Settled> {
    const session = this.#session
    session.check()
    if (epoch !== session.owned.epoch) {
      session.options.onEvent({ kind: 'discarded', code: 'epoch' })
      return 'discarded'
    }
    if (outputs.length > 0) {
      const settling = this.#settler.settle(epoch, outputs, [])
      session.settling = settling
      const settled = await settling
      if (settled === 'discarded') return settled
    }
    for (const position of next) this.#settled.set(partitionKey(position), position)
    return 'settled'
  }

  async rewind(): Promise<void> {
    this.#session.owned.endEpoch()
    this.#session.rewind = true
  }

  pause(): void {}

  resume(): void {}

  positions(): readonly Position[] {
    return [...this.#settled.values()]
  }

  async ends(): Promise<readonly Position[]> {
    const plan = this.#plan
    return plan === undefined ? [] : plan.partitions.map((of) => endOf(of, plan))
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    return partitions.flatMap((one) => this.#settled.get(partitionKey(one)) ?? [])
  }

  async close(deadline: number): Promise<void> {
    this.#session.closing = true
    const late = sleep(deadline, undefined, { ref: false })
    const quiet = (work: Promise<unknown>): Promise<unknown> => Promise.race([work.catch(() => {}), late])
    // The library frees a client that still works for another call of ours.
    await quiet(this.#opening)
    await quiet(this.#reading)
    await quiet(this.#session.settling)
    if (this.#seeker !== undefined) await quiet(this.#seeker.close())
    if (this.#session.producer !== undefined)
      await quiet(disconnect(this.#session, this.#session.producer, FLUSH_MS))
    this.#session.bearer.close()
  }
}
