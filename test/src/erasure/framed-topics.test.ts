/** Erasure from topics of framed Avro, over topics in memory: what goes, and that no order and no receipt takes for searched what no schema was had for. */
import avsc from 'avsc'
import { describe, expect, it } from 'vitest'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import { topicSetups } from '../../../src/erasure/erase-topics.ts'
import type { ErasureOrder } from '../../../src/erasure/erasure-order.ts'
import { locateRecords } from '../../../src/erasure/locate-records.ts'
import { searchesFor } from '../../../src/erasure/locate-rows.ts'
import { openPoints } from '../../../src/erasure/receipt.ts'
import type { DeleteRecords } from '../../../src/erasure/topic-form.ts'
import { LetheError } from '../../../src/errors.ts'
import type { Hold } from '../../../src/lifecycle/legal-hold.ts'
import { planTopics } from '../../../src/lifecycle/topic-orders.ts'
import { DEBEZIUM } from '../../../src/record/wire-form.ts'
import type { FoundSchema } from '../../../src/registry/registry-client.ts'
import { SchemaBook, written } from './framed-world.ts'
import { BY_KEY, left, NOW, type TopicsWorld, topicsWorld } from './topics-world.ts'

const SCHEMA = {
  type: 'record',
  name: 'Event',
  fields: [
    {
      name: 'customer',
      type: { type: 'record', name: 'Customer', fields: [{ name: 'id', type: 'string' }] },
    },
    { name: 'n', type: 'int' },
  ],
}

const DELETING = { 'cleanup.policy': 'delete', 'retention.ms': '-1' }

interface FramedWorld extends TopicsWorld {
  readonly book: SchemaBook
  readonly append: (output: 'avro' | 'framed-json', events: readonly [id: string, key: string][]) => void
  readonly plan: (deleteRecords?: DeleteRecords) => Promise<ErasureOrder>
  readonly apply: (order: ErasureOrder) => ReturnType<typeof applyErasure>
  readonly verify: (order: ErasureOrder) => ReturnType<typeof verifyErasure>
}

async function framedWorld(settings?: Record<string, string>): Promise<FramedWorld> {
  const world = await topicsWorld(BY_KEY, settings)
  const book = new SchemaBook()
  const setting = () => ({ ...world.setting(), topics: { ...world.setting().topics!, schemas: book } })
  return {
    ...world,
    book,
    append(output, events) {
      const values = events.map(([id, key], n) => ({ key, value: { customer: { id }, n } }))
      for (const { key, value, headers, timestamp } of written(
        { plan: world.search.plan, book, output },
        SCHEMA,
        values,
      ))
        world.cluster.append('out', 0, { key, value, headers, timestamp })
    },
    plan: (deleteRecords) => planErasure([], world.subjects(['C-1']), { ...setting(), deleteRecords }),
    apply: (order) => applyErasure(order, world.suppression, setting()),
    verify: (order) => verifyErasure(order, world.suppression, setting()),
  }
}

const away = (): LetheError => new LetheError('registry-unreachable', 'it does not answer', 'look at it')

const FULL = { ...DEBEZIUM, before: 'full' } as const

describe('erasure from topics of framed Avro', () => {
  it('reads a topic as each route that writes to it', async () => {
    const { stored } = (await framedWorld()).setting().topics!
    const [route] = stored.pipeline.routes
    const change = { ...FULL, placeholder: 'GONE' }
    const routes = [route!, { ...route!, change }, { ...route!, change: { ...change } }]
    const setups = topicSetups({ stored: { ...stored, pipeline: { ...stored.pipeline, routes } } })
    expect(setups.map(({ name, forms }) => [name, forms])).toEqual([
      ['out', [undefined, change]],
      ['dead', []],
    ])
  })

  it('holds a change event by a span that its later image may lie in, and lets a row go', async () => {
    const world = await topicsWorld(
      `${BY_KEY}\n  at: { use: generalize.date, to: day, zone: UTC }`,
      DELETING,
      {
        more: 'time: at\nretention: { steps: [ { after: 30d, then: suppress } ] }\n',
      },
    )
    const { plan } = world.search
    const book = new SchemaBook()
    const row = { ...SCHEMA, fields: [...SCHEMA.fields, { name: 'at', type: 'string' }] }
    const envelope = {
      ...{ type: 'record', name: 'Envelope' },
      fields: ['before', 'after'].map((name) => ({
        name,
        type: ['null', name === 'before' ? row : 'Event'],
      })),
    }
    const day = Date.parse('2026-01-05T00:00:00Z')
    const of = (at: string) => ({ customer: { id: 'C-1' }, n: 1, at })
    const event = { before: { Event: of('2026-01-05') }, after: { Event: of('2026-02-10') }, op: 'u' }
    const hold: Hold = {
      ...{ id: 'h00000001', target: 'topic:out', owner: 'legal', reason: 'case 512, of February' },
      ...{ from: Date.parse('2026-02-01'), until: Date.parse('2026-03-01'), kept: 'a copy' },
      ...{ added: NOW - 1, expires: NOW + 1000, released: undefined },
    }
    for (const [schema, value, change, held] of [
      [envelope, event, FULL, 1],
      [row, of('2026-01-05'), undefined, 0],
    ] as const) {
      world.cluster.make('out', DELETING)
      const [made] = written({ plan, book, output: 'avro', change }, schema, [{ key: 'C-1', value }])
      world.cluster.append('out', 0, { ...made!, timestamp: day })
      const { admin, stored } = world.setting().topics!
      const routes = stored.pipeline.routes.map((route) => ({ ...route, change }))
      const topics = { admin, stored: { ...stored, pipeline: { ...stored.pipeline, routes } }, schemas: book }
      const setting = { ...world.setting({ holds: [hold] }), topics }
      const order = await planErasure([], world.subjects(['C-1']), { ...setting, deleteRecords: 'own' })
      const [erased] = order.topics!.targets
      expect(erased).toMatchObject({ found: 1, held, partitions: [{ deleted: 1 - held }] })
      // Retention of the same topic stops before it too.
      const retained = await planTopics(
        { asOf: NOW, marginMs: 0, validMs: 1000, otherVersionsMs: undefined },
        { admin, stored: topics.stored, holds: [hold], now: NOW },
      )
      expect(retained.targets[0]).toMatchObject({ deleted: 1 - held, keptFor: { held } })
    }
  })

  it('writes tombstones under the very bytes of the keys, and closes the receipt once the topic is compacted', async () => {
    const world = await framedWorld()
    world.append('avro', [
      ['C-1', 'C-1'],
      ['C-2', 'C-2'],
    ])
    world.append('framed-json', [['C-1', 'C-1']])
    const before = left(world)
    const order = await world.plan()
    expect(order.topics!.targets[0]).toMatchObject({ rows: 3, found: 2, byKey: 2, unsearched: [] })
    await world.apply(order)
    const tombstones = left(world).filter(({ value }) => value === null)
    // One subject under two keys: a string of Avro, and one of JSON.
    expect(tombstones.map(({ key }) => key)).toEqual([before[0]!.key, before[2]!.key])
    const text = avsc.Type.forSchema('string').fromBuffer(Buffer.from(tombstones[0]!.key!).subarray(5))
    expect(order.subjects[0]!.tokens).toContain(text)
    expect((await world.apply(order)).wasApplied).toBe(1)
    world.cluster.compact('out')
    expect(openPoints(await world.verify(order))).toEqual([])
    expect(left(world).map(({ value }) => value)).toEqual([before[1]!.value])
  })

  it('says what could not be read, by schema and code, and keeps the receipt open', async () => {
    const world = await framedWorld(DELETING)
    world.append('avro', [['C-1', 'other']])
    const order = await world.plan('own')
    expect(order.topics!.targets[0]!.withoutSchema).toBeUndefined()
    const [schema] = world.book.schemas as [FoundSchema]
    const broken: readonly [string, () => void][] = [
      ['schema-unknown', () => world.book.schemas.splice(0, 2)],
      ['schema-refused', () => (world.book.schemas[0] = { ...schema, text: '{"type":"record"}' })],
      ['schema-refused', () => (world.book.schemas[0] = { ...schema, kind: 'PROTOBUF' })],
      ['registry-unreachable', () => (world.book.fault = away)],
    ]
    const all = [...world.book.schemas]
    for (const [code, damage] of broken) {
      damage()
      const blind = await world.plan('with-others')
      const [target] = blind.topics!.targets
      expect(target).toMatchObject({ found: 0, withoutSchema: [{ code, rows: 1 }] })
      expect(target!.unsearched.join()).toContain(`(${code})`)
      expect(target!.partitions[0]).toMatchObject({ before: 0, deleted: 0 })
      const [located] = await locateRecords(
        { searches: searchesFor([world.search], ['C-1']), keyChecks: {}, holds: [], heldAt: NOW },
        [],
        { ...world.setting().topics!, schemas: world.book },
      )
      expect(located).toMatchObject({ found: 0, unsearched: [expect.stringContaining(code)] })
      // What the order found cannot be told any more: nothing is asked for, and nothing is called done.
      await expect(world.apply(order)).rejects.toMatchObject({
        code: code === 'registry-unreachable' ? code : 'target-changed',
      })
      expect(left(world)).toHaveLength(1)
      const { targets } = await world.verify(order)
      expect(targets[0]).toMatchObject({ state: 'partly searched', found: 0 })
      expect(targets[0]!.message).toContain(`(${code})`)
      world.book.schemas.splice(0, 9, ...all)
      world.book.fault = undefined
    }
    await world.apply(order)
    expect(left(world)).toHaveLength(0)
    expect(openPoints(await world.verify(order))).toEqual([])
  }, 30_000)

  it('finds by a value what stands under a key that it cannot read, and does not call it whole', async () => {
    const world = await framedWorld()
    world.append('avro', [['C-1', 'C-1']])
    const [record] = left(world)
    const order = await world.plan()
    const key = world.book.schemas.findIndex(({ text }) => text === '"string"')
    world.book.schemas.splice(key, 1)
    const blind = await world.plan()
    expect(blind.topics!.targets[0]).toMatchObject({
      ...{ found: 1, byKey: 0, rules: [{ rule: 'customer.id', rows: 1 }] },
      withoutSchema: [{ code: 'schema-unknown', rows: 1 }],
    })
    await expect(world.apply(order)).rejects.toMatchObject({ code: 'target-changed' })
    expect(left(world)).toEqual([record])
  })
})
