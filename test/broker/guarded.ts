/**
 * A second broker for a run of the integration tests: one that knows users, TLS, tokens and rights. Tests that only connect
 * to it share it; it starts when the first of them asks.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Broker, type Certificates, startBroker } from './broker.mjs'

/** May do everything. */
export const OWNER = 'owner'
/** May do what their tests grant them. Each test has a user of its own. */
export const USERS = ['ada', 'alice', 'bob', 'dora', 'erasure', 'grace', 'reader', 'retention'] as const
/** A token whose subject it is may do everything, too. */
const TOKEN_SUBJECT = 'lethe'
/** Another machine, as clients that come through the listener `elsewhere` are told. */
export const ELSEWHERE = '192.0.2.1:9092'

type User = typeof OWNER | (typeof USERS)[number]

export const passwordOf = (user: User): string => `Pa55word-of-${user}`

export interface Guarded {
  /** host:port of the plain listener. Its clients may do everything. */
  readonly address: string
  readonly tlsAddress: string
  readonly saslAddress: string
  readonly saslTlsAddress: string
  readonly tokensAddress: string
  /** Of a listener that sends its clients to `ELSEWHERE`. */
  readonly elsewhere: string
  readonly certificates: Certificates
}

async function start(): Promise<{ readonly broker: Broker; readonly guarded: Guarded }> {
  const superUsers = ['ANONYMOUS', OWNER, TOKEN_SUBJECT].map((name) => `User:${name}`).join(';')
  const broker = await startBroker({
    tls: true,
    users: ([OWNER, ...USERS] satisfies User[]).map((name) => ({ name, password: passwordOf(name) })),
    tokens: true,
    authorizer: true,
    advertised: [ELSEWHERE],
    properties: { 'super.users': superUsers },
  })
  const { address, tlsAddress, saslAddress, saslTlsAddress, tokensAddress, behind, certificates } = broker
  return {
    broker,
    guarded: {
      address,
      tlsAddress: tlsAddress!,
      saslAddress: saslAddress!,
      saslTlsAddress: saslTlsAddress!,
      tokensAddress: tokensAddress!,
      elsewhere: behind[0]!,
      certificates: certificates!,
    },
  }
}

/** Tells the processes of tests where it is: a GET starts it, and every answer is the same `Guarded` as JSON. */
export class GuardedServer {
  #started: ReturnType<typeof start> | undefined
  readonly #server: Server = createServer((_, response) => {
    this.#started ??= start()
    this.#started.then(
      ({ guarded }) => response.end(JSON.stringify(guarded)),
      (error: unknown) => {
        response.statusCode = 500
        response.end(String(error))
      },
    )
  })

  /** @returns its URL */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    const started = await this.#started?.catch(() => undefined)
    await started?.broker.stop()
  }
}

/** @param url what `listen` gave */
export async function guardedAt(url: string): Promise<Guarded> {
  const response = await fetch(url)
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return JSON.parse(text) as Guarded
}
