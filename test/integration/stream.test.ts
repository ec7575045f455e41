/** `lethe stream` as a process against real Kafka: what goes in comes out, once, and every end is the one promised. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from 'kafkajs'
import { expect, it } from 'vitest'
import { addKey, createKeyset } from '../../src/keys/keyset.ts'
import { formatKeyset } from '../../src/keys/keyset-format.ts'
import { broker, onKafka } from '../broker/suite.ts'
import { warm } from '../src/cli/lethe.ts'
import { CANARY, drawOf, eventOf } from './chaos/events.ts'
import { codesOf, type TestContext, World, type WorldOptions } from './stream-world.ts'

const events = (count: number, seed = 1): Message[] => {
  const draw = drawOf(seed)
  return Array.from({ length: count }, (_, n) => eventOf(n, draw))
}

/** An event that is published. */
const event = (n: number, more: object = {}): string =>
  JSON.stringify({
    occurred_at: new Date(Date.now() - 3_600_000).toISOString(),
    customer: { id: `${CANARY}-${n}`, email: `${CANARY}.${n}@example.com` },
    ...more,
  })

/** A process that is told to stop has 20 s to settle and 10 s to close; a busy machine may take longer. */
const STOPPED_MS = 60_000

const make = async (test: TestContext, options?: WorldOptions): Promise<World> =>
  await World.make(broker.address, test, options)

onKafka('lethe stream', () => {
  it.concurrent('reads to the end and stops, and goes on there with the tokens of lethe batch', async (test) => {
    const world = await make(test)
    await world.send(events(600))
    // There are dead letters.
    expect((await world.run('--until-end')).code).toBe(3)
    expect(await world.verdict()).toBe('clean')
    const before = await world.read(world.output)

    const lines = Array.from({ length: 50 }, (_, n) => event(n % 20))
    await world.send(lines.map((value, n) => ({ key: `${CANARY}-${n % 20}`, value })))
    const second = await world.run('--until-end')
    expect([second.code, second.stdout]).toEqual([0, ''])
    expect(await world.verdict()).toBe('clean')
    const rows = lines.map((line) => {
      const { occurred_at, customer } = JSON.parse(line)
      return [occurred_at, customer.id, customer.email].join(',')
    })
    const csv = join(world.folder, 'in.csv')
    writeFileSync(csv, `occurred_at,customer.id,customer.email\n${rows.join('\n')}\n`)
    const out = join(world.folder, 'out.csv')
    const policy = join(world.folder, 'policy.yaml')
    const keys = join(world.folder, 'keys.json')
    const batch = await warm(['batch', csv, '-p', policy, '--keys', keys, '-o', out, '--quiet'])
    expect(batch.code, batch.stderr).toBe(0)
    const known = new Set(before.map(({ partition, offset }) => `${partition}/${offset}`))
    const added = (await world.read(world.output)).filter(
      ({ partition, offset }) => !known.has(`${partition}/${offset}`),
    )
    const streamed = added.map(({ key, value }) => {
      const { occurred_at, customer } = JSON.parse(String(value))
      expect(String(key)).toBe(customer.id)
      return [occurred_at, customer.id, customer.email].join(',')
    })
    const [header, ...written] = readFileSync(out, 'utf8').trimEnd().split('\n')
    expect(header).toBe('occurred_at,customer.id,customer.email')
    expect(streamed).toHaveLength(50)
    expect(written.toSorted()).toEqual(streamed.toSorted())
  })

  it.concurrent('shares the work among worker processes, with one account, and ends with 130 on SIGINT', async (test) => {
    const world = await make(test, { partitions: 4 })
    await world.send(events(1000, 2))
    const inputs = await world.read(world.input)
    const summary = join(world.folder, 'summary.json')
    const worker = world.start('a', '--workers', '2', '--summary', summary)
    for (const number of [0, 1])
      expect(await worker.says(new RegExp(`"worker":${number},"kind":"assigned"`), 60_000)).toBe(true)
    const ends = async (): Promise<readonly unknown[]> => {
      const [group] = await world.admin(
        async (admin) => await admin.fetchOffsets({ groupId: world.group, topics: [world.input] }),
      )
      return group!.partitions.map(({ partition, offset }) => [partition, Number(offset)]).toSorted()
    }
    const all = [0, 1, 2, 3].map((at) => [at, inputs.filter(({ partition }) => partition === at).length])
    await expect.poll(ends, { timeout: 60_000, interval: 200 }).toEqual(all)
    worker.kill('SIGINT')
    expect(await worker.within(STOPPED_MS), worker.said.slice(-2000)).toEqual({ code: 130, signal: null })
    expect(await world.verdict()).toBe('clean')
    const { routes, complete } = JSON.parse(readFileSync(summary, 'utf8'))
    expect([routes[0].records.in, complete]).toEqual([1000, true])
  })

  it.concurrent('29. stops before too many dead letters are settled, and meets the same wall again', async (test) => {
    const world = await make(test, { pipeline: 'maxDeadLetters: { most: 10, window: 100 }\n' })
    await world.send([
      ...Array.from({ length: 200 }, (_, n) => ({ key: 'k', value: event(n) })),
      ...Array.from({ length: 50 }, () => ({ key: 'k', value: `{"${CANARY}` })),
    ])
    const file = join(world.folder, 'summary.json')
    for (const workers of ['1', '2']) {
      const ended = await world.run('--until-end', '--summary', file, '--workers', workers)
      const { code, stderr } = ended
      expect([code, stderr]).toEqual([3, expect.stringContaining('too many dead letters')])
      expect(stderr).not.toContain(CANARY)
      const summary = JSON.parse(readFileSync(file, 'utf8'))
      expect([summary.status, summary.complete]).toEqual(['too-many-dead-letters', false])
      // What was not settled is in no topic: it is told here, on stderr and in the log.
      const { 'json-truncated': held } = summary.routes[0].unsettled.deadLettered
      expect(held.count).toBeGreaterThan(10)
      expect(held.first).toHaveLength(3)
      const inputs = await world.read(world.input)
      for (const { topic, partition, offset } of held.first) {
        const input = inputs.find((one) => one.partition === partition && Number(one.offset) === offset)
        expect([topic, String(input?.value)]).toEqual([world.input, `{"${CANARY}`])
        expect(stderr.split(`${topic}/${partition}/${offset}`).length).toBeGreaterThanOrEqual(3)
      }
      expect(stderr).toMatch(new RegExp(`"kind":"unsettled".*"code":"json-truncated","count":${held.count},`))
      expect(stderr).toContain(`json-truncated: ${held.count} records`)
    }
    expect((await world.read(world.dead)).length).toBeLessThanOrEqual(10)
  })

  it.concurrent('says which input topic is missing', async (test) => {
    const world = await make(test, { without: ['in'] })
    const { code, stderr } = await world.run()
    expect([code, stderr]).toEqual([4, expect.stringContaining(world.input)])
  })

  it.concurrent('dead-letters what is too large for the output topic, and publishes the rest', async (test) => {
    const world = await make(test, {
      partitions: 1,
      outputSettings: { 'max.message.bytes': '2000' },
      policy: `policy: large
version: 1
purpose: train_ai_system
subject: id
time: occurred_at
unlisted: drop
fields:
  occurred_at: { use: generalize.date, to: hour }
  id: { use: hash.hmac, domain: customer }
  body: keep
  $key: { use: hash.hmac, domain: customer }
`,
    })
    const occurred_at = new Date(Date.now() - 3_600_000).toISOString()
    const sizes = [10, 20, 5000, 30, 40, 9000, 50]
    await world.send(
      sizes.map((size, n) => ({
        key: `k${n % 2}`,
        value: JSON.stringify({ occurred_at, id: `id${n}`, body: drawnText(size) }),
      })),
    )
    const { code, stderr } = await world.run('--until-end')
    expect(code, stderr).toBe(3)
    expect(codesOf(await world.read(world.dead))).toEqual({ 2: 'output-too-large', 5: 'output-too-large' })
    const bodies = (await world.read(world.output)).map(({ value }) => JSON.parse(String(value)).body.length)
    expect(bodies).toEqual([10, 20, 30, 40, 50])
  })

  it.concurrent('gives each sort of bad record its code, keeps the order around it, and says what is older than its topic keeps', async (test) => {
    const day = 86_400_000
    const world = await make(test, {
      outputSettings: { 'retention.ms': String(7 * day) },
      partitions: 1,
      maxRecordBytes: 4096,
      pipeline: 'maxRecordBytes: 4KiB\nmaxDeadLetters: 100%\n',
    })
    const good = (n: number): Message => ({ key: 'k', value: event(n) })
    const bad: readonly (readonly [Message, string])[] = [
      [{ key: Buffer.from([0xff, 0xfe]), value: event(0) }, 'key-not-utf8'],
      [{ key: 'k', value: event(0), headers: { kind: ['a', 'b'] } }, 'header-repeated'],
      [{ key: 'k', value: event(0), headers: { kind: Buffer.from([0xc0]) } }, 'header-not-utf8'],
      [{ key: 'k', value: '' }, 'value-empty'],
      [{ key: 'k', value: Buffer.from([0, 0, 0, 0, 7, 2, 4]) }, 'schema-registry-framed'],
      [{ key: 'k', value: `${CANARY} no JSON` }, 'json-syntax'],
      [{ key: 'k', value: '[1]' }, 'not-an-object'],
      [{ key: 'k', value: event(0, { notes: 'x'.repeat(5000) }) }, 'record-too-large'],
      [{ key: null, value: null }, 'tombstone-without-key'],
    ]
    // Headers that the policy does not name may be anything.
    const odd = { key: 'k', value: event(1), headers: { other: [Buffer.from([0xc0]), CANARY] } }
    await world.send([good(0), ...bad.flatMap(([message], n) => [message, good(n + 1)]), odd])
    await world.send([{ ...good(99), timestamp: '-1' }])
    const old = event(1, { occurred_at: new Date(Date.now() - 30 * day).toISOString() })
    await world.send([{ key: 'old', value: old }])
    const summary = join(world.folder, 'summary.json')
    const { code, stderr } = await world.run('--until-end', '--summary', summary)
    expect(code, stderr).toBe(3)
    expect(stderr).toMatch(/"kind":"past-retention","route":"r","topic":"[^"]+\.out","count":1/)
    expect(stderr).toMatch(/1 records have timestamps older than their topic keeps records/)
    expect(JSON.parse(readFileSync(summary, 'utf8')).routes[0].emitted).toMatchObject({
      published: bad.length + 4,
      pastRetention: 1,
    })
    const expected = Object.fromEntries(bad.map(([, code], n) => [2 * n + 1, code]))
    expect(codesOf(await world.read(world.dead))).toEqual(expected)
    expect(await world.verdict()).toBe('clean')
  })

  it.concurrent('writes tombstones under the token of every enabled key into a compacted topic', async (test) => {
    const first = createKeyset(new Date())
    const world = await make(test, {
      partitions: 1,
      compacted: true,
      outputSettings: { 'cleanup.policy': 'compact' },
      keyset: formatKeyset(addKey(first, new Date())),
    })
    const old = event(1, { occurred_at: '2020-01-01T00:00:00Z' })
    await world.send([
      { key: 'a', value: event(1) },
      { key: 'a', value: null },
      { key: 'b', value: old },
      { key: null, value: event(2) },
    ])
    const { code, stderr } = await world.run('--until-end')
    expect(code, stderr).toBe(3)
    expect(await world.verdict()).toBe('clean')
    expect(codesOf(await world.read(world.dead))).toEqual({ 3: 'key-missing' })
    const tombstones = (await world.read(world.output)).filter(({ value }) => value === null)
    const keys = tombstones.map(({ key }) => String(key))
    expect(keys.map((key) => key.split('.')[0]).sort()).toEqual(['k1', 'k1', 'k2', 'k2'])
    expect(new Set(keys).size).toBe(4)
  })

  it.concurrent('reads partitions that appear while it runs, and stops with a clear error when its topic is deleted', async (test) => {
    const world = await make(test, {
      partitions: 1,
      pipeline: 'client: { metadata.max.age.ms: 1000 }\nmaxDeadLetters: 100%\n',
    })
    const worker = world.start()
    await world.send([{ key: 'k', value: event(0) }])
    await world.until(world.output, 1)
    const more = [{ topic: world.input, count: 4 }]
    await world.admin(async (admin) => await admin.createPartitions({ topicPartitions: more }))
    await world.send(Array.from({ length: 40 }, (_, n) => ({ key: `k${n}`, value: event(n) })))
    // A producer that meets a partition without a leader may send a batch again, as here it may: more than 41.
    const sent = (await world.read(world.input)).length
    expect((await world.until(world.output, sent, 60_000)).length).toBe(sent)
    expect(await world.verdict()).toBe('clean')
    await world.admin(async (admin) => await admin.deleteTopics({ topics: [world.input] }))
    expect(await worker.within(60_000), worker.said.slice(-2000)).toEqual({ code: 4, signal: null })
    expect(worker.said).toMatch(/lethe: .*topic/)
  })

  it.concurrent('goes on as it began while policy and keys change or vanish, settles and leaves the group on SIGTERM, and does not begin anew', async (test) => {
    const world = await make(test)
    const worker = world.start()
    await world.send([{ key: 'k', value: event(0) }])
    await world.until(world.output, 1)
    const [policy, keys] = ['policy.yaml', 'keys.json'].map((name) => join(world.folder, name)) as [
      string,
      string,
    ]
    const kept = [readFileSync(policy), readFileSync(keys)] as const
    writeFileSync(policy, 'no policy')
    rmSync(keys)
    await world.send([{ key: 'k', value: event(1) }])
    expect((await world.until(world.output, 2)).length).toBe(2)
    await world.send(Array.from({ length: 500 }, (_, n) => ({ key: `k${n}`, value: event(n) })))
    await world.until(world.output, 3)
    worker.kill('SIGTERM')
    expect(await worker.within(STOPPED_MS)).toEqual({ code: 0, signal: null })
    // Who did not leave would still be a member, for as long as its session lasts.
    const { groups } = await world.admin(async (admin) => await admin.describeGroups([world.group]))
    expect([groups[0]!.state, groups[0]!.members]).toEqual(['Empty', []])
    await world.send([{ key: 'k', value: event(2) }])
    for (const [path, ends] of [
      [policy, 2],
      [keys, 4],
    ] as const) {
      const { code, stderr } = await world.run('--until-end')
      expect([code, stderr]).toEqual([ends, expect.stringContaining(path)])
      writeFileSync(path, path === keys ? kept[1] : kept[0], { mode: 0o600 })
    }
    expect((await world.run('--until-end')).code).toBe(0)
    expect(await world.verdict()).toBe('clean')
  })

  it.concurrent('31. says that records lost their keys, once, and what becomes of partitions', async (test) => {
    const policy = `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  amount: keep\n`
    const world = await make(test, { policy })
    await world.send([
      ...Array.from({ length: 5 }, (_, n) => ({ key: `${CANARY}-${n}`, value: '{"amount":1}' })),
      { key: null, value: '{"amount":2}' },
    ])
    const summary = join(world.folder, 'summary.json')
    const { code, stderr } = await world.run('--until-end', '--summary', summary)
    expect(code, stderr).toBe(0)
    expect(stderr.match(/"kind":"unkeyed"/g)).toHaveLength(1)
    expect(stderr).not.toContain(CANARY)
    const { emitted, warnings } = JSON.parse(readFileSync(summary, 'utf8')).routes[0]
    expect(emitted).toMatchObject({ published: 6, unkeyed: 5 })
    expect(warnings).toEqual([expect.stringMatching(/^5 records had a key .*\$key/)])
  })

  it.concurrent('lets nobody join two releases of a pipeline, and everybody see duplicates within a topic', async (test) => {
    const world = await make(test)
    await world.send(Array.from({ length: 40 }, (_, n) => ({ key: `k${n}`, value: event(n) })))
    const sources = async (topic: string): Promise<string[]> =>
      (await world.read(topic)).map(({ headers }) =>
        String(headers.find(({ name }) => name === 'lethe-source')?.value),
      )
    const release = async (group: string, topic: string, version: number): Promise<void> => {
      const text = readFileSync(world.pipeline, 'utf8')
      const policy = readFileSync(join(world.folder, 'policy.yaml'), 'utf8')
      writeFileSync(
        world.pipeline,
        text
          .replace(/group: \S+ /, `group: ${group} `)
          .replace(/to: { topic: [^,]+/, `to: { topic: ${topic}`),
      )
      writeFileSync(
        join(world.folder, 'policy.yaml'),
        policy.replace(/^version: \d+/m, `version: ${version}`),
      )
      const { code, stderr } = await world.run('--until-end')
      expect(code, stderr).toBe(0)
    }
    await release(world.group, world.output, 1)
    const first = await sources(world.output)
    expect(new Set(first).size).toBe(40)
    const second = `${world.output}.v2`
    await world.create([{ topic: second, numPartitions: 3 }])
    await release(`${world.group}.v2`, second, 2)
    const others = await sources(second)
    expect(others).toHaveLength(40)
    expect(others.filter((source) => first.includes(source))).toEqual([])
    await release(`${world.group}.again`, world.output, 3)
    const both = await sources(world.output)
    expect([both.length, new Set(both).size]).toEqual([80, 40])
    // And who holds the keys reads back all of them.
    const read = await warm(['source', world.pipeline, '--outputs', second, ...both, ...others])
    expect([read.code, read.stdout.split('\n').length]).toEqual([0, 121])
  })
})

/** Text that no compression makes small. */
function drawnText(length: number): string {
  const draw = drawOf(length)
  return Array.from({ length }, () => String.fromCharCode(97 + draw(26))).join('')
}
