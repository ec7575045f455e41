/** Files in every form that is read, through the library: the rows that went in come out, or the file is refused. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles, LetheError } from '../../src/index.ts'
import { folder } from '../src/cli/lethe.ts'
import { DAMAGED } from './damaged.ts'
import { ENCODINGS, PACKINGS } from './encode.ts'
import {
  type CorpusFile,
  FORMS,
  HEADERS,
  jsonFile,
  LINE_ENDS,
  NULLS,
  QUOTINGS,
  REPLACED,
  SECRET,
  tableFile,
} from './files.ts'
import { REFUSED } from './refused.ts'

interface Came {
  readonly out: string | undefined
  /** The code of what ended it, or its status. */
  readonly ended: string
  readonly dead: readonly (readonly [line: number, code: string])[]
}

async function run(name: string, bytes: Uint8Array, input: object): Promise<Came> {
  const policy =
    `policy: p\nversion: 1\npurpose: train_ai_system\ninput: ${JSON.stringify(input)}\n` +
    `fields:\n  n: keep\n  label: { use: keep, lineBreaks: allow }\n  who: { use: mask.replace, with: ${REPLACED} }\n`
  const cwd = folder({ [name]: bytes, 'p.yaml': policy })
  const [output, deadLetters] = [join(cwd, `out.${name}`.replace(/\.(gz|zst)$/, '')), join(cwd, 'dead')]
  const ended = await deidentifyFiles({
    inputs: [join(cwd, name)],
    output,
    policy: join(cwd, 'p.yaml'),
    deadLetters,
    maxDeadLetters: '100',
    workers: 1,
  }).then(
    ({ status }) => status,
    (error: unknown) => {
      if (!(error instanceof LetheError)) throw error
      expect(error.message + error.suggestion).not.toContain(SECRET)
      return error.code
    },
  )
  const text = existsSync(deadLetters) ? readFileSync(deadLetters, 'utf8') : ''
  expect(text).not.toContain(SECRET)
  const dead = text.split('\n').flatMap((line) => {
    if (line === '') return []
    const {
      line: at,
      code,
      records = 1,
    } = JSON.parse(line) as { line: number; code: string; records?: number }
    return Array.from({ length: records }, (_, i) => [at + i, code] as const)
  })
  return { out: existsSync(output) ? readFileSync(output, 'utf8') : undefined, ended, dead }
}

async function reads(file: CorpusFile): Promise<void> {
  const input = JSON.parse(JSON.stringify(file.input)) as object
  const { out, ended, dead } = await run(file.name, file.bytes, input)
  expect([ended, dead]).toEqual(['done', []])
  expect(out).not.toContain(SECRET)
  if ('csv' in file.expected) return expect(out).toBe(file.expected.csv)
  const text = file.name.startsWith('in.json') ? out! : `[${out!.trimEnd().replaceAll('\n', ',')}]`
  expect(JSON.parse(text)).toEqual(file.expected.records.map((row) => ({ ...row, n: Number(row.n) })))
}

/** Takes turns through a list, so that the others of a file differ from those of its neighbours. */
const turn = <T>(list: readonly T[], at: number): T => list[at % list.length]!

describe('a file of JSON is read as its policy says', () => {
  // Each encoding in two forms of four.
  const files = ENCODINGS.flatMap((encoding, e) =>
    [e, e + 1 + (e % 3)].map((f) =>
      jsonFile(
        encoding,
        turn(FORMS, f),
        turn(LINE_ENDS, e + f),
        turn(PACKINGS, e + 2 * f),
        (e + f) % 2 === 0 ? NULLS : [],
      ),
    ),
  )
  it.each(files.map((file) => [file.title, file] as const))('%s', (_, file) => reads(file))
})

describe('a table is read as its policy says', () => {
  const byEncoding = ENCODINGS.map((encoding, e) => ({
    encoding,
    quoting: turn(QUOTINGS, e),
    header: turn(HEADERS, 2 * e),
  }))
  const byHeader = HEADERS.flatMap((header, h) =>
    QUOTINGS.map((quoting, q) => ({ encoding: turn(ENCODINGS, h + 5 * q), quoting, header })),
  )
  const files = [...byEncoding, ...byHeader].map((table, i) =>
    tableFile({
      ...table,
      end: turn(LINE_ENDS, i + Math.floor(i / 3)),
      packing: turn(PACKINGS, i + Math.floor(i / 9)),
      nulls: i % 2 === 0 ? NULLS : [],
      extension: Math.floor(i / 3) % 2 === 0 ? 'csv' : 'tsv',
    }),
  )
  it.each(files.map((file) => [file.title, file] as const))('%s', (_, file) => reads(file))
})

describe('a file that is not what is said of it', () => {
  it.each(REFUSED)('is refused whole: $title', async ({ name, bytes, input = {}, code }) => {
    expect(await run(name, Buffer.from(bytes), input)).toEqual({ out: undefined, ended: code, dead: [] })
  })

  it.each(DAMAGED)(
    'loses the records that are not, and no other: $title',
    async ({ name, bytes, input = {}, dead, n }) => {
      const came = await run(name, Buffer.from(bytes), input)
      expect([came.ended, came.dead]).toEqual(['done', dead])
      const text = came.out!
      const seen = name.includes('csv')
        ? text
            .trimEnd()
            .split('\n')
            .slice(1)
            .map((line) => Number(line.split(',')[0]))
        : [...text.matchAll(/"n":(\d+)/g)].map(([, found]) => Number(found))
      expect(seen).toEqual(n)
    },
  )
})
