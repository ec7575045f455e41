/** What stands before the records of a text file: what every part of it needs to be read. */
import { LetheError } from '../errors.ts'
import { DialectSplitter } from '../files/dialect-splitter.ts'
import { firstBytesOf } from '../files/file-part.ts'
import { type Input, openInput } from '../files/input.ts'
import { takeLead } from '../files/lead.ts'
import { byteOrderMark } from '../files/magic.ts'
import { CsvSplitter, LineSplitter, type Piece, type SplitOptions } from '../files/splitter.ts'
import type { InputForm } from '../policy/input-form.ts'
import type { CsvDialect } from '../record/csv/csv-dialect.ts'
import { headerError, readHeader, type TableHeader } from './table-header.ts'

export interface TableHead {
  readonly dialect: CsvDialect
  /** The first row that is neither comment nor blank: the header, or, where that is known, a row as any other. */
  readonly first: TableHeader
  /** Bytes of the text up to its end. */
  readonly bytes: number
}

const LOOK_BYTES = 1 << 16

/**
 * Reads the text of a table, in UTF-8 and without a byte order mark, up to its first row; undefined where it has none.
 * @throws LetheError where it has no header that can be read
 */
export async function tableHead(
  input: Pick<Input, 'name' | 'delimiter'>,
  text: AsyncGenerator<Uint8Array>,
  form: InputForm,
  maxRecordBytes: number,
): Promise<TableHead | undefined> {
  const lead = await takeLead(text, form.skipLines ?? 0)
  const dialect = dialectOf(input, form, lead.delimiter)
  const is = form.header === undefined ? 'header' : 'row'
  for await (const piece of piecesOf(
    lead.text,
    splitterOf(dialect, { chunkBytes: LOOK_BYTES, maxRecordBytes }),
  )) {
    if (piece.kind === 'rejected') {
      if (is === 'row') continue
      throw headerError(input.name, piece.code, lead.lines + 1)
    }
    const first = readHeader(input.name, dialect, piece, lead.lines + 1, is)
    if (first !== undefined) return { dialect, first, bytes: lead.bytes + piece.offset + first.bytes }
  }
  return undefined
}

export interface RecordsAt {
  /** Bytes before the first record that a later part may begin with: of CSV up to the end of its first row. */
  readonly bytes: number
  /** Finds the ends of the records behind. */
  readonly splitter: LineSplitter
}

const MARK_BYTES = 4

/**
 * Where the records of a file stand that may be cut; undefined where it may not: its text is in another encoding than UTF-8, or it
 * is a table without a row.
 * @throws LetheError where it is not text, or has no header that can be read
 */
export async function recordsOf(
  input: Input,
  form: InputForm,
  maxRecordBytes: number,
): Promise<RecordsAt | undefined> {
  const { encoding, text } = await openInput(input, form.encoding, () => {})
  try {
    if (encoding !== 'utf-8') return undefined
    const mark = byteOrderMark(await firstBytesOf(input, MARK_BYTES))?.length ?? 0
    const options = { chunkBytes: LOOK_BYTES, maxRecordBytes }
    if (input.format !== 'csv') return { bytes: mark, splitter: new LineSplitter(options) }
    const head = await tableHead(input, text, form, maxRecordBytes)
    return head && { bytes: mark + head.bytes, splitter: splitterOf(head.dialect, options) }
  } finally {
    // What was not begun would leave the file open.
    await text.next()
    await text.return(undefined)
  }
}

async function* piecesOf(text: AsyncIterable<Uint8Array>, splitter: LineSplitter): AsyncGenerator<Piece> {
  for await (const data of text)
    for (let at = 0; at < data.length; at += LOOK_BYTES)
      yield* splitter.push(data.subarray(at, at + LOOK_BYTES))
  yield* splitter.end()
}

/** How the rows of a file are written: as policy and options say, then as the file itself, then as its name. */
export function dialectOf(
  input: Pick<Input, 'name' | 'delimiter'>,
  form: InputForm,
  separator: string | undefined,
): CsvDialect {
  const { delimiter, quote, comment } = form
  if (separator !== undefined && delimiter !== undefined && separator !== delimiter)
    throw new LetheError(
      'file-malformed',
      `${input.name}: its line \`sep=\` names another delimiter than the policy or --delimiter`,
      'leave the delimiter out: the line tells it',
    )
  return { delimiter: delimiter ?? separator ?? input.delimiter ?? ',', quote, escape: form.escape, comment }
}

export function splitterOf(dialect: CsvDialect, options: SplitOptions): LineSplitter {
  if (dialect.quote === 'none') return new LineSplitter(options)
  return dialect.escape === undefined && dialect.comment === undefined
    ? new CsvSplitter(options, dialect.delimiter)
    : new DialectSplitter(options, dialect)
}
