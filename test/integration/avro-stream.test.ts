/** Topics of Avro, whose schemas a registry holds. */
import { setTimeout as sleep } from 'node:timers/promises'
import avsc from 'avsc'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { TestRegistry } from '../registry.ts'
import { warm } from '../src/cli/lethe.ts'
import { codesOf, type TestContext, World, type WorldOptions } from './stream-world.ts'

const POLICY = `policy: orders
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: id }
  city: { use: generalize.prefix, keep: 2 }
  $key.id: { use: hash.hmac, domain: id }
`
const CANARY = 'ZqCanary'
const field = (name: string, type: unknown): unknown => ({ name, type })
const FIRST = { type: 'record', name: 'Order', fields: [field('id', 'long'), field('city', 'string')] }
const SECOND = {
  ...FIRST,
  fields: [field('email', ['null', 'string']), ...FIRST.fields, field('total', 'double')],
}
const KEY = { type: 'record', name: 'Key', fields: [field('id', 'long')] }
const FROM = ', value: { format: avro, framing: confluent }, key: { format: avro, framing: confluent }'

const encode = (schema: unknown, id: number, value: unknown): Buffer => {
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(id, 1)
  const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: true })
  return Buffer.concat([frame, type.toBuffer(value)])
}

async function worldOf(test: TestContext, more: WorldOptions = {}): Promise<[World, TestRegistry]> {
  const registry = await TestRegistry.start()
  test.onTestFinished(() => registry.close())
  const world = await World.make(broker.address, test, {
    policy: POLICY,
    pipeline: `maxDeadLetters: 100%\nhttp: { port: 0 }\nregistry: { url: "${registry.url}", timeout: 1s }\n`,
    from: FROM,
    ...more,
  })
  return [world, registry]
}

onKafka('a stream of Avro', () => {
  it('leaves as JSON, whatever version of a schema wrote it', async (test) => {
    const [world, registry] = await worldOf(test)
    const first = registry.put('orders-value', FIRST)
    const second = registry.put('orders-value', SECOND)
    const keyId = registry.put('orders-key', KEY)
    const json = registry.put('other-value', '{"type":"object"}', { schemaType: 'JSON' })
    const key = (id: number): Buffer => encode(KEY, keyId, { id })
    await world.send([
      { partition: 0, key: key(1), value: encode(FIRST, first, { id: 1, city: 'Lyon' }) },
      {
        partition: 0,
        key: key(1),
        value: encode(SECOND, second, {
          id: 1,
          city: 'Lima',
          email: { string: `${CANARY}@x.example` },
          total: 1.5,
        }),
      },
      { partition: 0, key: key(2), value: encode(FIRST, 999, { id: 1, city: CANARY }) },
      { partition: 0, key: key(2), value: JSON.stringify({ id: 1, city: CANARY }) },
      { partition: 0, key: CANARY, value: encode(FIRST, first, { id: 1, city: CANARY }) },
      { partition: 0, key: key(2), value: encode(FIRST, json, { id: 1, city: CANARY }) },
      { partition: 0, key: key(2), value: encode(FIRST, first, { id: 1, city: CANARY }).subarray(0, 9) },
    ])
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(3)
    const outputs = await world.read(world.output)
    const values = outputs.map(({ value }) => JSON.parse(String(value)))
    expect(values.map(({ city }) => city)).toEqual(['Ly', 'Li'])
    // A long in an integer field, in another version and in a key: one value, one token.
    expect(values[0].id).toBe(values[1].id)
    expect(outputs.map(({ key }) => JSON.parse(String(key)).id)).toEqual([values[0].id, values[0].id])
    const dead = await world.read(world.dead)
    expect(codesOf(dead)).toEqual({
      2: 'schema-unknown',
      3: 'not-framed',
      4: 'key-not-framed',
      5: 'schema-refused',
      6: 'payload-malformed',
    })
    for (const text of [
      ended.stderr,
      ended.stdout,
      ...[...outputs, ...dead].map(({ value }) => String(value)),
    ])
      expect(text).not.toContain(CANARY)
    expect(ended.stderr).toMatch(/"kind":"schema-refused".*"schema":\d+/)
  })

  it('goes on with what it knows while the registry is away, and loses nothing', async (test) => {
    const [world, registry] = await worldOf(test, { partitions: 2 })
    const first = registry.put('orders-value', FIRST)
    const second = registry.put('orders-value', SECOND)
    const keyId = registry.put('orders-key', KEY)
    const send = (partition: number, id: number, isSecond = false): Promise<void> =>
      world.send([
        {
          partition,
          key: encode(KEY, keyId, { id }),
          value: isSecond
            ? encode(SECOND, second, { id, city: 'Lima', email: null, total: id })
            : encode(FIRST, first, { id, city: 'Lyon' }),
        },
      ])
    await send(0, 1)
    const worker = world.start()
    expect(await worker.says(/"kind":"listening".*"port":(\d+)/, 30_000), worker.said).toBe(true)
    const port = /"kind":"listening".*"port":(\d+)/.exec(worker.said)![1]!
    await world.until(world.output, 1)
    registry.fault = 'away'
    // Partition 0: one that is known, one that is not, one that is known behind it. Partition 1: known ones alone.
    for (const [partition, id, isSecond] of [
      [0, 2],
      [0, 3, true],
      [0, 4],
      [1, 5],
    ] as const)
      await send(partition, id, isSecond)
    expect(await world.until(world.output, 3)).toHaveLength(3)
    await sleep(1000)
    await send(1, 6)
    expect(await world.until(world.output, 4)).toHaveLength(4)
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`)
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('schemas: ')])
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metrics).toMatch(/lethe_schemas_waiting\{route="r"\} 1/)
    registry.fault = 'none'
    const outputs = await world.until(world.output, 6)
    const of = (wanted: number) =>
      outputs
        .filter(({ partition }) => partition === wanted)
        .map(({ value }) => JSON.parse(String(value)).city)
    expect(outputs).toHaveLength(6)
    expect([...of(0), ...of(1)].toSorted()).toEqual(['Li', 'Ly', 'Ly', 'Ly', 'Ly', 'Ly'])
    expect(await world.read(world.dead)).toHaveLength(0)
    const again = await fetch(`http://127.0.0.1:${port}/readyz`)
    expect(again.status).toBe(200)
    await worker.end()
  })

  it('leaves as Avro, by a schema that is registered under the subject of the output', async (test) => {
    const [world, registry] = await worldOf(test, {
      to: ', value: { format: avro, framing: confluent, compatibility: FORWARD }',
      partitions: 1,
    })
    const output = `${world.output}-value`
    const first = registry.put('orders-value', FIRST)
    const second = registry.put('orders-value', SECOND)
    const keyId = registry.put('orders-key', KEY)
    const key = encode(KEY, keyId, { id: 1 })
    await world.send([
      { key, value: encode(FIRST, first, { id: 1, city: 'Lyon' }) },
      { key, value: encode(SECOND, second, { id: 1, city: 'Lima', email: { string: CANARY }, total: 1 }) },
    ])
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(0)
    // Both versions are written by one schema: what differs between them does not leave.
    expect(registry.versionsOf(output).map((text) => JSON.parse(text))).toEqual([
      { type: 'record', name: 'Order', fields: [field('id', 'string'), field('city', 'string')] },
    ])
    expect(registry.modes.get(output)).toBe('FORWARD')
    const type = avsc.Type.forSchema(JSON.parse(registry.versionsOf(output)[0]!) as avsc.Schema)
    const outputs = await world.read(world.output)
    const values = outputs.map(
      ({ value }) => type.fromBuffer(value!.subarray(5)) as { id: string; city: string },
    )
    expect(values.map(({ city }) => city)).toEqual(['Ly', 'Li'])
    expect(values[0]!.id).toBe(values[1]!.id)
    const ids = outputs.map(({ value }) => JSON.parse(registry.schemaOf(value!.readUInt32BE(1))).name)
    expect(ids).toEqual(['Order', 'Order'])
    expect(
      outputs.map(({ headers }) => String(headers?.find(({ name }) => name === 'lethe-schema')?.value)),
    ).toEqual([String(first), String(second)])
    const checked = await warm(['doctor', world.pipeline], { env: { CHAOS_INSTANCE: 'a' } })
    expect(checked.stdout).toMatch(/schema registry\n {2}warning .*has no subject/)
    // What people see of it is JSON.
    const tapped = await warm(['tap', world.pipeline, '--format', 'json'], { env: { CHAOS_INSTANCE: 'a' } })
    expect(JSON.parse(JSON.parse(tapped.stdout.split('\n')[0]!).value)).toEqual(values[0])
    // Readers of what was written before need the city.
    const third = registry.put('orders-value', KEY)
    await world.send([{ key, value: encode(KEY, third, { id: 1 }) }])
    expect((await world.run('--until-end')).code).toBe(3)
    expect(codesOf(await world.read(world.dead))).toEqual({ 2: 'schema-incompatible' })
  })

  it('waits for a schema that others register, and for a subject with another mode', async (test) => {
    const [world, registry] = await worldOf(test, {
      policy: POLICY.replace('$key.id', '$key'),
      from: ', value: { format: avro, framing: confluent }',
      to: ', value: { format: avro, framing: confluent, register: false }, key: { format: avro, framing: confluent }',
      partitions: 1,
    })
    const first = registry.put('orders-value', FIRST)
    await world.send([
      { key: '1', value: encode(FIRST, first, { id: 1, city: 'Lyon' }) },
      { key: '1', value: null },
    ])
    const worker = world.start()
    expect(
      await worker.says(/"kind":"schema-waits".*"code":"schema-unregistered"/, 30_000),
      worker.said,
    ).toBe(true)
    expect(await world.read(world.output)).toHaveLength(0)
    registry.put(`${world.output}-value`, {
      type: 'record',
      name: 'Order',
      fields: [field('id', 'string'), field('city', 'string')],
    })
    const keyId = registry.put(`${world.output}-key`, '"string"')
    const outputs = await world.until(world.output, 2)
    expect(outputs).toHaveLength(2)
    // A key is a string of Avro, of a tombstone too; its token is that of the field.
    const string = avsc.Type.forSchema('string')
    const keys = outputs.map(({ key }) => [key!.readUInt32BE(1), string.fromBuffer(key!.subarray(5))])
    const id = string.fromBuffer(outputs[0]!.value!.subarray(5, 6 + outputs[0]!.value![5]! / 2))
    expect(keys).toEqual([
      [keyId, id],
      [keyId, id],
    ])
    expect(outputs[1]!.value).toBeNull()
    await worker.end()
  })
})
