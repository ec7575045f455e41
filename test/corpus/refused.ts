/** Files that are not what they claim, or what the policy says: refused whole. */
import { gzipSync } from 'node:zlib'
import { compress } from '@cloudpss/zstd/napi'
import { SECRET } from './files.ts'

export interface Bad {
  readonly title: string
  readonly name: string
  readonly bytes: string | Uint8Array
  readonly input?: Readonly<Record<string, unknown>>
}

const HEAD = 'n,label,who,email\n'
const ROW = `1,a,b,${SECRET}\n`
export const CSV: string = HEAD + ROW
export const latin = (text: string): Buffer => Buffer.from(text, 'latin1')
export const json = (n: number, more = ''): string =>
  `{"n":${n},"label":"a","who":"b","email":"${SECRET}"${more}}`
const cut = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length - 5)
const many = HEAD + ROW.repeat(200)

export const REFUSED: readonly (Bad & { readonly code: string })[] = [
  {
    title: 'a header in no UTF-8',
    name: 'in.csv',
    bytes: latin(`n,label,who,\xe9\n${ROW}`),
    code: 'header-invalid',
  },
  {
    title: 'a mark of UTF-16 under windows-1252',
    name: 'in.csv',
    bytes: Buffer.from(`\ufeff${CSV}`, 'utf16le'),
    input: { encoding: 'windows-1252' },
    code: 'file-malformed',
  },
  {
    title: 'UTF-16 without a mark',
    name: 'in.csv',
    bytes: Buffer.from(CSV, 'utf16le'),
    code: 'file-malformed',
  },
  {
    title: 'sep= against the policy',
    name: 'in.csv',
    bytes: `sep=;\n${CSV}`,
    input: { delimiter: ',' },
    code: 'file-malformed',
  },
  {
    title: 'a column that is missing',
    name: 'in.csv',
    bytes: 'n,label,email\n1,a,b\n',
    code: 'columns-mismatch',
  },
  { title: 'a named column twice', name: 'in.csv', bytes: `label,${HEAD}a,${ROW}`, code: 'header-invalid' },
  { title: 'another delimiter', name: 'in.csv', bytes: CSV.replaceAll(',', ';'), code: 'columns-mismatch' },
  {
    title: 'a first row of more cells than `header`',
    name: 'in.csv',
    bytes: ROW,
    input: { header: ['n', 'label', 'who'] },
    code: 'header-invalid',
  },
  {
    title: 'a quote in the header',
    name: 'in.csv',
    bytes: `n,"label,who,email\n${ROW}`,
    code: 'header-invalid',
  },
  {
    title: 'more lines to skip than there are',
    name: 'in.csv',
    bytes: CSV,
    input: { skipLines: 9 },
    code: 'header-invalid',
  },
  { title: 'a ZIP called CSV', name: 'in.csv', bytes: 'PK\x03\x04', code: 'file-malformed' },
  { title: 'gzip in gzip', name: 'in.csv.gz', bytes: gzipSync(gzipSync(CSV)), code: 'file-malformed' },
  { title: 'gzip that is cut short', name: 'in.csv.gz', bytes: cut(gzipSync(many)), code: 'input-damaged' },
  {
    title: 'zstd that is cut short',
    name: 'in.csv.zst',
    bytes: cut(compress(Buffer.from(many))),
    code: 'input-damaged',
  },
  { title: 'an array that is not closed', name: 'in.json', bytes: `[${json(1)}`, code: 'input-damaged' },
  {
    title: 'an array without a comma',
    name: 'in.json',
    bytes: `[${json(1)} ${json(2)}]`,
    code: 'file-malformed',
  },
  {
    title: 'an array with a comma too many',
    name: 'in.json',
    bytes: `[${json(1)},]`,
    code: 'file-malformed',
  },
  {
    title: 'something behind an array',
    name: 'in.json',
    bytes: `[${json(1)}] ${json(2)}`,
    code: 'file-malformed',
  },
  { title: 'brackets of two kinds', name: 'in.json', bytes: `[${json(1)},{"n":[2}]`, code: 'file-malformed' },
]
