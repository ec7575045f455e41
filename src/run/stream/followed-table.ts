/**
 * A consent table that is read from a topic to its end, and followed from then on, in the memory that the thread of the process
 * shares. How far behind it is, is told by time: what was written before the last instant whose end of the log was reached, counts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../errors.ts'
import { reasonOf } from '../../kafka/cause.ts'
import { ClientLost } from '../../kafka/driver.ts'
import type { TableRecord, TableSource } from '../../kafka/table-source.ts'
import type { TopicIdentity } from '../../kafka/topic-identity.ts'
import type { MatchKeys } from '../../keys/match-keys.ts'
import type { ConsentMemory } from '../../lists/consent-table.ts'
import { ConsentTopic } from '../../lists/consent-topic.ts'
import type { ConsentTableForm, LoadedConsent, TableTopicPlace } from '../../lists/load-consent.ts'
import { SnapshotError } from '../../lists/snapshot-file.ts'
import { type Restored, type SnapshotPosition, TopicSnapshots } from '../../lists/topic-snapshots.ts'
import type { Log } from '../../telemetry/log.ts'
import type { MovedTable, TableOffset } from '../gate-state.ts'

export interface FollowedOptions {
  readonly form: ConsentTableForm
  readonly place: TableTopicPlace
  readonly matchKeys: MatchKeys
  /** Opens the topic at an offset, or at its beginning. */
  readonly open: (from: number | undefined) => Promise<TableSource>
  /** Whether the topic is the one that it was. */
  readonly identity: Pick<TopicIdentity, 'isSame' | 'close'>
  readonly log: Log
  /** Told each time that a part of the topic was read. */
  readonly tell: (offset: TableOffset, behindMs: number) => void
  readonly stop: AbortSignal
  /** Where a snapshot is kept; the code says why that cannot be. */
  readonly snapshots: TopicSnapshots | { readonly code: string } | undefined
}

/** At the start, so long without anything read is too long. */
const STILL_MS = 60_000
const START_MS = 15_000
/** How often the end of the log is asked for. */
const ASK_MS = 500
/** An answer that takes longer is none. */
const ANSWER_MS = 2_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 5_000
/** What no other client would mend. */
const FOR_GOOD: ReadonlySet<string> = new Set([
  'table-unreadable',
  'topic-mismatch',
  'offsets-lost',
  'match-key-missing',
  'records-unreadable',
])

export class FollowedTable {
  readonly #options: FollowedOptions
  readonly #topic: ConsentTopic
  #source: TableSource | undefined
  #position = 0
  /** Where the log began when it was first opened. */
  #start = 0
  /** Before this instant (ms of a clock that is never set), all that was written has been read. */
  #readUntil = Number.NEGATIVE_INFINITY
  #goal: { readonly end: number; readonly at: number } | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> = Promise.resolve()
  /** What asking for the end met. */
  #lost: unknown
  #failure: unknown
  #following: Promise<void> = Promise.resolve()
  #wasBehind = false
  #closed = false
  #isReady = false
  #posted: ConsentMemory | undefined

  constructor(options: FollowedOptions) {
    this.#options = options
    this.#topic = new ConsentTopic(options.form, options.place.topic, options.matchKeys)
  }

  get name(): string {
    return this.#options.form.table
  }

  get offset(): TableOffset {
    return { table: this.name, offset: this.#position, subjects: this.#topic.count }
  }

  /** What of a loaded table is known once it was read. */
  get loaded(): Pick<LoadedConsent, 'memory' | 'domain' | 'count'> {
    this.#posted = this.#topic.memory
    return { memory: this.#posted, domain: this.#topic.domain, count: this.#topic.count }
  }

  takeMoved(): readonly MovedTable[] {
    const { memory } = this.#topic
    const isSame = this.#posted?.table === memory.table && this.#posted.longer === memory.longer
    this.#posted = memory
    return isSame ? [] : [{ table: this.name, memory }]
  }

  /** @throws what ended the following of its topic for good */
  get isBehind(): boolean {
    if (this.#failure !== undefined) throw this.#failure
    const behind = performance.now() - this.#readUntil
    const isBehind = behind > this.#options.place.maxLag
    // While its topic cannot be opened, nothing else tells.
    this.#options.tell(this.offset, behind)
    if (isBehind !== this.#wasBehind) {
      this.#wasBehind = isBehind
      this.#say(isBehind ? 'table-behind' : 'table-current', behind)
    }
    return isBehind
  }

  /**
   * Reads what the topic holds now, and follows it from then on.
   * @throws LetheError where it cannot be read, or nothing more comes for a minute and its end is not reached
   */
  async readToEnd(): Promise<void> {
    const { stop, place, identity } = this.#options
    // Before anything is read: it may be made again at any time.
    await identity.isSame(START_MS)
    this.#source = await this.#openFirst()
    this.#start = this.#source.start
    const limit = Math.max(STILL_MS, place.maxLag)
    let position = -1
    let movedAt = performance.now()
    while (this.#readUntil === Number.NEGATIVE_INFINITY) {
      if (stop.aborted) return
      await this.#step(this.#source)
      const now = performance.now()
      if (this.#position > position) [position, movedAt] = [this.#position, now]
      else if (now - movedAt > limit)
        throw new LetheError(
          'table-behind',
          `the consent table ${this.name}: the end of the topic ${place.topic}, partition 0, was not reached; offset ${this.#position} was, and nothing more came for ${limit / 1000} s`,
          'where a transaction is open, wait until it has ended: see kafka-transactions.sh --find-hanging',
        )
    }
    this.#topic.ready()
    this.#isReady = true
    this.#say('table-read', 0)
    this.#following = this.#follow()
  }

  /** Where the snapshot ends, or else at the beginning. */
  async #openFirst(): Promise<TableSource> {
    const { open } = this.#options
    const restored = await this.#restored()
    if (restored === undefined) return await open(undefined)
    try {
      const source = await open(restored.offset)
      // Deleted records are no tail, and what they took away is not known.
      if (source.start === restored.begin) {
        this.#topic.restore(restored)
        this.#position = restored.offset
        this.#say('snapshot-read', Date.now() - restored.at)
        return source
      }
      await source.close()
    } catch (error) {
      if (!(error instanceof LetheError && error.code === 'offsets-lost')) throw error
    }
    this.#tellSnapshot('snapshot-unused', 'outside-log')
    return await open(undefined)
  }

  async #restored(): Promise<Restored | undefined> {
    const { snapshots } = this.#options
    try {
      if (snapshots instanceof TopicSnapshots) return await snapshots.read()
      if (snapshots !== undefined) this.#tellSnapshot('snapshot-unused', snapshots.code)
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error
      this.#tellSnapshot('snapshot-unused', error.fault)
    }
    return undefined
  }

  #offerSnapshot(): void {
    const { snapshots } = this.#options
    if (snapshots instanceof TopicSnapshots)
      snapshots.offer(this.#place, this.#topic.state, (code) => this.#tellWritten(code))
  }

  /** What a snapshot that is begun now is bound to: what lies behind it comes again with the tail. */
  get #place(): SnapshotPosition {
    const at = Date.now() - (performance.now() - this.#readUntil)
    return { begin: this.#start, offset: this.#position, at }
  }

  #tellWritten(code: string | undefined): void {
    if (code === undefined) this.#say('snapshot-written', 0)
    else this.#tellSnapshot('snapshot-unwritten', code)
  }

  #tellSnapshot(kind: 'snapshot-unused' | 'snapshot-unwritten', code: string): void {
    const { topic } = this.#options.place
    this.#options.log.event({
      kind,
      table: this.name,
      topic,
      partition: 0,
      offset: this.#position,
      code,
    })
  }

  async #follow(): Promise<void> {
    let wait = FIRST_WAIT_MS
    while (!this.#closed) {
      try {
        this.#source ??= await this.#options.open(this.#position)
        await this.#step(this.#source)
        this.#offerSnapshot()
        wait = FIRST_WAIT_MS
      } catch (error) {
        if (this.#closed) return
        await this.#dropSource()
        if (!(error instanceof LetheError) || FOR_GOOD.has(error.code)) {
          this.#failure = error
          return
        }
        const code = reasonOf(error) ?? (error instanceof ClientLost ? error.clientCode : error.code)
        this.#options.log.event({ kind: 'client-lost', route: '', code })
        await sleep(wait, undefined, { ref: false })
        wait = Math.min(LONGEST_WAIT_MS, wait * 2)
      }
    }
  }

  async #step(source: TableSource): Promise<void> {
    if (this.#lost !== undefined) {
      const lost = this.#lost
      this.#lost = undefined
      throw lost
    }
    this.#ask(source)
    const { records, position } = await source.take()
    const now = Date.now()
    for (const record of records) this.#take(record, now)
    // Behind what it stands for: a batch that is told this offset is judged by all that lies before it.
    this.#position = position
    const goal = this.#goal
    if (goal !== undefined && position >= goal.end) {
      this.#readUntil = goal.at
      this.#goal = undefined
    }
    this.#options.tell(this.offset, performance.now() - this.#readUntil)
  }

  #take(record: TableRecord, now: number): void {
    if (this.#topic.take(record, now)) return
    const { topic } = this.#options.place
    this.#options.log.event({
      kind: 'table-record',
      table: this.name,
      topic,
      partition: 0,
      offset: record.offset,
    })
  }

  /** Where the log ends now: once that was reached, what was written until now has been read. */
  #ask(source: TableSource): void {
    const at = performance.now()
    if (this.#goal !== undefined || at - this.#askedAt < ASK_MS) return
    this.#askedAt = Number.POSITIVE_INFINITY
    this.#asking = source
      .end()
      .then(async (end) => {
        // Asked after the end was told: what was told is of the topic that is followed.
        if (end === undefined || !(await this.#options.identity.isSame(ANSWER_MS))) return
        if (source === this.#source) this.#goal = { end, at }
      })
      .catch((error: unknown) => {
        if (source === this.#source) this.#lost ??= error
      })
      .finally(() => {
        this.#askedAt = at
      })
  }

  #say(
    kind: 'table-read' | 'table-behind' | 'table-current' | 'snapshot-read' | 'snapshot-written',
    milliseconds: number,
  ): void {
    this.#options.log.event({
      kind,
      table: this.name,
      topic: this.#options.place.topic,
      partition: 0,
      offset: this.#position,
      count: this.#topic.count,
      milliseconds: Number.isFinite(milliseconds) ? Math.round(milliseconds) : 0,
    })
  }

  async #dropSource(): Promise<void> {
    const source = this.#source
    this.#source = undefined
    this.#goal = undefined
    await this.#asking
    this.#lost = undefined
    await source?.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#following
    await this.#dropSource()
    this.#options.identity.close()
    const { snapshots } = this.#options
    if (!(snapshots instanceof TopicSnapshots)) return
    const isWhole = this.#isReady && this.#failure === undefined
    const last = isWhole ? { position: this.#place, state: this.#topic.state } : undefined
    await snapshots.close(last, (code) => this.#tellWritten(code))
  }
}
