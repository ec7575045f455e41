/** `.json` files through the command: arrays and values one behind the other, in and out, with and without threads. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { batch, place, rows } from './batch-inputs.ts'
import { warm } from './lethe.ts'

const read = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8')

it('writes the same records whatever form the file has, how it is cut, and by how many threads; .json is an array', async () => {
  const all = rows(400)
  const lines = all.map((row) => JSON.stringify(row))
  const cwd = place({
    'a.ndjson': `${lines.join('\n')}\n`,
    'array.json': JSON.stringify(all, null, 1),
    'packed.json.gz': gzipSync(lines.join('')),
    'lines.json': lines.join('\n'),
  })
  const runs = [
    ['a.ndjson', '-o', 'want.ndjson'],
    [
      'array.json',
      '-o',
      'array.out.json',
      '--workers',
      '2',
      '--chunk-bytes',
      '3000',
      '--summary',
      'sum.json',
    ],
    ['packed.json.gz', '-o', 'packed.ndjson', '--workers', '2', '--chunk-bytes', '77'],
    ['lines.json', '-o', 'lines.ndjson'],
  ]
  for (const ended of await Promise.all(runs.map((args) => batch(cwd, args))))
    expect(ended).toMatchObject({ code: 0 })
  const want = read(cwd, 'want.ndjson')
  for (const name of ['packed.ndjson', 'lines.ndjson']) expect(read(cwd, name)).toBe(want)
  const array = JSON.parse(read(cwd, 'array.out.json')) as unknown[]
  expect(array.map((record) => JSON.stringify(record)).join('\n')).toBe(want.trimEnd())
  expect(read(cwd, 'array.out.json')).toBe(`[\n${want.trimEnd().replaceAll('\n', ',\n')}\n]\n`)
  // Its digest is that of the array.
  expect(await warm(['verify', 'sum.json', 'array.out.json'], { cwd })).toMatchObject({ code: 0 })
})

it('names records by line and ordinal, and leaves nothing where an array is broken', async () => {
  const cwd = place({
    'dead.json': '[{"id":"1"},\n\n7,{"id" :2}, {"id":"x" "y"}]'.replace(' "y"', ''),
    'broken.json': '[{"id":"1"},\n{"id":"Secret"} {"id":"3"}]',
    'empty.json': ' \n',
    'none.json': '[]',
  })
  const dead = await batch(cwd, ['dead.json', '-o', '-', '--dead-letter', 'dead.ndjson'])
  expect(dead.code).toBe(3)
  expect(JSON.parse(read(cwd, 'dead.ndjson'))).toMatchObject({ line: 3, record: 2, code: 'not-an-object' })
  expect(dead.stdout.split('\n')).toHaveLength(4)
  const broken = await batch(cwd, ['broken.json', '-o', 'out.json'])
  expect(broken).toMatchObject({ code: 2, stdout: '' })
  expect(broken.stderr).toContain('broken.json: line 2, column 17, record 3: a comma is missing')
  expect(broken.stderr).not.toContain('Secret')
  expect(() => read(cwd, 'out.json')).toThrow('ENOENT')
  const none = await batch(cwd, ['empty.json', 'none.json', '-o', 'out.json'])
  expect([none.code, read(cwd, 'out.json')]).toEqual([0, '[]\n'])
})

it('drafts a policy from an array, and explains its first record', async () => {
  const cwd = place({ 'a.json': JSON.stringify(rows(30), null, 2) })
  const draft = await warm(['init', '--from', 'a.json'], { cwd })
  expect(draft).toMatchObject({ code: 0 })
  expect(draft.stderr).toContain('read 30 records of a.json (json); 4 fields')
  const piped = await warm(['init', '--from', '-', '--name', 'a'], { cwd, input: read(cwd, 'a.json') })
  expect(piped.stdout).toBe(draft.stdout)
  const told = await warm(['explain', '-p', 'policy.yaml', 'a.json', '--format', 'json'], { cwd })
  expect((JSON.parse(told.stdout) as { published: string }).published).toContain('"name":""')
  writeFileSync(join(cwd, 'cut.json'), read(cwd, 'a.json').slice(0, -1))
  expect(await warm(['init', '--from', 'cut.json'], { cwd })).toMatchObject({ code: 4 })
})
