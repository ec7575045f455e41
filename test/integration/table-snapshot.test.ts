/** The snapshot of a consent table in a topic: a start goes on from it, and from no other topic of that name. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
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
import { kafkaOf, World } from './stream-world.ts'

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

const FIRST: readonly Message[] = [
  { key: 'lethe', value: consentHeaderLine({ domain: 'consent', normalize: 'trim' }) },
  { key: id, value: keyLine(id, check) },
]
const keyOf = (subject: string): string => `${id}.${match(subject).toString('base64url')} ${PURPOSE}`
const saying = (subject: string, ...states: readonly ('granted' | 'withdrawn')[]): Message => ({
  key: keyOf(subject),
  value: consentLine({
    key: id,
    token: match(subject),
    purpose: PURPOSE,
    history: states.map((state, day) => ({ state, from: Date.UTC(2026, 0, 1 + day) })),
  }),
})
const event = (subject: string, v: string): Message => ({
  key: v,
  value: JSON.stringify({ id: subject, v, t: '2026-02-01T00:00:00Z' }),
})

onKafka('the snapshot of a consent table', () => {
  it('is what a start goes on from, and is not used for another topic of that name', {
    timeout: 240_000,
  }, async (test) => {
    const topic = `${uniqueName('consent')}.t`
    const world = await World.make(broker.address, test, {
      partitions: 1,
      policy: POLICY,
      files: { 'match.json': formatKeyset(keyset) },
      // A start with another number of workers waits for the sessions of those before it.
      pipeline: `client: { session.timeout.ms: 15000, transaction.timeout.ms: 4000 }
matchKeys: { file: match.json }
tables: { training: { topic: ${topic}, snapshot: training.snapshot } }
maxDeadLetters: 100%
`,
    })
    const snapshot = join(world.folder, 'training.snapshot')
    const make = async (): Promise<void> =>
      await world.create([
        { topic, numPartitions: 1, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
      ])
    const say = async (...messages: readonly Message[]): Promise<void> => {
      const producer = kafkaOf(world.address).producer()
      await producer.connect()
      await producer.send({ topic, messages: [...messages] })
      await producer.disconnect()
    }
    const published = async (): Promise<readonly string[]> =>
      (await world.read(world.output)).map(({ value }) => JSON.parse(String(value)).v as string).sort()
    const run = async (...args: readonly string[]): Promise<string> => {
      const { code, stderr } = await world.run('--until-end', ...args)
      expect(code, stderr).toBe(0)
      return stderr
    }
    await make()
    await say(...FIRST, saying('anna', 'granted'), saying('ben', 'granted'), saying('cora', 'granted'))
    await world.send([event('anna', '1 anna'), event('ben', '1 ben')])
    const first = await run()
    expect(first).toMatch(/"kind":"snapshot-written".*"offset":5,"count":3/)
    expect(first).not.toMatch(/snapshot-(?:read|un)/)
    expect(statSync(snapshot).mode & 0o777).toBe(0o600)
    expect(readFileSync(snapshot, 'latin1')).not.toMatch(/anna|ben\b|cora/)

    // What was said since comes with the tail.
    await say(saying('ben', 'granted', 'withdrawn'), { key: keyOf('cora'), value: null })
    await world.send(['anna', 'ben', 'cora'].map((name) => event(name, `2 ${name}`)))
    const second = await run('--workers', '2')
    expect(second).toMatch(/"kind":"snapshot-read".*"offset":5,"count":3/)
    expect(second).toMatch(/"kind":"table-read".*"offset":7,"count":3/)
    expect(second.match(/"kind":"snapshot-written"/g)?.length).toBeGreaterThan(0)
    expect(await published()).toEqual(['1 anna', '1 ben', '2 anna'])

    // A byte of it changes.
    const bytes = readFileSync(snapshot)
    bytes[bytes.length - 60]! ^= 1
    writeFileSync(snapshot, bytes)
    expect(await run()).toMatch(/"kind":"snapshot-unused".*"code":"changed"/)

    // The topic is made again, under the same name, and is longer. The run before has written
    // another snapshot, which can be read: one that is changed is told before anything else.
    await world.admin(async (admin) => await admin.deleteTopics({ topics: [topic] }))
    await sleep(1_000)
    await make()
    await say(...FIRST, ...Array.from({ length: 12 }, (_, at) => saying(`s${at}`, 'granted')))
    await world.send([event('anna', '3 anna'), event('s3', '3 s3')])
    expect(await run()).toMatch(/"kind":"snapshot-unused".*"code":"other-topic"/)
    expect(await published()).toEqual(['1 anna', '1 ben', '2 anna', '3 s3'])
    expect(existsSync(snapshot)).toBe(true)
    expect(readdirSync(world.folder).filter((name) => /lock|part$/.test(name))).toEqual([])
  })
})
