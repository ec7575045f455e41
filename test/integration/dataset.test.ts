/** `lethe stream` into a data set: files that cover each offset once, whatever happens to the processes that write them. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parquetReadObjects } from 'hyparquet'
import type { Message } from 'kafkajs'
import { expect, it } from 'vitest'
import { openAdmin } from '../../src/kafka/open-admin.ts'
import { applyOrder, planRetention } from '../../src/lifecycle/retention-orders.ts'
import { targetsOf } from '../../src/lifecycle/stored-folder.ts'
import { compilePolicyFile } from '../../src/policy/compile-file.ts'
import { broker, onKafka } from '../broker/suite.ts'
import { TestStore } from '../objects.ts'
import { lethe } from '../src/cli/lethe.ts'
import { CANARY, drawOf, eventOf, oracleOf, POLICY } from './chaos/events.ts'
import { readDataset, readFiles } from './dataset-checker.ts'
import { kafkaOf, type TestContext, World, type WorldOptions } from './stream-world.ts'

const events = (count: number, seed = 1): Message[] => {
  const draw = drawOf(seed)
  return Array.from({ length: count }, (_, n) => eventOf(n, draw))
}

const make = async (test: TestContext, options: WorldOptions = {}): Promise<World> =>
  await World.make(broker.address, test, { dataset: '', ...options })

async function deleteBefore({ address, input }: World, offset: number): Promise<void> {
  const admin = await openAdmin({ brokers: [address], tls: undefined, sasl: undefined, client: new Map() })
  await admin.deleteRecords([{ topic: input, partition: 0, offset }])
  await admin.close()
}

onKafka('lethe stream into a data set', () => {
  it.concurrent('writes rows and counts, goes on where its files end, and where the topic begins later as far as nothing stood before', {
    timeout: 240_000,
  }, async (test) => {
    const world = await make(test, {
      partitions: 1,
      pipeline: 'maxDeadLetters: 100%\nbatch: { records: 50 }\n',
      dataset: ', roll: { bytes: 8KiB }',
    })
    const producer = kafkaOf(world.address).producer({
      transactionalId: world.group,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const send = async (messages: Message[], ending: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction()
      await transaction.send({ topic: world.input, messages })
      await transaction[ending]()
    }
    await send(events(700), 'commit')
    const summary = join(world.folder, 'summary.json')
    // There are dead letters.
    expect((await world.run('--until-end', '--summary', summary)).code).toBe(3)
    expect(await world.datasetVerdict()).toBe('clean')
    const files = readDataset(world.data)
    expect(files.length).toBeGreaterThan(3)
    const { routes } = JSON.parse(readFileSync(summary, 'utf8'))
    const rows = files.reduce((sum, file) => sum + file.rows.length, 0)
    expect(routes[0].records).toMatchObject({ in: 700, published: rows })
    // A value over several lines is a row like any other.
    const value = JSON.stringify(
      { occurred_at: new Date().toISOString(), customer: { id: 'a' } },
      null,
      '\r\n ',
    )
    const publishedSince = (before: ReturnType<typeof readDataset>): ReturnType<typeof readDataset> =>
      readDataset(world.data).filter(({ name }) => !before.some((file) => file.name === name))
    const passes = async (): Promise<void> => {
      const before = readDataset(world.data)
      await send(events(3, 14), 'abort')
      const { code, stderr } = await world.run('--until-end')
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('"stalled"')])
      expect(publishedSince(before)).toEqual([])
    }
    // Offsets 701 to 704, with the marker, hold no record: the group passes them, and no file is made of them.
    await passes()
    // It goes back to where the files end. What it had passed was the end of the last run, and is not that of the next one.
    await send([{ key: 'k', value }], 'commit')
    expect((await world.run('--until-end')).code).toBe(0)
    const [first, none] = publishedSince(files)
    expect([first?.first, first?.note['records'], none]).toEqual([files.at(-1)!.note['next'], 1, undefined])
    await passes()
    const before = readDataset(world.data)
    await deleteBefore(world, 711)
    await send([{ key: 'k', value }], 'commit')
    await producer.disconnect()
    const second = await world.run('--until-end')
    expect([second.code, second.stderr]).toEqual([0, expect.stringContaining('"reached-end"')])
    const [added, more] = publishedSince(before)
    expect([added?.first, added?.note['records'], more]).toEqual([first!.note['next'], 1, undefined])
    expect(Object.keys(JSON.parse(added!.rows[0]!))).toEqual(['occurred_at', 'customer'])
    // A folder that is not mounted looks like one that is empty.
    renameSync(world.data, `${world.data}.away`)
    mkdirSync(world.data)
    const refused = await world.run('--until-end')
    expect([refused.code, refused.stderr], refused.stderr).toEqual([
      2,
      expect.stringContaining('has committed offsets, and the folder'),
    ])
  })

  it.concurrent('is killed, and stands still for longer than its session: each offset is there once', {
    timeout: 240_000,
  }, async (test) => {
    const world = await make(test, {
      partitions: 2,
      pipeline:
        'maxDeadLetters: 100%\ndelivery: at-least-once\nclient: { session.timeout.ms: 6000 }\nbatch: { records: 50 }\n',
      dataset: ', roll: { bytes: 8KiB, time: 1s }',
    })
    await world.send(events(300, 2))
    const zombie = world.start('a')
    expect(await zombie.says(/"file-published"/, 60_000), zombie.said).toBe(true)
    await world.send(events(60, 3))
    zombie.kill('SIGSTOP')
    // Takes over what the other one owns, and is killed in the midst of it.
    const killed = world.start('b')
    await world.send(events(300, 4))
    expect(await killed.says(/"file-published"/, 60_000), killed.said).toBe(true)
    await killed.end()
    const last = world.start('c')
    zombie.kill('SIGCONT')
    await world.send(events(100, 5))
    const counted = (): number =>
      readDataset(world.data).reduce((sum, { note }) => sum + Number(note['records']), 0)
    for (let tries = 0; counted() < 760 && tries < 300; tries++) await sleep(200)
    expect(await last.says(/"route-started"/, 60_000)).toBe(true)
    for (const worker of [zombie, last]) {
      worker.isExpected = true
      worker.kill('SIGTERM')
      expect(await worker.within(60_000), worker.said.slice(-2000)).toEqual({ code: 0, signal: null })
    }
    expect(await world.datasetVerdict()).toBe('clean')
  })

  it.concurrent('is written into an object store, and killed in the midst of it: each offset is there once', {
    timeout: 240_000,
  }, async (test) => {
    const store = await TestStore.start()
    test.onTestFinished(() => store.stop())
    const world = await make(test, {
      partitions: 2,
      pipeline:
        'maxDeadLetters: 100%\ndelivery: at-least-once\nclient: { session.timeout.ms: 6000 }\nbatch: { records: 50 }\n',
      dataset: ', roll: { bytes: 8KiB, time: 1s }',
      objects: { place: 's3://clean/orders', env: store.env },
    })
    const files = (): ReturnType<typeof readDataset> =>
      readFiles(
        [...store.objects]
          .map(([name, { bytes }]) => [name.slice('clean/orders/'.length), bytes] as const)
          .filter(([name]) => !name.startsWith('_')),
      )
    await world.send(events(300, 2))
    const first = world.start('a')
    // Its answer is lost with it: the object may be there, and must not be there again.
    let published = 0
    store.fault = (request) => {
      if (!/^PUT \/clean\/orders\/[^_]/.test(request) || ++published !== 3) return undefined
      first.kill('SIGKILL')
      return 'lost'
    }
    expect(await first.within(60_000), first.said).toEqual({ code: null, signal: 'SIGKILL' })
    first.isExpected = true
    const zombie = world.start('b')
    expect(await zombie.says(/"file-published"/, 60_000), zombie.said).toBe(true)
    zombie.kill('SIGSTOP')
    await world.send(events(300, 4))
    const last = world.start('c')
    expect(await last.says(/"file-published"/, 60_000), last.said).toBe(true)
    zombie.kill('SIGCONT')
    const counted = (): number => files().reduce((sum, { note }) => sum + Number(note['records']), 0)
    for (let tries = 0; counted() < 600 && tries < 300; tries++) await sleep(200)
    for (const worker of [zombie, last]) {
      expect(await worker.says(/"route-started"/, 60_000)).toBe(true)
      worker.isExpected = true
      worker.kill('SIGTERM')
      expect(await worker.within(60_000), worker.said.slice(-2000)).toEqual({ code: 0, signal: null })
    }
    expect(await world.datasetVerdict(undefined, files())).toBe('clean')
    expect(counted()).toBe(600)
  })

  it.concurrent('is retained while it is written, and while processes are killed: no offset is lost or there twice', {
    timeout: 240_000,
  }, async (test) => {
    const world = await make(test, {
      partitions: 2,
      pipeline:
        'maxDeadLetters: 100%\ndelivery: at-least-once\nclient: { session.timeout.ms: 6000 }\nbatch: { records: 25 }\n',
      dataset: ', roll: { bytes: 4KiB, time: 1s }',
    })
    const shorter = join(world.folder, 'shorter.yaml')
    writeFileSync(shorter, POLICY.replace('400d', '50d'))
    const { plan } = await compilePolicyFile(shorter)
    /** One order over what is there now. Nothing but the stream and this writes there. */
    const retain = async (): Promise<{ asOf: number; deleted: number }> => {
      const now = Date.now()
      const asked = { asOf: now, now, marginMs: 0, validMs: 600_000, cannotStep: undefined, holds: [] }
      const old = Date.now() - 600_000
      const order = await planRetention(await targetsOf([world.data], { leftBefore: old }), plan!, asked)
      expect(order.untouched).toEqual([])
      await applyOrder(order, { plan: plan!, now, holds: [] })
      return { asOf: now, deleted: order.targets.reduce((sum, one) => sum + one.deleted, 0) }
    }
    const counted = (): number =>
      readDataset(world.data).reduce((sum, { note }) => sum + Number(note['records']), 0)
    let deleted = 0
    let worker: ReturnType<World['start']> | undefined
    for (const [round, name] of ['a', 'b', 'c'].entries()) {
      worker = world.start(name)
      await world.send(events(200, 30 + round))
      for (let tries = 0; counted() < 200 * (round + 1) && tries < 300; tries++) {
        deleted += (await retain()).deleted
        await sleep(50)
        // In the midst of what it writes, with files that were rewritten beside those that it knows.
        if (round < 2 && counted() > 200 * round + 60) break
      }
      if (round < 2) await worker.end()
    }
    worker!.isExpected = true
    worker!.kill('SIGTERM')
    expect(await worker!.within(60_000), worker!.said.slice(-2000)).toEqual({ code: 0, signal: null })
    expect(deleted).toBeGreaterThan(0)
    const last = await retain()
    expect(counted()).toBe(600)
    const isGone = (row: string): boolean => {
      const hour = Date.parse(JSON.parse(row).occurred_at)
      return hour + 3_600_000 + 50 * 86_400_000 <= last.asOf
    }
    expect(await world.datasetVerdict(isGone)).toBe('clean')
    // One that starts reads what the rewritten files say of themselves.
    await world.send(events(20, 40))
    expect([0, 3]).toContain((await world.run('--until-end')).code)
    await retain()
    expect(await world.datasetVerdict(isGone)).toBe('clean')
    expect(readdirSync(world.data).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it.concurrent('writes Parquet, by the policy', { timeout: 240_000 }, async (test) => {
    const world = await make(test, { dataset: ', format: parquet', partitions: 1 })
    await world.send(events(150, 21))
    expect((await world.run('--until-end')).code).toBe(3)
    const { expected } = oracleOf(join(world.folder, 'policy.yaml'), join(world.folder, 'keys.json'))
    const wanted = (await world.read(world.input)).flatMap((input) => {
      const { kind, writes } = expected(input)
      return kind === 'publish' ? [JSON.parse(Buffer.from(writes[0]!.value!).toString())] : []
    })
    const [name] = readdirSync(world.data).filter((one) => !one.startsWith('_'))
    expect(name).toBe(`${world.input}+0+0000000000000000.parquet`)
    const bytes = new Uint8Array(readFileSync(join(world.data, name!)))
    const rows = await parquetReadObjects({ file: bytes.buffer })
    // Absent in JSON, and null in a column.
    const plain = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (_, one) => (one === null ? undefined : one)))
    expect(rows.map(plain)).toEqual(wanted.map(plain))
    // Which rows are of a subject, by the pipeline alone: its data sets are looked through too.
    const of = (input: { value: Uint8Array | null }): boolean =>
      JSON.parse(Buffer.from(input.value!).toString()).customer.id === `${CANARY}-customer-3`
    const theirs = (await world.read(world.input)).flatMap((input) => {
      const { kind } = expected(input)
      return kind === 'publish' ? [of(input)] : []
    })
    const asked = ['--subject', `${CANARY}-customer-3`, '--format', 'json']
    const { stdout, stderr } = await lethe(['locate', '--pipeline', 'pipeline.yaml', ...asked], {
      cwd: world.folder,
    })
    expect(stdout, stderr).toContain('targets')
    const { targets } = JSON.parse(stdout) as { targets: { target: string; read: number; found: number }[] }
    const [file] = targets.filter(({ target }) => target === `file:${join(world.data, name!)}`)
    const found = theirs.filter(Boolean).length
    expect(found).toBeGreaterThan(0)
    expect(file).toMatchObject({ read: rows.length, found })
  })
})
