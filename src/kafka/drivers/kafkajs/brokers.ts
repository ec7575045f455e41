/** Connections to single brokers, one try each: the client makes it again. */
import type { Cluster } from 'kafkajs'
import { RetriableError } from './failure.ts'
import type { KafkajsClient } from './kafkajs-client.ts'
import { type Address, type Described, describe, type Node, seedOf } from './private.ts'

const GROUPS = 0

export class Brokers {
  readonly #client: KafkajsClient
  readonly #seed: Cluster
  readonly #clusters: Map<string, Cluster> = new Map()
  #known: ReadonlyMap<number, Address> = new Map()

  constructor(client: KafkajsClient) {
    this.#client = client
    this.#seed = client.cluster()
  }

  /** One of those that the pipeline names. */
  async any(): Promise<Node> {
    return await seedOf(this.#seed)
  }

  async at({ host, port }: Address): Promise<Node> {
    const name = `${host}:${port}`
    const cluster = this.#clusters.get(name) ?? this.#client.cluster([name])
    this.#clusters.set(name, cluster)
    return await seedOf(cluster)
  }

  /** @throws RetriableError where the last description of the cluster does not name the broker */
  async node(id: number): Promise<Node> {
    const address = this.#known.get(id)
    if (address === undefined) throw new RetriableError('leader-not-available')
    return await this.at(address)
  }

  /** The cluster, and these topics or all. */
  async describe(names?: readonly string[]): Promise<Described> {
    const described = await describe(await this.any(), names)
    this.#known = new Map(described.brokers.map((one) => [one.nodeId, one]))
    return described
  }

  /** The coordinator of a group. */
  async coordinator(group: string): Promise<Node> {
    const broker = await this.any()
    const { coordinator } = await broker.findGroupCoordinator({ groupId: group, coordinatorType: GROUPS })
    return await this.at(coordinator)
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#seed, ...this.#clusters.values()].map((one) => one.disconnect()))
  }
}
