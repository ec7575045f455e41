/** What `lethe stream` asks of the cluster before it joins a group. */
import { beforeAll, expect, it } from 'vitest'
import { LetheError } from '../../src/errors.ts'
import type { Connection } from '../../src/kafka/driver.ts'
import type { Route } from '../../src/kafka/pipeline-file/pipeline.ts'
import { preflight } from '../../src/kafka/preflight.ts'
import { type Grant, rightsOf } from '../../src/kafka/rights.ts'
import { PLAIN_FORM } from '../../src/record/wire-form.ts'
import { readPipeline } from '../../src/run/stream/prepare.ts'
import { startBroker } from '../broker/broker.mjs'
import { type Guarded, passwordOf } from '../broker/guarded.ts'
import { broker, guarded, onKafka, onOwnKafka, uniqueName } from '../broker/suite.ts'
import { lethe } from '../src/cli/lethe.ts'
import {
  asUser,
  connectionTo,
  grant,
  made,
  type Names,
  names,
  pipelineFile,
  produce,
  type TopicWords,
  withAdmin,
} from './cluster-world.ts'

const routeOf = ({ input, output, dead }: Names, more: Partial<Route> = {}): Route => ({
  name: 'events',
  from: { topics: [input], group: uniqueName('group'), start: 'earliest', ...PLAIN_FORM },
  to: { topic: output, partition: 'key', compacted: false },
  deadLetterTopic: dead,
  policy: 'policy.yaml',
  at: { line: 1, column: 1 },
  ...more,
})

async function refusal(
  route: Route,
  connection: Connection = connectionTo(broker.address),
): Promise<{ code: number; message: string; way: string }> {
  const error: unknown = await preflight(connection, [route]).catch((thrown: unknown) => thrown)
  if (!(error instanceof LetheError)) throw error instanceof Error ? error : new Error('nothing was refused')
  return { code: error.exitCode, message: error.message, way: error.suggestion ?? '' }
}

onKafka('before the start', () => {
  it('tells the largest batches that the topics take, and how long the output is kept', async () => {
    const all = await made({
      output: { settings: { 'max.message.bytes': '3000000' } },
      dead: { settings: { 'max.message.bytes': '50000' } },
    })
    const { limits, unchecked } = await preflight(connectionTo(broker.address), [routeOf(all)])
    expect(unchecked).toEqual([])
    expect(limits.get('events')).toEqual({
      maxMessageBytes: 3_000_000,
      maxBatchBytes: 50_000,
      keptFor: 7 * 86_400_000,
      segment: 7 * 86_400_000,
    })
  })

  it.each(['input', 'output', 'dead'] as const)('names the %s topic where it is missing', async (part) => {
    const all = { ...(await made()), [part]: uniqueName('missing') }
    const { code, message, way } = await refusal(routeOf(all))
    expect(code).toBe(4)
    expect(message).toContain(all[part])
    expect(message).toContain('does not exist')
    expect(way).toContain(part === 'input' ? 'check the name' : '--fix')
  })

  it('refuses a pattern that no topic matches, and takes one that some do', async () => {
    const all = await made()
    const from = (pattern: string): Route['from'] => ({ ...routeOf(all).from, topics: { pattern } })
    expect(await refusal(routeOf(all, { from: from(`${uniqueName('x')}.*`) }))).toMatchObject({
      code: 4,
      message: expect.stringContaining('pattern') as string,
    })
    const fitting = routeOf(all, { from: from(`${all.input.slice(0, -1)}.`) })
    await expect(preflight(connectionTo(broker.address), [fitting])).resolves.toBeDefined()
  })

  it.each([
    ['compact', false, 'does not say so'],
    ['compact,delete', false, 'does not say so'],
    ['delete', true, 'it is not'],
  ])('refuses an output of cleanup.policy %s where compacted is %s', async (policy, compacted, words) => {
    const all = await made({ output: { settings: { 'cleanup.policy': policy } } })
    const to = { topic: all.output, partition: 'key', compacted } as const
    const { code, message } = await refusal(routeOf(all, { to }))
    expect(code).toBe(2)
    expect(message).toContain(all.output)
    expect(message).toContain(words)
    const other = routeOf(all, { to: { ...to, compacted: !compacted } })
    await expect(preflight(connectionTo(broker.address), [other])).resolves.toBeDefined()
  })

  it('refuses a dead letter topic that is compacted', async () => {
    const all = await made({ dead: { settings: { 'cleanup.policy': 'compact' } } })
    expect((await refusal(routeOf(all))).message).toContain(`${all.dead} is compacted`)
  })

  it('refuses `partition: same` where the output has fewer partitions', async () => {
    const all = await made({ input: { partitions: 3 }, output: { partitions: 2 } })
    const to = { topic: all.output, partition: 'same', compacted: false } as const
    const { code, message } = await refusal(routeOf(all, { to }))
    expect(code).toBe(2)
    expect(message).toContain('has 3 partitions')
    const enough = await made({ input: { partitions: 3 }, output: { partitions: 3 } })
    await preflight(connectionTo(broker.address), [routeOf(enough, { to: { ...to, topic: enough.output } })])
  })

  it('counts what else is wrong', async () => {
    const { way } = await refusal(routeOf(names()))
    expect(way).toContain('2 more')
  })

  it('makes lethe stream end with 4 before it joins a group', async () => {
    const all = { ...(await made()), output: uniqueName('missing') }
    const group = uniqueName('group')
    const file = pipelineFile({ brokers: [broker.address], ...all, input: `[${all.input}]`, group })
    const { code, stderr } = await lethe(['stream', file, '--until-end', '-q'])
    expect({ code, stderr }).toMatchObject({ code: 4 })
    expect(stderr).toContain(all.output)
    await withAdmin(broker.address, async (admin) => {
      expect((await admin.group(group)).presence).toBe('missing')
      const committed = await admin.committed(group, [{ topic: all.input, partition: 0 }])
      expect(committed).toEqual([])
    })
  })

  it('makes records up to the limit of the output topic pass, and larger ones dead letters', async () => {
    // More than the client would send by itself.
    const limit = (bytes: number): TopicWords => ({ settings: { 'max.message.bytes': String(bytes) } })
    const all = await made({ input: limit(4_000_000), output: limit(2_500_000), dead: limit(10_000) })
    const event = (size: number): string => JSON.stringify({ amount: 'x'.repeat(size) })
    for (const size of [2_400_000, 2_600_000])
      await produce(broker.address, all.input, [{ value: event(size) }])
    const file = pipelineFile({
      brokers: [broker.address],
      ...all,
      input: `[${all.input}]`,
      group: uniqueName('g'),
      top: 'maxRecordBytes: 4MiB',
    })
    const { code, stderr } = await lethe(['stream', file, '--until-end'])
    expect(code, stderr).toBe(3)
    expect(stderr).toContain('wrote 1 records, 0 tombstones, 1 dead letters')
    expect(stderr).toContain('output-too-large')
  })
})

type Granted = Parameters<typeof grant>[2][number]

const asRight = ({ resource, name, match, rights }: Grant): Granted => [
  ({ topic: 'TOPIC', group: 'GROUP', 'transactional-id': 'TRANSACTIONAL_ID' } as const)[resource],
  match === 'prefixed' ? `${name}*` : name,
  ...rights.map((right) => right.replaceAll('-', '_').toUpperCase() as Granted[2]),
]

onOwnKafka('before the start, with rights and clusters', () => {
  let own: Guarded
  beforeAll(async () => {
    own = await guarded()
  })
  const alice = (): Connection => asUser(connectionTo(own.saslAddress), 'alice', passwordOf('alice'))

  it('names what may not be read or written; settings that may not be seen are no obstacle', async () => {
    const all = await made({}, own.address)
    const route = routeOf(all)
    expect(await refusal(route, alice())).toMatchObject({
      code: 4,
      message: expect.stringContaining(`${all.input} may not be read`) as string,
      way: expect.stringContaining('lethe acl') as string,
    })
    await grant(own.address, 'alice', [
      ['TOPIC', all.input, 'READ'],
      ['TOPIC', all.output, 'DESCRIBE'],
      ['TOPIC', all.dead, 'WRITE'],
    ])
    expect((await refusal(route, alice())).message).toContain(`${all.output} may not be written to`)
    await grant(own.address, 'alice', [['TOPIC', all.output, 'WRITE']])
    const { group } = route.from
    expect(await refusal(route, alice())).toMatchObject({
      code: 4,
      message: expect.stringContaining(`the group ${group} may not be joined`) as string,
      way: expect.stringContaining('lethe acl') as string,
    })
    await grant(own.address, 'alice', [['GROUP', group, 'READ']])
    const { limits, unchecked } = await preflight(alice(), [route])
    expect(unchecked).toEqual([
      { route: 'events', topic: all.output, code: 'missing-right' },
      { route: 'events', topic: all.dead, code: 'missing-right' },
    ])
    expect(limits.get('events')).toEqual({
      maxMessageBytes: undefined,
      maxBatchBytes: undefined,
      keptFor: Number.POSITIVE_INFINITY,
      segment: 0,
    })
  })

  it.each(['exactly-once', 'at-least-once'])(
    'lets a stream run %s with what lethe acl grants',
    async (delivery) => {
      const all = await made({}, own.address)
      await produce(own.address, all.input, [{ value: '{"amount":1}' }, { value: 'broken' }])
      const file = pipelineFile({
        brokers: [own.saslAddress],
        ...all,
        input: `[${all.input}]`,
        group: uniqueName('group'),
        top: `delivery: ${delivery}
maxDeadLetters: 50%
sasl: { mechanism: scram-sha-512, username: bob, password: { env: PW_OF_BOB } }`,
      })
      const env = { PW_OF_BOB: passwordOf('bob') }
      // What is refused without them is the same with either.
      if (delivery === 'exactly-once')
        expect((await lethe(['stream', file, '--until-end'], { env })).code).toBe(4)
      await grant(own.address, 'bob', rightsOf(await readPipeline(file)).map(asRight))
      const { code, stderr } = await lethe(['stream', file, '--until-end'], { env })
      expect(code, stderr).toBe(3)
      expect(stderr).toContain('wrote 1 records, 0 tombstones, 1 dead letters')
      expect(stderr).not.toContain('unchecked')
    },
  )

  it('refuses brokers of two clusters, and not one that is down', async () => {
    const all = await made({}, own.address)
    const both = await refusal(routeOf(all), connectionTo(own.address, broker.address))
    expect(both).toMatchObject({ code: 4, message: expect.stringContaining('different clusters') as string })
    await preflight(connectionTo(own.address, '127.0.0.1:1'), [routeOf(all)])
  })
})

it('is content with a mock cluster, which has no settings to look at, and where topics appear by themselves', async () => {
  const mock = await startBroker({ ways: ['mock'] })
  try {
    const all = names()
    await produce(mock.address, all.input, [{ value: '{}' }])
    const { unchecked } = await preflight(connectionTo(mock.address), [routeOf(all)])
    expect(unchecked.map(({ topic, code }) => [topic, code])).toEqual([
      [all.output, 'unsupported-version'],
      [all.dead, 'unsupported-version'],
    ])
    expect((await refusal(routeOf(names()), connectionTo(mock.address))).message).toContain('input topic')
  } finally {
    await mock.stop()
  }
})

it('says so within 15 s where there never was a broker', async () => {
  const began = performance.now()
  const { code, stderr } = await lethe(['stream', pipelineFile({ brokers: ['127.0.0.1:1'] }), '-q'])
  expect(code).toBe(4)
  expect(stderr).toMatch(/no broker/)
  expect(performance.now() - began).toBeLessThan(45_000)
})
