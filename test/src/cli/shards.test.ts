/** `lethe manifest`, `lethe batch --manifest` and `lethe account merge`: many shards give what one batch gives. */
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { formSchemas } from '../../../src/forms/json-schemas.ts'
import type { Manifest } from '../../../src/forms/manifest.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { formatKeyset } from '../../../src/keys/keyset-format.ts'
import type { Summary } from '../../../src/run/account/account-view.ts'
import { parquetOf } from '../../parquet.ts'
import { fits, type Schema } from '../draft-07.ts'
import { batch, csvOf, ndjsonOf, POLICY, place, rows } from './batch-inputs.ts'
import { type Ended, lethe, warm } from './lethe.ts'

const common = ['-p', 'policy.yaml', '--keys', 'keys.json']
const AS_OF = ['--as-of', '2026-06-01']

/** Data with a fault in each file, which is a dead letter of a later slice. */
const data = (): Record<string, string | Uint8Array> => ({
  'in/a.csv': `${csvOf(rows(900))}broken,row\n${csvOf(rows(300)).slice('id,name,note,gone\n'.length)}`,
  'in/deep/b.ndjson': `${ndjsonOf(rows(700))}{"id":\n${ndjsonOf(rows(300))}`,
  'in/deep/c.ndjson.gz': gzipSync(ndjsonOf(rows(200))),
  'in/d.json': JSON.stringify(rows(50)),
  'in/e.ndjson': ndjsonOf(rows(3)),
  'in/f.parquet': parquetOf(
    (['id', 'name', 'note', 'gone'] as const).map((name) => ({
      name,
      type: 'STRING' as const,
      data: rows(5).map((row) => row[name]),
    })),
  ),
  'in/_SUCCESS': '',
  'in/.hidden.csv': 'not looked at',
})
const FILES = [
  'in/a.csv',
  'in/d.json',
  'in/deep/b.ndjson',
  'in/deep/c.ndjson.gz',
  'in/e.ndjson',
  'in/f.parquet',
]

/** As it may be spoilt. */
type Loose<T> = T extends object ? { -readonly [K in keyof T]: Loose<T[K]> } : T

const manifestOf = (cwd: string): Manifest => JSON.parse(readFileSync(join(cwd, 'm.json'), 'utf8'))
const json = (cwd: string, name: string) => JSON.parse(readFileSync(join(cwd, name), 'utf8'))

/** The manifest of `data()`, once it was made. */
let plan: string | undefined

async function planned(
  more?: Readonly<Record<string, string | Uint8Array>>,
  args: readonly string[] = [],
): Promise<string> {
  if (more !== undefined) return await plannedOf(more, args)
  const cwd = plan === undefined ? await plannedOf(data(), []) : place({ ...data(), 'm.json': plan })
  plan = readFileSync(join(cwd, 'm.json'), 'utf8')
  return cwd
}

async function plannedOf(more: Readonly<Record<string, string | Uint8Array>>, args: readonly string[]) {
  const cwd = place(more)
  const made = await warm(
    ['manifest', 'in', ...common, '-o', 'm.json', '--min-shard-bytes', '20000', ...AS_OF, ...args],
    { cwd },
  )
  expect(made.code, made.stderr).toBe(0)
  return cwd
}

const shard = (cwd: string, index: number, args: readonly string[] = []): Promise<Ended> =>
  warm(['batch', '--manifest', 'm.json', '--shard', String(index), ...common, '-o', 'run', ...args], { cwd })

const merge = (cwd: string, args: readonly string[] = []): Promise<Ended> =>
  warm(['account', 'merge', 'run', ...args], { cwd })

async function ran(cwd: string): Promise<number> {
  const { length } = manifestOf(cwd).shards
  for (let index = 0; index < length; index++) {
    const { code, stderr } = await shard(cwd, index, ['-q'])
    expect(code, stderr).toBe(0)
  }
  return length
}

/** By file: its slices, one behind the other; the header of CSV once. */
function joined(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const name of readdirSync(folder).sort()) {
    const [, file] = /^\d{5}-\d{5}-(.+)$/.exec(name) ?? []
    if (file === undefined || file.endsWith('.lethe.json')) continue
    const bytes = readFileSync(join(folder, name))
    const before = files.get(file)
    const rest =
      before !== undefined && file.endsWith('.csv') ? bytes.subarray(bytes.indexOf('\n') + 1) : bytes
    files.set(file, before === undefined ? bytes : Buffer.concat([before, rest]))
  }
  return files
}

/** Of every file below: name, size and bytes. */
function stateOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
    .map((name) => `${name} ${createHash('sha256').update(readFileSync(name)).digest('hex')}`)
}

describe('many shards', () => {
  it('give what one batch gives: bytes, dead letters, counts', async () => {
    const cwd = await planned()
    const manifest = manifestOf(cwd)
    const schema = formSchemas({ closed: true }) as Readonly<Record<string, Schema>>
    const is = (form: string, value: unknown) =>
      fits(value, schema[`${form}.schema.json`]!, schema[`${form}.schema.json`]!)
    expect(is('manifest', manifest)).toBe(true)
    expect(manifest.files.map(({ file }) => file)).toEqual(FILES)
    expect(manifest.files.map(({ head }) => head !== undefined)).toEqual([
      true,
      false,
      true,
      false,
      false,
      false,
    ])
    expect(manifest).toMatchObject({ asOf: '2026-06-01T00:00:00.000Z', policy: { name: 'test', version: 1 } })
    expect(Object.keys(manifest.keyChecks)).toEqual(['k1'])
    const count = await ran(cwd)
    expect(count).toBeGreaterThan(4)
    const told = json(cwd, 'run/shards/0.summary.json')
    expect(is('summary', told)).toBe(true)
    expect(told.shard).toMatchObject({ shard: 0, of: count })
    const merged = await merge(cwd, [
      '-o',
      'clean',
      '--summary',
      'sum.json',
      '--dead-letter',
      'dead.ndjson',
      '--digests',
      '-v',
    ])
    expect([merged.code, merged.stderr]).toEqual([3, `lethe: the outputs of ${count} shards are in clean\n`])
    expect(merged.stdout).toMatch(/records in +2,460\n/)

    mkdirSync(join(cwd, 'whole'))
    const whole = await batch(cwd, [
      ...FILES,
      '-o',
      'whole/',
      '--summary',
      'whole.json',
      '--dead-letter',
      'whole.dead',
      ...AS_OF,
    ])
    expect(whole.code, whole.stderr).toBe(3)
    const outputs = joined(join(cwd, 'clean'))
    for (const file of FILES) {
      const name = file.replace(/^.*\//, '')
      expect(outputs.get(name)!.equals(readFileSync(join(cwd, 'whole', name))), name).toBe(true)
    }
    expect(outputs.size).toBe(FILES.length)
    expect(readFileSync(join(cwd, 'dead.ndjson'), 'utf8')).toBe(readFileSync(join(cwd, 'whole.dead'), 'utf8'))
    const { outputs: made, shards, ...sum } = json(cwd, 'sum.json')
    const { outputs: _, ...one } = json(cwd, 'whole.json')
    expect(sum).toEqual(one)
    expect(is('summary', json(cwd, 'sum.json'))).toBe(true)
    expect(shards.of).toBe(count)

    const set = json(cwd, 'clean/_manifest.json')
    expect(is('data-set', set)).toBe(true)
    expect(statSync(join(cwd, 'clean/_SUCCESS')).size).toBe(0)
    expect(set.files).toHaveLength(made.length)
    expect(set.files.reduce((all: number, file: { records: number }) => all + file.records, 0)).toBe(
      one.records.published,
    )
    const names = set.files.map(({ file }: { file: string }) => join('clean', file))
    const verified = await warm(['verify', 'sum.json', ...names, '-p', 'policy.yaml'], { cwd })
    expect([verified.code, verified.stderr]).toEqual([0, ''])
    expect(readdirSync(join(cwd, 'clean')).filter((name) => name.startsWith('.'))).toEqual([])
    expect(existsSync(join(cwd, 'run/work'))).toBe(false)

    // Again: all is as it was.
    const before = stateOf(join(cwd, 'clean'))
    expect((await merge(cwd, ['-o', 'clean', '--summary', 'again.json'])).code).toBe(3)
    expect(stateOf(join(cwd, 'clean'))).toEqual(before)
    const { deadLetterFile: _d, ...first } = json(cwd, 'sum.json')
    expect(json(cwd, 'again.json')).toEqual(first)
    expect((await merge(cwd, ['-o', 'other'])).stderr).toMatch(/are not in .*data: they were published/)
    expect((await shard(cwd, 0)).stderr).toMatch(/merged and published already/)

    // The dead letters of all shards are replayed as those of one run; here they die again.
    mkdirSync(join(cwd, 'more'))
    const again = await warm(
      [
        ...['replay', 'in/a.csv', 'in/deep/b.ndjson', ...common, '-o', 'more/'],
        ...['--dead-letter', 'dead.ndjson', '--summary', 'sum.json', '--new-summary', 'new.json'],
      ],
      { cwd },
    )
    expect(again.code, again.stderr).toBe(3)
    expect(json(cwd, 'new.json').records).toMatchObject({ in: 2, published: 0 })
  }, 60_000)

  it('take their number from what starts them, and are found done by a second try', async () => {
    const cwd = await planned()
    const args = ['batch', '--manifest', 'm.json', ...common, '-o', 'run']
    const env = { JOB_COMPLETION_INDEX: '', AWS_BATCH_JOB_ARRAY_INDEX: '', SLURM_ARRAY_TASK_ID: '' }
    const start = (more: Record<string, string>) => warm(args, { cwd, env: { ...env, ...more } })
    for (const [index, name] of Object.keys(env).entries()) {
      const { code, stderr } = await start({ [name]: String(index) })
      expect([name, code, stderr]).toEqual([name, 0, expect.any(String)])
      expect(existsSync(join(cwd, `run/shards/${index}.summary.json`))).toBe(true)
    }
    const before = stateOf(join(cwd, 'run'))
    expect((await start({ SLURM_ARRAY_TASK_ID: '2' })).stderr).toMatch(
      /shard 2 was done before, and all that it left is there/,
    )
    expect(stateOf(join(cwd, 'run'))).toEqual(before)
    // What is not there any more, or is another, is made again, and is the same.
    const [first] = readdirSync(join(cwd, 'run/data'))
    for (const spoil of [
      () => rmSync(join(cwd, 'run/data', first!)),
      () => appendFileSync(join(cwd, 'run/data', first!), 'x'),
      () => writeFileSync(join(cwd, 'run/shards/0.summary.json'), '{"lethe":'),
    ]) {
      spoil()
      expect((await shard(cwd, 0, ['-q'])).code).toBe(0)
      expect(stateOf(join(cwd, 'run'))).toEqual(before)
    }
    const told = async (more: Record<string, string>) => {
      const { code, stderr } = await start(more)
      return `${code} ${stderr}`
    }
    expect(await told({})).toMatch(/^2 .*which shard to run is not stated/)
    expect(await told({ SLURM_ARRAY_TASK_ID: '1', JOB_COMPLETION_INDEX: '0' })).toMatch(
      /^2 .*name different shards/,
    )
    expect(await told({ SLURM_ARRAY_TASK_ID: 'one' })).toMatch(/^2 .*SLURM_ARRAY_TASK_ID is no whole number/)
    expect(await told({ JOB_COMPLETION_INDEX: '99' })).toMatch(
      /^2 .*there is no shard 99: the manifest has \d+, numbered from 0/,
    )
  }, 60_000)

  it('two processes on one, and one that was killed, leave what one does', async () => {
    const cwd = await planned()
    const args = ['batch', '--manifest', 'm.json', '--shard', '1', ...common, '-o', 'run', '-q']
    const killed = lethe(args, { cwd, killAfter: 250 })
    const [, two, three] = await Promise.all([killed, lethe(args, { cwd }), lethe(args, { cwd })])
    expect([two.code, two.stderr, three.code, three.stderr]).toEqual([0, '', 0, ''])
    await ran(cwd)
    const { code, stdout } = await merge(cwd, ['-o', 'clean'])
    expect(code, stdout).toBe(3)
    expect([...joined(join(cwd, 'clean')).keys()].sort()).toEqual([
      'a.csv',
      'b.ndjson',
      'c.ndjson.gz',
      'd.json',
      'e.ndjson',
      'f.parquet',
    ])
  }, 60_000)
})

describe('a shard is refused, and nothing of it has its name,', () => {
  const nothing = (cwd: string) => {
    if (existsSync(join(cwd, 'run'))) expect(readdirSync(join(cwd, 'run/data'))).toEqual([])
  }
  /** Of file 1, the first slice that is not its first. */
  const later = (cwd: string): number =>
    manifestOf(cwd).shards.findIndex(({ slices }) =>
      slices.some(({ file, slice }) => file === 1 && slice > 1),
    )
  const rewrite = (cwd: string, change: (manifest: Loose<Manifest>) => void): void => {
    const manifest = manifestOf(cwd) as Loose<Manifest>
    change(manifest)
    writeFileSync(join(cwd, 'm.json'), JSON.stringify(manifest))
  }

  it.each<[string, (cwd: string) => void, RegExp]>([
    [
      'where a file grew',
      (cwd) => appendFileSync(join(cwd, 'in/a.csv'), 'x,y,z,w\n'),
      /^4 .*a\.csv is not the file that the manifest is of: it has \d+ bytes, and had \d+/,
    ],
    [
      'where a file is gone',
      (cwd) => rmSync(join(cwd, 'in/a.csv')),
      /^4 .*a\.csv is not the file .*: it is gone/,
    ],
    [
      'where a file changed',
      (cwd) => {
        const name = join(cwd, 'in/a.csv')
        const bytes = readFileSync(name)
        bytes[bytes.length - 200] = 0x7a
        for (const { slices } of manifestOf(cwd).shards)
          for (const { file, from } of slices) if (file === 1) bytes[from + 1000] = 0x7a
        writeFileSync(name, bytes)
      },
      /^4 .*a\.csv is not the file that the manifest is of: its bytes from \d+ to \d+ are others/,
    ],
    [
      'where the header changed',
      (cwd) => {
        const name = join(cwd, 'in/a.csv')
        writeFileSync(name, readFileSync(name, 'utf8').replace('id,name,note', 'id,note,name'))
      },
      /^4 .*a\.csv: what stands before its records is not what the manifest says/,
    ],
    [
      'by another policy',
      (cwd) => writeFileSync(join(cwd, 'policy.yaml'), POLICY.replace('[name]', 'x')),
      /^2 .*is not the one that the manifest was made with: its fingerprint/,
    ],
    [
      'with another key',
      (cwd) =>
        writeFileSync(
          join(cwd, 'keys.json'),
          formatKeyset(createKeyset(new Date(0), () => createHash('sha256').update('other').digest())),
        ),
      /^2 .*the key k1 is not the one that the manifest was made with/,
    ],
    [
      'in a folder of something else',
      (cwd) => cpSync(join(cwd, 'in'), join(cwd, 'run'), { recursive: true }),
      /^2 .*run holds something/,
    ],
    ['where the folder is a file', (cwd) => writeFileSync(join(cwd, 'run'), ''), /^2 .*run is not a folder/],
    [
      'where the manifest is cut short',
      (cwd) => writeFileSync(join(cwd, 'm.json'), readFileSync(join(cwd, 'm.json')).subarray(0, 900)),
      /^2 .*m\.json is not JSON, or is cut short/,
    ],
    [
      'where the manifest is none',
      (cwd) => writeFileSync(join(cwd, 'm.json'), '{"lethe":"summary"}'),
      /^2 .*is no manifest that this version reads/,
    ],
    [
      'where slices leave a gap',
      (cwd) =>
        rewrite(cwd, ({ shards }) => {
          for (const one of shards)
            for (const slice of one.slices)
              if (slice.file === 1 && slice.slice === 2) {
                slice.from += 1
                one.bytes -= 1
              }
        }),
      /^2 .*contradicts itself: slice 2 of file 1 does not begin where/,
    ],
    [
      'where a slice is there twice',
      (cwd) => rewrite(cwd, ({ shards }) => shards.push(shards[0]!)),
      /^2 .*contradicts itself/,
    ],
    [
      'where a file has no slice',
      (cwd) => rewrite(cwd, ({ files }) => files.push({ ...files[0]!, file: 'x.csv' })),
      /^2 .*contradicts itself: the slices of file 7/,
    ],
  ])(
    '%s',
    async (_, spoil, says) => {
      const cwd = await planned()
      const index = later(cwd)
      spoil(cwd)
      const { code, stderr } = await shard(cwd, index)
      expect(`${code} ${stderr}`).toMatch(says)
      if (!existsSync(join(cwd, 'run')) || existsSync(join(cwd, 'run/data'))) nothing(cwd)
    },
    30_000,
  )

  it('where a manifest was forged so that it cuts within a cell', async () => {
    const cwd = await planned()
    const bytes = readFileSync(join(cwd, 'in/a.csv'))
    const sha256 = (from: number, to: number) =>
      createHash('sha256').update(bytes.subarray(from, to)).digest('hex')
    // A line of a cell begins there, so that no look at the byte before can tell.
    rewrite(cwd, ({ shards }) => {
      const all = shards.flatMap((one) => one.slices.map((slice) => ({ one, slice })))
      const of = (slice: number) => all.find((each) => each.slice.file === 1 && each.slice.slice === slice)!
      const [before, behind] = [of(1), of(2)]
      const within = bytes.indexOf('\nlines', behind.slice.from) + 1
      for (const { one, slice, from, to } of [
        { ...before, from: 0, to: within },
        { ...behind, from: within, to: behind.slice.to },
      ]) {
        one.bytes += to - from - (slice.to - slice.from)
        Object.assign(slice, { from, to, sha256: sha256(from, to) })
      }
    })
    const codes: string[] = []
    for (const index of manifestOf(cwd).shards.keys()) {
      const { code, stderr } = await shard(cwd, index, ['-q'])
      codes.push(`${code} ${stderr}`)
    }
    expect(codes.some((one) => /^2 .*the manifest cuts it at byte \d+, where no record ends/.test(one))).toBe(
      true,
    )
    expect((await merge(cwd, ['-o', 'clean'])).stderr).toMatch(/have left no output/)
    expect(existsSync(join(cwd, 'clean'))).toBe(false)
  }, 30_000)

  it('where its options contradict the manifest', async () => {
    const cwd = await planned()
    for (const args of [
      ['--as-of', '2026-01-01'],
      ['--summary', 's.json'],
      ['--delimiter', ';'],
      ['--dry-run'],
      ['--max-unique', '5%'],
      ['in/a.csv'],
    ]) {
      const { code, stderr } = await shard(cwd, 0, args)
      expect([args, code]).toEqual([args, 2])
      expect(stderr).toMatch(/does not go with --manifest|the manifest says which files/)
    }
    expect((await warm(['batch', '--shard', '1', ...common, '-o', 'run'], { cwd })).stderr).toMatch(
      /--shard is of a manifest/,
    )
    expect(existsSync(join(cwd, 'run'))).toBe(false)
    // The folder belongs to the run that came first.
    expect((await shard(cwd, 0, ['-q'])).code).toBe(0)
    rewrite(cwd, (manifest) => Object.assign(manifest, { asOf: '2026-01-01T00:00:00.000Z' }))
    expect((await shard(cwd, 0, ['-q'])).stderr).toMatch(/is of a run by another manifest/)
  }, 30_000)
})

describe('a merge publishes nothing, and ends with 1,', () => {
  const told = (cwd: string, index: number) => join(cwd, `run/shards/${index}.summary.json`)
  const edit = (cwd: string, index: number, change: (summary: Loose<Summary>) => void): void => {
    const summary = JSON.parse(readFileSync(told(cwd, index), 'utf8'))
    change(summary)
    writeFileSync(told(cwd, index), JSON.stringify(summary))
  }
  const someOutput = (cwd: string) => join(cwd, 'run/data', readdirSync(join(cwd, 'run/data'))[0]!)
  const cases: [string, (cwd: string) => void, RegExp][] = [
    ['where a shard is missing', (cwd) => rmSync(told(cwd, 2)), /1 of \d+ shards have left no output: 2/],
    [
      'where one left no output',
      (cwd) => edit(cwd, 2, (one) => Object.assign(one, { status: 'too-many-dead-letters' })),
      /left no output: 2/,
    ],
    [
      'where one is there twice',
      (cwd) => cpSync(told(cwd, 1), join(cwd, 'run/shards/99.summary.json')),
      /1\.summary\.json and 99\.summary\.json are both of shard 1/,
    ],
    [
      'where one is of another manifest',
      (cwd) => edit(cwd, 1, ({ shard: of }) => Object.assign(of!, { manifest: '00'.repeat(32) })),
      /is of a shard of another manifest/,
    ],
    [
      'where one has another place',
      (cwd) => renameSync(told(cwd, 1), join(cwd, 'run/shards/77.summary.json')),
      /is of shard 1, and is not called so/,
    ],
    [
      'where another file is there',
      (cwd) => writeFileSync(join(cwd, 'run/data/extra.csv'), ''),
      /extra\.csv is of no shard/,
    ],
    [
      'where another account is there',
      (cwd) => writeFileSync(join(cwd, 'run/shards/x.summary.json'), '{}'),
      /x\.summary\.json is no account of a shard/,
    ],
    [
      'where another policy made one',
      (cwd) => edit(cwd, 1, ({ policy }) => Object.assign(policy, { fingerprint: '11'.repeat(32) })),
      /shard 1 was made by another policy/,
    ],
    [
      'where another key made one',
      (cwd) => edit(cwd, 1, (one) => Object.assign(one, { keyChecks: { k1: '01234567' } })),
      /shard 1 was made with another key/,
    ],
    [
      'where one is as of another instant',
      (cwd) => edit(cwd, 1, (one) => Object.assign(one, { asOf: '2026-06-02T00:00:00.000Z' })),
      /shard 1 was made as of another instant/,
    ],
    [
      'where one read something else',
      (cwd) => edit(cwd, 1, ({ inputs }) => Object.assign(inputs[0]!, { sha256: '22'.repeat(32) })),
      /shard 1 was made from other files or slices/,
    ],
    [
      'where an account does not add up',
      (cwd) => edit(cwd, 1, ({ records }) => Object.assign(records, { in: records.in + 1 })),
      /does not add up/,
    ],
    [
      'where an output is gone',
      (cwd) => rmSync(someOutput(cwd)),
      /is not what a shard left there: it, or its sidecar, is gone/,
    ],
    [
      'where an output grew',
      (cwd) => appendFileSync(someOutput(cwd), 'x'),
      /is not what a shard left there: it has \d+ bytes/,
    ],
    [
      'where an output is another',
      (cwd) => {
        const bytes = readFileSync(someOutput(cwd))
        bytes[bytes.length - 2] = 0x7a
        writeFileSync(someOutput(cwd), bytes)
      },
      /its bytes are others/,
    ],
    [
      'where dead letters are others',
      (cwd) => appendFileSync(join(cwd, 'run/shards/0.dead-letters.ndjson'), '{}\n'),
      /is not the list of dead letters/,
    ],
    ['where the folder is taken', (cwd) => mkdirSync(join(cwd, 'clean')), /clean is there already/],
    [
      'where the manifest is another',
      (cwd) => writeFileSync(join(cwd, 'm.json'), `${readFileSync(join(cwd, 'm.json'), 'utf8')}\n`),
      /is of another manifest than m\.json/,
    ],
  ]

  it('whatever is wrong', async () => {
    const cwd = await planned()
    await ran(cwd)
    cpSync(join(cwd, 'run'), join(cwd, 'kept'), { recursive: true })
    const manifest = readFileSync(join(cwd, 'm.json'))
    for (const [what, spoil, says] of cases) {
      rmSync(join(cwd, 'run'), { recursive: true })
      rmSync(join(cwd, 'clean'), { recursive: true, force: true })
      writeFileSync(join(cwd, 'm.json'), manifest)
      cpSync(join(cwd, 'kept'), join(cwd, 'run'), { recursive: true })
      spoil(cwd)
      const before = stateOf(join(cwd, 'run'))
      const { code, stderr, stdout } = await merge(cwd, [
        '-o',
        'clean',
        '--manifest',
        'm.json',
        '--digests',
        '--summary',
        's.json',
      ])
      const expected = what.includes('taken') ? 2 : what.includes('add up') ? 4 : 1
      expect.soft([what, code, stdout]).toEqual([what, expected, ''])
      expect.soft(stderr, what).toMatch(says)
      expect(stateOf(join(cwd, 'run'))).toEqual(before)
      expect(existsSync(join(cwd, 'clean/_SUCCESS'))).toBe(false)
      expect(existsSync(join(cwd, 's.json'))).toBe(false)
    }
  }, 60_000)

  it('where too many records of all shards are dead letters: 3', async () => {
    const cwd = await planned({ 'in/a.ndjson': `${'{"id":\n'.repeat(30)}${ndjsonOf(rows(1000))}` })
    await ran(cwd)
    const over = await merge(cwd, ['-o', 'clean', '--summary', 's.json', '--dead-letter', 'd.ndjson'])
    expect([over.code, over.stderr]).toEqual([
      3,
      expect.stringMatching(
        /too many dead letters: 30 of the 1030 records read, over all shards; nothing was published/,
      ),
    ])
    expect(json(cwd, 's.json')).toMatchObject({ status: 'too-many-dead-letters', outputs: [] })
    expect(readFileSync(join(cwd, 'd.ndjson'), 'utf8').split('\n')).toHaveLength(31)
    expect(existsSync(join(cwd, 'clean'))).toBe(false)
    expect((await merge(cwd, ['-o', 'clean', '--max-dead-letters', '29'])).code).toBe(3)
    expect(existsSync(join(cwd, 'clean'))).toBe(false)
    // Of one shard it may be said, too.
    const again = await warm(
      ['batch', '--manifest', 'm.json', '--shard', '0', ...common, '-o', 'other', '--max-dead-letters', '5'],
      { cwd },
    )
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('too many dead letters')])
    expect((await merge(cwd, ['-o', 'clean', '--max-dead-letters', '30', '-q'])).code).toBe(3)
    expect(existsSync(join(cwd, 'clean/_SUCCESS'))).toBe(true)
  }, 30_000)
})

describe('a manifest', () => {
  it('is not made of what could be left out unseen, or read twice', async () => {
    const cwd = place({ 'in/a.csv': csvOf(rows(3)), 'in/notes.txt': 'x', 'empty/_x': '' })
    const told = async (...args: string[]) => {
      const { code, stderr } = await warm(['manifest', ...args, ...common, '-o', 'm.json'], { cwd })
      expect(existsSync(join(cwd, 'm.json'))).toBe(code === 0)
      return `${code} ${stderr}`
    }
    expect(await told('in')).toMatch(/^2 .*notes\.txt: the name does not tell a format/)
    expect(await told('in/a.csv', 'in/../in/a.csv')).toMatch(/^2 .*would be read twice/)
    expect(await told('empty')).toMatch(/^4 .*no file with records lies below empty/)
    expect(await told('-')).toMatch(/^2 .*standard input/)
    expect(await told('gone')).toMatch(/^4 .*gone does not exist/)
    const over = await warm(['manifest', 'in/a.csv', ...common, '-o', 'in/a.csv'], { cwd })
    expect([over.code, over.stderr]).toEqual([2, expect.stringContaining('would be overwritten')])
    const keyless = await warm(['manifest', 'in/a.csv', '-p', 'policy.yaml', '-o', 'm.json'], { cwd })
    expect([keyless.code, keyless.stderr]).toEqual([2, expect.stringContaining('no keys are given')])
    expect(await told('in/a.csv')).toMatch(/^0 .*files +1/s)
  }, 30_000)

  it('holds no name of a column and no value', async () => {
    const cwd = await planned({ 'in/a.csv': `secretname,id\n${'c-4711,kept-value\n'.repeat(5000)}` })
    expect(manifestOf(cwd).shards.length).toBeGreaterThan(2)
    expect(readFileSync(join(cwd, 'm.json'), 'utf8')).not.toMatch(/secretname|4711|kept-value/)
  }, 30_000)
})
