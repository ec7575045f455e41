/**
 * The client settings that a pipeline file may set, by their Kafka names. Whatever delivery, order or secrecy rests
 * on is not here: Lethe sets it, or the file has a word of its own for it. Bounds keep a worker's memory bounded.
 */
import { z } from 'zod'

export type DriverName = 'rdkafka' | 'kafkajs'

export interface ClientSetting {
  readonly schema: z.ZodType<string | number | boolean>
  readonly summary: string
  /** Drivers that have it. */
  readonly drivers: readonly DriverName[]
}

const MIB = 1 << 20
const BOTH = ['rdkafka', 'kafkajs'] as const
const RDKAFKA = ['rdkafka'] as const

/** A whole number within bounds. */
export function whole(least: number, most: number): z.ZodInt {
  const message = `expected a whole number from ${least} to ${most}`
  return z.int(message).min(least, message).max(most, message)
}

const word = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,249}$/, 'it is written in letters, digits, dot, hyphen and underscore')

const setting = (
  schema: z.ZodType<string | number | boolean>,
  summary: string,
  drivers: readonly DriverName[] = BOTH,
): ClientSetting => ({ schema, summary, drivers })

export const CLIENT_SETTINGS: Readonly<Record<string, ClientSetting>> = {
  'client.id': setting(word, 'Names the client in logs and quotas of the brokers.'),
  'client.rack': setting(word, 'Where this client is, so that it fetches from the nearest replica.'),
  'fetch.min.bytes': setting(whole(1, 16 * MIB), 'Bytes that the broker gathers before it answers a fetch.'),
  'fetch.max.wait.ms': setting(whole(0, 60_000), 'How long the broker waits for `fetch.min.bytes`.'),
  'fetch.max.bytes': setting(whole(MIB, 64 * MIB), 'Bytes that one fetch answers with at most.'),
  'max.partition.fetch.bytes': setting(
    whole(1024, 64 * MIB),
    'Bytes of one partition that one fetch answers with at most; a larger record comes all the same.',
  ),
  'session.timeout.ms': setting(
    whole(6000, 1_800_000),
    'A member that sends no heartbeat for this time loses its partitions; 45000 unless stated.',
  ),
  'heartbeat.interval.ms': setting(whole(100, 600_000), 'Time between two heartbeats.'),
  'max.poll.interval.ms': setting(
    whole(1000, 86_400_000),
    'A client that polls no records for this time leaves the group.',
  ),
  'partition.assignment.strategy': setting(
    z.enum(['cooperative-sticky', 'range']),
    'How the group shares its partitions. All members of a group need one in common.',
  ),
  'transaction.timeout.ms': setting(
    whole(1000, 900_000),
    'The broker aborts a transaction that is open for this time; 30000 unless stated.',
    RDKAFKA,
  ),
  'compression.type': setting(
    z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    'How outputs are compressed. zstd needs a driver that was built with it.',
  ),
  'linger.ms': setting(whole(0, 60_000), 'How long the producer waits to fill a batch.', RDKAFKA),
  'batch.size': setting(whole(1024, 16 * MIB), 'Bytes of one batch of the producer.', RDKAFKA),
  'request.timeout.ms': setting(whole(1000, 300_000), 'How long a request waits for its answer.'),
  'socket.connection.setup.timeout.ms': setting(
    whole(1000, 300_000),
    'How long setting up a connection may take, TLS and SASL included.',
  ),
  'socket.keepalive.enable': setting(z.boolean(), 'Whether idle connections are kept alive.', RDKAFKA),
  'connections.max.idle.ms': setting(
    whole(0, 86_400_000),
    'Idle connections are closed after this time; 0 means never.',
    RDKAFKA,
  ),
  'metadata.max.age.ms': setting(
    whole(1000, 86_400_000),
    'How often topics and partitions are looked up again.',
  ),
  'reconnect.backoff.ms': setting(whole(0, 600_000), 'First wait before a new connection.', RDKAFKA),
  'reconnect.backoff.max.ms': setting(whole(0, 3_600_000), 'Longest wait before a new connection.', RDKAFKA),
  'retry.backoff.ms': setting(whole(1, 300_000), 'First wait before a request is made again.'),
}

/** What holds where the file is silent: delivery rests on these two. */
export const CLIENT_DEFAULTS: Readonly<Record<'session.timeout.ms' | 'transaction.timeout.ms', number>> = {
  'session.timeout.ms': 45_000,
  'transaction.timeout.ms': 30_000,
}

/** How long before its member's session ends a transaction must end: else the transaction of a zombie could still be open. */
export const TRANSACTION_MARGIN_MS = 10_000

/** Settings that people look for here, and what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  'bootstrap.servers': 'write `brokers:` at the top',
  'metadata.broker.list': 'write `brokers:` at the top',
  'security.protocol': 'write `tls:` and `sasl:` at the top',
  'group.id': 'write `group:` under the `from:` of each route',
  'group.instance.id': 'write `instance:` at the top',
  'transactional.id': 'it is made of pipeline, instance and worker; write `instance:` at the top',
  'auto.offset.reset': 'write `start:` under the `from:` of each route',
  'enable.auto.commit': 'offsets are committed behind settled records only',
  'enable.auto.offset.store': 'offsets are committed behind settled records only',
  'isolation.level': 'it follows from `delivery`',
  'enable.idempotence': 'the producer is always idempotent',
  acks: 'every output is acknowledged by all replicas in sync',
  'request.required.acks': 'every output is acknowledged by all replicas in sync',
  partitioner: 'write `partition:` under the `to:` of each route',
  'group.protocol': 'the classic protocol is used',
  debug: 'a client that logs what it does may log what it carries',
  'message.max.bytes': 'sends are split below the limit of the brokers',
  'max.request.size': 'sends are split below the limit of the brokers',
  'max.poll.records': 'write `batch: { records: … }` at the top',
  'socket.timeout.ms': 'the name is `request.timeout.ms`',
  'fetch.wait.max.ms': 'the name is `fetch.max.wait.ms`',
  'fetch.message.max.bytes': 'the name is `max.partition.fetch.bytes`',
  'compression.codec': 'the name is `compression.type`',
  'queue.buffering.max.ms': 'the name is `linger.ms`',
}

/** Why a pipeline may not set `name`, and what to do; undefined for an unknown setting. */
export function refusalOf(name: string): { readonly shown: string; readonly instead: string } | undefined {
  // Names are taken from the list, never from the file: `sasl.password=…` may end with a secret.
  const family = /^(sasl|ssl)\b/i.exec(name)?.[1]?.toLowerCase()
  if (family === 'sasl') return { shown: 'settings of SASL', instead: 'write `sasl:` at the top' }
  if (family === 'ssl') return { shown: 'settings of TLS', instead: 'write `tls:` at the top' }
  return Object.hasOwn(REFUSED, name) ? { shown: `\`${name}\``, instead: REFUSED[name]! } : undefined
}

type Settings = Record<string, string | number | boolean>

/** The schema of `client:`: any of the settings, each with its type and bounds. */
export const ClientSchema: z.ZodType<Settings> = z.strictObject(
  Object.fromEntries(
    Object.entries(CLIENT_SETTINGS).map(([name, { schema, summary }]) => [
      name,
      schema.optional().describe(summary),
    ]),
  ),
) as z.ZodType<Settings>
