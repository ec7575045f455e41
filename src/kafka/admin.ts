/**
 * What `lethe doctor`, `lethe acl`, `lethe tap` and the checks at the start ask of a cluster, whichever driver carries
 * the pipeline: node-rdkafka cannot ask for the settings of a topic. Every question ends within 15 s. What is thrown is a
 * `LetheError` with exit code 4, and no text of a client or a broker is passed on.
 */
import type { BatchBounds } from './driver.ts'
import type { InputRecord, OutputRecord, Position, TopicPartition } from './record.ts'

/** For diagnostics: gets `{ compression }` for each batch of records that is decompressed in this thread, before it is. */
export const DECOMPRESSED_CHANNEL = 'lethe.kafka.decompressed'

/** What an ACL allows a user to do; see Kafka's operations. */
export type Right =
  | 'read'
  | 'write'
  | 'create'
  | 'delete'
  | 'alter'
  | 'describe'
  | 'cluster-action'
  | 'describe-configs'
  | 'alter-configs'
  | 'idempotent-write'

/** `forbidden`: this user has no right to see it, and it may not exist. */
export type Presence = 'there' | 'missing' | 'forbidden'

export interface ClusterDescription {
  readonly id: string | undefined
  /** The release whose features the cluster has switched on, as in `4.1`; undefined: it does not say. */
  readonly release: string | undefined
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[]
  readonly rights: ReadonlySet<Right> | undefined
}

export interface TopicDescription {
  readonly name: string
  readonly presence: Presence
  readonly isInternal: boolean
  readonly partitions: readonly {
    readonly partition: number
    /** Whether a broker leads it now. */
    readonly hasLeader: boolean
    readonly replicas: number
    readonly inSync: number
  }[]
  /** What this user may do with it; undefined: the broker does not say. */
  readonly rights: ReadonlySet<Right> | undefined
}

export interface TopicSettings {
  /** `unsupported`: the broker has no such request, as a mock cluster has none. */
  readonly presence: Presence | 'unsupported'
  /** By their Kafka names: `cleanup.policy`, `retention.ms`, `max.message.bytes`, `message.timestamp.type` … */
  readonly values: ReadonlyMap<string, string>
}

export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  /** Undefined: as the brokers have it by default. */
  readonly replication: number | undefined
  readonly settings: ReadonlyMap<string, string>
}

/** `refused`: with the broker's error code as a word, such as `invalid-replication-factor`. */
export type Creation =
  | { readonly outcome: 'created' | 'exists' | 'forbidden' }
  | { readonly outcome: 'refused'; readonly code: string }

export interface GroupDescription {
  readonly presence: Presence
  /** Kafka's word: `Empty`, `Stable`, `PreparingRebalance` … */
  readonly state: string
  readonly members: number
  readonly rights: ReadonlySet<Right> | undefined
}

/** Reads partitions without a group, what is committed only. */
export interface Reader {
  /** The next records, waiting for them no longer than `bounds.time`; `next` as `Driver.poll` gives it. */
  take(bounds: BatchBounds): Promise<{
    readonly records: readonly InputRecord[]
    readonly next: readonly Position[]
  }>
  close(): void
}

export interface Admin {
  cluster(): Promise<ClusterDescription>
  /** All topics that this user may see; or these, each with its presence. */
  topics(names?: readonly string[]): Promise<readonly TopicDescription[]>
  settings(names: readonly string[]): Promise<ReadonlyMap<string, TopicSettings>>
  /** `isTrial`: the brokers check everything and make nothing. */
  createTopics(plans: readonly TopicPlan[], isTrial?: boolean): Promise<ReadonlyMap<string, Creation>>
  group(name: string): Promise<GroupDescription>
  /** Whether this user may look at a transactional id, which is the least right of its users. */
  mayDescribeTransactions(transactionalId: string): Promise<boolean>
  /** Where there is a committed offset. Undefined: this user has no right to see it. */
  committed(group: string, partitions: readonly TopicPartition[]): Promise<readonly Position[] | undefined>
  /** A number is a time in ms since the epoch; `latest` lies before open transactions, `end` behind them. */
  offsets(
    partitions: readonly TopicPartition[],
    edge: 'earliest' | 'latest' | 'end' | number,
  ): Promise<readonly Position[]>
  /** The ids that brokers give topics, which a topic of the same name that is made later does not have; as far as they say. */
  topicIds(names: readonly string[]): Promise<ReadonlyMap<string, string>>
  read(from: readonly Position[]): Reader
  /**
   * Moves the starts of logs forward to these offsets: what lies before is deleted. Called by `lifecycle/delete-stored.ts`
   * alone. Where each log starts then. @throws LetheError: `right-missing`, `target-changed`, `broker-refused`
   */
  deleteRecords(before: readonly Position[]): Promise<readonly Position[]>
  /** Writes records, each at least once, outside of any transaction. For made-up ones, and tombstones of `lifecycle/delete-stored.ts`. */
  write(records: readonly OutputRecord[]): Promise<void>
  close(): Promise<void>
}
