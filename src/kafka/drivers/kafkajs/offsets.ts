/** Offsets: those a group has committed, and where a log begins, ends, or reaches a time. One try each. */
import type { Position, TopicPartition } from '../../record.ts'
import type { Brokers } from './brokers.ts'
import { CODE, codeFailure, codeName, isMoved, Moment } from './failure.ts'
import type { Link } from './link.ts'

export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** As Kafka's requests want them. */
export function byTopic<T extends TopicPartition, P>(
  positions: readonly T[],
  partitionOf: (position: T) => P,
): { readonly topic: string; readonly partitions: readonly P[] }[] {
  const topics = new Map<string, P[]>()
  for (const position of positions) {
    const partitions = topics.get(position.topic) ?? []
    topics.set(position.topic, partitions)
    partitions.push(partitionOf(position))
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

interface Answer<P> {
  readonly errorCode?: number
  readonly responses: readonly { readonly topic: string; readonly partitions: readonly P[] }[]
}

interface PartitionAnswer {
  readonly partition: number
  readonly errorCode: number
  readonly offset: string
}

/** A member of a group in one of its generations; offsets are committed as such, or from outside. */
export interface Generation {
  readonly generationId: number
  readonly memberId: string
}

export class Group {
  readonly name: string
  readonly #brokers: Brokers
  #coordinator: number | undefined
  #isForbidden = false

  constructor(brokers: Brokers, name: string) {
    this.#brokers = brokers
    this.name = name
  }

  /** A link to the broker that keeps the group. @throws Moment, LetheError */
  async coordinator(channel: 'data' | 'group' = 'data'): Promise<Link> {
    if (this.#coordinator === undefined) {
      const { errorCode, coordinator } = await (await this.#brokers.any()).call<{
        readonly errorCode: number
        readonly coordinator: { readonly nodeId: number }
      }>('GroupCoordinator', { groupId: this.name, coordinatorType: 0 })
      this.check(errorCode)
      this.#coordinator = coordinator.nodeId
    }
    try {
      return await this.#brokers.node(this.#coordinator, channel)
    } catch (error) {
      this.forget()
      throw error
    }
  }

  /** Whether a right on the group was found missing. */
  get isForbidden(): boolean {
    return this.#isForbidden
  }

  /** The coordinator is to be looked up anew. */
  forget(): void {
    this.#coordinator = undefined
  }

  /** Makes a request to the coordinator; forgets it where it is another one by now, or away. */
  async call<T>(api: string, args: object, channel: 'data' | 'group' = 'data'): Promise<T> {
    const link = await this.coordinator(channel)
    try {
      return await link.call<T>(api, { groupId: this.name, ...args })
    } catch (error) {
      if (error instanceof Moment) this.forget()
      throw error
    }
  }

  /** Judges an answer's code. @throws Moment, LetheError */
  check(code: number): void {
    if (code === CODE.none) return
    if (isMoved(code)) this.forget()
    if (code === CODE.groupAuthorizationFailed) this.#isForbidden = true
    throw codeFailure(code, `using the consumer group ${this.name}`)
  }

  /** The committed offsets, of those partitions that have one. @throws Moment, LetheError */
  async committed(partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    if (partitions.length === 0) return []
    const answer = await this.call<Answer<PartitionAnswer>>('OffsetFetch', {
      topics: byTopic(partitions, ({ partition }) => ({ partition })),
    })
    this.check(answer.errorCode ?? CODE.none)
    return answer.responses.flatMap(({ topic, partitions: found }) =>
      found.flatMap(({ partition, errorCode, offset }) => {
        // A topic that is gone has no offsets either.
        if (errorCode === CODE.unknownTopicOrPartition) return []
        this.check(errorCode)
        return Number(offset) < 0 ? [] : [{ topic, partition, offset: Number(offset) }]
      }),
    )
  }

  /**
   * Commits offsets as a member, or from outside, which a group with members refuses. Undefined: done; else why the
   * group does not take them from this sender.
   * @throws Moment, LetheError
   */
  async commit(positions: readonly Position[], as?: Generation): Promise<string | undefined> {
    if (positions.length === 0) return undefined
    const answer = await this.call<Answer<{ readonly partition: number; readonly errorCode: number }>>(
      'OffsetCommit',
      {
        groupGenerationId: as?.generationId ?? -1,
        memberId: as?.memberId ?? '',
        topics: byTopic(positions, ({ partition, offset }) => ({ partition, offset })),
      },
      as === undefined ? 'data' : 'group',
    )
    const codes = answer.responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
    const outdated = codes.find((code) => OUTDATED.has(code))
    if (outdated !== undefined) return codeName(outdated)
    for (const code of codes) this.check(code)
    return undefined
  }
}

/** The sender is not, or is no more, a member in this generation. */
const OUTDATED: ReadonlySet<number> = new Set([
  CODE.illegalGeneration,
  CODE.unknownMemberId,
  CODE.rebalanceInProgress,
])

/** `latest` is the end for read_committed: before open transactions. A number is a time in ms since the epoch. */
export type Edge = 'earliest' | 'latest' | number

const TIMES = { latest: -1, earliest: -2 } as const

/**
 * Where each log begins, ends, or has its first record of that time or later; a log without one is left out.
 * @throws Moment, LetheError
 */
export async function listOffsets(
  brokers: Brokers,
  partitions: readonly TopicPartition[],
  edge: Edge,
): Promise<readonly Position[]> {
  const leaders = new Map<number, TopicPartition[]>()
  for (const partition of partitions) {
    const leader = await brokers.leaderOf(partition, `asking for offsets of topic ${partition.topic}`)
    leaders.set(leader, [...(leaders.get(leader) ?? []), partition])
  }
  const timestamp = typeof edge === 'number' ? edge : TIMES[edge]
  const found = await Promise.all(
    [...leaders].map(async ([node, led]) => {
      const { responses } = await (await brokers.node(node)).call<Answer<PartitionAnswer>>('ListOffsets', {
        isolationLevel: 1,
        topics: byTopic(led, ({ partition }) => ({ partition, timestamp })),
      })
      return responses
    }),
  )
  return found.flat().flatMap(({ topic, partitions: answers }) =>
    answers.flatMap(({ partition, errorCode, offset }) => {
      brokers.check(errorCode, topic, `asking for offsets of topic ${topic}`)
      return Number(offset) < 0 ? [] : [{ topic, partition, offset: Number(offset) }]
    }),
  )
}
