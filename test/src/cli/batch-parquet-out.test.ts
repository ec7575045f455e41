/** `lethe batch` into Parquet: what other readers find in it, and what it says beside the data. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { PARQUET_COMPRESSIONS, packerOf } from '../../../src/files/parquet/packers.ts'
import { ParquetWriter } from '../../../src/files/parquet/parquet-writer.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import { type ColumnType, type GroupColumn, leavesOfTree } from '../../../src/record/columns/column-tree.ts'
import { JsonShredder } from '../../../src/record/columns/json-shredder.ts'
import { columnsOfJson, columnTree } from '../../../src/record/columns/planned-columns.ts'
import { jsonEngine } from '../../../src/run/engines.ts'
import { batch, place } from './batch-inputs.ts'
import { root } from './lethe.ts'

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
const FLAT = ['id', 'big', 's', 'b', 'f', 'f32', 'd', 'day', 'ts', 'local', 'raw']
const kept = (email: string): string => `${HEAD}fields:
${FLAT.map((name) => `  ${name}: keep`).join('\n')}
  tags[]: keep
  items[].sku: keep
  items[].n: keep
  customer.email: ${email}
  customer.city: { use: keep, accept: "the cities are made up" }
  attrs.*: keep
  attrs.$names: { use: keep, accept: "the names are made up" }
`
const HASHED = kept('{ use: hash.hmac, domain: email }')
const AGAIN = kept('{ use: keep, accept: "it is a token already" }')

const fixture = (name: string): Uint8Array =>
  readFileSync(join(root, `test/fixtures/parquet/${name}.parquet`))
const text = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8')
const footer = (cwd: string, name: string): FileMetaData => {
  const bytes = readFileSync(join(cwd, name))
  return parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer)
}

async function made(cwd: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await batch(cwd, args)
  if (code !== 0) expect(stderr).toBe('')
}

describe('Parquet to Parquet', () => {
  it.each(['snappy', 'int96', 'gzip-v2'])('keeps types and texts of %s', async (name) => {
    const cwd = place({ 'in.parquet': fixture(name), 'policy.yaml': HASHED })
    await made(cwd, 'in.parquet', '-o', 'out.parquet')
    await made(cwd, 'in.parquet', '-o', 'direct.ndjson')
    await made(under(cwd, AGAIN), 'out.parquet', '-o', 'back.ndjson')
    expect(text(cwd, 'back.ndjson')).toBe(text(cwd, 'direct.ndjson'))
    const [before, after] = ['in.parquet', 'out.parquet'].map(
      (file) =>
        new Map(
          footer(cwd, file)
            .schema.filter(({ type }) => type)
            .map((one) => [one.name, one]),
        ),
    )
    for (const one of FLAT) {
      const {
        type,
        type_length,
        converted_type: converted,
        logical_type,
        scale,
        precision,
      } = before!.get(one)!
      // It says that of local times too, whose logical type then says otherwise.
      const converted_type =
        logical_type?.type === 'TIMESTAMP' && !logical_type.isAdjustedToUTC ? undefined : converted
      expect(after!.get(one)).toMatchObject(
        JSON.parse(JSON.stringify({ type, type_length, converted_type, scale, precision })),
      )
      if (before!.get(one)!.logical_type?.type === 'TIMESTAMP')
        expect(after!.get(one)!.logical_type).toEqual(before!.get(one)!.logical_type)
    }
    expect(after!.get('email')).toMatchObject({ type: 'BYTE_ARRAY', converted_type: 'UTF8' })
  })

  it('keeps what DuckDB wrote: flags, UUIDs, times, unsigned numbers, patterns', async () => {
    const policy = `${HEAD}fields:\n${['id', 'flag', '"u*"', '"l[]"', 'm.a', 'st.x', '"st.y[].z"', 't', 'j']
      .map(
        (name) => `  ${name}: ${name.includes('*') ? '{ use: keep, accept: "it is all made up" }' : 'keep'}`,
      )
      .join('\n')}\n`
    const cwd = place({ 'in.parquet': fixture('duckdb'), 'policy.yaml': policy })
    await made(cwd, 'in.parquet', '-o', 'out.parquet')
    await made(cwd, 'in.parquet', '-o', 'direct.ndjson')
    const sorted = (file: string): unknown[] =>
      text(cwd, file)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    await made(cwd, 'out.parquet', '-o', 'back.ndjson')
    expect(sorted('back.ndjson')).toEqual(sorted('direct.ndjson'))
  })
})

/** The same folder under another policy. */
function under(cwd: string, policy: string): string {
  writeFileSync(join(cwd, 'policy.yaml'), policy)
  return cwd
}

const POLICY = `${HEAD}subject: id
fields:
  id: { use: hash.hmac, domain: id }
  n: { use: noise.number, span: 10, domain: n }
  code: { use: hash.integer, domain: code, max: 1000000, accept: "a test of types" }
  near: { use: noise.number, span: 1, domain: near, accept: "a test of bounds" }
  note: keep
  mixed: [{ when: { note: [x] }, use: keep }, { use: hash.integer, domain: mixed, max: 99, accept: "a test of types" }]
  gone: drop
`

describe('what is said beside the data', () => {
  it('has types by the policy, its fingerprint, and no bounds of what is kept', async () => {
    const row = '{"id":"a","n":100,"code":"c","near":4711,"note":"secret-note","mixed":1,"gone":1}\n'
    const cwd = place({ 'in.ndjson': row.repeat(50_000), 'policy.yaml': POLICY })
    await made(cwd, 'in.ndjson', '-o', 'out.parquet')
    const { schema, key_value_metadata, row_groups, num_rows, created_by } = footer(cwd, 'out.parquet')
    expect(num_rows).toBe(50_000n)
    expect(schema.map(({ name, type }) => [name, type])).toEqual([
      ['schema', undefined],
      ['id', 'BYTE_ARRAY'],
      ['n', 'INT64'],
      ['code', 'INT64'],
      ['near', 'INT64'],
      ['note', 'BYTE_ARRAY'],
      ['mixed', 'BYTE_ARRAY'],
    ])
    expect(created_by).toBe('lethe')
    expect(key_value_metadata).toEqual([
      { key: 'lethe-policy', value: expect.stringMatching(/^p@1#[0-9a-f]{64}$/) },
    ])
    const columns = Object.fromEntries(
      row_groups[0]!.columns.map((column) => [column.meta_data!.path_in_schema.join('.'), column]),
    )
    for (const name of ['note', 'mixed', 'near']) {
      expect(columns[name]!.meta_data!.statistics).toBeUndefined()
      expect(columns[name]!.column_index_offset).toBeUndefined()
    }
    for (const name of ['id', 'n', 'code']) {
      expect(columns[name]!.meta_data!.statistics).toMatchObject({ min_value: expect.anything() })
      expect(columns[name]!.column_index_offset).toBeDefined()
    }
    for (const column of Object.values(columns)) expect(column.offset_index_offset).toBeDefined()
    expect(JSON.parse(text(cwd, 'out.parquet.lethe.json'))).toMatchObject({ format: 'parquet' })
  })

  it('gives the same tokens from CSV, NDJSON, JSON and Parquet, into files and folders', async () => {
    const policy = `${HEAD}fields:\n  a.id: { use: hash.hmac, domain: id }\n  note: keep\n`
    const cwd = place({
      'in.csv': 'a.id,note\nx,"q ""1"", é"\n,\n"y",plain\n',
      'in.ndjson':
        '{"a":{"id":"x"},"note":"q \\"1\\", \\u00e9"}\n{"a":{"id":null},"note":""}\n{"note":"plain","a":{"id":"y"}}\n',
      'policy.yaml': policy,
    })
    mkdirSync(join(cwd, 'clean'))
    await made(cwd, 'in.csv', '-o', 'csv.parquet', '--parquet-compression', 'zstd')
    await made(cwd, 'in.ndjson', '-o', 'clean/', '--output-format', 'parquet')
    await made(cwd, 'in.csv', 'in.ndjson', '-o', 'both.parquet')
    under(cwd, policy.replace('{ use: hash.hmac, domain: id }', 'keep'))
    for (const file of ['csv.parquet', 'clean/in.parquet', 'both.parquet'])
      await made(cwd, file, '-o', `${file}.ndjson`)
    const rows = text(cwd, 'csv.parquet.ndjson')
    expect(rows.split('\n')[0]).toMatch(/^\{"a":\{"id":"k1\.[^"]+"\},"note":"q \\"1\\", é"\}$/)
    // An empty text is none in CSV.
    expect(text(cwd, 'clean/in.parquet.ndjson').replace('"note":""', '"note":null')).toBe(rows)
    expect(text(cwd, 'both.parquet.ndjson').split('\n')).toHaveLength(7)
  })

  it('makes a file of no rows, and none where columns are not known or differ', async () => {
    const policy = `${HEAD}fields:\n  a: keep\n  b: keep\noptional: [b]\n`
    const cwd = place({
      'in.ndjson': '',
      'no.csv': '',
      'a.csv': 'a\n1\n',
      'ab.csv': 'a,b\n1,2\n',
      'policy.yaml': policy,
    })
    await made(cwd, 'in.ndjson', '-o', 'out.parquet')
    expect(footer(cwd, 'out.parquet')).toMatchObject({ num_rows: 0n, row_groups: [] })
    const refused = async (output: string, said: string, ...args: string[]): Promise<void> => {
      const { code, stderr } = await batch(cwd, [...args, '-o', output])
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
      expect(existsSync(join(cwd, output))).toBe(false)
    }
    await refused('no.parquet', 'no input has a header', 'no.csv')
    await refused('both.parquet', 'differ from those of the input before it', 'a.csv', 'ab.csv')
    await refused('x.parquet.gz', 'packed twice', 'a.csv')
    await refused('x.ndjson', 'would not hold what its name says', 'a.csv', '--output-format', 'parquet')
    // A name without a format holds what it would without the option: CSV or NDJSON.
    await made(cwd, 'a.csv', '-o', 'a.parquet')
    for (const [format, input] of [
      ['csv', 'a.parquet'],
      ['json', 'a.parquet'],
      ['json', 'in.ndjson'],
    ] as const)
      await refused('untold', `does not say ${format.toUpperCase()}`, input, '--output-format', format)
    under(cwd, `${HEAD}fields:\n  "x_*": { use: keep, accept: "the names are made up" }\n`)
    await refused('p.parquet', 'matches names that only the data tell', 'in.ndjson')
  })
})

const TREE_POLICY = `${HEAD}fields:
  a: keep
  n: { use: hash.integer, domain: n, max: 1000, accept: "a test of types" }
  "list[].x": keep
  "list[].deep[]": keep
  map.*: keep
  map.$names: { use: keep, accept: "they are made up" }
  o.p.q: keep
  json: { use: keep.subtree, accept: "it is made up" }
`

const value = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme', maxLength: 9 }),
  fc.constantFrom(0, -1.5, 1e21, true, false),
)
const some = <T>(inner: fc.Arbitrary<T>) => fc.option(inner, { nil: null, freq: 5 })
const names = fc.string({ unit: 'grapheme', maxLength: 4 }).filter((name) => name !== '__proto__')
const record = fc.record(
  {
    a: value,
    n: fc.option(fc.string({ maxLength: 3 }).filter((one) => one !== '')),
    list: some(
      fc.array(
        some(fc.record({ x: value, deep: some(fc.array(value, { maxLength: 3 })) }, { requiredKeys: [] })),
        { maxLength: 3 },
      ),
    ),
    map: some(fc.dictionary(names, value, { maxKeys: 3, noNullPrototype: true })),
    o: some(fc.record({ p: some(fc.record({ q: value }, { requiredKeys: [] })) }, { requiredKeys: [] })),
    json: fc.jsonValue({ maxDepth: 3 }),
    other: value,
  },
  { requiredKeys: [] },
)

const asText = (one: unknown): string | null =>
  one === null || one === undefined ? null : typeof one === 'string' ? one : JSON.stringify(one)

/** What a reader of Parquet finds of a record that was written as JSON. */
function columnsOf(line: string): Record<string, unknown> {
  const { a, n, list, map, o, json } = JSON.parse(line)
  const item = (one: { x?: unknown; deep?: unknown[] } | null) =>
    one && { x: asText(one.x), deep: one.deep ? one.deep.map(asText) : undefined }
  return {
    a: asText(a),
    n: n ?? undefined,
    list: list ? list.map(item) : undefined,
    map: map ? Object.fromEntries(Object.entries(map).map(([key, one]) => [key, asText(one)])) : undefined,
    o: o ? { p: o.p ? { q: asText(o.p.q) } : undefined } : undefined,
    json: json ?? undefined,
  }
}

/** Absent and null are one to columns. */
const bare = (one: unknown): unknown =>
  JSON.parse(
    JSON.stringify(one, (_, part) =>
      typeof part === 'bigint' ? Number(part) : part === undefined ? null : part,
    ),
  )

async function fileOf(
  tree: GroupColumn,
  frames: readonly Uint8Array[],
  codec: 'snappy' | 'zstd' | 'none',
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const form = { tree, packer: await packerOf(codec), metadata: {}, createdBy: 'test' }
  const writer = new ParquetWriter(form, async (bytes) => {
    parts.push(Uint8Array.from(bytes))
  })
  for (const frame of frames) {
    await writer.add(frame)
    await writer.endRowGroup()
  }
  await writer.finish()
  return Buffer.concat(parts)
}

describe('columns of records', () => {
  it('hold what the same records hold as JSON, as another reader finds', async () => {
    const { plan, problems } = compilePolicy(
      policyFileOf('p.yaml', TREE_POLICY, () => new Uint8Array()),
      {
        keys: Keyring.fromKeyset(testKeyset()),
      },
    )
    expect(problems).toEqual([])
    const tree = columnTree(columnsOfJson(plan!))
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(...PARQUET_COMPRESSIONS.filter((one) => one !== 'zstd')),
        fc.boolean(),
        async (records, codec, kernels) => {
          const chunk = Buffer.from(records.map((one) => `${JSON.stringify(one)}\n`).join(''))
          const rewrite = (engine: ReturnType<typeof jsonEngine>) =>
            engine.rewrite(padded(chunk), chunk.length)
          const lines = Buffer.from(rewrite(jsonEngine(plan!, { now: 0, kernels })).output).toString()
          const typed = rewrite(jsonEngine(plan!, { now: 0, kernels }, { columns: tree }))
          const bytes = await fileOf(tree, [typed.output, typed.output], codec)
          const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
          const rows = await parquetReadObjects({ file })
          const wanted = lines
            .trimEnd()
            .split('\n')
            .filter((line) => line !== '')
            .map(columnsOf)
          expect(rows.map(bare)).toEqual([...wanted, ...wanted].map((one) => bare(one)))
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a record that does not fit', () => {
  const leaf = (type: ColumnType): GroupColumn => ({
    kind: 'struct',
    name: 'schema',
    members: [
      { kind: 'leaf', name: 'before', type: { as: 'text', logical: 'STRING' }, statistics: false },
      { kind: 'leaf', name: 'v', type, statistics: false },
    ],
  })

  it.each([
    [
      { as: 'integer', bits: 8, isSigned: true },
      ['-128', '127'],
      ['128', '1.0', '007', '-0', '"x"', 'true', '{}'],
    ],
    [{ as: 'integer', bits: 64, isSigned: false }, ['18446744073709551615'], ['18446744073709551616', '-1']],
    [{ as: 'integer', bits: 64, isSigned: true }, ['-9223372036854775808'], ['9223372036854775808', '1e3']],
    [{ as: 'double' }, ['0.1', '-1e300', '"2.5"'], ['1e999', '"0x10"', '"1,5"', '"007"', 'false']],
    [{ as: 'boolean' }, ['true', '"false"'], ['1', '"yes"']],
    [{ as: 'date' }, ['"2024-02-29"', '99999999'], ['"2023-02-29"', '"2024-1-1"']],
    [
      { as: 'timestamp', unit: 'MILLIS', isUtc: true },
      ['"2024-01-01T00:00:00.123Z"'],
      ['"2024-01-01T00:00:00.123456Z"', '"2024-01-01T00:00:00"'],
    ],
    [
      { as: 'timestamp', unit: 'NANOS', isUtc: false },
      ['"2024-01-01T00:00:00.123456789"'],
      ['"9999-01-01T00:00:00"', '"2024-01-01T24:00:00"'],
    ],
    [{ as: 'time', unit: 'MICROS', isUtc: false }, ['"10:20:30.123456"'], ['"10:20:60"', '"10:20"']],
    [
      { as: 'decimal', precision: 4, scale: 2, length: 4, isWhole: true },
      ['12.50', '-99.99', '1.5', '1', '1.500'],
      ['100.00', '1.555', '1.'],
    ],
    [
      { as: 'decimal', precision: 38, scale: 0, length: 16, isWhole: false },
      ['-99999999999999999999999999999999999999', '1.0'],
      ['1.5'],
    ],
    [{ as: 'uuid' }, ['"00112233-4455-6677-8899-aabbccddeeff"'], ['"00112233445566778899aabbccddeeff"']],
    [{ as: 'bytes', length: 2 }, ['"AAE="'], ['"AAEC"', '"A"', '"AAF="']],
    [{ as: 'float16' }, ['1.5', '-65504'], ['65536', '0.1']],
    [{ as: 'int96' }, ['"1969-12-31T23:59:59.999999999Z"'], ['1', '"2024-01-01"']],
  ] as const)('%o', (type, fits, misfits) => {
    const shredder = new JsonShredder(leaf(type))
    const add = (value: string): boolean => shredder.add(Buffer.from(`{"before":"b","v":${value}}\n`), 0)
    for (const one of fits) expect([one, add(one)]).toEqual([one, true])
    const held = () => shredder.columns.map(({ count, values, bytes }) => [count, values, bytes.length])
    const before = held()
    for (const one of misfits) {
      expect([one, add(one)]).toEqual([one, false])
      expect(held()).toEqual(before)
    }
    // Nothing, and a text of nothing, fit everywhere.
    for (const one of ['null', '""']) expect(add(one)).toBe(true)
    expect(leavesOfTree(leaf(type))).toHaveLength(2)
  })
})
