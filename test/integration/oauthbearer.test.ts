/** SASL OAUTHBEARER against the real broker, which takes tokens without a signature. What takes longer: the proof. */
import { expect, it } from 'vitest'
import { onOwnKafka } from '../broker/suite.ts'
import { warm } from '../src/cli/lethe.ts'
import { json, tokenEndpoint, unsigned } from '../src/kafka/oauth/token-endpoint.ts'
import { CANARY } from './chaos/events.ts'
import { DRIVERS, events, oidc, showsNone, TokenWorld } from './oauth-world.ts'

onOwnKafka('lethe stream and SASL OAUTHBEARER', () => {
  const tokens = new TokenWorld()

  it.concurrent.each(DRIVERS)('reads a token from a file: %s', async (...how) => {
    const token = unsigned(60)
    const extensions = how[0] === 'kafkajs' ? ', extensions: { logicalCluster: lkc-1, pool: "a b" }' : ''
    await tokens.within(how, `token: { file: token }${extensions}`, `${token}\n`, async (world) => {
      await world.send(events(1, 100))
      const { code, stdout, stderr } = await world.run('--until-end')
      expect(code, stderr).toBeOneOf([0, 3])
      expect(await world.verdict()).toBe('clean')
      showsNone(stdout + stderr, token)
    })
  })

  it.concurrent.each(DRIVERS)('says that a token is refused, and not which: %s', async (...how) => {
    const wrong = `${unsigned(60)}c2lnbmF0dXJl`
    await tokens.within(how, 'token: { file: token }', wrong, async (world) => {
      const began = performance.now()
      const { code, stdout, stderr } = await world.run('--until-end')
      expect([code, stderr]).toEqual([4, expect.stringMatching(/token.*\(auth-failed/s)])
      expect(performance.now() - began).toBeLessThan(45_000)
      showsNone(stdout + stderr, wrong, 'c2lnbmF0dXJl')
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
        await tokens.within(DRIVERS[0]!, oidc(url), '', async (world) => {
          const ended = await Promise.all([
            world.run('--until-end'),
            warm(['doctor', world.pipeline], { env: { CHAOS_INSTANCE: 'a' } }),
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

  it.concurrent('replays dead letters with its tokens', async () => {
    await tokens.within(DRIVERS[0]!, oidc(tokens.endpoint.url), '', async (world) => {
      await world.send([...events(7, 20), { value: '{' }])
      expect((await world.run('--until-end')).code).toBe(3)
      const { code, stdout, stderr } = await world.replay()
      expect([code, stderr]).toEqual([3, expect.stringMatching(/json-truncated/)])
      showsNone(stdout + stderr)
    })
  })

  it.concurrent('asks the cluster as itself with doctor and tap', async () => {
    await tokens.within(DRIVERS[0]!, oidc(tokens.endpoint.url), '', async (world) => {
      await world.send(events(6, 5))
      const { stdout, stderr } = await warm(['doctor', world.pipeline], { env: { CHAOS_INSTANCE: 'a' } })
      expect(stdout + stderr).toMatch(/broker/)
      expect(stdout + stderr).not.toMatch(/auth-failed|token-/)
      const tapped = await warm(['tap', world.pipeline], { env: { CHAOS_INSTANCE: 'a' } })
      expect([tapped.code, tapped.stderr]).toEqual([0, expect.any(String)])
    })
  })
})
