/** `lethe batch` on Parquet: files of pyarrow and DuckDB, what they hold beside them, and files that lie. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { compress } from '@cloudpss/zstd/napi'
import fc from 'fast-check'
import type { SchemaElement } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { ParquetFile } from '../../../src/files/parquet/parquet-file.ts'
import { parquetRows } from '../../../src/files/parquet/rows.ts'
import { whole } from '../../../src/files/parquet/selection.ts'
import { dataPage, dictionaryPage, footerAlone, parquetOf, rawParquet } from '../../parquet.ts'
import { processorMs } from '../../processor-time.ts'
import { folder, root, warm } from './lethe.ts'

const FIXTURES = join(root, 'test/fixtures/parquet')
const lines = readFileSync(join(FIXTURES, 'rows.ndjson'), 'utf8')
const FLAT = ['id', 'big', 's', 'b', 'f', 'f32', 'd', 'day', 'ts', 'local', 'raw']

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
const ALL = `${HEAD}fields:
${FLAT.map((name) => `  ${name}: keep`).join('\n')}
  tags[]: keep
  items[].sku: keep
  items[].n: keep
  customer.email: { use: hash.hmac, domain: email }
  customer.city: { use: keep, accept: "the cities are made up" }
  attrs.*: keep
  attrs.$names: { use: keep, accept: "the names are made up" }
`
const KEYS = ['--keys', 'keys.json']

async function place(files: Record<string, string | Uint8Array>): Promise<string> {
  const cwd = folder({ 'policy.yaml': ALL, ...files })
  await warm(['keys', 'create', 'keys.json'], { cwd })
  return cwd
}
const fixture = (name: string): Uint8Array => readFileSync(join(FIXTURES, `${name}.parquet`))
const read = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8')
const batch = (cwd: string, ...args: string[]) => warm(['batch', ...args], { cwd })

describe('files of other writers', () => {
  it.each(['snappy', 'gzip-v2', 'brotli', 'lz4', 'zstd-plain', 'none-crc', 'int96'])(
    'gives what %s holds, byte for byte as NDJSON of the same rows',
    async (name) => {
      const cwd = await place({
        'in.parquet': fixture(name),
        'in.ndjson': name === 'int96' ? zoned : lines,
      })
      const policy = ['-p', 'policy.yaml', ...KEYS]
      expect(
        await batch(cwd, 'in.parquet', ...policy, '-o', 'out.ndjson', '--summary', 'p.json'),
      ).toMatchObject({ code: 0 })
      expect(
        await batch(cwd, 'in.ndjson', ...policy, '-o', 'same.ndjson', '--summary', 'n.json'),
      ).toMatchObject({ code: 0 })
      expect(read(cwd, 'out.ndjson')).toBe(read(cwd, 'same.ndjson'))
      const [ofParquet, ofLines] = ['p.json', 'n.json'].map((file) => JSON.parse(read(cwd, file)))
      expect(ofParquet.records).toEqual(ofLines.records)
      expect(ofParquet.rules).toEqual(ofLines.rules)
      expect(ofParquet.unlisted).toEqual(ofLines.unlisted)
      expect(ofParquet.inputs[0].bytes).toBe(fixture(name).length)
    },
  )

  it('reads deltas and split bytes, and CSV of them has the texts of NDJSON', async () => {
    const policy = `${HEAD}fields:\n${FLAT.map((name) => `  ${name}: { use: hash.hmac, domain: one }`).join('\n')}\n`
    const cwd = await place({ 'in.parquet': fixture('deltas'), 'policy.yaml': policy })
    const args = ['-p', 'policy.yaml', ...KEYS, '-o']
    expect(await batch(cwd, 'in.parquet', ...args, 'out.ndjson')).toMatchObject({ code: 0 })
    expect(await batch(cwd, 'in.parquet', ...args, 'out.csv')).toMatchObject({ code: 0 })
    expect(await batch(cwd, 'in.parquet', ...args, 'out.tsv')).toMatchObject({ code: 0 })
    const [header, ...cells] = read(cwd, 'out.csv').trimEnd().split('\n')
    expect(header).toBe(FLAT.join(','))
    const objects = read(cwd, 'out.ndjson')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(cells).toEqual(objects.map((one) => FLAT.map((name) => one[name] ?? '').join(',')))
    expect(read(cwd, 'out.tsv')).toBe(read(cwd, 'out.csv').replaceAll(',', '\t'))
    expect(JSON.parse(read(cwd, 'out.csv.lethe.json'))).toMatchObject({ format: 'csv' })
  })

  it('reads a file of DuckDB', async () => {
    const fields = ['id', 'flag', 'u', '"l[]"', 'm.a', 'st.x', '"st.y[].z"', 'u8', 'u64', 't', 'j']
    const policy = `${HEAD}fields:\n${fields.map((name) => `  ${name}: keep`).join('\n')}\n`
    const cwd = await place({ 'in.parquet': fixture('duckdb'), 'policy.yaml': policy })
    expect(await batch(cwd, 'in.parquet', '-p', 'policy.yaml', '-o', 'out.ndjson')).toMatchObject({ code: 0 })
    const lines = read(cwd, 'out.ndjson').trimEnd().split('\n')
    expect(lines).toHaveLength(40)
    expect(lines[3]).toBe(
      '{"id":3,"flag":false,"u":"00112233-4455-6677-8899-aabbccddeeff","l":[3,4],"m":{"a":3},"st":{"x":3,"y":[{"z":3}]},' +
        '"u8":3,"u64":18446744073709551615,"t":"10:20:30.500","j":"{\\"a\\":1}"}',
    )
  })

  it('has rows of no bytes, and files of no rows', async () => {
    const policy = `${HEAD}fields:\n  a: keep\n  b: drop\n`
    const column = parquetOf([
      { name: 'a', data: ['x', null, '', 'y'], type: 'STRING' },
      { name: 'b', data: [1.5, Number.NaN, 2, 3], type: 'DOUBLE' },
    ])
    const cwd = await place({
      'in.parquet': column,
      'policy.yaml': policy,
      'empty.parquet': fixture('empty'),
    })
    expect(await batch(cwd, 'in.parquet', '-p', 'policy.yaml', '-o', 'out.csv')).toMatchObject({ code: 0 })
    expect(read(cwd, 'out.csv')).toBe('a\nx\n""\n""\ny\n')
    expect(await batch(cwd, 'in.parquet', '-p', 'policy.yaml', '-o', 'out.ndjson')).toMatchObject({ code: 0 })
    expect(read(cwd, 'out.ndjson')).toBe('{"a":"x"}\n{"a":null}\n{"a":""}\n{"a":"y"}\n')
    writeFileSync(join(cwd, 'all.yaml'), ALL)
    expect(await batch(cwd, 'empty.parquet', '-p', 'all.yaml', ...KEYS, '-o', 'none.ndjson')).toMatchObject({
      code: 0,
    })
    expect(read(cwd, 'none.ndjson')).toBe('')
  })
})

/** INT96 has no zone: it is read as UTC. */
const zoned = lines.replace(/("local":"[^"]*)/g, '$1Z')

describe('what does not fit', () => {
  it('lists rows that cannot be taken by their number, and replays them', async () => {
    const long = 'x'.repeat(2000)
    const bytes = parquetOf([
      { name: 'n', data: [1, Number.NaN, 3, Number.POSITIVE_INFINITY, 5], type: 'DOUBLE' },
      { name: 's', data: ['a', 'b', long, 'd', '2024-13-01'], type: 'STRING' },
    ])
    const policy = `${HEAD}fields:\n  n: keep\n  s: { use: mask.replace, with: s }\n`
    const cwd = await place({ 'in.parquet': bytes, 'policy.yaml': policy })
    const args = [
      '-p',
      'policy.yaml',
      '--dead-letter',
      'dead.ndjson',
      '--summary',
      'sum.json',
      '--max-record-bytes',
      '1000',
    ]
    expect(
      await batch(cwd, 'in.parquet', ...args, '--max-dead-letters', '5', '-o', 'out.ndjson'),
    ).toMatchObject({ code: 3 })
    expect(read(cwd, 'out.ndjson')).toBe('{"n":1,"s":"s"}\n{"n":5,"s":"s"}\n')
    const letters = read(cwd, 'dead.ndjson')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(letters.map(({ input, record, code }) => [input, record, code])).toEqual([
      [1, 2, 'number-not-finite'],
      [1, 3, 'record-too-large'],
      [1, 4, 'number-not-finite'],
    ])
    expect(read(cwd, 'dead.ndjson')).not.toContain('xxx')
    writeFileSync(
      join(cwd, 'policy.yaml'),
      policy.replace('version: 1', 'version: 2').replace('  n: keep\n', '  n: drop\n'),
    )
    const replay = ['--dead-letter', 'dead.ndjson', '--summary', 'sum.json', '-o', 'again.ndjson']
    expect(await warm(['replay', 'in.parquet', '-p', 'policy.yaml', ...replay], { cwd })).toMatchObject({
      code: 0,
    })
    expect(read(cwd, 'again.ndjson')).toBe('{"s":"s"}\n{"s":"s"}\n{"s":"s"}\n')
  })

  it.each([
    [
      'unlisted: reject',
      `${HEAD}unlisted: reject\nfields:\n  a: keep\n`,
      'out.ndjson',
      'does not name column 2 of its 2',
    ],
    [
      'a missing column',
      `${HEAD}fields:\n  a: keep\n  c.d: keep\n`,
      'out.ndjson',
      'lacks a column that the policy names: c.d',
    ],
    ['a list in CSV', `${HEAD}fields:\n  a: keep\n  "l[]": keep\n`, 'out.csv', 'no cell of CSV holds'],
  ])('refuses %s', async (_, policy, output, said) => {
    const bytes = parquetOf([
      { name: 'a', data: ['x'], type: 'STRING' },
      { name: 'l', data: ['y'], type: 'STRING' },
    ])
    const cwd = await place({
      'in.parquet': output === 'out.csv' ? fixture('duckdb') : bytes,
      'policy.yaml': policy.replace('  a: keep\n  "l', '  id: keep\n  "l'),
    })
    const ended = await batch(cwd, 'in.parquet', '-p', 'policy.yaml', '-o', output)
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(said) })
    expect(existsSync(join(cwd, output))).toBe(false)
  })

  it('has names of columns of any letters, which say nothing but names', async () => {
    // What a byte of the last one would be, cut to eight bits: `"x1":1,"note":`.
    const names = ['xé', 'xÃ©', 'x名', 'x😀', 'x"', 'x\\', 'x\n', 'x\u0001', 'x1\u0122:1,\u0122note']
    const policy = `${HEAD}fields:\n  "x*": { use: hash.hmac, domain: one }\n  note: keep\n  xé: { use: hash.hmac, domain: other }\n`
    const cwd = await place({
      'in.parquet': parquetOf(
        [...names, 'note'].map((name) => ({ name, data: [`raw ${name}`], type: 'STRING' })),
      ),
      'in.ndjson': `${JSON.stringify(Object.fromEntries([...names, 'note'].map((name) => [name, `raw ${name}`])))}\n`,
      'policy.yaml': policy,
    })
    for (const ending of ['ndjson', 'parquet'])
      expect(
        await batch(cwd, `in.${ending}`, '-p', 'policy.yaml', ...KEYS, '-o', `${ending}.ndjson`),
      ).toMatchObject({ code: 0 })
    expect(read(cwd, 'parquet.ndjson')).toBe(read(cwd, 'ndjson.ndjson'))
    expect(read(cwd, 'parquet.ndjson').match(/raw /g)).toHaveLength(1)
  })

  it('puts numbers and times in quotes where they hold the delimiter of CSV', async () => {
    const policy = `${HEAD}fields:\n  ts: keep\n  d: keep\n`
    const cwd = await place({ 'in.parquet': fixture('snappy'), 'policy.yaml': policy })
    const args = ['-p', 'policy.yaml', ...KEYS, '-o']
    expect(await batch(cwd, 'in.parquet', ...args, 'out.ndjson')).toMatchObject({ code: 0 })
    for (const delimiter of [':', '-', '.']) {
      const ended = await batch(cwd, 'in.parquet', ...args, `${delimiter}.csv`, '--delimiter', delimiter)
      expect(ended).toMatchObject({ code: 0 })
      const cells = read(cwd, `${delimiter}.csv`).trimEnd().split('\n').slice(1)
      const unquoted = cells.map((line) => line.replaceAll('"', ''))
      const rows = read(cwd, 'out.ndjson')
        .trimEnd()
        .split('\n')
        .map((line) => line.replaceAll('"', ''))
      expect(unquoted).toEqual(
        rows.map((row) => {
          const [, d, ts] = /^\{d:(.*),ts:(.*)\}$/.exec(row)!
          return [d, ts].map((one) => (one === 'null' ? '' : one)).join(delimiter)
        }),
      )
    }
  })

  it('refuses standard input, and a draft comes from all columns', async () => {
    const cwd = await place({ 'in.parquet': fixture('snappy') })
    expect(await batch(cwd, '-', '--format', 'parquet', '-p', 'policy.yaml', '-o', '-')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Parquet needs a file'),
    })
    const { code, stdout } = await warm(['init', '--from', 'in.parquet'], { cwd })
    expect(code).toBe(0)
    for (const path of ['customer.email', 'items[].sku', 'unlisted']) expect(stdout).toContain(path)
  })
})

/** Reads all of a file here: rows and rejections, or the code of what is wrong. `hear` gets the text. */
async function readAll(
  path: string,
  maxRecordBytes = 1 << 20,
  hear = (_: string): void => {},
  selected = whole,
): Promise<string> {
  let file: ParquetFile | undefined
  try {
    file = ParquetFile.open(path)
    let count = 0
    const options = { chunkBytes: 1 << 16, maxRecordBytes, onRead: () => {} }
    for await (const piece of parquetRows(file, selected(file.root), options)) {
      count += piece.kind === 'rejected' ? 1 : piece.recordLines!.length
      if (piece.kind === 'records')
        hear(Buffer.from(piece.bytes.subarray(0, piece.length)).toString('latin1'))
    }
    return `${count} rows`
  } catch (error) {
    if (error instanceof LetheError) return error.code
    throw error
  } finally {
    file?.close()
  }
}

describe('files that lie', () => {
  const text = { name: 'a', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' } as const
  const whole32 = { name: 'a', type: 'INT32', repetition_type: 'REQUIRED' } as const
  const optional = { ...whole32, repetition_type: 'OPTIONAL' } as const
  const page = (bytes: number): Uint8Array => new Uint8Array(bytes)
  const one = (
    element: typeof text | typeof whole32 | typeof optional,
    rowCount: number,
    header: Record<string, unknown>,
    body: Uint8Array,
    says = {},
  ) => rawParquet(rowCount, [{ element, pages: [{ header, body }], says }])
  const deep = (levels: number) => [
    { name: 'root', num_children: 1 },
    ...Array.from({ length: levels }, (_, at) => ({
      name: `g${at}`,
      num_children: 1,
      repetition_type: 'OPTIONAL' as const,
    })),
    { name: 'a', type: 'INT32' as const, repetition_type: 'OPTIONAL' as const },
  ]
  /** Levels of one run: `count` times `level`. */
  const run = (count: number, level: number): Uint8Array => {
    const bytes: number[] = []
    for (let rest = count * 2; ; rest = Math.floor(rest / 128)) {
      bytes.push(rest > 127 ? (rest % 128) | 128 : rest)
      if (rest <= 127) break
    }
    return Uint8Array.of(bytes.length + 1, 0, 0, 0, ...bytes, level)
  }
  const prefix = Buffer.from('PAR1')
  const footer = (...bytes: number[]): Uint8Array =>
    Buffer.concat([prefix, Buffer.from(bytes), Buffer.from([bytes.length, 0, 0, 0]), prefix])

  /** The footer of a column of decimals whose least and largest value have so many bytes. */
  const boundOf = (bytes: number): Uint8Array => {
    const root = { field_4: Buffer.from('root'), field_5: 1 }
    const column = {
      field_1: 7,
      field_2: bytes,
      field_3: 0,
      field_4: Buffer.from('a'),
      field_6: 5,
      field_8: 2,
    }
    const bound = new Uint8Array(bytes).fill(1)
    const meta = {
      ...{ field_1: 7, field_2: [0], field_3: [Buffer.from('a')], field_4: 0 },
      ...{ field_5: 1n, field_6: 1n, field_7: 1n, field_9: 4n, field_12: { field_5: bound } },
    }
    const group = { field_1: [{ field_2: 4n, field_3: meta }], field_2: 1n, field_3: 1n }
    return footerAlone({ field_1: 2, field_2: [root, column], field_3: 1n, field_4: [group] })
  }
  /** A column with one value of a dictionary that is packed. */
  const packedDictionary = (element: SchemaElement, count: number, values: Uint8Array): Uint8Array => {
    const [packed, index] = [gzipSync(values), gzipSync(Uint8Array.of(1, 2, 0))]
    return rawParquet(1, [
      {
        element,
        pages: [
          { header: dictionaryPage(count, values.length, packed.length), body: packed },
          { header: dataPage(1, 3, index.length, 8), body: index },
        ],
        says: { codec: 'GZIP' },
      },
    ])
  }
  const half: SchemaElement = {
    name: 'a',
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 2,
    logical_type: { type: 'FLOAT16' },
    repetition_type: 'REQUIRED',
  }
  /** One row of lists, of which all elements are null. */
  const lists = (count: number, length: number): Uint8Array => {
    const names = Array.from({ length: count }, (_, at) => `l${at}`)
    const element = { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' } as const
    const reps = Buffer.concat([Buffer.from([0, 0, 0, 0, 2, 0]), run(length - 1, 1).subarray(4)])
    reps[0] = reps.length - 4
    const body = Buffer.concat([reps, run(length, 1)])
    return rawParquet(
      1,
      names.map(() => ({
        element,
        pages: [{ header: dataPage(length, body.length), body }],
        says: { values: length },
      })),
      [
        { name: 'root', num_children: count },
        ...names.flatMap((name) => [
          { name, num_children: 1, converted_type: 'LIST', repetition_type: 'REQUIRED' } as const,
          { name: 'list', num_children: 1, repetition_type: 'REPEATED' } as const,
          element,
        ]),
      ],
    )
  }
  /** Columns of two texts, of which the second is as the first but for nothing, and both have `length` bytes. */
  const prefixed = (count: number, length: number, element: SchemaElement = text): Uint8Array => {
    const number = (value: number): number[] =>
      value < 128 ? [value] : [(value % 128) | 128, ...number(Math.floor(value / 128))]
    // Blocks of 128 deltas, in 4 parts; all deltas are the least one, so that they need no bits.
    const deltas = (first: number, second: number): number[] => {
      const delta = second - first
      return [
        128,
        1,
        4,
        2,
        ...number(first * 2),
        ...number(delta < 0 ? -delta * 2 - 1 : delta * 2),
        0,
        0,
        0,
        0,
      ]
    }
    const head = Buffer.from([...deltas(0, length), ...deltas(length, 0)])
    const body = Buffer.concat([head, Buffer.alloc(length, 65)])
    const packed = gzipSync(body)
    return rawParquet(
      2,
      Array.from({ length: count }, (_, at) => ({
        element: { ...element, name: `c${at}` },
        pages: [{ header: dataPage(2, body.length, packed.length, 7), body: packed }],
        says: { codec: 'GZIP' as const },
      })),
    )
  }

  it.each<[what: string, bytes: Uint8Array, code: string]>([
    ['no bytes', new Uint8Array(0), 'file-malformed'],
    ['other magic', Buffer.from('{"id":1}\n{"id":2}\n'), 'file-malformed'],
    ['an encrypted footer', Buffer.from('PAR1xxxxxxxxxxxxPARE'), 'file-malformed'],
    ['an encrypted file', Buffer.from('PARExxxxxxxxxxxxPARE'), 'file-malformed'],
    [
      'a footer longer than the file',
      Buffer.concat([prefix, Buffer.from([0xff, 0xff, 0, 0]), prefix]),
      'input-damaged',
    ],
    [
      'a footer that is no struct',
      Buffer.concat([prefix, Buffer.alloc(8, 0x19), Buffer.from([8, 0, 0, 0]), prefix]),
      'input-damaged',
    ],
    // A list of 2 ** 27 lists.
    [
      'a footer of lists without end',
      Buffer.concat([
        prefix,
        Buffer.from([0x19, 0xf9, 0xff, 0xff, 0xff, 0x3f, 0xf9, 0xff]),
        Buffer.from([8, 0, 0, 0]),
        prefix,
      ]),
      'input-damaged',
    ],
    ['fewer values than rows', one(whole32, 5, dataPage(2, 8), page(8), { values: 2 }), 'input-damaged'],
    ['more values than rows', one(whole32, 1, dataPage(2, 8), page(8), { values: 2 }), 'input-damaged'],
    ['values that its page has not', one(whole32, 5, dataPage(5, 8), page(8)), 'input-damaged'],
    ['a page longer than its column', one(whole32, 1, dataPage(1, 4, 4000), page(4)), 'input-damaged'],
    [
      'a column behind the footer',
      one(whole32, 1, dataPage(1, 4), page(4), { bytes: 1_000_000 }),
      'input-damaged',
    ],
    ['a column below zero', one(whole32, 1, dataPage(1, 4), page(4), { start: -5 }), 'input-damaged'],
    [
      'a text longer than its page',
      one(text, 1, dataPage(1, 8), Uint8Array.of(255, 255, 255, 127, 0, 0, 0, 0)),
      'input-damaged',
    ],
    [
      'a page of 2 ** 30 bytes',
      one(whole32, 1, dataPage(1, 2 ** 30, 4), page(4), { codec: 'GZIP' }),
      'file-too-large',
    ],
    [
      'a page of 2 ** 30 values',
      one(optional, 2 ** 30, dataPage(2 ** 30, 8), run(2 ** 30, 0)),
      'file-too-large',
    ],
    [
      'a bomb of gzip',
      one(whole32, 1, dataPage(1, 4, gzipSync(page(1 << 26)).length), gzipSync(page(1 << 26)), {
        codec: 'GZIP',
      }),
      'input-damaged',
    ],
    [
      'a bomb of zstd',
      one(whole32, 1, dataPage(1, 4, compress(page(1 << 26)).length), compress(page(1 << 26)), {
        codec: 'ZSTD',
      }),
      'input-damaged',
    ],
    [
      'snappy that says 2 ** 31',
      one(whole32, 1, dataPage(1, 4, 6), Uint8Array.of(255, 255, 255, 255, 7, 0), { codec: 'SNAPPY' }),
      'input-damaged',
    ],
    ['a schema that nests 70 deep', rawParquet(0, [], deep(70)), 'file-too-large'],
    [
      'a group of 2 ** 30 members',
      footer(
        0x15,
        0x04,
        0x19,
        0x1c,
        0x48,
        1,
        0x72,
        0x15,
        0x80,
        0x80,
        0x80,
        0x80,
        8,
        0,
        0x16,
        0,
        0x19,
        0x0c,
        0,
      ),
      'input-damaged',
    ],
    [
      'two columns in one place',
      rawParquet(1, [
        { element: whole32, pages: [{ header: dataPage(1, 4), body: page(4) }] },
        { element: { ...whole32, name: 'b' }, pages: [], says: { start: 4, bytes: 21 } },
      ]),
      'input-damaged',
    ],
    [
      'indexes without a dictionary',
      one(text, 1, dataPage(1, 3, 3, 8), Uint8Array.of(1, 2, 0)),
      'input-damaged',
    ],
    [
      'an index that a dictionary has not',
      rawParquet(1, [
        {
          element: text,
          pages: [
            { header: dictionaryPage(1, 5), body: Uint8Array.of(1, 0, 0, 0, 65) },
            { header: dataPage(1, 3, 3, 8), body: Uint8Array.of(8, 2, 9) },
          ],
        },
      ]),
      'input-damaged',
    ],
    [
      'a dictionary of 2 ** 29 values',
      rawParquet(1, [{ element: text, pages: [{ header: dictionaryPage(2 ** 29, 4), body: page(4) }] }]),
      'input-damaged',
    ],
    [
      'a run of nothing, for ever',
      one(optional, 100, dataPage(100, 8), Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0)),
      'input-damaged',
    ],
    [
      'two row groups in one place',
      rawParquet(1, [{ element: whole32, pages: [{ header: dataPage(1, 4), body: page(4) }] }], undefined, 2),
      'input-damaged',
    ],
    // A list of structs without fields, of a byte each.
    [
      'a footer of 4 million structs',
      footerAlone(Buffer.concat([Buffer.from([0x15, 4, 0x49, 0xfc, 0x80, 0x92, 0xf4, 1]), page(4_000_001)])),
      'file-too-large',
    ],
    ['a bound of a million bytes', boundOf(1_000_000), 'input-damaged'],
    [
      'a header of a page of 100,000 structs',
      one(whole32, 1, { ...dataPage(1, 4), field_9: Array.from({ length: 100_000 }, () => ({})) }, page(4)),
      'file-too-large',
    ],
    [
      'a dictionary whose texts are a thousand times as long',
      packedDictionary(
        {
          name: 'a',
          type: 'FIXED_LEN_BYTE_ARRAY',
          type_length: 1,
          converted_type: 'DECIMAL',
          scale: 999,
          precision: 2,
          repetition_type: 'REQUIRED',
        },
        1 << 21,
        new Uint8Array(1 << 21).fill(1),
      ),
      'file-too-large',
    ],
    [
      'a dictionary of texts that JSON has to escape',
      packedDictionary(
        text,
        300,
        Buffer.concat(
          Array.from({ length: 300 }, () =>
            Buffer.concat([Buffer.from([0, 0, 4, 0]), Buffer.alloc(1 << 18, 1)]),
          ),
        ),
      ),
      'file-too-large',
    ],
    [
      'a dictionary of halves that are no numbers',
      packedDictionary(half, 4_000_000, new Uint8Array(8_000_000).fill(0x7f)),
      'file-too-large',
    ],
    ['texts that repeat each other, in many columns', prefixed(4, 60 << 20), 'file-too-large'],
    ['a row of two lists of 9 million values each', lists(2, 9_000_000), 'file-too-large'],
    ['three bytes where a value has two', prefixed(1, 3, half), 'input-damaged'],
  ])('%s', async (_, bytes, code) => {
    const path = join(folder({ 'in.parquet': bytes }), 'in.parquet')
    const before = process.memoryUsage().rss
    const began = processorMs()
    expect(await readAll(path)).toBe(code)
    expect(processorMs() - began).toBeLessThan(5000)
    expect(process.memoryUsage().rss - before).toBeLessThan(400 << 20)
  })

  it('holds a footer to its rows where no column is asked for', async () => {
    const none = (node: Parameters<typeof whole>[0]) => ({ ...whole(node), children: [] })
    const path = join(folder(), 'in.parquet')
    const read = (rowCount: number, values: number) => {
      writeFileSync(path, one(whole32, rowCount, dataPage(values, values * 4), page(values * 4), { values }))
      return readAll(path, 1 << 20, undefined, none)
    }
    expect(await read(7, 7)).toBe('7 rows')
    expect(await read(2 ** 40, 7)).toBe('input-damaged')
    expect(await read(6, 7)).toBe('input-damaged')
    const list = { name: 'a', type: 'INT32', repetition_type: 'REPEATED' } as const
    // Two rows, of two elements and of one.
    const body = Buffer.concat([Buffer.from([2, 0, 0, 0, 3, 2]), run(3, 1), page(12)])
    writeFileSync(
      path,
      rawParquet(2, [
        { element: list, pages: [{ header: dataPage(3, body.length), body }], says: { values: 3 } },
      ]),
    )
    expect(await readAll(path, 1 << 20, undefined, none)).toBe('2 rows')
  })

  it('rejects a row that a dictionary would make too long, and goes on', async () => {
    // One text of 1,000 bytes, 200,000 times in the list of one row.
    const list = [
      { name: 'root', num_children: 1 },
      {
        name: 'a',
        type: 'BYTE_ARRAY' as const,
        converted_type: 'UTF8' as const,
        repetition_type: 'REPEATED' as const,
      },
    ]
    const count = 200_000
    const reps = Buffer.concat([Buffer.from([6, 0, 0, 0, 2, 0]), run(count, 1).subarray(4), Buffer.alloc(0)])
    reps[0] = reps.length - 4
    const defs = run(count + 1, 1)
    const indexes = Buffer.concat([Buffer.from([1]), run(count + 1, 0).subarray(4)])
    const body = Buffer.concat([reps, defs, indexes])
    const word = Buffer.alloc(1004, 65)
    word.writeUInt32LE(1000)
    const bytes = rawParquet(
      1,
      [
        {
          element: list[1]!,
          pages: [
            { header: dictionaryPage(1, 1004), body: word },
            { header: dataPage(count + 1, body.length, body.length, 8), body },
          ],
          says: { values: count + 1 },
        },
      ],
      list,
    )
    expect(await readAll(join(folder({ 'in.parquet': bytes }), 'in.parquet'), 1 << 16)).toBe('1 rows')
  })

  it('ends with a code wherever a file is cut short', async () => {
    const bytes = fixture('gzip-v2')
    const path = join(folder(), 'in.parquet')
    for (let length = 0; length < bytes.length; length += 997) {
      writeFileSync(path, bytes.subarray(0, length))
      expect(await readAll(path)).toMatch(/^(input-damaged|file-malformed)$/)
    }
  })

  it('ends with a code, or gives all rows, whatever byte is another', async () => {
    const path = join(folder(), 'in.parquet')
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('snappy', 'deltas', 'zstd-plain', 'gzip-v2', 'lz4', 'duckdb'),
        fc.array(fc.tuple(fc.double({ min: 0, max: 0.9999, noNaN: true }), fc.nat(255)), {
          minLength: 1,
          maxLength: 4,
        }),
        async (name, changes) => {
          const bytes = Uint8Array.from(fixture(name))
          for (const [at, byte] of changes) bytes[Math.floor(at * bytes.length)] = byte
          writeFileSync(path, bytes)
          expect(await readAll(path)).toMatch(
            /^(60 rows|40 rows|input-damaged|file-malformed|file-too-large)$/,
          )
        },
      ),
      { numRuns: 30 },
    )
  })

  it('gives no other text where pages have checksums, whatever byte is another', async () => {
    const bytes = fixture('none-crc')
    const file = ParquetFile.open(join(FIXTURES, 'none-crc.parquet'))
    const { start, end } = file.places(file.groups[0]!, [2])[0]!
    file.close()
    const path = join(folder(), 'in.parquet')
    let right = ''
    await readAll(join(FIXTURES, 'none-crc.parquet'), 1 << 20, (text) => {
      right += text
    })
    for (let at = start; at < end; at += 7) {
      const other = Uint8Array.from(bytes)
      other[at]! ^= 0x20
      writeFileSync(path, other)
      let made = ''
      const ended = await readAll(path, 1 << 20, (text) => {
        made += text
      })
      // A header has a few bytes that mean nothing.
      expect(ended === '60 rows' ? made : right).toBe(right)
    }
  })

  it('leaves no output of a file whose last page is damaged', async () => {
    const cwd = await place({})
    copyFileSync(join(FIXTURES, 'none-crc.parquet'), join(cwd, 'in.parquet'))
    const bytes = readFileSync(join(cwd, 'in.parquet'))
    const file = ParquetFile.open(join(cwd, 'in.parquet'))
    const { end } = file.places(file.groups.at(-1)!, [2])[0]!
    file.close()
    bytes[end - 3]! ^= 1
    writeFileSync(join(cwd, 'in.parquet'), bytes)
    const ended = await batch(cwd, 'in.parquet', '-p', 'policy.yaml', ...KEYS, '-o', 'out.ndjson')
    expect(ended).toMatchObject({ code: 4, stderr: expect.stringContaining('checksum') })
    expect(readdirSync(cwd).sort()).toEqual(['in.parquet', 'keys.json', 'policy.yaml'])
  })
})
