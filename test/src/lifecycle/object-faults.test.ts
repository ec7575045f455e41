/**
 * What others do to an object store while orders are at work there, and names that none should have: no row stays of which a receipt says that it
 * is gone, nothing of another is lost, and what was cut short can be mended.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import { keyChecksOf } from '../../../src/erasure/finders.ts'
import { locate } from '../../../src/erasure/locate-rows.ts'
import { erasureLines } from '../../../src/erasure/print-erasure.ts'
import { openPoints } from '../../../src/erasure/receipt.ts'
import { dataSetsAround, keeperOf } from '../../../src/lifecycle/keeper-of.ts'
import type { Hold, TargetName } from '../../../src/lifecycle/legal-hold.ts'
import { applyOrder, planRetention } from '../../../src/lifecycle/retention-orders.ts'
import { permitsOf, StoredFile } from '../../../src/lifecycle/stored-file.ts'
import { targetsOf } from '../../../src/lifecycle/stored-folder.ts'
import { sidecarName, stagedName } from '../../../src/lifecycle/stored-names.ts'
import type { TargetRequest } from '../../../src/lifecycle/target.ts'
import { fileOf, orderText } from '../../../src/lifecycle/work-order.ts'
import { TestStore } from '../../objects.ts'
import { DAY, keyset, matchKeys, NOW, storedWorld, subjectsIn, type World } from './stored-world.ts'

const BASE = 's3://clean/lake'
const A = 'clean/lake/files/a.ndjson'
const OLD = 'clean/lake/files/old.ndjson'

let store: TestStore
let world: World
let before: TestStore['objects']

beforeAll(async () => {
  store = await TestStore.start()
  store.pageSize = 1000
  for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
  world = await storedWorld(folder(), BASE)
  before = new Map(store.objects)
  vi.unstubAllEnvs()
})
afterAll(async () => {
  rmSync(world.at, { recursive: true, force: true })
  await store.stop()
})
const folder = (): string => mkdtempSync(join(tmpdir(), 'lethe-test-'))
function restore(): void {
  store.objects.clear()
  for (const [name, kept] of before) store.objects.set(name, kept)
}
beforeEach(() => {
  restore()
  for (const one of [store.uploads, store.versions, store.versioned, store.suspended]) one.clear()
  store.fault = undefined
  for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
  // Buckets are looked at once by each client.
  vi.stubEnv('AWS_TEST_RUN', String(Math.random()))
  return () => vi.unstubAllEnvs()
})

const erasing = (holds: readonly Hold[] = []) => ({
  ...{ matchKeys, holds, now: NOW, plans: world.searches.map(({ plan }) => plan) },
})
const orderOf = async (ids: readonly string[], names: readonly string[], more: object = {}) =>
  await planErasure(await targetsOf(names), subjectsIn(world, ids), {
    ...{ ...erasing(), validMs: DAY, ...more },
  })
type Order = Awaited<ReturnType<typeof orderOf>>
const apply = (order: Order, more: object = {}) =>
  applyErasure(order, world.suppression, { ...erasing(), ...more })
const opened = async (order: Order) =>
  openPoints(await verifyErasure(order, world.suppression, erasing())).filter(({ target }) => target !== null)
const hold = (target: TargetName, more: Partial<Hold> = {}): Hold => ({
  ...{ id: 'h00000001', target, from: null, until: null, owner: 'legal', reason: 'case 512, all of it' },
  ...{ kept: null, added: NOW - DAY, expires: NOW + DAY, released: undefined, ...more },
})
const EVERYONE = ['a', 'b', 'c', 'd']

describe('names', () => {
  const upload = { mark: undefined, isChecked: false, begun: new Date(NOW), parts: new Map() }

  it('that nobody should give to an object or an upload are told of, and stop no command', async () => {
    const keys = [
      'clean/lake/x//y//z.ndjson',
      'clean/lake/fo\u001b[31mlder\n/z.ndjson',
      `clean/lake/${'k'.repeat(1008)}.csv`,
    ]
    for (const key of keys) store.put(key, 'a\n')
    store.uploads.set('u1', { key: 'clean/lake/u//v//w.ndjson', ...upload })
    store.uploads.set('u2', { key: 'clean/lake/named/as/a/folder.csv/', ...upload })
    store.uploads.set('u3', { key: `clean/lake/${'u'.repeat(1010)}.csv`, ...upload })
    const order = await orderOf(['nobody'], [BASE])
    const told = order.untouched.map(({ target, code }) => [
      target.slice('file:s3://clean/lake/'.length),
      code,
    ])
    expect(told.map(([name, code]) => [name!.slice(0, 30), code]).sort()).toEqual(
      [
        ['x//y//z.ndjson', 'unreadable-name'],
        ['fo\u001b[31mlder\n/z.ndjson', 'unreadable-name'],
        ['k'.repeat(30), 'no-sidecar'],
        ['u//v//w.ndjson', 'unreadable-name'],
        ['named/as/a/folder.csv/', 'unreadable-name'],
        [`.${'u'.repeat(29)}`, 'upload-open'],
      ].sort(),
    )
    expect(await opened(order)).toHaveLength(6)
    store.uploads.delete('u3')
    expect(await opened(order)).toHaveLength(5)
  })

  it('of objects that are as long as they may be leave room for what stands beside them, or are told of', async () => {
    const [long, longest] = [`clean/${'n'.repeat(1003)}.ndjson`, `clean/${'f'.repeat(1000)}/a.ndjson`]
    for (const name of [long, longest]) {
      store.objects.set(name, store.objects.get(A)!)
      store.objects.set(sidecarName(name), store.objects.get(sidecarName(A))!)
    }
    const order = await orderOf(['a'], [`s3://${long}`, `s3://${longest}`])
    expect(order.untouched).toMatchObject([{ target: `file:s3://${longest}`, code: 'unreadable-name' }])
    await apply(order)
    expect((await opened(order)).map(({ target }) => target)).toEqual([`file:s3://${longest}`])
  })

  it('of files on a disk, beside which nothing can stand, stop no command either', async () => {
    const at = folder()
    writeFileSync(join(at, `${'n'.repeat(250)}.csv`), 'a\n')
    expect((await orderOf(['nobody'], [at])).untouched).toMatchObject([{ code: 'no-sidecar' }])
    rmSync(at, { recursive: true, force: true })
  })

  it('of files that are half-made on a disk are of rows here too, unless they are empty', async () => {
    const names = ['files/.a.ndjson.0123456789ab.part', 'orders/_lethe/.b.ndjson.gz.0123456789ab.retain']
    for (const name of names) store.put(`clean/lake/${name}`, 'a\n')
    store.put('clean/lake/files/.probe.000000000000.part', '')
    const order = await orderOf(['nobody'], [BASE])
    expect(order.untouched.map(({ target, code }) => [target, code])).toEqual(
      names.map((name) => [`file:${BASE}/${name}`, 'left-over']),
    )
    expect(await opened(order)).toHaveLength(2)
    for (const name of names) store.objects.delete(`clean/lake/${name}`)
    expect(await opened(order)).toEqual([])
  })
})

it('is not said to have deleted what a legal hold kept, and another one moved away then', async () => {
  for (const name of [OLD, 'clean/lake/set/country=FR/part-00001.ndjson']) {
    restore()
    const order = await orderOf(EVERYONE, [`s3://${name}`])
    expect(order.targets).toMatchObject([{ whole: true }])
    const held = { lookAgain: () => [hold('file:s3://clean/lake/')] }
    await expect(apply(order, held)).rejects.toMatchObject({ code: 'target-held' })
    for (const one of [name, sidecarName(name)]) store.objects.delete(one)
    // The manifest of a data set is settled by the next order.
    await apply(await orderOf(EVERYONE, [`${BASE}/set/`])).catch(() => {})
    expect(await opened(order)).toMatchObject([{ target: `file:s3://${name}`, code: 'not searched' }])
  }
})

it('takes away nothing that another was about to put there, though it is the same', async () => {
  const order = await planRetention(await targetsOf([`${BASE}/set/`]), world.plan, {
    ...{ asOf: NOW, now: NOW, marginMs: 0, validMs: DAY, cannotStep: undefined, holds: [] },
  })
  const planned = order.targets.filter(({ deleted, stepped }) => deleted + stepped > 0)
  expect(planned.length).toBeGreaterThan(1)
  const request: TargetRequest = {
    ...{ plan: world.plan, asOf: NOW, marginMs: 0, cannotStep: undefined, holds: [], heldAt: NOW },
  }
  const begin = async () => {
    const keeper = await keeperOf(fileOf(planned[0]!.target))
    const changes = []
    for (const one of planned) {
      const change = await new StoredFile(fileOf(one.target)).stage(one, order.hash, request, keeper)
      if (typeof change !== 'string') changes.push(change)
    }
    await keeper.begin(changes, permitsOf(request))
    return { keeper, changes }
  }
  const [one, other] = [await begin(), await begin()]
  await other.keeper.giveUp(other.changes, true, permitsOf(request))
  // That one is killed behind its last request.
  for (const change of one.changes.slice(1)) await new StoredFile(change.file).swap(change, request)
  for (const change of [...one.changes, ...other.changes])
    new StoredFile(change.file).discard(change, request)
  const { applied } = await applyOrder(order, { plan: world.plan, now: NOW, holds: [] })
  expect(applied).toBe(1)
})

it('goes on by another order where one was cut short between an object and what tells of it', async () => {
  const at = folder()
  const onDisk = join(at, 'a.ndjson')
  const order = await orderOf(['a'], [`s3://${A}`])
  store.fault = (request) => (/^PUT .*\/a\.ndjson\.lethe\.json$/.test(request) ? [403, ''] : undefined)
  await expect(apply(order)).rejects.toMatchObject({ code: 'store-right-missing' })
  store.fault = undefined
  const cut = [A, sidecarName(A), sidecarName(stagedName(`s3://${A}`, order.hash)).slice('s3://'.length)]
  for (const name of cut) {
    const file = join(at, name.slice(dirname(A).length + 1))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, store.objects.get(name)!.bytes)
  }
  for (const name of [`s3://${A}`, onDisk]) {
    const [located] = await locate(await targetsOf([name]), ['b'], world.searches, keyChecksOf(keyset), NOW)
    expect(located).toMatchObject({ found: 2, rows: [[1, 2]], unsearched: [] })
    const other = await orderOf(['b'], [name])
    expect(other.untouched).toEqual([])
    expect(await apply(other)).toMatchObject({ applied: 1 })
    expect(await opened(other)).toEqual([])
    const both = await orderOf(['a', 'b'], [name])
    expect(both.targets).toMatchObject([{ deleted: 0, rows: 2 }])
  }
  expect([...store.objects.keys()].filter((name) => !before.has(name))).toEqual([])
  expect(readdirSync(at).sort()).toEqual(['a.ndjson', 'a.ndjson.lethe.json'])
  rmSync(at, { recursive: true, force: true })
})

it('reads no rows by what tells of others', async () => {
  const order = await orderOf(['a'], [`s3://${A}`])
  const other = JSON.parse(store.text(sidecarName(A))!)
  other.file.sha256 = '0'.repeat(64)
  store.put(sidecarName(A), JSON.stringify(other))
  await expect(apply(order)).rejects.toMatchObject({ code: 'target-changed' })
})

describe('older versions', () => {
  const kept = () => store.objects.get(A)!

  it('of what was deleted before are gone by a receipt that is closed, whatever their names are', async () => {
    store.versioned.add('clean')
    const gone = [
      'clean/lake/files/gone.ndjson',
      'clean/lake/files/events',
      'clean/lake/files/events.lethe.json',
    ]
    for (const name of gone)
      store.versions.set(name, [
        { id: 'm1', kept: undefined },
        { id: 'v1', kept: kept() },
      ])
    const order = await orderOf(['nobody'], [`${BASE}/files/`], { objectVersions: 'delete' })
    const older = order.targets.filter(({ olderVersions }) => olderVersions !== undefined)
    expect(older.map(({ target }) => target).sort()).toEqual([
      'file:s3://clean/lake/files/events',
      'file:s3://clean/lake/files/gone.ndjson',
    ])
    expect(await opened(order)).toHaveLength(2)
    await apply(order)
    expect(await opened(order)).toEqual([])
  })

  it('are left where a late deletion could take what another wrote', async () => {
    store.versioned.add('clean')
    store.suspended.add('clean')
    const all = { objectVersions: 'delete' }
    store.versions.set(A, [
      { id: 'v2', kept: kept() },
      { id: 'null', kept: kept() },
    ])
    const order = await orderOf(EVERYONE, [`s3://${A}`, `s3://${OLD}`], all)
    expect(order.untouched).toMatchObject([
      { target: `file:s3://${A}`, code: 'versions-stay', message: expect.stringContaining('suspended') },
    ])
    // Right before a version is deleted another one writes the object.
    const write = () => store.remember(OLD, () => store.put(OLD, 'of another\n'))
    store.fault = (request) => {
      if (/^DELETE .*old\.ndjson\?versionId/.test(request)) write()
      return undefined
    }
    await apply(order)
    expect(store.objects.has(OLD)).toBe(false)
    expect((await opened(order)).map(({ target }) => target)).toEqual([`file:s3://${A}`])
  })

  it('that came while an order was at work stay where a legal hold is on some of them', async () => {
    store.versioned.add('clean')
    const holds = [hold(`file:s3://${A}`, { from: NOW + DAY, until: NOW + 2 * DAY })]
    const setting = { ...erasing(holds), validMs: DAY, objectVersions: 'delete' as const }
    const order = await planErasure(await targetsOf([`s3://${A}`]), subjectsIn(world, ['a']), setting)
    let wrote = false
    store.fault = (request) => {
      if (!wrote && /^PUT .*a\.ndjson\.lethe\.json$/.test(request)) {
        wrote = true
        store.remember(A, () => store.put(A, 'of another\n'))
      }
      return undefined
    }
    await expect(apply(order, { holds })).rejects.toMatchObject({ code: 'target-held' })
    expect(store.versions.get(A)).toHaveLength(3)
  })
})

it('writes no order that no command would read', async () => {
  const order = await orderOf(['a'], [`s3://${A}`])
  expect(JSON.parse(orderText(order))).toEqual(order)
  expect(() => orderText(order, 1000)).toThrow(/more targets than a work order may hold/)
})

it('looks once into each prefix for the data sets of what it tells of', async () => {
  const order = await orderOf(['a'], [BASE])
  store.asked.length = 0
  expect((await erasureLines(order, dataSetsAround())).join()).toContain('data set s3://clean/lake/set')
  const asked = store.asked.filter((one) => one.endsWith('/files/_manifest.json'))
  expect([order.targets.length, asked.length]).toEqual([10, 1])
})

it('names no copy of an object, where the folder for temporary files cannot hold it', async () => {
  const order = await orderOf(['a'], [`s3://${A}`])
  vi.stubEnv('TMPDIR', '/dev/null/nowhere')
  await expect(apply(order)).rejects.toMatchObject({
    code: 'file-unwritable',
    message: expect.stringMatching(
      /^s3:\/\/clean\/lake\/files\/a\.ndjson is read and made anew in the folder/,
    ),
  })
  const { untouched } = await orderOf(['a'], [`s3://${A}`])
  expect(untouched).toMatchObject([
    { code: 'unreadable', message: expect.stringMatching(/temporary files.*; set TMPDIR to/) },
  ])
})

it('says that another command may have been there, where only what tells of an object is gone', async () => {
  const order = await orderOf(['a'], [`s3://${A}`])
  store.objects.delete(`${A}.lethe.json`)
  await expect(apply(order)).rejects.toMatchObject({
    code: 'target-changed',
    message: expect.stringContaining('another command has deleted or changed it'),
    suggestion: 'make another order',
  })
})
