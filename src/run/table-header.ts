/** The header of a CSV file: its names, and what is wrong where there are none. No name is shown. */
import { isUtf8 } from 'node:buffer'
import { LetheError, type RecordCode } from '../errors.ts'
import { likelyEncoding } from '../files/magic.ts'
import type { Records } from '../files/splitter.ts'
import { type CsvDialect, quotedText } from '../record/csv/csv-dialect.ts'
import { CsvWalker } from '../record/csv/csv-walker.ts'

export interface TableHeader {
  readonly names: readonly string[]
  readonly lineBreak: '\n' | '\r\n'
  /** What it takes of the piece, with its line break. */
  readonly bytes: number
  readonly lines: number
}

const NO_QUOTES = 'where quotes are ordinary characters, say `quote: none` in `input:` of the policy'

/** What the first row is: where the header is known from elsewhere, a row as any other. */
type FirstRow = 'header' | 'row'

const WHY: Partial<Record<RecordCode, (row: FirstRow) => string>> = {
  'csv-quote-unclosed': (row) => `a quote in its ${row} never closes`,
  'csv-syntax': (row) =>
    `a quote or a lone carriage return stands in its ${row} where RFC 4180 does not allow one`,
  'record-too-large': (row) => `its ${row} is longer than a record may be`,
}

export function headerError(
  input: string,
  code: RecordCode,
  line: number,
  row: FirstRow = 'header',
): LetheError {
  const way =
    row === 'row' && code === 'csv-quote-unclosed'
      ? 'give all lines of the row: a cell may hold line breaks'
      : `correct line ${line}`
  return new LetheError(
    'header-invalid',
    `${input}: ${WHY[code]?.(row) ?? `its ${row} cannot be read`}`,
    `${way}${code.startsWith('csv-') ? `; ${NO_QUOTES}` : ''}`,
  )
}

function encodingError(input: string, row: Uint8Array): LetheError {
  const likely = likelyEncoding(row)
  return new LetheError(
    'header-invalid',
    `${input}: its header is not valid UTF-8`,
    likely === undefined
      ? 'name its encoding in `input:` of the policy, e.g. `encoding: windows-1251`, or convert it first with iconv -f'
      : `say \`encoding: ${likely}\` in \`input:\` of the policy if that is right, or convert it first: iconv -f ${likely.toUpperCase()} -t UTF-8 FILE`,
  )
}

/**
 * Reads the first row of a piece that is neither comment nor blank; undefined where there is none. `line`: the piece's, from
 * 1. Throws `LetheError`.
 */
export function readHeader(
  input: string,
  dialect: CsvDialect,
  piece: Records,
  line: number,
  is: FirstRow = 'header',
): TableHeader | undefined {
  const walker = new CsvWalker(dialect)
  const decoded = quotedText(dialect)
  let start = 0
  let lines = 0
  let end = 0
  do {
    start = end
    if (start >= piece.length) return undefined
    end = Math.min(walker.row(piece.bytes, start, piece.length), piece.length)
    lines += walker.lines
    // Lines without anything, too, stand above many a table.
  } while (walker.isComment || walker.end === start)
  if (walker.code !== undefined) throw headerError(input, walker.code, line + lines - walker.lines, is)
  const row = piece.bytes.subarray(start, walker.end)
  if (!isUtf8(row)) throw encodingError(input, row)
  const names: string[] = []
  for (let field = 0; field < walker.fields; field++) {
    const text = Buffer.from(piece.bytes.subarray(walker.starts[field]!, walker.ends[field]!)).toString(
      'utf8',
    )
    names.push(walker.quoted[field] === 1 ? decoded(text) : text)
  }
  return { names, lineBreak: piece.bytes[walker.end] === 0x0d ? '\r\n' : '\n', bytes: end, lines }
}

/** Refuses a file whose first row is not as long as the header that the policy gives it: no row would be read. */
export function checkWidth(input: string, names: readonly string[], first: TableHeader): void {
  if (first.names.length !== names.length)
    throw new LetheError(
      'header-invalid',
      `${input}: its first row has ${first.names.length} columns, and the header of the policy or --header has ${names.length}`,
      'name every column of the file, in order',
    )
}
