/** A consumer of kafkajs as a member of the group: it begins paused after each share, and reads where it is told to. */
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs'
import type { Position, TopicPartition } from '../../record.ts'
import { assignerOf } from './assigner.ts'
import { outdated, RetriableError } from './failure.ts'
import type { KafkajsClient } from './kafkajs-client.ts'
import { within } from './signal.ts'

export interface MemberEvents {
  /** The group has shared its partitions. Nothing is fetched until `read`. */
  joined(partitions: readonly TopicPartition[]): void
  receive(payload: EachBatchPayload): Promise<void>
  /** `restarts`: kafkajs joins again by itself. */
  crashed(error: unknown, restarts: boolean): void
  failed(error: unknown): void
}

export class Member {
  readonly #client: KafkajsClient
  readonly #what: string
  readonly #topics: readonly string[]
  readonly #consumer: Consumer
  readonly #events: MemberEvents
  /** Its start: it is stopped only once that has ended, as kafkajs would go on. */
  readonly #starting: Promise<unknown>
  #commits = 0
  #isOver = false

  constructor(client: KafkajsClient, group: string, topics: readonly string[], events: MemberEvents) {
    const { settings } = client
    this.#client = client
    this.#what = `using the consumer group ${group}`
    this.#topics = topics
    this.#events = events
    this.#consumer = client.consumer({
      groupId: group,
      partitionAssigners: settings.assignors.map(assignerOf),
      sessionTimeout: settings.sessionTimeout,
      rebalanceTimeout: settings.maxPollInterval,
      heartbeatInterval: settings.heartbeatInterval,
      minBytes: settings.fetch.minBytes,
      maxBytes: settings.fetch.maxBytes,
      maxBytesPerPartition: settings.fetch.maxPartitionBytes,
      maxWaitTimeInMs: settings.fetch.maxWait,
      metadataMaxAge: settings.metadataMaxAge,
      rackId: settings.rack,
      allowAutoTopicCreation: false,
      retry: {
        restartOnFailure: async (error) =>
          !this.#isOver && client.failure(error, this.#what) instanceof RetriableError,
      },
    })
    const { GROUP_JOIN, COMMIT_OFFSETS, CRASH, REQUEST_TIMEOUT } = this.#consumer.events
    this.#consumer.on(REQUEST_TIMEOUT, ({ payload: { broker } }) => client.dropSilent(broker))
    this.#consumer.on(GROUP_JOIN, (event) => this.#joined(event))
    this.#consumer.on(COMMIT_OFFSETS, () => void this.#commits++)
    this.#consumer.on(CRASH, ({ payload: { error, restart } }) => {
      if (!this.#isOver) events.crashed(error, restart)
    })
    this.#starting = this.#run()
    this.#starting.catch((error: unknown) => {
      if (!this.#isOver) events.failed(error)
    })
  }

  async #run(): Promise<void> {
    await this.#client.insist(this.#what, async () => {
      await this.#consumer.connect()
      // Where nothing is committed a partition is new, and read from its beginning.
      await this.#consumer.subscribe({ topics: [...this.#topics], fromBeginning: true })
    })
    if (this.#isOver) return
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#events.receive(payload),
    })
  }

  #joined({ payload: { memberAssignment } }: ConsumerGroupJoinEvent): void {
    if (this.#isOver) return
    // Before the first fetch: from an offset that is gone kafkajs would go elsewhere, and commit that.
    this.#consumer.pause(this.#topics.map((topic) => ({ topic })))
    this.#events.joined(
      Object.entries(memberAssignment).flatMap(([topic, numbers]) =>
        numbers.map((partition) => ({ topic, partition })),
      ),
    )
  }

  /** Reads on from here, and from nowhere else. */
  read(positions: readonly Position[]): void {
    for (const position of positions) this.seek(position)
    this.#consumer.resume(this.#topics.map((topic) => ({ topic })))
  }

  seek({ topic, partition, offset }: Position): void {
    try {
      this.#consumer.seek({ topic, partition, offset: `${offset}` })
    } catch {
      // It does not run; once it does, it has another share.
    }
  }

  /** Commits as a member. Undefined: done; else why the group does not take it. */
  async commit(positions: readonly Position[]): Promise<string | undefined> {
    if (positions.length === 0) return undefined
    const before = this.#commits
    try {
      await this.#consumer.commitOffsets(
        positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: `${offset}` })),
      )
    } catch (error) {
      const reason = outdated(error)
      if (reason === undefined) throw error
      return reason
    }
    // While it does not run, kafkajs commits nothing, and says nothing.
    if (this.#commits === before) throw new RetriableError('not-a-member')
    return undefined
  }

  /** Leaves the group, within `most` milliseconds. */
  async leave(most: number): Promise<void> {
    this.#isOver = true
    const end = performance.now() + most
    await within(most, this.#starting)
    await within(end - performance.now(), this.#consumer.disconnect())
  }
}
