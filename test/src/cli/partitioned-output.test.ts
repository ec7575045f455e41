/** `lethe batch --partition-by`: a data set in a layout of Hive, whole or not at all. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { dataSetForm } from '../../../src/forms/data-set.ts'
import { ByteSink } from '../../../src/record/byte-sink.ts'
import { CsvCut } from '../../../src/record/partition/csv-cut.ts'
import { JsonCut } from '../../../src/record/partition/json-cut.ts'
import { partitionFolder } from '../../../src/record/partition/partition-path.ts'
import { batch, place } from './batch-inputs.ts'
import { script, warm } from './lethe.ts'

const POLICY = `policy: p
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: id }
  place.country: keep
  place.city: { use: keep, accept: "cities are made up" }
  day: { use: generalize.date, to: month }
  gone: drop
  whole: { use: keep.subtree, accept: "it is made up" }
  "tags[]": keep
`
const rows = [
  { id: 'a', place: { country: 'DE', city: 'x' }, day: '2026-01-05', gone: 'secret-1' },
  { id: 'b', place: { country: 'A/T', city: 'y' }, day: '2026-01-06', gone: 'secret-2' },
  { id: 'c', place: { city: 'z' }, day: '2026-02-01', gone: 'secret-3' },
  { id: 'd', place: { country: 'DE', city: '' }, day: '2026-01-31' },
  { id: 'e', place: { country: '', city: 'w' }, day: '2026-02-02' },
]
const ndjson = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
const csv = `id,place.country,place.city,day,gone\n${rows
  .map(({ id, place, day, gone }) => [id, place.country ?? '', `"${place.city}"`, day, gone ?? ''].join(','))
  .join('\n')}\n`

const BY = ['--partition-by', 'place.country,day']
const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
const PARTS = [
  'place.country=A%2FT/day=2026-01/part-00001',
  'place.country=DE/day=2026-01/part-00000',
  'place.country=__HIVE_DEFAULT_PARTITION__/day=2026-02/part-00002',
]

describe('a data set', () => {
  it.each([
    ['in.ndjson', 'ndjson', []],
    ['in.csv', 'csv', []],
    ['in.ndjson', 'json', ['--output-format', 'json']],
    ['in.ndjson', 'parquet', ['--output-format', 'parquet']],
    ['in.csv', 'parquet', ['--output-format', 'parquet']],
  ])('of %s as %s', async (input, format, args) => {
    const cwd = place({ 'in.ndjson': ndjson, 'in.csv': csv, 'policy.yaml': `${POLICY}optional: [whole]\n` })
    const { code, stderr } = await batch(cwd, [input, '-o', 'set/', ...BY, ...args, '--summary', 'sum.json'])
    expect([code, code === 0 ? '' : stderr]).toEqual([0, ''])
    const set = join(cwd, 'set')
    expect(files(set)).toEqual(['_SUCCESS', '_manifest.json', ...PARTS.map((part) => `${part}.${format}`)])
    const manifest = JSON.parse(readFileSync(join(set, '_manifest.json'), 'utf8'))
    expect(manifest).toMatchObject({
      lethe: 'data-set',
      v: 1,
      format,
      partitionBy: ['place.country', 'day'],
      policy: { name: 'p', version: 1, fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) },
      records: 5,
    })
    expect(dataSetForm.parse(manifest)).toEqual(manifest)
    const account = JSON.parse(readFileSync(join(cwd, 'sum.json'), 'utf8'))
    expect(manifest).toMatchObject({ asOf: account.asOf, keyChecks: account.keyChecks })
    expect(manifest.files.map(({ records }: { records: number }) => records)).toEqual([2, 1, 2])
    for (const { file, bytes, sha256 } of manifest.files) {
      const content = readFileSync(join(set, file))
      expect(content.length).toBe(bytes)
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256)
      expect(content.toString('latin1')).not.toContain('secret')
    }
    const first = readFileSync(join(set, `${PARTS[1]}.${format}`))
    if (format === 'ndjson')
      expect(first.toString()).toMatch(
        /^\{"id":"k1\.[^"]+","place":\{"city":"x"\}\}\n\{"id":"k1\.[^"]+","place":\{"city":""\}\}\n$/,
      )
    if (format === 'json') expect(JSON.parse(first.toString())).toHaveLength(2)
    if (format === 'csv')
      expect(first.toString()).toMatch(/^id,place\.city\nk1\.[^,]+,"?x"?\nk1\.[^,]+,(?:"")?\n$/)
    if (format === 'parquet') {
      const file = first.buffer.slice(first.byteOffset, first.byteOffset + first.length) as ArrayBuffer
      const [one] = await parquetReadObjects({ file })
      expect(one).toMatchObject({ id: expect.stringMatching(/^k1\./), place: { city: 'x' } })
      expect(Object.keys(one!)).not.toContain('day')
    }
    const [output] = JSON.parse(readFileSync(join(cwd, 'sum.json'), 'utf8')).outputs
    const told = createHash('sha256')
      .update(readFileSync(join(set, '_manifest.json')))
      .digest('hex')
    expect(output.sha256).toBe(told)
  })

  it('is verified as a folder, file by file', async () => {
    const cwd = place({ 'in.ndjson': ndjson, 'policy.yaml': POLICY })
    expect((await batch(cwd, ['in.ndjson', '-o', 'set', ...BY, '--summary', 'sum.json'])).code).toBe(0)
    const verify = async (): Promise<[number | null, string]> => {
      const { code, stdout, stderr } = await warm(['verify', 'sum.json', 'set/'], { cwd })
      return [code, stdout + stderr]
    }
    const [code, said] = await verify()
    expect(code, said).toBe(0)
    expect(said.trimEnd().split('\n')).toHaveLength(4)
    expect(said.match(/: output 1 /g)).toHaveLength(4)
    const part = join(cwd, 'set', `${PARTS[1]}.ndjson`)
    const before = readFileSync(part)
    writeFileSync(part, `${before.toString().trimEnd()} \n`)
    expect(await verify()).toEqual([
      1,
      expect.stringMatching(/part-00000\.ndjson: is not a file of this run/),
    ])
    writeFileSync(part, before)
    writeFileSync(join(cwd, 'set', 'other.ndjson'), '{}\n')
    expect(await verify()).toEqual([1, expect.stringMatching(/other\.ndjson: is not a file of this run/)])
    unlinkSync(join(cwd, 'set', 'other.ndjson'))
    unlinkSync(part)
    expect(await verify()).toEqual([4, expect.stringMatching(/part-00000\.ndjson is not there/)])
    writeFileSync(part, before)
    writeFileSync(join(cwd, 'set', '_manifest.json'), '{"lethe":"data-set"}')
    expect((await verify())[0]).toBe(2)
  })

  it('is the same with one thread and two, and several chunks', async () => {
    const many = Array.from(
      { length: 3000 },
      (_, i) =>
        `${JSON.stringify({ id: `${i}`, place: { country: `c${i % 7}`, city: 'x' }, day: '2026-01-01' })}\n`,
    ).join('')
    const cwd = place({ 'in.ndjson': many, 'policy.yaml': POLICY })
    const args = ['in.ndjson', ...BY, '--chunk-bytes', '20000', '--as-of', '2026-06-01T00:00:00Z']
    for (const workers of ['1', '2']) {
      const { code } = await batch(cwd, [...args, '-o', `set${workers}`, '--workers', workers])
      expect(code).toBe(0)
    }
    const read = (set: string): string[] =>
      files(join(cwd, set)).map((name) => name + readFileSync(join(cwd, set, name), 'latin1'))
    expect(read('set1')).toEqual(read('set2'))
    expect(files(join(cwd, 'set1'))).toHaveLength(9)
  })

  it('is refused where something stands, where fields cannot part it, and where partitions are too many', async () => {
    const cwd = place({ 'in.ndjson': ndjson, 'in.csv': csv, 'policy.yaml': POLICY })
    mkdirSync(join(cwd, 'there'))
    const before = readdirSync(cwd)
    const refused = async (said: string, ...args: string[]): Promise<void> => {
      const { code, stderr } = await batch(cwd, args)
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
      expect(readdirSync(cwd)).toEqual(before)
    }
    const to = ['in.ndjson', '-o', 'set', '--partition-by']
    await refused('stands there already', 'in.ndjson', '-o', 'there', ...BY)
    await refused('is standard output', 'in.ndjson', '-o', '-', ...BY)
    await refused('is no field of the policy', ...to, 'country')
    await refused('is dropped by the policy', ...to, 'gone')
    await refused('is kept as a whole', ...to, 'whole')
    await refused('has several values', ...to, 'tags[]')
    await refused('is named twice', ...to, 'day,day')
    writeFileSync(join(cwd, 'policy.yaml'), `${POLICY}  _a: { from: id, use: hash.hmac, domain: id }\n`)
    await refused('readers pass by', ...to, '_a')
    writeFileSync(join(cwd, 'policy.yaml'), POLICY)
    await refused('is no path', ...to, 'day,')
    await refused('more than 2 partitions', ...to, 'day,place.city', '--max-partitions', '2')
    await refused('cannot be made of all these inputs', 'in.ndjson', 'in.csv', '-o', 'set', ...BY)
    expect(await batch(cwd, ['in.ndjson', '-o', 'set', ...BY, '--dry-run'])).toMatchObject({ code: 0 })
    expect(readdirSync(cwd)).toEqual(before)
  })

  it('stands under no name while it is made, nor after a kill', async () => {
    const cwd = place({ 'policy.yaml': POLICY })
    const args = [
      'batch',
      '-',
      '--format',
      'ndjson',
      '-p',
      'policy.yaml',
      '--keys',
      'keys.json',
      '-o',
      'set',
      ...BY,
    ]
    const child = spawn(process.execPath, [script, ...args, '--chunk-bytes', '200', '--workers', '1'], {
      cwd,
    })
    child.stdin.on('error', () => {})
    child.stdin.write(ndjson.repeat(500))
    const begun = (): string[] => files(cwd).filter((name) => name.includes('country=DE'))
    for (let i = 0; i < 600 && begun().length === 0; i++) await wait(50)
    expect(begun()).toHaveLength(1)
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
    expect(existsSync(join(cwd, 'set'))).toBe(false)
    const [hidden] = readdirSync(cwd).filter((name) => /^\.set\.[0-9a-f]{12}\.part$/.test(name))
    // Only its owner may read what was written.
    if (process.platform !== 'win32') expect(statSync(join(cwd, hidden!)).mode & 0o077).toBe(0)
  }, 60_000)

  it('dead-letters a value that no folder can be called by, and leaves nothing with too many of them', async () => {
    const long = `{"id":"a","place":{"country":"${'x'.repeat(250)}"}}\n`
    const cwd = place({ 'in.ndjson': ndjson + long, 'policy.yaml': POLICY })
    const to = ['in.ndjson', '-o', 'set', ...BY, '--dead-letter', 'dead.ndjson']
    expect(await batch(cwd, [...to, '--max-dead-letters', '0'])).toMatchObject({ code: 3 })
    expect(existsSync(join(cwd, 'set'))).toBe(false)
    expect(readdirSync(cwd).filter((name) => name.endsWith('.part'))).toEqual([])
    expect(await batch(cwd, [...to, '--max-dead-letters', '1'])).toMatchObject({ code: 3 })
    expect(readFileSync(join(cwd, 'dead.ndjson'), 'utf8')).toContain('"line":6,"code":"output-unwritable"')
    expect(JSON.parse(readFileSync(join(cwd, 'set/_manifest.json'), 'utf8')).records).toBe(5)
  })
})

const cell = fc.string({
  unit: fc.constantFrom('a', '"', ',', '\n', 'é', '\\', '{', '}', ':', ' '),
  maxLength: 6,
})

describe('what is cut out', () => {
  it('leaves the rest of a record of JSON', () => {
    const member = fc.oneof(fc.constant(null), fc.integer(), fc.boolean(), cell)
    const other = fc.jsonValue({ maxDepth: 2 })
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom('p', 'a"b', 'other', 'q', 'é'), fc.constantFrom(0, 1, 2), member, other),
          { maxLength: 6 },
        ),
        fc.boolean(),
        (parts, isSpaced) => {
          const record: Record<string, unknown> = {}
          for (const [name, kind, scalar, json] of parts)
            record[name] =
              name === 'p'
                ? scalar
                : name === 'q' && kind > 0
                  ? { 'a"b': scalar, r: json }
                  : name === 'q'
                    ? scalar
                    : json
          const bytes = Buffer.from(
            `${JSON.stringify(record, null, isSpaced ? 1 : 0).replaceAll('\n', ' ')}\nnext`,
          )
          const cut = new JsonCut([['p'], ['q', 'a"b']])
          const out = new ByteSink(1)
          cut.take(bytes, 0, out)
          const { p, q, ...rest } = record as { p?: unknown; q?: { 'a"b': unknown } }
          const inner = typeof q === 'object' && q !== null ? q['a"b'] : null
          const text = (value: unknown) => (value === null || value === undefined ? null : String(value))
          expect(cut.values).toEqual([text(p), text(inner)])
          const left = typeof q === 'object' && q !== null ? { r: (q as { r?: unknown }).r } : q
          const made = Buffer.from(out.bytes.subarray(0, out.length)).toString()
          expect(JSON.parse(made)).toEqual(
            JSON.parse(JSON.stringify({ ...rest, ...('q' in record ? { q: left } : {}) })),
          )
          expect(bytes.subarray(cut.end).toString()).toBe('next')
        },
      ),
    )
  })

  it('leaves the rest of a row of CSV', () => {
    const quoted = (one: string): string => (/[",\n]/.test(one) ? `"${one.replaceAll('"', '""')}"` : one)
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 3, maxLength: 3 }),
        fc.constantFrom('\n', '\r\n'),
        (cells, lineBreak) => {
          const style = { delimiter: ',', lineBreak, escapeFormulas: false } as const
          const bytes = Buffer.from(`${cells.map(quoted).join(',')}${lineBreak}next`)
          const cut = new CsvCut([2, 0], style)
          const out = new ByteSink(1)
          cut.take(bytes, 0, out)
          expect(cut.values).toEqual([cells[2], cells[0]])
          const made = Buffer.from(out.bytes.subarray(0, out.length)).toString()
          expect(made).toBe(`${quoted(cells[1]!) || '""'}${lineBreak}`)
          expect(bytes.subarray(cut.end).toString()).toBe('next')
        },
      ),
    )
  })

  it('names folders that no path leads out of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 20 }), (value) => {
        const folder = partitionFolder('f', value)!
        expect(folder).toMatch(/^f=[^/\\:*?"<>|\x00-\x1f\x7f]+$/)
        const shown = folder.slice(2)
        expect(shown === '__HIVE_DEFAULT_PARTITION__' ? '' : decodeURIComponent(shown)).toBe(value)
      }),
    )
    expect(partitionFolder('a.b', '..')).toBe('a.b=.%2E')
    expect(partitionFolder('a/b', null)).toBe('a%2Fb=__HIVE_DEFAULT_PARTITION__')
    expect(partitionFolder('a', 'é'.repeat(127))).toBeUndefined()
    // Readers would take it for null.
    expect(partitionFolder('a', '__HIVE_DEFAULT_PARTITION__')).toBeUndefined()
  })
})
