/** Outputs on their way to the partitions that they go to, in chunks that a broker takes. */
import { LetheError } from '../../../errors.ts'
import { Refused } from '../../driver.ts'
import type { OutputRecord, Outputs } from '../../record.ts'
import { BATCH_OVERHEAD, mostBytes, writeBatch } from './batch-writer.ts'
import type { Brokers } from './brokers.ts'
import type { Compression } from './codecs.ts'
import { CODE } from './failure.ts'
import { Partitioner } from './partitioner.ts'

/** Some of a partition's outputs, which make one record batch. */
export interface LaneChunk {
  readonly records: readonly OutputRecord[]
  /** Their places in what is sent. */
  readonly places: readonly number[]
  /** Once written, it stays as it is: a batch that is sent again must be the same. */
  batch: Buffer | undefined
  /** Under whose name and number it went out. */
  sent: { readonly producerId: number; readonly sequence: number } | undefined
}

export interface Lane {
  readonly topic: string
  readonly partition: number
  readonly chunks: LaneChunk[]
}

/** What a chunk holds at most, whatever the broker would take. */
const MOST_CHUNK_BYTES = 1 << 20
/** Where the broker does not tell: a little below its default. */
const DEFAULT_LIMIT = 1_000_000
/** Bytes that cannot be compressed grow; snappy's by a sixth. */
const COMPRESSED_SHARE = 0.8
const LIMIT_MS = 60_000

interface Limit {
  readonly bytes: number
  /** Whether the broker says so. */
  readonly known: boolean
  readonly at: number
}

/** A lane with the chunk that is being filled. */
interface Open {
  readonly lane: Lane
  places: number[]
  bytes: number
}

interface Target {
  count: number
  /** What a chunk may weigh. */
  readonly limit: number
  /** By partition. */
  readonly lanes: (Open | undefined)[]
}

export class Lanes {
  readonly #brokers: Brokers
  readonly #compression: Compression
  readonly #partitioner = new Partitioner()
  readonly #limits: Map<string, Limit> = new Map()

  constructor(brokers: Brokers) {
    this.#brokers = brokers
    this.#compression = brokers.settings.compression
  }

  /**
   * Gives each output its partition and its chunk.
   * @throws Moment; LetheError; Refused where a record is too large alone
   */
  async split(given: Outputs): Promise<readonly Lane[]> {
    const outputs = [...given]
    const targets = new Map<string, Target>()
    for (const [place, record] of outputs.entries()) {
      const { topic, partition: wanted, key } = record
      let target = targets.get(topic)
      if (target === undefined) {
        target = await this.#targetOf(topic)
        targets.set(topic, target)
      }
      if (wanted !== undefined && wanted >= target.count) target.count = await this.#countAgain(topic, wanted)
      const partition = wanted ?? this.#partitioner.partitionOf(key, target.count)
      let open = target.lanes[partition]
      if (open === undefined) {
        open = { lane: { topic, partition, chunks: [] }, places: [], bytes: BATCH_OVERHEAD }
        target.lanes[partition] = open
      }
      const size = mostBytes(record)
      if (open.places.length > 0 && open.bytes + size > target.limit) close(open, outputs)
      if (BATCH_OVERHEAD + size > target.limit) await this.#weigh(record, place)
      open.places.push(place)
      open.bytes += size
    }
    const lanes: Lane[] = []
    for (const target of targets.values())
      for (const open of target.lanes) {
        if (open === undefined) continue
        close(open, outputs)
        lanes.push(open.lane)
      }
    return lanes
  }

  async #targetOf(topic: string): Promise<Target> {
    const count = (await this.#brokers.partitionsOf(topic, `writing topic ${topic}`)).length
    return { count, limit: this.#target(await this.limitOf(topic)), lanes: [] }
  }

  /** The topic may have grown. @throws LetheError where it has no such partition */
  async #countAgain(topic: string, wanted: number): Promise<number> {
    this.#brokers.forget(topic)
    const { length } = await this.#brokers.partitionsOf(topic, `writing topic ${topic}`)
    if (wanted < length) return length
    throw new LetheError(
      'topic-missing',
      `topic ${topic} has ${length} partitions, and there is a record for partition ${wanted}`,
      'give it as many as the input has, or write `partition: key`',
    )
  }

  #target({ bytes }: Limit): number {
    const share = this.#compression === 'none' ? bytes : Math.floor(bytes * COMPRESSED_SHARE)
    return Math.min(MOST_CHUNK_BYTES, share)
  }

  /** A large record is refused here, before anything is sent. @throws Refused */
  async #weigh(record: OutputRecord, place: number): Promise<void> {
    const { length } = await writeBatch([record], this.#compression, 0)
    const known = await this.limitOf(record.topic)
    if (!known.known || length <= known.bytes) return
    // The topic may take more by now.
    this.#limits.delete(record.topic)
    if (length > (await this.limitOf(record.topic)).bytes) throw new Refused('output-too-large', place)
  }

  /** What one record batch into the topic may weigh. @throws Moment, LetheError */
  async limitOf(topic: string): Promise<Limit> {
    const known = this.#limits.get(topic)
    if (known !== undefined && performance.now() - known.at < LIMIT_MS) return known
    const bytes = await this.#ask(topic)
    const limit = { bytes: bytes ?? DEFAULT_LIMIT, known: bytes !== undefined, at: performance.now() }
    this.#limits.set(topic, limit)
    return limit
  }

  /** What was known of the topic's limit is wrong. */
  forget(topic: string): void {
    this.#limits.delete(topic)
  }

  async #ask(topic: string): Promise<number | undefined> {
    const link = await this.#brokers.any()
    if (link.versionOf('DescribeConfigs') === undefined) return undefined
    const { resources } = await link.call<{
      readonly resources: readonly {
        readonly errorCode: number
        readonly configEntries: readonly {
          readonly configName: string
          readonly configValue: string | null
        }[]
      }[]
    }>('DescribeConfigs', { resources: [{ type: 2, name: topic, configNames: ['max.message.bytes'] }] })
    const answer = resources[0]
    // Whoever may not ask sends what is usual, in halves if that is refused.
    if (answer === undefined || answer.errorCode !== CODE.none) return undefined
    const value = answer.configEntries.find(
      ({ configName }) => configName === 'max.message.bytes',
    )?.configValue
    return value === undefined || value === null ? undefined : Number(value)
  }
}

function close(open: Open, outputs: readonly OutputRecord[]): void {
  if (open.places.length === 0) return
  open.lane.chunks.push(chunkOf(open.places, outputs))
  open.places = []
  open.bytes = BATCH_OVERHEAD
}

const chunkOf = (places: readonly number[], outputs: readonly OutputRecord[]): LaneChunk => ({
  places,
  records: places.map((place) => outputs[place]!),
  batch: undefined,
  sent: undefined,
})

/** Two halves in the place of the first chunk, which no broker has taken. */
export function halve({ chunks }: Lane): void {
  const { records, places } = chunks.shift()!
  const middle = records.length >> 1
  const part = (from: number, to: number): LaneChunk => ({
    records: records.slice(from, to),
    places: places.slice(from, to),
    batch: undefined,
    sent: undefined,
  })
  chunks.unshift(part(0, middle), part(middle, records.length))
}
