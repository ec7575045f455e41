/** Lists and consent tables at home in every command that meets a broker: doctor, several processes, replay, topics that go away. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Broker, startBroker } from '../broker/broker.mjs'
import { broker, onKafka, onOwnKafka, uniqueName } from '../broker/suite.ts'
import { warm } from '../src/cli/lethe.ts'
import { asked, event, FIRST, keyOf, POLICY, PURPOSE, prepared, published, saying } from './consent-world.ts'
import { kafkaOf, type World } from './stream-world.ts'

const failing = (subject: string, v: string): Message => ({
  key: v,
  value: JSON.stringify({ id: subject, v: [v], t: '2026-02-01T00:00:00Z' }),
})

const listening = /"kind":"listening"/

async function consent(world: World, ...args: readonly string[]): Promise<string> {
  const keys = args[0] === 'export' || args[0] === 'create' ? [] : ['--match-keys', 'match.json']
  const { code, stdout, stderr } = await warm(['consent', ...args, ...keys], { cwd: world.folder })
  expect(code, stderr).toBe(0)
  return stdout
}

/** What doctor finds of lists, tables and their topics. */
async function examined(world: World): Promise<readonly string[]> {
  const { stdout, stderr } = await warm(['doctor', world.pipeline, '--format', 'json'], {
    env: { CHAOS_INSTANCE: 'a' },
  })
  expect(stdout, stderr).not.toBe('')
  const { findings } = JSON.parse(stdout) as {
    readonly findings: readonly { readonly check: string; readonly level: string; readonly what: string }[]
  }
  return findings
    .filter(({ check, what, level }) => check === 'gates' || (what.includes('consent') && level !== 'x'))
    .map(({ check, level, what }) => `${check} ${level}: ${what}`)
}

onKafka('lists and consent tables', () => {
  it.concurrent('are looked at by doctor', async (test) => {
    const { world, topic, say } = await prepared(broker.address, test, {
      policy: `${POLICY}suppression: [{ list: erasures, by: id }, { list: register, by: v, entries: sha256-hex }]\n`,
      pipeline: 'lists: { erasures: { file: erasures.ndjson }, register: { file: register.txt } }\n',
      files: { 'register.txt': `${'a'.repeat(64)}\n${'b'.repeat(64)}\n` },
    })
    const list = join(world.folder, 'erasures.ndjson')
    writeFileSync(
      list,
      '{"lethe":"list","v":1,"purpose":"suppression","domain":"erasures","normalize":"trim"}\n',
    )
    await say(...FIRST, saying('anna', 'granted'), saying('ben', 'withdrawn'))
    expect(await examined(world)).toEqual([
      'gates ok: match keys: k1; new entries come under k1',
      'gates ok: the list erasures: 0 entries',
      'gates ok: the list register: 2 entries',
      expect.stringMatching(
        /^gates ok: the consent table training: 2 subjects with a history for train_ai_system, up to offset 4, the last statement of \S+ ago$/,
      ),
      `topics ok: consent table ${topic}: 1 partition, cleanup.policy=compact, delete.retention.ms=1d, max.compaction.lag.ms=no limit; routes wait where training is 2s behind`,
    ])
    // Everything at once: a list in another form, a tombstone, an open transaction.
    writeFileSync(join(world.folder, 'register.txt'), `${'a'.repeat(63)}\n`)
    const open = kafkaOf(world.address).producer({
      transactionalId: uniqueName('open'),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await open.connect()
    test.onTestFinished(async () => await open.disconnect())
    await say({ key: keyOf('anna'), value: null })
    const transaction = await open.transaction()
    await transaction.send({ topic, messages: [saying('ben', 'granted')] })
    const found = await examined(world)
    await transaction.abort()
    expect(found.slice(2)).toEqual([
      expect.stringMatching(/^gates problem: .*register\.txt:1: /),
      expect.stringMatching(
        /^gates warning: .* an open transaction holds back what lies behind offset 5, of 6/,
      ),
      `gates warning: the consent table training: 1 record of ${topic} (offset 4) is a tombstone or cannot be read: its subject counts as withdrawn`,
      expect.stringMatching(/^gates ok: the consent table training: 2 subjects .*up to offset 5/),
      expect.stringMatching(/^topics ok: consent table /),
    ])
    // A topic that forgets, and keys that are not those of its entries.
    await world.admin(async (admin) => {
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          { type: 2, name: topic, configEntries: [{ name: 'cleanup.policy', value: 'compact,delete' }] },
        ],
      })
    })
    await warm(['keys', 'create', '--match', 'other.json'], { cwd: world.folder })
    writeFileSync(join(world.folder, 'register.txt'), `${'a'.repeat(64)}\n`)
    writeFileSync(
      list,
      `${readFileSync(list, 'utf8')}{"key":"k1","check":"00000000"}\n{"t":"k1.0Zx5i1m7oG5M3nq0vJ2l8g","at":"2026-03-01T10:00:00Z"}\n`,
    )
    const last = await examined(world)
    expect(last).toContainEqual(
      expect.stringMatching(
        /^gates problem: .*erasures\.ndjson has entries under the match key k1 \(check value 00000000\)/,
      ),
    )
    expect(last).toContainEqual(
      expect.stringContaining(
        `topics problem: the topic ${topic} of a consent table deletes records by their age`,
      ),
    )
  })

  it.concurrent('count in every process, and for replays, from a table that was exported', async (test) => {
    const { world, topic, say } = await prepared(broker.address, test, { inputs: 2 })
    const rows = ['anna', 'ben', 'cora', 'dora'].map(
      (name) => `${name},${PURPOSE},granted,2026-01-01T00:00:00Z`,
    )
    writeFileSync(join(world.folder, 'said.csv'), `subject,purpose,state,from\n${rows.join('\n')}\n`, {
      mode: 0o600,
    })
    await consent(world, 'create', 'training.ndjson')
    await consent(world, 'import', 'training.ndjson', 'said.csv')
    const lines = (await consent(world, 'export', 'training.ndjson')).trimEnd().split('\n')
    await say(...lines.map((line) => ({ key: line.split('\t')[0]!, value: line.split('\t')[1]! })))
    // And back: what the topic holds is a table again.
    const back = (await world.read(topic)).map(({ value }) => String(value))
    expect(`${back.join('\n')}\n`).toBe(readFileSync(join(world.folder, 'training.ndjson'), 'utf8'))

    const both = (v: string, ...names: readonly string[]): Message[] =>
      names.flatMap((name) => [0, 1].map((partition) => ({ ...event(name, `${v} ${name}`), partition })))
    await world.send([...both('1', 'anna', 'ben', 'ella'), failing('anna', 'x'), failing('cora', 'x')])
    const summary = join(world.folder, 'summary.json')
    const worker = world.start('a', '--workers', '2', '--summary', summary)
    expect(await published(world, 4)).toEqual(['1 anna', '1 anna', '1 ben', '1 ben'])
    expect(await world.until(world.dead, 2)).toHaveLength(2)
    expect(worker.said.match(/"kind":"table-read"/g)).toHaveLength(2)
    await consent(world, 'withdraw', 'training.ndjson', '--subject', 'ben', '--purpose', PURPOSE)
    await say(
      ...(await consent(world, 'export', 'training.ndjson'))
        .trimEnd()
        .split('\n')
        .slice(-1)
        .map((line) => ({ key: line.split('\t')[0]!, value: line.split('\t')[1]! })),
    )
    // Behind the limit of two seconds both have read it, or wait.
    await sleep(2_300)
    await world.send(both('2', 'ben', 'dora'))
    expect(await published(world, 6)).toEqual(['1 anna', '1 anna', '1 ben', '1 ben', '2 dora', '2 dora'])
    worker.kill('SIGTERM')
    expect((await worker.within(60_000))?.code, worker.said).toBe(0)
    const [route] = JSON.parse(readFileSync(summary, 'utf8')).routes
    expect(route.records.suppressed).toEqual({
      'consent denied by table training': 2,
      'consent unknown to table training': 2,
    })

    // The dead letter of who has withdrawn since is not written again.
    await say(saying('cora', 'granted', 'withdrawn'))
    const replay = join(world.folder, 'replay.json')
    const done = await world.replay(['--summary', replay])
    expect(done.code, done.stderr).toBe(3)
    const { records } = JSON.parse(readFileSync(replay, 'utf8'))
    expect(records.suppressed).toEqual({ 'consent denied by table training': 1 })
    expect(records.deadLettered).toEqual({ 'container-for-scalar': 1 })
  })

  it.concurrent('end a run where a topic is made again, or holds what cannot be read', async (test) => {
    const { world, topic, say } = await prepared(broker.address, test)
    await say(...FIRST, saying('anna', 'granted'), saying('ben', 'granted'))
    const worker = world.start('a')
    await world.send([event('anna', '1 anna')])
    expect(await published(world, 1)).toEqual(['1 anna'])
    // A history that cannot be read is a withdrawal.
    await say({ key: keyOf('anna'), value: '{"t":' })
    expect(await worker.says(/"kind":"table-record"[^\n]*"offset":4/, 30_000), worker.said).toBe(true)
    await world.send([event('anna', '2 anna'), event('ben', '2 ben')])
    expect(await published(world, 2)).toEqual(['1 anna', '2 ben'])
    await world.admin(async (admin) => await admin.deleteTopics({ topics: [topic] }))
    const waits = /^consent tables: behind, so that these wait: r$/m
    expect(await asked(worker, '/readyz', waits)).toMatch(waits)
    const behind = /^lethe_table_behind_seconds\{table="training"\} ([4-9]|\d\d)/m
    expect(await asked(worker, '/metrics', behind)).toMatch(behind)
    await world.send([event('ben', '3 ben')])
    await world.create([
      { topic, numPartitions: 1, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
    ])
    // As many records as before, and more.
    await say(
      ...FIRST,
      ...['a', 'b', 'c', 'd'].map((name) => saying(name, 'granted')),
      saying('ben', 'withdrawn'),
    )
    const exit = await worker.within(60_000)
    expect(exit?.code, worker.said).toBe(4)
    // By its id, or, where it was looked at before it was full, by its end.
    expect(worker.said).toMatch(/was made again/)
    expect(await published(world, 2)).toEqual(['1 anna', '2 ben'])
    // Started again it reads the new one.
    const again = world.start('b')
    expect(await again.says(/"kind":"table-read"[^\n]*"count":5/, 60_000), again.said).toBe(true)
    await say({ key: 'ben', value: 'x' })
    expect((await again.within(60_000))?.code, again.said).not.toBe(0)
    expect(again.said).toContain(
      `topic ${topic}, partition 0, offset 7: its key does not tell whose history it is`,
    )
    expect(await published(world, 2)).toEqual(['1 anna', '2 ben'])
  })
})

onOwnKafka('a consent table whose broker goes away', () => {
  let own: Broker
  beforeAll(async () => {
    own = await startBroker({ own: true })
  })
  afterAll(async () => await own.stop())

  it('makes its routes wait, and says so until it is back', async (test) => {
    const { world, say } = await prepared(own.address, test)
    await say(...FIRST, saying('anna', 'granted'))
    const worker = world.start('a')
    await world.send([event('anna', '1 anna')])
    expect(await published(world, 1)).toEqual(['1 anna'])
    expect(await worker.says(listening, 30_000)).toBe(true)
    own.pause()
    const waits = /^consent tables: behind, so that these wait: r$/m
    expect(await asked(worker, '/readyz', waits)).toMatch(waits)
    expect(worker.said).toMatch(/"kind":"table-behind","table":"training"/)
    const behind = /^lethe_table_behind_seconds\{table="training"\} ([3-9]|\d\d)/m
    expect(await asked(worker, '/metrics', behind)).toMatch(behind)
    own.resume()
    expect(await worker.says(/"kind":"table-current"/, 60_000), worker.said).toBe(true)
    await say(saying('anna', 'granted', 'withdrawn'), saying('ben', 'granted'))
    await sleep(2_300)
    await world.send([event('anna', '2 anna'), event('ben', '2 ben')])
    expect(await published(world, 2)).toEqual(['1 anna', '2 ben'])
  })
})
