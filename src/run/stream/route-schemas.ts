/**
 * The schemas that the messages of a route name: each is fetched once, before its first record is rewritten. While the registry
 * does not answer, records of schemas that are known go on, and those of others wait: nothing of them can be told without.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError, type RecordCode } from '../../errors.ts'
import type { Polled } from '../../kafka/driver.ts'
import type { PackedRecords } from '../../kafka/packed-records.ts'
import { type Position, partitionKey } from '../../kafka/record.ts'
import {
  type KnownSchema,
  SchemaFault,
  type SchemaNews,
  type SchemaPart,
  type SchemaRef,
  type SchemaText,
} from '../../record/schema-text.ts'
import {
  keysNameSchemas,
  type ValueFormat,
  valuesNameSchemas,
  type WireForm,
} from '../../record/wire-form.ts'
import type { FoundSchema, RegistryClient } from '../../registry/registry-client.ts'
import { readWriterSchema } from '../writer-schemas.ts'

/** What is done with a schema beside remembering it; gives what the records of it are written by. */
export type Describe = (schema: FoundSchema) => Promise<Pick<KnownSchema, 'output'>>

export interface RouteSchemasOptions {
  readonly client: Pick<RegistryClient, 'schema'>
  readonly form: WireForm
  readonly cache: { readonly schemas: number; readonly unknown: number }
  readonly describe?: Describe | undefined
  /**
   * Throws a SchemaFault where the policy has no rule for what a schema tags; `waits`: whether its records wait then, for a policy
   * that has one. Otherwise they are dead letters.
   */
  readonly tags?:
    | {
        readonly check: (schema: SchemaText, part: SchemaPart, format: ValueFormat) => void
        readonly waits: boolean
      }
    | undefined
  /** Makes the schema of keys that are written ready, before any record is. */
  readonly outputKey?: (() => Promise<void>) | undefined
  readonly watch: SchemaWatch
  readonly stop: AbortSignal
  readonly waits?: SchemaWaits | undefined
  /** A clock in milliseconds that is never set. */
  readonly now?: (() => number) | undefined
}

/** The events of schemas for an observer. */
export interface SchemaWatch {
  /** How many schemas are waited for; `held`: some of them until the policy has rules for what they tag. */
  waiting(count: number, held: boolean): void
  /** The registry failed, with this code, while a schema was asked for. */
  failed(id: number, code: string): void
  known(id: number): void
  /** Records of this schema become dead letters. */
  refused(id: number, code: RecordCode): void
  /** Records of this schema wait: the policy has no rule for what it tags. */
  held(id: number): void
}

/** What a registry does not know may have been registered just now, on another of its nodes. */
const UNKNOWN_TRIES = 3
const MANY_UNKNOWN = 100
/** In milliseconds. */
export interface SchemaWaits {
  /** How long a batch waits for schemas before what stands in front of them is settled without. */
  readonly patience: number
  /** Between two questions for an id that the registry does not know. */
  readonly unknown: number
  /** After a failure of the registry; twice as long each time, up to `longest`. */
  readonly first: number
  readonly longest: number
}

const WAITS: SchemaWaits = { patience: 2_000, unknown: 500, first: 250, longest: 10_000 }

/** Ids that are asked for at once. */
const MOST_ASKED = 8
/** So long after its last record, in ms, a schema without a rule is not waited for any more. */
const HELD_MS = 30_000
/** Ids that are remembered as unknown. */
const MOST_UNKNOWN = 10_000

/** An id of a value; or of a key, as a number below zero. */
type Place = number
const ofKey = (id: number): Place => -1 - id
/** Of the keys that are written: no id is so large. */
const OUTPUT_KEY: Place = -(2 ** 40)
const refOf = (place: Place): SchemaRef =>
  place < 0 ? { id: -1 - place, part: 'key' } : { id: place, part: 'value' }

interface Entry {
  /** Of an id that the registry does not know: when to ask again; else never. */
  readonly until: number
}

export class RouteSchemas {
  readonly #options: RouteSchemasOptions
  readonly #ofValues: boolean
  readonly #ofKeys: boolean
  readonly #now: () => number
  readonly #waits: SchemaWaits
  /** In the order of their last use. */
  readonly #known = new Map<Place, Entry>()
  readonly #asked = new Map<Place, Promise<void>>()
  /** Of these, those that the registry failed for. */
  readonly #failing = new Set<Place>()
  /**
   * Until those that were asked for so far are done. Schemas of outputs are registered in the order in which records name those
   * of their writers: a registry judges each by those before it.
   */
  #turn: Promise<unknown> = Promise.resolve()
  readonly #awaitTurn = new Set<Place>()
  /** The policy has no rule for what they tag, and their records wait. A schema of an id never changes. */
  readonly #held = new Set<Place>()
  /** When a record that names one was last polled: what waits is polled again and again. */
  readonly #heldSeen = new Map<Place, number>()
  #news: KnownSchema[] = []
  #forgotten: SchemaRef[] = []
  #unknown = 0

  constructor(options: RouteSchemasOptions) {
    this.#options = options
    this.#ofValues = valuesNameSchemas(options.form)
    this.#ofKeys = keysNameSchemas(options.form)
    this.#waits = options.waits ?? WAITS
    this.#now = options.now ?? (() => performance.now())
  }

  /** Whether a schema is waited for. */
  get isWaiting(): boolean {
    return this.#asked.size + this.#heldSeen.size > 0
  }

  /** What a thread is to be told before the next batch. */
  takeNews(): SchemaNews {
    const news = { known: this.#news, forgotten: this.#forgotten }
    this.#news = []
    this.#forgotten = []
    return news
  }

  /**
   * What of a batch can be rewritten: all of it, if its schemas come in time; else, of each partition, what stands before the
   * first record that has to wait.
   */
  async admit(polled: Polled): Promise<Polled> {
    const { records } = polled
    const ids = this.#idsOf(records)
    this.#noteHeld(ids)
    if (!this.#ask(ids)) return polled
    // What has failed already is not waited for: other partitions go on meanwhile.
    if ([...ids].some((id) => this.#asked.has(id) && !this.#failing.has(id))) await this.#patience(ids)
    if (!this.#ask(ids)) return polled
    return before(polled, this.#firstWaiting(records))
  }

  #idsOf(records: PackedRecords): ReadonlySet<Place> {
    const ids = new Set<Place>(this.#options.outputKey === undefined ? [] : [OUTPUT_KEY])
    let last = -1
    for (let index = 0; index < records.length; index++) {
      const id = this.#ofValues ? records.valueFrame(index) : -1
      if (id >= 0 && id !== last) ids.add(id)
      last = id
      const keyId = this.#ofKeys ? records.keyFrame(index) : -1
      if (keyId >= 0) ids.add(ofKey(keyId))
    }
    return ids
  }

  /** Whether some of these have to be waited for; they are asked for then. */
  #ask(ids: ReadonlySet<Place>): boolean {
    let waits = false
    for (const id of ids) {
      if (this.#isKnown(id)) continue
      waits = true
      if (this.#held.has(id) || this.#asked.has(id) || this.#asked.size >= MOST_ASKED) continue
      const asked = this.#find(id, this.#turn).finally(() => {
        this.#asked.delete(id)
        this.#failing.delete(id)
        this.#tellWaiting()
      })
      this.#asked.set(id, asked)
      if (this.#isDescribed(id)) this.#turn = Promise.allSettled([this.#turn, asked])
      this.#tellWaiting()
    }
    if (!waits) this.#forget(ids)
    return waits
  }

  #isDescribed(place: Place): boolean {
    return place >= 0 && this.#options.describe !== undefined
  }

  #tellWaiting(): void {
    const held = this.#heldSeen.size
    this.#options.watch.waiting(this.#asked.size + held, held > 0)
  }

  #noteHeld(ids: Iterable<Place>): void {
    if (this.#held.size === 0) return
    const now = this.#now()
    const before = this.#heldSeen.size
    for (const id of ids) if (this.#held.has(id)) this.#heldSeen.set(id, now)
    for (const [id, seen] of this.#heldSeen) if (seen < now - HELD_MS) this.#heldSeen.delete(id)
    if (this.#heldSeen.size !== before) this.#tellWaiting()
  }

  #isKnown(id: Place): boolean {
    const entry = this.#known.get(id)
    if (entry === undefined || entry.until < this.#now()) return false
    // What was used last stands last.
    this.#known.delete(id)
    this.#known.set(id, entry)
    return true
  }

  async #patience(ids: ReadonlySet<Place>): Promise<void> {
    const ended = new AbortController()
    const signal = AbortSignal.any([ended.signal, this.#options.stop])
    const late = sleep(this.#waits.patience, true, { signal }).catch(() => true)
    for (let isLate = false; !isLate && this.#asked.size > this.#failing.size; ) {
      isLate = await Promise.race([late, Promise.race(this.#asked.values()).then(() => false)])
      if (!this.#ask(ids)) break
    }
    ended.abort()
  }

  /** Asks until there is an answer. Never rejects. `turn`: until the schemas before it are done. */
  async #find(place: Place, turn: Promise<unknown>): Promise<void> {
    // What is waited for to write keys has no id yet.
    const id = place === OUTPUT_KEY ? 0 : refOf(place).id
    const { client, watch, stop } = this.#options
    let wait = this.#waits.first
    for (let tries = 1; !stop.aborted; ) {
      try {
        if (place === OUTPUT_KEY) {
          await this.#options.outputKey!()
          this.#known.set(place, { until: Number.POSITIVE_INFINITY })
          return
        }
        const found = await client.schema(id, this.#formatOf(place) === 'protobuf')
        if (found !== undefined) return await this.#learn(place, found, turn)
        // Very many that are unknown are no slow registry.
        if (tries++ >= UNKNOWN_TRIES || this.#unknown > MANY_UNKNOWN)
          return this.#refuse(place, 'schema-unknown', this.#options.cache.unknown)
        await sleep(this.#waits.unknown, undefined, { signal: stop }).catch(() => {})
      } catch (error) {
        if (error instanceof SchemaFault && error.code === 'tagged-without-rule' && this.#options.tags?.waits)
          return this.#hold(place)
        if (error instanceof SchemaFault) return this.#refuse(place, error.code, Number.POSITIVE_INFINITY)
        if (!(error instanceof LetheError)) throw error
        this.#fails(place)
        watch.failed(id, error.code)
        await sleep(wait, undefined, { signal: stop }).catch(() => {})
        wait = Math.min(this.#waits.longest, wait * 2)
      }
    }
  }

  /** What waits for its turn behind it is not waited for either. */
  #fails(place: Place): void {
    this.#failing.add(place)
    for (const behind of this.#awaitTurn) this.#failing.add(behind)
  }

  async #comesTo(place: Place, turn: Promise<unknown>): Promise<void> {
    this.#awaitTurn.add(place)
    if (this.#failing.size > 0) this.#failing.add(place)
    await turn
    this.#awaitTurn.delete(place)
    this.#failing.delete(place)
  }

  async #learn(place: Place, found: FoundSchema, turn: Promise<unknown>): Promise<void> {
    const ref = refOf(place)
    const format = this.#formatOf(place)
    readWriterSchema(format, found)
    this.#options.tags?.check(found, ref.part, format)
    if (this.#isDescribed(place)) await this.#comesTo(place, turn)
    const described = ref.part === 'value' ? await this.#options.describe?.(found) : undefined
    const { text, references, names, tags } = found
    const schema = { text, references, names, tags }
    this.#put(place, { ...ref, schema, ...described }, Number.POSITIVE_INFINITY)
    this.#options.watch.known(ref.id)
  }

  #formatOf(place: Place): ValueFormat {
    const { key, value } = this.#options.form
    // Keys that are text name none.
    return refOf(place).part === 'key' ? (key.format as ValueFormat) : value.format
  }

  #refuse(place: Place, code: RecordCode, ms: number): void {
    const ref = refOf(place)
    this.#put(place, { ...ref, schema: code }, this.#now() + ms)
    if (code === 'schema-unknown') this.#unknown++
    this.#options.watch.refused(ref.id, code)
  }

  #hold(place: Place): void {
    this.#held.add(place)
    this.#options.watch.held(refOf(place).id)
    this.#noteHeld([place])
  }

  #put(place: Place, known: KnownSchema, until: number): void {
    this.#known.set(place, { until })
    this.#news.push(known)
  }

  /** Forgets what was used longest ago, but not what is used now. */
  #forget(used: ReadonlySet<Place>): void {
    const most = this.#options.cache.schemas + Math.min(this.#unknown, MOST_UNKNOWN)
    for (const place of this.#known.keys()) {
      if (this.#known.size <= most) return
      if (used.has(place)) continue
      const ref = refOf(place)
      this.#known.delete(place)
      this.#forgotten.push(ref)
      this.#news = this.#news.filter(({ id, part }) => id !== ref.id || part !== ref.part)
    }
  }

  /** Of each partition, the offset of the first record that has to wait. */
  #firstWaiting(records: PackedRecords): ReadonlyMap<string, Position> {
    const first = new Map<string, Position>()
    const waits = (id: number, place: Place): boolean => id >= 0 && !this.#known.has(place)
    const noKeys = this.#options.outputKey !== undefined && !this.#known.has(OUTPUT_KEY)
    for (let index = 0; index < records.length; index++) {
      const valueId = this.#ofValues ? records.valueFrame(index) : -1
      const keyId = this.#ofKeys ? records.keyFrame(index) : -1
      const isWaiting = noKeys || waits(valueId, valueId) || waits(keyId, ofKey(keyId))
      if (!isWaiting) continue
      const position = records.position(index)
      const partition = partitionKey(position)
      if (!first.has(partition)) first.set(partition, position)
    }
    return first
  }
}

/** What of a batch stands before these positions; all of the partitions that are not among them. */
function before(polled: Polled, ends: ReadonlyMap<string, Position>): Polled {
  const endOf = (at: { readonly topic: string; readonly partition: number }): number =>
    ends.get(partitionKey(at))?.offset ?? Number.POSITIVE_INFINITY
  return {
    epoch: polled.epoch,
    records: polled.records.before(endOf),
    next: polled.next.map((position) => ({
      ...position,
      offset: Math.min(position.offset, endOf(position)),
    })),
  }
}
