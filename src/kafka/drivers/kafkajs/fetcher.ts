/**
 * Fetches ahead of whoever takes the records: at most one request a broker at a time, and none while enough is
 * waiting. What is waiting is kept as it came, compressed; it is decoded as it is taken.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BatchBounds } from '../../driver.ts'
import { PackedRecords, roomFor } from '../../packed-records.ts'
import type { InputRecord, Position, TopicPartition } from '../../record.ts'
import { Bell } from './bell.ts'
import type { Brokers } from './brokers.ts'
import { CommittedBatches } from './committed.ts'
import { CODE, codeName, isMoved, Moment } from './failure.ts'
import { type Fetched, fetchFrom, type Wanted } from './fetch-answer.ts'
import { keyOf } from './offsets.ts'
import { outOfRange, unreadable } from './read-errors.ts'
import { type Batch, readBatches } from './record-batch.ts'
import { Waiting } from './waiting.ts'

/** How long a follower is preferred until the leader is asked again. */
const PREFERENCE_MS = 300_000

interface Reading extends TopicPartition {
  /** The next offset to fetch. */
  offset: number
  /** Up to here, whoever takes is or will be told. */
  told: number | undefined
  replica: { readonly node: number; readonly until: number } | undefined
}

export interface Taken {
  readonly records: PackedRecords
  readonly next: readonly Position[]
}

export interface FetcherHooks {
  retry(code: string): void
  failed(error: unknown): void
}

const sizeOf = ({ key, value, headers }: InputRecord): number => {
  let size = (key?.length ?? 0) + (value?.length ?? 0)
  if (headers !== undefined) for (const header of headers) size += header.name.length + header.value.length
  return size
}

export class Fetcher {
  readonly #brokers: Brokers
  readonly #hooks: FetcherHooks
  readonly #bell: Bell = new Bell()
  readonly #busy: Set<number> = new Set()
  #reading: ReadonlyMap<string, Reading> = new Map()
  #waiting: Waiting[] = []
  #bytes = 0
  /** How many bytes a batch holds, more or less. */
  #expected = 0
  #paused = false
  #stopped = false

  constructor(brokers: Brokers, hooks: FetcherHooks) {
    this.#brokers = brokers
    this.#hooks = hooks
  }

  start(): void {
    this.#run().catch((error: unknown) => this.#hooks.failed(error))
  }

  /** Reads these partitions from now on, from these offsets, and forgets all that was waiting. */
  read(positions: readonly Position[]): void {
    this.#reading = new Map(
      positions.map(({ topic, partition, offset }) => [
        keyOf({ topic, partition }),
        { topic, partition, offset, told: undefined, replica: undefined },
      ]),
    )
    this.#waiting = []
    this.#bytes = 0
    this.#bell.ring()
  }

  pause(paused: boolean): void {
    this.#paused = paused
    this.#bell.ring()
  }

  stop(): void {
    this.#stopped = true
    this.#bell.ring()
  }

  /** What comes within the bounds. Undefined: meanwhile something else is to be read, and what came is void. */
  async take({ records: most, bytes, time }: BatchBounds): Promise<Taken | undefined> {
    const until = performance.now() + time
    const reading = this.#reading
    const records = new PackedRecords(this.#expected)
    const next = new Map<string, Position>()
    /** The last record of what is being taken. */
    let last: InputRecord | undefined
    let size = 0
    while (!this.#stopped && records.length < most && size < bytes) {
      const first = this.#paused ? undefined : this.#waiting[0]
      if (first === undefined) {
        const left = until - performance.now()
        if (left <= 0) break
        await this.#bell.wait(left)
        if (reading !== this.#reading) return undefined
        continue
      }
      if (first.isEmpty) {
        this.#finish(first)
        next.set(keyOf(first.next), first.next)
        last = undefined
        continue
      }
      if (!first.isOpen) {
        await first.open()
        if (reading !== this.#reading) return undefined
      }
      const record = first.pull()
      if (record === undefined) continue
      const adds = sizeOf(record)
      if (records.length > 0 && size + adds > bytes) {
        first.putBack(record)
        break
      }
      records.add(record)
      last = record
      size += adds
    }
    if (last !== undefined) {
      const { topic, partition, offset } = last
      next.set(keyOf(last), { topic, partition, offset: offset + 1 })
    }
    this.#expected = roomFor(size)
    return { records, next: [...next.values()] }
  }

  /** All of it is taken: there is room again. */
  #finish(waiting: Waiting): void {
    this.#waiting.shift()
    this.#bytes -= waiting.bytes
    this.#bell.ring()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const room = this.#bytes < this.#brokers.settings.fetch.maxBytes
      if (this.#paused || !room || this.#reading.size === 0) {
        await this.#bell.wait()
        continue
      }
      const reading = this.#reading
      const changed = this.#bell.wait()
      try {
        const plan = await this.#plan(reading)
        if (reading !== this.#reading) continue
        for (const [node, partitions] of plan) void this.#fetch(node, partitions, reading)
        await changed
      } catch (error) {
        if (this.#stopped) return
        if (!(error instanceof Moment)) throw error
        this.#hooks.retry(error.code)
        await sleep(this.#brokers.settings.backoff)
      }
    }
  }

  /** Which broker is to be asked for what; those that are being asked are left out. */
  async #plan(reading: ReadonlyMap<string, Reading>): Promise<ReadonlyMap<number, readonly Reading[]>> {
    const plan = new Map<number, Reading[]>()
    for (const one of reading.values()) {
      if (one.replica !== undefined && one.replica.until < performance.now()) one.replica = undefined
      const node = one.replica?.node ?? (await this.#brokers.leaderOf(one, `reading topic ${one.topic}`))
      if (this.#busy.has(node)) continue
      plan.set(node, [...(plan.get(node) ?? []), one])
    }
    return plan
  }

  async #fetch(
    node: number,
    asked: readonly Reading[],
    reading: ReadonlyMap<string, Reading>,
  ): Promise<void> {
    this.#busy.add(node)
    try {
      const wanted: Wanted[] = asked.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        offset,
      }))
      const answers = await fetchFrom(await this.#brokers.node(node), wanted, this.#brokers.settings)
      // Offsets may have moved meanwhile.
      for (const answer of answers) if (reading === this.#reading) await this.#receive(answer, reading)
    } catch (error) {
      for (const one of asked) {
        one.replica = undefined
        this.#brokers.forget(one.topic)
      }
      if (error instanceof Moment) {
        if (this.#stopped) return
        this.#hooks.retry(error.code)
        await sleep(this.#brokers.settings.backoff)
      } else this.#hooks.failed(error)
    } finally {
      this.#busy.delete(node)
      this.#bell.ring()
    }
  }

  async #receive(answer: Fetched, reading: ReadonlyMap<string, Reading>): Promise<void> {
    const one = reading.get(keyOf(answer))
    if (one === undefined) return
    const { topic, partition, errorCode, preferred, set, stableOffset, aborted } = answer
    if (errorCode === CODE.offsetOutOfRange) {
      // A follower may lag behind: the leader is asked before it counts.
      if (one.replica === undefined) throw await outOfRange(this.#brokers, one)
      one.replica = undefined
      return
    }
    if (isMoved(errorCode)) {
      this.#brokers.forget(topic)
      throw new Moment(codeName(errorCode))
    }
    this.#brokers.check(errorCode, topic, `reading topic ${topic}`)
    if (preferred >= 0) one.replica = { node: preferred, until: performance.now() + PREFERENCE_MS }
    let next = one.offset
    const batches: Batch[] = []
    try {
      const committed = new CommittedBatches(aborted)
      for (const batch of readBatches(set)) {
        next = Math.max(next, batch.lastOffset + 1)
        if (committed.has(batch) && batch.lastOffset >= one.offset) batches.push(batch)
      }
    } catch (error) {
      throw unreadable(error, one)
    }
    // Also where nothing came: behind markers, and at the end.
    if (next === one.told || (next === one.offset && next < stableOffset)) return
    const from = one.offset
    one.offset = next
    one.told = next
    this.#bytes += set.length
    this.#waiting.push(new Waiting({ topic, partition, offset: next }, from, batches, set.length))
  }
}
