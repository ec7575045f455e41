/** The admin port over kafkajs. */
import { LetheError } from '../../../errors.ts'
import type {
  Admin,
  ClusterDescription,
  Creation,
  GroupDescription,
  Reader,
  TopicDescription,
  TopicPlan,
  TopicSettings,
} from '../../admin.ts'
import type { Connection, DriverEvent } from '../../driver.ts'
import type { OutputRecord, Position, TopicPartition } from '../../record.ts'
import { causeIn, isForbidden, presenceOf, protocolCode, RetriableError, wordOf } from './failure.ts'
import { KafkajsClient, OPEN_MS } from './kafkajs-client.ts'
import { type Edge, KafkajsCluster } from './kafkajs-cluster.ts'
import { LogReader } from './log-reader.ts'
import { describeGroup, releaseOf, topicIdsOf } from './private.ts'
import { Sender } from './sender.ts'

const WRITE_MS = 120_000
const TRANSACTIONS = 1
const FORBIDDEN: GroupDescription = { presence: 'forbidden', state: '', members: 0, rights: undefined }

export async function kafkajsAdmin(
  connection: Connection,
  onEvent: (event: DriverEvent) => void,
): Promise<Admin> {
  const client = new KafkajsClient(connection, onEvent)
  const cluster = new KafkajsCluster(client)
  const admin = new KafkajsAdmin(client, cluster)
  try {
    await client.open('connecting', () => cluster.connect())
  } catch (error) {
    await admin.close()
    throw error
  }
  return admin
}

class KafkajsAdmin implements Admin {
  readonly #client: KafkajsClient
  readonly #cluster: KafkajsCluster

  constructor(client: KafkajsClient, cluster: KafkajsCluster) {
    this.#client = client
    this.#cluster = cluster
  }

  #ask<T>(what: string, question: () => Promise<T>): Promise<T> {
    return this.#client.ask(OPEN_MS, what, question)
  }

  async cluster(): Promise<ClusterDescription> {
    return await this.#ask('looking at the cluster', async () => {
      const { clusterId, brokers, rights } = await this.#cluster.brokers.describe([])
      return {
        id: clusterId ?? undefined,
        release: await releaseOf(await this.#cluster.brokers.any()),
        brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })),
        rights,
      }
    })
  }

  async topics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    return await this.#ask('looking at topics', async () =>
      (await this.#cluster.brokers.describe(names)).topics.map(
        ({ name, errorCode, isInternal, partitions, rights }) => ({
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
          rights,
        }),
      ),
    )
  }

  async settings(names: readonly string[]): Promise<ReadonlyMap<string, TopicSettings>> {
    return await this.#ask('looking at the settings of topics', () => this.#cluster.settings(names))
  }

  async createTopics(
    plans: readonly TopicPlan[],
    isTrial: boolean = false,
  ): Promise<ReadonlyMap<string, Creation>> {
    const made = await Promise.all(
      plans.map(async (plan) => [plan.name, await this.#createTopic(plan, isTrial)] as const),
    )
    return new Map(made)
  }

  async #createTopic(
    { name, partitions, replication, settings }: TopicPlan,
    isTrial: boolean,
  ): Promise<Creation> {
    const topic = {
      topic: name,
      numPartitions: partitions,
      replicationFactor: replication ?? -1,
      configEntries: [...settings].map(([key, value]) => ({ name: key, value })),
    }
    return await this.#ask(`making topic ${name}`, async () => {
      const { controllerId } = await this.#cluster.brokers.describe([])
      const controller = await this.#cluster.brokers.node(controllerId)
      try {
        await controller.createTopics({ topics: [topic], validateOnly: isTrial, timeout: OPEN_MS })
        return { outcome: 'created' }
      } catch (error) {
        const { type } = causeIn(error)
        if (type === 'TOPIC_ALREADY_EXISTS') return { outcome: 'exists' }
        if (isForbidden(error)) return { outcome: 'forbidden' }
        const isRetriable = this.#client.failure(error, name) instanceof RetriableError
        if (protocolCode(error) === undefined || isRetriable) throw error
        return { outcome: 'refused', code: wordOf(type) }
      }
    })
  }

  async group(name: string): Promise<GroupDescription> {
    return await this.#ask(`looking at the group ${name}`, async () => {
      try {
        const coordinator = await this.#cluster.brokers.coordinator(name)
        const { errorCode, state, members, rights } = await describeGroup(coordinator, name)
        const presence = presenceOf(errorCode, `looking at the group ${name}`)
        if (presence === 'forbidden') return FORBIDDEN
        return { presence: state === 'Dead' ? 'missing' : presence, state, members, rights }
      } catch (error) {
        // Looking up the coordinator needs a right on the group as well.
        if (isForbidden(error)) return FORBIDDEN
        throw error
      }
    })
  }

  async mayDescribeTransactions(transactionalId: string): Promise<boolean> {
    return await this.#ask('looking at transactions', async () => {
      try {
        const broker = await this.#cluster.brokers.any()
        await broker.findGroupCoordinator({ groupId: transactionalId, coordinatorType: TRANSACTIONS })
        return true
      } catch (error) {
        if (isForbidden(error)) return false
        throw error
      }
    })
  }

  async committed(
    group: string,
    partitions: readonly TopicPartition[],
  ): Promise<readonly Position[] | undefined> {
    return await this.#ask(`looking at the group ${group}`, async () => {
      try {
        return await this.#cluster.committed(group, partitions)
      } catch (error) {
        if (isForbidden(error)) return undefined
        throw error
      }
    })
  }

  async offsets(partitions: readonly TopicPartition[], edge: Edge): Promise<readonly Position[]> {
    return await this.#ask('reading topics', () => this.#cluster.offsets(partitions, edge))
  }

  async write(records: readonly OutputRecord[]): Promise<void> {
    const sender = new Sender(this.#client, this.#cluster, undefined)
    await this.#ask('starting the producer', () => sender.open())
    try {
      if (await sender.send(records, AbortSignal.timeout(WRITE_MS))) return
    } finally {
      await sender.close()
    }
    throw new LetheError(
      'broker-unreachable',
      'the brokers did not take the records in time',
      'look whether they are well',
    )
  }

  async topicIds(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return await this.#ask('looking at topics', async () => {
      const ids = await topicIdsOf(await this.#cluster.brokers.any(), names)
      return ids ?? new Map()
    })
  }

  async deleteRecords(before: readonly Position[]): Promise<readonly Position[]> {
    if (before.length === 0) return []
    const topics = [...new Set(before.map(({ topic }) => topic))].join(', ')
    return await this.#ask(`deleting records of ${topics}`, () => this.#cluster.deleteRecords(before))
  }

  read(from: readonly Position[]): Reader {
    return new LogReader(this.#cluster, from, (question) => this.#ask('reading topics', question))
  }

  async close(): Promise<void> {
    this.#client.close()
    await this.#cluster.close()
  }
}
