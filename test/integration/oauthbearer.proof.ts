/** SASL OAUTHBEARER over the life of several tokens and sessions: the broker has clients authenticate again. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { onOwnKafka } from '../broker/suite.ts'
import { unsigned } from '../src/kafka/oauth/token-endpoint.ts'
import { DRIVERS, events, oidc, showsNone, TokenWorld } from './oauth-world.ts'

onOwnKafka('lethe stream and tokens that end', () => {
  const tokens = new TokenWorld()

  it.each(DRIVERS)('takes up new tokens while it runs: %s', async (...how) => {
    await tokens.within(how, oidc(tokens.endpoint.url), '', async (world) => {
      const asked = tokens.given.length
      await world.send(events(2, 50))
      const worker = world.start()
      expect((await world.until(world.output, 1)).length).toBeGreaterThan(0)
      // The first token and two sessions are over by then.
      await sleep(8500)
      const before = (await world.read(world.output)).length
      await world.send(events(3, 50))
      const after = await world.until(world.output, before + 1, 20_000)
      expect(after.length, worker.said.slice(-2000)).toBeGreaterThan(before)
      expect(tokens.given.length - asked).toBeGreaterThan(2)
      worker.kill('SIGTERM')
      expect(await worker.within(60_000), worker.said.slice(-2000)).toEqual({ code: 0, signal: null })
      expect(worker.said).not.toMatch(/auth-failed|client-lost|token-/)
      showsNone(worker.said, ...tokens.given)
      expect((await world.run('--until-end')).code).toBeOneOf([0, 3])
      expect(await world.verdict()).toBe('clean')
    })
  })

  it.each(DRIVERS)('goes on with a token that replaces one in a file: %s', async (...how) => {
    await tokens.within(how, 'token: { file: token }', unsigned(20), async (world) => {
      world.start()
      await world.send(events(4, 20))
      expect((await world.until(world.output, 1)).length).toBeGreaterThan(0)
      const next = join(world.folder, 'next')
      writeFileSync(next, unsigned(120), { mode: 0o600 })
      renameSync(next, join(world.folder, 'token'))
      // The first token is over by then.
      await sleep(20_000)
      const before = (await world.read(world.output)).length
      await world.send(events(5, 20))
      expect((await world.until(world.output, before + 1, 20_000)).length).toBeGreaterThan(before)
    })
  })
})
