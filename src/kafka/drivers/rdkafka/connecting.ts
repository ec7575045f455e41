/** Making clients, connecting them, and hearing what they say by themselves. */
import { LetheError } from '../../../errors.ts'
import { type Cause, causeOf } from '../../cause.ts'
import { type Connection, type DriverOptions, noBroker } from '../../driver.ts'
import type { TopicPartition } from '../../record.ts'
import { type Client, type Consumer, call, type Library, type Producer, ZSTD } from './client.ts'
import {
  asClientError,
  asEventError,
  type ClientError,
  CODE,
  codeName,
  fatalError,
  isOfTheMoment,
  isToldByLog,
} from './client-errors.ts'
import { failureIn, isUnheard, readLogLine, TlsQuestion } from './failures.ts'
import { consumerSettings, producerSettings } from './rdkafka-settings.ts'
import type { Session } from './session.ts'

/** Unless the connection says otherwise. */
const OPEN_MS = 15_000
/** For what a producer still holds, as it disconnects. */
export const FLUSH_MS = 1_000

/** @throws LetheError (usage) where the library was built without what the pipeline file wants */
export function checkCodec(library: Library, { client }: Connection): void {
  const codec = client.get('compression.type')
  if (codec === undefined || codec === 'none' || library.features.includes(String(codec))) return
  throw new LetheError(
    'package-missing',
    `node-rdkafka was built here without ${codec}`,
    codec === 'zstd' ? ZSTD : 'choose another `compression.type`',
  )
}

export const makeProducer = (library: Library, options: DriverOptions): Producer =>
  make(
    () =>
      new library.Producer(producerSettings(options), {
        partitioner: 'murmur2_random',
        'request.required.acks': -1,
      }),
  )

export function makeConsumer(
  library: Library,
  options: DriverOptions,
  rebalanced: (error: unknown, partitions: readonly TopicPartition[]) => void,
): Consumer {
  const { global, topic } = consumerSettings(options, options.group)
  return make(
    () => new library.KafkaConsumer({ ...global, rebalance_cb: rebalanced } as never, topic as never),
  )
}

/** A client, or why its settings are refused; the library's own text may hold them, passwords too. */
function make<T>(make: () => T): T {
  try {
    return make()
  } catch {
    throw new LetheError(
      'setting-refused',
      'librdkafka refuses the settings of a client',
      'check the values of `client:` and `tls:`, and that the files are PEM',
    )
  }
}

/**
 * Connects a client, which has its token first, and says why where that fails. A client that is disconnected takes no more
 * tokens: see `disconnect`.
 */
export async function connect(
  session: Session,
  made: Consumer | Producer,
  what: 'consumer' | 'producer',
): Promise<void> {
  await session.bearer.add(made)
  session.stillOpen()
  const { connection } = session.options
  const client = made as Client
  let last: ClientError | undefined
  let reason: Cause = 'timeout'
  let isWithoutAnswer = false
  const hear = (given: unknown): void => {
    const heard = asEventError(given)
    if (!isOfTheMoment(heard.code) || last === undefined) last = heard
  }
  const read = (given: unknown): void => {
    const line = readLogLine(given)
    const failure = failureIn(line)
    if (failure !== undefined) reason = causeOf(failure)
    isWithoutAnswer = connection.tls === undefined && isUnheard(line)
  }
  client.on('event.error', hear)
  client.on('event.log', read)
  const { openMs = OPEN_MS } = connection
  try {
    await call<unknown>((done) => client.connect({ timeout: openMs }, done))
  } catch (error) {
    const told = last ?? asClientError(error)
    if (!isOfTheMoment(told.code) && told.code !== CODE.RESOLVE)
      throw fatalError(told, `connecting the ${what}`)
    if (isWithoutAnswer && (await new TlsQuestion(connection).ask())) reason = 'tls-handshake'
    throw noBroker(connection.brokers, openMs / 1000, reason)
  } finally {
    client.removeListener('event.error', hear)
    client.removeListener('event.log', read)
  }
}

/** `flushMs`: how long a producer may go on sending what it holds. */
export async function disconnect(
  session: Session,
  client: Consumer | Producer,
  flushMs?: number,
): Promise<void> {
  session.bearer.remove(client)
  await new Promise<void>((resolve) => {
    if (flushMs === undefined) client.disconnect(() => resolve())
    else (client as Producer).disconnect(flushMs, () => resolve())
  })
}

/** Errors that come by themselves. Their texts stay here. */
export function watch(client: Client, session: Session): void {
  const { onEvent, connection } = session.options
  const tls = new TlsQuestion(connection)
  client.on('event.error', (given) => {
    const error = asEventError(given)
    if (error.isFatal || error.code === CODE.FATAL) session.fail(error, 'running')
    // The log has the reason.
    if (!isToldByLog(error.code))
      onEvent({ kind: 'client-log', severity: 'error', code: codeName(error.code) })
  })
  client.on('event.log', (given) => {
    const line = readLogLine(given)
    const { severity: level } = line
    const severity = level <= 3 ? 'error' : level === 4 ? 'warn' : 'debug'
    const code = failureIn(line) ?? 'librdkafka'
    const say = (what: string): void => {
      const isKnown = causeOf(what) !== 'unknown'
      onEvent({ kind: 'client-log', severity: isKnown ? 'error' : severity, code: what })
    }
    if (code === 'connection-lost' && connection.tls === undefined && isUnheard(line))
      void tls.ask().then((speaks) => say(speaks ? 'tls-handshake' : code))
    else say(code)
  })
}
