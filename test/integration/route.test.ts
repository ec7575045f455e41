/** A route without the command: a process of a library's own reads to the end. It runs what is built, for its thread. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { root } from '../src/cli/lethe.ts'
import { drawOf, eventOf } from './chaos/events.ts'
import { World } from './stream-world.ts'

const built = async <Module>(path: string): Promise<Module> =>
  (await import(pathToFileURL(join(root, 'dist/src', path)).href)) as Module

const RECORDS = 1000

onKafka('a route', () => {
  it('runs without the command, and settles every record', async (test) => {
    const world = await World.make(broker.address, test)
    const draw = drawOf(7)
    await world.send(Array.from({ length: RECORDS }, (_, n) => eventOf(n, draw)))
    const { prepareFromDisk } =
      await built<typeof import('../../src/run/stream/prepare.ts')>('run/stream/prepare.js')
    const { runInstance } =
      await built<typeof import('../../src/run/stream/instance.ts')>('run/stream/instance.js')
    const { chooseDriver } = await built<typeof import('../../src/kafka/drivers.ts')>('kafka/drivers.js')
    const { preflight } = await built<typeof import('../../src/kafka/preflight.ts')>('kafka/preflight.js')
    const { Metrics } = await built<typeof import('../../src/telemetry/metrics.ts')>('telemetry/metrics.js')
    const { Health } = await built<typeof import('../../src/telemetry/health.ts')>('telemetry/health.js')
    const { createLog } = await built<typeof import('../../src/telemetry/log.ts')>('telemetry/log.js')

    const before = process.env['CHAOS_INSTANCE']
    process.env['CHAOS_INSTANCE'] = 'a'
    test.onTestFinished(() => {
      if (before === undefined) delete process.env['CHAOS_INSTANCE']
      else process.env['CHAOS_INSTANCE'] = before
    })
    const { prepared } = prepareFromDisk(world.pipeline)
    const { limits } = await preflight(prepared.connect(), prepared.pipeline.routes)
    const kinds: string[] = []
    const log = createLog({
      format: 'json',
      level: 'info',
      write: (line) => kinds.push((JSON.parse(line) as { kind: string }).kind),
    })
    let settled = 0
    let opened = 0
    await runInstance({
      prepared,
      driver: await chooseDriver(prepared.pipeline),
      limits,
      worker: 0,
      untilEnd: true,
      progress: 60_000,
      stop: new AbortController().signal,
      metrics: new Metrics({ version: '0' }),
      health: new Health({ stalledAfter: 60_000 }),
      log,
      opened: () => opened++,
      groupLimits: () => undefined,
      settled: (_, { account }) => {
        settled += account.records
      },
      unsettled: () => {},
    })
    log.close()
    expect([settled, opened]).toEqual([RECORDS, 1])
    expect(kinds).toContain('assigned')
    expect(await world.verdict()).toBe('clean')
  })
})
