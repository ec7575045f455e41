/** Parts of a file, each in a run of its own, give what the file gives: bytes, dead letters with their lines, and counts. */
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Account, addAccount } from '../../../src/engine/account.ts'
import { cutFile } from '../../../src/files/cut-file.ts'
import { Digester } from '../../../src/files/digest.ts'
import type { FilePart } from '../../../src/files/file-part.ts'
import { inspectInput } from '../../../src/files/input.ts'
import type { InputForm } from '../../../src/policy/input-form.ts'
import { recordsOf } from '../../../src/run/table-head.ts'
import { folder } from '../cli/lethe.ts'
import { batchOf, type Ran, refusal } from './batch-of.ts'

const POLICY = `optional: [a, b]
fields:
  a: { use: keep, lineBreaks: allow }
  b: { use: mask.characters, keepFirst: 1 }
`
const MOST = 40

const cell = fc
  .array(
    fc.constantFrom('a', 'xy', ' ', '"', '""', '\\', '\\"', ',', ';', '\n', '\r', 'é', '12', 'a@b.example'),
    { maxLength: 4 },
  )
  .map((signs) => signs.join(''))

/** Cells that are mostly sound, and some that are not. */
const written = (delimiter: string) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('', 'a', 'bc', '12', 'é') },
    { weight: 4, arbitrary: cell.map((text) => `"${text.replaceAll('"', '""')}"`) },
    { weight: 1, arbitrary: cell.map((text) => `"${text}${delimiter}\n"`) },
    { weight: 1, arbitrary: cell },
    { weight: 1, arbitrary: fc.constant('long'.repeat(12)) },
  )

interface Case {
  readonly name: string
  readonly text: string
  readonly form: InputForm
}

const table: fc.Arbitrary<Case> = fc
  .record({
    delimiter: fc.constantFrom(',', ';'),
    lineBreak: fc.constantFrom('\n', '\r\n'),
    mark: fc.constantFrom('', '\ufeff'),
    above: fc.constantFrom(0, 2),
    sep: fc.boolean(),
    quote: fc.constantFrom(undefined, 'none' as const),
    escapes: fc.constantFrom(undefined, 'backslash' as const),
    comment: fc.constantFrom(undefined, '#'),
    headed: fc.boolean(),
  })
  .chain((dialect) => {
    const { delimiter, lineBreak, mark, above, sep, quote, escapes, comment, headed } = dialect
    const row = fc
      .oneof(
        { weight: 12, arbitrary: fc.tuple(written(delimiter), written(delimiter)) },
        { weight: 1, arbitrary: fc.array(written(delimiter), { maxLength: 3 }) },
      )
      .map((cells) => cells.join(delimiter))
    const line =
      comment === undefined
        ? row
        : fc.oneof({ weight: 6, arbitrary: row }, { weight: 1, arbitrary: fc.constant('# a "') })
    return fc
      .record({ rows: fc.array(line, { minLength: 1, maxLength: 25 }), ends: fc.boolean() })
      .map(({ rows, ends }) => ({
        name: 'in.csv',
        text: [
          mark,
          sep ? `sep=${delimiter}${lineBreak}` : '',
          ...(sep ? ['above\n'] : ['above\n', 'it "\n']).slice(0, above === 0 ? 0 : 2),
          comment === undefined ? '' : '# before it\n',
          headed ? `a${delimiter}b${lineBreak}` : '',
          rows.join(lineBreak),
          ends ? lineBreak : '',
        ].join(''),
        form: {
          ...(sep ? {} : { delimiter }),
          ...(above === 0 ? {} : { skipLines: 2 }),
          ...(quote === undefined ? {} : { quote }),
          ...(escapes === undefined || quote !== undefined ? {} : { escape: escapes }),
          ...(comment === undefined ? {} : { comment }),
          ...(headed ? {} : { header: ['a', 'b'] }),
        },
      }))
  })

const lines: fc.Arbitrary<Case> = fc
  .record({
    mark: fc.constantFrom('', '\ufeff'),
    rows: fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.record({ a: cell, b: cell }).map((record) => JSON.stringify(record)) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('', '{"a":', '{"a":1} x', '[1]', 'PK', `{"a":"${'long'.repeat(12)}"}`),
        },
      ),
      { minLength: 1, maxLength: 25 },
    ),
    ends: fc.boolean(),
  })
  .map(({ mark, rows, ends }) => ({
    name: 'in.ndjson',
    text: `${mark}${rows.join('\n')}${ends ? '\n' : ''}`,
    form: {},
  }))

async function partsOf({ name, text, form }: Case, wanted: readonly number[]): Promise<FilePart[]> {
  const file = join(folder({ [name]: text }), name)
  const records = await recordsOf(inspectInput(file, undefined), form, MOST)
  if (records === undefined) return []
  const { cuts, whole } = await cutFile(
    { name: file },
    { head: records.bytes, splitter: records.splitter, wanted },
  )
  const bytes = Buffer.from(text)
  const sha256 = (from: number, to: number) => {
    const digester = new Digester()
    digester.add(bytes.subarray(from, to))
    return digester.end().sha256
  }
  expect(whole).toEqual({ bytes: bytes.length, sha256: sha256(0, bytes.length) })
  expect(cuts.at(-1)!.to).toBe(bytes.length)
  return cuts.map(({ from, to, lines, sha256: digest }, at) => {
    expect(from).toBe(at === 0 ? 0 : cuts[at - 1]!.to)
    expect(digest).toBe(sha256(from, to))
    expect(lines).toBe(bytes.subarray(0, from).toString('latin1').split('\n').length - 1)
    if (at > 0)
      expect(from).toBeGreaterThanOrEqual(
        Math.min(...wanted.filter((offset) => offset > cuts[at - 1]!.from && offset > records.bytes)),
      )
    const head = { bytes: records.bytes, sha256: sha256(0, records.bytes) }
    return { slice: at + 1, from, to, lines, isLast: at === cuts.length - 1, head }
  })
}

/** The header of each part but the first is said again. */
const withoutHeader = (out: string, isTable: boolean): string =>
  isTable ? out.slice(out.indexOf('\n') + 1) : out

function sumOf(accounts: readonly Account[]): Account {
  const whole = structuredClone(accounts[0]!)
  for (const account of accounts.slice(1)) addAccount(whole, account)
  return whole
}

const counted = ({ account, dead }: Pick<Ran, 'account' | 'dead'>) => ({ account, dead })

it('are what the whole file is, in any dialect, cut anywhere', async () => {
  let cut = 0
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 3, arbitrary: table }, { weight: 1, arbitrary: lines }),
      fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 60 }),
      async (one, shares, chunkBytes) => {
        const { name, text, form } = one
        const setting = { form, name, maxRecordBytes: MOST }
        const size = Buffer.byteLength(text)
        const wanted = shares.map((share) => Math.floor((share * size) / 100)).sort((a, b) => a - b)
        const whole = await batchOf(POLICY, text, setting).catch(() => undefined)
        if (whole === undefined) return
        const parts = await partsOf(one, wanted)
        if (parts.length < 2) return
        cut++
        const runs: Ran[] = []
        for (const part of parts)
          runs.push(
            await batchOf(POLICY, text, { ...setting, part, ...(part.from === 0 ? {} : { chunkBytes }) }),
          )
        const out = runs
          .map((ran, at) => (at === 0 ? ran.out : withoutHeader(ran.out, name === 'in.csv')))
          .join('')
        expect(out).toBe(whole.out)
        expect(
          counted({
            account: sumOf(runs.map(({ account }) => account)),
            dead: runs.flatMap(({ dead }) => dead),
          }),
        ).toEqual(counted(whole))
      },
    ),
    { numRuns: 25 },
  )
  expect(cut).toBeGreaterThan(2)
})

it('samples the values of a part that it would sample of the file', async () => {
  const text = Array.from({ length: 9000 }, (_, at) => `{"a":"${'x'.repeat(1000)}","b":"${at}"}\n`).join('')
  const one: Case = { name: 'in.ndjson', text, form: {} }
  const parts = await partsOf(one, [8_500_000, 9_000_000])
  expect(parts).toHaveLength(3)
  const setting = { name: one.name }
  const whole = await batchOf(POLICY, text, setting)
  const runs: Ran[] = []
  for (const part of parts) runs.push(await batchOf(POLICY, text, { ...setting, part }))
  expect(sumOf(runs.map(({ account }) => account))).toEqual(whole.account)
})

it('that begin or end within a record are refused, and what stands before the records may not change', async () => {
  const text = 'a,b\n1,"x\ny"\n2,z\n3,w\n'
  const part = (from: number, to: number, more: Partial<FilePart> = {}): FilePart => {
    const digester = new Digester()
    digester.add(Buffer.from('a,b\n'))
    return {
      slice: from === 0 ? 1 : 2,
      from,
      to,
      lines: 1,
      isLast: to === text.length,
      head: digester.end(),
      ...more,
    }
  }
  const quoted = text.indexOf('y')
  expect(await refusal(POLICY, text, { part: part(0, quoted) })).toMatch(
    /^cut-misplaced: .*in\.csv.* at byte 9, where no record ends/,
  )
  expect(await refusal(POLICY, text, { part: part(0, 6) })).toMatch(/^cut-misplaced/)
  expect(await refusal(POLICY, text, { part: part(6, text.length) })).toMatch(
    /^cut-misplaced: .* at byte 6, where no record begins/,
  )
  const other = { head: { bytes: 4, sha256: '00'.repeat(32) } }
  expect(await refusal(POLICY, text, { part: part(12, text.length, other) })).toMatch(
    /^input-changed: .*before its records/,
  )
  expect(await refusal(POLICY, text, { part: part(12, text.length + 1) })).toMatch(/^input-changed/)
  expect((await batchOf(POLICY, text, { part: part(12, text.length) })).out).toBe('a,b\n2,*\n3,*\n')
})
