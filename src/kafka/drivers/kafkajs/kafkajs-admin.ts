/** The admin port over kafkajs. */
import { LetheError } from '../../../errors.ts'
import type {
  Admin,
  ClusterDescription,
  Creation,
  GroupDescription,
  Presence,
  Reader,
  TopicDescription,
  TopicPlan,
  TopicSettings,
} from '../../admin.ts'
import type { BatchBounds, Connection, DriverEvent } from '../../driver.ts'
import type { OutputRecord, Position, TopicPartition } from '../../record.ts'
import { describe, describeGroup, releaseOf, rightsOf } from './admin-requests.ts'
import { Brokers, OPEN_MS } from './brokers.ts'
import { CODE, codeFailure, codeName, isMissingRight, Moment } from './failure.ts'
import { Fetcher } from './fetcher.ts'
import { type Edge, Group, listOffsets } from './offsets.ts'
import { Sender } from './sender.ts'

const WRITE_MS = 120_000
/** The kind of coordinator that FindCoordinator looks up: of groups, or of these. */
const TRANSACTIONS = 1

export async function kafkajsAdmin(
  connection: Connection,
  onEvent: (event: DriverEvent) => void,
): Promise<Admin> {
  const brokers = new Brokers(connection, onEvent)
  try {
    await brokers.open()
  } catch (error) {
    await brokers.close()
    throw error
  }
  return new KafkajsAdmin(brokers, onEvent)
}

/** @throws Moment, LetheError where the code says neither */
function presenceOf(code: number, what: string): Presence {
  if (code === CODE.none) return 'there'
  if (code === CODE.unknownTopicOrPartition) return 'missing'
  if (isMissingRight(code)) return 'forbidden'
  throw codeFailure(code, what)
}

class KafkajsAdmin implements Admin {
  readonly #brokers: Brokers
  readonly #onEvent: (event: DriverEvent) => void
  constructor(brokers: Brokers, onEvent: (event: DriverEvent) => void) {
    this.#brokers = brokers
    this.#onEvent = onEvent
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await this.#brokers.insistFor(OPEN_MS, question)
    } catch (error) {
      if (!(error instanceof Moment)) throw error
      throw new LetheError(
        'broker-unreachable',
        `the brokers did not answer within ${OPEN_MS / 1000} s (${error.code})`,
        'look whether they are well, and try again',
      )
    }
  }

  async cluster(): Promise<ClusterDescription> {
    return await this.#ask(async () => {
      const link = await this.#brokers.any()
      const { clusterId, brokers, clusterRights } = await describe(link, [])
      return {
        id: clusterId ?? undefined,
        release: await releaseOf(link),
        brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })),
        rights: rightsOf(clusterRights),
      }
    })
  }

  async topics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    const { topics } = await this.#ask(async () => describe(await this.#brokers.any(), names))
    return topics.map(({ name, errorCode, isInternal, partitions, rights }) => ({
      name,
      presence: presenceOf(errorCode, `looking at topic ${name}`),
      isInternal,
      partitions: partitions
        .map(({ partition, leader, replicas, isr }) => ({
          partition,
          hasLeader: leader >= 0,
          replicas: replicas.length,
          inSync: isr.length,
        }))
        .toSorted((a, b) => a.partition - b.partition),
      rights: rightsOf(rights),
    }))
  }

  async settings(names: readonly string[]): Promise<ReadonlyMap<string, TopicSettings>> {
    if (names.length === 0) return new Map()
    const answer = await this.#ask(async () => {
      const link = await this.#brokers.any()
      if (link.versionOf('DescribeConfigs') === undefined) return undefined
      return await link.call<{
        readonly resources: readonly {
          readonly errorCode: number
          readonly resourceName: string
          readonly configEntries: readonly {
            readonly configName: string
            readonly configValue: string | null
          }[]
        }[]
      }>('DescribeConfigs', { resources: names.map((name) => ({ type: 2, name })) })
    })
    if (answer === undefined)
      return new Map(names.map((name) => [name, { presence: 'unsupported', values: new Map() }]))
    const { resources } = answer
    return new Map(
      resources.map(({ errorCode, resourceName, configEntries }) => [
        resourceName,
        {
          presence: presenceOf(errorCode, `looking at the settings of topic ${resourceName}`),
          values: new Map(
            configEntries.flatMap(({ configName, configValue }) =>
              configValue === null ? [] : [[configName, configValue]],
            ),
          ),
        },
      ]),
    )
  }

  async createTopics(
    plans: readonly TopicPlan[],
    isTrial: boolean = false,
  ): Promise<ReadonlyMap<string, Creation>> {
    const topics = plans.map(({ name, partitions, replication, settings }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: replication ?? -1,
      configEntries: [...settings].map(([key, value]) => ({ name: key, value })),
    }))
    const { topicErrors } = await this.#ask(async () => {
      const { controllerId } = await this.#brokers.refresh(plans.map(({ name }) => name))
      const link = await this.#brokers.node(controllerId)
      return await link.call<{ readonly topicErrors: readonly { topic: string; errorCode: number }[] }>(
        'CreateTopics',
        { topics, validateOnly: isTrial, timeout: OPEN_MS },
      )
    })
    return new Map(topicErrors.map(({ topic, errorCode }) => [topic, creationOf(errorCode)]))
  }

  async group(name: string): Promise<GroupDescription> {
    return await this.#ask(async () => {
      const group = new Group(this.#brokers, name)
      try {
        const { errorCode, state, members, rights } = await describeGroup(await group.coordinator(), name)
        if (isMissingRight(errorCode)) return FORBIDDEN
        group.check(errorCode)
        const presence = state === 'Dead' ? 'missing' : 'there'
        return { presence, state, members, rights: rightsOf(rights) }
      } catch (error) {
        // Looking up the coordinator needs a right on the group as well.
        if (group.isForbidden) return FORBIDDEN
        throw error
      }
    })
  }

  async mayDescribeTransactions(transactionalId: string): Promise<boolean> {
    return await this.#ask(async () => {
      const { errorCode } = await (await this.#brokers.any()).call<{ readonly errorCode: number }>(
        'GroupCoordinator',
        { groupId: transactionalId, coordinatorType: TRANSACTIONS },
      )
      if (errorCode === CODE.none) return true
      if (isMissingRight(errorCode)) return false
      throw codeFailure(errorCode, 'looking at transactions')
    })
  }

  async committed(
    name: string,
    partitions: readonly TopicPartition[],
  ): Promise<readonly Position[] | undefined> {
    const group = new Group(this.#brokers, name)
    try {
      return await this.#ask(() => group.committed(partitions))
    } catch (error) {
      if (group.isForbidden) return undefined
      throw error
    }
  }

  async offsets(partitions: readonly TopicPartition[], edge: Edge): Promise<readonly Position[]> {
    return await this.#ask(() => listOffsets(this.#brokers, partitions, edge))
  }

  async write(records: readonly OutputRecord[]): Promise<void> {
    const sender = new Sender(this.#brokers)
    await this.#ask(() => sender.open())
    if (!(await sender.send(records, AbortSignal.timeout(WRITE_MS))))
      throw new LetheError(
        'broker-unreachable',
        'the brokers did not take the records in time',
        'look whether they are well',
      )
  }

  read(from: readonly Position[]): Reader {
    let failure: unknown
    const fetcher = new Fetcher(this.#brokers, {
      retry: (code) => this.#onEvent({ kind: 'retry', code }),
      failed: (error) => {
        failure ??= error
      },
    })
    fetcher.read(from)
    fetcher.start()
    return {
      take: async (bounds: BatchBounds) => {
        const taken = await fetcher.take(bounds)
        if (failure !== undefined) throw failure
        return { records: [...(taken?.records ?? [])], next: taken?.next ?? [] }
      },
      close: () => fetcher.stop(),
    }
  }

  async close(): Promise<void> {
    await this.#brokers.close()
  }
}

const FORBIDDEN: GroupDescription = { presence: 'forbidden', state: '', members: 0, rights: undefined }

function creationOf(code: number): Creation {
  if (code === CODE.none) return { outcome: 'created' }
  if (code === CODE.topicAlreadyExists) return { outcome: 'exists' }
  if (isMissingRight(code)) return { outcome: 'forbidden' }
  return { outcome: 'refused', code: codeName(code) }
}
