/** `lethe stream` says who stands alone: over worker processes, of what was settled. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { type TestContext, World } from './stream-world.ts'

const POLICY = `policy: groups
version: 1
purpose: train_ai_system
subject: id
fields:
  country: drop
  cluster: { use: keep, role: quasi-identifier }
  age: { use: generalize.number, width: 10, role: quasi-identifier }
`

onKafka('lethe stream, where the policy names quasi-identifiers', () => {
  const counts = async (test: TestContext, workers: string): Promise<void> => {
    const world = await World.make(broker.address, test, {
      policy: POLICY,
      partitions: 4,
      route: '    balance: { by: country, groups: [DE, FR] }',
    })
    // Of each hundred, one is alone in a village; every subject has two events, in any partition.
    const events = Array.from({ length: 4_000 }, (_, n) => {
      const id = n % 2_000
      const cluster = id % 100 === 0 ? `Village ${id}` : `Cluster ${id % 4}`
      return {
        key: String(n),
        value: JSON.stringify({
          id: `C-${id}`,
          cluster,
          country: n % 4 === 0 ? 'AT' : 'DE',
          age: 20 + ((id >> 2) % 30),
        }),
      }
    })
    await world.send([...events, { key: 'x', value: '{"id":' }])
    const summary = join(world.folder, 'summary.json')
    const ended = await world.run('--until-end', '--workers', workers, '--summary', summary)
    expect(ended.code, ended.stderr).toBe(3)
    expect(ended.stderr).toMatch(/stand alone +1\.00 %/)
    const [route] = JSON.parse(readFileSync(summary, 'utf8')).routes
    const all = { suppressed: 0, deadLettered: 0 }
    expect(route.balance).toEqual({
      by: 'country',
      groups: [
        { group: 'DE', published: 3_000, ...all },
        { group: 'FR', published: 0, ...all },
        { group: 'other', published: 1_000, ...all },
        { group: 'none', published: 0, ...all },
      ],
    })
    expect(route.groups).toEqual({
      quasiIdentifiers: ['cluster', 'age'],
      counted: 'subjects',
      estimated: false,
      records: 4_000,
      withoutSubject: 0,
      subjects: 2_000,
      combinations: 32,
      alone: { share: 0.01, error: 0 },
      fewerThan5: { share: 0.01, error: 0 },
      fewerThan10: { share: 0.01, error: 0 },
    })
  }

  it.concurrent('counts data subjects', async (test) => await counts(test, '1'))
  it.concurrent('counts data subjects over worker processes', async (test) => await counts(test, '2'))
})
