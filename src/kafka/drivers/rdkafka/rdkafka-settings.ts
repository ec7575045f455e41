/** From a pipeline's connection to librdkafka's settings. */
import type { ConsumerGlobalConfig, ProducerGlobalConfig } from 'node-rdkafka'
import type { Connection, DriverOptions } from '../../driver.ts'

type Settings = Record<string, string | number | boolean>

/** librdkafka's own queues: they are memory that is not seen from outside. */
const FETCHED_KBYTES = 16_384
const SENT_KBYTES = 65_536
/** Unless the pipeline file says otherwise. */
export const TRANSACTION_MS = 30_000

/** Java's names that librdkafka calls otherwise. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'max.partition.fetch.bytes': 'fetch.message.max.bytes',
  'fetch.max.wait.ms': 'fetch.wait.max.ms',
  'request.timeout.ms': 'socket.timeout.ms',
  'compression.type': 'compression.codec',
  // What librdkafka calls so is how long it may believe what it knows, not how often it asks.
  'metadata.max.age.ms': 'topic.metadata.refresh.interval.ms',
}

const PRODUCER_ONLY = /^(?:linger\.ms|batch\.size|compression\.|transaction\.|delivery\.|max\.request)/
const CONSUMER_ONLY =
  /^(?:fetch\.|max\.partition|session\.|heartbeat\.|max\.poll|partition\.assignment|group\.)/

function common({ brokers, tls, sasl }: Connection): Settings {
  const settings: Settings = {
    'client.id': 'lethe',
    'metadata.broker.list': brokers.join(','),
    'security.protocol': `${sasl === undefined ? '' : 'sasl_'}${tls === undefined ? 'plaintext' : 'ssl'}`,
    // New topics of a pattern and new partitions are to be seen within half a minute.
    'topic.metadata.refresh.interval.ms': 30_000,
    'socket.keepalive.enable': true,
  }
  if (tls !== undefined) {
    if (tls.ca !== undefined) settings['ssl.ca.pem'] = tls.ca
    if (tls.cert !== undefined) settings['ssl.certificate.pem'] = tls.cert
    if (tls.key !== undefined) settings['ssl.key.pem'] = tls.key
    if (tls.keyPassword !== undefined) settings['ssl.key.password'] = tls.keyPassword
    settings['ssl.endpoint.identification.algorithm'] = 'https'
  }
  if (sasl !== undefined) {
    settings['sasl.mechanisms'] = sasl.mechanism.toUpperCase()
    if (sasl.mechanism !== 'oauthbearer') {
      settings['sasl.username'] = sasl.username
      settings['sasl.password'] = sasl.password
    }
  }
  return settings
}

function chosen({ client }: Connection, notFor: RegExp): Settings {
  const settings: Settings = {}
  for (const [name, value] of client) if (!notFor.test(name)) settings[OTHER_NAMES[name] ?? name] = value
  return settings
}

/** Settings of a consumer; `group` may be another one than the route's. */
export function consumerSettings(
  { connection, topics }: DriverOptions,
  group: string,
): { readonly global: ConsumerGlobalConfig; readonly topic: { readonly 'auto.offset.reset': 'error' } } {
  const global: Settings = {
    ...common(connection),
    'queued.max.messages.kbytes': FETCHED_KBYTES,
    'queued.min.messages': 20_000,
    'fetch.wait.max.ms': 50,
    // A full queue is looked at again soon: the default of a second leaves the client without records meanwhile.
    'fetch.queue.backoff.ms': 5,
    'session.timeout.ms': 45_000,
    'partition.assignment.strategy': 'cooperative-sticky',
    ...chosen(connection, PRODUCER_ONLY),
    'group.id': group,
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    // Without it the answer to a commit is not delivered.
    offset_commit_cb: true,
    'isolation.level': 'read_committed',
    'enable.partition.eof': true,
    'allow.auto.create.topics': false,
    // Whatever a pattern says: the brokers' own topics hold no events. A topic that is named is read, whatever its name.
    ...('pattern' in topics ? { 'topic.blacklist': '^__' } : {}),
  }
  // An offset that is gone is an error, never a place to start from.
  return { global: global as ConsumerGlobalConfig, topic: { 'auto.offset.reset': 'error' } }
}

/** Of the batch itself, before its first record. */
const BATCH_HEADER_BYTES = 61
const LEAST_MESSAGE_BYTES = 1000
/** What librdkafka fills a batch with, unless told otherwise. */
const BATCH_BYTES = 1_000_000

/** What the broker would refuse is refused here, before it crosses the network; and no batch is too large for its topic. */
function limits({ maxMessageBytes, maxBatchBytes, connection }: DriverOptions): Settings {
  const settings: Settings = {}
  const within = (bytes: number): number =>
    Math.max(LEAST_MESSAGE_BYTES, Math.min(bytes, SENT_KBYTES * 1024) - BATCH_HEADER_BYTES)
  if (maxMessageBytes !== undefined) settings['message.max.bytes'] = within(maxMessageBytes)
  if (maxBatchBytes !== undefined) {
    const wanted = Number(connection.client.get('batch.size') ?? BATCH_BYTES)
    if (within(maxBatchBytes) < wanted) settings['batch.size'] = within(maxBatchBytes)
  }
  return settings
}

export function producerSettings(options: DriverOptions): ProducerGlobalConfig {
  const { connection, delivery, transactionalId } = options
  const settings: Settings = {
    ...common(connection),
    'linger.ms': 5,
    'queue.buffering.max.kbytes': SENT_KBYTES,
    'queue.buffering.max.messages': 1_000_000,
    'sticky.partitioning.linger.ms': 50,
    ...(delivery === 'exactly-once' ? { 'transaction.timeout.ms': TRANSACTION_MS } : {}),
    ...chosen(connection, CONSUMER_ONLY),
    ...limits(options),
    'enable.idempotence': true,
    // Only failures are reported, so that success costs nothing.
    'delivery.report.only.error': true,
    dr_cb: true,
  }
  if (delivery === 'exactly-once') settings['transactional.id'] = transactionalId
  else delete settings['transaction.timeout.ms']
  return settings as ProducerGlobalConfig
}
