/**
 * Erasure from topics of framed Avro, rows and change events: what is left is read by another implementation, under the schemas of the
 * registry; and while the registry gives none, nothing is called done.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import avsc from 'avsc'
import { expect, it } from 'vitest'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import { TestRegistry } from '../registry.ts'
import { folder, lethe } from '../src/cli/lethe.ts'
import { readTopics } from './checker/read-topics.ts'
import type { LogRecord } from './checker/records.ts'
import { makeTopics, produce } from './cluster-world.ts'
import { APPLY, applied, CANARY, KEEPING, LIST, PIPELINE, readyToForget } from './forget-world.ts'

const head = (name: string, subject: string, more = ''): string => `policy: ${name}
version: 1
purpose: train_ai_system
subject: ${subject}
suppression: [{ list: erasures, by: ${subject} }${more}]
fields:
  ${subject}: { use: hash.hmac, domain: customer }
`
const ROWS = `${head('rows', 'customer.id')}  $key: { use: hash.hmac, domain: customer }
  n: { use: generalize.number, width: 10 }
`
const CHANGES = `${head('changes', 'id', ', { list: erasures, by: parent }')}  $key.id: { use: hash.hmac, domain: customer }
  parent: { use: hash.hmac, domain: customer }
  city: { use: generalize.prefix, keep: 2 }
  n: { use: generalize.number, width: 10 }
  $change.op: keep
`
const field = (name: string, type: unknown) => ({ name, type })
const record = (name: string, ...fields: readonly unknown[]) => ({ type: 'record', name, fields })
const ROW = record(
  'Event',
  field('customer', record('Customer', field('id', 'string'))),
  field('n', 'string'),
)
const TABLE = record(
  'Value',
  field('id', 'string'),
  field('parent', ['null', 'string']),
  field('city', ['null', 'string']),
  field('secret', ['null', 'string']),
  field('n', 'string'),
)
const CHANGE = record(
  'Envelope',
  field('before', ['null', TABLE]),
  field('after', ['null', 'Value']),
  field('op', 'string'),
  field('source', record('Source', field('query', 'string'))),
)
const KEY = record('Key', field('id', 'string'))

const typeOf = (schema: unknown) => avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: true })

onKafka('erasure from topics of framed Avro', () => {
  it('erases rows and change events, goes on after kill -9, and leaves the records of others readable', async (test) => {
    const registry = await TestRegistry.start()
    test.onTestFinished(() => registry.close())
    const encode = (subject: string, schema: unknown, value: unknown): Buffer => {
      const frame = Buffer.alloc(5)
      frame.writeUInt32BE(registry.put(subject, schema), 1)
      return Buffer.concat([frame, typeOf(schema).toBuffer(value)])
    }
    /** As a consumer that knows of no policy reads it. */
    const read = (bytes: Uint8Array | null): unknown => {
      if (bytes === null) return null
      // Keys of members are JSON, in no frame.
      if (bytes[0] !== 0) return JSON.parse(Buffer.from(bytes).toString())
      const id = Buffer.from(bytes).readUInt32BE(1)
      return typeOf(JSON.parse(registry.schemaOf(id))).fromBuffer(Buffer.from(bytes).subarray(5))
    }
    const topics = {
      ...{ rows: uniqueName('rows'), cleanRows: uniqueName('clean-rows') },
      ...{
        changes: uniqueName('changes'),
        cleanChanges: uniqueName('clean-changes'),
        dead: uniqueName('dead'),
      },
    }
    const both = { 'cleanup.policy': 'compact,delete', 'retention.ms': '-1' }
    await makeTopics(broker.address, {
      [topics.rows]: {},
      [topics.changes]: {},
      [topics.cleanRows]: { settings: both },
      [topics.cleanChanges]: { settings: both },
      [topics.dead]: { settings: KEEPING },
    })
    const identity = await generateX25519Identity()
    const avro = '{ format: avro, framing: confluent }'
    const route = (name: string, input: string, output: string, key: string, more = '') => `  - name: ${name}
    from: { topics: [${input}], group: g.${input}, start: earliest, value: ${avro}${key} }
    to: { topic: ${output}, compacted: true, value: ${avro}${name === 'rows' ? `, key: ${avro}` : ''} }
    deadLetterTopic: ${topics.dead}
    policy: ${name === 'rows' ? 'policy' : 'changes'}.yaml
${more}`
    const cwd = folder({
      'policy.yaml': ROWS,
      'changes.yaml': CHANGES,
      'pipeline.yaml': `pipeline: p
brokers: ["${broker.address}"]
delivery: at-least-once
registry: { url: "${registry.url}", timeout: 1s }
keys: { file: keys.json }
matchKeys: { file: match.json }
lists: { erasures: { file: erasures.ndjson } }
maxDeadLetters: 100%
deadLetters: { seal: { recipients: ["${await identityToRecipient(identity)}"] } }
routes:
${route('rows', topics.rows, topics.cleanRows, '')}${route('changes', topics.changes, topics.cleanChanges, `, key: ${avro}`, '    change: { form: debezium, before: full }\n')}`,
    })
    const { run, order, said } = await readyToForget(cwd)
    const row = (id: string, n: string) => ({
      key: id,
      value: encode('rows-value', ROW, { customer: { id }, n }),
    })
    await produce(broker.address, topics.rows, [
      row(CANARY, '1'),
      row('other', '2'),
      row(CANARY, 'none'),
      row('more', '3'),
    ])
    const image = (id: string, parent: string | null, city: string | null, n = '1') => ({
      Value: {
        id,
        parent: parent === null ? null : { string: parent },
        city: city === null ? null : { string: city },
        secret: { string: CANARY },
        n,
      },
    })
    const change = (key: string, op: string, before: unknown, after: unknown) => ({
      key: encode('changes-key', KEY, { id: key }),
      value: encode('changes-value', CHANGE, { before, after, op, source: { query: CANARY } }),
    })
    await produce(broker.address, topics.changes, [
      change(CANARY, 'c', null, image(CANARY, null, 'Lyon')),
      change('other', 'u', image('other', CANARY, 'Lima'), image('other', null, 'Lima')),
      change(CANARY, 'd', image(CANARY, null, null), null),
      { key: encode('changes-key', KEY, { id: CANARY }), value: null },
      change(CANARY, 'u', image(CANARY, null, null, 'none'), image(CANARY, null, 'Oslo')),
      change('more', 'c', null, image('more', null, 'Nice')),
    ])
    const streamed = await lethe(['stream', 'pipeline.yaml', '--until-end'], { cwd })
    expect([streamed.stderr, streamed.code]).toEqual([streamed.stderr, 3])

    const located = await run(0, 'locate', '--list', 'asked.txt', ...PIPELINE, '--format', 'json')
    const { targets } = JSON.parse(located.stdout) as { targets: readonly object[] }
    expect(targets).toMatchObject([
      { target: `topic:${topics.cleanRows}`, found: 1, partitions: [{ offsets: [[0, 0]] }], unsearched: [] },
      { target: `topic:${topics.dead}`, found: 2, unsearched: [] },
      {
        target: `topic:${topics.cleanChanges}`,
        found: 3,
        partitions: [{ offsets: [[0, 2]] }],
        unsearched: [],
      },
    ])
    const plan = ['forget', 'plan', ...PIPELINE, '--list', 'asked.txt', ...LIST, '-o', 'o.json']
    registry.fault = 'error'
    const blind = await run(1, ...plan, '--delete-records', 'with-others')
    expect(blind.stderr).toContain('(registry-unreachable)')
    expect(order().topics!.targets.map(({ found }) => found)).toEqual([0, 2, 2])
    registry.fault = 'none'
    await run(0, ...plan, '--delete-records', 'with-others')
    expect(
      order().topics!.targets.map(({ rules, partitions: [one] }) => [rules, one!.tombstones, one!.before]),
    ).toEqual([
      [[{ rule: '$key', rows: 1 }], 1, 1],
      [[{ rule: 'sealed', rows: 2 }], 0, 2],
      [
        [
          { rule: '$key.id', rows: 2 },
          { rule: 'before.parent', rows: 1 },
        ],
        0,
        4,
      ],
    ])
    // It cannot see what it asked for, and asks for nothing.
    registry.fault = 'away'
    const refused = await run(4, ...APPLY)
    expect(refused.stderr).toContain('registry-unreachable')
    registry.fault = 'none'

    const killed = await applied(cwd, `prototype.deleteRecords = () => process.kill(process.pid, 'SIGKILL')`)
    expect(killed.signal).toBe('SIGKILL')
    const between = await readTopics(broker.address, [topics.cleanRows])
    expect(between.map(({ value }) => value === null)).toEqual([false, false, false, true])
    expect(read(between[3]!.key)).toBe(read(between[0]!.key))
    await run(0, ...APPLY)
    expect((await run(0, ...APPLY)).stderr).toContain('in 3 it was done before')

    const isLeft = ({ value }: LogRecord): boolean => value !== null
    const rows = await readTopics(broker.address, [topics.cleanRows])
    const changes = await readTopics(broker.address, [topics.cleanChanges])
    const tokens = order().subjects[0]!.tokens
    for (const one of [...rows, ...changes].filter(isLeft)) {
      const text = JSON.stringify([read(one.key), read(one.value)])
      for (const token of [...tokens, CANARY]) expect(text).not.toContain(token)
    }
    expect(rows.filter(isLeft).map(({ value }) => value![0] === 0 && read(value))).toMatchObject([
      { n: '[0,10)' },
      { n: '[0,10)' },
    ])
    expect(changes.filter(isLeft).map(({ value }) => read(value))).toMatchObject([
      { before: null, after: { Value_2: { city: { string: 'Ni' } } }, op: 'c' },
    ])
    // The tombstones of its keys are left, which readers of the framed keys see.
    const own = [...rows, ...changes].filter((one) => !isLeft(one))
    expect(own.every(({ key }) => tokens.some((token) => JSON.stringify(read(key)).includes(token)))).toBe(
      true,
    )
    expect(await readTopics(broker.address, [topics.dead])).toEqual([])
    const verified = await run(1, 'forget', 'verify', 'o.json', ...PIPELINE, ...LIST, '--format', 'json')
    expect(JSON.parse(verified.stdout)).toMatchObject({
      targets: [{ state: 'requested' }, { state: 'verified absent' }, { state: 'verified absent' }],
    })
    for (const file of ['o.json', 'erasures.ndjson']) said.push(readFileSync(join(cwd, file), 'utf8'))
    expect(said.join('') + streamed.stdout + streamed.stderr).not.toMatch(/canary|secret words/)
  })
})
