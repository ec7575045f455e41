/**
 * The data set of a stream in an object store, over a server of S3 that is the test's own: each offset is in one object, whatever the server
 * and other processes do. `npm run proof:s3` does the like with a real one.
 */
import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { DatasetFolder } from '../../../src/datasets/dataset-folder.ts'
import type { RangeFile } from '../../../src/datasets/range-file.ts'
import { rangeName } from '../../../src/datasets/range-name.ts'
import type { RangeNote } from '../../../src/datasets/range-note.ts'
import { LetheError } from '../../../src/errors.ts'
import { TestStore } from '../../objects.ts'

const AT = { topic: 'shop.orders', partition: 3 }
const PLACE = 's3://clean/orders'

let store: TestStore
beforeAll(async () => {
  store = await TestStore.start()
})
afterAll(async () => {
  await store.stop()
})
beforeEach(() => {
  store.objects.clear()
  store.uploads.clear()
  store.asked.length = 0
  store.fault = undefined
  store.judges = true
  for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
  return () => vi.unstubAllEnvs()
})

async function begun(owner = 'p/r', folder = PLACE): Promise<DatasetFolder> {
  const data = new DatasetFolder({ folder, format: 'ndjson', owner })
  await data.open()
  if (!(await data.hasBegun())) await data.begin([{ ...AT, offset: 100 }])
  return data
}

const note = (first: number, next: number, rows: number): RangeNote => ({
  ...{ v: 1, owner: 'p/r', ...AT, first, next, records: rows, rows },
  ...{ suppressed: 0, tombstones: 0, deadLetters: 0, policy: 'x@1#ab' },
})

async function written(data: DatasetFolder, first: number, next: number, size = 0): Promise<RangeFile> {
  const file = data.range({ ...AT, first }, undefined)
  // Bytes that gzip makes no shorter.
  const more = size === 0 ? '' : randomBytes(size).toString('base64')
  for (let n = first; n < next; n++) await file.add(Buffer.from(`${n}${more}\n`))
  return file
}

async function publish(data: DatasetFolder, first: number, next: number, size = 0): Promise<string> {
  const file = await written(data, first, next, size)
  return await file.publish(note(first, next, next - first))
}

const keyOf = (first: number): string => `clean/orders/${rangeName({ ...AT, first }, '.ndjson.gz')}`
const names = (): string[] => [...store.objects.keys()].filter((name) => !name.includes('/_')).sort()
const rows = (): string[] =>
  names().flatMap((name) => gunzipSync(store.objects.get(name)!.bytes).toString().trimEnd().split('\n'))
const positionNow = async (): Promise<number | undefined> => (await (await begun()).positions([AT]))[0]
const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
    return 'nothing'
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    expect(`${error.message}${error.suggestion}`).not.toContain(store.env['AWS_SECRET_ACCESS_KEY'])
    return `${error.code}: ${error.message}`
  }
}

it('begins once, goes on where its last object ends, and keeps the position where all went for their age', async () => {
  const data = await begun()
  await data.begin([{ ...AT, offset: 7 }])
  expect(await data.positions([AT, { ...AT, partition: 4 }])).toEqual([100, undefined])
  for (const [first, next] of [
    [100, 110],
    [110, 115],
    [115, 130],
  ] as const)
    expect(await publish(data, first, next)).toBe('published')
  expect(await positionNow()).toBe(130)
  expect(rows()).toEqual(Array.from({ length: 30 }, (_, n) => String(n + 100)))
  const own = (): string[] => [...store.objects.keys()].filter((name) => name.includes('/_lethe/')).sort()
  expect(own()).toEqual([
    'clean/orders/_lethe/dataset.json',
    'clean/orders/_lethe/probe',
    `clean/orders/_lethe/${rangeName({ ...AT, first: 130 }, '.position')}`,
  ])
  expect(await data.examine()).toEqual({ files: 3, partitions: 1, foreign: 0 })
  expect(store.uploads.size).toBe(0)
  store.objects.delete(keyOf(110))
  expect(await codeOf(positionNow)).toContain(
    'dataset-damaged: s3://clean/orders/shop.orders+3+0000000000000115.ndjson.gz: the file before it ends at offset 110, so that 5 offsets are in no file',
  )
  for (const name of names()) store.objects.delete(name)
  expect(await positionNow()).toBe(130)
  expect(await codeOf(() => begun('p/other'))).toContain('dataset-mismatch')
})

it('any writers, faults of the server and lost answers: each offset is in one object, once', {
  timeout: 60_000,
}, async () => {
  const step = fc.record({
    who: fc.nat(2),
    length: fc.integer({ min: 1, max: 4 }),
    publishes: fc.boolean(),
    fault: fc.constantFrom('none', 'lost', 'broken', 'conflict', 'busy', 'killed'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      store.objects.clear()
      store.uploads.clear()
      store.fault = undefined
      const writer = async () => ({
        data: await begun(),
        first: (await positionNow())!,
        open: undefined as RangeFile | undefined,
        rows: 0,
      })
      const writers = [await writer(), await writer(), await writer()]
      for (const { who, length, publishes, fault } of steps) {
        const one = writers[who]!
        one.open ??= one.data.range({ ...AT, first: one.first }, undefined)
        for (let n = 0; n < length; n++) await one.open.add(Buffer.from(`${one.first + one.rows++}\n`))
        if (!publishes) continue
        const next = one.first + one.rows
        let hits = 0
        store.fault = (request) => {
          if (!request.startsWith('PUT ') || request.includes('_lethe') || ++hits > 1) return undefined
          if (fault === 'lost' || fault === 'broken') return fault
          if (fault === 'conflict') return [409, '<Error><Code>ConditionalRequestConflict</Code></Error>']
          return fault === 'busy' ? [503, '<Error><Code>SlowDown</Code></Error>'] : undefined
        }
        if (fault === 'killed') {
          // What it had is gone with it; the object may be there all the same.
          if (length % 2 === 0) await one.open.publish(note(one.first, next, one.rows))
          writers[who] = await writer()
          continue
        }
        const done = await one.open.publish(note(one.first, next, one.rows))
        store.fault = undefined
        one.first = done === 'published' ? next : (await one.data.positions([AT]))[0]!
        one.open = undefined
        one.rows = 0
      }
      for (const { open } of writers) await open?.discard()
      const end = (await positionNow())!
      expect(names().length === 0 ? [] : rows()).toEqual(
        Array.from({ length: end - 100 }, (_, n) => String(n + 100)),
      )
    }),
    { numRuns: 2 },
  )
})

it('of two that begin at one offset one is published, in parts or in one request; parts of the other are gone', async () => {
  const [one, other] = [await begun(), await begun()]
  // More than a part, which gzip makes no shorter.
  const MB3 = 3 << 20
  const [late, first] = [await written(one, 100, 103, MB3), await written(other, 100, 102, MB3)]
  expect(store.uploads.size).toBe(2)
  expect(await first.publish(note(100, 102, 2))).toBe('published')
  // The name alone decides, also before the mark behind the object is made.
  store.objects.delete(`clean/orders/_lethe/${rangeName({ ...AT, first: 102 }, '.position')}`)
  expect(await late.publish(note(100, 103, 3))).toBe('taken')
  expect([names().length, store.uploads.size]).toEqual([1, 0])
  expect(await one.positions([AT])).toEqual([102])
  // A process that was killed leaves its parts, which the next owner takes away; one that stood still finds them gone.
  const still = await written(other, 102, 104, MB3)
  expect(store.uploads.size).toBe(1)
  await one.dropParts(AT, 102)
  expect(store.uploads.size).toBe(0)
  await still.add(randomBytes(11 << 20))
  expect(await still.publish(note(102, 105, 3))).toBe('taken')
  expect(await one.positions([AT])).toEqual([102])
  // What is written anew under a name that is there is not taken for it.
  store.uploads.set('rewrite', {
    key: keyOf(100),
    mark: undefined,
    isChecked: false,
    begun: new Date(0),
    parts: new Map(),
  })
  await one.dropParts(AT, 102)
  expect([...store.uploads.keys()]).toEqual(['rewrite'])
  expect(rows().map((row) => row.slice(0, 3))).toEqual(['100', '101'])
})

it('an upload whose connections break, and whose last answer is lost, is published once', async () => {
  const data = await begun()
  const counts = new Map<string, number>()
  store.fault = (request) => {
    const count = (counts.get(request) ?? 0) + 1
    counts.set(request, count)
    if (/^PUT .*partNumber/.test(request) && count === 1) return 'broken'
    return /^POST .*uploadId/.test(request) && count === 1 ? 'lost' : undefined
  }
  expect(await publish(data, 100, 102, 3 << 20)).toBe('published')
  expect(await positionNow()).toBe(102)
  expect([names().length, store.uploads.size]).toEqual([1, 0])
})

it('a store that writes over what is there is refused before anything is published', async () => {
  store.judges = false
  expect(await codeOf(() => begun())).toMatch(/^dataset-unsupported: .*If-None-Match/)
  expect(names()).toEqual([])
})

it('what cannot be is an error with a code, and publishes nothing', async () => {
  const data = await begun()
  await publish(data, 100, 110)
  const list = (answer: (text: string) => string): void => {
    let lists = 0
    // Marks are listed first, then files.
    store.fault = (request) =>
      request.includes('?list-type') && ++lists === 2
        ? [200, answer('<IsTruncated>false</IsTruncated>')]
        : undefined
  }
  const row = (key: string): string => `<Contents><Key>${key}</Key><ETag>"x"</ETag><Size>1</Size></Contents>`
  const own = keyOf(100).slice(6)
  list((end) => `<ListBucketResult>${end}${row(own)}${row(own)}</ListBucketResult>`)
  expect(await codeOf(() => data.positions([AT]))).toContain('names an object twice')
  list((end) => `<ListBucketResult>${end}${row('elsewhere/x')}</ListBucketResult>`)
  expect(await codeOf(() => data.positions([AT]))).toContain('not below it')
  // One that lacks what is there gives a name that is taken.
  store.fault = (request) =>
    request.includes('?list-type')
      ? [200, '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>']
      : undefined
  expect(await data.positions([AT])).toEqual([100])
  const late = await written(data, 100, 105)
  expect(await late.publish(note(100, 105, 5))).toBe('taken')
  store.fault = undefined
  expect(rows()).toHaveLength(10)
  const answers: readonly (readonly [number, string, string])[] = [
    [403, 'SignatureDoesNotMatch', 'store-auth-failed'],
    [403, 'AccessDenied', 'store-right-missing'],
    [503, 'SlowDown', 'store-unavailable'],
    [404, 'NoSuchBucket', 'bucket-missing'],
  ]
  for (const [status, code, told] of answers) {
    const file = await written(data, 110, 112)
    store.fault = (request) =>
      request.startsWith('PUT ') ? [status, `<Error><Code>${code}</Code></Error>`] : undefined
    expect(await codeOf(() => file.publish(note(110, 112, 2))), code).toContain(told)
    store.fault = undefined
    expect(names()).toHaveLength(1)
  }
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another')
  expect(await codeOf(() => begun())).toContain('store-auth-failed')
})

it('who may not see uploads leaves them, and goes on', async () => {
  const data = await begun()
  store.fault = (request) => (request.includes('?uploads') ? [403, ''] : undefined)
  await data.dropParts(AT, 100)
  expect(store.asked.at(-1)).toMatch(/^GET .*\?uploads/)
})
