/** The CSV walker and rewriter against fast-csv, and against the reference of the JSON tests, on arbitrary tables. */

import fc from 'fast-check'
import { parseString, writeToString } from 'fast-csv'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { padded } from '../../../src/record/codec.ts'
import { resolveColumns } from '../../../src/record/csv/csv-columns.ts'
import type { CsvStyle } from '../../../src/record/csv/csv-text.ts'
import { CsvWalker } from '../../../src/record/csv/csv-walker.ts'
import { csvEngine, runShape } from '../../../src/run/engines.ts'
import { MARKS, markPlan } from './marks.ts'

const USUAL = [',', ';', '\t', '|']
/** fast-csv's writer takes these for parts of a regular expression, so tables with them are written here. */
const ODD = ['.', ':', 'a', '^', ']', '-', '\\', ' ', '*', '=']

const cell = (delimiter: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('', '1', 'é', 'f', 'US', '=1+1', ' ', "'", '-5', '\t', '😀') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('"', '""', '\n', '\r\n', 'a"b', 'a\nb', delimiter, `"${delimiter}`),
    },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }).filter((s) => !/[\r\0]/.test(s)) },
  )

interface Table {
  readonly delimiter: string
  readonly lineBreak: '\n' | '\r\n'
  readonly rows: readonly (readonly string[])[]
  readonly last: boolean
  readonly quoteAll: boolean
}

const table = (columns: fc.Arbitrary<number>, delimiters: readonly string[]): fc.Arbitrary<Table> =>
  fc.tuple(fc.constantFrom(...delimiters), columns).chain(([delimiter, width]) =>
    fc.record({
      delimiter: fc.constant(delimiter),
      lineBreak: fc.constantFrom('\n' as const, '\r\n' as const),
      rows: fc.array(fc.array(cell(delimiter), { minLength: width, maxLength: width }), { maxLength: 6 }),
      last: fc.boolean(),
      quoteAll: fc.boolean(),
    }),
  )

function parse(text: string, delimiter: string): Promise<string[][]> {
  return new Promise((resolve, reject) => {
    const rows: string[][] = []
    parseString(text, { headers: false, delimiter, ignoreEmpty: false })
      .on('error', reject)
      .on('data', (row: string[]) => rows.push(row))
      .on('end', () => resolve(rows))
  })
}

/** The table as RFC 4180 writes it, with quotes where they are needed, or everywhere. */
function plainText({ rows, delimiter, lineBreak, last, quoteAll }: Table): string {
  const careful = new Set([delimiter, '"', '\n', '\r'])
  const write = (cell: string): string =>
    quoteAll || [...cell].some((c) => careful.has(c)) ? `"${cell.replaceAll('"', '""')}"` : cell
  const text = rows.map((row) => row.map(write).join(delimiter)).join(lineBreak)
  return text === '' ? '' : text + (last ? lineBreak : '')
}

/** fast-csv drops white space at the ends of cells that stand without quotes. */
const hasBareSpace = ({ rows, quoteAll }: Table): boolean =>
  !quoteAll && rows.some((row) => row.some((cell) => /^\s|\s$/.test(cell)))

async function textOf(t: Table): Promise<string> {
  if (ODD.includes(t.delimiter)) return plainText(t)
  const text = await writeToString(
    t.rows.map((row) => [...row]),
    { delimiter: t.delimiter, rowDelimiter: t.lineBreak, quoteColumns: t.quoteAll, headers: false },
  )
  return text === '' ? '' : text + (t.last ? t.lineBreak : '')
}

/** The rows as the walker reads them; a row that is malformed gives its code. */
function walk(text: string, delimiter: string): (string[] | string)[] {
  const bytes = Buffer.from(text)
  const room = padded(bytes)
  const walker = new CsvWalker({ delimiter })
  const rows: (string[] | string)[] = []
  let p = 0
  while (p < bytes.length) {
    p = walker.row(room, p, bytes.length)
    rows.push(
      walker.code ??
        Array.from({ length: walker.fields }, (_, i) => {
          const text = Buffer.from(room.subarray(walker.starts[i]!, walker.ends[i]!)).toString()
          return walker.quoted[i] === 1 ? text.replaceAll('""', '"') : text
        }),
    )
  }
  return rows
}

const style = (part: Partial<CsvStyle>): CsvStyle => ({
  delimiter: ',',
  lineBreak: '\n',
  escapeFormulas: false,
  ...part,
})

function rewrite(plan: Plan, header: string[], text: string, part: Partial<CsvStyle> = {}) {
  const rewriter = csvEngine(plan, header, 'input', style(part), { now: 0 })
  const bytes = Buffer.from(text)
  const { output, deadLetters, lines } = rewriter.rewrite(padded(bytes), bytes.length)
  const account = rewriter.takeAccount()
  expect(reconciles(account)).toBe(true)
  return { text: Buffer.from(output).toString(), deadLetters, lines, account }
}

describe('CsvWalker', () => {
  it('reads what fast-csv wrote, and reads it as fast-csv does', async () => {
    await fc.assert(
      fc.asyncProperty(table(fc.integer({ min: 1, max: 5 }), USUAL), async (t) => {
        // fast-csv writes a row of one empty cell as an empty line, which neither reads as a row of one.
        fc.pre(t.rows.every((row) => row.length > 1 || row[0] !== '' || t.quoteAll))
        const text = await textOf(t)
        expect(walk(text, t.delimiter)).toEqual(t.rows)
        if (!hasBareSpace(t)) expect(await parse(text, t.delimiter)).toEqual(t.rows)
      }),
      { numRuns: 75 },
    )
  })

  it('reads any delimiter', () => {
    fc.assert(
      fc.property(table(fc.integer({ min: 2, max: 5 }), ODD), (t) => {
        expect(walk(plainText(t), t.delimiter)).toEqual(t.rows)
      }),
      { numRuns: 75 },
    )
  })

  const rows: [string, (string[] | string)[]][] = [
    [
      'a,b\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,\n,b\n',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['""\n', [['']]],
    ['""""\n', [['"']]],
    ['"a\r\nb","c"\r\n', [['a\r\nb', 'c']]],
    ['a"b,c\nd,e\n', ['csv-syntax', ['d', 'e']]],
    ['"a"b,c\nd,e\n', ['csv-syntax', ['d', 'e']]],
    ['"a" ,c\nd,e\n', ['csv-syntax', ['d', 'e']]],
    ['a\rb,c\nd,e\n', ['csv-syntax', ['d', 'e']]],
    ['"a"\rb,c\nd,e\n', ['csv-syntax', ['d', 'e']]],
    ['a,b\r', ['csv-syntax']],
    ['"a,b\nc,d\n', ['csv-quote-unclosed']],
    ['a,"b""\nc,d\n', ['csv-quote-unclosed']],
  ]
  it.each(rows)('reads %j', (text, expected) => {
    expect(walk(text, ',')).toEqual(expected)
  })
})

describe('csvEngine', () => {
  const plan = markPlan(
    [
      '  keep: { use: keep, lineBreaks: allow }',
      '  text: { use: mark.brackets, else: { constant: "f;,\\"" } }',
      '  many: { use: mark.many, else: "null" }',
      '  hex: mark.hex',
      '  dropped: drop',
      '  each: { from: text, use: mark.each, else: drop }',
      '  copy: { from: keep, use: mark.hex }',
      '  all: { from: keep, use: mark.all, else: { constant: 5 } }',
      '',
    ].join('\n'),
  )
  const header = ['dropped', 'many', 'keep', 'unlisted', 'hex', 'text']
  const change: Record<string, (text: string) => string> = {
    keep: (text) => text,
    many: (text) => (text.includes('f') ? '' : `«${text}»`),
    hex: MARKS['mark.hex']!.apply as (text: string) => string,
    text: (text) => (text.includes('f') ? 'f;,"' : `<${text}>"\n`),
  }

  it('gives, read back by fast-csv, what every rule makes of every cell', async () => {
    await fc.assert(
      fc.asyncProperty(table(fc.constant(header.length), [...USUAL, ...ODD]), async (t) => {
        const { text, account, deadLetters } = rewrite(plan, header, await textOf(t), t)
        expect(deadLetters).toEqual([])
        expect(account.published).toBe(t.rows.length)
        expect(
          resolveColumns(plan, runShape(plan), header, 'input').output.map((column) => column.header),
        ).toEqual(['many', 'keep', 'hex', 'text', 'each', 'copy', 'all'])
        const expected = t.rows.map((row) => {
          const value = (name: string) => row[header.indexOf(name)]!
          const made = ['many', 'keep', 'hex', 'text'].map((name) =>
            value(name) === '' ? '' : change[name]!(value(name)),
          )
          const copy = value('keep') === '' ? '' : change['hex']!(value('keep'))
          const each = value('text') === '' || value('text') === 'US' ? '' : `[${value('text')}]`
          const all = value('keep') === '' ? '' : value('keep') === '1' ? '5' : `all ${value('keep')}`
          return [...made, each, copy, all]
        })
        // Quotes only where they are needed.
        const written = { ...t, rows: expected, quoteAll: false, last: expected.length > 0 }
        expect(text).toBe(plainText(written))
        if (USUAL.includes(t.delimiter) && !hasBareSpace(written))
          expect(await parse(text, t.delimiter)).toEqual(expected)
      }),
      { numRuns: 75 },
    )
  })

  it('never throws and always adds up, whatever the bytes', () => {
    const piece = fc.constantFrom('"', ',', '\n', '\r\n', '\r', 'a', 'é', '""', ' ')
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.array(piece, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''))),
    )
    fc.assert(
      fc.property(bytes, (chunk) => {
        const rewriter = csvEngine(TWO_OF_THREE, ['a', 'b', 'c'], 'input', style({}), { now: 0 })
        const { output, deadLetters } = rewriter.rewrite(padded(chunk), chunk.length)
        const account = rewriter.takeAccount()
        expect(reconciles(account)).toBe(true)
        expect(account.records).toBe(account.published + deadLetters.length)
        const rows = walk(Buffer.from(output).toString(), ',')
        expect(rows.length).toBe(account.published)
        for (const row of rows) expect(row).toHaveLength(2)
      }),
      { numRuns: 500 },
    )
  })
  const TWO_OF_THREE = markPlan('  a: mark.many\n  c: { use: mark.brackets, else: drop }\n')

  it('makes dead letters of ragged rows, stray quotes and bad UTF-8, and goes on', () => {
    const rewriter = csvEngine(TWO_OF_THREE, ['a', 'b', 'c'], 'input', style({}), { now: 0 })
    const bytes = Buffer.from('1,2,3\n1,2\n1,2,3,4\n1,2"x,3\n\n1,"\n",\xff\n1,2,3\n', 'latin1')
    const { output, deadLetters, lines } = rewriter.rewrite(padded(bytes), bytes.length)
    expect(Buffer.from(output).toString()).toBe('«1»,"<3>""\n"\n«1»,"<3>""\n"\n')
    expect(deadLetters.map(({ record, line, code }) => [record, line, code])).toEqual([
      [1, 1, 'csv-ragged'],
      [2, 2, 'csv-ragged'],
      [3, 3, 'csv-syntax'],
      [4, 5, 'bad-utf8'],
    ])
    expect(lines).toBe(8)
    expect(rewriter.takeAccount()).toMatchObject({ records: 6, published: 2, blank: 1 })
  })

  it('writes a lone empty cell so that it stays a row', () => {
    const { text, account } = rewrite(markPlan('  a: keep\n'), ['a', 'b'], ',1\nx,2\n')
    expect(text).toBe('""\nx\n')
    expect(account.published).toBe(2)
  })

  it('puts it before the results of a kernel too', () => {
    const plan = markPlan('  a: mark.formula\n')
    expect(rewrite(plan, ['a'], '1\n', { escapeFormulas: true }).text).toBe("'=1\n")
    expect(rewrite(plan, ['a'], '1\n').text).toBe('=1\n')
  })

  it('puts an apostrophe before what a spreadsheet would run, if told to', () => {
    const cells = ['=1+1', '+1', '-1', '@x', "'=1", 'a=1', '']
    const out = (escapeFormulas: boolean) =>
      rewrite(
        markPlan('  a: keep\n  b: keep\n'),
        ['a', 'b'],
        cells.map((cell) => `${cell},"\t"\n`).join(''),
        {
          escapeFormulas,
        },
      ).text
    expect(out(false)).toBe(cells.map((cell) => `${cell},\t\n`).join(''))
    expect(out(true)).toBe(
      ["'=1+1", "'+1", "'-1", "'@x", "'=1", 'a=1', ''].map((cell) => `${cell},'\t\n`).join(''),
    )
  })
})
