/** Manifests, shards and merges over an object store: the bytes of a run in a folder, and `_SUCCESS` where all of it counts. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { TestStore } from '../../objects.ts'
import { parquetOf } from '../../parquet.ts'
import { csvOf, ndjsonOf, place, rows } from './batch-inputs.ts'
import { type Ended, warm } from './lethe.ts'

let store: TestStore
beforeAll(async () => {
  store = await TestStore.start()
  store.pageSize = 5
})
afterAll(async () => {
  await store.stop()
})
beforeEach(() => {
  store.objects.clear()
  store.uploads.clear()
  store.asked.length = 0
  store.fault = undefined
})

const common = ['-p', 'policy.yaml', '--keys', 'keys.json']
const PLAN = ['--min-shard-bytes', '30000', '--as-of', '2026-06-01']

/** A fault in each file that is cut, which is a dead letter of a later slice. */
const data = (): Record<string, string | Uint8Array> => ({
  'in/a.csv': `\ufeff${csvOf(rows(900))}broken,row\n${csvOf(rows(300)).slice('id,name,note,gone\n'.length)}`,
  'in/deep/b.ndjson': `${ndjsonOf(rows(700))}{"id":\n${ndjsonOf(rows(300))}`,
  'in/deep/c.ndjson.gz': gzipSync(ndjsonOf(rows(200))),
  'in/e.ndjson': ndjsonOf(rows(3)),
  'in/f.parquet': parquetOf(
    (['id', 'name', 'note', 'gone'] as const).map((name) => ({
      ...{ name, type: 'STRING' as const },
      data: rows(5).map((row) => row[name]),
    })),
  ),
})

const run = async (cwd: string, ...args: string[]): Promise<Ended> =>
  await warm(args, { cwd, env: store.env })
const shard = (cwd: string, index: number, ...args: string[]): Promise<Ended> =>
  run(
    cwd,
    ...['batch', '--manifest', 's3://clean/m.json', '--shard', String(index), ...common],
    ...['-o', 's3://clean/run', '-q', ...args],
  )
const merge = (cwd: string, ...args: string[]): Promise<Ended> =>
  run(cwd, 'account', 'merge', 's3://clean/run/', '-q', '--max-dead-letters', '10', ...args)
const IN_PLACE = ['-o', 's3://clean/run/data']
const below = (prefix: string): string[] =>
  [...store.objects.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .sort()

/** A manifest of objects; gives how many shards it has. */
async function planned(cwd: string): Promise<number> {
  for (const [name, bytes] of Object.entries(data())) store.put(`raw/${name}`, Buffer.from(bytes as string))
  const made = await run(cwd, 'manifest', 's3://raw/in/', ...common, '-o', 's3://clean/m.json', ...PLAN)
  expect(made.code, made.stderr).toBe(0)
  return JSON.parse(store.text('clean/m.json')!).shards.length
}

it('give what they give in a folder, byte by byte, and are merged in their place', async () => {
  const cwd = place(data())
  const shards = await planned(cwd)
  expect(shards).toBeGreaterThan(2)
  expect((await run(cwd, 'manifest', 'in', ...common, '-o', 'm.json', ...PLAN)).code).toBe(0)
  const plan = (text: string) => {
    const { files, shards } = JSON.parse(text)
    return {
      files: files.map((one: { file: string }) => ({ ...one, file: one.file.replace('s3://raw/', '') })),
      shards,
    }
  }
  expect(plan(store.text('clean/m.json')!)).toEqual(plan(readFileSync(join(cwd, 'm.json'), 'utf8')))
  for (let index = 0; index < shards; index++) {
    const missing = await merge(cwd, ...IN_PLACE)
    expect([missing.code, below('clean/run/data/_')]).toEqual(index === 0 ? [4, []] : [1, ['writing']])
    // Half a run is no input.
    if (index < 2) {
      const half = await run(cwd, 'batch', 's3://clean/run/data/', ...common, '-o', '-', '-q', '--dry-run')
      const told =
        index === 0 ? [4, /no object with records lies below/] : [2, /_writing is named as files are/]
      expect([half.code, half.stderr]).toEqual([told[0], expect.stringMatching(told[1] as RegExp)])
    }
    const { code, stderr } = await shard(cwd, index)
    expect([code, stderr]).toEqual([0, ''])
    const own = ['--shard', String(index), ...common, '-o', 'run', '-q']
    expect((await run(cwd, 'batch', '--manifest', 'm.json', ...own)).code).toBe(0)
  }
  const elsewhere = await merge(cwd, '-o', 'clean')
  expect([elsewhere.code, elsewhere.stderr]).toEqual([
    2,
    expect.stringContaining('say -o s3://clean/run/data/'),
  ])
  // A name may be that of an object, and of a folder.
  const [some] = below('clean/run/data/').filter((name) => name.endsWith('.csv'))
  store.put(`clean/run/data/${some}/more.csv`, csvOf(rows(1)))
  const foreign = await merge(cwd, ...IN_PLACE)
  expect([foreign.code, foreign.stderr]).toEqual([1, expect.stringContaining(`${some}/ is of no shard`)])
  store.objects.delete(`clean/run/data/${some}/more.csv`)
  // Dead letters are joined as they were checked.
  const letters = 'clean/run/shards/0.dead-letters.ndjson'
  const checked = store.objects.get(letters)!
  store.fault = (request) => {
    if (request === 'HEAD /clean/dead.ndjson') store.put(letters, '{"v":1,"input":1,"line":2,"x":1}\n')
    return undefined
  }
  const swapped = await merge(cwd, ...IN_PLACE, '--dead-letter', 's3://clean/dead.ndjson')
  expect([swapped.code, swapped.stderr]).toEqual([4, expect.stringContaining('is another object than')])
  expect(below('clean/dead')).toEqual([])
  store.objects.set(letters, checked)
  // _SUCCESS comes behind all else, and once; a merge that is run again finds it.
  store.fault = (request) => (request.startsWith('DELETE ') ? [403, ''] : undefined)
  const merged = await merge(cwd, ...IN_PLACE, '--digests', '--dead-letter', 's3://clean/dead.ndjson')
  expect([merged.code, merged.stderr]).toEqual([3, ''])
  expect(store.asked.filter((one) => one.startsWith('PUT /clean/run/')).at(-1)).toBe(
    'PUT /clean/run/data/_SUCCESS',
  )
  const own = [
    'account',
    'merge',
    'run',
    '-o',
    'out',
    '-q',
    '--dead-letter',
    'dead.ndjson',
    '--max-dead-letters',
    '10',
  ]
  expect((await run(cwd, ...own)).code).toBe(3)
  // What says that the run goes on may stay; the next merge deletes it.
  store.fault = undefined
  store.asked.length = 0
  expect(below('clean/run/data/_')).toEqual(['SUCCESS', 'manifest.json', 'writing'])
  expect((await merge(cwd, ...IN_PLACE)).code).toBe(3)
  expect(store.asked.filter((one) => one.startsWith('PUT '))).toEqual([])
  expect(store.text('clean/dead.ndjson')).toBe(readFileSync(join(cwd, 'dead.ndjson'), 'utf8'))
  const names = readdirSync(join(cwd, 'out')).sort()
  expect(below('clean/run/data/')).toEqual(names)
  expect(names).toContain('_SUCCESS')
  for (const name of names)
    expect(
      store.objects.get(`clean/run/data/${name}`)!.bytes.equals(readFileSync(join(cwd, 'out', name))),
      name,
    ).toBe(true)
  // What was merged is an input, as it is; and no shard writes there any more.
  const read = await run(
    cwd,
    'batch',
    's3://clean/run/data/',
    '-p',
    'policy.yaml',
    '--keys',
    'keys.json',
    '-o',
    '-',
    '-q',
    '--dry-run',
  )
  expect(read.stderr).not.toMatch(/not-a-file|is named as files are/)
  // Verified by the summary of the merge, and no output may be there twice: under another name, or in the place of another.
  const verified = async (): Promise<readonly (number | null | string)[]> => {
    writeFileSync(join(cwd, 'sum.json'), store.text('clean/run/summary.json')!)
    const { code, stdout } = await run(cwd, 'verify', 'sum.json', 's3://clean/run/data/')
    return [code, stdout]
  }
  expect(await verified()).toEqual([0, expect.not.stringContaining('is not a file')])
  const outputs = below('clean/run/data/').filter((name) => /^\d.*csv$/.test(name))
  const [one, other] = outputs.map((name) => `clean/run/data/${name}`) as [string, string]
  const copy = `${one.replace('00001-00001', '00009-00001')}`
  store.objects.set(copy, store.objects.get(one)!)
  expect(await verified()).toEqual([1, expect.stringContaining(`${copy}: is not a file of this run`)])
  store.objects.delete(copy)
  const [manifest, kept] = [store.objects.get('clean/run/data/_manifest.json')!, store.objects.get(other)!]
  const forged = JSON.parse(manifest.bytes.toString()) as { files: { file: string }[] }
  const entry = (name: string) => forged.files.find(({ file }) => name.endsWith(`/${file}`))!
  Object.assign(entry(other), entry(one), { file: entry(other).file })
  store.put('clean/run/data/_manifest.json', JSON.stringify(forged))
  store.objects.set(other, store.objects.get(one)!)
  expect(await verified()).toEqual([1, expect.stringContaining('is not a file of this run')])
  store.objects.set(other, kept)
  store.objects.set('clean/run/data/_manifest.json', manifest)
  expect((await verified())[0]).toBe(0)
  store.objects.delete('clean/run/shards/1.summary.json')
  const late = await shard(cwd, 1)
  expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('merged and published already')])
})

it('are done again by the next try, found done, and refused where something changed', async () => {
  const cwd = place(data())
  await planned(cwd)
  // The store goes away in the midst of what a shard publishes.
  let puts = 0
  store.fault = (request) => (request.startsWith('PUT /clean/run/') && ++puts > 2 ? [503, ''] : undefined)
  expect((await shard(cwd, 0)).code).toBe(4)
  store.fault = undefined
  const before = below('clean/run/')
  expect(before.some((name) => name.startsWith('data/'))).toBe(true)
  expect(before.some((name) => name.startsWith('shards/'))).toBe(false)
  const seen = new Set<string>()
  store.fault = (request) => {
    if (!request.startsWith('PUT ') || seen.has(request)) return undefined
    seen.add(request)
    return 'lost'
  }
  expect(await shard(cwd, 0)).toMatchObject({ code: 0, stderr: '' })
  store.fault = undefined
  const whole = below('clean/run/').map((name) => store.text(`clean/run/${name}`))
  const again = await run(
    cwd,
    ...['batch', '--manifest', 's3://clean/m.json', '--shard', '0', ...common, '-o', 's3://clean/run'],
  )
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('was done before')])
  // Another process of the shard publishes the same between this one's look and its write.
  const outputs = new Map([...store.objects].filter(([name]) => name.startsWith('clean/run/data/')))
  for (const name of [
    ...outputs.keys(),
    'clean/run/shards/0.summary.json',
    'clean/run/shards/0.dead-letters.ndjson',
  ])
    store.objects.delete(name)
  store.fault = (request) => {
    const name = request.slice('PUT /'.length)
    const kept = outputs.get(name)
    if (request.startsWith('PUT ') && kept !== undefined) store.objects.set(name, kept)
    return undefined
  }
  expect(await shard(cwd, 0)).toMatchObject({ code: 0, stderr: '' })
  store.fault = undefined
  expect(below('clean/run/').map((name) => store.text(`clean/run/${name}`))).toEqual(whole)
  // Of a file that is no longer what the manifest is of nothing is left.
  const text = data()['in/deep/b.ndjson'] as string
  const last = text.lastIndexOf('"note":')
  store.put('raw/in/deep/b.ndjson', `${text.slice(0, last)}"nota":${text.slice(last + '"note":'.length)}`)
  const { shards } = JSON.parse(store.text('clean/m.json')!) as {
    shards: { slices: { file: number; slice: number }[] }[]
  }
  const changed = shards.findLastIndex(({ slices }) => slices.some(({ file }) => file === 2))
  const state = below('clean/run/')
  const refused = await shard(cwd, changed)
  expect([refused.code, refused.stderr, changed > 0]).toEqual([
    4,
    expect.stringContaining('is not the file that the manifest is of'),
    true,
  ])
  expect(below('clean/run/')).toEqual(state)
  store.put('clean/run/manifest.json', '{}')
  const foreign = await shard(cwd, changed)
  expect([foreign.code, foreign.stderr]).toEqual([
    2,
    expect.stringContaining('is of a run by another manifest'),
  ])
  const taken = await run(cwd, 'manifest', 's3://raw/in/', ...common, '-o', 's3://clean/m.json', ...PLAN)
  expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('exists already')])
})
