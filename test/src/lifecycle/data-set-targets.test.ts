/** Data sets of `lethe batch --partition-by` as targets: rows go, and the manifest is true at each instant. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import { keyChecksOf, searchOf } from '../../../src/erasure/finders.ts'
import { locate } from '../../../src/erasure/locate-rows.ts'
import { openPoints } from '../../../src/erasure/receipt.ts'
import { subjectsOf } from '../../../src/erasure/subjects.ts'
import { digestOf } from '../../../src/files/digest.ts'
import { type DataSet, dataSetForm, dataSetText } from '../../../src/forms/data-set.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { applyFiles } from '../../../src/lifecycle/apply-files.ts'
import type { Hold } from '../../../src/lifecycle/legal-hold.ts'
import { fileTarget } from '../../../src/lifecycle/may-delete.ts'
import { applyOrder, planRetention, verifyOrder } from '../../../src/lifecycle/retention-orders.ts'
import { targetsOf } from '../../../src/lifecycle/stored-folder.ts'
import type { RetentionRequest } from '../../../src/lifecycle/target.ts'
import { addTokens } from '../../../src/lists/list-writer.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import { partitionFolder, readPartitionFolder } from '../../../src/record/partition/partition-path.ts'
import { folder } from '../cli/lethe.ts'

const DAY = 86_400_000
const NOW = Date.parse('2026-03-10T12:34:56Z')
const WRITTEN = NOW - 40 * DAY

const POLICY = `policy: events
version: 1
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day }
  country: keep
  postcode: { use: generalize.prefix, keep: 3 }
  n: keep
suppression:
  - { list: erasures, by: id }
retention:
  steps:
    - { after: 60d, fields: { postcode: { use: generalize.prefix, keep: 1 } } }
    - { after: 100d, then: suppress }
`

interface Row {
  readonly id: string
  readonly at: string
  readonly country: string | null
  readonly postcode: string
  readonly n: number
}
/** `days`: how old each is at NOW. */
const rowsOf = (...many: readonly (readonly [id: string, days: number, country: string | null])[]): Row[] =>
  many.map(([id, days, country], n) => ({
    id,
    at: new Date(NOW - days * DAY).toISOString(),
    country,
    postcode: `9${n}103`,
    n,
  }))

const keyset = createKeyset(new Date(NOW))
const matchKeys = new MatchKeys(createKeyset(new Date(NOW), undefined, 'match'))

/** A data set that a batch wrote at WRITTEN. */
async function stored(
  rows: readonly Row[],
  { format = 'ndjson', by = ['country'], policy = POLICY, asOf = WRITTEN } = {},
) {
  const cells = (row: Row): string => [row.id, row.at, row.country ?? '', row.postcode, row.n].join(';')
  const isCsv = format === 'csv'
  const input = isCsv ? 'in.csv' : 'in.ndjson'
  const text = isCsv
    ? `id;at;country;postcode;n\n${rows.map((row) => `${cells(row)}\n`).join('')}`
    : rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  const at = folder({ [input]: text, 'p.yaml': isCsv ? `${policy}input: { delimiter: ";" }\n` : policy })
  const suppression = join(at, 'erasures.ndjson')
  const header = { purpose: 'suppression', domain: 'erasures', normalize: 'trim' } as const
  await addTokens(suppression, header, {}, [], new Date(NOW))
  const set = join(at, 'set')
  const batch = (output: string, then: number) =>
    deidentifyFiles({
      inputs: [join(at, input)],
      output,
      policy: join(at, 'p.yaml'),
      partitionBy: by,
      ...(format === 'ndjson' || isCsv ? {} : { outputFormat: format as 'json' | 'parquet' }),
      keys: Keyring.fromKeyset(keyset),
      lists: { erasures: suppression },
      matchKeys,
      asOf: new Date(then),
      workers: 1,
    })
  await batch(set, asOf)
  const { plan } = await compilePolicyFile(join(at, 'p.yaml'))
  return { at, set, suppression, plan: plan!, batch }
}

const filesOf = (set: string): readonly string[] =>
  readdirSync(set, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(set, name)).isFile())
    .sort()
const manifestOf = (set: string): DataSet => JSON.parse(readFileSync(join(set, '_manifest.json'), 'utf8'))

/** The rows of a file, whatever its format. */
async function readRows(file: string): Promise<readonly unknown[]> {
  const bytes = readFileSync(file)
  if (file.endsWith('.parquet')) return await parquetReadObjects({ file: new Uint8Array(bytes).buffer })
  if (file.endsWith('.json')) return JSON.parse(bytes.toString())
  return bytes
    .toString()
    .split('\n')
    .slice(file.endsWith('.csv') ? 1 : 0, -1)
}

/** Whether the manifest says what is there, and accounts for all that was. */
async function expectTrue(set: string, records: number): Promise<DataSet> {
  const manifest = manifestOf(set)
  expect(dataSetForm.parse(manifest)).toEqual(manifest)
  const names = manifest.files.map(({ file }) => file)
  expect(filesOf(set)).toEqual(['_SUCCESS', '_manifest.json', ...names].sort())
  let deleted = (manifest.gone ?? []).reduce((sum, one) => sum + one.deleted, 0)
  for (const { file, bytes, sha256, next, ...listed } of manifest.files) {
    expect(await digestOf(join(set, file))).toEqual({ bytes, sha256 })
    expect(await readRows(join(set, file))).toHaveLength(listed.records)
    expect(next).toBeUndefined()
    deleted += listed.deleted ?? 0
  }
  expect(manifest.records).toBe(manifest.files.reduce((sum, one) => sum + one.records, 0))
  expect(manifest.records + deleted).toBe(records)
  return manifest
}

const options = (holds: readonly Hold[] = []) => ({
  asOf: NOW,
  now: NOW,
  marginMs: 0,
  validMs: DAY,
  cannotStep: undefined,
  holds,
})

async function erasing(world: Awaited<ReturnType<typeof stored>>, ids: readonly string[]) {
  const searches = [await searchOf(join(world.at, 'p.yaml'), keyset)]
  const keyChecks = keyChecksOf(keyset)
  const { suppression } = world
  const setting = { matchKeys, holds: [], now: NOW, plans: searches.map(({ plan }) => plan) }
  const subjects = subjectsOf(ids, { searches, matchKeys, keyChecks, suppression })
  const order = await planErasure(await targetsOf([world.set]), subjects, { ...setting, validMs: DAY })
  return { order, setting, searches, keyChecks }
}

describe('a data set', () => {
  const rows = rowsOf(
    ['a', 50, 'DE'],
    ['b', 70, 'DE'],
    ['a', 120, 'DE'],
    ['b', 110, 'FR'],
    ['c', 101.9, 'FR'],
    ['c', 55, null],
    ['a', 99, 'A/T'],
  )

  it.each(['ndjson', 'csv', 'json', 'parquet'])(
    'comes to what a batch of the later day would have written: %s',
    async (format) => {
      const world = await stored(rows, { format })
      const { at, set, plan, batch } = world
      await batch(join(at, 'now'), NOW)
      const order = await planRetention(await targetsOf([set]), plan, options())
      expect(order.untouched).toEqual([])
      expect(order.targets.map(({ deleted, stepped, whole }) => [deleted, stepped, whole])).toEqual([
        [0, 1, false],
        [1, 1, false],
        [2, 0, true],
        [0, 0, false],
      ])
      expect(await applyOrder(order, { plan, now: NOW, holds: [] })).toEqual({ applied: 3, wasApplied: 0 })
      const manifest = await expectTrue(set, rows.length)
      expect(manifest.gone).toEqual([
        { deleted: 2, order: order.hash, sha256: order.targets[2]!.digest.sha256 },
      ])
      expect(manifest.files.map(({ deleted, order: by }) => [deleted, by === order.hash])).toEqual([
        [1, true],
        [undefined, false],
        [undefined, true],
      ])
      const folders = (name: string) =>
        filesOf(name)
          .filter((file) => file.includes('='))
          .map((file) => [dirname(file), join(name, file)] as const)
      expect(folders(set).map(([name]) => name)).toEqual(folders(join(at, 'now')).map(([name]) => name))
      for (const [place, [name, file]] of folders(set).entries())
        expect(await readRows(file), name).toEqual(await readRows(folders(join(at, 'now'))[place]![1]))
      expect(await verifyOrder(order, { plan, now: NOW, holds: [] })).toMatchObject(
        Array(4).fill({ state: 'verified absent' }),
      )
      expect(await applyOrder(order, { plan, now: NOW, holds: [] })).toEqual({ applied: 0, wasApplied: 3 })
      const again = await planRetention(await targetsOf([set]), plan, options())
      expect(again.targets.map(({ deleted, stepped }) => deleted + stepped)).toEqual([0, 0, 0])
    },
  )

  it.each([['country'], ['id'], ['at', 'id']])(
    'has no row of a subject, nor a folder of theirs: by %s',
    async (...by) => {
      const world = await stored(rows, { by })
      const { order, setting, searches, keyChecks } = await erasing(world, ['a'])
      expect(order.untouched).toEqual([])
      const located = await locate(await targetsOf([world.set]), ['a'], searches, keyChecks, NOW)
      expect(located.reduce((sum, { found }) => sum + found, 0)).toBe(3)
      const [{ tokens }] = order.subjects as [(typeof order.subjects)[number]]
      await applyErasure(order, world.suppression, setting)
      expect(openPoints(await verifyErasure(order, world.suppression, setting))).toEqual([])
      await expectTrue(world.set, rows.length)
      for (const name of readdirSync(world.set, { recursive: true, encoding: 'utf8' })) {
        const file = join(world.set, name)
        const text = name + (statSync(file).isFile() ? readFileSync(file, 'latin1') : '')
        for (const token of tokens) expect(text).not.toContain(token)
      }
      // What a backup brings back is found again.
      const moved = await erasing(world, ['b'])
      rmSync(
        join(
          world.set,
          moved.order.targets.find(({ deleted }) => deleted > 0)!.target.slice(`file:${world.set}/`.length),
        ),
      )
      await expect(applyErasure(moved.order, world.suppression, moved.setting)).rejects.toMatchObject({
        code: 'target-changed',
      })
      expect((await erasing(world, ['b'])).order.untouched).toMatchObject([{ code: 'not-there' }])
    },
  )

  it('judges rows by an event time that only their folder tells, and moves none to another folder', async () => {
    const policy = POLICY.replace('60d', '90d').replace(
      '{ postcode:',
      '{ at: { use: generalize.date, to: year }, postcode:',
    )
    const world = await stored(rows, { by: ['at'], policy })
    const { set, plan } = world
    const order = await planRetention(await targetsOf([set]), plan, options())
    const counts = (one: typeof order) => one.targets.map(({ deleted, cannotStep }) => [deleted, cannotStep])
    // By age: 120, 110, 101.9, 99, 70, 55, 50 days.
    expect(counts(order)).toEqual([1, 1, 1, 0, 0, 0, 0].map((deleted, n) => [deleted, n === 3 ? 1 : 0]))
    expect(order.targets[3]!.unsteppable).toMatchObject([
      { field: 'at', why: expect.stringContaining('parts') },
    ])
    const field = await planRetention(await targetsOf([set]), plan, {
      ...options(),
      cannotStep: 'drop-field',
    })
    expect(counts(field)).toEqual(counts(order))
    await applyOrder(order, { plan, now: NOW, holds: [] })
    const dropping = await planRetention(await targetsOf([set]), plan, {
      ...options(),
      cannotStep: 'drop-row',
    })
    expect(counts(dropping)).toEqual([1, 0, 0, 0].map((deleted) => [deleted, 0]))
    await applyOrder(dropping, { plan, now: NOW, holds: [] })
    expect((await expectTrue(set, rows.length)).records).toBe(3)
  })

  it('goes on from wherever it was killed, and the manifest is true there', async () => {
    const { at, set, plan } = await stored(rows)
    const [before, partly] = [join(at, 'before'), join(at, 'partly')]
    cpSync(set, before, { recursive: true })
    const order = await planRetention(await targetsOf([set]), plan, options())
    const again = () => applyOrder(order, { plan, now: NOW, holds: [] })
    await again()
    cpSync(set, partly, { recursive: true })
    const [old, done] = [manifestOf(before), manifestOf(set)]
    const changing = {
      ...old,
      files: old.files.map((one) => {
        const { file, ...next } = done.files.find(({ file: name }) => name === one.file) ?? { file: '' }
        if (file === '') return { ...one, next: null }
        return 'order' in next ? { ...one, next } : one
      }),
      gone: done.gone,
    }
    const changed = changing.files.filter((one) => 'next' in one)
    expect(changed).toHaveLength(3)
    for (const which of [0b000, 0b011, 0b101, 0b111]) {
      rmSync(set, { recursive: true })
      cpSync(before, set, { recursive: true })
      for (const [bit, { file, next }] of changed.entries()) {
        const staged = join(set, dirname(file), `.${basename(file)}.${order.hash.slice(0, 12)}.retain`)
        if ((which & (1 << bit)) === 0) writeFileSync(staged, 'half of it')
        else if (next === null) rmSync(join(set, file))
        else copyFileSync(join(partly, file), join(set, file))
      }
      writeFileSync(join(set, '_manifest.json'), JSON.stringify(changing))
      for (const target of await targetsOf([set])) {
        const found = await target.survey({ plan, ...options(), heldAt: NOW })
        // Whatever stands there is known.
        if ('code' in found) expect(['left-over', 'not-there']).toContain(found.code)
      }
      const { applied } = await again()
      expect(applied).toBe(3 - [...changed.keys()].filter((bit) => which & (1 << bit)).length)
      expect(manifestOf(set)).toEqual(done)
      await expectTrue(set, rows.length)
    }
  })

  it('leaves nothing of what it made beside, where the manifest cannot be written', async () => {
    const { set, plan } = await stored(rows)
    const order = await planRetention(await targetsOf([set]), plan, options())
    const manifest = join(set, '_manifest.json')
    let isAsked = false
    const request: RetentionRequest = {
      ...{ plan, asOf: NOW, cannotStep: undefined, holds: [], heldAt: NOW },
      // Read while the first file is made.
      get marginMs() {
        if (!isAsked) writeFileSync(manifest, '{"lethe":"data-set"}')
        isAsked = true
        return 0
      },
    }
    const before = filesOf(set)
    const planned = order.targets.filter(({ deleted, stepped }) => deleted + stepped > 0)
    await expect(applyFiles(planned, order.hash, request)).rejects.toMatchObject({ code: 'target-changed' })
    expect(isAsked).toBe(true)
    expect(filesOf(set)).toEqual(before)
  })

  it('keeps what is held, and says why it does not touch a file', async () => {
    const { set, plan } = await stored(rows)
    const hold: Hold = {
      ...{
        id: 'h00000001',
        target: fileTarget(join(set, 'country=DE')),
        from: null,
        until: null,
        owner: 'legal',
      },
      ...{
        reason: 'case 512, all of it',
        kept: null,
        added: NOW - DAY,
        expires: NOW + DAY,
        released: undefined,
      },
    }
    const order = await planRetention(await targetsOf([set]), plan, options([hold]))
    expect(order.targets.map(({ deleted, held }) => [deleted, held.fromDeletion])).toEqual([
      [0, 0],
      [0, 1],
      [2, 0],
      [0, 0],
    ])
    // It came since.
    const late = await planRetention(await targetsOf([set]), plan, options())
    await expect(applyOrder(late, { plan, now: NOW, holds: [hold] })).rejects.toMatchObject({
      code: 'target-held',
    })
    // The one before it is done, and the manifest says so.
    expect(manifestOf(set).files.filter((one) => one.order === late.hash)).toHaveLength(1)
    await expectTrue(set, rows.length)
    const codes = async () =>
      (await planRetention(await targetsOf([set]), plan, options())).untouched.map(({ code }) => code)
    mkdirSync(join(set, 'country=IT'))
    writeFileSync(join(set, 'country=IT/part-00009.ndjson'), '{}\n')
    expect(await codes()).toEqual(['not-in-manifest'])
    const first = manifestOf(set).files[0]!.file
    writeFileSync(join(set, first), '{}\n')
    expect((await codes()).sort()).toEqual(['changed-since', 'not-in-manifest'])
    writeFileSync(join(set, '_manifest.json'), '{"lethe":"data-set"}')
    expect(new Set(await codes())).toEqual(new Set(['manifest-malformed']))
  })

  it('touches nothing where a manifest names what lies elsewhere, or names it twice', async () => {
    for (const name of [
      '../in.csv',
      'country=DE/../../in.csv',
      '/in.csv',
      'country=DE//in.csv',
      './in.csv',
      'twice',
    ]) {
      const { at, set, plan } = await stored(rows)
      const order = await planRetention(await targetsOf([set]), plan, options())
      writeFileSync(join(at, 'in.csv.lethe.json'), 'of another file')
      const { files, ...manifest } = manifestOf(set)
      const stolen = name === 'twice' ? files[0]! : { ...files[0]!, file: name, next: null }
      writeFileSync(join(set, '_manifest.json'), dataSetText({ ...manifest, files: [...files, stolen] }))
      await expect(applyOrder(order, { plan, now: NOW, holds: [] })).rejects.toMatchObject({
        code: 'target-changed',
      })
      expect(readFileSync(join(at, 'in.csv.lethe.json'), 'utf8'), name).toBe('of another file')
      const { targets, untouched } = await planRetention(await targetsOf([set]), plan, options())
      expect([targets, new Set(untouched.map(({ code }) => code))]).toEqual([
        [],
        new Set(['manifest-malformed']),
      ])
    }
  })

  it('keeps manifest and sidecars together, where shards have left both', async () => {
    const { at, plan } = await stored(rows)
    const set = join(at, 'shards')
    mkdirSync(set)
    for (const name of ['a.ndjson', 'b.ndjson'])
      await deidentifyFiles({
        inputs: [join(at, 'in.ndjson')],
        output: join(set, name),
        policy: join(at, 'p.yaml'),
        keys: Keyring.fromKeyset(keyset),
        lists: { erasures: join(at, 'erasures.ndjson') },
        matchKeys,
        asOf: new Date(WRITTEN),
        workers: 1,
      })
    const digests = await Promise.all(['a.ndjson', 'b.ndjson'].map((name) => digestOf(join(set, name))))
    const { name, version, purpose, fingerprint } = plan
    const files = ['a.ndjson', 'b.ndjson'].map((file, n) => ({ file, records: rows.length, ...digests[n]! }))
    const made = { policy: { name, version, purpose, fingerprint }, asOf: new Date(WRITTEN).toISOString() }
    writeFileSync(
      join(set, '_manifest.json'),
      dataSetText({ ...made, keyChecks: keyChecksOf(keyset), records: 2 * rows.length, files }),
    )
    const order = await planRetention(await targetsOf([set]), plan, options())
    expect(await applyOrder(order, { plan, now: NOW, holds: [] })).toEqual({ applied: 2, wasApplied: 0 })
    for (const { file, bytes, sha256, order: by } of manifestOf(set).files) {
      expect(await digestOf(join(set, file))).toEqual({ bytes, sha256 })
      const sidecar = JSON.parse(readFileSync(join(set, `${file}.lethe.json`), 'utf8'))
      expect(sidecar).toMatchObject({ file: { bytes, sha256 }, order: by })
    }
    expect(readdirSync(set).filter((one) => one.startsWith('.'))).toEqual([])
    expect(await applyOrder(order, { plan, now: NOW, holds: [] })).toEqual({ applied: 0, wasApplied: 2 })
  })
})

it('reads the folder of a partition back', () => {
  for (const value of ['DE', 'A/T', 'a=b', '100%', 'a b', '.', 'x.', '%2F', 'é', null]) {
    const name = partitionFolder('a.b=c', value)!
    expect(readPartitionFolder(name)).toEqual({ label: 'a.b=c', value })
  }
  expect(readPartitionFolder('country')).toBeUndefined()
})
