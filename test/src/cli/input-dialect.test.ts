/** CSV as exports write it: quotes that are none, backslashes, `sep=`, no header, comments and prose above the table. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DialectSplitter } from '../../../src/files/dialect-splitter.ts'
import type { LineSplitter } from '../../../src/files/splitter.ts'
import { padded } from '../../../src/record/codec.ts'
import type { CsvDialect } from '../../../src/record/csv/csv-dialect.ts'
import { CsvWalker } from '../../../src/record/csv/csv-walker.ts'
import { batchOf, refusal } from '../run/batch-of.ts'
import { folder, warm } from './lethe.ts'

const FIELDS = 'fields:\n  n: keep\n  label: keep\n'
const policy = (input: string, fields = FIELDS): string => `${fields}input: { ${input} }\n`
const TSV = { name: 'in.tsv' }

describe('a file with quotes that are none', () => {
  const text = 'n\tlabel\n1\t"Big" mug\n2\t6" plate\n3\t"unclosed\n4\tplain\n5\t""\n'

  it('is read under `quote: none`, and written as RFC 4180 does', async () => {
    for (const chunkBytes of [1, 7, 1 << 20]) {
      const { out, dead } = await batchOf(policy('quote: none'), text, { ...TSV, chunkBytes })
      expect([out, dead]).toEqual([
        'n\tlabel\n1\t"""Big"" mug"\n2\t"6"" plate"\n3\t"""unclosed"\n4\tplain\n5\t""""""\n',
        [],
      ])
    }
  })

  it('is told so where it is not, at the line where a quote opens', async () => {
    const { out, dead } = await batchOf(FIELDS, text, TSV)
    expect(out).toBe('n\tlabel\n')
    expect(dead.map(({ line, code }) => [line, code])).toEqual([
      [2, 'csv-syntax'],
      [3, 'csv-syntax'],
      [4, 'csv-quote-unclosed'],
    ])
    const cwd = folder({
      'p.yaml': `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  n: keep\n`,
      'in.tsv': text,
    })
    const { stderr } = await warm(['batch', 'in.tsv', '-p', 'p.yaml', '-o', '-', '--max-dead-letters', '9'], {
      cwd,
    })
    expect(stderr).toMatch(/csv-syntax +2 .*`quote: none`/)
    expect(stderr).toContain(
      'warning: input 1, line 4: a quote opens there and never closes: the 3 lines from there on',
    )
  })

  it('has a header with them, or an error says what to do', async () => {
    const fields = `fields:\n  label: keep\ncolumns: { 'the "n"': label }\n`
    expect((await batchOf(policy('quote: none', fields), 'the "n",x\n1,2\n')).out).toBe('"the ""n"""\n1\n')
    expect(await refusal(fields, 'the "n",x\n1,2\n')).toContain('`quote: none`')
  })
})

describe('backslashes', () => {
  it('escape quotes and themselves, in quotes and under `escape: backslash` alone', async () => {
    const text = 'n,label\n1,"Main St (at \\"B\\" gate)"\n2,"C:\\new\\\\"\n3,\\"\n4,"a""b, \\\\"\n'
    const { out, dead } = await batchOf(policy('escape: backslash'), text)
    expect(out).toBe('n,label\n1,"Main St (at ""B"" gate)"\n2,C:\\new\\\n4,"a""b, \\"\n')
    expect(dead).toMatchObject([{ line: 4, code: 'csv-syntax' }])
    expect((await batchOf(FIELDS, 'n,label\n1,"a\\"\n')).out).toBe('n,label\n1,a\\\n')
  })
})

describe('a delimiter', () => {
  it('is what a line `sep=` says, where nothing else is said', async () => {
    for (const line of ['sep=;\r\n', '"sep=;"\r\n', 'SEP=;\r\n'])
      expect((await batchOf(FIELDS, `\ufeff${line}n;label\r\n1;x\r\n`)).out).toBe('n;label\r\n1;x\r\n')
    expect((await batchOf(FIELDS, 'sep=;\nn;label\n1;x\n', TSV)).out).toBe('n;label\n1;x\n')
    expect((await batchOf(policy('delimiter: ";"'), 'sep=;\nn;label\n1;x\n')).out).toBe('n;label\n1;x\n')
    expect(await refusal(policy('delimiter: ","'), 'sep=;\nn;label\n1;x\n')).toContain('another delimiter')
    expect((await batchOf(FIELDS, 'sep=;\nn;label\n1;x;y\n')).dead).toMatchObject([{ line: 3 }])
    expect((await batchOf('fields:\n  sep=: keep\n', 'sep=\n1\n')).out).toBe('sep=\n1\n')
  })
})

describe('what stands above a table', () => {
  const report = 'Orders of "March"\nmade,by\n\n# n, and "more\nn,label\n1,x\n# a, b\n#,"\n2,y\n3\n'

  it('is skipped by number and as comments; lines are counted on', async () => {
    for (const chunkBytes of [1, 5, 1 << 20]) {
      const { out, dead, account } = await batchOf(policy('skipLines: 2, comment: "#"'), report, {
        chunkBytes,
      })
      expect(out).toBe('n,label\n1,x\n2,y\n')
      expect(dead).toMatchObject([{ line: 10, code: 'csv-ragged' }])
      expect(account).toMatchObject({ records: 3, blank: 2 })
    }
  })

  it('may be nothing: then the policy gives the header', async () => {
    const named = policy('header: [n, label]')
    for (const chunkBytes of [1, 1 << 20])
      expect((await batchOf(named, '1,x\r\n2,"y\nz"\n3\n', { chunkBytes })).dead).toMatchObject([
        { line: 2, code: 'kept-line-break' },
        { line: 4, code: 'csv-ragged' },
      ])
    expect((await batchOf(named, '1,x\r\n')).out).toBe('n,label\r\n1,x\r\n')
    expect(
      (await batchOf(policy('header: [n, label], skipLines: 1, comment: "#"'), 'prose\n# c\n1,x\n')).out,
    ).toBe('n,label\n1,x\n')
    expect(await refusal(named, '1,x,y\n')).toContain('first row has 3 columns')
    for (const skipLines of [1, 2]) {
      const skipping = policy(`header: [n, label], skipLines: ${skipLines}`)
      expect((await batchOf(skipping, 'a title\n'.repeat(skipLines).trimEnd())).account.records).toBe(0)
      expect(await refusal(policy(`skipLines: ${skipLines + 1}`), 'a title\n'.repeat(skipLines))).toContain(
        `it ends with line ${skipLines}, and skipLines is ${skipLines + 1}`,
      )
    }
  })
})

it('options say the same, stand in the summary, and contradict nothing', async () => {
  const cwd = folder({
    'p.yaml': `policy: p\nversion: 1\npurpose: train_ai_system\n${FIELDS}`,
    'in.csv': 'title\n1;"x\n#;"\n',
  })
  const flags = [
    '--quote',
    'none',
    '--header',
    'n,label',
    '--skip-lines',
    '1',
    '--comment',
    '#',
    '--delimiter',
    ';',
  ]
  const run = (...more: string[]) => warm(['batch', 'in.csv', '-p', 'p.yaml', '-o', '-', ...more], { cwd })
  const both = await run(...flags, '--escape', 'backslash')
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('nothing to escape')])
  const { code, stdout } = await run(...flags, '--summary', 's')
  expect([code, stdout]).toEqual([0, 'n;label\n1;"""x"\n'])
  expect(JSON.parse(readFileSync(join(cwd, 's'), 'utf8')).inputOptions).toEqual({
    delimiter: ';',
    quote: 'none',
    header: ['n', 'label'],
    skipLines: 1,
    comment: '#',
  })
})

describe('the splitter and the walker', () => {
  const dialect = fc.record<CsvDialect>({
    delimiter: fc.constantFrom(',', ';'),
    escape: fc.constantFrom(undefined, 'backslash' as const),
    comment: fc.constantFrom(undefined, '#', 'a'),
  })
  const piece = fc.constantFrom('"', ',', ';', '\n', '\r\n', 'a', '#', '\\', '\\"', '""', '\\\\', '",', '\n"')

  it('find the same rows in any dialect, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        dialect,
        fc.array(piece, { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (one, parts, size) => {
          const bytes = Buffer.from(parts.join(''))
          const splitter = new DialectSplitter({ chunkBytes: 1, maxRecordBytes: 1000 }, one)
          const ends: number[] = []
          let isOpen = false
          const take = (pieces: ReturnType<LineSplitter['push']>): void => {
            for (const found of pieces)
              if (found.kind === 'records') ends.push(found.offset + found.length)
              else isOpen = true
          }
          for (let at = 0; at < bytes.length; at += size) take(splitter.push(bytes.subarray(at, at + size)))
          take(splitter.end())
          const walker = new CsvWalker(one)
          const rows = new Set<number>()
          let at = 0
          let unclosed = false
          while (at < bytes.length) {
            at = Math.min(walker.row(padded(bytes), at, bytes.length), bytes.length)
            unclosed = walker.code === 'csv-quote-unclosed'
            if (!unclosed) rows.add(at)
          }
          expect(isOpen).toBe(unclosed)
          expect(ends.filter((end) => !rows.has(end))).toEqual([])
        },
      ),
      { numRuns: 2000 },
    )
  })
})
