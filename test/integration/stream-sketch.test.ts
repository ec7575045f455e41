/** `sketch:` of a route: files of processes and runs that add up to what one run over everything would say, once for what is read twice. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { warm } from '../src/cli/lethe.ts'
import { type TestContext, World } from './stream-world.ts'

const POLICY = `policy: sketched
version: 1
purpose: train_ai_system
subject: id
fields:
  cluster: { use: generalize.prefix, keep: 4, role: quasi-identifier }
  age: { use: generalize.number, width: 10, role: quasi-identifier }
`

/** Of each hundred people one is in a village of its own; each has two events, in any partition. */
const events = Array.from({ length: 2_000 }, (_, n) => {
  const id = n % 1_000
  const cluster = id % 100 === 0 ? `Village ${id}` : `Cluster ${id % 4}`
  return { key: String(n), value: JSON.stringify({ id: `C-${id}`, cluster, age: 20 + (id % 30) }) }
})

onKafka('lethe stream, where a route is sketched', () => {
  const run = async (test: TestContext, dataset: string | undefined): Promise<void> => {
    const world = await World.make(broker.address, test, {
      policy: POLICY,
      partitions: 4,
      ...(dataset === undefined ? {} : { dataset }),
      route: '    sketch: { folder: sketches, side: both, period: 1d, keep: 2d, holds: none }\n',
    })
    const folder = join(world.folder, 'sketches')
    mkdirSync(folder)
    await world.send(dataset === undefined ? events : events.slice(0, 1_200))
    const first = await world.run('--until-end', '--workers', dataset === undefined ? '2' : '1')
    expect(first.code, first.stderr).toBe(0)
    if (dataset !== undefined) {
      // Another run, over what came since, and some that came again.
      await world.send(events.slice(1_000))
      const second = await world.run('--until-end')
      expect(second.code, second.stderr).toBe(0)
    }
    const of = (side: string) => readdirSync(folder).filter((name) => name.includes(`.r.${side}.`))
    expect(of('input').length).toBeGreaterThan(dataset === undefined ? 0 : 1)
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    const said = async (side: string) => {
      const args = ['measure', '--sketches', ...of(side), '--format', 'json']
      const { code, stdout, stderr } = await warm(args, { cwd: folder })
      expect(code, stderr).toBe(0)
      return JSON.parse(stdout)
    }
    const input = await said('input')
    expect(input).toMatchObject({ side: 'input', over: ['age', 'cluster'], sketches: { open: 0 } })
    // 10 villages, and 4 clusters by 30 ages that come with each.
    const classes = new Map<string, Set<string>>()
    for (const { value } of events) {
      const { id, cluster, age } = JSON.parse(value) as { id: string; cluster: string; age: number }
      const key = `${cluster}/${age}`
      classes.set(key, (classes.get(key) ?? new Set()).add(id))
    }
    const unique = [...classes.values()].filter(({ size }) => size === 1).length
    expect(input.figures).toMatchObject({
      sampled: false,
      combinations: { value: classes.size, error: 0 },
      subjects: { value: 1_000 },
      unique: { value: unique / classes.size, error: 0 },
    })
    // As it leaves, all villages are one, and so are the clusters: by decades of ages.
    const output = await said('output')
    expect(output.figures.combinations).toEqual({ value: 6, error: 0 })
    expect([input.figures.smallestSeen, output.figures.smallestSeen]).toEqual([1, 3])
    const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
    for (const text of ['Village', 'Cluster', 'C-1']) expect(bytes.includes(text)).toBe(false)
  }

  it.concurrent('counts each subject once, over processes', async (test) => await run(test, undefined))
  it.concurrent('counts each subject once, over runs, of a data set too', async (test) => await run(test, ''))
})
