export type BrokerKind = 'given' | 'kafka' | 'docker' | 'mock'

export interface BrokerOptions {
  /** A broker that is this test's alone: it may be killed and filled. Any of the options below asks for that too. */
  readonly own?: boolean
  /** A TLS listener, with or without certificates of clients. The certificates are made by the test. */
  readonly tls?: true | 'client-certificates'
  /** SASL listeners (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512) with these users; over TLS too if there is `tls`. */
  readonly users?: readonly { readonly name: string; readonly password: string }[]
  /** A listener with SASL OAUTHBEARER that takes tokens without a signature, and has clients authenticate again after 4 s. */
  readonly tokens?: boolean
  /** More plain listeners, advertised under other addresses (host:port): those of proxies. See `behind`. */
  readonly advertised?: readonly string[]
  /** Users may do only what ACLs allow; whoever comes through the plain listener may do everything. */
  readonly authorizer?: boolean
  /** Settings of the broker by their Kafka names. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>
  /** Options of the JVM instead of those that make it start soon (512 MB of heap, no optimizing compiler). */
  readonly jvm?: readonly string[]
  /** Which ways to try, in order. Default: all; if it must be the test's own, `kafka` and `docker`. */
  readonly ways?: readonly BrokerKind[]
  /** What takes long, as a line for people. */
  readonly onProgress?: (line: string) => void
}

/** Files in PEM format. */
export interface Certificates {
  readonly ca: string
  /** An authority that has signed nothing here. */
  readonly otherCa: string
  readonly client: string
  readonly clientKey: string
  /** The client's key behind a password. */
  readonly lockedKey: string
  readonly lockedKeyPassword: string
}

export interface Broker {
  readonly kind: BrokerKind
  /** False for the mock cluster: no transactions, no admin requests, no settings of topics. */
  readonly isReal: boolean
  /** host:port of the plain listener. */
  readonly address: string
  readonly tlsAddress?: string
  /** SASL without TLS. */
  readonly saslAddress?: string
  /** SASL OAUTHBEARER without TLS. */
  readonly tokensAddress?: string
  /** SASL over TLS. */
  readonly saslTlsAddress?: string
  /** Where the proxy of each `advertised` address connects to. */
  readonly behind: readonly string[]
  readonly certificates?: Certificates
  /** The broker's own log; only of Kafka as a process. */
  readonly logFile?: string
  readonly pid?: () => number | undefined
  /** SIGKILL. The data stays. */
  kill(): Promise<void>
  /** On the same ports and data; shuts down in order first if it runs. Resolves when it answers. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open, and nothing answers. */
  pause(): void
  resume(): void
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

/** The broker, if there is any way to one, and why each way before it was closed. */
export function findBroker(
  options?: BrokerOptions,
): Promise<{ readonly broker: Broker | undefined; readonly reasons: readonly string[] }>

/** @throws Error with all the reasons where there is none */
export function startBroker(options?: BrokerOptions): Promise<Broker>

/** Whether it looks as if Apache Kafka could run here as a process: a broker of a test's own, in any setting. */
export function canRunKafka(): boolean
