/**
 * The driver over kafkajs, in JavaScript alone: at least once, with an idempotent producer.
 *
 * Of kafkajs, connections (TLS, SASL) and the coding of requests are used, and neither its consumer nor its producer:
 * at an offset that is gone, that consumer starts elsewhere and commits it; it stands still before batches that
 * compaction emptied, passes on some records of aborted transactions, and takes an unknown codec for none; and that
 * producer may lose records once a send has failed in part (see `sender.ts`). All of it is closed in there, with no
 * setting to change it.
 */
import { LetheError } from '../../../errors.ts'
import type { BatchBounds, Driver, DriverOptions, Polled, Settled } from '../../driver.ts'
import { PackedRecords } from '../../packed-records.ts'
import type { Outputs, Position, TopicPartition } from '../../record.ts'
import { aside, asking, within } from './asking.ts'
import { Bell } from './bell.ts'
import { Brokers } from './brokers.ts'
import { checkCompression } from './codecs.ts'
import { Moment } from './failure.ts'
import { Fetcher } from './fetcher.ts'
import { type Leaving, Membership } from './membership.ts'
import { type Generation, Group, keyOf, listOffsets } from './offsets.ts'
import { commitStart, findPositions, fixEnds, topicNames } from './route-topics.ts'
import { Sender } from './sender.ts'

/** How long a rebalance waits for a batch that is being settled. */
const MOST_GRACE_MS = 10_000

/** @throws LetheError (usage) where the delivery is exactly-once, or settings do not fit */
export function kafkajsDriver(options: DriverOptions): Driver {
  if (options.delivery === 'exactly-once')
    throw new LetheError(
      'setting-refused',
      'the driver kafkajs cannot deliver exactly once: its transactions do not carry the generation of a group (KIP-447)',
      'npm install node-rdkafka, and leave `driver:` out; or say `delivery: at-least-once`',
    )
  return new KafkajsDriver(options)
}

class KafkajsDriver implements Driver {
  readonly name = 'kafkajs'
  readonly #options: DriverOptions
  readonly #brokers: Brokers
  readonly #group: Group
  readonly #fetcher: Fetcher
  readonly #sender: Sender
  readonly #membership: Membership
  /** Settled positions of what is owned. */
  #owned: Map<string, Position> = new Map()
  #generation: Generation | undefined
  #epoch = 1
  /** Aborted when the epoch ends. */
  #over = new AbortController()
  #settling: Promise<unknown> = Promise.resolve()
  #isSettling = false
  #paused = false
  #closing = false
  #polledAt = performance.now()
  readonly #polls: Bell = new Bell()
  #failure: unknown

  constructor(options: DriverOptions) {
    this.#options = options
    this.#brokers = new Brokers(options.connection, options.onEvent)
    this.#group = new Group(this.#brokers, options.group)
    this.#sender = new Sender(this.#brokers)
    this.#fetcher = new Fetcher(this.#brokers, {
      retry: (code) => options.onEvent({ kind: 'retry', code }),
      failed: (error) => this.#fail(error),
    })
    this.#membership = new Membership(this.#brokers, this.#group, {
      topics: () => topicNames(this.#brokers, options.topics),
      assigned: (partitions, as, gone) => this.#assigned(partitions, as, gone),
      revoked: (why) => this.#revoked(why),
      isForsaken: () => this.#isForsaken(),
      wanted: async () => {
        while (!this.#closing && this.#isForsaken()) await this.#polls.wait()
      },
      failed: (error) => this.#fail(error),
    })
  }

  async open(): Promise<void> {
    const { topics } = this.#options
    try {
      if (this.#brokers.settings.compression !== 'none')
        await checkCompression(this.#brokers.settings.compression)
      await this.#brokers.open('pattern' in topics ? undefined : topics)
      await asking(this.#brokers, () => commitStart(this.#brokers, this.#group, this.#options))
      await asking(this.#brokers, () => this.#sender.open())
    } catch (error) {
      await this.#brokers.close()
      throw error
    }
    this.#fetcher.start()
    this.#membership.start()
  }

  // The group

  async #assigned(partitions: readonly TopicPartition[], as: Generation, gone: AbortSignal): Promise<void> {
    const positions = await this.#brokers.insist(
      () => findPositions(this.#brokers, this.#group, partitions, as),
      gone,
    )
    if (gone.aborted) return
    this.#generation = as
    this.#own(positions)
    this.#polledAt = performance.now()
    this.#options.onEvent({ kind: 'assigned', partitions })
  }

  async #revoked(why: Leaving): Promise<void> {
    this.#fetcher.read([])
    if (why === 'rebalance' && this.#isSettling) {
      // Still a member: what is on its way may arrive, within the time that the group gives without a heartbeat.
      await within(Math.min(MOST_GRACE_MS, this.#brokers.settings.sessionTimeout / 2), this.#settling)
    }
    const partitions = this.positions()
    this.#generation = undefined
    this.#own([])
    this.#options.onEvent({ kind: why === 'lost' ? 'lost' : 'revoked', partitions })
  }

  /** Begins an epoch, in which these are owned, and read from here. */
  #own(positions: readonly Position[]): void {
    this.#over.abort()
    this.#over = new AbortController()
    this.#epoch++
    this.#owned = new Map(positions.map((position) => [keyOf(position), position]))
    this.#fetcher.read(positions)
  }

  #isForsaken(): boolean {
    if (this.#paused || this.#isSettling) return false
    return performance.now() - this.#polledAt > this.#brokers.settings.maxPollInterval
  }

  #fail(error: unknown): void {
    if (this.#closing) return
    this.#failure ??= error
    this.#over.abort()
    this.#fetcher.read([])
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  // Reading

  async poll(bounds: BatchBounds): Promise<Polled> {
    this.#check()
    const until = performance.now() + bounds.time
    for (;;) {
      this.#polledAt = performance.now()
      this.#polls.ring()
      const epoch = this.#epoch
      const time = Math.max(0, until - this.#polledAt)
      const taken = await this.#fetcher.take({ ...bounds, time })
      this.#check()
      if (taken !== undefined && epoch === this.#epoch) return { epoch, ...taken }
      if (performance.now() >= until) return { epoch: this.#epoch, records: new PackedRecords(), next: [] }
    }
  }

  async rewind(): Promise<void> {
    this.#own(this.positions())
  }

  pause(): void {
    this.#paused = true
    this.#fetcher.pause(true)
  }

  resume(): void {
    this.#paused = false
    this.#polledAt = performance.now()
    this.#fetcher.pause(false)
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
    const as = this.#generation
    if (!(await this.#sender.send(outputs, signal))) {
      this.#check()
      return this.#discard('epoch')
    }
    const moved = next.filter((position) => {
      const settled = this.#owned.get(keyOf(position))?.offset
      return settled !== undefined && settled !== position.offset
    })
    let refused: string | undefined
    try {
      refused = await this.#brokers.insist(() => this.#group.commit(moved, as), signal)
    } catch (error) {
      if (!(error instanceof Moment)) throw error
      this.#check()
      return this.#discard('epoch')
    }
    if (refused !== undefined) {
      // The group has moved on without this member, whose heartbeat will learn of it.
      if (!signal.aborted) this.#own(this.positions())
      return this.#discard(refused)
    }
    if (!signal.aborted) for (const position of moved) this.#owned.set(keyOf(position), position)
    return 'settled'
  }

  #discard(code: string): Settled {
    this.#options.onEvent({ kind: 'discarded', code })
    return 'discarded'
  }

  // Positions

  positions(): readonly Position[] {
    return [...this.#owned.values()]
  }

  async ends(): Promise<readonly Position[]> {
    return await aside(this.#brokers, () => listOffsets(this.#brokers, this.positions(), 'latest'))
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    return await aside(this.#brokers, () => this.#group.committed(partitions))
  }

  async untilEnd(): Promise<readonly Position[]> {
    return await asking(this.#brokers, () => fixEnds(this.#brokers, this.#group, this.#options.topics))
  }

  async close(deadline: number): Promise<void> {
    this.#closing = true
    this.#polls.ring()
    const end = performance.now() + deadline
    this.#fetcher.stop()
    await within(deadline, this.#settling)
    await within(end - performance.now(), this.#membership.leave())
    this.#over.abort()
    await this.#brokers.close()
  }
}
