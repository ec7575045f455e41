/**
 * Arbitrary tables and JSON files in every form that `input:` and the names of files state, through the library: what comes out
 * is what went in, as far as the policy and its patterns let it. Writers and `JSON.parse` are the reference.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { deidentifyFiles } from '../../src/index.ts'
import { ENCODINGS, type Encoding, encode, PACKINGS, pack, statedOf, wordOf } from '../corpus/encode.ts'
import { writeRow } from './csv-reference.ts'

export interface FormCounts {
  files: number
  records: number
  findings: string[]
}

interface File {
  readonly name: string
  readonly policy: string
  readonly bytes: Uint8Array
  readonly records: number
  /** What is to leave: the text of a table, or records. */
  readonly expected: string | readonly unknown[]
}

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
const KEPT = '{ use: keep, accept: "made up by the fuzz run", lineBreaks: allow }'
const FIELDS = 'n: keep\n  who: { use: mask.replace, with: x }'
const NULLS = ['NULL', '\\N', '#']
const made = (who: string, nulls: readonly string[]): string =>
  who === '' || nulls.includes(who) ? who : 'x'

const textOf = (encoding: Encoding, signs: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .array(fc.constantFrom('a', ' ', '#', '\\', '"', '7', wordOf(encoding), ...signs), { maxLength: 6 })
      .map((all) => all.join('')),
    fc.constantFrom(...NULLS),
  )

const setting = fc.record({
  // Two escape sequences in a row, as joined texts have them there, are an error of ISO-2022-JP.
  encoding: fc.constantFrom(...ENCODINGS.filter((encoding) => encoding !== 'iso-2022-jp')),
  packing: fc.constantFrom(...PACKINGS),
  lineBreak: fc.constantFrom('\n', '\r\n'),
  nulls: fc.constantFrom([], NULLS),
  last: fc.boolean(),
})

const table: fc.Arbitrary<File> = fc
  .record({
    setting,
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quoting: fc.constantFrom('quotes', 'none', 'backslash'),
    above: fc.constantFrom('', 'skipLines', 'header', 'comment'),
  })
  .chain(({ setting: { encoding, packing, lineBreak, nulls, last }, delimiter, quoting, above }) => {
    const text = textOf(encoding, quoting === 'none' ? [] : [delimiter, '\n', '\r\n'])
    const quoted = (cell: string): string =>
      `"${quoting === 'quotes' ? cell.replaceAll('"', '""') : cell.replaceAll(/["\\]/g, '\\$&')}"`
    const written = ([cell, quotes]: readonly [string, boolean]): string =>
      quoting === 'none' || !(quotes || [delimiter, '"', '\n', '\r'].some((sign) => cell.includes(sign)))
        ? cell
        : quoted(cell)
    const cell = fc.tuple(text, fc.boolean())
    return fc.array(fc.tuple(cell, cell, cell, cell), { minLength: 1, maxLength: 20 }).map((rows) => {
      const columns = ['n', 'k_a', 'q', 'who', 'k_b b']
      const lines = rows.map((cells, n) => [String(n), ...cells.map(written)].join(delimiter))
      if (above === 'comment') lines.splice(1, 0, `#"${delimiter}`)
      if (above !== 'header') lines.unshift(columns.join(delimiter))
      if (above === 'skipLines') lines.unshift('prose "', `more${delimiter}`)
      const input = {
        encoding: statedOf(encoding),
        delimiter,
        ...(quoting === 'none' ? { quote: 'none' } : quoting === 'backslash' ? { escape: 'backslash' } : {}),
        ...(above === 'skipLines' ? { skipLines: 2 } : above === 'comment' ? { comment: '#' } : {}),
        ...(above === 'header' ? { header: columns } : {}),
        ...(nulls.length === 0 ? {} : { nulls }),
      }
      const out = rows.map(([a, , who, b], n) => [String(n), a[0], made(who[0], nulls), b[0]])
      return {
        name: `in.csv${packing}`,
        policy: `${HEAD}input: ${JSON.stringify(input)}\nfields:\n  ${FIELDS}\n  k_*: ${KEPT}\n`,
        bytes: pack(
          encode(lines.join(lineBreak) + (last || lines.length === 1 ? lineBreak : ''), encoding),
          packing,
        ),
        records: rows.length,
        expected: [['n', 'k_a', 'who', 'k_b b'], ...out]
          .map((cells) => writeRow(cells, delimiter, lineBreak))
          .join(''),
      }
    })
  })

const json: fc.Arbitrary<File> = fc
  .record({ setting, form: fc.constantFrom('lines', 'array', 'concatenated', 'pretty') })
  .chain(({ setting: { encoding, packing, lineBreak, nulls, last }, form }) => {
    const text = textOf(encoding, ['\n', '{', ']', ','])
    const record = fc.record({
      who: text,
      a: text,
      b: text,
      c: text,
      q: text,
      times: fc.constantFrom(1, 1, 1, 1, 0, 2),
    })
    return fc.array(record, { minLength: 1, maxLength: 20 }).map((drawn) => {
      const records = drawn.map(({ who, a, b, c, q }, n) => ({
        n,
        q,
        who,
        k_a: a,
        deep: { q, k_b: b },
        list: [{ k_c: c, q }],
      }))
      const one = (value: unknown): string => JSON.stringify(value)
      const body = {
        // An array of one object is that object; another is none.
        lines: () =>
          records
            .map((value, n) =>
              n % 3 > 0 ? one(value) : `[${Array(drawn[n]!.times).fill(one(value)).join()}]`,
            )
            .join(lineBreak),
        array: () => `[${records.map(one).join(`,${lineBreak}`)}]`,
        concatenated: () => records.map(one).join(''),
        pretty: () =>
          records.map((value) => JSON.stringify(value, null, 1).replaceAll('\n', lineBreak)).join(lineBreak),
      }[form]()
      const input = { encoding: statedOf(encoding), ...(nulls.length === 0 ? {} : { nulls }) }
      return {
        name: `in.${form === 'lines' ? 'ndjson' : 'json'}${packing}`,
        policy: `${HEAD}input: ${JSON.stringify(input)}\nfields:\n  ${FIELDS}\n  "**.k_*": ${KEPT}\n`,
        bytes: pack(encode(body + (last ? lineBreak : ''), encoding), packing),
        records: records.length,
        expected: records
          .filter((_, n) => form !== 'lines' || n % 3 > 0 || drawn[n]!.times === 1)
          .map(({ n, who, k_a, deep, list }) => ({
            n,
            who: made(who, nulls),
            k_a,
            deep: { k_b: deep.k_b },
            list: [{ k_c: list[0]!.k_c }],
          })),
      }
    })
  })

/** Runs for so long, and for so many files at least. */
export async function fuzzForms(seed: number, milliseconds: number, atLeast = 20): Promise<FormCounts> {
  const counts: FormCounts = { files: 0, records: 0, findings: [] }
  const folder = mkdtempSync(join(tmpdir(), 'lethe-fuzz-'))
  const until = performance.now() + milliseconds
  const isOver = (): boolean =>
    counts.findings.length >= 5 || (performance.now() > until && counts.files >= atLeast)
  try {
    for (let draw = 0; !isOver(); draw++)
      for (const file of fc.sample(draw % 2 === 0 ? table : json, { seed: seed + draw, numRuns: 10 })) {
        if (isOver()) break
        counts.files++
        counts.records += file.records
        const difference = await differenceOf(file, folder)
        if (difference !== undefined)
          counts.findings.push(
            `seed ${seed + draw}: ${difference}\n${file.policy}\n${Buffer.from(file.bytes).toString('latin1')}`,
          )
      }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return counts
}

async function differenceOf(file: File, folder: string): Promise<string | undefined> {
  const [input, policy, output] = [file.name, 'p.yaml', 'out'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  rmSync(output, { force: true })
  writeFileSync(input, file.bytes)
  writeFileSync(policy, file.policy)
  try {
    const summary = await deidentifyFiles({
      inputs: [input],
      output,
      policy,
      workers: 1,
      maxDeadLetters: '100',
    })
    if (summary.records.in !== file.records) return `${summary.records.in} records instead of ${file.records}`
  } catch (error) {
    return `it ended with ${String(error)}`
  }
  const out = readFileSync(output, 'utf8')
  if (typeof file.expected === 'string') return out === file.expected ? undefined : 'the table differs'
  const records = out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]))
  return isDeepStrictEqual(records, file.expected) ? undefined : 'the records differ'
}
