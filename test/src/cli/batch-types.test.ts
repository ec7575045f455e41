/** `type:` and `statistics:` of fields, in all forms of input and output. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { batch, place } from './batch-inputs.ts'
import { warm } from './lethe.ts'

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
const POLICY = `${HEAD}input: { nulls: ['N/A'] }
fields:
  n: { use: keep, type: integer }
  price: { use: keep, type: 'decimal(10,2)' }
  score: { use: keep, type: number }
  ok: { use: keep, type: boolean }
  o.day: { use: keep, type: date }
  at: { use: keep, type: timestamp }
  code: { use: keep, type: string }
  born: { use: generalize.date, to: year, type: integer }
`

const rows = [
  {
    n: 1,
    price: 12.5,
    score: 0.1,
    ok: true,
    o: { day: '2026-01-31' },
    at: '2026-01-31T10:20:30.5+01:00',
    code: '007',
    born: '1984-02-03',
  },
  {
    n: -9007199254740993n,
    price: '7',
    score: 3,
    ok: 'false',
    o: { day: '0001-01-01' },
    at: '2026-01-31T00:00:00Z',
    code: 'é',
    born: '1990-01-01',
  },
  { n: 'N/A', price: null, score: '', ok: null, o: { day: 'N/A' }, at: '', code: 'N/A', born: 'N/A' },
]
const CSV =
  'n,price,score,ok,o.day,at,code,born\n' +
  '1,12.5,0.1,true,2026-01-31,2026-01-31T10:20:30.5+01:00,007,1984-02-03\n' +
  '-9007199254740993,7,3,false,0001-01-01,2026-01-31T00:00:00Z,é,1990-01-01\n' +
  'N/A,,,,N/A,,N/A,N/A\n'
const NDJSON = rows
  .map(
    (row) =>
      `${JSON.stringify(row, (_, one) => (typeof one === 'bigint' ? `#${one}#` : one)).replaceAll(/"#(-?\d+)#"/g, '$1')}\n`,
  )
  .join('')

const bytesOf = (cwd: string, name: string): ArrayBuffer => {
  const bytes = readFileSync(join(cwd, name))
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
}
const footer = (cwd: string, name: string): FileMetaData => parquetMetadata(bytesOf(cwd, name))
const text = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8')

async function made(cwd: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await batch(cwd, args)
  if (code !== 0) expect(stderr).toBe('')
}

/** The account of a run: dead letters and failures by rule. */
async function run(cwd: string, ...args: string[]) {
  const { code } = await batch(cwd, [
    ...args,
    '--summary',
    'run.json',
    '--dead-letter',
    'dead.ndjson',
    '--max-dead-letters',
    '9',
  ])
  const { rules } = JSON.parse(text(cwd, 'run.json'))
  const dead = text(cwd, 'dead.ndjson')
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  return { code, rules, dead }
}

describe('the type of a field', () => {
  it('is that of its column, from CSV, NDJSON and Parquet alike', async () => {
    const cwd = place({ 'in.csv': CSV, 'in.ndjson': NDJSON, 'policy.yaml': POLICY })
    await made(cwd, 'in.csv', '-o', 'csv.parquet')
    await made(cwd, 'in.ndjson', '-o', 'ndjson.parquet')
    writeFileSync(
      join(cwd, 'policy.yaml'),
      POLICY.replace(
        'generalize.date, to: year, type: integer',
        'keep, type: integer, accept: "it is a year"',
      ),
    )
    await made(cwd, 'csv.parquet', '-o', 'again.parquet')
    const files = ['csv.parquet', 'ndjson.parquet', 'again.parquet']
    const schemas = files.map((name) => footer(cwd, name).schema)
    expect(
      schemas[0]!
        .filter(({ type }) => type)
        .map(({ name, type, converted_type: as, precision, scale }) => [name, type, as, precision, scale]),
    ).toEqual([
      ['n', 'INT64', undefined, undefined, undefined],
      ['price', 'INT64', 'DECIMAL', 10, 2],
      ['score', 'DOUBLE', undefined, undefined, undefined],
      ['ok', 'BOOLEAN', undefined, undefined, undefined],
      ['day', 'INT32', 'DATE', undefined, undefined],
      ['at', 'INT64', 'TIMESTAMP_MICROS', undefined, undefined],
      ['code', 'BYTE_ARRAY', 'UTF8', undefined, undefined],
      ['born', 'INT64', undefined, undefined, undefined],
    ])
    const read = await Promise.all(files.map((name) => parquetReadObjects({ file: bytesOf(cwd, name) })))
    expect(read[0]).toEqual([
      {
        n: 1n,
        price: 12.5,
        score: 0.1,
        ok: true,
        o: { day: new Date('2026-01-31') },
        at: new Date('2026-01-31T09:20:30.500Z'),
        code: '007',
        born: 1984n,
      },
      {
        n: -9007199254740993n,
        price: 7,
        score: 3,
        ok: false,
        o: { day: new Date('0001-01-01') },
        at: new Date('2026-01-31T00:00:00Z'),
        code: 'é',
        born: 1990n,
      },
      {
        n: null,
        price: null,
        score: null,
        ok: null,
        o: { day: null },
        at: null,
        code: 'N/A',
        born: null,
      },
    ])
    expect(read[1]).toEqual(read[0])
    expect(read[2]).toEqual(read[0])
    expect(schemas[1]).toEqual(schemas[0])
    expect(schemas[2]).toEqual(schemas[0])
  })

  it('leaves texts of CSV and JSON as they were written', async () => {
    const cwd = place({
      'in.csv': CSV,
      'in.ndjson': NDJSON,
      'policy.yaml': POLICY.replace(/, type: [^}]+/g, ' '),
    })
    await made(cwd, 'in.csv', '-o', 'plain.csv')
    await made(cwd, 'in.ndjson', '-o', 'plain.ndjson')
    writeFileSync(join(cwd, 'policy.yaml'), POLICY)
    await made(cwd, 'in.csv', '-o', 'typed.csv')
    await made(cwd, 'in.ndjson', '-o', 'typed.ndjson')
    expect(text(cwd, 'typed.csv')).toBe(text(cwd, 'plain.csv'))
    expect(text(cwd, 'typed.ndjson')).toBe(text(cwd, 'plain.ndjson'))
  })

  it('makes a value that is none of it a failure, of which else says what follows, whatever the output is', async () => {
    const policy = `${HEAD}suspects: dead-letter
fields:
  a: { use: keep, type: integer }
  b: { use: keep, type: date, else: 'null' }
  c: { use: keep, type: number, else: { constant: -1 } }
  d: { use: keep, type: integer, else: drop }
  e: { use: generalize.date, to: year, type: integer }
`
    const table =
      'a,b,c,d,e\n1,2024-02-30,x,1.0,2020-01-01\nx,2024-01-01,2,3,2020-01-01\n4,kim@example.com,NaN,kim@example.com,2021-05-06\n'
    const [header, ...lines] = table
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','))
    const ndjson = lines
      .map((cells) => `${JSON.stringify(Object.fromEntries(cells.map((cell, at) => [header![at], cell])))}\n`)
      .join('')
    const cwd = place({ 'in.csv': table, 'in.ndjson': ndjson, 'policy.yaml': policy })
    const wanted = [
      { a: 1, b: null, c: -1, d: null, e: 2020 },
      { a: 4, b: null, c: -1, d: null, e: 2021 },
    ]
    for (const [input, output] of [
      ['in.csv', 'out.csv'],
      ['in.ndjson', 'out.ndjson'],
      ['in.csv', 'a.parquet'],
      ['in.ndjson', 'b.parquet'],
    ] as const) {
      const { code, dead, rules } = await run(cwd, input, '-o', output)
      expect(code).toBe(3)
      expect(dead).toMatchObject([{ code: 'not-of-type', rule: 'a keep' }])
      expect(rules.find(({ rule }: { rule: string }) => rule === 'b keep')).toMatchObject({
        failed: 2,
        failures: { 'not-of-type': 2 },
      })
      if (output.endsWith('.parquet')) {
        const read = await parquetReadObjects({ file: bytesOf(cwd, output) })
        expect(
          JSON.parse(JSON.stringify(read, (_, one) => (typeof one === 'bigint' ? Number(one) : one))),
        ).toEqual(wanted)
      }
    }
    expect(text(cwd, 'out.csv')).toBe('a,b,c,d,e\n1,,-1,,2020\n4,,-1,,2021\n')
    expect(text(cwd, 'out.ndjson')).toBe(
      '{"a":"1","b":null,"c":-1,"e":"2020"}\n{"a":"4","b":null,"c":-1,"e":"2021"}\n',
    )
  })
})

describe('statistics', () => {
  it('stand beside kept columns that the policy says it of, and beside no others', async () => {
    const policy = `${HEAD}fields:
  n: { use: keep, type: integer, statistics: true, accept: "counts of clicks tell of no person" }
  s: { use: keep, statistics: true, accept: "a closed list of words" }
  other: { use: keep, type: integer }
  token: { use: hash.hmac, domain: t }
`
    const cwd = place({
      'in.csv': 'n,s,other,token\n5,b,1,x\n-3,a,2,y\nz,0,3,z\n7,c,9,w\n',
      'policy.yaml': policy,
    })
    await run(cwd, 'in.csv', '-o', 'out.parquet')
    const columns = Object.fromEntries(
      footer(cwd, 'out.parquet').row_groups[0]!.columns.map((one) => [
        one.meta_data!.path_in_schema.join('.'),
        one,
      ]),
    )
    // Of what is published: the row of the dead letter is in none.
    expect(columns['n']!.meta_data!.statistics).toMatchObject({ min_value: -3n, max_value: 7n })
    expect(columns['s']!.meta_data!.statistics).toMatchObject({ min_value: 'a', max_value: 'c' })
    expect(columns['n']!.column_index_offset).toBeDefined()
    expect(columns['other']!.meta_data!.statistics).toBeUndefined()
    expect(columns['other']!.column_index_offset).toBeUndefined()
    expect(columns['token']!.meta_data!.statistics).toBeDefined()
  })

  it('stay what they are where retention rewrites the file', async () => {
    const policy = `${HEAD}time: at
fields:
  at: { use: generalize.date, to: day, type: date }
  n: { use: keep, type: integer, statistics: true, accept: "counts of clicks tell of no person" }
  m: { use: keep, type: 'decimal(5,1)' }
retention: { steps: [{ after: 30d, then: suppress }] }
`
    const table = 'at,n,m\n2025-03-01T00:00:00Z,5,1.5\n2025-03-02T00:00:00Z,99,2\n2025-02-20T00:00:00Z,3,2\n'
    const cwd = place({ 'in.csv': table, 'policy.yaml': policy })
    await made(cwd, 'in.csv', '-o', 'out.parquet', '--as-of', '2025-03-03')
    const before = footer(cwd, 'out.parquet').schema
    const retain = ['retain', 'run', 'out.parquet', '-p', 'policy.yaml', '--no-holds', '--max-delete', '100%']
    const { code, stderr } = await warm([...retain, '-o', 'o.json', '--as-of', '2025-03-25'], { cwd })
    expect([code, stderr]).toEqual([0, expect.stringContaining('of 3 rows 1 go')])
    const { schema, row_groups } = footer(cwd, 'out.parquet')
    expect(schema).toEqual(before)
    const [, n, m] = row_groups[0]!.columns
    expect(n!.meta_data!.statistics).toMatchObject({ min_value: 5n, max_value: 99n })
    expect(m!.meta_data!.statistics).toBeUndefined()
  })
})
