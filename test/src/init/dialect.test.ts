/** `lethe init` finds in which dialect a file is written: the draft's `input:` reads every row of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { LetheError } from '../../../src/errors.ts'
import { draftOf } from '../../../src/init/draft.ts'
import { readSample } from '../../../src/init/read-sample.ts'
import { cellReader, rowsOf as recordsOf, tableText } from '../../../src/init/sample-rows.ts'
import type { InputForm } from '../../../src/policy/input-form.ts'
import { folder } from '../cli/lethe.ts'
import { batchOf } from '../run/batch-of.ts'

interface Drafted {
  readonly text: string
  readonly input: Record<string, unknown>
  readonly paths: readonly string[]
  /** The block `input:` as text; empty where there is none. */
  readonly block: string
}

async function draft(content: string | Uint8Array, name = 'in.csv', form: InputForm = {}): Promise<Drafted> {
  const from = join(folder({}), name)
  writeFileSync(from, content)
  const sample = await readSample({ from, format: undefined, rows: 10_000, form })
  const { text } = draftOf(sample, { from, name: 'p', schema: 's', year: 2026 })
  const policy = parse(text) as { input?: Record<string, unknown>; fields: object }
  const block = policy.input === undefined ? '' : `input: ${JSON.stringify(policy.input)}\n`
  return { text, input: policy.input ?? {}, paths: Object.keys(policy.fields), block }
}

async function refusal(content: string, form: InputForm = {}): Promise<string> {
  try {
    await draft(content, 'in.csv', form)
  } catch (error) {
    if (error instanceof LetheError) return `${error.code}: ${error.message} -> ${error.suggestion}`
    throw error
  }
  return 'it was not refused'
}

/** A batch that keeps all columns, under the draft's `input:`. */
const read = ({ block, paths }: Drafted, content: string | Uint8Array, name = 'in.csv') =>
  batchOf(
    `fields:\n${paths.map((path) => `  ${JSON.stringify(path)}: { use: keep, lineBreaks: allow }\n`).join('')}${block}`,
    content,
    { name },
  )

interface Written {
  readonly delimiter: string
  readonly quoting: 'rfc' | 'backslash' | 'none'
  readonly comment: string | undefined
  readonly prose: readonly string[]
  readonly hasHeader: boolean
  readonly lineBreak: string
  readonly rows: readonly (readonly string[])[]
  /** Rows behind which a comment stands. */
  readonly commented: readonly number[]
}

function write(file: Written): string {
  const { delimiter, quoting, comment, lineBreak } = file
  const cell = (text: string): string => {
    if (quoting === 'none') return text
    if (!/["\\\n]/.test(text) && !text.includes(delimiter)) return text
    return quoting === 'rfc' ? `"${text.replaceAll('"', '""')}"` : `"${text.replace(/["\\]/g, '\\$&')}"`
  }
  const rows = [...(file.hasHeader ? [['id', 'label', 'state']] : []), ...file.rows]
  const lines = rows.flatMap((row, i) => [
    row.map(cell).join(delimiter),
    ...(comment !== undefined && file.commented.includes(i) ? [`${comment} made by hand`] : []),
  ])
  return [...file.prose, ...lines].map((line) => line + lineBreak).join('')
}

/** Whether each line is as good a row where quotes are characters: nothing in the file tells which it is. */
function isPlainToo({ quoting, delimiter, comment, prose, rows }: Written, content: string): boolean {
  if (quoting === 'none' || !rows.some(([, label]) => label!.includes('\n'))) return false
  return content
    .trimEnd()
    .split(/\r?\n/)
    .slice(prose.length)
    .filter((line) => comment === undefined || !line.startsWith(comment))
    .every((line) => line.split(delimiter).length === 3)
}

/** No words that headers have. */
const words = fc.stringMatching(/^[qxz]{3,6}( [qxz]{3,6}){0,3}$/)
const written: fc.Arbitrary<Written> = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quoting: fc.constantFrom('rfc' as const, 'backslash' as const, 'none' as const),
    comment: fc.constantFrom(undefined, '#', '%'),
    prose: fc.array(words, { maxLength: 3 }),
    hasHeader: fc.boolean(),
    lineBreak: fc.constantFrom('\n', '\r\n'),
    labels: fc.array(
      fc.tuple(
        fc.string({
          unit: fc.constantFrom('qxz', ' ', '"', '\\', ',', ';', '\t', '|', '\n', 'ж'),
          maxLength: 6,
        }),
        words,
      ),
      { minLength: 3, maxLength: 30 },
    ),
    commented: fc.array(fc.nat(29), { maxLength: 4 }),
  })
  .map(({ labels, ...file }) => {
    const tidy = (text: string): string =>
      file.quoting === 'none' ? text.replaceAll('\n', '').replaceAll(file.delimiter, '') : text
    const rows = labels.map(([label, state], i) => [`${i + 100}`, tidy(label), state])
    // Without a header nothing would tell where prose ends.
    return { ...file, prose: file.hasHeader ? file.prose : [], rows }
  })

describe('a file in any dialect', () => {
  it('is read by the draft to its last row, and to its values where the draft has no doubt', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(written, async (file) => {
        const content = write(file)
        if (isPlainToo(file, content)) return
        const drafted = await draft(content)
        const { account, dead, out } = await read(drafted, content)
        expect([account.published, dead]).toEqual([file.rows.length, []])
        expect(drafted.paths).toHaveLength(3)
        if (file.quoting === 'none' || drafted.text.includes('UNDECIDED: backslashes')) return
        const table = tableText(out, false)
        const dialect = { delimiter: file.delimiter }
        const cells = cellReader(table, dialect)
        const values = [
          ...(function* () {
            for (const row of recordsOf(table, dialect)) yield cells(row.walker)
          })(),
        ].slice(1)
        expect(values).toEqual(file.rows)
      }),
      { numRuns: 75 },
    )
  })
})

describe('the study', () => {
  it('stray quotes around a comment are characters too', async () => {
    const content = 'id,label,state\n100,",xqz\n% made by hand\n101,",zzz\n102,,zqz\n103,,zxz\n'
    const drafted = await draft(content)
    expect(drafted.input).toEqual({ comment: '%', quote: 'none' })
    expect((await read(drafted, content)).account.published).toBe(4)
  })

  it('no. 13: stray quotes are characters', async () => {
    const content = 'n\tlabel\n1\t"Big" mug\n2\t6" plate\n3\t"unclosed\n4\tplain\n5\t""x\n'
    const drafted = await draft(content, 'in.tsv')
    expect(drafted.input).toEqual({ quote: 'none' })
    const { account, dead } = await read(drafted, content, 'in.tsv')
    expect([account.published, dead]).toEqual([5, []])
  })

  it('no. 13: backslashes before quotes are escapes', async () => {
    const content = 'n,label\n1,"say \\"hi\\", Ann"\n2,"a \\\\ b"\n3,plain\n'
    const drafted = await draft(content)
    expect(drafted.input).toEqual({ escape: 'backslash' })
    expect((await read(drafted, content)).out).toBe('n,label\n1,"say ""hi"", Ann"\n2,a \\ b\n3,plain\n')
  })

  it('no. 14: a file without a header gets one, of names that tell nothing', async () => {
    const content = 'lena@x.example,2026-01-01,12\nolaf@x.example,2026-01-02,13\n'
    const drafted = await draft(content)
    expect(drafted.input).toEqual({ header: ['column_1', 'column_2', 'column_3'] })
    expect(drafted.text).toContain(
      'The file has no header: column 1 of the first row looks like an email address.',
    )
    expect(drafted.text).not.toContain('lena')
    const { account } = await read(drafted, content)
    expect(account.published).toBe(2)
    const named = await draft(content, 'in.csv', { header: ['email', 'day', 'n'] })
    expect([named.input, named.paths]).toEqual([{ header: ['email', 'day', 'n'] }, ['email', 'day', 'n']])
    expect(await refusal(content, { header: ['email'] })).toContain('have 3 columns, and --header has 1')
  })

  it('no. 15: prose above the header is skipped, and comments are named', async () => {
    const prose = 'Report of March\n\nn,w\n1,x\n2,y\n'
    const skipping = await draft(prose)
    expect(skipping.input).toEqual({ skipLines: 2 })
    expect(skipping.text).toContain('# 2 lines stand above the table.')
    expect((await read(skipping, prose)).account.published).toBe(2)
    const comments = '# exported, by hand, in March\nn,w\n1,x\n# half\n2,y\n'
    const commented = await draft(comments)
    expect(commented.input).toEqual({ comment: '#' })
    expect((await read(commented, comments)).account.published).toBe(2)
    expect((await draft('sep=;\nSales of March\nn;w\n1;2,5\n')).input).toEqual({
      delimiter: ';',
      skipLines: 2,
    })
  })
})

describe('what stays in doubt', () => {
  it('is told where both ways of backslashes read all rows', async () => {
    const { text, input } = await draft('n,path\n1,"C:\\\\x, y"\n2,"D:\\\\y"\n')
    expect([input, text]).toEqual([{}, expect.stringContaining('# UNDECIDED: backslashes stand in quotes')])
  })

  it('is refused where a row may be a header or data, with what to do; no value becomes a name', async () => {
    for (const content of [
      'a,b,c\nfoo,bar,baz,qux\nfou,bra,zab,xuq\n',
      'title\nfoo,bar\nbaz,qux\n',
      'price\n1,5\n2,5\n',
    ]) {
      const why = await refusal(content)
      expect(why).toContain('header-invalid: which row of ')
      expect(why).toContain('--skip-lines')
      expect(why).not.toMatch(/foo|bar|title|price/)
    }
    expect((await draft('title\nfoo,bar\nbaz,qux\n', 'in.csv', { skipLines: 1 })).paths).toEqual([
      'foo',
      'bar',
    ])
    expect((await draft('price\n1,5\n2,5\n', 'in.csv', { delimiter: ';' })).paths).toEqual(['price'])
  })

  it('is refused where the first row is not text of the encoding', async () => {
    const rows = Buffer.concat([Buffer.from('na\xefme,w\n', 'latin1'), Buffer.from('foo,bar\n'.repeat(20))])
    await expect(draft(rows)).rejects.toThrow('no row of')
  })

  it('is refused where no row can be read', async () => {
    expect(await refusal('n,w\r1,x\r2,y\r')).toContain("tr '\\r' '\\n'")
    expect(await refusal('a,b,c\n1\n2,3\n4,5,6,7\n8,9,1,1,1\n')).toContain('file-malformed: no row of')
  })
})

it('a header that looks like a comment stays one', async () => {
  const drafted = await draft('#id,name\n1,x\n2,y\n')
  expect([drafted.input, drafted.paths.length]).toEqual([{}, 2])
})
