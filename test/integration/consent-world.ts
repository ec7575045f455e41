/** A pipeline whose policy goes by a consent table in a topic, and what subjects say there. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from 'kafkajs'
import { createKeyset } from '../../src/keys/keyset.ts'
import { formatKeyset } from '../../src/keys/keyset-format.ts'
import { MatchKeys } from '../../src/keys/match-keys.ts'
import { consentHeaderLine, consentLine } from '../../src/lists/consent-file.ts'
import { keyLine } from '../../src/lists/match-list.ts'
import { uniqueName } from '../broker/suite.ts'
import type { Worker } from './chaos/worker.ts'
import { kafkaOf, type TestContext, World } from './stream-world.ts'

export const PURPOSE = 'train_ai_system'
export const POLICY: string = `policy: p
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

export const keyOf = (subject: string): string => `${id}.${match(subject).toString('base64url')} ${PURPOSE}`

/** One statement a day from the beginning of 2026. */
export const saying = (subject: string, ...states: readonly Said[]): Message => ({
  key: keyOf(subject),
  value: consentLine({
    key: id,
    token: match(subject),
    purpose: PURPOSE,
    history: states.map((state, day) => ({ state, from: Date.UTC(2026, 0, 1 + day) })),
  }),
})

export const FIRST: readonly Message[] = [
  { key: id, value: keyLine(id, check) },
  { key: 'lethe', value: consentHeaderLine({ domain: 'consent', normalize: 'trim' }) },
]

export const event = (subject: string, v: string): Message => ({
  key: v,
  value: JSON.stringify({ id: subject, v, t: '2026-02-01T00:00:00Z' }),
})

export interface Setting {
  readonly world: World
  readonly topic: string
  readonly say: (...messages: readonly Message[]) => Promise<void>
}

export interface Wishes {
  /** Of the topic. */
  readonly partitions?: number
  readonly inputs?: number
  readonly policy?: string
  /** More lines at the top of the pipeline file. */
  readonly pipeline?: string
  readonly files?: Readonly<Record<string, string>>
}

export async function prepared(
  address: string,
  test: TestContext,
  { partitions = 1, inputs = 1, policy = POLICY, pipeline = '', files = {} }: Wishes = {},
): Promise<Setting> {
  const topic = `${uniqueName('consent')}.t`
  const world = await World.make(address, test, {
    partitions: inputs,
    policy,
    files: { 'match.json': formatKeyset(keyset), ...files },
    pipeline: `http: { port: 0 }
matchKeys: { file: match.json }
tables: { training: { topic: ${topic}, maxLag: 2s } }
maxDeadLetters: 100%
${pipeline}`,
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

export async function asked(worker: Worker, path: string, wanted: RegExp): Promise<string> {
  const port = /"kind":"listening".*"port":(\d+)/.exec(worker.said)![1]!
  const giveUp = performance.now() + 60_000
  for (;;) {
    const text = await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
    if (wanted.test(text) || performance.now() > giveUp) return text
    await sleep(100)
  }
}

export const published = async (world: World, count: number): Promise<readonly string[]> =>
  (await world.until(world.output, count)).map(({ value }) => JSON.parse(String(value)).v as string).sort()
