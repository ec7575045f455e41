/** `lethe stream` under a policy with `crowd:`: a combination leaves once enough data subjects have shown it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { warm } from '../src/cli/lethe.ts'
import { World } from './stream-world.ts'

const POLICY = `policy: crowd
version: 1
purpose: train_ai_system
subject: id
fields:
  cluster: { use: keep, role: quasi-identifier }
  n: keep
crowd: { k: 3, onFail: suppress, window: 30d }
`

onKafka('lethe stream, where the policy states a crowd', () => {
  it.concurrent('lets a combination pass once enough subjects have shown it', async (test) => {
    const world = await World.make(broker.address, test, { policy: POLICY, partitions: 1 })
    // Four subjects in the city, two in the village, however often they come.
    const events = Array.from({ length: 400 }, (_, n) => {
      const [id, cluster] = n % 2 === 0 ? [`C-${(n / 2) % 4}`, 'city'] : [`V-${((n - 1) / 2) % 2}`, 'village']
      return { key: String(n), value: JSON.stringify({ id, cluster, n }) }
    })
    await world.send(events)
    const summary = join(world.folder, 'summary.json')
    const ended = await world.run('--until-end', '--summary', summary)
    expect(ended.code, ended.stderr).toBe(0)
    const { records } = JSON.parse(readFileSync(summary, 'utf8')).routes[0]
    // The first two of the city, and all of the village.
    expect(records).toMatchObject({ in: 400, published: 198, suppressed: { crowd: 202 } })
    const replayed = await warm(['replay', world.pipeline], { env: { CHAOS_INSTANCE: 'a' } })
    expect([replayed.stderr, replayed.code]).toEqual([replayed.stderr, 2])
    expect(replayed.stderr).toContain('a replay reads dead letters alone')
  })
})
