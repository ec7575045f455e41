/** Small files as people have them: rows first, then the bytes that stand for them, and the policy that says how. */
import { type Encoding, encode, type Packing, pack, statedOf, wordOf } from './encode.ts'

/** `n` and `label` are kept, `who` is replaced, `email` is in no policy. */
export interface Row {
  readonly n: string
  readonly label: string
  readonly who: string
}

export interface CorpusFile {
  readonly title: string
  readonly name: string
  readonly bytes: Uint8Array
  /** The block `input:`, as JSON. */
  readonly input: Readonly<Record<string, unknown>>
  /** What leaves: the text of the output, or its records where it is JSON. */
  readonly expected: { readonly csv: string } | { readonly records: readonly Row[] }
}

export const SECRET = 'lena@mail.example'
export const REPLACED = 'someone'
export const NULLS: readonly string[] = ['NULL', '\\N']

export const LINE_ENDS = ['LF', 'CRLF', 'none at the end'] as const
export type LineEnd = (typeof LINE_ENDS)[number]
const breakOf = (end: LineEnd): string => (end === 'CRLF' ? '\r\n' : '\n')
const joined = (lines: readonly string[], end: LineEnd): string =>
  lines.join(breakOf(end)) + (end === 'none at the end' ? '' : breakOf(end))

/** Rows with what each format has trouble with; `isTable`: what a table without quotes can hold. */
export function rowsFor(encoding: Encoding, isTable: boolean, delimiter = ','): Row[] {
  const word = wordOf(encoding)
  return [
    { n: '1', label: word, who: word },
    { n: '2', label: '', who: '' },
    { n: '3', label: `6" ${word} plate`, who: 'NULL' },
    { n: '4', label: '"Big" mug', who: '\\N' },
    { n: '5', label: 'C:\\new\\', who: 'x' },
    { n: '6', label: '#7', who: ' ' },
    { n: '7', label: '=1+1', who: '\\"' },
    ...(isTable ? [] : [{ n: '8', label: `a${delimiter}"b",\n${word}`, who: 'p,q\r\n"r"' }]),
  ]
}

/** What the policy makes of a row. */
const made = (row: Row, nulls: readonly string[]): Row => ({
  ...row,
  who: row.who === '' || nulls.includes(row.who) ? row.who : REPLACED,
})

export const FORMS = ['ndjson', 'array', 'concatenated', 'pretty'] as const
export type Form = (typeof FORMS)[number]

export function jsonFile(
  encoding: Encoding,
  form: Form,
  end: LineEnd,
  packing: Packing,
  nulls: readonly string[],
): CorpusFile {
  const rows = rowsFor(encoding, false)
  const records = rows.map((row) => ({ ...row, email: SECRET, n: Number(row.n) }))
  const plain = records.map((record) => JSON.stringify(record))
  const pretty = (value: unknown): string => JSON.stringify(value, null, 2).replaceAll('\n', breakOf(end))
  const text = {
    ndjson: () => joined(plain, end),
    array: () => joined([`[${plain.join(`,${breakOf(end)}`)}]`], end),
    concatenated: () => joined([plain.join('')], end),
    pretty: () => joined(records.map(pretty), end),
  }[form]()
  return {
    title: `${form}, ${encoding}, ${end}${packing}`,
    name: `in.${form === 'ndjson' ? 'ndjson' : 'json'}${packing}`,
    bytes: pack(encode(text, encoding), packing),
    input: { encoding: statedOf(encoding), ...(nulls.length === 0 ? {} : { nulls }) },
    expected: { records: rows.map((row) => made(row, nulls)) },
  }
}

export const QUOTINGS = ['quotes', 'none', 'backslash'] as const
export type Quoting = (typeof QUOTINGS)[number]
export const HEADERS = ['plain', 'duplicate', 'empty', 'header', 'skipLines', 'comment', 'sep='] as const
export type Header = (typeof HEADERS)[number]

export interface Table {
  readonly encoding: Encoding
  readonly quoting: Quoting
  readonly header: Header
  readonly end: LineEnd
  readonly packing: Packing
  readonly nulls: readonly string[]
  readonly extension: 'csv' | 'tsv'
}

/** Columns by name; `email` may stand there often, and a column without a name once. */
const COLUMNS: Readonly<Record<Header, readonly string[]>> = {
  plain: ['n', 'label', 'who', 'email'],
  duplicate: ['email', 'n', 'label', 'email', 'who', 'email'],
  empty: ['n', '', 'label', 'who', 'email', ''],
  header: ['n', 'label', 'email', 'who'],
  skipLines: ['n', 'label', 'who', 'email'],
  comment: ['n', 'label', 'who', 'email'],
  'sep=': ['email', 'n', 'label', 'who'],
}

export function tableFile(table: Table): CorpusFile {
  const { encoding, quoting, header, end, packing, nulls, extension } = table
  const delimiter = header === 'sep=' ? ';' : extension === 'tsv' ? '\t' : quoting === 'quotes' ? ',' : '|'
  const rows = rowsFor(encoding, quoting === 'none', delimiter)
  const columns = COLUMNS[header]
  const cell = (text: string): string => cellOf(text, quoting, delimiter)
  const line = (cells: readonly string[]): string => cells.map(cell).join(delimiter)
  const body = rows.map((row) => line(columns.map((name) => ({ ...row, email: SECRET })[name] ?? SECRET)))
  const above = {
    plain: [],
    duplicate: [],
    empty: [],
    header: [],
    skipLines: [`Orders of "March`, `${SECRET}${delimiter}x`],
    comment: [`# all of it, "${SECRET}`],
    'sep=': ['sep=;'],
  }[header]
  if (header === 'comment') body.splice(3, 0, `#${SECRET}"${delimiter}`, '#')
  const lines = [...above, ...(header === 'header' ? [] : [line(columns)]), ...body]
  const out = [
    ['n', 'label', 'who'],
    ...rows.map((row) => made(row, nulls)).map(({ n, label, who }) => [n, label, who]),
  ]
  return {
    title: `${extension}, ${encoding}, ${quoting}, header ${header}, ${end}${packing}`,
    name: `in.${extension}${packing}`,
    bytes: pack(encode(joined(lines, end), encoding), packing),
    input: {
      encoding: statedOf(encoding),
      ...(quoting === 'none' ? { quote: 'none' } : quoting === 'backslash' ? { escape: 'backslash' } : {}),
      ...(delimiter === '|' ? { delimiter } : {}),
      ...(header === 'header' ? { header: columns } : {}),
      ...(header === 'skipLines' ? { skipLines: 2 } : {}),
      ...(header === 'comment' ? { comment: '#' } : {}),
      ...(nulls.length === 0 ? {} : { nulls }),
    },
    expected: {
      csv: out
        .map((cells) => cells.map((text) => cellOf(text, 'quotes', delimiter)).join(delimiter) + breakOf(end))
        .join(''),
    },
  }
}

function cellOf(text: string, quoting: Quoting, delimiter: string): string {
  if (quoting === 'none' || ![delimiter, '"', '\n', '\r'].some((sign) => text.includes(sign))) return text
  return quoting === 'quotes'
    ? `"${text.replaceAll('"', '""')}"`
    : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
