/**
 * A consent table that is read from a topic to its end, and followed from then on, in the memory that the thread of the process
 * shares. How far behind it is, is told by time: what was written before the last instant whose end of the log was reached, counts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../errors.ts'
import { reasonOf } from '../../kafka/cause.ts'
import { ClientLost } from '../../kafka/driver.ts'
import type { TableRecord, TableSource } from '../../kafka/table-source.ts'
import type { MatchKeys } from '../../keys/match-keys.ts'
import type { ConsentMemory } from '../../lists/consent-table.ts'
import { ConsentTopic } from '../../lists/consent-topic.ts'
import type { ConsentTableForm, LoadedConsent, TableTopicPlace } from '../../lists/load-consent.ts'
import type { Log } from '../../telemetry/log.ts'
import type { MovedTable } from '../batch-job.ts'
import type { TableOffset } from '../batch-rewriter.ts'

export interface FollowedOptions {
  readonly form: ConsentTableForm
  readonly place: TableTopicPlace
  readonly matchKeys: MatchKeys
  /** Opens the topic at an offset, or at its beginning. */
  readonly open: (from: number | undefined) => Promise<TableSource>
  readonly log: Log
  /** Told each time that a part of the topic was read. */
  readonly tell: (offset: TableOffset, behindMs: number) => void
  readonly stop: AbortSignal
}

/** At the start, so long without anything read is too long. */
const STILL_MS = 60_000
/** How often the end of the log is asked for. */
const ASK_MS = 500
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
    const { open, stop, place } = this.#options
    this.#source = await open(undefined)
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
    this.#say('table-read', 0)
    this.#following = this.#follow()
  }

  async #follow(): Promise<void> {
    let wait = FIRST_WAIT_MS
    while (!this.#closed) {
      try {
        this.#source ??= await this.#options.open(this.#position)
        await this.#step(this.#source)
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
      .then((end) => {
        if (end !== undefined && source === this.#source) this.#goal = { end, at }
      })
      .catch((error: unknown) => {
        if (source === this.#source) this.#lost ??= error
      })
      .finally(() => {
        this.#askedAt = at
      })
  }

  #say(kind: 'table-read' | 'table-behind' | 'table-current', milliseconds: number): void {
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
  }
}
