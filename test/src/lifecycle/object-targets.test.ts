/**
 * Retention and erasure in an object store, over a server of S3 that is the test's own: an order leaves there what it leaves on a disk, whatever
 * the server and other processes do. `npm run proof:s3` does the like with a real one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import { keyChecksOf } from '../../../src/erasure/finders.ts'
import { locate } from '../../../src/erasure/locate-rows.ts'
import { openPoints } from '../../../src/erasure/receipt.ts'
import type { Hold, TargetName } from '../../../src/lifecycle/legal-hold.ts'
import {
  applyOrder,
  type PlanOptions,
  planRetention,
  verifyOrder,
} from '../../../src/lifecycle/retention-orders.ts'
import { targetsOf } from '../../../src/lifecycle/stored-folder.ts'
import { TestStore } from '../../objects.ts'
import {
  contentsOf,
  DAY,
  keyset,
  matchKeys,
  NOW,
  storedWorld,
  subjectsIn,
  type World,
} from './stored-world.ts'

const BASE = 's3://clean/lake'
const PROBE = 'clean/lake/files/.probe.000000000000.part'
type Contents = Awaited<ReturnType<typeof contentsOf>>

let store: TestStore
let disk: World
let world: World
/** All objects before anything is done. */
let before: TestStore['objects']

beforeAll(async () => {
  store = await TestStore.start()
  for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
  store.pageSize = 1000
  disk = await storedWorld(folder())
  world = await storedWorld(folder(), BASE)
  before = new Map(store.objects)
  vi.unstubAllEnvs()
})
afterAll(async () => {
  for (const { at } of [disk, world]) rmSync(at, { recursive: true, force: true })
  await store.stop()
})
const folder = (): string => mkdtempSync(join(tmpdir(), 'lethe-test-'))
function restore(): void {
  store.objects.clear()
  for (const [name, kept] of before) store.objects.set(name, kept)
  store.uploads.clear()
  store.versions.clear()
  store.asked.length = 0
  store.fault = undefined
}
beforeEach(() => {
  restore()
  store.judges = true
  store.versioned.clear()
  for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
  // Buckets are looked at once by each client.
  vi.stubEnv('AWS_TEST_RUN', String(Math.random()))
  return () => vi.unstubAllEnvs()
})

const options = (holds: readonly Hold[] = [], asOf: number = NOW): PlanOptions => ({
  ...{ asOf, now: NOW, marginMs: 0, validMs: DAY, cannotStep: undefined, holds },
})
/** Some of each kind that goes by steps. */
const SOME = ['files/a.ndjson', 'files/old.ndjson', 'set/'].map((name) => `${BASE}/${name}`)
const left = () => SOME.filter((name) => name.endsWith('/') || store.objects.has(name.slice('s3://'.length)))
const planned = async ({ base, plan }: World, holds: readonly Hold[] = [], names = [base]) =>
  await planRetention(await targetsOf(names), plan, options(holds))
const setting = ({ plan }: World, holds: readonly Hold[] = []) => ({ plan, now: NOW, holds })
const erasing = ({ searches }: World, holds: readonly Hold[] = []) => ({
  ...{ matchKeys, holds, now: NOW, plans: searches.map(({ plan }) => plan) },
})
const orderOf = async (one: World, ids: readonly string[]) =>
  await planErasure(await targetsOf([one.base]), subjectsIn(one, ids), { ...erasing(one), validMs: DAY })
const now = (): Promise<Contents> => contentsOf(world, store)
const hold = (target: TargetName): Hold => ({
  ...{ id: 'h00000001', target, from: null, until: null, owner: 'legal', reason: 'case 512, all of it' },
  ...{ kept: null, added: NOW - DAY, expires: NOW + DAY, released: undefined },
})

describe('an object store', () => {
  it('is left by retention and erasure as a disk is', async () => {
    const [on, there] = [await planned(disk), await planned(world)]
    expect(there.untouched).toEqual([])
    const told = ({ targets }: typeof on) =>
      targets
        .map(({ target: _, digest: __, ...rest }) => rest)
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    expect(told(there)).toEqual(told(on))
    const done = await applyOrder(there, setting(world))
    expect(done).toEqual(await applyOrder(on, setting(disk)))
    expect(done.applied).toBeGreaterThan(8)
    expect(await now()).toEqual(await contentsOf(disk))
    expect(store.uploads.size).toBe(0)
    const states = (await verifyOrder(there, setting(world))).map(({ state }) => state)
    expect(new Set(states)).toEqual(new Set(['verified absent']))
    expect(await applyOrder(there, setting(world))).toEqual({ applied: 0, wasApplied: done.applied })

    const located = await locate(await targetsOf([BASE]), ['a'], world.searches, keyChecksOf(keyset), NOW)
    expect(located.reduce((sum, { found }) => sum + found, 0)).toBeGreaterThan(5)
    const [gone, goneThere] = [await orderOf(disk, ['a']), await orderOf(world, ['a'])]
    await applyErasure(gone, disk.suppression, erasing(disk))
    await applyErasure(goneThere, world.suppression, erasing(world))
    expect(await now()).toEqual(await contentsOf(disk))
    expect(openPoints(await verifyErasure(goneThere, world.suppression, erasing(world)))).toEqual([])
    const again = await locate(await targetsOf([BASE]), ['a'], world.searches, keyChecksOf(keyset), NOW)
    expect(again.reduce((sum, { found }) => sum + found, 0)).toBe(0)
  })

  it('goes on from wherever a command was cut short, or an answer was lost', async () => {
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
    const order = await planned(world, [], SOME)
    await applyOrder(order, setting(world))
    const done = await now()
    const requests = store.asked.length
    expect(requests).toBeGreaterThan(60)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(requests),
        fc.constantFrom('cut' as const, 'lost' as const),
        async (at, how) => {
          restore()
          let count = 0
          store.fault = () => {
            count++
            if (how === 'cut') return count > at ? 'broken' : undefined
            return count === at ? 'lost' : undefined
          }
          await applyOrder(order, setting(world)).catch(() => {})
          store.fault = undefined
          // What tells of a file is true at each instant.
          for (const target of await targetsOf([`${BASE}/set/`])) {
            const found = await target.survey({ plan: world.plan, ...options(), heldAt: NOW })
            if ('code' in found) expect(found.code).toBe('not-there')
          }
          await applyOrder(order, setting(world))
          expect(await now()).toEqual(done)
        },
      ),
      { numRuns: 5 },
    )
  })

  it('keeps commands apart that are at work at once, however slow their requests are', async () => {
    const order = await planned(world, [], SOME)
    await applyOrder(order, setting(world))
    const done = await now()
    // Not what says when retention was judged, which is later in one of them.
    const rowsOf = (contents: Contents) =>
      Object.entries(contents).filter(([name]) => !/json$/.test(name) || name === 'files/d.json')
    const later = async () => await planRetention(await targetsOf(SOME), world.plan, options([], NOW + 1))
    const MOST_MS = 40
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(MOST_MS)), async (waits) => {
        restore()
        const other = await later()
        // Long ones now and then: a command stands still while others go on.
        store.fault = async () => {
          const { value } = waits.next()
          await sleep(value > MOST_MS - 2 ? 2 * value : 0)
          return undefined
        }
        const all = [order, order, other].map((one) =>
          applyOrder(one, setting(world)).catch((error) => error),
        )
        for (const result of await Promise.all(all))
          if (result instanceof Error)
            expect(result).toMatchObject({ code: expect.stringMatching(/^(?:target-changed|file-busy)$/) })
        store.fault = undefined
        // Each can be made again, or is not of what stands there any more.
        for (const one of [order, other]) await applyOrder(one, setting(world)).catch(() => {})
        const last = await planned(world, [], left())
        expect(last.untouched).toEqual([])
        await applyOrder(last, setting(world))
        expect(rowsOf(await now())).toEqual(rowsOf(done))
        const settled = (await planned(world, [], left())).targets.filter(
          ({ deleted, stepped }) => deleted + stepped > 0,
        )
        expect(settled).toEqual([])
      }),
      { numRuns: 1 },
    )
  })

  it('knows what a request leaves that arrives when its command is dead, and another is at work', async () => {
    const set = [`${BASE}/set/`]
    const [order, other] = [
      await planned(world, [], set),
      await planRetention(await targetsOf(set), world.plan, options([], NOW - 15 * DAY)),
    ]
    const name = 'clean/lake/set/country=DE/part-00000.ndjson'
    await applyOrder(order, setting(world))
    const late = store.objects.get(name)!
    restore()
    store.fault = (request) => (request === `PUT /${name}` ? 'broken' : undefined)
    await expect(applyOrder(order, setting(world))).rejects.toMatchObject({ code: 'store-unavailable' })
    store.fault = (request) => {
      // The first write of the other one: right before, what was held back takes effect.
      if (request === `PUT /${name}` && store.objects.get(name)?.tag === before.get(name)?.tag)
        store.objects.set(name, late)
      return undefined
    }
    await expect(applyOrder(other, setting(world))).rejects.toMatchObject({ code: 'target-changed' })
    store.fault = undefined
    expect(store.objects.get(name)?.tag).toBe(late.tag)
    const last = await planned(world, [], set)
    expect(last.untouched).toEqual([])
    await applyOrder(last, setting(world))
    expect((await planned(world, [], set)).targets.map(({ deleted, stepped }) => deleted + stepped)).toEqual([
      0, 0,
    ])
  })

  it('is not touched where older versions stay, or that is not known', async () => {
    const order = await planned(world)
    store.versioned.add('clean')
    vi.stubEnv('AWS_TEST_RUN', 'versions')
    expect(new Set((await planned(world)).untouched.map(({ code }) => code))).toEqual(
      new Set(['versions-stay']),
    )
    await expect(applyOrder(order, setting(world))).rejects.toMatchObject({ code: 'target-changed' })
    expect(store.objects).toEqual(before)
    const erasure = await orderOf(world, ['a'])
    expect(erasure.targets).toEqual([])
    const open = openPoints(await verifyErasure(erasure, world.suppression, erasing(world))).filter(
      ({ target }) => target !== null,
    )
    expect(open.length).toBe(erasure.untouched.length)
    expect(new Set(open.map(({ code }) => code))).toEqual(new Set(['not searched']))
    store.versioned.clear()
    vi.stubEnv('AWS_TEST_RUN', 'right')
    store.fault = (request) => (request.includes('?versioning') ? [403, ''] : undefined)
    const [first] = (await planned(world)).untouched
    expect(first).toMatchObject({
      code: 'versions-stay',
      message: expect.stringContaining('s3:GetBucketVersioning'),
    })
  })

  describe('that keeps versions', () => {
    const deleting = async (holds: readonly Hold[] = [], names = [BASE]) =>
      await planRetention(await targetsOf(names), world.plan, {
        ...options(holds),
        objectVersions: 'delete',
      })
    const olderOf = (part: string) =>
      [...store.versions]
        .filter(([name]) => name.includes(part) && !name.includes('/.'))
        .flatMap(([, all]) => all.filter(({ kept }, at) => at > 0 || kept === undefined))

    it('has no older version of what an order was made of, where that is asked for', async () => {
      const order = await planned(world)
      await applyOrder(order, setting(world))
      const done = await now()
      restore()
      store.versioned.add('clean')
      vi.stubEnv('AWS_TEST_RUN', 'versions')
      // Before the order: what was written over, and what was deleted.
      const a = 'clean/lake/files/a.ndjson'
      const [before_, gone] = [store.objects.get(a)!, 'clean/lake/files/gone.ndjson']
      store.versions.set(a, [
        { id: 'v2', kept: before_ },
        { id: 'v1', kept: before_ },
      ])
      store.versions.set(gone, [
        { id: 'm1', kept: undefined },
        { id: 'v1', kept: before_ },
      ])
      const all = await deleting()
      expect(all.untouched).toEqual([])
      const older = all.targets.filter(({ olderVersions }) => olderVersions !== undefined)
      expect(older.map(({ target, olderVersions }) => [target, olderVersions])).toEqual([
        [`file:s3://${a}`, 1],
        [`file:s3://${gone}`, 1],
      ])
      const { applied } = await applyOrder(all, setting(world))
      expect(await now()).toEqual(done)
      expect(olderOf('clean/lake/')).toEqual([])
      expect(applied).toBeGreaterThan(8)
      const states = (await verifyOrder(all, setting(world))).map(({ state }) => state)
      expect(new Set(states)).toEqual(new Set(['verified absent']))
      expect((await applyOrder(all, setting(world))).applied).toBe(0)
      store.versions.set(gone, [
        { id: 'm1', kept: undefined },
        { id: 'v1', kept: before_ },
      ])
      const erasure = await planErasure(await targetsOf([BASE]), subjectsIn(world, ['a']), {
        ...{ ...erasing(world), validMs: DAY, objectVersions: 'delete' as const },
      })
      await applyErasure(erasure, world.suppression, erasing(world))
      expect(openPoints(await verifyErasure(erasure, world.suppression, erasing(world)))).toEqual([])
      expect(olderOf('clean/lake/')).toEqual([])
      // One that comes back is told of.
      store.versions.set(a, [...store.versions.get(a)!, { id: 'v0', kept: before_ }])
      const [open] = openPoints(await verifyErasure(erasure, world.suppression, erasing(world)))
      expect(open).toMatchObject({ target: `file:s3://${a}`, code: 'not absent' })
      const [located] = await locate(
        await targetsOf([`s3://${a}`]),
        ['b'],
        world.searches,
        keyChecksOf(keyset),
        NOW,
      )
      expect(located).toMatchObject({ found: 1, unsearched: [expect.stringContaining('older versions')] })
    })

    it('goes on from wherever a command was cut short', async () => {
      vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
      store.versioned.add('clean')
      const order = await deleting([], SOME)
      await applyOrder(order, setting(world))
      const [done, requests] = [await now(), store.asked.length]
      await fc.assert(
        fc.asyncProperty(fc.nat(requests), async (at) => {
          restore()
          let count = 0
          store.fault = () => (++count > at ? 'broken' : undefined)
          await applyOrder(order, setting(world)).catch(() => {})
          store.fault = undefined
          await applyOrder(order, setting(world))
          expect(await now()).toEqual(done)
          expect(olderOf('clean/lake/')).toEqual([])
        }),
        { numRuns: 2 },
      )
    })

    it('leaves what a legal hold keeps older versions of, and what an object lock keeps is not said to be absent', async () => {
      store.versioned.add('clean')
      const a = 'clean/lake/files/a.ndjson'
      const [kept, held] = [store.objects.get(a)!, hold('file:s3://clean/lake/files/a.ndjson')]
      store.versions.set(a, [
        { id: 'v2', kept },
        { id: 'v1', kept },
      ])
      const order = await deleting([held])
      expect(order.untouched).toMatchObject([
        { code: 'versions-stay', message: expect.stringContaining(held.id) },
      ])
      // A hold that is added since.
      const other = await deleting()
      await expect(applyOrder(other, { ...setting(world), lookAgain: () => [held] })).rejects.toMatchObject({
        code: 'target-held',
      })
      restore()
      store.versions.set(a, [
        { id: 'v2', kept },
        { id: 'v1', kept },
      ])
      store.fault = (request) => (/^DELETE .*\?versionId/.test(request) ? [403, ''] : undefined)
      await expect(applyOrder(await deleting(), setting(world))).rejects.toMatchObject({
        code: 'store-right-missing',
      })
      store.fault = undefined
      const [first] = await verifyOrder(other, setting(world))
      expect(first).toMatchObject({ state: 'not absent', message: '2 older versions of it are still there' })
    })
  })

  it('is not touched where the store judges no conditions', async () => {
    const order = await planned(world)
    store.judges = false
    await expect(applyOrder(order, setting(world))).rejects.toMatchObject({ code: 'store-refused' })
    expect(store.objects).toEqual(before)
  })

  it('is tried at one name, of which nothing is left, whatever other commands did there', async () => {
    const order = await planned(world)
    await applyOrder(order, setting(world))
    const done = await now()
    restore()
    vi.stubEnv('AWS_TEST_RUN', 'again')
    // One that was killed left it, and one that is at work takes it away.
    store.put(PROBE, '')
    let taken = 0
    store.fault = (request) => {
      if (taken < 2 && request.startsWith(`DELETE /${PROBE}`) && store.objects.delete(PROBE)) taken++
      return undefined
    }
    await applyOrder(order, setting(world))
    expect(taken).toBe(2)
    expect(await now()).toEqual(done)
  })

  it('has nothing left of an order that was cut short, where another one goes on', async () => {
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
    const a = [`${BASE}/files/a.ndjson`]
    const first = await planRetention(await targetsOf(a), world.plan, options())
    store.fault = (request) => (/^PUT .*a\.ndjson$/.test(request) ? 'broken' : undefined)
    await expect(applyOrder(first, setting(world))).rejects.toMatchObject({ code: 'store-unavailable' })
    store.fault = undefined
    const left = () => [...store.objects.keys()].filter((name) => !before.has(name))
    expect(left()).toHaveLength(1)
    const other = await planRetention(await targetsOf(a), world.plan, options([], NOW + 1))
    await applyOrder(other, setting(world))
    expect(left()).toEqual([])
    expect((await planRetention(await targetsOf(a), world.plan, options())).untouched).toEqual([])
  })

  it('has nothing left where an order was cut short right before it was done', async () => {
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
    const a = [`${BASE}/files/a.ndjson`]
    const order = await planRetention(await targetsOf(a), world.plan, options())
    store.fault = (request) => (/^DELETE .*\.retain\.lethe\.json/.test(request) ? 'broken' : undefined)
    await expect(applyOrder(order, setting(world))).rejects.toMatchObject({ code: 'store-unavailable' })
    store.fault = undefined
    const left = () => [...store.objects.keys()].filter((name) => !before.has(name))
    expect(left()).toHaveLength(1)
    expect(await applyOrder(order, setting(world))).toEqual({ applied: 0, wasApplied: 1 })
    expect(left()).toEqual([])
  })

  it('keeps what is under a legal hold', async () => {
    const held = hold('file:s3://clean/lake/files/')
    const order = await planned(world, [held])
    await applyOrder(order, setting(world, [held]))
    for (const [name, { tag }] of before)
      if (name.startsWith('clean/lake/files/')) expect(store.objects.get(name)?.tag).toBe(tag)
    const states = await verifyOrder(order, setting(world, [held]))
    expect(states.filter(({ state }) => state === 'held').map(({ target }) => target)).toHaveLength(5)
    const added = hold('file:s3://clean/lake')
    const other = await planned(world)
    await expect(applyOrder(other, { ...setting(world), lookAgain: () => [added] })).rejects.toMatchObject({
      code: 'target-held',
    })
  })

  it('refuses what another wrote meanwhile, and leaves that', async () => {
    const order = await planned(world)
    let wrote = false
    store.fault = (request) => {
      if (!wrote && /^PUT .*files\/a\.ndjson$/.test(request)) {
        wrote = true
        store.put('clean/lake/files/a.ndjson', 'of another\n')
      }
      return undefined
    }
    await expect(applyOrder(order, setting(world))).rejects.toMatchObject({ code: 'target-changed' })
    expect([wrote, store.text('clean/lake/files/a.ndjson')]).toEqual([true, 'of another\n'])
    expect([...store.objects.keys()].filter((name) => !before.has(name))).toEqual([])
  })

  it('tells of uploads that are open, of what is missing, and of names that no object should have', async () => {
    const upload = { mark: undefined, isChecked: false, begun: new Date(NOW), parts: new Map() }
    store.uploads.set('u1', { key: 'clean/lake/files/new.ndjson', ...upload })
    store.uploads.set('u2', { key: 'clean/lake/orders/shop.orders+3+0000000000000200.ndjson.gz', ...upload })
    store.put('clean/lake/files//odd.csv', 'a\n')
    store.put('clean/lake//deep/odd.csv', 'a\n')
    store.put('clean/lake/next/_writing', 'x')
    store.put('clean/lake/next/part.csv', 'a\n')
    store.objects.delete('clean/lake/set/country=FR/part-00001.ndjson')
    const order = await orderOf(world, ['nobody'])
    expect(
      order.untouched
        .map(({ target, code }) => [
          target.slice('file:s3://clean/lake/'.length).replace(/[0-9a-f]{12}(?=\.part$)/, '#'),
          code,
        ])
        .sort(),
    ).toEqual(
      [
        ['files//odd.csv', 'unreadable-name'],
        ['/deep/odd.csv', 'unreadable-name'],
        ['files/.new.ndjson.#.part', 'upload-open'],
        ['next/_writing', 'left-over'],
        ['next/part.csv', 'no-sidecar'],
        ['orders/.shop.orders+3+0000000000000200.ndjson.gz.#.part', 'being-written'],
        ['set/country=FR/part-00001.ndjson', 'not-there'],
      ].sort(),
    )
    const open = async () =>
      openPoints(await verifyErasure(order, world.suppression, erasing(world))).map(({ target }) => target)
    expect((await open()).filter((name) => name?.endsWith('.part'))).toHaveLength(2)
    store.uploads.clear()
    expect((await open()).filter((name) => name?.endsWith('.part'))).toEqual([])
    await expect(targetsOf(['s3://clean/typo/'])).rejects.toMatchObject({ code: 'file-missing' })
    store.fault = (request) => (request.includes('?uploads') ? [403, ''] : undefined)
    await expect(targetsOf([BASE])).rejects.toMatchObject({ code: 'store-right-missing' })
  })
})
