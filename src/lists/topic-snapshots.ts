/**
 * The snapshot of a consent table that is kept in a topic: read at the start where it is of that very table, topic and log, and not
 * older than the topic keeps tombstones; written now and then, and at the end.
 */
import { LetheError } from '../errors.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { ConsentTable } from './consent-table.ts'
import type { ConsentTopicState } from './consent-topic.ts'
import type { ConsentTableForm } from './load-consent.ts'
import {
  readSnapshot,
  SnapshotError,
  type SnapshotFault,
  type SnapshotHeader,
  type SnapshotReader,
  writeSnapshot,
} from './snapshot-file.ts'

/** The topic as the brokers describe it now. */
export interface TableLog {
  readonly cluster: string
  readonly topic: string
  readonly topicId: string
  /** For how long a tombstone stays at least, in ms. */
  readonly tombstonesFor: number
}

export interface SnapshotOptions {
  readonly file: string
  readonly form: ConsentTableForm
  readonly matchKeys: MatchKeys
  readonly log: TableLog
  /** The version of Lethe. */
  readonly version: string
  /** Whether this process writes: one of those of a host does. */
  readonly writes: boolean
  readonly now: () => number
}

/** Where a table stands that was read to its end. */
export interface SnapshotPosition {
  readonly begin: number
  readonly offset: number
  /** What was written before this instant, ms since the epoch, was read. */
  readonly at: number
}

export type Restored = ConsentTopicState & SnapshotPosition

/** How often a snapshot is written while records come. */
const EVERY_MS = 10 * 60_000
/** How often it is written while none come: one that is too old is not used. */
const UNCHANGED_MS = 60 * 60_000
const LEAST_MS = 10_000
/** What a tombstone took away must be in the tail. Clocks differ, and the tail has to be read. */
const OLDEST = 0.9
/** A clock that was set back tells no age. */
const AHEAD_MS = 60_000
/** The last one, when a process ends, takes no longer. */
const LAST_MS = 10_000

export class TopicSnapshots {
  readonly #options: SnapshotOptions
  readonly #every: number
  readonly #unchanged: number
  #written: { readonly offset: number; readonly at: number } | undefined
  #triedAt = Number.NEGATIVE_INFINITY
  #writing: Promise<void> | undefined
  readonly #stop = new AbortController()

  constructor(options: SnapshotOptions) {
    this.#options = options
    this.#every = Math.max(LEAST_MS, Math.min(EVERY_MS, options.log.tombstonesFor / 4))
    this.#unchanged = Math.max(LEAST_MS, Math.min(UNCHANGED_MS, options.log.tombstonesFor / 4))
  }

  /** @returns undefined where there is none. @throws SnapshotError where it cannot be used */
  async read(): Promise<Restored | undefined> {
    const read = await readSnapshot(this.#options.file, { check: (header) => this.#check(header) })
    if (read === undefined) return undefined
    const { header, taker } = read
    const { begin, offset, at, keys } = header
    return { header, keys, table: taker.table, begin, offset, at }
  }

  #check(header: SnapshotHeader): ReturnType<SnapshotReader['check']> {
    const { form, matchKeys, log, version, now } = this.#options
    const refused = (fault: SnapshotFault): SnapshotError => new SnapshotError(fault)
    if (header.by !== version) throw refused('other-version')
    if (
      header.table !== form.table ||
      header.purpose !== form.purpose ||
      header.normalize !== form.normalize ||
      typeof header.domain !== 'string'
    )
      throw refused('other-table')
    if (
      header.cluster !== log.cluster ||
      header.topic !== log.topic ||
      header.topicId !== log.topicId ||
      header.begin > header.offset
    )
      throw refused('other-topic')
    const age = now() - header.at
    if (age < -AHEAD_MS || age > log.tombstonesFor * OLDEST) throw refused('too-old')
    const key = matchKeys.snapshotKey(header.key.id, header.key.check, form.purpose)
    if (key === undefined || !header.keys.every((one) => isHeld(matchKeys, one))) throw refused('other-key')
    return { key, taker: ConsentTable.filler(header.subjects, header.intervals) }
  }

  /** Begins to write one, where it is time. @param done told how it ended: undefined, or why none was written */
  offer(
    position: SnapshotPosition,
    state: ConsentTopicState,
    done: (code: string | undefined) => void,
  ): void {
    const { writes, now } = this.#options
    const instant = now()
    if (!writes || this.#writing !== undefined || instant - this.#triedAt < this.#every) return
    const isSame = this.#written?.offset === position.offset
    if (isSame && instant - this.#written!.at < this.#unchanged) return
    this.#triedAt = instant
    this.#writing = this.#write(position, state, this.#stop.signal)
      .then((code) => {
        if (!this.#stop.signal.aborted) done(code)
      })
      .finally(() => {
        this.#writing = undefined
      })
  }

  /** The last one, where something came since. Nothing follows the topic any more. */
  async close(
    last: { readonly position: SnapshotPosition; readonly state: ConsentTopicState } | undefined,
    done: (code: string | undefined) => void,
  ): Promise<void> {
    // What is being written is of an older place, and would only be written again.
    this.#stop.abort()
    await this.#writing
    if (!this.#options.writes || last === undefined || this.#written?.offset === last.position.offset) return
    done(await this.#write(last.position, last.state, AbortSignal.timeout(LAST_MS)))
  }

  async #write(
    position: SnapshotPosition,
    { header, keys, table }: ConsentTopicState,
    stop: AbortSignal,
  ): Promise<string | undefined> {
    const { file, form, matchKeys, log, version, now } = this.#options
    const { primary } = matchKeys
    try {
      const key = matchKeys.snapshotKey(primary.id, primary.check, form.purpose)
      if (key === undefined) return 'key-unusable'
      await writeSnapshot(
        file,
        {
          by: version,
          table: form.table,
          purpose: form.purpose,
          domain: header.domain,
          normalize: header.normalize,
          cluster: log.cluster,
          topic: log.topic,
          topicId: log.topicId,
          begin: position.begin,
          offset: position.offset,
          at: Math.floor(position.at),
          keys,
          subjects: table.count,
          intervals: table.intervals,
          key: primary,
        },
        key,
        (bytes) => table.parts(bytes),
        stop,
      )
      this.#written = { offset: position.offset, at: now() }
      return undefined
    } catch (error) {
      return codeOf(error)
    }
  }
}

/** A word of a closed list: the text of an error of the system holds a path. */
function codeOf(error: unknown): string {
  if (error instanceof SnapshotError) return error.fault
  const { cause } = error as Error
  const system = (cause ?? error) as NodeJS.ErrnoException
  if (typeof system.code === 'string' && /^E[A-Z]+$/.test(system.code)) return system.code.toLowerCase()
  return error instanceof LetheError ? error.code : 'stopped'
}

function isHeld(matchKeys: MatchKeys, { id, check }: { readonly id: string; readonly check: string }) {
  return matchKeys.usable.some((key) => key.id === id && key.check === check)
}
