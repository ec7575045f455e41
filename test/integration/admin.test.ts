/** The admin port: what a cluster says to whoever may ask, and to whoever may not. */
import kafkajs from 'kafkajs'
import { expect, it } from 'vitest'
import type { Admin } from '../../src/kafka/admin.ts'
import { openAdmin } from '../../src/kafka/open-admin.ts'
import { passwordOf } from '../broker/guarded.ts'
import { guarded, onKafka, onOwnKafka, uniqueName } from '../broker/suite.ts'
import {
  admin,
  beginTransaction,
  connection,
  KAFKAJS,
  makeTopic,
  numbers,
  openDriver,
  settleSome,
  texts,
  write,
} from '../contracts/driver-world.ts'
import { asUser, makeTopics } from './cluster-world.ts'

const plan = (name: string, settings: Readonly<Record<string, string>> = {}, replication = 1) => ({
  name,
  partitions: 2,
  replication,
  settings: new Map(Object.entries(settings)),
})

onKafka('the admin port', () => {
  it('describes the cluster and its topics, and what is not there', async () => {
    const topic = await makeTopic(3, { 'max.message.bytes': '5000', 'cleanup.policy': 'compact' })
    const missing = uniqueName('missing')
    const cluster = await (await admin()).cluster()
    expect(cluster.id).toMatch(/./)
    expect(cluster.release).toMatch(/^\d\.\d$/)
    expect(cluster.brokers.length).toBeGreaterThan(0)
    const [found, lost] = await (await admin()).topics([topic, missing])
    expect(found).toMatchObject({ name: topic, presence: 'there', isInternal: false })
    expect(found!.partitions).toEqual(
      [0, 1, 2].map((partition) => ({ partition, hasLeader: true, replicas: 1, inSync: 1 })),
    )
    expect(lost).toMatchObject({ name: missing, presence: 'missing', partitions: [] })
    const all = await (await admin()).topics()
    expect(all.find(({ name }) => name === topic)?.presence).toBe('there')
    const settings = await (await admin()).settings([topic, missing])
    expect(settings.get(missing)?.presence).toBe('missing')
    const { values } = settings.get(topic)!
    expect(values.get('max.message.bytes')).toBe('5000')
    expect(values.get('cleanup.policy')).toBe('compact')
    expect(values.get('message.timestamp.type')).toBe('CreateTime')
    expect(Number(values.get('retention.ms'))).toBeGreaterThan(0)
  })

  it('makes topics, on trial first, and says why it does not', async () => {
    const port = await admin()
    const [good, high, odd] = [uniqueName('good'), uniqueName('high'), uniqueName('odd')]
    const plans = [plan(good, { 'retention.ms': '1000' }), plan(high, {}, 99), plan(odd, { nonsense: '1' })]
    const expected = {
      [high]: { outcome: 'refused', code: 'invalid-replication-factor' },
      [odd]: { outcome: 'refused', code: 'invalid-config' },
    }
    const trial = await port.createTopics(plans, true)
    expect(Object.fromEntries(trial)).toEqual({ [good]: { outcome: 'created' }, ...expected })
    expect((await port.topics([good]))[0]!.presence).toBe('missing')
    expect(Object.fromEntries(await port.createTopics(plans))).toEqual({
      [good]: { outcome: 'created' },
      ...expected,
    })
    expect((await port.createTopics([plan(good)])).get(good)).toEqual({ outcome: 'exists' })
    expect((await port.settings([good])).get(good)!.values.get('retention.ms')).toBe('1000')
  })

  it('tells where groups and logs stand', async () => {
    const port = await admin()
    const topic = await makeTopic(2)
    const at = (timestamp: number) => ({ partition: 0, value: 'x', timestamp: `${timestamp}` })
    await write(topic, [at(1000), at(2000), at(3000)])
    const open = await beginTransaction(topic, [{ partition: 0, value: 'open' }])
    const partitions = [0, 1].map((partition) => ({ topic, partition }))
    const offsets = async (edge: 'earliest' | 'latest' | number) =>
      Object.fromEntries(
        (await port.offsets(partitions, edge)).map(({ partition, offset }) => [partition, offset]),
      )
    expect(await offsets('earliest')).toEqual({ 0: 0, 1: 0 })
    expect(await offsets('latest')).toEqual({ 0: 3, 1: 0 })
    expect(await offsets(1500)).toEqual({ 0: 1 })
    await open.abort()
    const nobody = uniqueName('nobody')
    expect(await port.group(nobody)).toMatchObject({ presence: 'missing', members: 0 })
    expect(await port.committed(nobody, partitions)).toEqual([])
    const { driver, group, close } = await openDriver(KAFKAJS, { topics: [topic] })
    await settleSome(driver, 3)
    expect(await port.group(group)).toMatchObject({ presence: 'there', state: 'Stable', members: 1 })
    await close()
    expect(await port.group(group)).toMatchObject({ presence: 'there', state: 'Empty', members: 0 })
    const committed = await port.committed(group, partitions)
    expect(committed!.find(({ partition }) => partition === 0)!.offset).toBeGreaterThanOrEqual(3)
  })

  it('reads from anywhere, without a group, what is committed', async () => {
    const port = await admin()
    const topic = await makeTopic(1)
    await write(
      topic,
      numbers(50).map((value) => ({ value })),
    )
    const gone = await beginTransaction(topic, [{ value: 'aborted' }])
    await gone.abort()
    await write(topic, [{ value: 'last' }])
    const reader = port.read([{ topic, partition: 0, offset: 45 }])
    const values: (string | null)[] = []
    let next = 0
    while (next < 53) {
      const taken = await reader.take({ records: 3, bytes: 1000, time: 1000 })
      values.push(...texts(taken.records))
      next = taken.next[0]?.offset ?? next
    }
    reader.close()
    expect(values).toEqual(['45', '46', '47', '48', '49', 'last'])
  })

  it('gives up where nobody is, within 20 s', async () => {
    const began = performance.now()
    const opening = openAdmin({ ...connection(), brokers: ['127.0.0.1:1', 'nowhere.invalid:9092'] })
    await expect(opening).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('127.0.0.1:1, nowhere.invalid:9092'),
    })
    expect(performance.now() - began).toBeLessThan(20_000)
  })
})

onOwnKafka('the admin port, as a user who may do little', () => {
  it('tells what is forbidden from what is missing, and says what is allowed', async () => {
    const { address, saslAddress } = await guarded()
    let port: Admin | undefined
    try {
      const [readable, hidden] = [uniqueName('readable'), uniqueName('hidden')]
      await makeTopics(address, { [readable]: {}, [hidden]: {} })
      await allow(address, readable)
      const to = { ...connection(), brokers: [saslAddress] }
      port = await openAdmin(asUser(to, 'reader', passwordOf('reader')))
      const [seen, unseen] = await port.topics([readable, hidden])
      expect(seen).toMatchObject({ presence: 'there', rights: new Set(['read', 'describe']) })
      expect(unseen).toMatchObject({ presence: 'forbidden', partitions: [] })
      expect((await port.topics()).map(({ name }) => name)).toEqual([readable])
      expect((await port.settings([readable])).get(readable)!.presence).toBe('forbidden')
      expect((await port.createTopics([plan('new')])).get('new')).toEqual({ outcome: 'forbidden' })
      const group = await port.group('theirs')
      expect(group).toMatchObject({ presence: 'forbidden' })
      expect(await port.committed('theirs', [{ topic: readable, partition: 0 }])).toBeUndefined()
      expect(await port.offsets([{ topic: readable, partition: 0 }], 'latest')).toEqual([
        { topic: readable, partition: 0, offset: 0 },
      ])
      const asking = port.offsets([{ topic: hidden, partition: 0 }], 'latest')
      await expect(asking).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('right') })
    } finally {
      await port?.close()
    }
  })
})

async function allow(address: string, topic: string): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await kafka.connect()
  await kafka.createAcls({
    acl: [
      {
        resourceType: kafkajs.AclResourceTypes.TOPIC,
        resourceName: topic,
        resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
        principal: 'User:reader',
        host: '*',
        operation: kafkajs.AclOperationTypes.READ,
        permissionType: kafkajs.AclPermissionTypes.ALLOW,
      },
    ],
  })
  await kafka.disconnect()
}
