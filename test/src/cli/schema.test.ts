/** `lethe schema`, and what `lethe lint --registry` finds. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestRegistry } from '../../registry.ts'
import { type Ended, folder, warm } from './lethe.ts'

let registry: TestRegistry
beforeAll(async () => {
  registry = await TestRegistry.start()
})
afterAll(() => registry.close())

const POLICY = `policy: p
version: 1
purpose: train_ai_system
fields:
  amount: keep
  place: { use: mask.null }
`
const field = (name: string, type: unknown): unknown => ({ name, type })
const SCHEMA = { type: 'record', name: 'Order', fields: [field('amount', 'long'), field('place', 'Place')] }
const PLACE = { type: 'enum', name: 'Place', symbols: ['HERE', 'THERE'] }
const OUTPUT = {
  type: 'record',
  name: 'Order',
  fields: [field('amount', 'long'), { name: 'place', type: 'null', default: null }],
}

const pipeline = (topic: string, to = ''): string => `pipeline: shop
brokers: [127.0.0.1:9092]
source: none
registry: { url: "${registry.url}", timeout: 1s }
routes:
  - name: events
    from: { topics: [${topic}], group: g, value: { format: avro, framing: confluent } }
    to: { topic: ${topic}-out, value: { format: avro, framing: confluent${to} } }
    deadLetterTopic: dead
    policy: policy.yaml
`
const files = (topic: string, to?: string): string =>
  folder({ 'policy.yaml': POLICY, 'pipeline.yaml': pipeline(topic, to) })
const lint = (cwd: string): Promise<Ended> => warm(['lint', 'pipeline.yaml', '--registry'], { cwd })

describe('lethe schema', () => {
  it('prints what leaves under a policy, for a schema and what that refers to', async () => {
    const cwd = folder({
      'policy.yaml': POLICY,
      'order.avsc': JSON.stringify(SCHEMA),
      'place.avsc': JSON.stringify(PLACE),
    })
    const ended = await warm(['schema', 'policy.yaml', '--from', 'order.avsc', '--reference', 'place.avsc'], {
      cwd,
    })
    expect(ended.stderr).toBe('')
    expect(JSON.parse(ended.stdout)).toEqual(OUTPUT)
    const without = await warm(['schema', 'policy.yaml', '--from', 'order.avsc'], { cwd })
    expect([without.code, without.stdout]).toEqual([2, ''])
    expect(without.stderr).toMatch(/order\.avsc: it is not a valid Avro schema/)
  })

  it('prints it as JSON Schema, where the schema is one', async () => {
    const cwd = folder({
      'policy.yaml': POLICY,
      'order.json': JSON.stringify({ type: 'object', properties: { amount: { type: 'integer' } } }),
    })
    const ended = await warm(['schema', 'policy.yaml', '--from', 'order.json', '--kind', 'json'], { cwd })
    expect(JSON.parse(ended.stdout)).toMatchObject({
      properties: { amount: { type: 'integer' }, place: { type: ['null', 'string'] } },
      additionalProperties: false,
    })
    expect((await warm(['schema', 'policy.yaml', '--kind', 'json'], { cwd })).code).toBe(2)
  })

  it('asks the registry of a pipeline, and registers nothing', async () => {
    registry.put('a-value', PLACE)
    registry.put('a-value', { ...SCHEMA, fields: [field('amount', 'long'), field('place', PLACE)] })
    const cwd = files('a')
    const ended = await warm(['schema', 'pipeline.yaml'], { cwd })
    expect(JSON.parse(ended.stdout)).toEqual(OUTPUT)
    expect(ended.stderr).toBe('lethe: events: what is written for a-value version 2\n')
    expect((await warm(['schema', 'pipeline.yaml', '--subject-version', '3'], { cwd })).code).toBe(2)
    expect((await warm(['schema', 'pipeline.yaml', '--subject-version', '0'], { cwd })).code).toBe(2)
    expect(registry.versionsOf('a-out-value')).toEqual([])
  })
})

describe('lethe lint --registry', () => {
  const write = (topic: string, fields: readonly unknown[]): number =>
    registry.put(`${topic}-value`, { type: 'record', name: `O${topic}`, fields })

  it('finds nothing where all go together', async () => {
    write('b', [field('amount', 'long'), field('place', 'string')])
    expect(await lint(files('b'))).toMatchObject({ code: 0, stdout: '' })
  })

  it.each([
    ['c', 'subject-missing', 0, () => {}, ''],
    ['d', 'not-in-schema', 0, () => write('d', [field('amount', 'long')]), ''],
    ['e', 'schema-refused', 1, () => registry.put('e-value', '{"type":"nothing"}'), ''],
    [
      'f',
      'schema-refused',
      1,
      () => registry.put('f-value', 'syntax = "proto3";', { schemaType: 'PROTOBUF' }),
      '',
    ],
    [
      'g',
      'schema-incompatible',
      1,
      () => {
        registry.put('g-out-value', { type: 'record', name: 'Og', fields: [field('amount', 'string')] })
        write('g', [field('amount', 'long'), field('place', 'string')])
      },
      '',
    ],
    [
      'h',
      'schema-unregistered',
      1,
      () => write('h', [field('amount', 'long'), field('place', 'string')]),
      ', register: false',
    ],
    [
      'i',
      'subject-mismatch',
      1,
      () => {
        registry.modes.set('i-out-value', 'NONE')
        write('i', [field('amount', 'long'), field('place', 'string')])
      },
      ', compatibility: FULL',
    ],
  ] as const)('%s: %s', async (topic, code, exit, prepare, to) => {
    prepare()
    const { code: ended, stdout } = await lint(files(topic, to))
    expect(stdout).toMatch(new RegExp(`^pipeline\\.yaml:6:\\d+ ${code} `, 'm'))
    expect(ended).toBe(exit)
  })

  it('tells of what is tagged and kept, alone or below a path, and of nothing else', async () => {
    const tagged = (name: string, type: unknown, tag: string): unknown => ({
      name,
      type,
      'confluent:tags': [tag],
    })
    const inner = {
      type: 'record',
      name: 'Inner',
      fields: [tagged('a', 'string', 'PII.inner'), field('b', ['null', 'Inner'])],
    }
    write('t', [
      tagged('amount', ['null', 'long'], 'PII.amount'),
      tagged('place', 'string', 'PII.place'),
      tagged('other', 'string', 'PII.other'),
      field('tree', { type: 'array', items: inner }),
    ])
    const cwd = folder({
      'policy.yaml': `${POLICY}  tree: { use: keep.subtree, accept: "all of it is wanted in this test" }\n`,
      'pipeline.yaml': pipeline('t'),
    })
    const { code, stdout } = await lint(cwd)
    expect(code).toBe(0)
    expect(stdout.match(/tagged-kept .*?tags `\w+` `[\w.]+`/g)).toEqual([
      expect.stringMatching(/tags `amount` `PII\.amount`$/),
      expect.stringMatching(/tags `tree` `PII\.inner`$/),
    ])
  })

  it('under a policy with tags finds what lacks a rule, and the output follows from the rules of tags', async () => {
    const amount = (...tags: string[]): unknown => ({
      name: 'amount',
      type: 'long',
      'confluent:tags': tags,
    })
    const mail = { name: 'mail', type: 'string', 'confluent:tags': ['PII.email'] }
    const policy = `${POLICY}tags: { PII: { use: hash.hmac, domain: d } }\n`
    const filesOf = (topic: string, more = '') =>
      folder({
        'policy.yaml': policy + more,
        'pipeline.yaml': `${pipeline(topic)}keys: { file: keys.json }\n`,
        'order.avsc': JSON.stringify({ type: 'record', name: 'O', fields: [amount(), mail] }),
      })
    write('v', [amount(), field('place', 'string'), mail])
    expect(await lint(filesOf('v'))).toMatchObject({ code: 0, stdout: '' })
    write('w', [amount('BANK'), field('place', 'string'), mail])
    for (const [more, what] of [
      ['', 'dead letters'],
      ['taggedWithoutRule: refuse\n', 'wait'],
    ] as const) {
      const { code, stdout } = await lint(filesOf('w', more))
      expect(code).toBe(1)
      expect(stdout).toMatch(/ tagged-without-rule .*`amount` carries the tag `BANK`/)
      expect(stdout).toContain(what)
    }
    const printed = await warm(['schema', 'policy.yaml', '--from', 'order.avsc'], { cwd: filesOf('v') })
    expect(printed.stderr).toBe('')
    expect(JSON.parse(printed.stdout).fields).toEqual([field('amount', 'long'), field('mail', 'string')])
  })

  it('refuses such a policy over files', async () => {
    const cwd = folder({ 'policy.yaml': `${POLICY}tags: { PII: drop }\n`, 'in.ndjson': '{"amount":1}\n' })
    const ended = await warm(['batch', 'in.ndjson', '-p', 'policy.yaml', '-o', 'out.ndjson'], { cwd })
    expect([ended.code, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toMatch(/has no schema whose tags are read/)
  })

  it('says that the registry is away, and asks none without the option', async () => {
    const cwd = files('b')
    registry.fault = 'away'
    try {
      expect((await lint(cwd)).stdout).toMatch(/ registry-unreachable /)
      const before = registry.asked.length
      expect((await warm(['lint', 'pipeline.yaml'], { cwd })).code).toBe(0)
      expect(registry.asked).toHaveLength(before)
    } finally {
      registry.fault = 'none'
    }
  })
})
