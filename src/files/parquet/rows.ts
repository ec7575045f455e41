/** The rows of a Parquet file as chunks of text, a record a row: what the engines of NDJSON and CSV take. */
import { setImmediate } from 'node:timers/promises'
import { PADDING } from '../../record/codec.ts'
import type { Piece, SplitOptions } from '../splitter.ts'
import { ColumnCursor, type Held } from './column.ts'
import type { Group, ParquetFile } from './parquet-file.ts'
import { damaged, faultOf } from './parquet-limits.ts'
import { csvRows, jsonRows, type WriteRow } from './row-writer.ts'
import { type Cell, firstLeaf, leavesOf, type Selected } from './selection.ts'
import { TextSink } from './text-sink.ts'
import { type TextForm, writerOf } from './texts.ts'
import { unpackerOf } from './unpack.ts'

export interface RowOptions extends SplitOptions {
  /** Cells of CSV, and what stands between them; undefined: JSON. */
  readonly table?: { readonly cells: readonly Cell[]; readonly delimiter: string } | undefined
  /** Hears of bytes that were read. */
  readonly onRead: (bytes: number) => void
}

/**
 * The rows, in order, row group by row group; a row that cannot be written is rejected with its code.
 * @throws LetheError where the file is damaged or asks for more than is read: then nothing of it may be published
 */
export async function* parquetRows(
  file: ParquetFile,
  root: Selected,
  options: RowOptions,
): AsyncGenerator<Piece> {
  const cut = new RowPieces(options)
  try {
    file.refuseShared(columnsOf(file, root))
    for (const group of file.groups) {
      if (group.rows === 0) continue
      const next = await rowsOf(file, group, root, options)
      for (let row = 0; row < group.rows; row++) {
        const pieces = cut.row(next.write)
        if (pieces === undefined) continue
        yield* pieces
        // Progress and signals are heard of between chunks.
        await setImmediate()
      }
      next.end()
    }
    file.refuseChanged()
  } catch (error) {
    throw faultOf(file.name, error)
  }
  yield* cut.end()
}

/** The columns that are read, by number. */
function columnsOf(file: ParquetFile, root: Selected): number[] {
  const columns = [...new Set(leavesOf(root).map(({ leaf }) => leaf.column))]
  if (columns.length > 0) return columns
  // How many rows there are is a word of the footer: some column has to have them.
  if (file.columns === 0) throw damaged('it has rows, and no columns')
  return [0]
}

async function rowsOf(
  file: ParquetFile,
  group: Group,
  root: Selected,
  { table, maxRecordBytes, onRead }: RowOptions,
): Promise<{ write: WriteRow; end: () => void }> {
  const isTold = new Map<number, boolean>()
  for (const one of leavesOf(root))
    isTold.set(one.leaf.column, one.isTold && isTold.get(one.leaf.column) !== false)
  const leaves = new Map(leavesOf(root).map(({ leaf }) => [leaf.column, leaf]))
  const columns = columnsOf(file, root)
  const places = file.places(group, columns)
  const held: Held = { bytes: 0, inRow: 0 }
  const form: TextForm = { delimiter: table?.delimiter, most: maxRecordBytes }
  const cursors = new Map<number, ColumnCursor>()
  for (const [at, column] of columns.entries()) {
    const { start, end, values, codec } = places[at]!
    const leaf = leaves.get(column) ?? firstLeaf(file.root)
    const chunk = { start, end, values, unpack: await unpackerOf(codec) }
    const writer = isTold.get(column) === false ? writerOf(leaf, form) : undefined
    cursors.set(column, new ColumnCursor(file.fd, leaf, chunk, writer, held, onRead))
  }
  const writeRow =
    table === undefined
      ? jsonRows(root, cursors, maxRecordBytes)
      : csvRows(table.cells, cursors, table.delimiter, maxRecordBytes)
  const writeCounted = leaves.size > 0 ? writeRow : counted(writeRow, cursors.get(columns[0]!)!)
  const write: WriteRow = (out) => {
    held.inRow = 0
    return writeCounted(out)
  }
  const end = (): void => {
    for (const cursor of cursors.values())
      if (!cursor.isEnded) throw damaged('a column has more rows than its row group')
  }
  return { write, end }
}

/** Rows of which nothing is read, as many as a column has. */
function counted(write: WriteRow, cursor: ColumnCursor): WriteRow {
  return (out) => {
    if (cursor.isEnded) throw damaged('a column has fewer rows than its row group')
    do cursor.advance()
    while (cursor.rep > 0)
    return write(out)
  }
}

const LINE_FEED = 0x0a
/** Room for the row that goes beyond the end of a chunk. */
const BEYOND = 1 << 12

class RowPieces {
  readonly #options: SplitOptions
  #sink: TextSink | undefined
  /** Rows of the file so far, and those in the sink. */
  #rows = 0
  #inSink = 0
  #offset = 0

  constructor(options: SplitOptions) {
    this.#options = options
  }

  /** Writes a row; gives what is complete then, if anything is. */
  row(write: WriteRow): Piece[] | undefined {
    this.#sink ??= this.#empty()
    const sink = this.#sink
    const code = write(sink)
    this.#rows++
    if (code !== undefined) {
      const before = this.#take(this.#rows - 1)
      return [...before, { kind: 'rejected', code, records: 1, lines: 1, line: this.#rows }]
    }
    sink.room(1)
    sink.bytes[sink.length++] = LINE_FEED
    this.#inSink++
    return sink.length >= this.#options.chunkBytes ? this.#take(this.#rows) : undefined
  }

  end(): Piece[] {
    return this.#take(this.#rows)
  }

  #empty(): TextSink {
    const bytes = this.#options.chunkBytes + BEYOND
    return new TextSink(this.#options.allocate?.(bytes) ?? new Uint8Array(bytes))
  }

  /** The rows that are held, up to row `last` of the file, from 1. */
  #take(last: number): Piece[] {
    const sink = this.#sink
    if (sink === undefined || this.#inSink === 0) return []
    const { length } = sink
    sink.room(PADDING)
    sink.bytes.fill(LINE_FEED, length, length + PADDING)
    const first = last - this.#inSink + 1
    const recordLines = Float64Array.from({ length: this.#inSink }, (_, at) => first + at)
    const piece: Piece = { kind: 'records', bytes: sink.bytes, length, offset: this.#offset, recordLines }
    this.#offset += length
    this.#inSink = 0
    this.#sink = undefined
    return [piece]
  }
}
