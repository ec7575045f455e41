/** KafkajsClient settings by their Kafka names, for kafkajs. */
import { LetheError } from '../../../errors.ts'
import type { Connection } from '../../driver.ts'
import type { Compression } from './codecs.ts'

export interface Settings {
  readonly clientId: string
  /** Where this client is; empty: nowhere in particular. */
  readonly rack: string
  readonly fetch: {
    readonly minBytes: number
    readonly maxBytes: number
    readonly maxPartitionBytes: number
    readonly maxWait: number
  }
  readonly sessionTimeout: number
  readonly heartbeatInterval: number
  /** How long a rebalance waits for this member, and how long it may go without asking for records. */
  readonly maxPollInterval: number
  /** Names of assignors, the preferred one first. */
  readonly assignors: readonly string[]
  readonly compression: Compression
  readonly requestTimeout: number
  readonly connectionTimeout: number
  readonly metadataMaxAge: number
  readonly backoff: number
}

const KNOWN: ReadonlySet<string> = new Set([
  'client.id',
  'client.rack',
  'fetch.min.bytes',
  'fetch.max.bytes',
  'max.partition.fetch.bytes',
  'fetch.max.wait.ms',
  'session.timeout.ms',
  'heartbeat.interval.ms',
  'max.poll.interval.ms',
  'partition.assignment.strategy',
  'compression.type',
  'request.timeout.ms',
  'socket.connection.setup.timeout.ms',
  'metadata.max.age.ms',
  'retry.backoff.ms',
])

/** @throws LetheError (usage) where kafkajs has no such setting */
export function settingsOf({ client }: Connection): Settings {
  for (const name of client.keys())
    if (!KNOWN.has(name))
      throw new LetheError(
        'setting-refused',
        `the driver kafkajs has no setting \`${name}\``,
        'leave it out, or set `driver: rdkafka`',
      )
  const number = (name: string, otherwise: number): number =>
    (client.get(name) as number | undefined) ?? otherwise
  const text = (name: string, otherwise: string): string =>
    (client.get(name) as string | undefined) ?? otherwise
  const strategy = client.get('partition.assignment.strategy')
  if (strategy === 'cooperative-sticky')
    throw new LetheError(
      'setting-refused',
      'the driver kafkajs has no cooperative rebalancing',
      "set 'partition.assignment.strategy: range', or `driver: rdkafka`",
    )
  const sessionTimeout = number('session.timeout.ms', 45_000)
  return {
    clientId: text('client.id', 'lethe'),
    rack: text('client.rack', ''),
    fetch: {
      minBytes: number('fetch.min.bytes', 1),
      maxBytes: number('fetch.max.bytes', 8 << 20),
      maxPartitionBytes: number('max.partition.fetch.bytes', 1 << 20),
      maxWait: number('fetch.max.wait.ms', 500),
    },
    sessionTimeout,
    heartbeatInterval: number('heartbeat.interval.ms', Math.min(3000, Math.floor(sessionTimeout / 3))),
    maxPollInterval: number('max.poll.interval.ms', 300_000),
    assignors: strategy === undefined ? ['roundrobin', 'range'] : [String(strategy)],
    compression: text('compression.type', 'none') as Compression,
    requestTimeout: number('request.timeout.ms', 30_000),
    connectionTimeout: number('socket.connection.setup.timeout.ms', 5000),
    metadataMaxAge: number('metadata.max.age.ms', 30_000),
    backoff: number('retry.backoff.ms', 100),
  }
}
