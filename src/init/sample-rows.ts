/** Rows of a sample, read as the codec of `lethe batch` reads them: in one dialect, without building what is not asked for. */
import { padded } from '../record/codec.ts'
import { type CsvDialect, quotedText } from '../record/csv/csv-dialect.ts'
import { CsvWalker } from '../record/csv/csv-walker.ts'

/** The text of a sample, as bytes. */
export interface TableText {
  /** `bytes[0..length)` in UTF-8, then room to read. */
  readonly bytes: Uint8Array
  readonly length: number
  /** Whether there is more behind it: its last row may be half a row. */
  readonly isCut: boolean
}

export const tableText = (text: string, isCut: boolean): TableText => {
  const bytes = Buffer.from(text)
  return { bytes: padded(bytes), length: bytes.length, isCut }
}

/** One row, as the walker stands behind it. */
export interface RowAt {
  /** Cells; 0 where the row is malformed. */
  readonly width: number
  /** The physical line that it begins on, from 0, and how many it covers. */
  readonly line: number
  readonly lines: number
  readonly isComment: boolean
  readonly walker: CsvWalker
}

/** A quote that is still open at the end of a cut sample, and opened before so many bytes, is stray. */
const LONGEST_OPEN = 1 << 16

/** Goes over the rows and comments, blank lines left out. What it yields holds until the next is asked for. */
export function* rowsOf({ bytes, length, isCut }: TableText, dialect: CsvDialect): Generator<RowAt> {
  const walker = new CsvWalker(dialect)
  let line = 0
  for (let at = 0; at < length; ) {
    const start = at
    at = Math.min(walker.row(bytes, start, length), length)
    const isUnclosed = walker.code === 'csv-quote-unclosed'
    if (isCut && walker.end >= length && !(isUnclosed && length - start > LONGEST_OPEN)) return
    // Each line counts then, as in a batch.
    const lines = isUnclosed ? linesIn(bytes, start, length) : walker.lines
    if (walker.isComment || walker.end > start)
      yield {
        width: walker.code === undefined ? walker.fields : 0,
        line,
        lines,
        isComment: walker.isComment,
        walker,
      }
    line += lines
  }
}

const LF = 0x0a

function linesIn(bytes: Uint8Array, start: number, end: number): number {
  let lines = 1
  for (let at = bytes.indexOf(LF, start); at >= 0 && at < end - 1; at = bytes.indexOf(LF, at + 1)) lines++
  return lines
}

/** The cells of a row that `rowsOf` is at, decoded. */
export function cellReader({ bytes }: TableText, dialect: CsvDialect): (walker: CsvWalker) => string[] {
  const decoded = quotedText(dialect)
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (walker) =>
    Array.from({ length: walker.fields }, (_, field) => {
      const text = all.toString('utf8', walker.starts[field]!, walker.ends[field]!)
      return walker.quoted[field] === 1 ? decoded(text) : text
    })
}
