/** One broker: its connections, over kafkajs' own, with TLS and SASL. */
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import { LetheError } from '../../../errors.ts'
import type { Connection } from '../../driver.ts'
import { speaksTls } from '../../speaks-tls.ts'
import { failureOf, Moment } from './failure.ts'
import {
  API_KEYS,
  Broker,
  ConnectionPool,
  type Logger,
  type Protocol,
  REQUESTS,
  SASL,
  type SaslProvider,
} from './internals.ts'
import type { Settings } from './settings.ts'

const KEEP_ALIVE_MS = 60_000

export interface LinkOptions {
  readonly connection: Connection
  readonly settings: Settings
  readonly logger: Logger
  readonly secure: SecureContext | undefined
}

/** @throws LetheError (usage) where certificates and key cannot be read */
export function secureContext({ tls }: Connection): SecureContext | undefined {
  if (tls === undefined) return undefined
  try {
    return createSecureContext({
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
      passphrase: tls.keyPassword,
    })
  } catch {
    throw new LetheError(
      'certificate-invalid',
      'a certificate or key under `tls:` cannot be read',
      'each is a file in PEM; an encrypted key needs `keyPassword:`, and the key must fit the certificate',
    )
  }
}

export class Link {
  readonly address: string
  readonly #host: string
  readonly #port: number
  readonly #broker: Broker
  readonly #sockets: Set<Socket> = new Set()
  /** How far the newest connection came. */
  #reached: 'nowhere' | 'listener' | 'tls' = 'nowhere'
  /** Whether a plain connection was answered by a TLS alert. */
  #isAlerted = false
  #newest: Socket | undefined
  readonly #isTls: boolean

  constructor(host: string, port: number, nodeId: number | null, options: LinkOptions) {
    const { connection, settings, logger, secure } = options
    this.address = `${host}:${port}`
    this.#host = host
    this.#port = port
    this.#isTls = secure !== undefined
    const connectionPool = new ConnectionPool({
      host,
      port,
      ssl: secure === undefined ? null : { secureContext: secure },
      sasl: saslOf(connection),
      clientId: settings.clientId,
      logger,
      socketFactory: (target) => this.#open(target),
      connectionTimeout: settings.connectionTimeout,
      requestTimeout: settings.requestTimeout,
      enforceRequestTimeout: true,
    })
    neverLate(connectionPool)
    this.#broker = new Broker({ nodeId, logger, allowAutoTopicCreation: false, connectionPool })
  }

  #open({
    host,
    port,
    ssl,
    onConnect,
  }: {
    host: string
    port: number
    ssl: object | null | undefined
    onConnect: () => void
  }): Socket {
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = ssl
      ? connectTls({ host, port, ...name, ...ssl }, onConnect)
      : connect({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.setNoDelay(true)
    this.#sockets.add(socket)
    this.#newest = socket
    this.#reached = 'nowhere'
    this.#isAlerted = false
    const reach = (where: 'listener' | 'tls') => () => {
      if (this.#newest === socket) this.#reached = where
    }
    socket.once('connect', reach('listener'))
    socket.once('secureConnect', reach('tls'))
    if (!this.#isTls)
      socket.once('data', (bytes) => {
        // An alert of any version (RFC 8446, 5.1). As the length of an answer it would be 352 MB.
        if (this.#newest === socket) this.#isAlerted = bytes[0] === 0x15 && bytes[1] === 0x03
      })
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }

  get isConnected(): boolean {
    return this.#broker.isConnected()
  }

  /** @throws Moment, LetheError */
  async connect(): Promise<void> {
    try {
      await this.#broker.connect()
    } catch (error) {
      throw await this.#explained(failureOf(error, this.address))
    }
  }

  /** A connection that the other side ends without a word: over which of TLS and plain text they disagree, if they do. */
  async #explained(failure: Moment | LetheError): Promise<Moment | LetheError> {
    if (!(failure instanceof Moment) || failure.code !== 'connection-lost') return failure
    if (this.#reached !== 'listener') return failure
    const isUnheard = this.#newest?.bytesRead === 0
    const disagrees =
      this.#isTls || this.#isAlerted || (isUnheard && (await speaksTls(this.#host, this.#port)))
    return disagrees ? new Moment('tls-handshake') : failure
  }

  /** The newest version of a request that the broker has; undefined: it has none. */
  versionOf(api: string): number | undefined {
    return this.#broker.versions?.[API_KEYS[api]!]?.maxVersion
  }

  /**
   * Makes a request that kafkajs codes, and gives the answer with its error codes in it.
   * @throws Moment, LetheError
   */
  async call<T>(api: string, args: object): Promise<T> {
    await this.connect()
    try {
      return await this.send(this.#broker.lookupRequest(API_KEYS[api]!, REQUESTS[api]!)(args))
    } catch (error) {
      throw failureOf(error, this.address)
    }
  }

  /** The request that kafkajs would make, for an answer that is decoded elsewhere. */
  requestOf(api: string, args: object): Protocol {
    return this.#broker.lookupRequest(API_KEYS[api]!, REQUESTS[api]!)(args)
  }

  /** @throws Moment, LetheError */
  async send<T>(protocol: Protocol): Promise<T> {
    try {
      const { response } = protocol
      return (await this.#broker.connectionPool.send({
        ...protocol,
        // Error codes are judged where the request is understood; kafkajs would throw the first of them.
        response: { decode: response.decode, parse: async (decoded: unknown) => decoded },
      })) as T
    } catch (error) {
      const failure = failureOf(error, this.address)
      // Whoever does not answer in time is asked over a new connection.
      if (failure instanceof Moment) this.drop()
      throw failure
    }
  }

  /** Cuts the connections; the next request makes new ones. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy(new Error('dropped'))
  }

  async close(): Promise<void> {
    const closed = this.#broker.disconnect().catch(() => {})
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 500).unref())])
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** After each answer, kafkajs sets a timer for a time long past, of which newer Node versions warn. */
function neverLate({ pool }: ConnectionPool): void {
  for (const { requestQueue } of pool) {
    const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue)
    requestQueue.scheduleCheckPendingRequests = () => {
      if (requestQueue.pending.length > 0 || requestQueue.throttledUntil > Date.now()) schedule()
    }
  }
}

/**
 * kafkajs calls every failure while it authenticates one of authentication, a connection that broke among them: told
 * apart here by what the exchange itself met.
 */
function saslOf({ sasl }: Connection): { mechanism: string; authenticationProvider: SaslProvider } | null {
  if (sasl === undefined) return null
  const { mechanism, username, password } = sasl
  return {
    mechanism,
    authenticationProvider: (exchange) => ({
      authenticate: async () => {
        let met: unknown
        const authenticator = SASL[mechanism]!({ username, password })({
          ...exchange,
          saslAuthenticate: async (message) => {
            try {
              return await exchange.saslAuthenticate(message)
            } catch (error) {
              met = error
              throw error
            }
          },
        })
        try {
          await authenticator.authenticate()
        } catch (error) {
          throw met !== undefined && failureOf(met, '') instanceof Moment ? met : error
        }
      },
    }),
  }
}
