/** The brokers of a cluster: first contact, who leads what, and a link to each. */
import { setTimeout as sleep } from 'node:timers/promises'
import { causeOf } from '../../cause.ts'
import { type Connection, type DriverEvent, noBroker } from '../../driver.ts'
import type { TopicPartition } from '../../record.ts'
import { clientLogger } from './client-log.ts'
import { CODE, codeFailure, codeName, isMoved, MissingTopic, Moment } from './failure.ts'
import { Link, type LinkOptions, secureContext } from './link.ts'
import { type Settings, settingsOf } from './settings.ts'

/** A broker that never was there is given up after so long. */
export const OPEN_MS = 15_000

const MISSING_MS = 10_000

export interface PartitionState {
  readonly partitionErrorCode: number
  readonly partitionId: number
  /** Node id; -1: none now. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

export interface TopicState {
  readonly topicErrorCode: number
  readonly topic: string
  readonly isInternal: boolean
  readonly partitionMetadata: readonly PartitionState[]
}

export interface ClusterState {
  readonly clusterId: string | null
  readonly controllerId: number
  readonly brokers: readonly {
    readonly nodeId: number
    readonly host: string
    readonly port: number
    readonly rack: string | null
  }[]
  readonly topicMetadata: readonly TopicState[]
}

/** The group's requests have a connection of their own: a rebalance blocks it until all have joined. */
export type Channel = 'data' | 'group'

function addressOf(broker: string): { readonly host: string; readonly port: number } {
  const at = broker.lastIndexOf(':')
  return { host: broker.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(broker.slice(at + 1)) }
}

export class Brokers {
  readonly settings: Settings
  readonly #connection: Connection
  readonly #options: LinkOptions
  readonly #onEvent: (event: DriverEvent) => void
  readonly #links: Map<string, Link> = new Map()
  readonly #nodes: Map<number, { readonly host: string; readonly port: number }> = new Map()
  readonly #topics: Map<string, { readonly state: TopicState; readonly at: number }> = new Map()
  /** Since when topics have been missing. */
  readonly #missing: Map<string, number> = new Map()
  readonly #closed = new AbortController()
  #seed = 0

  /** @throws LetheError (usage) where settings or certificates do not fit */
  constructor(connection: Connection, onEvent: (event: DriverEvent) => void) {
    this.#connection = connection
    this.settings = settingsOf(connection)
    this.#onEvent = onEvent
    const logger = clientLogger(onEvent)
    this.#options = { connection, settings: this.settings, logger, secure: secureContext(connection) }
  }

  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /**
   * First contact; looks up `topics` on the way, all of them where no list is given.
   * @throws ClientLost where no broker answers within 15 s; LetheError where one refuses this client
   */
  async open(topics?: readonly string[]): Promise<void> {
    try {
      await this.insistFor(OPEN_MS, () => this.refresh(topics))
    } catch (error) {
      if (!(error instanceof Moment)) throw error
      throw noBroker(this.#connection.brokers, OPEN_MS / 1000, causeOf(error.code))
    }
  }

  /**
   * Makes the same request again for so many milliseconds, and does not wait longer for the last one.
   * @throws Moment: the last one; LetheError
   */
  async insistFor<T>(most: number, work: () => Promise<T>): Promise<T> {
    let last = new Moment('timeout')
    const given = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        given.abort()
        reject(last)
      }, most)
    })
    const insisting = this.insist(
      () =>
        work().catch((error: unknown) => {
          if (error instanceof Moment) last = error
          throw error
        }),
      given.signal,
    )
    try {
      return await Promise.race([insisting, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Makes the same request again for as long as it fails for the moment.
   * @throws Moment once `signal` is aborted or the brokers are closed; LetheError
   */
  async insist<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const stop = signal === undefined ? this.closed : AbortSignal.any([signal, this.closed])
    for (let wait = this.settings.backoff; ; wait = Math.min(2 * wait, 2000)) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof Moment) || stop.aborted) throw error
        this.#onEvent({ kind: 'retry', code: error.code })
        await sleep(wait, undefined, { signal: stop }).catch(() => {})
      }
    }
  }

  /** A link to some broker: one that is connected, or else the next of all that are known. */
  async any(): Promise<Link> {
    for (const link of this.#links.values()) if (link.isConnected) return link
    const nodes = [...this.#nodes.keys()]
    const { brokers } = this.#connection
    const turn = this.#seed++ % (nodes.length + brokers.length)
    if (turn < nodes.length) return await this.node(nodes[turn]!)
    const seed = brokers[turn - nodes.length]!
    const { host, port } = addressOf(seed)
    return await this.#link(`seed ${seed}`, host, port, null)
  }

  /** @throws Moment where the node is not known or does not answer; LetheError */
  async node(id: number, channel: Channel = 'data'): Promise<Link> {
    const known = this.#nodes.get(id)
    if (known === undefined) throw new Moment('leader-not-available')
    return await this.#link(`${channel} ${id} ${known.host}:${known.port}`, known.host, known.port, id)
  }

  async #link(key: string, host: string, port: number, id: number | null): Promise<Link> {
    if (this.closed.aborted) throw new Moment('closed')
    let link = this.#links.get(key)
    if (link === undefined) {
      link = new Link(host, port, id, this.#options)
      this.#links.set(key, link)
    }
    await link.connect()
    return link
  }

  /**
   * Asks for the state of topics, all of them where no list is given, and remembers it; a topic's error is in it.
   * @throws Moment, LetheError
   */
  async refresh(topics?: readonly string[]): Promise<ClusterState> {
    const state = await (await this.any()).call<ClusterState>('Metadata', {
      // kafkajs asks for all where the list is empty.
      topics: topics ?? [],
      allowAutoTopicCreation: false,
    })
    for (const { nodeId, host, port } of state.brokers) this.#nodes.set(nodeId, { host, port })
    const at = performance.now()
    for (const topic of state.topicMetadata) this.#topics.set(topic.topic, { state: topic, at })
    return state
  }

  /**
   * The partitions of a topic, from memory where it has them. A topic may be missing for `patience` milliseconds while
   * the brokers tell each other of it.
   * @throws Moment; LetheError where the topic is missing or may not be seen
   */
  async partitionsOf(
    topic: string,
    what: string,
    patience: number = MISSING_MS,
  ): Promise<readonly PartitionState[]> {
    const known = this.#topics.get(topic)
    const isGood =
      known?.state.topicErrorCode === CODE.none && performance.now() - known.at < this.settings.metadataMaxAge
    if (!isGood) await this.refresh([topic])
    const state = this.#topics.get(topic)?.state
    const code = state?.topicErrorCode ?? CODE.unknownTopicOrPartition
    if (state !== undefined && code === CODE.none) {
      this.#missing.delete(topic)
      return state.partitionMetadata
    }
    this.#topics.delete(topic)
    const failure = codeFailure(code, what)
    if (!(failure instanceof MissingTopic)) throw failure
    const since = this.#missing.get(topic) ?? performance.now()
    this.#missing.set(topic, since)
    throw performance.now() - since < patience ? new Moment(codeName(code)) : failure
  }

  /** The node that leads a partition. @throws Moment, LetheError */
  async leaderOf({ topic, partition }: TopicPartition, what: string): Promise<number> {
    const partitions = await this.partitionsOf(topic, what)
    const leader = partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? -1
    if (leader < 0) {
      this.forget(topic)
      throw new Moment('leader-not-available')
    }
    return leader
  }

  /** What is known of the topic is out of date. */
  forget(topic: string): void {
    this.#topics.delete(topic)
  }

  /** Judges an answer's code for a topic, and forgets its leaders where they moved. @throws Moment, LetheError */
  check(code: number, topic: string, what: string): void {
    if (code === CODE.none) return
    if (isMoved(code)) this.forget(topic)
    throw codeFailure(code, what)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all([...this.#links.values()].map((link) => link.close()))
  }
}
