/** Where a group starts and where it ends: explicit offsets, committed before the first record is read. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../../errors.ts'
import type { DriverOptions } from '../../driver.ts'
import { topicMatcher } from '../../pipeline-file/topics.ts'
import { type Position, partitionKey, type TopicPartition } from '../../record.ts'
import { type Consumer, call } from './client.ts'
import { asClientError, isOutdated, isPassing } from './client-errors.ts'

const QUERY_MS = 10_000
const RETRIES = 5
const RETRY_MS = 200

/** Asks again while the broker is busy with something else. */
export async function asking<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (tries === RETRIES || !isPassing(asClientError(error))) throw error
      // Some errors come at once: without a pause all tries would be over before anything changed.
      await sleep(RETRY_MS * tries)
    }
  }
}

interface Metadata {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly id: number }[]
  }[]
}

/** All partitions of the route's topics, as the brokers list them now. */
export async function partitionsOf(
  consumer: Consumer,
  topics: DriverOptions['topics'],
): Promise<readonly TopicPartition[]> {
  const metadata = await asking(() =>
    call<Metadata>((done) =>
      consumer.getMetadata({ timeout: QUERY_MS }, done as Parameters<Consumer['getMetadata']>[1]),
    ),
  )
  const isWanted = topicMatcher(topics)
  const found = metadata.topics.filter(({ name, partitions }) => isWanted(name) && partitions.length > 0)
  if (!('pattern' in topics)) {
    const missing = topics.filter((topic) => !found.some(({ name }) => name === topic))
    if (missing.length > 0)
      throw new LetheError(
        'topic-missing',
        `the input topic ${missing.join(', ')} does not exist, or may not be seen`,
        'make it, or see `lethe doctor PIPELINE`',
      )
  } else if (found.length === 0)
    throw new LetheError(
      'topic-missing',
      'no topic that this user may see matches the pattern of the route',
      'make the topic first, or look at the pattern and the rights',
    )
  return found.flatMap(({ name, partitions }) => partitions.map(({ id }) => ({ topic: name, partition: id })))
}

export async function watermarks(
  consumer: Consumer,
  { topic, partition }: TopicPartition,
): Promise<{ readonly low: number; readonly high: number }> {
  const found = await asking(() =>
    call<{ lowOffset: number; highOffset: number }>((done) =>
      consumer.queryWatermarkOffsets(topic, partition, QUERY_MS, done),
    ),
  )
  return { low: found.lowOffset, high: found.highOffset }
}

/** @throws LetheError where the log no longer reaches, or never did; `isKept`: the position is not that of the group */
export function checkRange(
  { topic, partition, offset }: Position,
  low: number,
  high: number,
  isKept: boolean = false,
): void {
  if (offset < low)
    throw new LetheError(
      'offsets-lost',
      `topic ${topic}, partition ${partition}: up to ${low - offset} records (offsets ${offset} to ${low - 1}) were deleted before they were read`,
      'if that loss is accepted, set the offset of the group by hand (kafka-consumer-groups.sh --reset-offsets)',
    )
  if (offset > high)
    throw new LetheError(
      'offsets-lost',
      `topic ${topic}, partition ${partition}: the ${isKept ? 'data set' : 'group'} stands at offset ${offset}, the log ends at ${high}`,
      isKept
        ? 'the topic was created again, or lost records: begin another data set, in a folder and with a group of its own'
        : 'the topic was created again, or lost records: use a new group, or reset its offsets by hand',
    )
}

/** The committed offsets; undefined where there is none. */
export async function committed(
  consumer: Consumer,
  partitions: readonly TopicPartition[],
): Promise<readonly (number | undefined)[]> {
  if (partitions.length === 0) return []
  const found = await asking(() =>
    call<readonly (TopicPartition & { readonly offset?: number })[]>((done) =>
      consumer.committed([...partitions] as never, QUERY_MS, done as never),
    ),
  )
  return partitions.map(({ topic, partition }) => {
    const offset = found.find((one) => one.topic === topic && one.partition === partition)?.offset
    return offset === undefined || offset < 0 ? undefined : offset
  })
}

/** What goes to a client as offsets. */
export const plain = (
  positions: readonly Position[],
): { topic: string; partition: number; offset: number }[] =>
  positions.map(({ topic, partition, offset }) => ({ topic, partition, offset }))

/** By partition, the offset that a group has committed; undefined: none. */
export type Committed = ReadonlyMap<string, number | undefined>

/** Commits from outside of the group: refused while it has members. False then. */
function commitFromOutside(consumer: Consumer, positions: readonly Position[]): boolean {
  try {
    consumer.commitSync(plain(positions))
    return true
  } catch (error) {
    if (isOutdated(asClientError(error).code)) return false
    throw error
  }
}

/**
 * Commits where the group starts, if it has committed nothing of the route yet. Called before joining. A topic or
 * partition that appears later has no offset, and is read from its beginning. Gives what the group had committed.
 */
export async function commitStart(consumer: Consumer, options: DriverOptions): Promise<Committed> {
  const partitions = await partitionsOf(consumer, options.topics)
  const known = await committed(consumer, partitions)
  const before: Committed = new Map(partitions.map((partition, at) => [partitionKey(partition), known[at]]))
  const hasRead = known.some((offset) => offset !== undefined)
  const { keeper } = options
  const kept = await keeper?.begun(partitions, hasRead)
  if (kept !== undefined) {
    // What ends at committed offsets goes by these.
    const positions: Position[] = []
    for (const [at, partition] of partitions.entries()) {
      const [offset, other] = [kept[at], known[at]]
      if (offset === undefined || offset === other) continue
      // Unless the group has passed what is gone by now, see `RdkafkaMembership`.
      if (other !== undefined && other > offset && offset < (await watermarks(consumer, partition)).low)
        continue
      positions.push({ ...partition, offset })
    }
    if (positions.length > 0) commitFromOutside(consumer, positions)
    return before
  }
  if (keeper === undefined && hasRead) return before
  const starts = await startOffsets(consumer, partitions, options.start)
  await keeper?.begin(starts)
  commitFromOutside(consumer, starts)
  return before
}

async function startOffsets(
  consumer: Consumer,
  partitions: readonly TopicPartition[],
  start: DriverOptions['start'],
): Promise<readonly Position[]> {
  const edges: Position[] = []
  for (const partition of partitions) {
    const { low, high } = await watermarks(consumer, partition)
    edges.push({ ...partition, offset: start === 'earliest' ? low : high })
  }
  if (typeof start === 'string') return edges
  const byTime = await asking(() =>
    call<readonly Position[]>((done) =>
      consumer.offsetsForTimes(
        partitions.map((partition) => ({ ...partition, offset: start.time })),
        QUERY_MS,
        done as never,
      ),
    ),
  )
  // No record is that young: start at the end.
  return edges.map((edge) => {
    const found = byTime.find(({ topic, partition }) => topic === edge.topic && partition === edge.partition)
    return found === undefined || found.offset < 0 ? edge : { ...edge, offset: found.offset }
  })
}

/**
 * The ends that `--until-end` stops at, kept as committed offsets of a group of its own, that never has a member. New
 * ones are fixed where none are, or where all of the last ones are reached: by what the group has committed, or had
 * `before` it was moved back to where its outputs end, with no record between.
 */
export async function fixEnds(
  keeper: Consumer,
  group: Consumer,
  options: DriverOptions,
  before: Committed,
): Promise<readonly Position[]> {
  const partitions = await partitionsOf(keeper, options.topics)
  const fixed = await committed(keeper, partitions)
  const settled = await committed(group, partitions)
  const isReached = (i: number): boolean =>
    fixed[i] === undefined ||
    Math.max(settled[i] ?? 0, before.get(partitionKey(partitions[i]!)) ?? 0) >= fixed[i]
  const ends: Position[] = []
  const running = partitions.some((_, i) => !isReached(i))
  for (const [i, partition] of partitions.entries()) {
    if (running) {
      // A partition that came while the run went on is none of its.
      if (fixed[i] !== undefined) ends.push({ ...partition, offset: fixed[i] })
    } else ends.push({ ...partition, offset: (await watermarks(keeper, partition)).high })
  }
  if (!running && ends.length > 0) commitFromOutside(keeper, ends)
  return ends
}
