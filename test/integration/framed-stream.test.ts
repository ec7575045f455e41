/** Topics of Protobuf and of framed JSON, whose schemas a registry holds, and what leaves in frames. */
import { create, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import protobufjs from 'protobufjs'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { TestRegistry } from '../registry.ts'
import { lethe } from '../src/cli/lethe.ts'
import { codesOf, type TestContext, World } from './stream-world.ts'

const CANARY = 'ZqCanary'
const POLICY = `policy: orders
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: id }
  city: { use: generalize.prefix, keep: 2 }
  $key: { use: hash.hmac, domain: id }
`
const FIRST = 'syntax = "proto3"; package shop; message Order { int64 id = 1; string city = 2; }'
/** A producer adds personal data: as a registry of Confluent holds it. */
const SECOND = create(FileDescriptorProtoSchema, {
  name: 'order.proto',
  package: 'shop',
  syntax: 'proto3',
  messageType: [
    {
      name: 'Order',
      field: [
        { name: 'email', number: 3, label: 1, type: 9 },
        { name: 'id', number: 1, label: 1, type: 3 },
        { name: 'city', number: 2, label: 1, type: 9 },
      ],
    },
  ],
})
const text = (number: number, value: string): number[] => [
  (number << 3) | 2,
  value.length,
  ...Buffer.from(value),
]
const framed = (id: number, ...bytes: number[]): Buffer => Buffer.from([0, 0, 0, 0, id, ...bytes])
const json = (id: number, value: unknown): Buffer => framed(id, ...Buffer.from(JSON.stringify(value)))

/** What stands behind a frame, and the id in it. */
const opened = (bytes: Buffer): readonly [id: number, json: unknown] => [
  bytes.readUInt32BE(1),
  JSON.parse(bytes.subarray(5).toString('utf8')),
]

async function worldOf(test: TestContext, format: string, to = 'json'): Promise<[World, TestRegistry]> {
  const registry = await TestRegistry.start()
  test.onTestFinished(() => registry.close())
  const world = await World.make(broker.address, test, {
    policy: POLICY,
    pipeline: `maxDeadLetters: 100%\nregistry: { url: "${registry.url}", timeout: 1s }\n`,
    from: `, value: { format: ${format}, framing: confluent }, key: { format: json, framing: confluent }`,
    to: `, value: { format: ${to}, framing: confluent, compatibility: BACKWARD }, key: { format: ${to}, framing: confluent }`,
    partitions: 1,
  })
  return [world, registry]
}

onKafka('a stream whose values leave in frames', () => {
  it('as JSON: reads Protobuf by texts and descriptors', async (test) => {
    const [world, registry] = await worldOf(test, 'protobuf')
    const first = registry.put('orders-value', FIRST, { schemaType: 'PROTOBUF' })
    const second = registry.put('orders-value', 'as it was registered', {
      schemaType: 'PROTOBUF',
      serialized: Buffer.from(toBinary(FileDescriptorProtoSchema, SECOND)).toString('base64'),
    })
    const keys = registry.put('orders-key', { type: 'string' }, { schemaType: 'JSON' })
    const avro = registry.put('other', '"string"')
    const key = json(keys, '1')
    const lyon = [...text(2, 'Lyon'), 0x08, 1]
    await world.send([
      { key, value: framed(first, 0, ...lyon) },
      { key, value: framed(second, 2, 0, ...text(3, `${CANARY}@x.example`), ...text(2, 'Lima'), 0x08, 1) },
      { key, value: framed(99, 0, ...text(2, CANARY)) },
      { key, value: Buffer.from(CANARY) },
      { key, value: framed(avro, 0, ...text(2, CANARY)) },
      { key, value: framed(first, 0, ...text(2, CANARY).slice(0, -1)) },
      { key, value: framed(first, 2, 4, ...text(2, CANARY)) },
      { key: CANARY, value: framed(first, 0, ...lyon) },
      { key, value: null },
    ])
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(3)
    const outputs = await world.read(world.output)
    const values = outputs.flatMap(({ value }) => (value === null ? [] : [opened(value)]))
    const [one, other] = values.map(([, value]) => value as { id: string; city: string })
    expect([one!.city, other!.city]).toEqual(['Ly', 'Li'])
    expect(one!.id).toBe(other!.id)
    // Both are written by one schema, and keys are strings: of a tombstone, too.
    const schema = JSON.parse(registry.schemaOf(values[0]![0])) as unknown
    expect(schema).toMatchObject({
      properties: { id: { type: 'string' }, city: { type: 'string' } },
      additionalProperties: false,
    })
    expect(registry.versionsOf(`${world.output}-value`)).toHaveLength(1)
    expect(registry.modes.get(`${world.output}-value`)).toBe('BACKWARD')
    expect(outputs.map(({ key: of }) => opened(of!)[1])).toEqual([one!.id, one!.id, one!.id])
    expect(
      outputs.map(({ headers }) => String(headers?.find(({ name }) => name === 'lethe-schema')?.value)),
    ).toEqual([String(first), String(second), 'undefined'])
    const dead = await world.read(world.dead)
    expect(codesOf(dead)).toEqual({
      2: 'schema-unknown',
      3: 'not-framed',
      4: 'schema-refused',
      5: 'payload-malformed',
      6: 'output-unwritable',
      7: 'key-not-framed',
    })
    for (const said of [
      ended.stderr,
      ended.stdout,
      ...[...outputs, ...dead].map(({ value }) => String(value)),
    ])
      expect(said).not.toContain(CANARY)
    const tapped = await lethe(['tap', world.pipeline, '--format', 'json'], { env: { CHAOS_INSTANCE: 'a' } })
    expect(JSON.parse(JSON.parse(tapped.stdout.split('\n')[0]!).value)).toEqual(one)
  })

  it('as Protobuf, by a schema that another implementation reads', async (test) => {
    const [world, registry] = await worldOf(test, 'protobuf', 'protobuf')
    const first = registry.put('orders-value', FIRST, { schemaType: 'PROTOBUF' })
    const keys = registry.put('orders-key', { type: 'string' }, { schemaType: 'JSON' })
    const key = json(keys, '1')
    await world.send([
      { key, value: framed(first, 0, ...text(2, 'Lyon'), 0x08, 1, ...text(3, CANARY)) },
      { key, value: framed(first, 2, 4, ...text(2, CANARY)) },
      { key, value: null },
    ])
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(3)
    const outputs = await world.read(world.output)
    const decoded = (bytes: Buffer, name: string): unknown => {
      const schema = registry.schemaOf(bytes.readUInt32BE(1))
      expect(bytes[5]).toBe(0)
      const type = protobufjs.parse(schema, { keepCase: true }).root.lookupType(name)
      return type.decode(bytes.subarray(6)).toJSON()
    }
    const value = decoded(outputs[0]!.value!, 'shop.Order') as { id: string; city: string }
    expect(value).toEqual({ id: expect.stringMatching(/^k1\./), city: 'Ly' })
    expect(outputs.map(({ key: of }) => decoded(of!, 'Key'))).toEqual([{ key: value.id }, { key: value.id }])
    expect(codesOf(await world.read(world.dead))).toEqual({ 1: 'output-unwritable' })
    for (const { value: bytes } of outputs) expect(String(bytes)).not.toContain(CANARY)
    const tapped = await lethe(['tap', world.pipeline, '--format', 'json'], { env: { CHAOS_INSTANCE: 'a' } })
    expect(JSON.parse(JSON.parse(tapped.stdout.split('\n')[0]!).value)).toEqual(value)
  })

  it('reads framed JSON, and writes nothing that its schema does not say', async (test) => {
    const [world, registry] = await worldOf(test, 'json')
    const properties = { id: { type: 'integer' }, city: { type: 'string' }, email: { type: 'string' } }
    const id = registry.put('orders-value', { type: 'object', properties }, { schemaType: 'JSON' })
    const keys = registry.put('orders-key', { type: 'string' }, { schemaType: 'JSON' })
    const key = json(keys, '1')
    await world.send([
      { key, value: json(id, { id: 1, city: 'Lyon', email: CANARY }) },
      { key, value: json(99, { id: 1 }) },
      { key, value: JSON.stringify({ id: 1, city: CANARY }) },
    ])
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(3)
    const [output] = await world.read(world.output)
    const [, value] = opened(output!.value!)
    expect(value).toEqual({ id: opened(output!.key!)[1], city: 'Ly' })
    expect(codesOf(await world.read(world.dead))).toEqual({ 1: 'schema-unknown', 2: 'not-framed' })
  })
})
