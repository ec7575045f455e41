/** `lethe replay`, killed at random moments again and again, beside a stream that goes on: each record once. */
import { expect, it } from 'vitest'
import { onKafka } from '../broker/suite.ts'
import { drawOf } from './chaos/events.ts'
import { events, mend, placesOf, replayWorld } from './replay-world.ts'

const KILLS = 12

onKafka('lethe replay, killed again and again', () => {
  it('gives each record once', { timeout: 600_000 }, async (test) => {
    const world = await replayWorld(test, { pipeline: 'batch: { records: 3 }\n' })
    await world.send(events(3000, 25))
    expect((await world.run('--until-end')).code).toBe(3)
    mend(world)
    const seed = Number(process.env['SEED'] ?? 1)
    const draw = drawOf(seed)
    const stream = world.start('b')
    let killed = 0
    for (let kill = 0; kill < KILLS; kill++) {
      await world.send(events(100, 0))
      const began = performance.now()
      const { signal } = await world.replay([], 600 + draw(2_500))
      if (signal !== null) killed++
      expect(performance.now() - began).toBeLessThan(120_000)
    }
    stream.kill('SIGTERM')
    await stream.within(60_000)
    expect((await world.run('--until-end')).code).toBe(0)
    expect(killed, `seed ${seed}`).toBeGreaterThan(KILLS / 3)
    expect((await world.replay()).code).toBeOneOf([0, 3])
    const { wrong, waiting, codes } = await placesOf(world)
    expect({ wrong, waiting, codes }).toEqual({ wrong: [], waiting: 120, codes: { 'json-truncated': 120 } })
  })

  it('gives each record once though two run at once', { timeout: 600_000 }, async (test) => {
    const world = await replayWorld(test, { pipeline: 'batch: { records: 4 }\n' })
    await world.send(events(900, 0))
    expect((await world.run('--until-end')).code).toBe(3)
    mend(world)
    await world.replay([], 1_500)
    const both = await Promise.all([world.replay(), world.replay()])
    for (const { code, stderr } of both)
      if (code !== 0) expect([code, stderr]).toEqual([4, expect.stringContaining('another `lethe replay`')])
    expect(both.some(({ code }) => code === 0)).toBe(true)
    expect(await placesOf(world)).toMatchObject({ out: 900, waiting: 0, markers: 300, wrong: [] })
  })
})
