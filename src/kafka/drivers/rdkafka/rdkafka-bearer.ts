/**
 * SASL OAUTHBEARER for librdkafka, which sends the token that it was given last whenever it authenticates: at each
 * connection, and again before a session ends (KIP-368). Tokens come from `oauth/`, not from librdkafka's own `oidc`: it
 * takes no certificates of authorities as text, and logs what it was answered.
 */
import { LetheError } from '../../../errors.ts'
import type { DriverOptions } from '../../driver.ts'
import { watchTokens } from '../../oauth/watch-tokens.ts'

/** What takes tokens; librdkafka may be without a connection then. */
interface Taker {
  setOauthBearerToken(token: string): unknown
}

/** The tokens of all clients of a driver. */
export class Bearer {
  readonly #options: Pick<DriverOptions, 'connection' | 'onEvent'>
  readonly #takers: Set<Taker> = new Set()
  #end: (() => void) | undefined

  constructor(options: Pick<DriverOptions, 'connection' | 'onEvent'>) {
    this.#options = options
  }

  /**
   * Before a client connects: gives it a token, and each that follows. Nothing where the connection needs none.
   * @throws ClientLost, LetheError where there is no token
   */
  async add(taker: Taker): Promise<void> {
    const { sasl } = this.#options.connection
    if (sasl?.mechanism !== 'oauthbearer') return
    const { tokens } = sasl
    if (Object.keys(tokens.extensions).length > 0)
      throw new LetheError(
        'setting-refused',
        'node-rdkafka takes a token and no extensions',
        'write `driver: kafkajs` and `delivery: at-least-once`, or remove `sasl.extensions`',
      )
    const give = (token: string, to: Iterable<Taker>): void => {
      for (const one of to) one.setOauthBearerToken(token)
    }
    give(await tokens.current(), [taker])
    this.#takers.add(taker)
    this.#end ??= watchTokens(this.#options, (token) => give(token, this.#takers))
  }

  remove(taker: Taker): void {
    this.#takers.delete(taker)
  }

  close(): void {
    this.#end?.()
    this.#takers.clear()
  }
}
