/** Legal holds on subjects, over topics: nothing of theirs is requested to go, and what is proven to be of another subject is. */
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import { keyChecksOf, searchOf } from '../../../src/erasure/finders.ts'
import { heldSubjectsOf, tellingHolds } from '../../../src/erasure/telling-holds.ts'
import type { DeleteRecords } from '../../../src/erasure/topic-form.ts'
import { addKey, disableKey, type Keyset, promoteKey } from '../../../src/keys/keyset.ts'
import type { Hold } from '../../../src/lifecycle/legal-hold.ts'
import {
  BY_KEY,
  firstKeys,
  holds as isIn,
  left,
  matchKeys,
  NOW,
  type TopicsWorld,
  topicsWorld,
  WEEK,
} from './topics-world.ts'

const secondKeys = disableKey(promoteKey(addKey(firstKeys, new Date(NOW)), 'k2'), 'k1')

async function holdOn(world: TopicsWorld, ids: readonly string[], keyset: Keyset): Promise<Hold> {
  const searches = [await searchOf(join(world.at, 'p.yaml'), keyset)]
  const hold: Hold = {
    ...{ id: 'h00000001', target: 'topic:out', from: null, until: null, owner: 'legal' },
    ...{ reason: 'case 512, all of it', kept: 'retention.ms=-1 there', added: NOW - 1, expires: NOW + WEEK },
    released: undefined,
    subjects: heldSubjectsOf(ids, { searches, matchKeys, keyChecks: keyChecksOf(keyset) }),
  }
  return tellingHolds([hold], matchKeys, NOW)[0]!
}

async function erased(world: TopicsWorld, ids: readonly string[], hold: Hold, deleteRecords?: DeleteRecords) {
  const setting = world.setting({ holds: [hold] })
  const order = await planErasure([], world.subjects(ids), { ...setting, deleteRecords })
  await applyErasure(order, world.suppression, setting)
  const { targets } = await verifyErasure(order, world.suppression, setting)
  return { order, state: targets[0]!.state, target: order.topics!.targets[0]! }
}

const IDS = ['C-1', 'C-2', 'C-3'] as const
/** The numbers of the records that are left, in the order of the log. */
const numbers = (world: TopicsWorld): readonly number[] =>
  left(world).flatMap(({ value }) =>
    value === null ? [] : [Number(/"n":(\d+)/.exec(Buffer.from(value).toString())![1])],
  )

describe('a legal hold on subjects, over topics', () => {
  it('keeps every record of theirs, and lets the records of others go', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...IDS), fc.boolean()), { minLength: 1, maxLength: 10 }),
        fc.subarray([...IDS], { minLength: 1 }),
        fc.subarray([...IDS], { minLength: 1 }),
        async (events, held, asked) => {
          const world = await topicsWorld(BY_KEY, undefined, { keyset: secondKeys })
          for (const [n, [id, isOld]] of events.entries())
            await world.publish([{ id, n }], isOld ? firstKeys : secondKeys)
          const hold = await holdOn(world, held, secondKeys)
          const stays = (id: (typeof IDS)[number]): boolean => !asked.includes(id) || held.includes(id)
          const { target, state } = await erased(world, asked, hold)
          const isHeld = events.filter(([id]) => asked.includes(id) && held.includes(id)).length
          expect(target.held).toBe(isHeld)
          if (isHeld > 0) expect(state).toBe('held')
          // Of each key the last record is left, and no tombstone: what was to go is gone.
          world.cluster.compact('out')
          const names = new Map(events.map(([id, isOld], n) => [`${id}${isOld}`, n] as const))
          const last = events.flatMap(([id, isOld], n) =>
            stays(id) && names.get(`${id}${isOld}`) === n ? [n] : [],
          )
          expect(numbers(world)).toEqual(last)
        },
      ),
      { numRuns: 12 },
    )
  })

  it('deletes records before the first that may be held, and no other', async () => {
    const world = await topicsWorld(BY_KEY, { 'cleanup.policy': 'delete', 'retention.ms': '3600000' })
    await world.publish(['C-2', 'C-2', 'C-1', 'C-2'].map((id, n) => ({ id, n })))
    const hold = await holdOn(world, ['C-1'], firstKeys)
    await erased(world, ['C-2'], hold, 'with-others')
    expect(numbers(world)).toEqual([2, 3])
  })

  it('holds what does not prove to be of another subject', async () => {
    const more = (field: string): string => `${BY_KEY}\n  ${field}: { use: hash.hmac, domain: customer }`
    const third = promoteKey(addKey(secondKeys, new Date(NOW)), 'k3')
    const cases: readonly [string, string, Keyset, { key?: string; headers?: Record<string, string> }][] = [
      ['the key names another', BY_KEY, firstKeys, { key: 'C-1' }],
      ['a header names another', more('$headers.by'), firstKeys, { headers: { by: 'C-1' } }],
      ['a key came later', BY_KEY, third, {}],
      [
        'nothing tells',
        BY_KEY.replace(/(customer\.id: .*) }/, '$1, normalize: email, else: { constant: x } }'),
        firstKeys,
        {},
      ],
    ]
    for (const [title, fields, keyset, record] of cases) {
      const world = await topicsWorld(fields, { 'cleanup.policy': 'compact' }, { keyset })
      await world.publish([{ id: 'C-2@shop.example', n: 1, ...record }])
      const hold = await holdOn(world, ['C-1'], firstKeys)
      const { target, state } = await erased(world, ['C-2@shop.example'], hold)
      expect([title, target.found, target.held, state, left(world).length]).toEqual([title, 1, 1, 'held', 1])
    }
    // And where they were not looked for.
    const world = await topicsWorld()
    await world.publish([{ id: 'C-2', n: 1 }])
    const { findersFor: _, ...untold } = await holdOn(world, ['C-1'], firstKeys)
    const { order, target } = await erased(world, ['C-2'], untold)
    expect(target).toMatchObject({ held: 1 })
    expect(left(world).every((one) => isIn(one, order.subjects[0]!.tokens[0]!))).toBe(true)
  })
})
