/** A sample of CSV: in which form it is written, its header, and its rows. */
import { LetheError } from '../errors.ts'
import { separatorIn } from '../files/lead.ts'
import { type DialectReading, likelyReading } from './dialect.ts'
import { headerDoubt, isPlainlyHeader } from './header.ts'
import type { Sample, SampleOptions } from './sample.ts'
import { cellReader, rowsOf, type TableText, tableText } from './sample-rows.ts'

type CsvOptions = Pick<SampleOptions, 'rows' | 'form' | 'trustHeader'> & {
  readonly isCut: boolean
  /** What the name of the file says. */
  readonly implied: string | undefined
}

/** @throws LetheError where no row can be read, or nothing says which row is the first. `name` is the sample's. */
export function csvSample(name: string, text: string, options: CsvOptions): Sample {
  const { rows, form, isCut } = options
  const separator = separatorIn(text)
  const skipped = form.skipLines ?? 0
  const leadLines = separator === undefined ? 0 : 1
  const body = withoutLines(text.slice(separator?.length ?? 0), skipped - leadLines)
  const table = tableText(body, isCut)
  const delimiter = form.delimiter ?? separator?.delimiter ?? options.implied
  const isTrimmed = form.skipLines !== undefined
  const known = { delimiter, quote: form.quote, escape: form.escape, comment: form.comment, isTrimmed }
  const reading = likelyReading(body, table, known, rows + 1)
  if (reading === undefined) throw unreadable(name, body)
  const read = rowsIn(table, reading, rows)
  const first = read.records[0]
  // One cell a row, as no delimiter that the first one holds gives rows of one length.
  const isWhole = reading.width === 1 && delimiter === undefined && /[,;\t|]/.test(first?.[0] ?? '')
  if (first === undefined || isWhole) throw unreadable(name, body)
  if (form.header !== undefined && form.header.length !== reading.width)
    throw new LetheError(
      'header-invalid',
      `the rows of ${name} have ${reading.width} columns, and --header has ${form.header.length}`,
      'name every column of the file, in order',
    )
  const below = read.records.slice(1)
  const doubt =
    form.header === undefined ? headerDoubt(first, below, options.trustHeader === true) : undefined
  if (
    form.header === undefined &&
    reading.line > 0 &&
    (doubt !== undefined || !isPlainlyHeader(first, below))
  )
    throw new LetheError(
      'header-invalid',
      `which row of ${name} is its header is not plain: what stands above its rows is shorter or longer than they are, with ${reading.width} columns`,
      'say how many lines stand above the rows with --skip-lines, and their names with --header; or correct the first row; or say --delimiter',
    )
  const names = form.header ?? (doubt === undefined ? undefined : first.map((_, i) => `column_${i + 1}`))
  const { dialect } = reading
  return {
    format: 'csv',
    header: names ?? first,
    records: names === undefined ? below : read.records.slice(0, rows),
    unreadable: read.unreadable,
    table: {
      ...dialect,
      skipLines: form.skipLines ?? (reading.line > 0 ? leadLines + reading.line : undefined),
      header: names,
      noHeader: doubt,
      comments: reading.comments,
      strayQuotes: dialect.quote === 'none' ? reading.stray : 0,
      mayEscape: reading.mayEscape === true,
    },
  }
}

/** All rows as long as the first one, of a table that `reading` found. */
function rowsIn(
  table: TableText,
  { dialect, width, line }: DialectReading,
  most: number,
): { records: readonly string[][]; unreadable: number } {
  const cells = cellReader(table, dialect)
  const records: string[][] = []
  let unreadable = 0
  for (const row of rowsOf(table, dialect)) {
    if (row.isComment || row.line < line) continue
    if (records.length > most) break
    const read = row.width === width ? cells(row.walker) : undefined
    if (read !== undefined && !read.some((cell) => cell.includes('\ufffd'))) records.push(read)
    // Without its first row, the second would be taken for the header.
    else if (records.length === 0) break
    else unreadable += row.width === 0 ? row.lines : 1
  }
  return { records, unreadable }
}

function withoutLines(text: string, lines: number): string {
  let at = 0
  for (let n = 0; n < lines; n++) {
    const end = text.indexOf('\n', at)
    if (end < 0) return ''
    at = end + 1
  }
  return text.slice(at)
}

function unreadable(name: string, text: string): LetheError {
  if (!text.includes('\n') && text.includes('\r'))
    return new LetheError(
      'file-malformed',
      `the lines of ${name} end with lone carriage returns`,
      "convert it first: tr '\\r' '\\n'",
    )
  return new LetheError(
    'file-malformed',
    `no row of ${name} can be read: in no form that was tried are its rows of one length`,
    'say how it is written: --delimiter, --quote none, --escape backslash, --comment, --skip-lines, --header; or correct its rows',
  )
}
