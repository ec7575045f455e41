/**
 * Reads the cases beside a policy (`*.cases.yaml`): input and what has to come of it. Only the reading is here;
 * `lethe test` runs them. As strict as a policy, with problems of the same form.
 */
import { z } from 'zod'
import { readMoment } from '../../transforms/calendar.ts'
import { FAILURE_CODES } from '../../transforms/transform.ts'
import { type DeadLetterCode, type Problem, RECORD_CODES } from '../errors.ts'
import { checkShape, type ShapeCodes } from './check-form.ts'
import { entryOf, type MapNode, readDocument, type TreeNode, textOf } from './document.ts'
import { type Path, PathError, parsePath } from './path.ts'
import { Findings, quote, type TextPosition } from './problems.ts'
import { readStated, STATED_WORDS, type StatedGates } from './stated-gates.ts'
import { nearest } from './suggest.ts'
import { parseValueType, type StatedType } from './value-type.ts'

export type Expected =
  /** The record is published, as this JSON: compared as values, numbers by their text. */
  | { readonly kind: 'publish'; readonly how: 'whole'; readonly json: string }
  /** With these members, as JSON; what they do not state is not judged. Nothing stands at `absent`. */
  | {
      readonly kind: 'publish'
      readonly how: 'part'
      readonly json: string
      readonly absent: readonly Path[]
    }
  /** As these lines of CSV: header and row. */
  | { readonly kind: 'publish'; readonly how: 'csv'; readonly csv: string }
  | { readonly kind: 'suppress' }
  | { readonly kind: 'dead-letter'; readonly code: DeadLetterCode }

/** A column of Parquet that a case states. */
export interface CaseColumn {
  readonly path: Path
  readonly type: StatedType
}

/** A row of Parquet: of a file, relative to the cases, by its number from 1; or of columns. */
export type CaseParquet =
  | { readonly file: string; readonly row: number; readonly columns?: undefined }
  | { readonly file?: undefined; readonly row: 1; readonly columns: readonly CaseColumn[] }

export interface PolicyCase {
  readonly at: TextPosition
  readonly name: string
  /** The bytes of the record, as text: JSON, or a row of CSV with its header. */
  readonly text: string
  readonly format: 'json' | 'csv'
  /** Of a row of Parquet: where it stands, or what its columns are. Then `text` is the row of those columns. */
  readonly parquet: CaseParquet | undefined
  /** Whether it is a change event of Debezium, of whose rows the policy speaks. */
  readonly isChange: boolean
  /** The time of judging, in ms since 1970-01-01T00:00Z; undefined where the case states none. */
  readonly asOf: number | undefined
  /** Undefined where it states none, as it may where expectations are about to be written. */
  readonly expected: Expected | undefined
  /** None of these may stand anywhere in what leaves. */
  readonly mustNotContain: readonly string[]
  /** What lists and consent tables hold. */
  readonly stated: StatedGates
}

export interface CasesFile {
  readonly file: string
  /** The policy, relative to the cases; undefined: the one beside it, of the same name. */
  readonly policy: string | undefined
  /** The match keys of files of lists and tables, relative to the cases. */
  readonly matchKeys: string | undefined
  readonly cases: readonly PolicyCase[]
  readonly problems: readonly Problem[]
}

const CASE_WORDS = {
  name: z.string().min(1).describe('What the case shows.'),
  input: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('The record, as YAML; plain numbers keep their digits.'),
  text: z.string().min(1).optional().describe('The record, byte for byte, where its spelling matters.'),
  csv: z
    .string()
    .min(1)
    .optional()
    .describe('The record as CSV, as `input:` of the policy says: its header, and one row.'),
  parquet: z
    .string()
    .min(1)
    .optional()
    .describe('A file of Parquet, relative to this one, of which a row is the record.'),
  row: z.int().min(1).optional().describe('Beside `parquet`: which row, from 1; the first unless stated.'),
  columns: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'Beside `input` or `text`: the record is a row of Parquet with these columns, by path, each of a type as `type:` of a field has it.',
    ),
  change: z
    .literal('debezium')
    .optional()
    .describe('The record is a change event, of whose rows the policy speaks.'),
  asOf: z.string().optional().describe('The time of judging, RFC 3339.'),
  expect: z.record(z.string(), z.unknown()).optional().describe('The whole record that is published.'),
  expectCsv: z.string().min(1).optional().describe('Of a case with `csv`: what is published, as CSV.'),
  part: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Members of the record that is published; those not stated are not judged.'),
  absent: z
    .array(z.string().min(1))
    .optional()
    .describe('Beside `part`: paths at which what is published has nothing.'),
  outcome: z
    .union([z.literal('suppress'), z.strictObject({ 'dead-letter': z.string() })])
    .optional()
    .describe('What becomes of a record that is not published: suppress, or dead-letter with its code.'),
  must_not_contain: z
    .array(z.string().min(1))
    .optional()
    .describe('Texts that may stand nowhere in what leaves.'),
  ...STATED_WORDS,
}

/** The shape of a cases file. */
const CasesSchema: z.ZodType = z.strictObject({
  policy: z.string().min(1).optional().describe('The policy, relative to this file.'),
  matchKeys: z
    .string()
    .min(1)
    .optional()
    .describe('The match keys of files of lists and tables, relative to this one.'),
  ...STATED_WORDS,
  cases: z.array(z.strictObject(CASE_WORDS)).min(1).describe('The cases, in order.'),
})

const CODES: ShapeCodes = { unknown: 'unknown-key', missing: 'missing-key', wrong: 'wrong-type' }
const DEAD_LETTER_CODES = [...Object.keys(RECORD_CODES), ...Object.keys(FAILURE_CODES)]

/**
 * Reads a cases file from its text; never throws for a bad one. `cases` is empty where there are problems. `mayLack`: a case
 * need not say what is expected.
 */
export function readCases(file: string, text: string, mayLack = false): CasesFile {
  const findings = new Findings(file)
  const tree = readDocument(text.replace(/^\ufeff/, ''), findings)
  const top = (key: string): string | undefined => textOf(tree && entryOf(tree, key)?.value)
  const read = (cases: readonly PolicyCase[] = []): CasesFile => ({
    file,
    policy: top('policy'),
    matchKeys: top('matchKeys'),
    cases: findings.count > 0 ? [] : cases,
    problems: findings.sorted(),
  })
  if (tree === undefined) return read()
  checkShape(CasesSchema, tree, CODES, findings)
  const general = readStated(tree, findings)
  const list = entryOf(tree, 'cases')?.value
  const cases: PolicyCase[] = []
  const names = new Set<string>()
  for (const item of list?.kind === 'list' ? list.items : []) {
    if (item.kind !== 'map') continue
    const one = readCase(item, findings, mayLack, general)
    if (one === undefined) continue
    if (names.has(one.name)) findings.add(one.at, 'bad-case', `two cases are called ${quote(one.name)}`)
    names.add(one.name)
    cases.push(one)
  }
  return read(cases)
}

function readCase(
  node: MapNode,
  findings: Findings,
  mayLack: boolean,
  general: StatedGates,
): PolicyCase | undefined {
  const before = findings.count
  const { at } = node
  const value = (key: string): TreeNode | undefined => entryOf(node, key)?.value
  const input = value('input')
  const text = value('text')
  const csv = value('csv')
  const file = value('parquet')
  if ([input, text, csv, file].filter((one) => one !== undefined).length !== 1)
    findings.add(at, 'bad-case', 'a case has one of `input`, `text`, `csv` and `parquet`')
  const parquet = readParquet(node, findings)
  const change = entryOf(node, 'change')
  if (change !== undefined && (csv !== undefined || parquet !== undefined))
    findings.add(
      change.at,
      'bad-case',
      `a change event is JSON, and no row of ${csv === undefined ? 'Parquet' : 'CSV'}`,
      'remove `change`',
    )
  const expected = readExpected(node, findings, mayLack)
  const asOf = readAsOf(value('asOf'), findings)
  const stated = readStated(node, findings, general)
  const banned = value('must_not_contain')
  const name = value('name')
  const record = textOf(csv) ?? textOf(text) ?? (input === undefined ? '' : toJson(input, findings))
  if (findings.count > before || name?.kind !== 'scalar') return undefined
  return {
    at,
    name: name.text,
    text: record,
    format: csv === undefined ? 'json' : 'csv',
    parquet,
    isChange: change !== undefined,
    asOf,
    expected,
    mustNotContain:
      banned?.kind === 'list' ? banned.items.map((item) => (item.kind === 'scalar' ? item.text : '')) : [],
    stated,
  }
}

function readParquet(node: MapNode, findings: Findings): CaseParquet | undefined {
  const [file, row, columns] = ['parquet', 'row', 'columns'].map((key) => entryOf(node, key))
  if (row !== undefined && file === undefined)
    findings.add(row.at, 'bad-case', '`row` stands beside `parquet`', 'remove it')
  if (columns !== undefined && (entryOf(node, 'csv') ?? file) !== undefined)
    findings.add(columns.at, 'bad-case', '`columns` stands beside `input` or `text`', 'remove it')
  if (file !== undefined)
    return { file: textOf(file.value) ?? '', row: row?.value.kind === 'scalar' ? Number(row.value.text) : 1 }
  if (columns?.value.kind !== 'map') return undefined
  if (columns.value.entries.length === 0) findings.add(columns.at, 'bad-case', '`columns` names no column')
  const read = columns.value.entries.flatMap(({ key, at, value }): CaseColumn[] => {
    const path = pathAt(key, at, findings)
    const type = parseValueType(textOf(value) ?? '')
    if (type === undefined)
      findings.add(
        value.at,
        'bad-case',
        `${quote(key)} has no type that a column may have here`,
        'string, integer, number, boolean, date, timestamp or decimal(p,s); of others take a file: `parquet: sample.parquet`',
      )
    const hasNames = path?.segments.every(
      ({ kind }) => kind === 'name' || kind === 'element' || kind === 'member',
    )
    if (path !== undefined && (hasNames !== true || path.envelope !== undefined))
      findings.add(at, 'bad-case', `${quote(key)} is no column`, 'name columns as a.b, a[] or a.*')
    return path === undefined || type === undefined ? [] : [{ path, type }]
  })
  return { row: 1, columns: read }
}

const EXPECTATIONS = ['expect', 'expectCsv', 'part', 'outcome'] as const

function readExpected(node: MapNode, findings: Findings, mayLack: boolean): Expected | undefined {
  const stated = EXPECTATIONS.filter((key) => entryOf(node, key) !== undefined)
  const value = entryOf(node, stated[0] ?? '')?.value
  const absent = entryOf(node, 'absent')
  if (absent !== undefined && stated[0] !== 'part')
    findings.add(absent.at, 'bad-case', '`absent` stands beside `part`; `expect` says all that is there')
  if (stated.length === 0 && mayLack) return undefined
  if (stated.length !== 1 || value === undefined) {
    findings.add(
      node.at,
      'bad-case',
      'a case has one of `expect`, `expectCsv`, `part` and `outcome`',
      stated.length > 0
        ? 'leave one of them'
        : 'say what has to come of it, or have `lethe test --update` write what does',
    )
    return undefined
  }
  switch (stated[0]!) {
    case 'expect':
      return { kind: 'publish', how: 'whole', json: toJson(value, findings) }
    case 'part':
      return {
        kind: 'publish',
        how: 'part',
        json: toJson(value, findings),
        absent: pathsOf(absent?.value, findings),
      }
    case 'expectCsv':
      if (entryOf(node, 'csv') === undefined)
        findings.add(value.at, 'bad-case', '`expectCsv` is what comes of a case with `csv`')
      return { kind: 'publish', how: 'csv', csv: textOf(value) ?? '' }
    case 'outcome':
      return readOutcome(value, findings)
  }
}

function pathsOf(node: TreeNode | undefined, findings: Findings): Path[] {
  if (node?.kind !== 'list') return []
  return node.items.flatMap((item) =>
    item.kind === 'scalar' ? (pathAt(item.text, item.at, findings) ?? []) : [],
  )
}

function pathAt(text: string, at: TextPosition, findings: Findings): Path | undefined {
  try {
    return parsePath(text)
  } catch (error) {
    if (!(error instanceof PathError)) throw error
    findings.add(at, 'bad-case', error.message, error.suggestion)
    return undefined
  }
}

function readOutcome(value: TreeNode, findings: Findings): Expected | undefined {
  if (value.kind === 'scalar') return value.text === 'suppress' ? { kind: 'suppress' } : undefined
  const code = entryOf(value, 'dead-letter')?.value
  if (code?.kind !== 'scalar') return undefined
  if (DEAD_LETTER_CODES.includes(code.text)) return { kind: 'dead-letter', code: code.text as DeadLetterCode }
  const near = nearest(code.text, DEAD_LETTER_CODES)
  findings.add(
    code.at,
    'bad-case',
    `${quote(code.text)} is not a code of a dead letter`,
    near && `did you mean \`${near}\`?`,
  )
  return undefined
}

function readAsOf(node: TreeNode | undefined, findings: Findings): number | undefined {
  if (node?.kind !== 'scalar') return undefined
  const instant = readMoment(node.text, false)
  if (instant === undefined)
    findings.add(node.at, 'bad-case', 'asOf is not a time in RFC 3339', '2024-07-15T13:45:00Z')
  return instant
}

const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

/** The tree as JSON text, each number as it is written. Numbers that only YAML knows (0x1F, .inf) are problems. */
function toJson(node: TreeNode, findings: Findings): string {
  if (node.kind === 'list') return `[${node.items.map((item) => toJson(item, findings)).join(',')}]`
  if (node.kind === 'map')
    return `{${node.entries.map(({ key, value }) => `${JSON.stringify(key)}:${toJson(value, findings)}`).join(',')}}`
  if (typeof node.value !== 'number') return JSON.stringify(node.value)
  if (!JSON_NUMBER.test(node.text))
    findings.add(
      node.at,
      'bad-case',
      'JSON has no number of this form',
      'quote it, or write the record as `text`',
    )
  return node.text
}
