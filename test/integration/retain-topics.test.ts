/** Retention of topics: nothing young goes, what is held stays, and what is told of a topic is what is in it. */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import kafkajs from 'kafkajs'
import { expect, it } from 'vitest'
import type { Admin } from '../../src/kafka/admin.ts'
import { openAdmin } from '../../src/kafka/open-admin.ts'
import { retainRightsOf } from '../../src/kafka/rights.ts'
import type { Hold } from '../../src/lifecycle/legal-hold.ts'
import type { TopicOrder } from '../../src/lifecycle/topic-order.ts'
import {
  applyTopicOrder,
  planTopics,
  type StoredPipeline,
  verifyTopicOrder,
} from '../../src/lifecycle/topic-orders.ts'
import { readPipelinePolicies } from '../../src/run/stream/prepare.ts'
import { passwordOf } from '../broker/guarded.ts'
import { broker, guarded, onKafka, onOwnKafka } from '../broker/suite.ts'
import { warm } from '../src/cli/lethe.ts'
import { readTopics } from './checker/read-topics.ts'
import {
  asUser,
  connectionTo,
  grant,
  made,
  makeTopics,
  type Names,
  pipelineFile,
  produce,
  type TopicWords,
  withAdmin,
} from './cluster-world.ts'

const DAY = 86_400_000
const NOW = Date.now()
const POLICY = `policy: p
version: 3
purpose: train_ai_system
time: at
fields:
  at: { use: generalize.date, to: day, zone: UTC }
  amount: keep
retention: { steps: [{ after: 100d, then: suppress }] }
`
/** The broker deletes nothing by itself. */
const KEEPING = { 'retention.ms': '-1' }
const dayOf = (days: number): number => Math.floor((NOW - days * DAY) / DAY) * DAY

interface World {
  readonly names: Names
  readonly file: string
  readonly stored: StoredPipeline
  readonly label: string
}

async function world(output: TopicWords = {}, address: string = broker.address): Promise<World> {
  const settings = { ...KEEPING, ...output.settings }
  const names = await made({ output: { ...output, settings }, dead: { settings: KEEPING } }, address)
  const file = pipelineFile({
    brokers: [address],
    input: `[${names.input}]`,
    output: names.output,
    dead: names.dead,
    policy: POLICY,
  })
  const { pipeline, policies } = await readPipelinePolicies(file)
  const stored: StoredPipeline = {
    pipeline,
    policies: new Map([...policies].map(([name, one]) => [name, { plan: one.plan!, policy: one.policy! }])),
  }
  const { fingerprint } = [...stored.policies.values()][0]!.plan
  return { names, file, stored, label: `p@3#${fingerprint}` }
}

/** Writes records of so many days ago, in this order; `null`: no header of a policy. */
const write = async (
  topic: string,
  label: string | null,
  partition: number,
  days: readonly number[],
  address: string = broker.address,
): Promise<void> =>
  await produce(
    address,
    topic,
    days.map((age) => ({
      partition,
      value: `${age}`,
      timestamp: `${dayOf(age)}`,
      headers: label === null ? {} : { 'lethe-policy': label },
    })),
  )

const left = async (topic: string): Promise<readonly string[]> =>
  (await readTopics(broker.address, [topic])).map(({ value }) => Buffer.from(value!).toString()).toSorted()

const settingOf = (admin: Admin, { stored }: World, holds: readonly Hold[] = []) => ({
  admin,
  stored,
  holds,
  now: Date.now(),
})
const options = { asOf: NOW, marginMs: DAY, validMs: DAY, otherVersionsMs: undefined }

const hold = (more: Partial<Hold>): Hold => ({
  id: 'h00000001',
  target: null,
  from: null,
  until: null,
  owner: 'legal',
  reason: 'case 512, all of it',
  kept: 'retention.ms=-1 there',
  added: NOW - DAY,
  expires: NOW + DAY,
  released: undefined,
  ...more,
})

async function deleteTopic(topic: string): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [broker.address], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [topic] })
  await admin.disconnect()
}

onKafka('retention of topics', () => {
  it('deletes up to the first record that has to stay, by a command that can be repeated', async () => {
    const { names, file, label } = await world({ partitions: 2 })
    // 101 days ago: the day began more than 100 days ago, and with the margin it is not over for long enough.
    await write(names.output, label, 0, [300, 150, 101, 200, 5])
    await write(names.output, label, 1, [103, 400])
    await write(names.dead, label, 0, [300, 1])
    const cwd = dirname(file)
    const shared = ['--pipeline', 'pipeline.yaml', '--no-holds']
    const planned = await warm(['retain', 'plan', ...shared, '-o', 'o.json'], { cwd })
    expect(planned).toMatchObject({ code: 0 })
    expect(planned.stderr).toContain('partition 0: 2 records to delete, from offset 0 up to 2')
    expect(planned.stderr).toContain('partition 1: 2 records to delete')
    expect(planned.stderr).toContain(
      '  1 records are too old, and stay: one that has to stay lies before them',
    )
    expect(planned.stderr).toContain(
      'retention.ms=-1: the broker never deletes a record for its age; the policy says 100 d',
    )
    const order: TopicOrder = JSON.parse(readFileSync(join(cwd, 'o.json'), 'utf8'))
    expect(order.targets.map(({ id }) => id)).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/),
      expect.stringMatching(/./),
    ])
    expect(order.targets.map(({ rows, deleted, keptFor }) => [rows, deleted, keptFor.behind])).toEqual([
      [7, 4, 1],
      [2, 1, 0],
    ])
    const before = await warm(['retain', 'verify', 'o.json', ...shared], { cwd })
    expect(before).toMatchObject({ code: 1 })
    expect(before.stdout).toMatch(/not absent: 5 records are still there, and are never eligible/)
    expect(
      await warm(['retain', 'apply', 'o.json', '-p', 'policy.yaml', '--no-holds'], { cwd }),
    ).toMatchObject({ code: 2 })
    const apply = () => warm(['retain', 'apply', 'o.json', ...shared], { cwd })
    expect((await apply()).stderr).toContain('applied to 2 targets; at 0 it was done before')
    expect(await left(names.output)).toEqual(['101', '200', '5'])
    expect(await left(names.dead)).toEqual(['1'])
    expect((await apply()).stderr).toContain('applied to 0 targets; at 2 it was done before')
    const verified = await warm(['retain', 'verify', 'o.json', ...shared], { cwd })
    expect(verified.stdout).toMatch(/not absent: 1 records.*\n.*verified absent: read again from the start/)
  })

  it('leaves what is held, when it plans and when it applies', async () => {
    const one = await world()
    const { names, label } = one
    await write(names.output, label, 0, [300, 250, 200])
    const target = `topic:${names.output}` as const
    const march = hold({ target, from: dayOf(250) + 1000, until: dayOf(250) + 2000 })
    await withAdmin(broker.address, async (admin) => {
      const cut = await planTopics(options, settingOf(admin, one, [march]))
      expect(cut.targets[0]).toMatchObject({ deleted: 1, keptFor: { held: 1, behind: 1 } })
      const order = await planTopics(options, settingOf(admin, one))
      expect(order.targets[0]!.deleted).toBe(3)
      const someone = { normalize: 'trim', matchKeys: {}, keys: {}, searches: [], subjects: [] } as const
      // Whose a record of a topic is, is not looked for: all are held.
      for (const holds of [[march], [hold({ target })], [hold({})], [hold({ subjects: someone })]])
        await expect(applyTopicOrder(order, settingOf(admin, one, holds))).rejects.toMatchObject({
          code: 'target-held',
        })
      // One that is added between the last look at the records and the deletion.
      const lookAgain = () => [hold({ target, from: dayOf(1), until: NOW })]
      await expect(applyTopicOrder(order, { ...settingOf(admin, one), lookAgain })).rejects.toMatchObject({
        code: 'target-held',
      })
      expect(await left(names.output)).toHaveLength(3)
      const beside = [
        hold({ target: 'topic:other' }),
        hold({ target, until: dayOf(400) }),
        hold({ target, expires: NOW - 1 }),
      ]
      expect(await applyTopicOrder(order, settingOf(admin, one, beside))).toEqual({
        applied: 1,
        wasApplied: 0,
      })
      expect(await left(names.output)).toEqual([])
    })
  })

  it('goes on where it was cut short', async () => {
    const one = await world({ partitions: 2 })
    for (const topic of [one.names.output, one.names.dead]) await write(topic, one.label, 0, [300, 250])
    await withAdmin(broker.address, async (admin) => {
      const order = await planTopics(options, settingOf(admin, one))
      let calls = 0
      const cut = new Proxy(admin, {
        get: (of, name) =>
          name === 'deleteRecords' && ++calls > 1
            ? () => Promise.reject(new Error('cut'))
            : (Reflect.get(of, name) as (...all: unknown[]) => unknown).bind(of),
      })
      await expect(applyTopicOrder(order, settingOf(cut, one))).rejects.toThrow('cut')
      expect(await left(one.names.dead)).toHaveLength(2)
      expect(await applyTopicOrder(order, settingOf(admin, one))).toEqual({ applied: 1, wasApplied: 1 })
      expect((await verifyTopicOrder(order, settingOf(admin, one))).map(({ state }) => state)).toEqual([
        'verified absent',
        'verified absent',
      ])
    })
  })

  it('refuses a topic that is only compacted, and one that is another by now', async () => {
    const compacted = await world({ settings: { 'cleanup.policy': 'compact' } })
    const one = await world()
    const { names, label } = one
    await produce(broker.address, compacted.names.output, [
      { key: 'k', value: '1', timestamp: `${dayOf(300)}`, headers: { 'lethe-policy': label } },
    ])
    await write(names.output, label, 0, [300, 250])
    await withAdmin(broker.address, async (admin) => {
      const none = await planTopics(options, settingOf(admin, compacted))
      expect(none.untouched).toMatchObject([
        { target: `topic:${compacted.names.output}`, code: 'only-compacted' },
      ])
      expect(none.brokers[0]!.says.join()).toContain('erases nothing of the subject')
      const position = { topic: compacted.names.output, partition: 0, offset: 1 }
      await expect(admin.deleteRecords([position])).rejects.toMatchObject({ code: 'broker-refused' })
      await expect(
        admin.deleteRecords([{ topic: names.output, partition: 0, offset: 99 }]),
      ).rejects.toMatchObject({ code: 'target-changed' })
      const order = await planTopics(options, settingOf(admin, one))
      await deleteTopic(names.output)
      for (let i = 0; i < 100 && (await admin.topics([names.output]))[0]!.presence === 'there'; i++)
        await new Promise((resolve) => setTimeout(resolve, 50))
      await expect(applyTopicOrder(order, settingOf(admin, one))).rejects.toMatchObject({
        code: 'target-changed',
      })
      await makeTopics(broker.address, { [names.output]: { settings: KEEPING } })
      await write(names.output, label, 0, [300, 250])
      const again = applyTopicOrder(order, settingOf(admin, one))
      await expect(again).rejects.toMatchObject({
        code: 'target-changed',
        message: expect.stringContaining('made again'),
      })
      expect(await left(names.output)).toHaveLength(2)
      await expect(applyTopicOrder(order, settingOf(admin, compacted))).rejects.toMatchObject({
        code: 'order-invalid',
      })
    })
  })

  it('leaves records of others, and of other versions until it is said how coarse those wrote times', async () => {
    const one = await world({ partitions: 3 })
    const { names, label } = one
    await write(names.output, `p@2#${'0'.repeat(64)}`, 0, [120, 300])
    await write(names.output, null, 1, [300])
    await write(names.output, `other@1#${'0'.repeat(64)}`, 2, [300])
    await write(names.output, label, 2, [300])
    await withAdmin(broker.address, async (admin) => {
      const strict = await planTopics(options, settingOf(admin, one))
      expect(strict.targets[0]).toMatchObject({
        deleted: 0,
        keptFor: { otherVersion: 2, foreign: 2, behind: 1 },
      })
      const wide = await planTopics({ ...options, otherVersionsMs: 31 * DAY }, settingOf(admin, one))
      expect(wide.targets[0]).toMatchObject({
        deleted: 0,
        keptFor: { otherVersion: 0, foreign: 2, behind: 2 },
      })
      const narrow = await planTopics({ ...options, otherVersionsMs: DAY }, settingOf(admin, one))
      expect(narrow.targets[0]).toMatchObject({ deleted: 2 })
      await applyTopicOrder(narrow, settingOf(admin, one))
      expect(await left(names.output)).toEqual(['300', '300', '300'])
    })
  })
})

onOwnKafka('retention of topics, as a user of its own', () => {
  it('does with what `lethe acl --for retain` grants, and names the right that is missing', async () => {
    const own = await guarded()
    let admin: Admin | undefined
    try {
      const one = await world({}, own.address)
      await write(one.names.output, one.label, 0, [300, 5], own.address)
      const grants = retainRightsOf(one.stored.pipeline)
      const words: Readonly<Record<string, 'READ' | 'DESCRIBE' | 'DESCRIBE_CONFIGS' | 'DELETE'>> = {
        read: 'READ',
        describe: 'DESCRIBE',
        'describe-configs': 'DESCRIBE_CONFIGS',
        delete: 'DELETE',
      }
      const give = async (isGiven: (right: string) => boolean) =>
        await grant(
          own.address,
          'retention',
          grants.map(
            ({ name, rights }) =>
              ['TOPIC', name, ...rights.filter(isGiven).map((right) => words[right]!)] as const,
          ),
        )
      await give((right) => right !== 'delete')
      admin = await openAdmin(asUser(connectionTo(own.saslAddress), 'retention', passwordOf('retention')))
      const order = await planTopics(options, settingOf(admin, one))
      expect(order.targets[0]!.deleted).toBe(1)
      await expect(applyTopicOrder(order, settingOf(admin, one))).rejects.toMatchObject({
        code: 'right-missing',
        message: expect.stringContaining('Delete'),
      })
      await expect(
        admin.deleteRecords([{ topic: one.names.output, partition: 0, offset: 1 }]),
      ).rejects.toMatchObject({ code: 'right-missing', suggestion: expect.stringContaining('--for retain') })
      // Nor may this user write a tombstone.
      const tombstone = {
        partition: 0,
        key: Buffer.from('k'),
        value: null,
        headers: [],
        timestamp: undefined,
      }
      await expect(admin.write([{ topic: one.names.output, ...tombstone }])).rejects.toMatchObject({
        code: 'right-missing',
      })
      await give((right) => right === 'delete')
      expect(await applyTopicOrder(order, settingOf(admin, one))).toEqual({ applied: 1, wasApplied: 0 })
      expect((await verifyTopicOrder(order, settingOf(admin, one)))[0]!.state).toBe('verified absent')
    } finally {
      await admin?.close()
    }
  })
})
