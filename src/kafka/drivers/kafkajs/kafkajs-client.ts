/** A kafkajs client as a connection says: TLS, SASL, a log of codes; one try each, and the same request made again. */
import { connect, isIP, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import kafkajs, {
  type Cluster,
  type Consumer,
  type ConsumerConfig,
  type Kafka,
  type KafkaConfig,
  type Mechanism,
  type SASLOptions,
} from 'kafkajs'
import { LetheError } from '../../../errors.ts'
import { causeOf } from '../../cause.ts'
import { type Connection, type DriverEvent, noBroker, Refused } from '../../driver.ts'
import { speaksTls } from '../../speaks-tls.ts'
import { causeIn, failureOf, RetriableError } from './failure.ts'
import { bearerMechanism } from './kafkajs-bearer.ts'
import { registerCodecs } from './register-codecs.ts'
import { type Settings, settingsOf } from './settings.ts'

/** How long the first answer of a broker may take. */
export const OPEN_MS = 15_000

/** Some two minutes with the usual `retry.backoff.ms`. */
const BRIDGING_TRIES = 60
const MOST_BACKOFF_MS = 2000

/** @throws LetheError (usage) where certificates and key cannot be read */
function secureContext({ tls }: Connection): SecureContext | undefined {
  if (tls === undefined) return undefined
  try {
    return createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key, passphrase: tls.keyPassword })
  } catch {
    throw new LetheError(
      'certificate-invalid',
      'a certificate or key under `tls:` cannot be read',
      'each is a file in PEM; an encrypted key needs `keyPassword:`, and the key must fit the certificate',
    )
  }
}

/**
 * So long before a session ends a connection authenticates again (KIP-368). A broker does not let it do so within a second,
 * so that sessions shorter than the sum could not be kept.
 */
const REAUTHENTICATION_MS = 2000

const LOGGED: Readonly<Record<string, string>> = {
  Connection: 'connection',
  RequestQueue: 'request-queue',
  Broker: 'broker',
}

/** kafkajs takes note of an error, and not of a close. */
class SilentError extends Error {
  readonly code = 'ETIMEDOUT'
}

const saslOf = (sasl: NonNullable<Connection['sasl']>): SASLOptions | Mechanism =>
  sasl.mechanism === 'oauthbearer' ? bearerMechanism(sasl.tokens) : (sasl as SASLOptions)

type Target = Parameters<NonNullable<KafkaConfig['socketFactory']>>[0]

export class KafkajsClient {
  readonly kafka: Kafka
  readonly settings: Settings
  readonly #brokers: readonly string[]
  readonly #secure: SecureContext | undefined
  readonly #sasl: Connection['sasl']
  readonly #onEvent: (event: DriverEvent) => void
  readonly #closed = new AbortController()
  readonly #open: Set<{ readonly name: string; readonly socket: Socket; heardAt: number }> = new Set()
  /** The newest connection, and how far it came. */
  #newest: { readonly socket: Socket; readonly host: string; readonly port: number } | undefined
  #reached: 'nowhere' | 'listener' | 'tls' = 'nowhere'
  /** Whether a plain connection was answered by a TLS alert. */
  #isAlerted = false

  /** @throws LetheError (usage) where settings or certificates do not fit */
  constructor(connection: Connection, onEvent: (event: DriverEvent) => void) {
    registerCodecs()
    this.settings = settingsOf(connection)
    this.#brokers = connection.brokers
    this.#onEvent = onEvent
    this.#secure = secureContext(connection)
    this.#sasl = connection.sasl
    this.kafka = this.#kafkaAt(connection.brokers)
  }

  #kafkaAt(brokers: readonly string[], retries: number = 0): Kafka {
    return new kafkajs.Kafka({
      brokers: [...brokers],
      clientId: this.settings.clientId,
      connectionTimeout: this.settings.connectionTimeout,
      reauthenticationThreshold: REAUTHENTICATION_MS,
      requestTimeout: this.settings.requestTimeout,
      enforceRequestTimeout: true,
      ...(this.#secure === undefined ? {} : { ssl: { secureContext: this.#secure } }),
      ...(this.#sasl === undefined ? {} : { sasl: saslOf(this.#sasl) }),
      socketFactory: (target) => this.#connect(target),
      retry: { retries, initialRetryTime: this.settings.backoff, maxRetryTime: MOST_BACKOFF_MS },
      logLevel: kafkajs.logLevel.WARN,
      logCreator:
        () =>
        ({ namespace, level }) =>
          this.#onEvent({
            kind: 'client-log',
            severity: level === kafkajs.logLevel.ERROR ? 'error' : 'warn',
            // Its texts may hold names, addresses and what a server said.
            code: `kafkajs-${LOGGED[namespace] ?? 'other'}`,
          }),
    })
  }

  /**
   * A consumer, which bridges a broker's restart by tries of its own: one that ends and begins anew is another member,
   * and the group waits until the session of the old one is over.
   */
  consumer(config: ConsumerConfig): Consumer {
    return this.#kafkaAt(this.#brokers, BRIDGING_TRIES).consumer(config)
  }

  /** Connections of their own, through what kafkajs hands to assigners: a part of its public types. */
  cluster(brokers: readonly string[] = this.#brokers): Cluster {
    let cluster: Cluster | undefined
    // Never run: it is there for its cluster.
    this.#kafkaAt(brokers).consumer({
      groupId: 'lethe',
      allowAutoTopicCreation: false,
      partitionAssigners: [
        (given) => {
          cluster = given.cluster
          return kafkajs.PartitionAssigners.roundRobin(given)
        },
      ],
    })
    return cluster!
  }

  get closed(): AbortSignal {
    return this.#closed.signal
  }

  #connect({ host, port, ssl, onConnect }: Target): Socket {
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = ssl
      ? connectTls({ host, port, ...name, ...ssl }, onConnect)
      : connect({ host, port }, onConnect)
    socket.setKeepAlive(true, 60_000)
    socket.setNoDelay(true)
    this.#newest = { socket, host, port }
    this.#reached = 'nowhere'
    this.#isAlerted = false
    const open = { name: `${host}:${port}`, socket, heardAt: performance.now() }
    this.#open.add(open)
    socket.on('data', () => {
      open.heardAt = performance.now()
    })
    socket.once('close', () => this.#open.delete(open))
    const reach = (where: 'listener' | 'tls') => () => {
      if (this.#newest?.socket === socket) this.#reached = where
    }
    socket.once('connect', reach('listener'))
    socket.once('secureConnect', reach('tls'))
    if (this.#secure === undefined)
      socket.once('data', (bytes) => {
        // An alert of any version (RFC 8446, 5.1). As the length of an answer it would be 352 MB.
        if (this.#newest?.socket === socket) this.#isAlerted = bytes[0] === 0x15 && bytes[1] === 0x03
      })
    return socket
  }

  /** kafkajs keeps a connection to a host that has gone without a word: once a request was not answered, it ends here. */
  dropSilent(broker: string): void {
    const since = performance.now() - this.settings.requestTimeout
    for (const open of this.#open)
      if (open.name === broker && open.heardAt < since) open.socket.destroy(new SilentError())
  }

  /** What an error of kafkajs means; `what` was asked for. */
  failure(error: unknown, what: string): RetriableError | LetheError {
    const { name, broker } = causeIn(error)
    if (name === 'KafkaJSRequestTimeoutError' && broker !== undefined) this.dropSilent(broker)
    const { socket } = this.#newest ?? {}
    const isCut = socket !== undefined && (socket.destroyed || socket.readableEnded)
    return failureOf(error, what, this.#brokers.join(', '), isCut)
  }

  /** A connection that the other side ends without a word: whether one of the two expects TLS and the other does not. */
  async #explained(failure: RetriableError | LetheError): Promise<RetriableError | LetheError> {
    if (!(failure instanceof RetriableError) || failure.code !== 'connection-lost') return failure
    if (this.#newest === undefined || this.#reached !== 'listener') return failure
    const { socket, host, port } = this.#newest
    const isUnheard = socket.bytesRead === 0
    const disagrees =
      this.#secure !== undefined || this.#isAlerted || (isUnheard && (await speaksTls(host, port)))
    return disagrees ? new RetriableError('tls-handshake') : failure
  }

  /** One try. @throws RetriableError, LetheError, Refused */
  async once<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      // An error that an inner attempt has explained is not examined again.
      if (error instanceof RetriableError || error instanceof LetheError || error instanceof Refused)
        throw error
      // A defect of ours is none of the broker.
      if (causeIn(error) instanceof TypeError) throw error
      throw await this.#explained(this.failure(error, what))
    }
  }

  /**
   * Makes the same request again for as long as that may help.
   * @throws RetriableError once `signal` is aborted or the client is closed; LetheError, Refused
   */
  async insist<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const stop = signal === undefined ? this.closed : AbortSignal.any([signal, this.closed])
    for (let wait = this.settings.backoff; ; wait = Math.min(2 * wait, MOST_BACKOFF_MS)) {
      try {
        return await this.once(what, work)
      } catch (error) {
        if (!(error instanceof RetriableError) || stop.aborted) throw error
        this.#onEvent({ kind: 'retry', code: error.code })
        await sleep(wait, undefined, { signal: stop }).catch(() => {})
      }
    }
  }

  /** The same, for at most `most` milliseconds. @throws RetriableError: the last one; LetheError */
  async insistFor<T>(most: number, what: string, work: () => Promise<T>): Promise<T> {
    let last = new RetriableError('timeout')
    const late = AbortSignal.timeout(most)
    const insisting = this.insist(
      what,
      async () => {
        try {
          return await this.once(what, work)
        } catch (error) {
          if (error instanceof RetriableError) last = error
          throw error
        }
      },
      late,
    )
    const givenUp = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(last), { once: true })
    })
    return await Promise.race([insisting, givenUp])
  }

  /** The same, where a person waits. @throws LetheError where the brokers do not answer within `most` milliseconds */
  async ask<T>(most: number, what: string, question: () => Promise<T>): Promise<T> {
    try {
      return await this.insistFor(most, what, question)
    } catch (error) {
      if (!(error instanceof RetriableError)) throw error
      throw new LetheError(
        'broker-unreachable',
        `the brokers did not answer within ${most / 1000} s (${error.code})`,
        'look whether they are well, and at their log',
      )
    }
  }

  /** First contact. @throws ClientLost where no broker answers within 15 s; LetheError where one refuses this client */
  async open<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.insistFor(OPEN_MS, what, work)
    } catch (error) {
      if (!(error instanceof RetriableError)) throw error
      throw noBroker(this.#brokers, OPEN_MS / 1000, causeOf(error.code))
    }
  }

  close(): void {
    this.#closed.abort()
  }
}
