/** A crowd over many machines: shards count their classes, one set of classes is made of all, and what left is held to it. */
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { formatKeyset } from '../../../src/keys/keyset-format.ts'
import type { Summary } from '../../../src/run/account/account-view.ts'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: p
version: 1
purpose: train_ai_system
subject: id
fields:
  id: drop
  zip: { use: generalize.prefix, keep: 1, role: quasi-identifier }
  sex: { use: keep, role: quasi-identifier }
  illness: { use: keep, role: sensitive }
suppression: [{ list: erasures, by: id, entries: raw }]
crowd: { k: 10, l: 2, t: 0.6, onFail: suppress, maxSuppressed: 90% }
`
/** No file has a class of its own that is large enough. */
const rowsOf = (file: number): string =>
  `id,zip,sex,illness\n${Array.from({ length: 40 }, (_, n) => {
    const at = n * 3 + file
    return `P${at % 31},${10 + ((at * 7) % 60)},${'fm'[at % 2]},${['flu', 'cold', 'ache'][(at >> 1) % 3]}\n`
  }).join('')}`

const common = ['-p', 'p.yaml', '--keys', 'keys.json']
const listed = [...common, '--list', 'erasures=erased.txt']
const COUNT = ['--count-classes']

async function prepared(policy: string = POLICY): Promise<{
  readonly cwd: string
  readonly run: (code: number, ...args: string[]) => Promise<string>
}> {
  const cwd = folder({ 'p.yaml': policy, 'a.csv': rowsOf(0), 'b.csv': rowsOf(1), 'c.csv': rowsOf(2) })
  writeFileSync(join(cwd, 'keys.json'), formatKeyset(createKeyset(new Date())), { mode: 0o600 })
  writeFileSync(join(cwd, 'erased.txt'), 'P3\n', { mode: 0o600 })
  const run = async (code: number, ...args: string[]): Promise<string> => {
    const ended = await warm(args, { cwd })
    expect([args, ended.stderr, ended.code]).toEqual([args, ended.stderr, code])
    return ended.stderr
  }
  await run(
    0,
    'manifest',
    'a.csv',
    'b.csv',
    'c.csv',
    ...common,
    '--shards',
    '3',
    '--min-shard-bytes',
    '1',
    '-o',
    'm.json',
  )
  return { cwd, run }
}

const shard = (index: number): string[] => [
  'batch',
  '--manifest',
  'm.json',
  '--shard',
  String(index),
  ...listed,
  '-o',
  'run',
]

/** Lines of all outputs, but for headers. */
const linesIn = (cwd: string, ...names: string[]): string[] =>
  names.flatMap((name) => readFileSync(join(cwd, name), 'utf8').trimEnd().split('\n').slice(1)).sort()

describe('a crowd over shards', () => {
  it('publishes what one batch would, and keeps no counts of people', async () => {
    const { cwd, run } = await prepared()
    for (const index of [0, 1, 2]) await run(0, ...shard(index), ...COUNT)
    expect(await run(0, 'account', 'classes', 'run', '--keys', 'keys.json')).toMatch(/\d+ classes may leave/)
    for (const name of ['classes.open', 'shards/0.counted', 'shards/2.counted'])
      expect(statSync(join(cwd, 'run', name)).mode & 0o777).toBe(0o600)
    for (const index of [0, 1, 2]) await run(0, ...shard(index))
    await run(2, 'account', 'merge', 'run', '-o', 'clean')
    await run(0, 'account', 'merge', 'run', '--keys', 'keys.json', '-o', 'clean', '--summary', 's.json')
    await run(0, 'batch', 'a.csv', 'b.csv', 'c.csv', ...listed, '-o', 'all.csv', '--summary', 'all.json')
    const outputs = readdirSync(join(cwd, 'clean')).filter((name) => name.endsWith('.csv'))
    const left = linesIn(join(cwd, 'clean'), ...outputs)
    expect(left).toEqual(linesIn(cwd, 'all.csv'))
    const [whole, one] = ['s.json', 'all.json'].map(
      (name) => JSON.parse(readFileSync(join(cwd, name), 'utf8')) as Summary,
    )
    expect(whole!.crowd).toEqual(one!.crowd)
    expect(whole!.records).toEqual(one!.records)
    expect(whole!.records.suppressed['crowd']).toBeGreaterThan(5)
    expect(whole!.records.published).toBeGreaterThan(5)
    expect(readdirSync(join(cwd, 'run', 'shards')).filter((name) => /counted|published/.test(name))).toEqual(
      [],
    )
    expect(readdirSync(join(cwd, 'run'))).not.toContain('classes.open')
  })

  it('refuses shards that were counted otherwise, or not at all', async () => {
    const { cwd, run } = await prepared()
    expect(await run(2, ...shard(0))).toContain('the classes of shard 0 are not counted')
    for (const index of [0, 1]) await run(0, ...shard(index), ...COUNT)
    expect(await run(1, 'account', 'classes', 'run', '--keys', 'keys.json')).toContain(
      'the classes of shard 2 are not there',
    )
    await run(0, ...shard(2), ...COUNT)
    await run(0, 'account', 'classes', 'run', '--keys', 'keys.json')
    // Somebody was erased in between: the classes that they were in may be too small by now.
    writeFileSync(join(cwd, 'erased.txt'), 'P3\nP4\n', { mode: 0o600 })
    expect(await run(1, ...shard(0))).toContain('its lists or tables are others')
    writeFileSync(join(cwd, 'erased.txt'), 'P3\n', { mode: 0o600 })
    for (const index of [0, 1, 2]) await run(0, ...shard(index))
    const counts = join(cwd, 'run', 'shards', '1.published')
    const bytes = readFileSync(counts)
    // A second process leaves nothing, so that counts and outputs are of one.
    await run(0, ...shard(1))
    expect(readFileSync(counts).equals(bytes)).toBe(true)
    for (const at of [10, bytes.length >> 1, bytes.length - 1]) {
      writeFileSync(counts, Buffer.from(bytes).fill(bytes[at]! ^ 1, at, at + 1))
      expect(await run(1, 'account', 'merge', 'run', '--keys', 'keys.json')).toContain(
        'is not what a shard of it left',
      )
    }
    // Of another shard.
    cpSync(join(cwd, 'run', 'shards', '0.published'), counts)
    await run(1, 'account', 'merge', 'run', '--keys', 'keys.json')
    writeFileSync(counts, bytes)
    await run(0, 'account', 'merge', 'run', '--keys', 'keys.json')
  })

  it('takes no harm from records that cannot be written and are in small classes', async () => {
    const { cwd, run } = await prepared()
    const row = (id: string, sex: string, m: object) =>
      `${JSON.stringify({ id, zip: '10', sex, illness: id, m })}\n`
    for (const name of ['a', 'b'])
      writeFileSync(
        join(cwd, `${name}.ndjson`),
        `${row(name, 'f', { xy: 1 })}${row(`${name}2`, 'f', { xy: 1 })}${row(`${name}3`, 'm', { xy: 1, xz: 2 })}`,
      )
    const policy = POLICY.replace('k: 10, l: 2, t: 0.6', 'k: 4')
      .replace('sex: {', 'm.$names: { use: generalize.prefix, keep: 1 }\n  m.*: keep\n  sex: {')
      .replace(/suppression:.*\n/, '')
    writeFileSync(join(cwd, 'p.yaml'), policy)
    const made = ['--shards', '2', '--min-shard-bytes', '1', '-o', 'n.json']
    await run(0, 'manifest', 'a.ndjson', 'b.ndjson', ...common, ...made)
    const part = (index: string) => [
      'batch',
      '--manifest',
      'n.json',
      '--shard',
      index,
      ...common,
      '-o',
      'two',
    ]
    for (const index of ['0', '1']) await run(0, ...part(index), ...COUNT)
    await run(0, 'account', 'classes', 'two', '--keys', 'keys.json')
    for (const index of ['0', '1']) await run(0, ...part(index))
    await run(0, 'account', 'merge', 'two', '--keys', 'keys.json', '--summary', 'two.json')
    const summary = JSON.parse(readFileSync(join(cwd, 'two.json'), 'utf8')) as Summary
    expect(summary.records).toMatchObject({ published: 4, suppressed: { crowd: 2 } })
  })

  it('says which classes may leave only where few enough records are suppressed', async () => {
    const { cwd, run } = await prepared(
      POLICY.replace('onFail: suppress, maxSuppressed: 90%', 'onFail: fail'),
    )
    for (const index of [0, 1, 2]) await run(0, ...shard(index), ...COUNT)
    expect(await run(1, 'account', 'classes', 'run', '--keys', 'keys.json')).toContain(
      'records that would leave',
    )
    expect(readdirSync(join(cwd, 'run'))).not.toContain('classes.open')
  })
})
