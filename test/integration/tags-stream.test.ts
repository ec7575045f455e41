/** Rules by tag over topics of Avro, Protobuf and framed JSON whose schemas change while they are read. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import avsc from 'avsc'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { TestRegistry } from '../registry.ts'
import { codesOf, type TestContext, World } from './stream-world.ts'

const policy = (withoutRule: string): string => `policy: orders
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: id }
  note: { use: keep.subtree, accept: "our own staff writes these notes" }
  $key: { use: hash.hmac, domain: id }
tags:
  PII.email: { use: hash.hmac, domain: email }
  PII: drop
taggedWithoutRule: ${withoutRule}
`
const CANARY = 'ZqCanary'
const field = (name: string, type: unknown, ...tags: string[]): unknown => ({
  name,
  type,
  ...(tags.length === 0 ? {} : { 'confluent:tags': tags }),
})
const schemaOf = (note: readonly unknown[], ...more: unknown[]): unknown => ({
  type: 'record',
  name: 'Order',
  fields: [field('id', 'long'), field('note', { type: 'record', name: 'Note', fields: note }), ...more],
})
const FIRST = schemaOf([field('text', 'string')])
/** What is personal comes with its tag: beside what is listed, and in the kept subtree. */
const SECOND = schemaOf(
  [field('text', 'string'), field('author', 'string', 'PII.name'), field('mail', 'string', 'PII.email')],
  field('mail', ['null', 'string'], 'PII.email'),
  field('iban', 'string', 'BANK'),
)
/** In the kept subtree something carries a tag that has no rule. */
const THIRD = schemaOf([field('text', 'string'), field('iban', 'string', 'BANK')])

const encode = (schema: unknown, id: number, value: unknown): Buffer => {
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(id, 1)
  const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: true })
  return Buffer.concat([frame, type.toBuffer(value)])
}

async function worldOf(
  test: TestContext,
  withoutRule: string,
  to = '',
  format = 'avro',
): Promise<[World, TestRegistry]> {
  const registry = await TestRegistry.start()
  test.onTestFinished(() => registry.close())
  const world = await World.make(broker.address, test, {
    policy: policy(withoutRule),
    pipeline: `maxDeadLetters: 100%\nhttp: { port: 0 }\nregistry: { url: "${registry.url}", timeout: 1s }\n`,
    from: `, value: { format: ${format}, framing: confluent }`,
    to,
    partitions: 1,
  })
  return [world, registry]
}

const messages = (ids: readonly [number, number, number]) => {
  const mail = `${CANARY}@x.example`
  return [
    encode(FIRST, ids[0], { id: 1, note: { text: 'kept' } }),
    encode(SECOND, ids[1], {
      id: 1,
      note: { text: 'kept', author: CANARY, mail },
      mail: { string: mail },
      iban: CANARY,
    }),
    encode(THIRD, ids[2], { id: 1, note: { text: 'kept', iban: CANARY } }),
    encode(FIRST, ids[0], { id: 1, note: { text: 'kept' } }),
  ].map((value) => ({ partition: 0, key: '1', value }))
}

/** The same changes of schemas of other formats, with a record of each. */
const OTHERS = {
  protobuf: {
    kind: 'PROTOBUF',
    schemas: [
      'message Note { string text = 1; }',
      'message Note { string text = 1; string author = 2 [(confluent.field_meta).tags = "PII.name"]; }',
      'message Note { string text = 1; string iban = 3 [(confluent.field_meta) = { tags: ["BANK"] }]; }',
    ].map(
      (note) =>
        `syntax = "proto3"; message Order { int64 id = 1; Note note = 2; string mail = 3 [(confluent.field_meta).tags = "PII.email"]; } ${note}`,
    ),
    record: (at: number): Buffer => {
      const text = (number: number, value: string | Buffer): Buffer =>
        Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), Buffer.from(value)])
      const note = [text(1, 'kept'), ...(at === 0 ? [] : [text(at + 1, CANARY)])]
      const mail = text(3, `${CANARY}@x.example`)
      return Buffer.concat([Buffer.from([0, 0x08, 1]), text(2, Buffer.concat(note)), mail])
    },
  },
  json: {
    kind: 'JSON',
    schemas: [
      {},
      { author: { 'confluent:tags': ['PII.name'] } },
      { iban: { 'confluent:tags': ['BANK'] } },
    ].map((more) => ({
      type: 'object',
      properties: {
        id: { type: 'integer' },
        note: { type: 'object', properties: { text: { type: 'string' }, ...more } },
        mail: { $ref: '#/$defs/mail' },
      },
      $defs: { mail: { type: 'string', 'confluent:tags': ['PII.email'] } },
    })),
    record: (at: number): Buffer =>
      Buffer.from(
        JSON.stringify({
          id: 1,
          note: { text: 'kept', ...(at === 0 ? {} : { [at === 1 ? 'author' : 'iban']: CANARY }) },
          mail: `${CANARY}@x.example`,
        }),
      ),
  },
} as const

onKafka('a stream with rules by tag', () => {
  it.for(['protobuf', 'json'] as const)('goes by the tags of %s', async (format, test) => {
    const [world, registry] = await worldOf(test, 'dead-letter', '', format)
    const { kind, schemas, record } = OTHERS[format]
    const values = schemas.map((schema, at) => {
      const id = registry.put('orders-value', schema, { schemaType: kind })
      return Buffer.concat([Buffer.from([0, 0, 0, 0, id]), record(at)])
    })
    await world.send(values.map((value) => ({ partition: 0, key: '1', value })))
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(3)
    const outputs = await world.read(world.output)
    const read = outputs.map(({ value }) => JSON.parse(String(value)))
    expect(read.map(({ note }) => note)).toEqual([{ text: 'kept' }, { text: 'kept' }])
    expect(new Set(read.map(({ mail }) => mail)).size).toBe(1)
    expect(read[0].mail).toMatch(/^k1\./)
    const dead = await world.read(world.dead)
    expect(codesOf(dead)).toEqual({ 2: 'tagged-without-rule' })
    for (const one of [...outputs, ...dead]) expect(`${one.value}`).not.toContain(CANARY)
    expect(ended.stderr + ended.stdout).not.toContain(CANARY)
  })

  it('goes by the tags of each version, and a tagged field that would be kept makes dead letters', async (test) => {
    const [world, registry] = await worldOf(
      test,
      'dead-letter',
      ', value: { format: avro, framing: confluent, compatibility: FORWARD }',
    )
    const ids = [FIRST, SECOND, THIRD].map((schema) => registry.put('orders-value', schema))
    await world.send(messages(ids as [number, number, number]))
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(3)
    const dead = await world.read(world.dead)
    expect(codesOf(dead), ended.stderr).toEqual({ 2: 'tagged-without-rule' })
    const outputs = await world.read(world.output)
    const values = outputs.map(({ value }) => {
      const type = avsc.Type.forSchema(JSON.parse(registry.schemaOf(value!.readUInt32BE(1))) as avsc.Schema, {
        wrapUnions: true,
      })
      return JSON.parse(JSON.stringify(type.fromBuffer(value!.subarray(5))))
    })
    expect(
      values.map(({ note }) => note.text),
      ended.stderr,
    ).toEqual(['kept', 'kept', 'kept'])
    expect(Object.keys(values[1])).toEqual(['id', 'note', 'mail'])
    expect(Object.keys(values[1].note)).toEqual(['text', 'mail'])
    // One rule of one tag: one value, one token, wherever it stands.
    expect(values[1].mail.string).toBe(values[1].note.mail)
    const policies = outputs.map(({ headers }) =>
      String(headers?.find(({ name }) => name === 'lethe-policy')?.value),
    )
    expect(new Set(policies).size).toBe(1)
    expect(ended.stderr).toMatch(/"kind":"schema-refused".*"tagged-without-rule"/)
    for (const { value, headers } of [...outputs, ...dead])
      expect(`${value} ${JSON.stringify(headers?.map((one) => String(one.value)))}`).not.toContain(CANARY)
    expect(ended.stderr + ended.stdout).not.toContain(CANARY)
  })

  it('waits in front of a version without a rule where the policy says so, and goes on under one that has it', async (test) => {
    const [world, registry] = await worldOf(test, 'refuse')
    const ids = [FIRST, SECOND, THIRD].map((schema) => registry.put('orders-value', schema))
    await world.send(messages(ids as [number, number, number]))
    const worker = world.start()
    expect(await worker.says(/"kind":"schema-held"/, 30_000), worker.said).toBe(true)
    const port = /"kind":"listening".*"port":(\d+)/.exec(worker.said)![1]!
    expect(await world.until(world.output, 2)).toHaveLength(2)
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`)
    expect([ready.status, await ready.text()]).toEqual([
      503,
      expect.stringContaining('no rule for what one tags'),
    ])
    await worker.end()
    expect(await world.read(world.dead)).toHaveLength(0)
    writeFileSync(
      join(world.folder, 'policy.yaml'),
      policy('refuse').replace('PII: drop', 'PII: drop\n  BANK: drop'),
    )
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(0)
    const outputs = await world.read(world.output)
    expect(outputs.map(({ value }) => JSON.parse(String(value)).note.text)).toEqual(Array(4).fill('kept'))
    for (const { value } of outputs) expect(String(value)).not.toContain(CANARY)
  })
})
