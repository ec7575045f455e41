/** What is asked of the brokers, one try each: topics, their settings, offsets, and what a group has committed. */
import type { PartitionMetadata } from 'kafkajs'
import { LetheError } from '../../../errors.ts'
import type { Presence, TopicSettings } from '../../admin.ts'
import type { DriverOptions } from '../../driver.ts'
import { offsetsOf, type Position, partitionKey, type TopicPartition } from '../../record.ts'
import { Brokers } from './brokers.ts'
import {
  CODE,
  causeIn,
  isForbidden,
  outdated,
  protocolCode,
  protocolFailure,
  RetriableError,
} from './failure.ts'
import type { KafkajsClient } from './kafkajs-client.ts'
import type { DescribedTopic, Node } from './private.ts'

/** As the requests of Kafka want them. */
export function byTopic<T extends TopicPartition, P>(
  positions: readonly T[],
  partitionOf: (position: T) => P,
): { topic: string; partitions: P[] }[] {
  const topics = new Map<string, P[]>()
  for (const position of positions) {
    const partitions = topics.get(position.topic) ?? []
    topics.set(position.topic, partitions)
    partitions.push(partitionOf(position))
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

const positionsOf = (
  topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
  }[],
): Position[] =>
  topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
  )

/** `latest` lies before open transactions. A number is a time in ms since the epoch. */
export type Edge = 'earliest' | 'latest' | 'end' | number

const COMMITTED_ONLY = 1
const TOPIC = 2

export class KafkajsCluster {
  readonly brokers: Brokers
  readonly #maxAge: number
  readonly #partitions: Map<
    string,
    { readonly until: number; readonly known: readonly PartitionMetadata[] }
  > = new Map()

  constructor(client: KafkajsClient) {
    this.brokers = new Brokers(client)
    this.#maxAge = client.settings.metadataMaxAge
  }

  async connect(): Promise<void> {
    await this.brokers.any()
  }

  close(): Promise<void> {
    return this.brokers.close()
  }

  /** @throws MissingTopic, LetheError where one is not there, or may not be seen */
  async #described(names: readonly string[]): Promise<readonly DescribedTopic[]> {
    const { topics } = await this.brokers.describe(names)
    for (const { name, errorCode } of topics)
      if (errorCode !== 0) throw protocolFailure(errorCode, undefined, `reading topic ${name}`)
    return topics
  }

  /** Partitions of a topic for the partitioner of kafkajs, as they were seen last. */
  async partitions(topic: string): Promise<readonly PartitionMetadata[]> {
    const seen = this.#partitions.get(topic)
    if (seen !== undefined && performance.now() < seen.until) return seen.known
    const [found] = await this.#described([topic])
    const known = found!.partitions.map(({ partition, leader, replicas, isr }) => ({
      partitionErrorCode: 0,
      partitionId: partition,
      leader,
      replicas: [...replicas],
      isr: [...isr],
    }))
    this.#partitions.set(topic, { until: performance.now() + this.#maxAge, known })
    return known
  }

  async settings(names: readonly string[]): Promise<ReadonlyMap<string, TopicSettings>> {
    if (names.length === 0) return new Map()
    const broker = await this.brokers.any()
    try {
      return await this.#settingsOf(broker, names)
    } catch (error) {
      // The answer does not say of which topic it is.
      if (protocolCode(error) === undefined || names.length === 1) {
        const presence = absenceOf(error)
        return new Map(names.map((name) => [name, { presence, values: new Map() }]))
      }
      const each = await Promise.all(names.map((name) => this.settings([name])))
      return new Map(each.flatMap((one) => [...one]))
    }
  }

  async #settingsOf(broker: Node, names: readonly string[]): Promise<ReadonlyMap<string, TopicSettings>> {
    const { resources } = await broker.describeConfigs({
      resources: names.map((name) => ({ type: TOPIC, name })),
    })
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        {
          presence: 'there',
          values: new Map(
            configEntries.flatMap(({ configName, configValue }) =>
              configValue === null ? [] : [[configName, configValue]],
            ),
          ),
        },
      ]),
    )
  }

  /** The topics of a route, sorted. Internal ones begin with two underscores. @throws LetheError where none matches */
  async topicNames(topics: DriverOptions['topics']): Promise<readonly string[]> {
    if (!('pattern' in topics)) return topics.toSorted()
    const pattern = new RegExp(`^(?:${topics.pattern})$`, 'u')
    const all = (await this.brokers.describe()).topics
    const names = all.flatMap(({ name }) => (!name.startsWith('__') && pattern.test(name) ? [name] : []))
    if (names.length > 0) return names.toSorted()
    throw new LetheError(
      'topic-missing',
      'no topic that this user may see matches the pattern of the route',
      'make the topic first, or look at the pattern and the rights',
    )
  }

  /** @throws MissingTopic */
  async partitionsOf(topics: readonly string[]): Promise<readonly TopicPartition[]> {
    return (await this.#described(topics)).flatMap(({ name, partitions }) =>
      partitions.map(({ partition }) => ({ topic: name, partition })),
    )
  }

  /** The leaders of partitions, each with those that it leads. */
  async byLeader<T extends TopicPartition>(
    partitions: readonly T[],
  ): Promise<readonly (readonly [Node, T[]])[]> {
    const topics = await this.#described([...new Set(partitions.map(({ topic }) => topic))])
    const leaders = new Map(
      topics.flatMap((topic) =>
        topic.partitions.map((one) => [partitionKey({ topic: topic.name, ...one }), one.leader] as const),
      ),
    )
    const shares = new Map<number, T[]>()
    for (const one of partitions) {
      const leader = leaders.get(partitionKey(one)) ?? -1
      shares.set(leader, [...(shares.get(leader) ?? []), one])
    }
    if (shares.has(-1)) throw new RetriableError('leader-not-available')
    return await Promise.all(
      [...shares].map(async ([leader, share]) => [await this.brokers.node(leader), share] as const),
    )
  }

  /** Where each log begins, ends, or has its first record of that time or later; a log without one is left out. */
  async offsets(partitions: readonly TopicPartition[], edge: Edge): Promise<readonly Position[]> {
    if (partitions.length === 0) return []
    const timestamp = edge === 'earliest' ? -2 : typeof edge === 'string' ? -1 : edge
    const isolationLevel = edge === 'end' ? 0 : COMMITTED_ONLY
    const answers = await Promise.all(
      (await this.byLeader(partitions)).map(async ([broker, share]) => {
        const topics = byTopic(share, ({ partition }) => ({ partition, timestamp }))
        return (await broker.listOffsets({ isolationLevel, topics })).responses
      }),
    )
    return positionsOf(answers.flat()).filter(({ offset }) => offset >= 0)
  }

  /** Moves the starts of logs forward, one request for each topic of a leader. Where each log starts then. */
  async deleteRecords(before: readonly Position[]): Promise<readonly Position[]> {
    const moved: Position[] = []
    for (const [broker, share] of await this.byLeader(before))
      for (const topic of byTopic(share, ({ partition, offset }) => ({ partition, offset: `${offset}` })))
        try {
          for (const { partitions } of (await broker.deleteRecords({ topics: [topic] })).topics)
            for (const { partition, lowWatermark } of partitions)
              moved.push({ topic: topic.topic, partition, offset: Number(lowWatermark) })
        } catch (error) {
          throw deletionFailure(error, topic.topic)
        }
    return moved
  }

  /** The committed offsets, of those partitions that have one. @throws LetheError where kafkajs has moved one */
  async committed(group: string, partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    if (partitions.length === 0) return []
    const coordinator = await this.brokers.coordinator(group)
    const topics = byTopic(partitions, ({ partition }) => ({ partition, offset: '' }))
    const { responses } = await coordinator.offsetFetch({ groupId: group, topics })
    const found = positionsOf(responses)
    const moved = found.find(({ offset }) => offset < -1)
    if (moved !== undefined)
      throw new LetheError(
        'offsets-lost',
        `topic ${moved.topic}, partition ${moved.partition}: the log did not hold the offset that the group had committed, and the process ended before it said which; records may be lost`,
        'set the offset of the group by hand (kafka-consumer-groups.sh --reset-offsets)',
      )
    return found.filter(({ offset }) => offset >= 0)
  }

  /**
   * Commits offsets from outside a group, which it takes only while it has no members. Undefined: done; else why the
   * group does not take them.
   */
  async commit(group: string, positions: readonly Position[]): Promise<string | undefined> {
    if (positions.length === 0) return undefined
    const coordinator = await this.brokers.coordinator(group)
    const topics = byTopic(positions, ({ partition, offset }) => ({ partition, offset: `${offset}` }))
    try {
      await coordinator.offsetCommit({ groupId: group, groupGenerationId: -1, memberId: '', topics })
      return undefined
    } catch (error) {
      const reason = outdated(error)
      if (reason === undefined) throw error
      return reason
    }
  }

  /**
   * Commits where the group starts, where it has committed nothing for the route yet. Called before joining: of two
   * processes that start at once, neither can move the other one back.
   */
  async commitStart({ group, topics, start }: DriverOptions): Promise<void> {
    const partitions = await this.partitionsOf(await this.topicNames(topics))
    if ((await this.committed(group, partitions)).length > 0) return
    const refused = await this.commit(group, await this.#startOffsets(partitions, start))
    if (refused === undefined || (await this.committed(group, partitions)).length > 0) return
    throw new LetheError(
      'group-conflict',
      `the consumer group ${group} has members that read other topics, or none of ours`,
      'give each route a group of its own',
    )
  }

  async #startOffsets(
    partitions: readonly TopicPartition[],
    start: DriverOptions['start'],
  ): Promise<readonly Position[]> {
    if (start === 'earliest') return await this.offsets(partitions, 'earliest')
    const ends = await this.offsets(partitions, 'latest')
    if (start === 'latest') return ends
    const found = new Map((await this.offsets(partitions, start.time)).map((one) => [partitionKey(one), one]))
    // No record is that young: start at the end.
    return ends.map((end) => found.get(partitionKey(end)) ?? end)
  }

  /**
   * The ends where `--until-end` stops, kept as offsets of a group that never has members. New ones are fixed where
   * there are none, or where the group has reached the last ones.
   */
  async fixEnds({ group, topics }: DriverOptions): Promise<readonly Position[]> {
    const keeper = `${group}.until-end`
    const partitions = await this.partitionsOf(await this.topicNames(topics))
    const fixed = await this.committed(keeper, partitions)
    const settled = offsetsOf(await this.committed(group, partitions))
    // A partition that came while the run goes on is none of its.
    if (fixed.some((end) => (settled.get(partitionKey(end)) ?? 0) < end.offset)) return fixed
    await this.commit(keeper, await this.offsets(partitions, 'latest'))
    // The process that fixed them last has fixed them for all.
    return await this.committed(keeper, partitions)
  }
}

/** Why the settings of a topic are not known. @throws the error, where it says something else */
function absenceOf(error: unknown): Presence | 'unsupported' {
  if (isForbidden(error)) return 'forbidden'
  if (protocolCode(error) === CODE.unknownTopicOrPartition) return 'missing'
  if (causeIn(error).name === 'KafkaJSServerDoesNotSupportApiKey') return 'unsupported'
  throw error
}

/** What keeps records from being deleted. kafkajs wraps the code of the broker in a list of partitions. */
function deletionFailure(error: unknown, topic: string): unknown {
  const { partitions } = error as { readonly partitions?: readonly { readonly error: unknown }[] }
  const cause = partitions?.[0]?.error ?? error
  if (isForbidden(cause))
    return new LetheError(
      'right-missing',
      `records of topic ${topic} may not be deleted by this user: the right Delete on the topic is missing`,
      '`lethe acl PIPELINE --for retain` prints the commands that grant what this job needs',
    )
  const code = protocolCode(cause)
  if (code === CODE.offsetOutOfRange)
    return new LetheError(
      'target-changed',
      `the log of topic ${topic} does not reach the offset that was named; nothing of that partition was deleted`,
      'make another order',
    )
  if (code === CODE.policyViolation)
    return new LetheError(
      'broker-refused',
      `the broker deletes no records of topic ${topic}, since its cleanup.policy has no \`delete\``,
      'what goes from such a topic goes by its keys',
    )
  return cause
}
