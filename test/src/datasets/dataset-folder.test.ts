/** The folder of a data set: which offsets its files cover, and that none is covered twice. */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { DatasetFolder } from '../../../src/datasets/dataset-folder.ts'
import { noteMember, readNoteMember } from '../../../src/datasets/gzip-note.ts'
import type { RangeFile } from '../../../src/datasets/range-file.ts'
import { rangeName, readRangeName } from '../../../src/datasets/range-name.ts'
import { type RangeNote, readNote } from '../../../src/datasets/range-note.ts'
import { ROW_FORMATS } from '../../../src/datasets/row-formats.ts'
import type { LetheError } from '../../../src/errors.ts'
import { inspectFile } from '../../../src/files/seekable.ts'

const AT = { topic: 'shop.orders', partition: 3 }

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'lethe-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function begun(path: string = folder(), owner = 'p/r', offset = 100): Promise<DatasetFolder> {
  const data = new DatasetFolder({ folder: path, format: 'ndjson', owner })
  await data.open()
  if (!(await data.hasBegun())) await data.begin([{ ...AT, offset }])
  return data
}

const note = (first: number, next: number, rows: number): RangeNote => ({
  v: 1,
  owner: 'p/r',
  ...AT,
  first,
  next,
  records: rows,
  rows,
  suppressed: 0,
  tombstones: 0,
  deadLetters: 0,
  policy: 'x@1#ab',
})

async function written(data: DatasetFolder, first: number, rows: number): Promise<RangeFile> {
  const file = data.range({ ...AT, first }, undefined)
  for (let n = 0; n < rows; n++) await file.add(Buffer.from(`{"n":${n}}\n`))
  return file
}

async function publish(data: DatasetFolder, first: number, next: number): Promise<string> {
  const file = await written(data, first, next - first)
  return await file.publish(note(first, next, next - first))
}

const nameOf = (first: number): string => rangeName({ ...AT, first }, '.ndjson.gz')
const positionIn = async (path: string): Promise<number | undefined> =>
  (await (await begun(path)).positions([AT]))[0]
const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
    return 'nothing'
  } catch (error) {
    const { code, message, suggestion } = error as LetheError
    return `${code}: ${message} -> ${suggestion}`
  }
}

it('begins where it was begun, and goes on where its last file ends', async () => {
  const path = folder()
  const data = await begun(path)
  // Who comes second finds what the first has written.
  await data.begin([{ ...AT, offset: 7 }])
  expect(await data.positions([AT, { ...AT, partition: 4 }])).toEqual([100, undefined])
  for (const topic of ['_x', '.x'])
    await expect(data.positions([{ ...AT, topic }])).rejects.toMatchObject({ code: 'dataset-unsupported' })
  expect(await publish(data, 100, 110)).toBe('published')
  expect(await publish(data, 110, 115)).toBe('published')
  expect(await positionIn(path)).toBe(115)
  expect(readdirSync(path)).toEqual(['_lethe', nameOf(100), nameOf(110)])
  expect(gunzipSync(readFileSync(join(path, nameOf(110)))).toString()).toBe(
    '{"n":0}\n{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n',
  )
  expect(readdirSync(join(path, '_lethe'))).toEqual([
    'dataset.json',
    rangeName({ ...AT, first: 115 }, '.position'),
  ])
  // A file without rows is one, too.
  const empty = data.range({ ...AT, first: 115 }, undefined)
  expect(await empty.publish({ ...note(115, 120, 0), records: 2, suppressed: 2 })).toBe('published')
  expect(await positionIn(path)).toBe(120)
})

it('gives a name once: of two that begin at one offset the second is taken back, wherever it ends', async () => {
  const path = folder()
  const [one, other] = [await begun(path), await begun(path)]
  const [first, second] = [await written(one, 100, 10), await written(other, 100, 30)]
  expect(await second.publish(note(100, 130, 30))).toBe('published')
  // As if the mark behind the file were not made yet: the name alone decides.
  rmSync(join(path, '_lethe', rangeName({ ...AT, first: 130 }, '.position')))
  expect(await first.publish(note(100, 110, 10))).toBe('taken')
  expect(await one.positions([AT])).toEqual([130])
  expect(readdirSync(join(path, '_lethe'))).toHaveLength(2)
  // Also where that file was deleted for its age since.
  const late = await written(one, 100, 10)
  rmSync(join(path, nameOf(100)))
  expect(await late.publish(note(100, 110, 10))).toBe('taken')
  // And where the file itself was taken away by the next owner of the partition.
  const lost = await written(one, 130, 1)
  await other.dropParts(AT, 130)
  expect(await lost.publish(note(130, 131, 1))).toBe('taken')
  expect(await positionIn(path)).toBe(130)
})

it('finds its file published where the answer was lost, as a server of NFS may do', async () => {
  const path = folder()
  const data = await begun(path)
  const file = await written(data, 100, 2)
  const own = join(path, '_lethe')
  const part = readdirSync(own).find((name) => name.endsWith('.part'))!
  linkSync(join(own, part), join(path, nameOf(100)))
  expect(await file.publish(note(100, 102, 2))).toBe('published')
})

it('any two writers with any points to roll at: each offset is in one file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ who: fc.nat(2), length: fc.integer({ min: 1, max: 5 }), publishes: fc.boolean() }),
        {
          minLength: 1,
          maxLength: 30,
        },
      ),
      async (steps) => {
        const path = mkdtempSync(join(tmpdir(), 'lethe-test-'))
        try {
          // Each goes by what it knows: a position from its last look at the folder.
          const writers = await Promise.all(
            [0, 1, 2].map(async () => ({
              data: await begun(path),
              first: 100,
              open: undefined as RangeFile | undefined,
              rows: 0,
            })),
          )
          for (const { who, length, publishes } of steps) {
            const writer = writers[who]!
            writer.open ??= writer.data.range({ ...AT, first: writer.first }, undefined)
            for (let n = 0; n < length; n++)
              await writer.open.add(Buffer.from(`${writer.first + writer.rows++}\n`))
            if (!publishes) continue
            const next = writer.first + writer.rows
            const done = await writer.open.publish(note(writer.first, next, writer.rows))
            writer.first = done === 'published' ? next : (await writer.data.positions([AT]))[0]!
            writer.open = undefined
            writer.rows = 0
          }
          for (const { open } of writers) await open?.discard()
          const end = (await positionIn(path))!
          const rows = readdirSync(path)
            .filter((name) => name.endsWith('.gz'))
            .flatMap((name) =>
              gunzipSync(readFileSync(join(path, name)))
                .toString()
                .trimEnd()
                .split('\n'),
            )
          expect(rows).toEqual(Array.from({ length: end - 100 }, (_, n) => String(n + 100)))
        } finally {
          rmSync(path, { recursive: true, force: true })
        }
      },
    ),
    { numRuns: 13 },
  )
})

it('refuses a gap, an overlap, and files that are none of its own', async () => {
  const path = folder()
  const data = await begun(path)
  for (const [first, next] of [
    [100, 110],
    [110, 120],
    [120, 130],
  ] as const)
    await publish(data, first, next)
  const [one, two, three] = [100, 110, 120].map((first) => join(path, nameOf(first))) as [
    string,
    string,
    string,
  ]
  const said = async (): Promise<string> => await codeOf(() => positionIn(path))
  renameSync(two, `${path}.kept`)
  expect(await said()).toContain('dataset-damaged: ')
  expect(await said()).toContain('ends at offset 110, so that 10 offsets are in no file')
  writeFileSync(two, readFileSync(one))
  expect(await said()).toContain('it is the file shop.orders+3+0000000000000100 of the route p/r')
  writeFileSync(two, readFileSync(`${path}.kept`).subarray(0, -1))
  expect(await said()).toContain('does not end with what says which offsets it covers')
  renameSync(`${path}.kept`, two)
  expect(await said()).toBe('nothing')
  // One more, within another.
  const inside = join(path, nameOf(115))
  const member = noteMember(JSON.stringify(note(115, 120, 0)))
  writeFileSync(inside, Buffer.concat([readFileSync(three).subarray(0, 20), member]))
  expect(await said()).toContain('so that 5 offsets are in two files')
  rmSync(inside)
  // The newest are gone, and the position tells.
  rmSync(three)
  expect(await said()).toContain('the files end at offset 120, and there were some up to 130')
  // What goes for its age goes from the oldest on, and where all are gone the position stays.
  rmSync(one)
  rmSync(two)
  expect(await positionIn(path)).toBe(130)
})

it('heals the mark that a process was killed before it made', async () => {
  const path = folder()
  await publish(await begun(path), 100, 110)
  const own = join(path, '_lethe')
  rmSync(join(own, rangeName({ ...AT, first: 110 }, '.position')))
  expect(await positionIn(path)).toBe(110)
  rmSync(join(path, nameOf(100)))
  expect(await positionIn(path)).toBe(110)
})

it('is of one route and format, and no folder is taken for an empty data set that is none', async () => {
  const path = folder()
  await publish(await begun(path), 100, 110)
  expect(await codeOf(() => begun(path, 'p/other'))).toContain('dataset-mismatch: ')
  expect(await codeOf(() => begun(path, 'p/other'))).toContain('is of the route p/r, in the format ndjson')
  const identity = join(path, '_lethe/dataset.json')
  writeFileSync(identity, '{}')
  expect(await codeOf(() => begun(path))).toContain('dataset-damaged: ')
  rmSync(identity)
  expect(await codeOf(() => begun(path))).toContain('without _lethe/dataset.json')
  expect(await codeOf(() => begun(join(path, 'missing')))).toContain('folder-missing: ')
  const file = join(path, 'file')
  writeFileSync(file, '')
  expect(await codeOf(() => begun(file))).toContain('folder-missing: ')
})

it.skipIf(process.getuid?.() === 0)('says that it may not be written to', async () => {
  const path = folder()
  mkdirSync(join(path, '_lethe'))
  chmodSync(join(path, '_lethe'), 0o500)
  expect(await codeOf(() => begun(path))).toContain('permission denied')
})

it('says why a disk takes no more, whatever is on its way', async () => {
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' })
  for (const fits of [0, 10, 5000]) {
    let bytes = 0
    const rows = ROW_FORMATS.ndjson.write(async (part) => {
      await setImmediate()
      bytes += part.length
      if (bytes > fits) throw full
    }, undefined)
    const random = (): Buffer => Buffer.from(`${JSON.stringify(randomBytes(40_000).toString('base64'))}\n`)
    await expect(
      (async () => {
        for (let n = 0; n < 5; n++) await rows.add(random())
        await rows.end(note(100, 105, 5))
      })(),
    ).rejects.toBe(full)
    rows.destroy()
  }
})

it('a note is found at the end of its file alone, and only whole', () => {
  const path = join(folder(), 'f')
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.nat(400),
      (before, text, cut) => {
        const whole = Buffer.concat([before, noteMember(text)])
        writeFileSync(path, whole)
        expect(inspectFile(path, readNoteMember)).toBe(text)
        writeFileSync(path, whole.subarray(0, Math.max(0, whole.length - 1 - cut)))
        expect(inspectFile(path, readNoteMember)).toBe(undefined)
        writeFileSync(path, Buffer.concat([whole, Buffer.from([0])]))
        expect(inspectFile(path, readNoteMember)).toBe(undefined)
      },
    ),
    { numRuns: 30 },
  )
  const sound = note(5, 9, 3)
  expect(readNote(JSON.stringify(sound))).toEqual(sound)
  const judged = { from: 1, until: 2 }
  const time = { field: 'at', form: 'interval', utc: true }
  const rewritten = {
    ...sound,
    rows: 1,
    deleted: 2,
    order: 'a'.repeat(64),
    made: { judged, keyChecks: { k1: 'x' }, time },
  }
  expect(readNote(JSON.stringify(rewritten))).toEqual(rewritten)
  for (const wrong of [
    { next: 5 },
    { rows: 2 },
    { v: 2 },
    { records: 9, rows: 9 },
    { first: -1 },
    { topic: 1 },
    { policy: null },
    { rows: 1, deleted: 1 },
    { rows: 4, deleted: -1 },
    { order: 'x' },
    { made: null },
    { made: { judged, keyChecks: { k1: 1 } } },
    { made: { judged: { from: 1 }, keyChecks: {} } },
    { made: { judged, keyChecks: {}, time: { ...time, form: 'x' } } },
  ])
    expect(readNote(JSON.stringify({ ...sound, ...wrong }))).toBe(undefined)
  for (const text of ['', '1', 'null', '[]', '{']) expect(readNote(text)).toBe(undefined)
})

it('names are read as they are written, and no others', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Za-z0-9._-]{1,200}$/),
      fc.nat(),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      (topic, partition, first) => {
        const start = { topic, partition, first }
        expect(readRangeName(rangeName(start, '.ndjson.gz'), '.ndjson.gz')).toEqual(start)
        expect(readRangeName(rangeName(start, '.ndjson.gz'), '.parquet')).toBe(undefined)
      },
    ),
  )
  for (const name of [
    'a+1+2.ndjson.gz',
    'a+01+0000000000000002.ndjson.gz',
    'a+b+1+0000000000000002.ndjson.gz',
    '_lethe',
    'x',
  ])
    expect(readRangeName(name, '.ndjson.gz')).toBe(undefined)
})
