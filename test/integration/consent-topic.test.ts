/** A consent table in a topic: read to its end, followed, and waited for where it is behind. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from 'kafkajs'
import { expect, it } from 'vitest'
import { createKeyset } from '../../src/keys/keyset.ts'
import { formatKeyset } from '../../src/keys/keyset-format.ts'
import { MatchKeys } from '../../src/keys/match-keys.ts'
import { consentHeaderLine, consentLine } from '../../src/lists/consent-file.ts'
import { keyLine } from '../../src/lists/match-list.ts'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import type { Worker } from './chaos/worker.ts'
import { kafkaOf, type TestContext, World } from './stream-world.ts'

const PURPOSE = 'train_ai_system'
const POLICY = `policy: p
version: 1
purpose: ${PURPOSE}
time: t
fields: { v: keep, t: drop }
consent: { table: training, by: id }
`
const keyset = createKeyset(new Date(), randomBytes, 'match')
const keys = new MatchKeys(keyset)
const { id, check } = keys.primary
const match = keys.matcher(id, check, 'consent', 'test')

type Said = 'granted' | 'withdrawn'

const keyOf = (subject: string): string => `${id}.${match(subject).toString('base64url')} ${PURPOSE}`

/** One statement a day from the beginning of 2026. */
const saying = (subject: string, ...states: readonly Said[]): Message => ({
  key: keyOf(subject),
  value: consentLine({
    key: id,
    token: match(subject),
    purpose: PURPOSE,
    history: states.map((state, day) => ({ state, from: Date.UTC(2026, 0, 1 + day) })),
  }),
})

const FIRST: readonly Message[] = [
  { key: id, value: keyLine(id, check) },
  { key: 'lethe', value: consentHeaderLine({ domain: 'consent', normalize: 'trim' }) },
]

const event = (subject: string, v: string): Message => ({
  key: v,
  value: JSON.stringify({ id: subject, v, t: '2026-02-01T00:00:00Z' }),
})

interface Setting {
  readonly world: World
  readonly topic: string
  readonly say: (...messages: readonly Message[]) => Promise<void>
}

async function prepared(test: TestContext, partitions = 1): Promise<Setting> {
  const topic = `${uniqueName('consent')}.t`
  const world = await World.make(broker.address, test, {
    partitions: 1,
    policy: POLICY,
    files: { 'match.json': formatKeyset(keyset) },
    pipeline: `http: { port: 0 }
matchKeys: { file: match.json }
tables: { training: { topic: ${topic}, maxLag: 2s } }
maxDeadLetters: 100%
`,
  })
  await world.create([
    {
      topic,
      numPartitions: partitions,
      configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
    },
  ])
  const say = async (...messages: readonly Message[]): Promise<void> => {
    const producer = kafkaOf(world.address).producer()
    await producer.connect()
    await producer.send({ topic, messages: [...messages] })
    await producer.disconnect()
  }
  return { world, topic, say }
}

async function asked(worker: Worker, path: string, wanted: RegExp): Promise<string> {
  const port = /"kind":"listening".*"port":(\d+)/.exec(worker.said)![1]!
  const giveUp = performance.now() + 20_000
  for (;;) {
    const text = await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
    if (wanted.test(text) || performance.now() > giveUp) return text
    await sleep(50)
  }
}

const published = async (world: World, count: number): Promise<readonly string[]> =>
  (await world.until(world.output, count)).map(({ value }) => JSON.parse(String(value)).v as string).sort()

onKafka('a consent table in a topic', () => {
  it.concurrent('is read first, followed, and waited for while it is behind', async (test) => {
    const { world, topic, say } = await prepared(test)
    await say(
      ...FIRST,
      saying('anna', 'granted'),
      saying('ben', 'granted'),
      saying('cora', 'granted', 'withdrawn'),
      saying('dora', 'granted'),
      { key: keyOf('dora'), value: null },
    )
    await world.send(['anna', 'ben', 'cora', 'dora', 'ella'].map((name) => event(name, `1 ${name}`)))
    const summary = join(world.folder, 'summary.json')
    const worker = world.start('a', '--summary', summary)
    expect(await published(world, 2)).toEqual(['1 anna', '1 ben'])
    expect(worker.said).toMatch(
      new RegExp(
        `"kind":"table-read","table":"training","topic":"${topic}","partition":0,"offset":7,"count":4`,
      ),
    )
    expect(worker.said).toMatch(
      new RegExp(`"kind":"table-record","table":"training","topic":"${topic}","partition":0,"offset":6`),
    )

    await say(saying('ben', 'granted', 'withdrawn'))
    expect(await asked(worker, '/metrics', /^lethe_table_offset\{table="training"\} 8$/m)).toMatch(/ 8$/m)
    await world.send([event('ben', '2 ben'), event('anna', '2 anna')])
    expect(await published(world, 3)).toEqual(['1 anna', '1 ben', '2 anna'])

    // What an open transaction holds back may be a withdrawal.
    const open = kafkaOf(world.address).producer({
      transactionalId: uniqueName('consent'),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await open.connect()
    test.onTestFinished(async () => await open.disconnect())
    const transaction = await open.transaction()
    await transaction.send({ topic, messages: [saying('anna', 'granted', 'withdrawn')] })
    const waits = /^consent tables: behind, so that these wait: r$/m
    expect(await asked(worker, '/readyz', waits)).toMatch(waits)
    expect(worker.said).toMatch(/"kind":"table-behind","table":"training"/)
    await world.send([event('anna', '3 anna')])
    await sleep(1_000)
    expect(await published(world, 3)).toHaveLength(3)
    await say(saying('finn', 'granted'))
    await transaction.commit()
    const ready = /^assigned: ok\n$/m
    expect(await asked(worker, '/readyz', ready)).toMatch(ready)
    expect(worker.said).toMatch(/"kind":"table-current","table":"training"/)
    await world.send([event('finn', '4 finn')])
    expect(await published(world, 4)).toEqual(['1 anna', '1 ben', '2 anna', '4 finn'])

    worker.kill('SIGTERM')
    expect((await worker.within(27_000))?.code, worker.said).toBe(0)
    const [route] = JSON.parse(readFileSync(summary, 'utf8')).routes
    expect(route.tables).toEqual([
      {
        table: 'training',
        purpose: PURPOSE,
        topic,
        offsets: [{ partition: 0, from: 7, to: 11 }],
        subjects: 5,
      },
    ])
    expect(route.records).toMatchObject({ in: 9, published: 4 })
    expect(route.records.suppressed).toEqual({
      'consent denied by table training': 4,
      'consent unknown to table training': 1,
    })
    expect(worker.said + readFileSync(summary, 'utf8')).not.toMatch(/anna|ben\b|cora|dora|ella|finn/)
  })

  it.concurrent('that is not whole stops the start, and says where', async (test) => {
    const { world, topic, say } = await prepared(test)
    const failed = async (): Promise<string> => {
      const { code, stderr } = await world.run('--until-end')
      expect(code, stderr).not.toBe(0)
      return stderr
    }
    expect(await failed()).toMatch(/no record says what it is/)
    await say(FIRST[1]!, saying('anna', 'granted'))
    expect(await failed()).toMatch(/no record says which match key k1 is/)
    await say(FIRST[0]!, { key: 'anna', value: 'x' })
    const stderr = await failed()
    expect(stderr).toContain(
      `topic ${topic}, partition 0, offset 3: its key does not tell whose history it is`,
    )
    expect(stderr).not.toMatch(/anna/)
    const two = await prepared(test, 2)
    await two.say(...FIRST)
    expect((await two.world.run('--until-end')).stderr).toMatch(/has 2 partitions/)
    expect(await world.read(world.output)).toEqual([])
  })
})
