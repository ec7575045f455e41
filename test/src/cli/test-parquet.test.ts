/** `lethe test` over rows of Parquet: a case sees what `lethe batch` sees. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { batch, place } from './batch-inputs.ts'
import { root, warm } from './lethe.ts'

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
const FLAT = ['id', 'big', 's', 'b', 'f', 'f32', 'd', 'day', 'ts', 'local', 'raw']
const SAMPLE = `${HEAD}fields:
${FLAT.map((name) => `  ${name}: keep`).join('\n')}
  tags[]: keep
  items[].sku: keep
  customer.email: { use: hash.hmac, domain: email }
  attrs.*: keep
  attrs.$names: { use: hash.hmac, domain: names }
`
const text = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8')

/** The records that the cases of a folder expect once they are updated, as JSON. */
async function updated(cwd: string, cases: string): Promise<string[]> {
  writeFileSync(join(cwd, 'policy.cases.yaml'), cases)
  const { code, stderr, stdout } = await warm(['test', 'policy.yaml', '--update'], { cwd })
  expect([code, stderr], stdout).toEqual([0, expect.stringContaining('updated')])
  const { cases: written } = parse(text(cwd, 'policy.cases.yaml'), { intAsBigInt: true })
  return written.map((one: { expect: unknown }) => bare(one.expect))
}

const bare = (one: unknown): string =>
  JSON.stringify(one, (_, part) =>
    typeof part === 'bigint' || typeof part === 'number' ? Number(part) : part,
  )

describe('a case over Parquet', () => {
  it('is one row of a file, and comes to what a batch makes of it', async () => {
    const cwd = place({
      'in.parquet': readFileSync(join(root, 'test/fixtures/parquet/snappy.parquet')),
      'policy.yaml': SAMPLE,
    })
    // Cases run under the published test keys.
    expect((await batch(cwd, ['in.parquet', '-o', 'out.ndjson'])).code).toBe(0)
    const lines = text(cwd, 'out.ndjson').trimEnd().split('\n').slice(0, 6)
    const cases = lines.map((_, at) => `  - { name: row ${at + 1}, parquet: in.parquet, row: ${at + 1} }\n`)
    const found = await updated(cwd, `cases:\n${cases.join('')}`)
    const plain = (line: string): string => line.replaceAll(/k1\.[\w-]{22}/g, 'token')
    expect(found.map(plain)).toEqual(lines.map((line) => plain(bare(JSON.parse(line)))))
    expect((await warm(['test', 'policy.yaml'], { cwd })).code).toBe(0)
  })

  it('states the types of its columns, and comes to what a batch makes of a file of them', async () => {
    const typed = `${HEAD}fields:
  price: { use: keep, type: 'decimal(10,2)' }
  at: { use: keep, type: timestamp }
  x: { use: keep, type: number }
  o.day: { use: keep, type: date }
  "tags[]": { use: keep, type: string }
  attrs.*: { use: keep, type: integer }
  attrs.$names: { use: keep, accept: "the names are made up" }
`
    const records = [
      '{"price":12.5,"at":"2026-01-15T10:00:00.5+01:00","x":42.0,"o":{"day":"2026-01-31"},"tags":["a",null],"attrs":{"k":1}}',
      '{"price":"7","x":0.1}',
    ]
    const cwd = place({ 'in.ndjson': `${records.join('\n')}\n`, 'policy.yaml': typed })
    expect((await batch(cwd, ['in.ndjson', '-o', 'made.parquet'])).code).toBe(0)
    writeFileSync(join(cwd, 'policy.yaml'), typed.replaceAll(/\{ use: keep, type: [^}]+\}/g, 'keep'))
    expect((await batch(cwd, ['made.parquet', '-o', 'out.ndjson'])).code).toBe(0)
    const columns = `{ price: "decimal(10,2)", at: timestamp, x: number, o.day: date, "tags[]": string, attrs.*: integer }`
    const cases = records.map(
      (record, at) => `  - { name: '${at}', columns: ${columns}, text: '${record}' }\n`,
    )
    const found = await updated(cwd, `cases:\n${cases.join('')}`)
    const lines = text(cwd, 'out.ndjson').trimEnd().split('\n')
    expect(lines[0]).toContain('"price":12.50,"at":"2026-01-15T09:00:00.500Z","x":42,')
    expect(found).toEqual(lines.map((line) => bare(JSON.parse(line))))
    // What a batch refuses of a whole file, a case refuses too.
    writeFileSync(
      join(cwd, 'policy.cases.yaml'),
      `cases:
  - { name: a column is missing, columns: { price: number }, input: { price: 1 }, expect: {} }
  - { name: no date, columns: { price: date }, input: { price: soon }, expect: {} }
  - { name: no column, columns: { price: date }, input: { other: 1 }, expect: {} }
  - { name: no row, parquet: made.parquet, row: 9, expect: {} }
  - { name: no file, parquet: gone.parquet, expect: {} }
`,
    )
    const { code, stdout } = await warm(['test', 'policy.yaml'], { cwd })
    expect(code).toBe(1)
    expect(stdout).toContain('FAILS a column is missing: the input of "a column is missing": the file lacks')
    expect(stdout).toContain('FAILS no date: the input of "no date" does not fit its `columns`')
    expect(stdout).toContain('FAILS no column: the input of "no column" does not fit its `columns`')
    expect(stdout).toContain('FAILS no row: made.parquet has 2 rows, and the case names row 9')
    expect(stdout).toContain('/gone.parquet does not exist')
    expect(stdout).not.toContain('/lethe-case-')
  })

  it.each([
    ['row: 1\n    input: {}', '`row` stands beside `parquet`'],
    ['parquet: a.parquet\n    columns: { a: string }', '`columns` stands beside'],
    ['input: {}\n    parquet: a.parquet', 'a case has one of'],
    ['input: {}\n    columns: { a: float }', 'has no type that a column may have here'],
    ['input: {}\n    columns: { "a_*": string }', 'is no column'],
    ['input: {}\n    columns: {}', 'names no column'],
    ['input: {}\n    columns: { a: string }\n    change: debezium', 'no row of Parquet'],
  ])('is refused: %s', async (words, why) => {
    const cwd = place({
      'policy.yaml': `${HEAD}fields: { a: keep }\n`,
      'policy.cases.yaml': `cases:\n  - name: one\n    expect: {}\n    ${words}\n`,
    })
    const { code, stdout } = await warm(['test', 'policy.yaml'], { cwd })
    expect([code, stdout]).toEqual([1, expect.stringContaining(why)])
  })
})
