/** Making clients, connecting them, and hearing what they say by themselves. */
import { EXIT, LetheError } from '../../../errors.ts'
import { ClientLost, type Connection, type DriverOptions } from '../../driver.ts'
import type { TopicPartition } from '../../record.ts'
import { type Client, type Consumer, call, type Library, type Producer, ZSTD } from './client.ts'
import { asClientError, type ClientError, CODE, codeName, fatalError, isOfTheMoment } from './errors.ts'
import type { Session } from './session.ts'
import { consumerSettings, producerSettings } from './settings.ts'

const OPEN_MS = 15_000

/** @throws LetheError (usage) where the library was built without what the pipeline file wants */
export function checkCodec(library: Library, { client }: Connection): void {
  const codec = client.get('compression.type')
  if (codec === undefined || codec === 'none' || library.features.includes(String(codec))) return
  throw new LetheError(
    EXIT.usage,
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
      EXIT.usage,
      'librdkafka refuses the settings of a client',
      'check `client:` and `tls:`: values, and files that are no PEM',
    )
  }
}

/** Connects a client, and says why where that fails. */
export async function connect(client: Client, what: string, { brokers }: Connection): Promise<void> {
  let last: ClientError | undefined
  const hear = (error: unknown): void => {
    const heard = asClientError(error)
    if (!isOfTheMoment(heard.code) || last === undefined) last = heard
  }
  client.on('event.error', hear)
  try {
    await call<unknown>((done) => client.connect({ timeout: OPEN_MS }, done))
  } catch (error) {
    const told = last ?? asClientError(error)
    if (!isOfTheMoment(told.code) && told.code !== CODE.RESOLVE)
      throw fatalError(told, `connecting the ${what}`)
    throw new ClientLost(
      'no-broker',
      `no broker of ${brokers.join(', ')} answered within ${OPEN_MS / 1000} s`,
      'check `brokers:`, and `tls:` and `sasl:` if the listener wants them',
    )
  } finally {
    client.removeListener('event.error', hear)
  }
}

/** Errors that come by themselves. Their texts stay here. */
export function watch(client: Client, session: Session): void {
  client.on('event.error', (given) => {
    const error = asClientError(given)
    session.options.onEvent({ kind: 'client-log', severity: 'error', code: codeName(error.code) })
    if (error.isFatal || error.code === CODE.FATAL) session.fail(error, 'running')
  })
  client.on('event.log', (entry) => {
    const level = (entry as { readonly severity?: number }).severity ?? 7
    const severity = level <= 3 ? 'error' : level === 4 ? 'warn' : 'debug'
    session.options.onEvent({ kind: 'client-log', severity, code: 'librdkafka' })
  })
}
