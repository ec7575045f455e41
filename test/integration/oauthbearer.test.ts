/** SASL OAUTHBEARER against the real broker, which takes tokens without a signature and has clients authenticate again. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Broker, startBroker } from '../broker/broker.mjs'
import { onOwnKafka } from '../broker/suite.ts'
import { lethe } from '../src/cli/lethe.ts'
import {
  CLIENT,
  json,
  type TokenEndpoint,
  tokenEndpoint,
  unsigned,
} from '../src/kafka/oauth/token-endpoint.ts'
import { CANARY, drawOf, eventOf } from './chaos/events.ts'
import { World } from './stream-world.ts'

const DRIVERS: readonly (readonly [driver: string, delivery: string])[] = [
  ['rdkafka', 'exactly-once'],
  ['kafkajs', 'at-least-once'],
]

onOwnKafka('lethe stream and SASL OAUTHBEARER', () => {
  let broker: Broker
  let endpoint: TokenEndpoint
  const given: string[] = []
  beforeAll(async () => {
    broker = await startBroker({ tokens: true })
    endpoint = await tokenEndpoint((response, ...more) => {
      const token = unsigned(8, { jti: String(given.length) })
      given.push(token)
      json(200, { access_token: token, token_type: 'Bearer', expires_in: 8 })(response, ...more)
    })
  })
  afterAll(async () => {
    await endpoint.close()
    await broker.stop()
  })

  const oidc = (url: string): string =>
    `oidc: { tokenEndpoint: "${url}", clientId: "${CLIENT.id}", clientSecret: { file: secret }, scope: kafka }`

  /** Cases run side by side, so each cleans up for itself. */
  async function within(
    [driver, delivery]: readonly [string, string],
    sasl: string,
    token: string,
    work: (world: World) => Promise<void>,
  ): Promise<void> {
    const cleanings: (() => void | Promise<void>)[] = []
    try {
      const world = await World.make(
        broker.address,
        { onTestFinished: (clean) => void cleanings.push(clean) },
        {
          brokers: broker.tokensAddress!,
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

  const events = (seed: number, count: number) => {
    const draw = drawOf(seed)
    return Array.from({ length: count }, (_, n) => eventOf(n, draw))
  }

  const showsNone = (said: string, ...secrets: readonly string[]): void => {
    for (const secret of [CANARY, CLIENT.secret, ...secrets]) expect(said.includes(secret)).toBe(false)
  }

  it.concurrent.each(DRIVERS)('reads a token from a file: %s', async (...how) => {
    const token = unsigned(60)
    const extensions = how[0] === 'kafkajs' ? ', extensions: { logicalCluster: lkc-1, pool: "a b" }' : ''
    await within(how, `token: { file: token }${extensions}`, `${token}\n`, async (world) => {
      await world.send(events(1, 100))
      const { code, stdout, stderr } = await world.run('--until-end')
      expect(code, stderr).toBeOneOf([0, 3])
      expect(await world.verdict()).toBe('clean')
      showsNone(stdout + stderr, token)
    })
  })

  it.concurrent.each(DRIVERS)('says that a token is refused, and not which: %s', async (...how) => {
    const wrong = `${unsigned(60)}c2lnbmF0dXJl`
    await within(how, 'token: { file: token }', wrong, async (world) => {
      const began = performance.now()
      const { code, stdout, stderr } = await world.run('--until-end')
      expect([code, stderr]).toEqual([4, expect.stringMatching(/token.*\(auth-failed/s)])
      expect(performance.now() - began).toBeLessThan(25_000)
      showsNone(stdout + stderr, wrong, 'c2lnbmF0dXJl')
    })
  })

  it.concurrent.each(DRIVERS)('takes up new tokens while it runs: %s', async (...how) => {
    await within(how, oidc(endpoint.url), '', async (world) => {
      const asked = given.length
      await world.send(events(2, 50))
      const worker = world.start()
      expect((await world.until(world.output, 1)).length).toBeGreaterThan(0)
      // The first token and two sessions are over by then.
      await sleep(8500)
      const before = (await world.read(world.output)).length
      await world.send(events(3, 50))
      const after = await world.until(world.output, before + 1, 20_000)
      expect(after.length, worker.said.slice(-2000)).toBeGreaterThan(before)
      expect(given.length - asked).toBeGreaterThan(2)
      worker.kill('SIGTERM')
      expect(await worker.within(28_000), worker.said.slice(-2000)).toEqual({ code: 0, signal: null })
      expect(worker.said).not.toMatch(/auth-failed|client-lost|token-/)
      showsNone(worker.said, ...given)
      expect((await world.run('--until-end')).code).toBeOneOf([0, 3])
      expect(await world.verdict()).toBe('clean')
    })
  })

  it.concurrent.each(DRIVERS)('goes on with a token that replaces one in a file: %s', async (...how) => {
    await within(how, 'token: { file: token }', unsigned(8), async (world) => {
      world.start()
      await world.send(events(4, 20))
      expect((await world.until(world.output, 1)).length).toBeGreaterThan(0)
      const next = join(world.folder, 'next')
      writeFileSync(next, unsigned(60), { mode: 0o600 })
      renameSync(next, join(world.folder, 'token'))
      await sleep(6000)
      const before = (await world.read(world.output)).length
      await world.send(events(5, 20))
      expect((await world.until(world.output, before + 1, 20_000)).length).toBeGreaterThan(before)
    })
  })

  it.concurrent('says why there is no token, whichever command asks', async () => {
    const refusing = await tokenEndpoint(json(401, { error: 'invalid_client', error_description: CANARY }))
    const failing = await tokenEndpoint(json(503, {}))
    try {
      for (const [{ url }, code] of [
        [refusing, 'token-refused'],
        [failing, 'token-unavailable'],
      ] as const)
        await within(DRIVERS[0]!, oidc(url), '', async (world) => {
          const ended = await Promise.all([
            world.run('--until-end'),
            lethe(['doctor', world.pipeline], { env: { CHAOS_INSTANCE: 'a' } }),
          ])
          for (const { code: exit, stdout, stderr } of ended) {
            expect([exit, stdout + stderr]).toEqual([4, expect.stringContaining(`(${code})`)])
            showsNone(stdout + stderr)
          }
        })
    } finally {
      await refusing.close()
      await failing.close()
    }
  })

  it.concurrent('asks the cluster as itself with doctor and tap', async () => {
    await within(DRIVERS[0]!, oidc(endpoint.url), '', async (world) => {
      await world.send(events(6, 5))
      const { stdout, stderr } = await lethe(['doctor', world.pipeline], { env: { CHAOS_INSTANCE: 'a' } })
      expect(stdout + stderr).toMatch(/broker/)
      expect(stdout + stderr).not.toMatch(/auth-failed|token-/)
      const tapped = await lethe(['tap', world.pipeline], { env: { CHAOS_INSTANCE: 'a' } })
      expect([tapped.code, tapped.stderr]).toEqual([0, expect.any(String)])
    })
  })
})
