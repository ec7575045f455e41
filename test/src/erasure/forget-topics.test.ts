/** Erasure from topics, over topics in memory: what goes, what stays and is told, and that no receipt closes early. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import type { ErasureOrder } from '../../../src/erasure/erasure-order.ts'
import { locateRecords } from '../../../src/erasure/locate-records.ts'
import { searchesFor } from '../../../src/erasure/locate-rows.ts'
import { openPoints } from '../../../src/erasure/receipt.ts'
import type { DeleteRecords } from '../../../src/erasure/topic-form.ts'
import { addKey, disableKey, promoteKey } from '../../../src/keys/keyset.ts'
import type { Hold } from '../../../src/lifecycle/legal-hold.ts'
import {
  BY_KEY,
  firstKeys,
  holds,
  left,
  NOW,
  policyText,
  type TopicsWorld,
  topicsWorld,
  WEEK,
} from './topics-world.ts'

const secondKeys = disableKey(promoteKey(addKey(firstKeys, new Date(NOW)), 'k2'), 'k1')

const plan = (
  world: TopicsWorld,
  ids: readonly string[],
  { deleteRecords, ...more }: { deleteRecords?: DeleteRecords; holds?: readonly Hold[] } = {},
): Promise<ErasureOrder> => planErasure([], world.subjects(ids), { ...world.setting(more), deleteRecords })

const apply = (world: TopicsWorld, order: ErasureOrder, more: { holds?: readonly Hold[] } = {}) =>
  applyErasure(order, world.suppression, world.setting(more))

async function states(world: TopicsWorld, order: ErasureOrder, more: { holds?: readonly Hold[] } = {}) {
  const found = await verifyErasure(order, world.suppression, world.setting(more))
  return found.targets.map(({ state }) => state)
}

const hold: Hold = {
  ...{ id: 'h00000001', target: 'topic:out', from: null, until: null, owner: 'legal' },
  ...{ reason: 'case 512, all of it', kept: 'retention.ms=-1 there', added: NOW - 1, expires: NOW + WEEK },
  released: undefined,
}

const events = fc.array(
  fc.record({
    id: fc.constantFrom('C-0', 'C-1', 'C-2', 'C-3'),
    n: fc.nat(9),
    partition: fc.nat(1),
    isOld: fc.boolean(),
  }),
  { maxLength: 12 },
)
const asked = fc.uniqueArray(fc.constantFrom<string>('C-0', 'C-1', 'C-9'), { minLength: 1 })
const DELETING = { 'cleanup.policy': 'delete', 'retention.ms': '3600000' }

describe('erasure from topics', () => {
  it('leaves no token of a subject in a compacted topic once that is compacted, and all other records', async () => {
    await fc.assert(
      fc.asyncProperty(events, asked, async (all, ids) => {
        const world = await topicsWorld(BY_KEY, undefined, { partitions: 2, keyset: secondKeys })
        await world.publish(
          all.filter(({ isOld }) => isOld),
          firstKeys,
        )
        await world.publish(
          all.filter(({ isOld }) => !isOld),
          secondKeys,
        )
        const order = await plan(world, ids)
        const tokens = order.subjects.flatMap((one) => one.tokens)
        expect(tokens).toHaveLength(2 * ids.length)
        const isOf = (record: Parameters<typeof holds>[0]) => tokens.some((token) => holds(record, token))
        const others = left(world).filter((record) => !isOf(record))
        await apply(world, order)
        const isThere = all.some(({ id }) => ids.includes(id))
        expect(await states(world, order)).toEqual([
          isThere ? 'requested' : 'verified absent',
          'verified absent',
        ])
        const before = left(world).length
        expect(await apply(world, order)).toMatchObject({ applied: 0 })
        expect(left(world)).toHaveLength(before)
        expect(left(world).filter((record) => !isOf(record))).toEqual(others)
        world.cluster.compact('out')
        expect(left(world).some(isOf)).toBe(false)
        expect(openPoints(await verifyErasure(order, world.suppression, world.setting()))).toEqual([])
      }),
      { numRuns: 6 },
    )
  })

  it('deletes from the start of a log what the order says, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(events, asked, fc.constantFrom('own', 'with-others'), async (all, ids, which) => {
        const world = await topicsWorld(BY_KEY, DELETING, { partitions: 2 })
        await world.publish(all)
        const order = await plan(world, ids, { deleteRecords: which })
        const tokens = order.subjects.flatMap((one) => one.tokens)
        const isOf = (record: Parameters<typeof holds>[0]) => tokens.some((token) => holds(record, token))
        const before = left(world)
        await apply(world, order)
        const gone = before.filter((record) => !left(world).includes(record))
        const { partitions } = order.topics!.targets[0]!
        expect(gone.filter(isOf)).toHaveLength(partitions.reduce((sum, one) => sum + one.deleted, 0))
        expect(gone.filter((one) => !isOf(one))).toHaveLength(
          partitions.reduce((sum, one) => sum + one.others, 0),
        )
        if (which === 'own') expect(gone.every(isOf)).toBe(true)
        else expect(left(world).some(isOf)).toBe(false)
        const [state] = await states(world, order)
        expect(state).toBe(left(world).some(isOf) ? 'not absent' : 'verified absent')
      }),
      { numRuns: 8 },
    )
  })

  it('writes no tombstone where the key is not the token, and says why, and from when what stays is eligible', async () => {
    const value =
      '  $key: { use: hash.hmac, domain: orders }\n  customer.id: { use: hash.hmac, domain: customer }'
    const compacted = await topicsWorld(value)
    await compacted.publish([{ id: 'C-1', n: 1, key: 'order-1' }])
    const order = await plan(compacted, ['C-1'])
    expect(order.topics!.targets[0]).toMatchObject({ found: 1, byKey: 0, partitions: [{ tombstones: 0 }] })
    expect(order.topics!.targets[0]!.says.join('\n')).toMatch(
      /^1 records are under keys that are not the token of a subject: .* would erase nothing of them/,
    )
    expect(await apply(compacted, order)).toMatchObject({ applied: 0, wasApplied: 0 })
    expect(left(compacted)).toHaveLength(1)
    expect(await states(compacted, order)).toEqual(['not absent', 'verified absent'])

    const deleting = await topicsWorld(BY_KEY, DELETING)
    await deleting.publish([{ id: 'C-1', n: 1 }])
    const other = await plan(deleting, ['C-1'])
    const from = new Date(NOW + 3_600_000).toISOString()
    expect(other.topics!.targets[0]!.eligible).toBe(from)
    expect(other.topics!.targets[0]!.says.join('\n')).toContain(`what stays is eligible from ${from} on`)
    await apply(deleting, other)
    const { targets } = await verifyErasure(other, deleting.suppression, deleting.setting())
    expect(targets[0]).toMatchObject({ state: 'not absent', found: 1, eligible: from })

    const tiered = await topicsWorld(BY_KEY, { 'cleanup.policy': 'compact', 'remote.storage.enable': 'true' })
    await tiered.publish([{ id: 'C-1', n: 1 }])
    const none = await plan(tiered, ['C-1'])
    expect(none.topics!.targets[0]!.says.join('\n')).toContain('brokers do not compact remote segments')
    expect(none.topics!.targets[0]!.partitions[0]!.tombstones).toBe(0)
  })

  it('finds subjects in keys that are JSON, in headers, and in identifiers that were kept', async () => {
    const cases: readonly (readonly [string, object, string])[] = [
      [
        '  $key.id: { use: hash.hmac, domain: customer }\n  $key.n: { use: keep, accept: it is a count }\n  customer.id: { use: hash.hmac, domain: customer }',
        { key: '{"id":"C-1","n":1}' },
        '$key.id',
      ],
      [
        '  $key: { use: hash.hmac, domain: customer, format: json }\n  customer.id: { use: hash.hmac, domain: customer }',
        { key: '"C-1"' },
        '$key',
      ],
      [
        '  $key: { use: hash.hmac, domain: orders }\n  $headers.who: { use: hash.hmac, domain: customer }\n  customer.id: { use: hash.hmac, domain: customer }',
        { id: 'C-7', key: 'o', headers: { who: 'C-1' } },
        '$headers.who',
      ],
      [
        '  $key: { use: hash.hmac, domain: orders }\n  customer.id: { use: keep, accept: not a person }',
        { key: 'o' },
        'customer.id',
      ],
    ]
    for (const [fields, more, by] of cases) {
      const world = await topicsWorld(fields)
      const other = { id: 'C-2', n: 2, key: fields.includes('json') ? '"C-2"' : '{"id":"C-2","n":2}' }
      await world.publish([
        { id: 'C-1', n: 1, ...more },
        { ...other, headers: { who: 'C-2' } },
      ])
      const order = await plan(world, ['C-1'])
      const isKey = by.startsWith('$key')
      expect([by, order.topics!.targets[0]]).toMatchObject([
        by,
        { found: 1, byKey: isKey ? 1 : 0, rules: [{ rule: by, rows: 1 }] },
      ])
      expect(JSON.stringify(order)).not.toContain('C-1')
      await apply(world, order)
      world.cluster.compact('out')
      expect(left(world)).toHaveLength(isKey ? 1 : 2)
      expect((await states(world, order))[0]).toBe(isKey ? 'verified absent' : 'not absent')
    }
  })

  it('keeps the receipt open for what it cannot judge', async () => {
    const older = policyText('  customer.id: { use: hash.uuid, domain: older }', 0 + 3)
    const world = await topicsWorld(BY_KEY, DELETING, { older })
    await world.publish([{ id: 'C-1', n: 1 }], firstKeys, 'older.yaml')
    const order = await plan(world, ['C-1'])
    expect(order.topics!.targets[0]).toMatchObject({ found: 1, rules: [{ rule: 'customer.id' }] })
    const narrow = await topicsWorld(BY_KEY, DELETING)
    const [record] = left(world)
    narrow.cluster.append('out', 0, record!)
    narrow.cluster.append('out', 0, { key: null, value: Buffer.from('{}'), headers: [], timestamp: NOW })
    await narrow.publish([{ id: 'C-2', n: 1 }])
    const last = left(narrow).at(-1)!
    narrow.cluster.append('out', 0, { ...last, value: Buffer.from('no json') })
    const open = await plan(narrow, ['C-1'])
    expect(open.topics!.targets[0]).toMatchObject({
      found: 0,
      unjudged: { otherVersion: 1, foreign: 1, otherKey: 0, unreadable: 1, unknownSubject: 0 },
    })
    expect(open.topics!.targets[0]!.unsearched.join()).toContain('name that version too (-p)')
    await apply(narrow, open)
    expect(await states(narrow, open)).toEqual(['partly searched', 'verified absent'])
  })

  it('says where tokens are under a key that is not in the keyset', async () => {
    const world = await topicsWorld(BY_KEY, DELETING)
    await world.publish([{ id: 'C-2', n: 1 }], firstKeys)
    await world.publish([{ id: 'C-1', n: 1 }], secondKeys)
    const order = await plan(world, ['C-1'])
    expect(order.topics!.targets[0]).toMatchObject({ found: 0, unjudged: { otherKey: 1 } })
    expect(order.topics!.targets[0]!.unsearched.join()).toContain('not in the keyset')
    await apply(world, order)
    expect(await states(world, order)).toEqual(['partly searched', 'verified absent'])
  })

  it('tells sealed originals by their tokens, and stays open while one is of an unknown subject', async () => {
    const world = await topicsWorld()
    const order = await plan(world, ['C-1'])
    const [sealed] = order.subjects[0]!.sealed!
    const letter = (more: object) =>
      world.cluster.append('dead', 0, {
        key: null,
        value: Buffer.from(
          JSON.stringify({
            v: 1,
            topic: 'in',
            partition: 0,
            offset: 1,
            code: 'unparsable',
            policy: 'p',
            ...more,
          }),
        ),
        headers: [{ name: 'lethe-policy', value: Buffer.from('p') }],
        timestamp: NOW,
      })
    letter({})
    letter({ subject: sealed, sealed: 'YQ==' })
    letter({ subject: { ...sealed, token: `k1.${'A'.repeat(22)}` }, sealed: 'YQ==' })
    const found = await plan(world, ['C-1'], { deleteRecords: 'with-others' })
    expect(found.topics!.targets[1]).toMatchObject({
      role: 'dead letters',
      found: 1,
      rules: [{ rule: 'sealed', rows: 1 }],
      partitions: [{ before: 2, deleted: 1, others: 1 }],
    })
    await apply(world, order)
    expect(await states(world, order)).toEqual(['verified absent', 'not absent'])
    for (const unknown of [
      { sealed: 'YQ==' },
      { subject: 'unknown', sealed: 'YQ==' },
      { subject: { ...sealed, token: `k9.${'A'.repeat(22)}` }, sealed: 'YQ==' },
    ])
      letter(unknown)
    const wide = await plan(world, ['C-1'], { deleteRecords: 'with-others' })
    expect(wide.topics!.targets[1]!.unjudged.unknownSubject).toBe(3)
    await apply(world, wide)
    expect(left(world, 'dead')).toHaveLength(4)
    const { targets } = await verifyErasure(wide, world.suppression, world.setting())
    const from = new Date(NOW + 3_600_000).toISOString()
    expect(targets[1]).toMatchObject({ state: 'partly searched', eligible: from })
    expect(targets[1]!.message).toContain(`eligible from ${from} on`)
  })

  it('asks for nothing of what is held, when it plans and when it applies', async () => {
    const world = await topicsWorld()
    await world.publish([{ id: 'C-1', n: 1 }])
    const held = await plan(world, ['C-1'], { holds: [hold] })
    expect(held.topics!.targets[0]).toMatchObject({ held: 1, partitions: [{ tombstones: 0, heldKeys: 1 }] })
    expect(await apply(world, held, { holds: [hold] })).toMatchObject({ applied: 0 })
    expect(await states(world, held, { holds: [hold] })).toEqual(['held', 'verified absent'])
    const order = await plan(world, ['C-1'])
    await expect(apply(world, order, { holds: [hold] })).rejects.toMatchObject({ code: 'target-held' })
    expect(left(world)).toHaveLength(1)
    const other = await topicsWorld(BY_KEY, DELETING)
    await other.publish([{ id: 'C-1', n: 1 }])
    const deletion = await plan(other, ['C-1'], { deleteRecords: 'own' })
    await expect(apply(other, deletion, { holds: [hold] })).rejects.toMatchObject({ code: 'target-held' })
    expect(
      (await plan(other, ['C-1'], { deleteRecords: 'own', holds: [hold] })).topics!.targets[0],
    ).toMatchObject({
      partitions: [{ before: 0, deleted: 0 }],
    })
    expect(left(other)).toHaveLength(1)
  })

  it('refuses a topic that is another by now, takes growth, and names the right that is missing', async () => {
    const world = await topicsWorld()
    await world.publish([{ id: 'C-1', n: 1 }])
    const order = await plan(world, ['C-1'])
    const topic = world.cluster.topics.get('out')!
    const refused = async (code: string, message: RegExp) => {
      await expect(apply(world, order)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      })
      expect(left(world).filter(({ value }) => value === null)).toEqual([])
    }
    topic.rights = new Set(['read', 'describe'])
    expect((await plan(world, ['C-1'])).topics!.targets[0]!.says.join()).toContain('lacks the right Write')
    await refused('right-missing', /Write/)
    topic.rights = undefined
    const { id } = topic
    topic.id = 'another'
    await refused('target-changed', /made again/)
    expect(await states(world, order)).toEqual(['not searched', 'verified absent'])
    topic.id = id
    topic.settings = DELETING
    await refused('target-changed', /not compacted any more/)
    topic.settings = { 'cleanup.policy': 'compact' }
    world.cluster.topics.delete('out')
    await expect(apply(world, order)).rejects.toMatchObject({ code: 'target-changed' })
    expect(await states(world, order)).toEqual(['not searched', 'verified absent'])
    world.cluster.topics.set('out', topic)
    world.cluster.id = 'cluster-2'
    await expect(apply(world, order)).rejects.toMatchObject({ code: 'order-invalid' })
    world.cluster.id = 'cluster-1'
    await expect(
      applyErasure(order, world.suppression, world.setting({ topics: undefined })),
    ).rejects.toMatchObject({
      code: 'bad-option',
    })
    // Growth: of the same key it is covered, of others it is left alone.
    await world.publish([
      { id: 'C-2', n: 1 },
      { id: 'C-1', n: 2 },
    ])
    expect(await apply(world, order)).toMatchObject({ applied: 1 })
    world.cluster.compact('out')
    expect(left(world)).toHaveLength(1)
    expect(await states(world, order)).toEqual(['verified absent', 'verified absent'])
  })

  it('goes on where it was cut short', async () => {
    const world = await topicsWorld(BY_KEY, { 'cleanup.policy': 'compact,delete', 'retention.ms': '3600000' })
    await world.publish([
      { id: 'C-1', n: 1 },
      { id: 'C-1', n: 2 },
    ])
    const order = await plan(world, ['C-1'], { deleteRecords: 'own' })
    const { admin, stored } = world.setting().topics!
    const cut = { ...admin, deleteRecords: () => Promise.reject(new Error('cut')) }
    await expect(
      applyErasure(order, world.suppression, world.setting({ topics: { admin: cut, stored } })),
    ).rejects.toThrow('cut')
    expect(left(world)).toHaveLength(3)
    expect(await apply(world, order)).toMatchObject({ applied: 1 })
    expect(left(world).map(({ value }) => value)).toEqual([null])
    expect(await states(world, order)).toEqual(['requested', 'verified absent'])
  })

  it('locates records by partition and offset, with no value', async () => {
    const world = await topicsWorld(BY_KEY, DELETING, { partitions: 2 })
    await world.publish([
      { id: 'C-1', n: 1 },
      { id: 'C-1', n: 2 },
      { id: 'C-2', n: 3 },
      { id: 'C-1', n: 4 },
      { id: 'C-1', n: 5, partition: 1 },
    ])
    const searches = searchesFor([world.search], ['C-1'])
    const located = await locateRecords(
      { searches, keyChecks: {}, holds: [], heldAt: NOW },
      [],
      world.setting().topics!,
    )
    expect(located[0]).toEqual({
      target: 'topic:out',
      read: 5,
      found: 4,
      partitions: [
        {
          partition: 0,
          found: 3,
          offsets: [
            [0, 1],
            [3, 3],
          ],
        },
        { partition: 1, found: 1, offsets: [[0, 0]] },
      ],
      unsearched: [],
    })
  })
})
