/** One topic of a pipeline: what of it is too old, up to which offsets that may be deleted, and deleting it. */
import { LetheError } from '../errors.ts'
import type { Admin, TopicSettings } from '../kafka/admin.ts'
import { readLogs } from '../kafka/read-logs.ts'
import { type InputRecord, offsetsOf, type Position, partitionKey } from '../kafka/record.ts'
import { POLICY_HEADER } from '../kafka/source-header.ts'
import { deletes, isCompactedBy } from '../kafka/topic-settings.ts'
import type { Plan } from '../policy/plan.ts'
import { parsePolicyLabel } from '../policy/seen.ts'
import { deleteRecords } from './delete-stored.ts'
import { type HeldSetting, mayDelete, type Permit } from './may-delete.ts'
import { OffsetChoice, type RecordVerdict } from './offset-choice.ts'
import { UNTOUCHED, type Untouched, type UntouchedCode } from './target.ts'
import { eventEnd, type TimestampSpan } from './timestamp-span.ts'
import type { KeptRecords, TopicSurvey } from './topic-order.ts'

/** A policy that writes to the topic, and what its timestamps say; undefined where they say nothing. */
export interface TopicSource {
  readonly plan: Pick<Plan, 'name' | 'fingerprint' | 'retention'>
  readonly span: TimestampSpan | undefined
  /** Records are change events: the timestamp is of the earlier image, and the other may lie at any time behind it. */
  readonly isOfEvents?: boolean | undefined
}

export interface TopicRequest extends HeldSetting {
  /** The instant that ages are judged at, ms since 1970. */
  readonly asOf: number
  readonly marginMs: number
  readonly otherVersionsMs: number | undefined
  /** The instant that holds are judged at. */
  readonly heldAt: number
}

/** What the brokers say of a topic. */
export interface TopicState {
  readonly presence: 'there' | 'missing' | 'forbidden'
  readonly id: string | null
  readonly partitions: readonly number[]
  readonly settings: TopicSettings | undefined
  readonly mayDelete: boolean
  readonly mayWrite: boolean
}

/** A topic that the brokers say nothing of. */
export const MISSING: TopicState = {
  presence: 'missing',
  id: null,
  partitions: [],
  settings: undefined,
  mayDelete: false,
  mayWrite: false,
}

export async function topicStates(
  admin: Admin,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicState>> {
  const described = await admin.topics(names)
  const settings = await admin.settings(names)
  const ids = await admin.topicIds(names)
  return new Map(
    described.map(({ name, presence, partitions, rights }): [string, TopicState] => {
      const found = settings.get(name)
      return [
        name,
        {
          presence: presence === 'there' && rights?.has('read') === false ? 'forbidden' : presence,
          id: ids.get(name) ?? null,
          partitions: partitions.map(({ partition }) => partition),
          settings: found?.presence === 'there' ? found : undefined,
          mayDelete: rights?.has('delete') !== false,
          mayWrite: rights?.has('write') !== false,
        },
      ]
    }),
  )
}

interface Scan {
  readonly choices: readonly OffsetChoice[]
  readonly counts: Readonly<Record<RecordVerdict, number>>
  readonly rows: number
  /** Of the timestamps, and of those that are too old; -Infinity where there are none. */
  readonly oldest: number
  readonly newest: number
  readonly newestTooOld: number
  /** Undefined where no record may be deleted. */
  readonly permit: Permit | undefined
}

export class StoredTopic {
  readonly #admin: Admin
  readonly #topic: string
  readonly #sources: readonly TopicSource[]

  constructor(admin: Admin, topic: string, sources: readonly TopicSource[]) {
    this.#admin = admin
    this.#topic = topic
    this.#sources = sources
  }

  /** Why it is not to be touched; undefined where it may be. */
  #refused(state: TopicState): UntouchedCode | undefined {
    if (state.presence === 'missing') return 'topic-missing'
    if (state.presence === 'forbidden' || state.settings === undefined) return 'topic-forbidden'
    if (!deletes(state.settings)) return 'only-compacted'
    if (!this.#sources.some(({ plan }) => plan.retention?.suppresses === true)) return 'no-retention'
    return this.#sources.some(({ span }) => span === undefined) ? 'no-time' : undefined
  }

  /** Changes nothing. */
  async survey(state: TopicState, request: TopicRequest): Promise<TopicSurvey | Untouched> {
    const code = this.#refused(state)
    if (code !== undefined) return { target: `topic:${this.#topic}`, code, message: UNTOUCHED[code] }
    const starts = await this.#edges(state.partitions, 'earliest')
    const ends = await this.#edges(state.partitions, 'latest')
    const { choices, counts, rows, oldest, newest } = await this.#scan(starts, ends, state, request)
    const partitions = choices.map((choice) => choice.survey())
    const deleted = partitions.reduce((sum, one) => sum + one.deleted, 0)
    const behind = choices.reduce((sum, one) => sum + one.behind, 0)
    const { held, undated, foreign, otherVersion } = counts
    const keptFor: KeptRecords = { behind, held, undated, foreign, otherVersion }
    const timeOf = (time: number): string | null =>
      Number.isFinite(time) ? new Date(time).toISOString() : null
    const longest = Math.max(...this.#sources.map(({ span }) => Math.max(span!.later, span!.laterOfDay)))
    return {
      target: `topic:${this.#topic}`,
      id: state.id,
      rows,
      kept: rows - deleted,
      deleted,
      keptFor,
      partitions,
      oldest: timeOf(oldest),
      newest: timeOf(newest),
      mayOutliveMs: Math.max(longest, request.otherVersionsMs ?? 0) + request.marginMs,
    }
  }

  /**
   * Reads what is to be deleted once more, and deletes it where nothing of it has to stay. Does nothing where it was done.
   * @throws LetheError: `target-changed`, `target-held`, `right-missing`, (io); then nothing of the topic was deleted, but
   *   for brokers that fail between two partitions
   */
  async apply(
    planned: TopicSurvey,
    state: TopicState,
    request: TopicRequest,
  ): Promise<'applied' | 'was applied'> {
    const code = this.#refused(state)
    if (code !== undefined) throw this.#changed(UNTOUCHED[code])
    if (planned.id !== null && state.id !== null && planned.id !== state.id)
      throw this.#changed('it was deleted, and made again')
    const work = planned.partitions.filter(({ deleted }) => deleted > 0)
    if (work.some(({ partition }) => !state.partitions.includes(partition)))
      throw this.#changed('it has fewer partitions')
    const numbers = work.map(({ partition }) => partition)
    const startOf = offsetsOf(await this.#edges(numbers, 'earliest'))
    const endOf = offsetsOf(await this.#edges(numbers, 'latest'))
    const at = (partition: number, offset: number): Position => ({ topic: this.#topic, partition, offset })
    for (const { partition, start, before } of work) {
      const key = partitionKey({ topic: this.#topic, partition })
      if ((startOf.get(key) ?? -1) < start)
        throw this.#changed(
          `the log of partition ${partition} starts before offset ${start}, where it started`,
        )
      if ((endOf.get(key) ?? -1) < before)
        throw this.#changed(
          `the log of partition ${partition} ends before offset ${before}, which it had reached`,
        )
    }
    const open = work.filter(
      ({ partition, before }) => startOf.get(partitionKey({ topic: this.#topic, partition }))! < before,
    )
    if (open.length === 0) return 'was applied'
    if (!state.mayDelete)
      throw new LetheError(
        'right-missing',
        `records of topic ${this.#topic} may not be deleted by this user: the right Delete on the topic is missing; nothing of it was deleted`,
        '`lethe acl PIPELINE --for retain` prints the commands that grant what this job needs',
      )
    const starts = open.map(({ partition }) =>
      at(partition, startOf.get(partitionKey({ topic: this.#topic, partition }))!),
    )
    const before = open.map((one) => at(one.partition, one.before))
    const scan = await this.#scan(starts, before, state, request)
    this.#check(scan, open, starts, state)
    // What the order counted has gone by itself: only markers of transactions are left.
    if (scan.permit === undefined) return 'was applied'
    const moved = offsetsOf(await deleteRecords(this.#admin, this.#topic, before, scan.permit))
    for (const one of before)
      if ((moved.get(partitionKey(one)) ?? -1) < one.offset)
        throw new LetheError(
          'broker-refused',
          `topic ${this.#topic}, partition ${one.partition}: the broker did not delete up to offset ${one.offset}`,
          'apply the order again',
        )
    return 'applied'
  }

  #check(
    { choices }: Scan,
    open: readonly TopicSurvey['partitions'][number][],
    starts: readonly Position[],
    { settings }: TopicState,
  ): void {
    for (const [i, choice] of choices.entries()) {
      const { partition, start, deleted } = open[i]!
      const kept = choice.firstKept
      if (kept?.verdict === 'held')
        throw new LetheError(
          'target-held',
          `topic ${this.#topic}, partition ${partition}, offset ${kept.offset} is under a legal hold; nothing of the topic was deleted`,
          'make another order, which leaves out what is held',
        )
      if (kept !== undefined)
        throw this.#changed(`partition ${partition}, offset ${kept.offset} has to stay (${kept.verdict})`)
      const isWhole = starts[i]!.offset === start && isCompactedBy(settings) !== true
      const found = choice.survey().deleted
      if (found > deleted || (isWhole && found < deleted))
        throw this.#changed(
          `partition ${partition} holds ${found} records where the order counted ${deleted}`,
        )
    }
  }

  /** Reads it again, from the starts of its logs. */
  async remaining(
    state: TopicState,
    request: TopicRequest,
  ): Promise<{ readonly tooOld: number; readonly kept: Scan['counts']; readonly newestTooOld: number }> {
    const starts = await this.#edges(state.partitions, 'earliest')
    const ends = await this.#edges(state.partitions, 'latest')
    const { counts, newestTooOld } = await this.#scan(starts, ends, state, request)
    return { tooOld: counts['too old'], kept: counts, newestTooOld }
  }

  async #edges(partitions: readonly number[], edge: 'earliest' | 'latest'): Promise<readonly Position[]> {
    const found = await this.#admin.offsets(
      partitions.map((partition) => ({ topic: this.#topic, partition })),
      edge,
    )
    return found.toSorted((a, b) => a.partition - b.partition)
  }

  async #scan(
    starts: readonly Position[],
    ends: readonly Position[],
    { settings }: TopicState,
    request: TopicRequest,
  ): Promise<Scan> {
    const endOf = offsetsOf(ends)
    const choices = starts.map(
      ({ topic, partition, offset }) =>
        new OffsetChoice(partition, offset, endOf.get(partitionKey({ topic, partition })) ?? offset),
    )
    const choiceOf = new Map(starts.map(({ partition }, i) => [partition, choices[i]!]))
    const isArrival = settings?.values.get('message.timestamp.type') === 'LogAppendTime'
    const counts = { 'too old': 0, young: 0, held: 0, undated: 0, foreign: 0, otherVersion: 0 }
    let [rows, oldest, newest, newestTooOld] = [0, Number.POSITIVE_INFINITY, -1, -1]
    let permit: Permit | undefined
    await readLogs(this.#admin, starts, ends, (record) => {
      const judged = this.#judge(record, isArrival, request)
      if (typeof judged !== 'string') permit = judged
      const verdict = typeof judged === 'string' ? judged : 'too old'
      rows++
      counts[verdict]++
      choiceOf.get(record.partition)!.add(record.offset, verdict)
      if (record.timestamp < 0) return
      oldest = Math.min(oldest, record.timestamp)
      newest = Math.max(newest, record.timestamp)
      if (verdict === 'too old') newestTooOld = Math.max(newestTooOld, record.timestamp)
    })
    return { choices, counts, rows, oldest, newest: rows === 0 ? Number.NaN : newest, newestTooOld, permit }
  }

  /** A permit where the record is too old, and may be deleted. */
  #judge(
    record: InputRecord,
    isArrival: boolean,
    request: TopicRequest,
  ): Permit | Exclude<RecordVerdict, 'too old'> {
    const header = record.headers?.findLast(({ name }) => name === POLICY_HEADER)?.value
    const label = header === undefined ? undefined : parsePolicyLabel(Buffer.from(header).toString('latin1'))
    const named = this.#sources.filter(({ plan }) => plan.name === label?.name)
    if (label === undefined || named.length === 0) return 'foreign'
    if (record.timestamp < 0) return 'undated'
    const own = named.filter(({ plan }) => plan.fingerprint === label.fingerprint)
    const isOther = own.length === 0
    if (isOther && request.otherVersionsMs === undefined) return 'otherVersion'
    const sources = isOther ? named : own
    const more = isOther ? request.otherVersionsMs! : 0
    const until = Math.max(
      record.timestamp + more,
      ...sources.map(({ span }) => eventEnd(record.timestamp, span!)),
    )
    const now = request.asOf - request.marginMs
    if (!sources.every(({ plan }) => plan.retention?.judge(until, now) === 'suppress')) return 'young'
    const earlier = Math.max(more, ...sources.map(({ span }) => span!.earlier))
    const from = isArrival || !Number.isFinite(earlier) ? undefined : record.timestamp - earlier
    const { holds, heldAt, lookAgain } = request
    const held = { from, until: sources.some(({ isOfEvents }) => isOfEvents) ? undefined : until }
    const verdict = mayDelete({ target: `topic:${this.#topic}`, ...held }, holds, heldAt, lookAgain)
    return verdict.allowed ? verdict.permit : 'held'
  }

  #changed(why: string): LetheError {
    return new LetheError(
      'target-changed',
      `topic ${this.#topic} is not as it was when the order was made: ${why}; nothing of it was deleted`,
      'make another order',
    )
  }
}
