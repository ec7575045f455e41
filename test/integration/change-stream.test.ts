/** Change events as Debezium writes them, in objects of schema and payload, through a stream. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadKeyring } from '../../src/keys/file.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { policyFileOf } from '../../src/policy/policy-file.ts'
import { createDeidentifier } from '../../src/run/deidentifier.ts'
import { broker, onKafka } from '../broker/suite.ts'
import { CODES_OF_CHANGES } from '../codes-of-messages.ts'
import { findCanaries } from './checker/canaries.ts'
import type { LogRecord } from './checker/records.ts'
import { codesOf, World } from './stream-world.ts'

const POLICY = `policy: customers
version: 1
purpose: train_ai_system
subject: id
time: { path: changed, format: epoch-microseconds }
fields:
  id: { use: hash.hmac, domain: customer }
  email: { use: hash.hmac, domain: email, normalize: email }
  bio: { use: hash.hmac, domain: bio }
  "tags[]": { use: hash.hmac, domain: tag }
  city: { use: generalize.prefix, keep: 2 }
  $key.id: { use: hash.hmac, domain: customer }
  $change.op: keep
  $change.source.table: keep
  $change.source.snapshot: keep
retention: { steps: [ { after: 400d, then: suppress } ] }
`
const UNCHANGED = '__debezium_unavailable_value'
const canaries: string[] = []
const mark = (): string => {
  const one = `Zq${canaries.length}Canary`
  canaries.push(one)
  return one
}
const now = (): number => Date.now() * 1000

const row = (id: number, more: object = {}) => ({
  id,
  email: `${mark()}@x.example`,
  bio: mark(),
  tags: [mark()],
  city: `Li${mark()}`,
  changed: now(),
  secret: mark(),
  ...more,
})
const schema = () => ({
  type: 'struct',
  fields: [{ field: 'before', fields: [{ field: 'email', default: mark() }] }],
})
const source = () => ({ table: 'customers', snapshot: 'false', db: mark(), lsn: 1, query: mark() })

/** Not every text: `Zq1Canary` would be found in `Zq10Canary` too. */
const leaked = (records: readonly LogRecord[]): unknown =>
  findCanaries(
    canaries,
    records.flatMap(({ key, value, headers }) => [
      key ?? Buffer.alloc(0),
      value ?? Buffer.alloc(0),
      ...headers.flatMap(({ name, value: text }) => [Buffer.from(name), text]),
    ]),
  )

const event = (id: number, payload: object | null) => ({
  partition: 0,
  key: JSON.stringify({ schema: schema(), payload: { id } }),
  value: payload === null ? null : JSON.stringify({ schema: schema(), payload }),
  headers: { '__debezium.context.connectorName': mark(), '__debezium.context.taskId': mark() },
})

const FORM = ', value: { inner: payload }, key: { inner: payload }'

onKafka('a stream of change events', () => {
  it('leaves with both images by the rules of the row', async (test) => {
    const world = await World.make(broker.address, test, {
      policy: POLICY,
      from: FORM,
      route: '    change: { form: debezium, before: full }\n',
    })
    const first = row(1)
    const second = { ...first, email: `${mark()}@x.example`, bio: UNCHANGED, tags: [UNCHANGED] }
    const old = row(9, { changed: now() - 500 * 86_400_000_000 })
    const rows = [
      { before: null, after: first, op: 'r' },
      { before: first, after: second, op: 'u' },
      { before: null, after: { ...second, nickname: mark() }, op: 'c' },
      { before: first, after: null, op: 'd' },
    ]
    const others = [
      { before: old, after: first, op: 'u' },
      { before: { id: 1, email: null, changed: null }, after: null, op: 'd' },
      { op: 'm', message: { prefix: mark(), content: mark() } },
      { status: 'BEGIN', id: mark() },
      { databaseName: mark(), ddl: mark() },
      { id: 1, email: mark() },
      { before: null, after: mark(), op: 'c' },
    ]
    const sent = [
      ...[...rows, ...others].map((payload) => event(1, { ...payload, source: source(), ts_ms: 5 })),
      { partition: 0, key: event(1, {}).key, value: JSON.stringify({ op: 'c', after: row(1) }) },
      { partition: 0, key: mark(), value: event(1, { op: 'c', after: row(1) }).value },
      event(1, null),
      event(1, { before: null, after: row(1), op: 'u' }),
    ]
    await world.send(sent)
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(3)
    const outputs = await world.read(world.output)
    const letters = await world.read(world.dead)

    const keys = loadKeyring(join(world.folder, 'keys.json'))
    const { plan } = compilePolicy(policyFileOf('p.yaml', POLICY), { keys })
    const alone = createDeidentifier(plan!, { format: 'json' })
    const image = (value: object | null): unknown => {
      if (value === null) return null
      const outcome = alone.deidentify(Buffer.from(JSON.stringify(value)))
      return JSON.parse(String(outcome.kind === 'publish' ? Buffer.from(outcome.value) : outcome.kind))
    }
    const unchanged = (value: object | null): unknown =>
      value !== null && 'bio' in value && value.bio === UNCHANGED
        ? { ...(image(value) as object), bio: UNCHANGED, tags: [UNCHANGED] }
        : image(value)
    expect(outputs.map(({ value }) => value && JSON.parse(String(value)))).toEqual([
      ...rows.map(({ before, after, op }) => ({
        before: unchanged(before),
        after: unchanged(after),
        op,
        source: { table: 'customers', snapshot: 'false' },
      })),
      null,
    ])
    const { id } = image(first) as { id: string }
    expect(new Set(outputs.map(({ key }) => String(key)))).toEqual(new Set([JSON.stringify({ id })]))
    expect(codesOf(letters)).toEqual({
      5: 'event-time-missing',
      9: 'not-a-change',
      10: 'scalar-for-container',
      11: 'not-connect-json',
      12: 'key-not-json',
      14: 'change-before',
    })
    expect(Object.values(codesOf(letters))).toEqual(expect.arrayContaining([...CODES_OF_CHANGES]))
    expect(leaked([...outputs, ...letters])).toEqual([])
    expect(ended.stdout + ended.stderr + readFileSync(world.pipeline, 'utf8')).not.toMatch(/Zq\d+Canary/)
    for (const reason of ['message of the log', 'transaction', 'schema change'])
      expect(ended.stderr).toContain(`change: ${reason}`)
    expect(canaries.length).toBeGreaterThan(100)
  })

  it('writes deletes as tombstones under the de-identified key', async (test) => {
    const world = await World.make(broker.address, test, {
      policy: POLICY,
      from: FORM,
      compacted: true,
      outputSettings: { 'cleanup.policy': 'compact' },
      route: '    change: { form: debezium, deletes: tombstone }\n',
    })
    await world.send([
      event(1, { before: null, after: row(1), op: 'c' }),
      event(1, { before: { id: 1, email: null }, after: null, op: 'd' }),
      event(1, null),
      event(1, { before: null, after: null, op: 't' }),
    ])
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(0)
    const outputs = await world.read(world.output)
    expect(outputs.slice(1).every(({ value }) => value === null)).toBe(true)
    expect(outputs).toHaveLength(4)
    expect(new Set(outputs.map(({ key }) => String(key))).size).toBe(1)
    expect(leaked([...outputs, ...(await world.read(world.dead))])).toEqual([])
  })
})
