/** Data sets of streams as targets: rows go, and what the stream goes by stays. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { DatasetFolder } from '../../../src/datasets/dataset-folder.ts'
import type { RangeFile } from '../../../src/datasets/range-file.ts'
import { rangeName } from '../../../src/datasets/range-name.ts'
import type { RangeNote } from '../../../src/datasets/range-note.ts'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import { keyChecksOf, searchOf } from '../../../src/erasure/finders.ts'
import { locate } from '../../../src/erasure/locate-rows.ts'
import { openPoints } from '../../../src/erasure/receipt.ts'
import { subjectsOf } from '../../../src/erasure/subjects.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { applyOrder, planRetention, verifyOrder } from '../../../src/lifecycle/retention-orders.ts'
import { targetsOf } from '../../../src/lifecycle/stored-folder.ts'
import { addTokens } from '../../../src/lists/list-writer.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { storedTimeOf } from '../../../src/policy/published-time.ts'
import { ByteSink } from '../../../src/record/byte-sink.ts'
import { writeFrame } from '../../../src/record/columns/column-frame.ts'
import { JsonShredder } from '../../../src/record/columns/json-shredder.ts'
import { columnsOfJson, columnTree } from '../../../src/record/columns/planned-columns.ts'
import { folder } from '../cli/lethe.ts'

const DAY = 86_400_000
const NOW = Date.parse('2026-03-10T12:34:56Z')
const WRITTEN = NOW - 40 * DAY
const AT = { topic: 'shop.orders', partition: 3 }
const EXTENSIONS = { ndjson: '.ndjson.gz', parquet: '.parquet' } as const
type Format = keyof typeof EXTENSIONS

const POLICY = `policy: orders
version: 1
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day }
  postcode: { use: generalize.prefix, keep: 3 }
  n: keep
suppression:
  - { list: erasures, by: id }
retention:
  steps:
    - { after: 60d, fields: { postcode: { use: generalize.prefix, keep: 1 } } }
    - { after: 100d, then: suppress }
`
const keyset = createKeyset(new Date(NOW))
const matchKeys = new MatchKeys(createKeyset(new Date(NOW), undefined, 'match'))

interface World {
  readonly at: string
  readonly set: string
  readonly suppression: string
  readonly plan: Plan
  readonly data: DatasetFolder
  readonly format: Format
}

async function begun(format: Format): Promise<World> {
  const at = folder({ 'p.yaml': POLICY })
  const suppression = join(at, 'erasures.ndjson')
  const header = { purpose: 'suppression', domain: 'erasures', normalize: 'trim' } as const
  await addTokens(suppression, header, {}, [], new Date(NOW))
  const set = join(at, 'set')
  mkdirSync(set)
  const { plan } = await compilePolicyFile(join(at, 'p.yaml'))
  const data = new DatasetFolder({ folder: set, format, owner: 'shop/training' })
  await data.open()
  await data.begin([{ ...AT, offset: 0 }])
  return { at, set, suppression, plan: plan!, data, format }
}

type Row = readonly [id: string, days: number]

/** The file of these events, as a stream writes it, and its note. */
async function written(
  { at, plan, data, format, suppression }: World,
  first: number,
  rows: readonly Row[],
): Promise<{ readonly file: RangeFile; readonly note: RangeNote }> {
  const events = rows.map(([id, days], n) => ({
    id,
    at: new Date(NOW - days * DAY).toISOString(),
    postcode: `9${n}103`,
    n: first + n,
  }))
  writeFileSync(join(at, 'in.ndjson'), events.map((one) => `${JSON.stringify(one)}\n`).join(''))
  const output = join(at, 'out.ndjson')
  await deidentifyFiles({
    inputs: [join(at, 'in.ndjson')],
    output,
    policy: join(at, 'p.yaml'),
    keys: Keyring.fromKeyset(keyset),
    lists: { erasures: suppression },
    matchKeys,
    asOf: new Date(WRITTEN),
    workers: 1,
  })
  const lines = readFileSync(output)
  const columns = columnTree(columnsOfJson(plan))
  const file = data.range({ ...AT, first }, format === 'parquet' ? columns : undefined)
  await file.add(format === 'parquet' ? framesOf(lines, rows.length) : lines)
  const note: RangeNote = {
    ...{ v: 1, owner: 'shop/training', ...AT, first, next: first + rows.length + 2 },
    // Two offsets more: a record that was suppressed, and a marker.
    ...{ records: rows.length + 1, rows: rows.length, suppressed: 1, tombstones: 0, deadLetters: 0 },
    policy: `${plan.name}@${plan.version}#${plan.fingerprint}`,
    made: {
      judged: { from: WRITTEN - 1000, until: WRITTEN },
      keyChecks: keyChecksOf(keyset),
      time: storedTimeOf(plan),
    },
  }
  return { file, note }

  function framesOf(text: Buffer, count: number): Uint8Array {
    const shredder = new JsonShredder(columns)
    for (let n = 0, from = 0; n < count; n++, from = text.indexOf('\n', from) + 1)
      expect(shredder.add(text, from)).toBe(true)
    const sink = new ByteSink(1024)
    writeFrame(shredder.columns, count, sink)
    return sink.bytes.slice(0, sink.length)
  }
}

async function publish(world: World, first: number, rows: readonly Row[]): Promise<string> {
  const { file, note } = await written(world, first, rows)
  return await file.publish(note)
}

const nameAt = ({ format }: World, first: number): string => rangeName({ ...AT, first }, EXTENSIONS[format])
const noteAt = ({ set, format }: World, first: number): Promise<RangeNote> =>
  new DatasetFolder({ folder: set, format, owner: 'shop/training' }).note({ ...AT, first })
const published = ({ set }: World): readonly string[] =>
  readdirSync(set)
    .filter((name) => name !== '_lethe')
    .sort()
async function rowsAt(world: World, first: number): Promise<readonly { readonly n: number | string }[]> {
  const bytes = readFileSync(join(world.set, nameAt(world, first)))
  if (world.format === 'parquet')
    return (await parquetReadObjects({ file: new Uint8Array(bytes).buffer })) as { n: string }[]
  const text = gunzipSync(bytes).toString()
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}
const positionOf = async (data: DatasetFolder): Promise<number | undefined> => (await data.positions([AT]))[0]
const anew = async ({ data }: World): Promise<DatasetFolder> => {
  const again = new DatasetFolder(data.place)
  await again.open()
  return again
}

const options = { asOf: NOW, now: NOW, marginMs: 0, validMs: DAY, cannotStep: undefined, holds: [] }

describe.each(['ndjson', 'parquet'] as const)('a data set of a stream, as %s', (format) => {
  const FIRST: readonly Row[] = [
    ['a', 120],
    ['b', 80],
    ['c', 70],
  ]
  const OLD: readonly Row[] = [
    ['b', 110],
    ['b', 105],
  ]
  const LAST: readonly Row[] = [
    ['b', 50],
    ['a', 45],
  ]
  async function three(): Promise<World> {
    const world = await begun(format)
    expect(await publish(world, 0, FIRST)).toBe('published')
    expect(await publish(world, 5, OLD)).toBe('published')
    expect(await publish(world, 9, LAST)).toBe('published')
    return world
  }

  it('loses rows that are too old, and no offset', async () => {
    const world = await three()
    const { set, plan, data } = world
    const before = published(world)
    const notes = await Promise.all([0, 5, 9].map((first) => noteAt(world, first)))
    const order = await planRetention(await targetsOf([set]), plan, options)
    expect(order.untouched).toEqual([])
    expect(order.targets.map((one) => [one.rows, one.deleted, one.stepped, one.whole])).toEqual([
      [3, 1, 2, false],
      [2, 2, 0, false],
      [2, 0, 0, false],
    ])
    const setting = { plan, now: NOW, holds: [] }
    expect(await applyOrder(order, setting)).toEqual({ applied: 2, wasApplied: 0 })
    expect(published(world)).toEqual(before)
    expect((await rowsAt(world, 0)).map((row) => ({ ...row, n: Number(row.n) }))).toMatchObject([
      { n: 1, postcode: '9' },
      { n: 2, postcode: '9' },
    ])
    expect(await rowsAt(world, 5)).toEqual([])
    for (const [at, gone] of [1, 2, 0].entries()) {
      const { made, ...note } = await noteAt(world, [0, 5, 9][at]!)
      const { made: was, ...old } = notes[at]!
      const change = gone === 0 ? {} : { rows: old.rows - gone, deleted: gone, order: order.hash }
      expect(note).toEqual({ ...old, ...change })
      expect(made).toEqual(gone === 0 ? was : { ...was, judged: { from: NOW, until: NOW } })
    }
    // A process that runs, and one that starts: both go on where the last file ends, and none publishes an offset again.
    for (const folderOf of [data, await anew(world)]) expect(await positionOf(folderOf)).toBe(13)
    expect(await publish(world, 5, OLD)).toBe('taken')
    expect(await publish(world, 13, LAST)).toBe('published')
    expect(await (await anew(world)).examine()).toEqual({ files: 4, partitions: 1, foreign: 0 })
    expect(readdirSync(join(set, '_lethe')).sort()).toEqual([
      'dataset.json',
      expect.stringMatching(/17\.position$/),
    ])
    expect((await verifyOrder(order, setting)).map(({ state }) => state)).toEqual(
      Array(3).fill('verified absent'),
    )
    expect(await applyOrder(order, setting)).toEqual({ applied: 0, wasApplied: 2 })
    const again = await planRetention(await targetsOf([set]), plan, options)
    expect(again.targets.map(({ deleted, stepped }) => deleted + stepped)).toEqual([0, 0, 0, 0])
  })

  it('is erased from, whatever a stream publishes meanwhile; the receipt is open until that is searched', async () => {
    const world = await three()
    const { at, set, suppression } = world
    const searches = [await searchOf(join(at, 'p.yaml'), keyset)]
    const keyChecks = keyChecksOf(keyset)
    const located = await locate(await targetsOf([set]), ['a'], searches, keyChecks, NOW)
    expect(located.map(({ rows }) => rows)).toEqual([[[1, 1]], [], [[2, 2]]])
    const setting = { matchKeys, holds: [], now: NOW, plans: searches.map(({ plan }) => plan) }
    const subjects = subjectsOf(['a'], { searches, matchKeys, keyChecks, suppression })
    const planned = async () => planErasure(await targetsOf([set]), subjects, { ...setting, validMs: DAY })
    const found = async (order: Awaited<ReturnType<typeof planned>>) =>
      openPoints(await verifyErasure(order, suppression, setting)).map(({ code, target }) => [code, target])
    // A stream has read records of the subject, and its file has no name yet.
    const open = await written(world, 13, [['a', 44]])
    const order = await planned()
    expect(order.untouched.map(({ code }) => code)).toEqual(['being-written'])
    await applyErasure(order, suppression, setting)
    expect(await found(order)).toEqual([['not searched', expect.stringContaining('.part')]])
    expect(await open.file.publish(open.note)).toBe('published')
    expect(await found(order)).toEqual([['not absent', `file:${join(set, nameAt(world, 13))}`]])
    const second = await planned()
    await applyErasure(second, suppression, setting)
    expect(await found(second)).toEqual([])
    expect(await found(order)).toEqual([])
    expect(await positionOf(await anew(world))).toBe(16)
    const [{ tokens }] = order.subjects as [(typeof order.subjects)[number]]
    for (const first of [0, 5, 9, 13])
      expect(JSON.stringify(await rowsAt(world, first))).not.toContain(tokens[0])
    expect(await noteAt(world, 13)).toMatchObject({
      records: 2,
      rows: 0,
      suppressed: 1,
      deleted: 1,
      order: second.hash,
    })
  })

  it('goes on after kill -9, and says why it does not touch a file', async () => {
    const world = await three()
    const { set, plan } = world
    const order = await planRetention(await targetsOf([set]), plan, options)
    const name = nameAt(world, 0)
    const staged = `.${name}.${order.hash.slice(0, 12)}.retain`
    writeFileSync(join(set, staged), 'half of it')
    writeFileSync(join(set, `.${staged}.0123456789ab.part`), 'half of it')
    writeFileSync(join(set, '_lethe', `${name}.lock`), '999999999 nowhere 0123456789abcdef\n')
    const busy = applyOrder(order, { plan, now: NOW, holds: [] })
    await expect(busy).rejects.toMatchObject({ code: 'file-busy' })
    rmSync(join(set, '_lethe', `${name}.lock`))
    // A process that starts meanwhile passes by what is half-made.
    expect(await positionOf(await anew(world))).toBe(13)
    await applyOrder(order, { plan, now: NOW, holds: [] })
    expect(published(world)).toEqual([0, 5, 9].map((first) => nameAt(world, first)))
    const codes = async () =>
      (await planRetention(await targetsOf([set]), plan, options)).untouched.map(({ code }) => code)
    const whole = readFileSync(join(set, name))
    writeFileSync(join(set, name), whole.subarray(0, whole.length - 9))
    expect(await codes()).toEqual(['note-missing'])
    const other = nameAt(world, 77)
    writeFileSync(join(set, other), whole)
    expect(await codes()).toEqual(['note-missing', 'note-missing'])
    const { file, note } = await written(world, 13, [['c', 45]])
    const { made: _, ...older } = note
    await file.publish(older)
    expect((await codes()).sort()).toEqual(['note-missing', 'note-missing', 'note-older'])
  })
})
