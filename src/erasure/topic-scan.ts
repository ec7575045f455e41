/** Reads a topic from its start to where it ends now, and says what of it is of subjects, partition by partition. */
import type { Admin } from '../kafka/admin.ts'
import { readLogs } from '../kafka/read-logs.ts'
import { type InputRecord, offsetsOf, type Position, partitionKey } from '../kafka/record.ts'
import type { Hold, TargetName } from '../lifecycle/legal-hold.ts'
import { type HeldSetting, holdsOn, mayDelete, type Permit } from '../lifecycle/may-delete.ts'
import { eventEnd, type TimestampSpan } from '../lifecycle/timestamp-span.ts'
import type { Judged, Unjudged } from './judged.ts'
import { ProblemTally } from './problem-tally.ts'
import type { SchemaProblem, WithoutSchema } from './stored-schemas.ts'

/** Judges records in their order. */
export interface RecordSearch {
  judge(records: readonly InputRecord[]): readonly Judged[] | Promise<readonly Judged[]>
}

export interface ScanSetting extends HeldSetting {
  readonly target: TargetName
  readonly search: RecordSearch
  /** The instant that holds are judged at. */
  readonly heldAt: number
  /** What a timestamp says of the event of a record; undefined: nothing. */
  readonly spanOf: (judged: Judged) => TimestampSpan | undefined
  /** By partition, offsets up to which records are counted apart: what an order deletes. */
  readonly upTo?: ReadonlyMap<number, number> | undefined
  readonly onFound?: ((record: Position) => void) | undefined
  /** Is told of each record that cannot be read without a schema, found or not. */
  readonly onProblem?: ((record: Position, problem: SchemaProblem) => void) | undefined
}

/** What stands under one key that is a token of a subject. */
export interface KeyState {
  readonly key: Uint8Array
  /** Records with a value, and the offset of the first one. */
  readonly live: number
  readonly first: number
  /** Whether the last record of the key is a tombstone. */
  readonly isCovered: boolean
  readonly isHeld: boolean
}

export interface PartitionState {
  readonly partition: number
  readonly start: number
  readonly end: number
  readonly rows: number
  readonly found: number
  readonly first: number | undefined
  readonly last: number | undefined
  readonly keys: readonly KeyState[]
  /** How far records of subjects alone stand at the start of the log: before this offset, so many. */
  readonly own: Prefix
  /** Up to the last record of subjects before which nothing is held. */
  readonly withOthers: Prefix
  /** Of what lies before the offset of `upTo`: records of subjects, of others, and whether one is held. */
  readonly before: { readonly deleted: number; readonly others: number; readonly isHeld: boolean }
}

/** Records before an offset: of subjects, and of others. */
export interface Prefix {
  readonly before: number
  readonly deleted: number
  readonly others: number
}

export interface TopicScan {
  readonly partitions: readonly PartitionState[]
  readonly rows: number
  readonly found: number
  readonly byKey: number
  readonly held: number
  /** Found records behind which a tombstone of their key stands. */
  readonly covered: number
  readonly tombstones: number
  readonly unjudged: Readonly<Record<Unjudged, number>>
  readonly withoutSchema: readonly WithoutSchema[]
  readonly rules: ReadonlyMap<string, number>
  /** Fingerprints of the policies that made records here. */
  readonly policies: ReadonlySet<string>
  /** Of what was found: timestamps in ms; -1 where there are none. */
  readonly oldest: number
  readonly newest: number
  /** The newest sealed original of an unknown subject. */
  readonly newestUnknown: number
  readonly permit: Permit | undefined
}

interface KeyTally {
  readonly key: Uint8Array
  live: number
  first: number
  isCovered: boolean
  isHeld: boolean
}

class PartitionTally {
  readonly partition: number
  readonly start: number
  readonly end: number
  readonly #upTo: number
  rows = 0
  found = 0
  first: number | undefined
  last: number | undefined
  readonly keys = new Map<string, KeyTally>()
  #ownEnded = false
  #own: Prefix
  #heldSeen = false
  #ownSeen = 0
  #others = 0
  #with: Prefix
  readonly #before = { deleted: 0, others: 0, isHeld: false }

  constructor(partition: number, start: number, end: number, upTo: number) {
    this.partition = partition
    this.start = start
    this.end = end
    this.#upTo = upTo
    this.#own = { before: start, deleted: 0, others: 0 }
    this.#with = this.#own
  }

  add({ offset, key, value }: InputRecord, { by, byKey }: Judged, isHeld: boolean): void {
    this.rows++
    const isOwn = by !== undefined
    if (byKey) this.#addKey(key!, offset, value === null, isHeld)
    if (offset < this.#upTo) {
      this.#before[isOwn ? 'deleted' : 'others']++
      this.#before.isHeld ||= isHeld
    }
    this.#heldSeen ||= isHeld
    this.#ownEnded ||= isHeld || !isOwn
    if (!isOwn) {
      this.#others++
      return
    }
    this.#ownSeen++
    if (!this.#ownEnded) this.#own = { before: offset + 1, deleted: this.#ownSeen, others: 0 }
    if (!this.#heldSeen) this.#with = { before: offset + 1, deleted: this.#ownSeen, others: this.#others }
    if (value === null) return
    this.found++
    this.first ??= offset
    this.last = offset
  }

  #addKey(key: Uint8Array, offset: number, isTombstone: boolean, isHeld: boolean): void {
    const name = Buffer.from(key).toString('latin1')
    let known = this.keys.get(name)
    if (known === undefined) {
      known = { key: new Uint8Array(key), live: 0, first: offset, isCovered: false, isHeld: false }
      this.keys.set(name, known)
    }
    if (!isTombstone) {
      known.live++
      known.isHeld ||= isHeld
    }
    known.isCovered = isTombstone
  }

  get state(): PartitionState {
    const { partition, start, end, rows, found, first, last } = this
    return {
      ...{ partition, start, end, rows, found, first, last },
      keys: [...this.keys.values()],
      own: this.#own,
      withOthers: this.#with,
      before: this.#before,
    }
  }
}

/** So many records are judged at once. */
const BATCH = 2000

export async function scanTopic(
  admin: Admin,
  starts: readonly Position[],
  ends: readonly Position[],
  setting: ScanSetting,
): Promise<TopicScan> {
  const { target, search, holds, lookAgain, heldAt, spanOf, upTo, onFound, onProblem } = setting
  const endOf = offsetsOf(ends)
  const tallies = new Map(
    starts.map(({ topic, partition, offset }) => [
      partition,
      new PartitionTally(
        partition,
        offset,
        endOf.get(partitionKey({ topic, partition })) ?? offset,
        upTo?.get(partition) ?? -1,
      ),
    ]),
  )
  const isHoldable = holdsOn(target, holds, heldAt).length > 0
  let permit: Permit | undefined
  const isHeldOf = (record: InputRecord, judged: Judged): boolean => {
    if (!isHoldable && permit !== undefined) return false
    const span = record.timestamp < 0 ? undefined : spanOf(judged)
    const isOf = ({ id }: Hold): boolean => judged.notOf?.has(id) !== true
    const verdict = mayDelete({ target, ...eventOf(record.timestamp, span), isOf }, holds, heldAt, lookAgain)
    if (verdict.allowed) permit = verdict.permit
    return !verdict.allowed
  }
  const unjudged = { otherVersion: 0, foreign: 0, otherKey: 0, unreadable: 0, unknownSubject: 0 }
  const problems = new ProblemTally()
  const rules = new Map<string, number>()
  const policies = new Set<string>()
  const sum = { rows: 0, found: 0, byKey: 0, held: 0, tombstones: 0 }
  let [oldest, newest, newestUnknown] = [-1, -1, -1]
  const flush = async (records: readonly InputRecord[]): Promise<void> => {
    const all = await search.judge(records)
    for (const [at, record] of records.entries()) {
      const judged = all[at]!
      const { by, byKey, unjudged: why, problem, fingerprint } = judged
      if (problem !== undefined) {
        problems.add(problem)
        onProblem?.(record, problem)
      }
      if (fingerprint !== undefined) policies.add(fingerprint)
      const isHeld = isHeldOf(record, judged)
      tallies.get(record.partition)!.add(record, judged, isHeld)
      sum.rows++
      if (why !== undefined) {
        unjudged[why]++
        if (why === 'unknownSubject') newestUnknown = Math.max(newestUnknown, record.timestamp)
      }
      if (by === undefined) continue
      if (record.value === null) {
        sum.tombstones++
        continue
      }
      sum.found++
      if (byKey) sum.byKey++
      if (isHeld) sum.held++
      rules.set(by, (rules.get(by) ?? 0) + 1)
      oldest = oldest < 0 ? record.timestamp : Math.min(oldest, record.timestamp)
      newest = Math.max(newest, record.timestamp)
      onFound?.(record)
    }
  }
  let open: InputRecord[] = []
  await readLogs(admin, starts, ends, (record) => {
    open.push(record)
    if (open.length < BATCH) return undefined
    const full = open
    open = []
    return flush(full)
  })
  await flush(open)
  const partitions = [...tallies.values()].map(({ state }) => state)
  const covered = partitions.flatMap(({ keys }) => keys).filter(({ isCovered }) => isCovered)
  return {
    ...sum,
    partitions,
    covered: covered.reduce((all, { live }) => all + live, 0),
    withoutSchema: problems.all,
    ...{ unjudged, rules, policies, oldest, newest, newestUnknown, permit },
  }
}

/** When its event was; what is not known is held by every span. */
function eventOf(
  timestamp: number,
  span: TimestampSpan | undefined,
): { readonly from?: number; readonly until?: number } {
  if (span === undefined) return {}
  const until = eventEnd(timestamp, span)
  return Number.isFinite(span.earlier) ? { from: timestamp - span.earlier, until } : { until }
}
