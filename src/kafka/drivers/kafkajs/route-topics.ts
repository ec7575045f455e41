/** The topics of a route, and where its group starts and ends: explicit offsets, committed before a record is read. */
import { LetheError } from '../../../errors.ts'
import type { DriverOptions } from '../../driver.ts'
import type { Position, TopicPartition } from '../../record.ts'
import type { Brokers } from './brokers.ts'
import { CODE } from './failure.ts'
import { type Generation, Group, keyOf, listOffsets } from './offsets.ts'

type Topics = DriverOptions['topics']

/**
 * The names of the route's topics, sorted. A pattern goes over what the broker lists; internal topics never match.
 * @throws Moment; LetheError where one is missing for longer than `patience` milliseconds, or none matches
 */
export async function topicNames(
  brokers: Brokers,
  topics: Topics,
  patience?: number,
): Promise<readonly string[]> {
  if (!('pattern' in topics)) {
    await brokers.refresh(topics)
    for (const topic of topics) await brokers.partitionsOf(topic, `reading topic ${topic}`, patience)
    return topics.toSorted()
  }
  const pattern = new RegExp(`^(?:${topics.pattern})$`, 'u')
  const { topicMetadata } = await brokers.refresh()
  const names = topicMetadata
    .filter(({ topicErrorCode, isInternal, topic }) => {
      return topicErrorCode === CODE.none && !isInternal && !topic.startsWith('__') && pattern.test(topic)
    })
    .map(({ topic }) => topic)
  if (names.length === 0)
    throw new LetheError(
      'topic-missing',
      'no topic that this user may see matches the pattern of the route',
      'make the topic first, or look at the pattern and the rights',
    )
  return names.toSorted()
}

/** @throws Moment, LetheError */
export async function partitionsOf(
  brokers: Brokers,
  names: readonly string[],
): Promise<readonly TopicPartition[]> {
  const partitions: TopicPartition[] = []
  for (const topic of names)
    for (const { partitionId } of await brokers.partitionsOf(topic, `reading topic ${topic}`))
      partitions.push({ topic, partition: partitionId })
  return partitions
}

/**
 * Commits where the group starts, where it has committed nothing for the route yet. Called before joining, and
 * committed from outside, which the coordinator takes only while the group has no member: so of two processes that
 * start at once, neither can move the other one back.
 * @throws Moment, LetheError
 */
export async function commitStart(
  brokers: Brokers,
  group: Group,
  { topics, start }: Pick<DriverOptions, 'topics' | 'start'>,
): Promise<void> {
  const partitions = await partitionsOf(brokers, await topicNames(brokers, topics, 0))
  if ((await group.committed(partitions)).length > 0) return
  const refused = await group.commit(await startOffsets(brokers, partitions, start))
  if (refused === undefined || (await group.committed(partitions)).length > 0) return
  throw new LetheError(
    'group-conflict',
    `the consumer group ${group.name} has members that read other topics, or none of ours`,
    'give each route a group of its own',
  )
}

async function startOffsets(
  brokers: Brokers,
  partitions: readonly TopicPartition[],
  start: DriverOptions['start'],
): Promise<readonly Position[]> {
  if (start === 'earliest') return await listOffsets(brokers, partitions, 'earliest')
  const ends = await listOffsets(brokers, partitions, 'latest')
  if (start === 'latest') return ends
  const found = new Map((await listOffsets(brokers, partitions, start.time)).map((one) => [keyOf(one), one]))
  // No record is that young: start at the end.
  return ends.map((end) => found.get(keyOf(end)) ?? end)
}

/** Where a member begins; a partition that the group has never seen is read from its beginning. @throws Moment, LetheError */
export async function findPositions(
  brokers: Brokers,
  group: Group,
  partitions: readonly TopicPartition[],
  as: Generation,
): Promise<readonly Position[]> {
  const known = await group.committed(partitions)
  const keys = new Set(known.map(keyOf))
  const fresh = partitions.filter((one) => !keys.has(keyOf(one)))
  const found = await listOffsets(brokers, fresh, 'earliest')
  await group.commit(found, as)
  return [...known, ...found]
}

/**
 * The ends where `--until-end` stops, kept as offsets of a group that never has members. New ones are fixed where
 * there are none, or where the group has reached the last ones.
 * @throws Moment, LetheError
 */
export async function fixEnds(brokers: Brokers, group: Group, topics: Topics): Promise<readonly Position[]> {
  const keeper = new Group(brokers, `${group.name}.until-end`)
  const partitions = await partitionsOf(brokers, await topicNames(brokers, topics))
  const fixed = await keeper.committed(partitions)
  const settled = new Map((await group.committed(partitions)).map((one) => [keyOf(one), one.offset]))
  // A partition that came while the run goes on is none of its.
  if (fixed.some((end) => (settled.get(keyOf(end)) ?? 0) < end.offset)) return fixed
  await keeper.commit(await listOffsets(brokers, partitions, 'latest'))
  // Whoever fixed them last has fixed them for all.
  return await keeper.committed(partitions)
}
