/** One topic of a pipeline: what of it is of subjects, asking the brokers to delete that, and reading again whether it is gone. */
import { LetheError } from '../errors.ts'
import type { Admin } from '../kafka/admin.ts'
import { type OutputRecord, offsetsOf, type Position, partitionKey } from '../kafka/record.ts'
import { POLICY_HEADER } from '../kafka/source-header.ts'
import { deletes } from '../kafka/topic-settings.ts'
import { deleteRecords, writeTombstones } from '../lifecycle/delete-stored.ts'
import type { TargetName } from '../lifecycle/legal-hold.ts'
import { holdsOn, mayDelete } from '../lifecycle/may-delete.ts'
import type { TopicState } from '../lifecycle/stored-topic.ts'
import { type ErasureRequest, UNTOUCHED } from '../lifecycle/target.ts'
import { type TimestampSpan, timestampSpan, writtenSpan } from '../lifecycle/timestamp-span.ts'
import type { Plan } from '../policy/plan.ts'
import type { Judged } from './judged.ts'
import { LetterSearch, type LetterToken } from './letter-search.ts'
import { withoutSchemaWords } from './problem-tally.ts'
import { OutputSearch, type RowForms } from './record-search.ts'
import { type SchemaProblem, type SchemaSource, StoredSchemas } from './stored-schemas.ts'
import type { DeleteRecords, TopicErasure, UntouchedTopic } from './topic-form.ts'
import { type KeyState, type PartitionState, type Prefix, scanTopic, type TopicScan } from './topic-scan.ts'
import { eligibleFrom, takesTombstones, topicWords } from './topic-words.ts'

export interface TopicAsked {
  readonly request: ErasureRequest
  /** Tokens of the subjects beside sealed originals. */
  readonly letters: readonly LetterToken[]
}

export interface TopicSetup {
  readonly name: string
  readonly role: 'outputs' | 'dead letters'
  /** The policies of the routes that write to it; the first one signs tombstones. */
  readonly plans: readonly Plan[]
  /** The shortest period of its policies, ms. */
  readonly limit: number | undefined
  /** How the routes that write to it hold rows. */
  readonly forms: RowForms
  /** Gives the schemas that its records name. */
  readonly schemas: SchemaSource
}

const NO_PREFIX: Prefix = { before: 0, deleted: 0, others: 0 }

export class StoredRecords {
  readonly #admin: Admin
  readonly #setup: TopicSetup
  readonly target: TargetName

  constructor(admin: Admin, setup: TopicSetup) {
    this.#admin = admin
    this.#setup = setup
    this.target = `topic:${setup.name}`
  }

  /** Why it cannot be looked through; undefined where it can. */
  refused(state: TopicState, { request }: TopicAsked): UntouchedTopic | undefined {
    const told = (code: UntouchedTopic['code'], message: string = UNTOUCHED[code]): UntouchedTopic => ({
      target: this.target,
      id: state.id,
      code,
      message,
    })
    if (state.presence === 'missing') return told('topic-missing')
    if (state.presence === 'forbidden' || state.settings === undefined) return told('topic-forbidden')
    if (this.#setup.role === 'dead letters') return undefined
    const isSearched = this.#setup.plans.some(({ fingerprint }) => {
      const search = request.searches.get(fingerprint)
      return search !== undefined && search.finders.length + search.beside.length > 0
    })
    return isSearched
      ? undefined
      : told(
          'no-token',
          'its policies give no token for the subject, so that its records cannot be found by one',
        )
  }

  /** Changes nothing. */
  async survey(
    state: TopicState,
    asked: TopicAsked,
    deletion: DeleteRecords | null,
  ): Promise<TopicErasure | UntouchedTopic> {
    const refused = this.refused(state, asked)
    if (refused !== undefined) return refused
    const { name, role, limit } = this.#setup
    const settings = state.settings!
    const scan = await this.scan(state, asked)
    const toKeys = takesTombstones(settings)
    const prefixOf = (one: PartitionState): Prefix =>
      deletion === null || !deletes(settings)
        ? { ...NO_PREFIX, before: one.start }
        : deletion === 'own'
          ? one.own
          : one.withOthers
    const partitions = scan.partitions.map((one) => ({
      partition: one.partition,
      start: one.start,
      end: one.end,
      found: one.found,
      first: one.first ?? null,
      last: one.last ?? null,
      tombstones: toKeys ? one.keys.filter(isOpen).length : 0,
      heldKeys: toKeys ? one.keys.filter((key) => isDue(key) && key.isHeld).length : 0,
      ...prefixOf(one),
    }))
    const total = (of: 'tombstones' | 'deleted' | 'others'): number =>
      partitions.reduce((sum, one) => sum + one[of], 0)
    const { request } = asked
    const says = topicWords({
      ...{ settings, role, limit, deleteRecords: deletion },
      ...{ found: scan.found, byKey: scan.byKey, held: scan.held, newest: scan.newest },
      ...{ unknownSubject: scan.unjudged.unknownSubject, newestUnknown: scan.newestUnknown },
      ...{ toWrite: total('tombstones'), deleted: total('deleted'), others: total('others') },
      ...{ mayWrite: state.mayWrite, mayDelete: state.mayDelete },
      holds: holdsOn(this.target, request.holds, request.heldAt),
    })
    const timeOf = (time: number): string | null => (time < 0 ? null : new Date(time).toISOString())
    return {
      target: `topic:${name}`,
      id: state.id,
      role,
      cleanup: settings.values.get('cleanup.policy') ?? 'delete',
      ...{ rows: scan.rows, found: scan.found, byKey: scan.byKey },
      ...{ tombstones: scan.tombstones, held: scan.held, unjudged: scan.unjudged },
      ...(scan.withoutSchema.length === 0 ? {} : { withoutSchema: scan.withoutSchema }),
      rules: [...scan.rules].map(([rule, rows]) => ({ rule, rows })),
      partitions,
      oldest: timeOf(scan.oldest),
      newest: timeOf(scan.newest),
      eligible: eligibleFrom(settings, Math.max(scan.newest, scan.newestUnknown)),
      says,
      unsearched: this.unsearched(scan, asked),
    }
  }

  /** Reads it from its start to where it ends now. */
  async scan(
    state: TopicState,
    asked: TopicAsked,
    more: {
      readonly upTo?: ReadonlyMap<number, number>
      readonly onFound?: (record: Position) => void
      readonly onProblem?: (record: Position, problem: SchemaProblem) => void
    } = {},
  ): Promise<TopicScan> {
    const { request, letters } = asked
    const { role, forms, schemas } = this.#setup
    const search =
      role === 'outputs'
        ? new OutputSearch(request, forms, new StoredSchemas(schemas))
        : new LetterSearch(letters)
    const starts = await this.edges(state.partitions, 'earliest')
    const ends = await this.edges(state.partitions, 'latest')
    return await scanTopic(this.#admin, starts, ends, {
      ...{
        target: this.target,
        search,
        heldAt: request.heldAt,
        holds: request.holds,
        lookAgain: request.lookAgain,
      },
      spanOf: this.#spans(state, request),
      ...more,
    })
  }

  /** What a timestamp says of the event, by the policy that made the record. */
  #spans({ settings }: TopicState, { searches }: ErasureRequest) {
    const isArrival = settings?.values.get('message.timestamp.type') === 'LogAppendTime'
    const known = new Map<string, TimestampSpan | undefined>()
    const early = (span: TimestampSpan | undefined): TimestampSpan | undefined =>
      span && isArrival ? { ...span, earlier: Number.POSITIVE_INFINITY } : span
    if (this.#setup.role === 'dead letters') {
      const spans = this.#setup.plans.map(writtenSpan)
      const later = Math.max(0, ...spans.map((span) => span.later))
      return () => ({ earlier: Number.POSITIVE_INFINITY, later, laterOfDay: later })
    }
    return ({ fingerprint, mayBeEvent }: Judged): TimestampSpan | undefined => {
      if (fingerprint === undefined) return undefined
      if (!known.has(fingerprint)) {
        const plan = searches.get(fingerprint)?.plan
        known.set(fingerprint, early(plan && timestampSpan(plan)))
      }
      const span = known.get(fingerprint)
      // The timestamp is of the image that was earlier.
      return span && mayBeEvent ? { ...span, later: Number.POSITIVE_INFINITY } : span
    }
  }

  /** Why records of subjects may be there that were not found. */
  unsearched({ unjudged, policies, withoutSchema }: TopicScan, { request }: TopicAsked): readonly string[] {
    const { otherVersion, foreign, otherKey, unreadable, unknownSubject } = unjudged
    const why = [...policies].flatMap((fingerprint) => request.searches.get(fingerprint)?.unsearched ?? [])
    if (otherVersion > 0)
      why.push(
        `${otherVersion} records were made by another version of a policy, whose tokens may be others: name that version too (-p)`,
      )
    if (foreign > 0) why.push(`${foreign} records were made by no policy that is named`)
    if (otherKey > 0)
      why.push(
        `${otherKey} records hold tokens under keys that are not in the keyset: give the keyset that has them`,
      )
    if (unreadable > 0) why.push(`${unreadable} records are not what their policy writes`)
    why.push(...withoutSchemaWords(withoutSchema))
    if (unknownSubject > 0)
      why.push(`${unknownSubject} dead letters carry an original whose subject is not told`)
    return [...new Set(why)]
  }

  async edges(partitions: readonly number[], edge: 'earliest' | 'latest'): Promise<readonly Position[]> {
    const topic = this.#setup.name
    const found = await this.#admin.offsets(
      partitions.map((partition) => ({ topic, partition })),
      edge,
    )
    return found.toSorted((a, b) => a.partition - b.partition)
  }

  /**
   * Reads the topic once more, and asks for what the order says. Does nothing where that was done.
   * @throws LetheError: `target-changed`, `target-held`, `right-missing`, (io); then nothing of the topic was requested, but for
   *   brokers that fail in between
   */
  async apply(
    planned: TopicErasure,
    state: TopicState,
    asked: TopicAsked,
  ): Promise<'applied' | 'was applied'> {
    const refused = this.refused(state, asked)
    if (refused !== undefined) throw this.#changed(refused.message)
    if (planned.id !== null && state.id !== null && planned.id !== state.id)
      throw this.#changed('it was deleted, and made again')
    const settings = state.settings!
    if (planned.partitions.some(({ partition }) => !state.partitions.includes(partition)))
      throw this.#changed('it has fewer partitions')
    if (planned.partitions.some(({ tombstones }) => tombstones > 0) && !takesTombstones(settings))
      throw this.#changed('it is not compacted any more: tombstones would erase nothing')
    const work = planned.partitions.filter(({ start, before }) => before > start)
    if (work.length > 0 && !deletes(settings))
      throw this.#changed('its cleanup.policy has no `delete` any more: brokers refuse DeleteRecords')
    const upTo = new Map(work.map(({ partition, before }) => [partition, before]))
    const ends = new Map(planned.partitions.map(({ partition, end }) => [partition, end]))
    const problems: SchemaProblem[] = []
    const scan = await this.scan(state, asked, {
      upTo,
      onProblem: ({ partition, offset }, problem) => {
        if (offset < (ends.get(partition) ?? 0)) problems.push(problem)
      },
    })
    this.#checkSchemas(planned, problems)
    const now = new Map(scan.partitions.map((one) => [one.partition, one]))
    for (const { partition, start, end } of planned.partitions) {
      const one = now.get(partition)!
      if (one.start < start)
        throw this.#changed(
          `the log of partition ${partition} starts before offset ${start}, where it started`,
        )
      if (one.end < end)
        throw this.#changed(
          `the log of partition ${partition} ends before offset ${end}, which it had reached`,
        )
    }
    const tombstones = planned.partitions.flatMap((one) => this.#tombstones(one, now.get(one.partition)!))
    const deletions = work.filter((one) => this.#checkDeletion(one, now.get(one.partition)!))
    if (tombstones.length + deletions.length === 0) return 'was applied'
    const { name } = this.#setup
    if (tombstones.length > 0 && !state.mayWrite) throw this.#lacks('Write')
    if (deletions.length > 0 && !state.mayDelete) throw this.#lacks('Delete')
    const { request } = asked
    const permit = scan.permit ?? this.#permit(request)
    if (tombstones.length > 0) await writeTombstones(this.#admin, name, tombstones, permit)
    if (deletions.length > 0) {
      const before = deletions.map(({ partition, before: offset }) => ({ topic: name, partition, offset }))
      const moved = offsetsOf(await deleteRecords(this.#admin, name, before, permit))
      for (const one of before)
        if ((moved.get(partitionKey(one)) ?? -1) < one.offset)
          throw new LetheError(
            'broker-refused',
            `topic ${name}, partition ${one.partition}: the broker did not delete up to offset ${one.offset}`,
            'apply the order again',
          )
    }
    return 'applied'
  }

  /** What could be read when the order was made has to be read now: else less would be asked for, and called done. */
  #checkSchemas({ withoutSchema = [] }: TopicErasure, problems: readonly SchemaProblem[]): void {
    const before = withoutSchema.reduce((sum, { rows }) => sum + rows, 0)
    if (problems.length <= before) return
    const { id, code } = problems.at(-1)!
    const why = `${problems.length} of its records cannot be read, ${before} when the order was made: schema ${id}, ${code}`
    if (code !== 'registry-unreachable' && code !== 'registry-refused') throw this.#changed(why)
    throw new LetheError(
      code,
      `topic ${this.#setup.name}: ${why}; nothing of it was requested`,
      'look at the registry, and apply the order again',
    )
  }

  #permit({ holds, heldAt, lookAgain }: ErasureRequest) {
    const verdict = mayDelete({ target: this.target }, holds, heldAt, lookAgain)
    if (verdict.allowed) return verdict.permit
    throw new LetheError(
      'target-held',
      `topic ${this.#setup.name} is under the legal hold ${verdict.hold.id}; nothing of it was requested`,
      'make another order, which leaves out what is held',
    )
  }

  /** Of one partition: a tombstone for each key of the order that has none behind its records. */
  #tombstones(
    { partition, end, tombstones: most, heldKeys }: TopicErasure['partitions'][number],
    { keys }: PartitionState,
  ): readonly OutputRecord[] {
    if (most === 0) return []
    const { name, plans } = this.#setup
    // A key whose first record came since the order was made is not of the order.
    const due = keys.filter((one) => isDue(one) && one.first < end)
    const held = due.filter(({ isHeld }) => isHeld).length
    if (held > heldKeys)
      throw new LetheError(
        'target-held',
        `topic ${name}, partition ${partition}: records under ${held} keys of the subjects are under a legal hold, ${heldKeys} when the order was made; nothing of the topic was requested`,
        'make another order, which leaves out what is held',
      )
    const open = due.filter(isOpen)
    if (open.length > most)
      throw this.#changed(
        `partition ${partition} has ${open.length} keys of the subjects where the order counted ${most}`,
      )
    const { name: policy, version, fingerprint } = plans[0]!
    return open.map(({ key }) => ({
      topic: name,
      partition,
      key,
      value: null,
      headers: [{ [POLICY_HEADER]: `${policy}@${version}#${fingerprint}` }],
      timestamp: undefined,
    }))
  }

  /** Whether it is still to be done. @throws LetheError where it would take anything that the order does not say */
  #checkDeletion(
    { partition, before, deleted, others }: TopicErasure['partitions'][number],
    now: PartitionState,
  ): boolean {
    if (now.start >= before) return false
    if (now.before.isHeld)
      throw new LetheError(
        'target-held',
        `topic ${this.#setup.name}, partition ${partition}: a record before offset ${before} is under a legal hold; nothing of the topic was requested`,
        'make another order, which leaves out what is held',
      )
    if (now.before.deleted > deleted || now.before.others > others)
      throw this.#changed(
        `before offset ${before} of partition ${partition} are ${now.before.deleted} records of the subjects and ${now.before.others} of others, where the order counted ${deleted} and ${others}`,
      )
    return true
  }

  #lacks(right: 'Write' | 'Delete'): LetheError {
    return new LetheError(
      'right-missing',
      `this user lacks the right ${right} on the topic ${this.#setup.name}; nothing of it was requested`,
      '`lethe acl PIPELINE --for forget` prints the commands that grant what this job needs',
    )
  }

  #changed(why: string): LetheError {
    return new LetheError(
      'target-changed',
      `topic ${this.#setup.name} is not as it was when the order was made: ${why}; nothing of it was requested`,
      'make another order',
    )
  }
}

/** A key of a subject that no tombstone covers. */
const isDue = ({ isCovered, live }: KeyState): boolean => !isCovered && live > 0

const isOpen = (one: KeyState): boolean => isDue(one) && !one.isHeld
