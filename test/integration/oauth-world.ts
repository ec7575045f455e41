/** A broker that asks for tokens, an endpoint that gives them, and streams that use both. */

import type { Message } from 'kafkajs'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Guarded } from '../broker/guarded.ts'
import { guarded } from '../broker/suite.ts'
import {
  CLIENT,
  json,
  type TokenEndpoint,
  tokenEndpoint,
  unsigned,
} from '../src/kafka/oauth/token-endpoint.ts'
import { CANARY, drawOf, eventOf } from './chaos/events.ts'
import { World } from './stream-world.ts'

type Driver = readonly [driver: string, delivery: string]

export const DRIVERS: readonly Driver[] = [
  ['rdkafka', 'exactly-once'],
  ['kafkajs', 'at-least-once'],
]

export const oidc = (url: string): string =>
  `oidc: { tokenEndpoint: "${url}", clientId: "${CLIENT.id}", clientSecret: { file: secret }, scope: kafka }`

export const events = (seed: number, count: number): Message[] => {
  const draw = drawOf(seed)
  return Array.from({ length: count }, (_, n) => eventOf(n, draw))
}

export const showsNone = (said: string, ...secrets: readonly string[]): void => {
  for (const secret of [CANARY, CLIENT.secret, ...secrets]) expect(said.includes(secret)).toBe(false)
}

/** For all tests of a suite. Tokens of the endpoint are good for 8 s; `given` are those that it gave. */
export class TokenWorld {
  readonly given: string[] = []
  endpoint!: TokenEndpoint
  #broker!: Guarded

  constructor() {
    beforeAll(async () => {
      this.#broker = await guarded()
      this.endpoint = await tokenEndpoint((response, ...more) => {
        const token = unsigned(8, { jti: String(this.given.length) })
        this.given.push(token)
        json(200, { access_token: token, token_type: 'Bearer', expires_in: 8 })(response, ...more)
      })
    })
    afterAll(async () => {
      await this.endpoint.close()
    })
  }

  /** Cases run side by side, so each cleans up for itself. `token`: what its file holds. */
  async within(
    [driver, delivery]: Driver,
    sasl: string,
    token: string,
    work: (world: World) => Promise<void>,
  ): Promise<void> {
    const cleanings: (() => void | Promise<void>)[] = []
    try {
      const world = await World.make(
        this.#broker.address,
        { onTestFinished: (clean) => void cleanings.push(clean) },
        {
          brokers: this.#broker.tokensAddress,
          files: { token, secret: CLIENT.secret },
          pipeline: `maxDeadLetters: 100%
driver: ${driver}
delivery: ${delivery}
sasl: { mechanism: oauthbearer, ${sasl} }
`,
        },
      )
      await work(world)
    } finally {
      for (const clean of cleanings) await clean()
    }
  }
}
