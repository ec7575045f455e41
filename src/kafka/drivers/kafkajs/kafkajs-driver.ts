/**
 * The driver over kafkajs, through its public interface: at least once, in JavaScript alone.
 *
 * kafkajs passes by what it cannot read: it starts elsewhere where an offset is gone, stands still before batches that
 * compaction emptied, and passes on some records of aborted transactions. So this driver takes only topics without
 * compaction and transactions, whose offsets have no gaps, and each batch must begin where the one before ended.
 */
import type { EachBatchPayload } from 'kafkajs'
import { LetheError } from '../../../errors.ts'
import {
  type BatchBounds,
  ClientLost,
  type Driver,
  type DriverOptions,
  type Polled,
  type Settled,
} from '../../driver.ts'
import { watchTokens } from '../../oauth/watch-tokens.ts'
import { PackedRecords } from '../../packed-records.ts'
import { type Outputs, type Position, partitionKey, type TopicPartition } from '../../record.ts'
import { checkCompression } from './codecs.ts'
import { outdated, RetriableError } from './failure.ts'
import { FetchQueue, type Gap, gapIn } from './fetched.ts'
import { explainGap, refuseCompacted, refuseMoved, StallWatch } from './guards.ts'
import { KafkajsClient } from './kafkajs-client.ts'
import { KafkajsCluster } from './kafkajs-cluster.ts'
import { Member, type MemberEvents } from './member.ts'
import { Sender } from './sender.ts'
import { Signal, within } from './signal.ts'

/** How long a rebalance waits for a batch that is being settled. */
const MOST_GRACE_MS = 10_000
const ANSWER_MS = 60_000
/** How long to wait for an answer that is only reported, and may be missing. */
const REPORT_MS = 5_000
/** Above this, no more is taken from kafkajs, which holds the answer of one fetch itself. */
const MOST_QUEUED_BYTES = 4 << 20
const LOOK_MS = 15_000
const STALL_MS = 60_000
/** A batch that was fetched before a seek may come after it. */
const MOST_GAPS = 3

/**
 * `stallMs`: how long nothing may come though the log goes on.
 * @throws LetheError (usage) where the delivery is exactly-once, or settings do not fit
 */
export function kafkajsDriver(options: DriverOptions, stallMs: number = STALL_MS): Driver {
  if (options.delivery === 'exactly-once')
    throw new LetheError(
      'setting-refused',
      'the driver kafkajs cannot deliver exactly once: its transactions do not carry the generation of a group (KIP-447)',
      'npm install node-rdkafka, and leave `driver:` out; or say `delivery: at-least-once`',
    )
  return new KafkajsDriver(options, stallMs)
}

interface Owned {
  settled: Position
  /** The offset that the next batch of kafkajs must begin at. */
  expected: number
  gaps: number
}

class KafkajsDriver implements Driver {
  readonly name = 'kafkajs'
  readonly #options: DriverOptions
  readonly #what: string
  readonly #client: KafkajsClient
  #endTokens: () => void = () => {}
  readonly #cluster: KafkajsCluster
  readonly #sender: Sender
  readonly #queue: FetchQueue = new FetchQueue()
  readonly #changed: Signal = new Signal()
  readonly #stalls: StallWatch
  #member: Member | undefined
  /** A member is only followed by another once it has left. */
  #leaving: Promise<void> | undefined
  #isOpen = false
  #topics: readonly string[] = []
  #owned: Map<string, Owned> = new Map()
  /** Counts the times that the group has shared its partitions. */
  #shares = 0
  #isRebalancing = false
  #epoch = 1
  /** Aborted when the epoch ends. */
  #over = new AbortController()
  #settling: Promise<unknown> = Promise.resolve()
  #isSettling = false
  #paused = false
  #closing = false
  #polledAt = performance.now()
  #looking: NodeJS.Timeout | undefined
  #failure: unknown

  constructor(options: DriverOptions, stallMs: number) {
    this.#options = options
    this.#what = `using the consumer group ${options.group}`
    this.#client = new KafkajsClient(options.connection, options.onEvent)
    this.#cluster = new KafkajsCluster(this.#client)
    this.#sender = new Sender(this.#client, this.#cluster, options.maxBatchBytes)
    this.#stalls = new StallWatch(stallMs)
  }

  async open(): Promise<void> {
    const { topics } = this.#options
    const { compression, metadataMaxAge } = this.#client.settings
    try {
      if (compression !== 'none') await checkCompression(compression)
      await this.#client.open('connecting', () => this.#cluster.connect())
      this.#topics = await this.#ask('reading topics', () => this.#cluster.topicNames(topics))
      await this.#ask('reading topics', () => this.#cluster.partitionsOf(this.#topics))
      await this.#ask('looking at the settings of topics', () => refuseCompacted(this.#cluster, this.#topics))
      await this.#ask(this.#what, () => this.#cluster.commitStart(this.#options))
      await this.#ask('starting the producer', () => this.#sender.open())
    } catch (error) {
      await this.#disconnect()
      throw error
    }
    if (this.#closing) return
    this.#isOpen = true
    this.#endTokens = watchTokens(this.#options)
    this.#looking = setInterval(() => void this.#look(), Math.min(metadataMaxAge, LOOK_MS))
    this.#join()
  }

  #ask<T>(what: string, question: () => Promise<T>): Promise<T> {
    return this.#client.ask(ANSWER_MS, what, question)
  }

  // The group

  #join(): void {
    this.#polledAt = performance.now()
    const events: MemberEvents = {
      joined: (partitions) => void this.#joined(member, partitions),
      receive: (payload) => this.#receive(member, payload),
      crashed: (error, restarts) => this.#crashed(error, restarts),
      failed: (error) => this.#fail(error),
    }
    const member: Member = new Member(this.#client, this.#options.group, this.#topics, events)
    this.#member = member
  }

  /** Another member may follow. */
  async #leave(most: number): Promise<void> {
    const member = this.#member
    if (member !== undefined) {
      this.#member = undefined
      this.#leaving = member.leave(most).finally(() => {
        this.#leaving = undefined
      })
      this.#changed.notify()
    }
    await this.#leaving
  }

  #crashed(error: unknown, restarts: boolean): void {
    const failure = this.#client.failure(error, this.#what)
    this.#revoked('lost')
    if (restarts) this.#options.onEvent({ kind: 'retry', code: failure.code })
    else if (failure instanceof LetheError) this.#fail(failure)
    else this.#fail(new ClientLost(failure.code, `the consumer of kafkajs has ended (${failure.code})`))
  }

  /** What is owned is over: for `lost`, another member may have it already. */
  #revoked(kind: 'revoked' | 'lost'): void {
    this.#shares++
    const partitions = this.positions()
    this.#own([])
    if (partitions.length > 0) this.#options.onEvent({ kind, partitions })
  }

  async #joined(member: Member, partitions: readonly TopicPartition[]): Promise<void> {
    this.#revoked('revoked')
    this.#isRebalancing = false
    this.#polledAt = performance.now()
    const share = this.#shares
    const isOver = (): boolean => share !== this.#shares || member !== this.#member
    try {
      await this.#client.insist(this.#what, async () => {
        if (isOver()) return
        const known = await this.#cluster.committed(this.#options.group, partitions)
        const keys = new Set(known.map(partitionKey))
        const fresh = partitions.filter((one) => !keys.has(partitionKey(one)))
        const found = await this.#cluster.offsets(fresh, 'earliest')
        const positions = [...known, ...found]
        await refuseMoved(this.#cluster, positions)
        if (!isOver()) await member.commit(found)
        if (isOver()) return
        this.#own(positions)
        member.read(positions)
        this.#options.onEvent({ kind: 'assigned', partitions })
      })
    } catch (error) {
      if (!isOver() && !(error instanceof RetriableError)) this.#fail(error)
    }
  }

  /** Begins an epoch, in which these are owned, and read from here. */
  #own(positions: readonly Position[]): void {
    this.#over.abort()
    this.#over = new AbortController()
    this.#epoch++
    this.#queue.clear()
    this.#stalls.reset()
    this.#owned = new Map(
      positions.map((settled) => [partitionKey(settled), { settled, expected: settled.offset, gaps: 0 }]),
    )
    for (const position of positions) this.#member?.seek(position)
    this.#changed.notify()
  }

  #fail(error: unknown): void {
    if (this.#closing || this.#failure !== undefined) return
    this.#failure = error
    this.#own([])
    void this.#leave(MOST_GRACE_MS)
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  // Reading

  /** A batch of kafkajs, which fetches no more until this has resolved, and the same again if it is not resolved. */
  async #receive(
    member: Member,
    { batch, heartbeat, isRunning, isStale, resolveOffset }: EachBatchPayload,
  ): Promise<void> {
    const key = partitionKey(batch)
    const every = Math.max(50, this.#client.settings.heartbeatInterval / 2)
    const isOver = (): boolean => member !== this.#member || isStale() || !this.#owned.has(key)
    while (!isOver() && (this.#paused || this.#queue.bytes > MOST_QUEUED_BYTES)) {
      if (!isRunning() || this.#isRebalancing) return
      await this.#beat(heartbeat)
      await this.#changed.wait(every)
    }
    const owned = this.#owned.get(key)
    if (isOver() || owned === undefined) return
    try {
      const gap = gapIn(batch, owned.expected)
      if (gap !== undefined) return await this.#refuseGap(member, owned, gap)
    } catch (error) {
      return this.#fail(error)
    }
    owned.gaps = 0
    this.#stalls.progress(key)
    this.#queue.add(batch)
    owned.expected += batch.messages.length
    resolveOffset(batch.lastOffset())
    this.#changed.notify()
    await this.#beat(heartbeat)
  }

  /** @throws where the group rebalances, once what is being settled is settled */
  async #beat(heartbeat: () => Promise<void>): Promise<void> {
    try {
      await heartbeat()
    } catch (error) {
      if (outdated(error) !== undefined && !this.#isRebalancing) {
        this.#isRebalancing = true
        const grace = Math.min(MOST_GRACE_MS, this.#client.settings.sessionTimeout / 2)
        if (this.#isSettling) await within(grace, this.#settling)
        this.#revoked('revoked')
      }
      throw error
    }
  }

  /** A batch from before a seek may come once; what comes again and again is a gap. */
  async #refuseGap(member: Member, owned: Owned, { expected, found }: Gap): Promise<void> {
    if (++owned.gaps < MOST_GAPS) return member.seek({ ...owned.settled, offset: owned.expected })
    const at = { ...owned.settled, offset: expected }
    // kafkajs may have committed where it went on: the group stays where it was settled.
    await this.#client.insist(this.#what, () => member.commit([owned.settled]), this.#over.signal)
    throw await this.#ask(`reading topic ${at.topic}`, () => explainGap(this.#cluster, at, found))
  }

  async poll(bounds: BatchBounds): Promise<Polled> {
    const until = performance.now() + bounds.time
    for (;;) {
      this.#check()
      this.#polledAt = performance.now()
      if (!this.#paused && !this.#queue.isEmpty) {
        const records = this.#queue.take(bounds)
        this.#changed.notify()
        return { epoch: this.#epoch, records, next: records.behind() }
      }
      // It had left, as no records were asked for.
      const mayJoin = this.#isOpen && this.#leaving === undefined && !this.#closing
      if (this.#member === undefined && mayJoin) this.#join()
      if (this.#polledAt >= until) return { epoch: this.#epoch, records: new PackedRecords(), next: [] }
      await this.#changed.wait(until - this.#polledAt)
    }
  }

  async rewind(): Promise<void> {
    this.#own(this.positions())
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#polledAt = performance.now()
    this.#changed.notify()
  }

  // What is looked at all the time

  /** Whether topics came or went, the log goes on without us, or no records were asked for. */
  async #look(): Promise<void> {
    const member = this.#member
    if (member === undefined) return
    try {
      const idle = performance.now() - this.#polledAt
      if (!this.#paused && !this.#isSettling && idle > this.#client.settings.maxPollInterval) {
        this.#revoked('revoked')
        return await this.#leave(MOST_GRACE_MS)
      }
      const names = await this.#cluster.topicNames(this.#options.topics)
      await this.#client.once('reading topics', () => this.#cluster.partitionsOf(names))
      if (names.join() !== this.#topics.join() && member === this.#member) {
        this.#topics = names
        this.#revoked('revoked')
        await this.#leave(MOST_GRACE_MS)
        const mayJoin = !this.#closing && this.#failure === undefined
        if (this.#member === undefined && mayJoin) this.#join()
      }
      await this.#lookAtEnds()
    } catch (error) {
      const failure = this.#client.failure(error, 'reading topics')
      if (failure instanceof LetheError) this.#fail(failure)
    }
  }

  async #lookAtEnds(): Promise<readonly Position[]> {
    await refuseCompacted(this.#cluster, this.#topics)
    const epoch = this.#epoch
    const ends = await this.#cluster.offsets(this.positions(), 'latest')
    if (epoch !== this.#epoch) return ends
    const behind: string[] = []
    for (const end of ends) {
      const expected = this.#owned.get(partitionKey(end))?.expected ?? 0
      if (expected > end.offset) await refuseMoved(this.#cluster, [{ ...end, offset: expected }])
      if (expected < end.offset && !this.#paused) behind.push(partitionKey(end))
    }
    const stalled = this.#owned.get(this.#stalls.find(behind, this.#queue.isEmpty) ?? '')
    if (stalled !== undefined)
      throw await explainGap(this.#cluster, { ...stalled.settled, offset: stalled.expected })
    return ends
  }

  // Settling

  async settle(epoch: number, outputs: Outputs, next: readonly Position[]): Promise<Settled> {
    this.#check()
    if (epoch !== this.#epoch) return this.#discard('epoch')
    const settling = this.#deliver(outputs, next)
    this.#settling = settling
    this.#isSettling = true
    try {
      return await settling
    } finally {
      this.#isSettling = false
      this.#polledAt = performance.now()
    }
  }

  async #deliver(outputs: Outputs, next: readonly Position[]): Promise<Settled> {
    const { signal } = this.#over
    if (!(await this.#sender.send(outputs, signal))) {
      this.#check()
      return this.#discard('epoch')
    }
    // Another member may own it by now: its commit is not for this one to make.
    if (signal.aborted) return this.#discard('epoch')
    const moved = next.filter((position) => {
      const settled = this.#owned.get(partitionKey(position))?.settled.offset
      return settled !== undefined && settled !== position.offset
    })
    let refused: string | undefined
    try {
      refused = await this.#client.insist(this.#what, () => this.#commit(moved), signal)
    } catch (error) {
      this.#check()
      if (!(error instanceof RetriableError)) throw error
      refused = 'epoch'
    }
    if (refused !== undefined) {
      // The group has moved on without this member, whose heartbeat will learn of it.
      if (!signal.aborted) this.#own(this.positions())
      return this.#discard(refused)
    }
    if (!signal.aborted)
      for (const position of moved) this.#owned.get(partitionKey(position))!.settled = position
    return 'settled'
  }

  /** Undefined: done; else why the group does not take it. */
  async #commit(positions: readonly Position[]): Promise<string | undefined> {
    if (positions.length === 0) return undefined
    if (this.#member === undefined) throw new RetriableError('not-a-member')
    return await this.#member.commit(positions)
  }

  #discard(code: string): Settled {
    this.#options.onEvent({ kind: 'discarded', code })
    return 'discarded'
  }

  // Positions

  positions(): readonly Position[] {
    return [...this.#owned.values()].map(({ settled }) => settled)
  }

  /** Nothing, where the brokers are away. */
  async #ifAnswered(question: () => Promise<readonly Position[]>): Promise<readonly Position[]> {
    try {
      return await this.#client.insistFor(REPORT_MS, 'looking at offsets', question)
    } catch (error) {
      if (error instanceof RetriableError) return []
      throw error
    }
  }

  async ends(): Promise<readonly Position[]> {
    return await this.#ifAnswered(() => this.#lookAtEnds())
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    return await this.#ifAnswered(() => this.#cluster.committed(this.#options.group, partitions))
  }

  async untilEnd(): Promise<readonly Position[]> {
    return await this.#ask('reading topics', () => this.#cluster.fixEnds(this.#options))
  }

  async #disconnect(): Promise<void> {
    this.#client.close()
    await Promise.allSettled([this.#sender.close(), this.#cluster.close()])
  }

  async close(deadline: number): Promise<void> {
    this.#closing = true
    clearInterval(this.#looking)
    this.#endTokens()
    const end = performance.now() + deadline
    this.#changed.notify()
    await within(deadline, this.#settling)
    await this.#leave(end - performance.now())
    this.#over.abort()
    await within(Math.max(500, end - performance.now()), this.#disconnect())
  }
}
