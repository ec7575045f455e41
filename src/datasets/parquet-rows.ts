/** Rows as columns of Parquet: frames of columns go in, and the note is an entry of the footer's metadata. */
import { packerOf } from '../files/parquet/packers.ts'
import { footerTexts } from '../files/parquet/parquet-file.ts'
import { ParquetWriter } from '../files/parquet/parquet-writer.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import { type RangeNote, readNote } from './range-note.ts'
import type { Append, RowFormat, RowWriter } from './row-format.ts'

/** Of the footer's metadata. */
const NOTE = 'lethe-range'
/** A file of each partition is open at once, and holds the row group at hand. */
const GROUP_BYTES = 8 << 20

export const parquet: RowFormat = {
  extension: '.parquet',
  write(append, columns) {
    if (columns === undefined) throw new Error('columns are written without their tree')
    return new ParquetRows(append, columns)
  },
  note(bytes) {
    const text = footerTexts(bytes)?.get(NOTE)
    return text === undefined ? undefined : readNote(text)
  },
}

class ParquetRows implements RowWriter {
  readonly #append: Append
  readonly #columns: GroupColumn
  /** Read when the file ends. */
  readonly #metadata: Record<string, string> = {}
  #writer: ParquetWriter | undefined

  constructor(append: Append, columns: GroupColumn) {
    this.#append = append
    this.#columns = columns
  }

  async #opened(): Promise<ParquetWriter> {
    this.#writer ??= new ParquetWriter(
      {
        tree: this.#columns,
        packer: await packerOf('snappy'),
        metadata: this.#metadata,
        createdBy: 'lethe',
      },
      this.#append,
    )
    return this.#writer
  }

  async add(frames: Uint8Array): Promise<void> {
    const writer = await this.#opened()
    await writer.add(frames)
    if (writer.held >= GROUP_BYTES) await writer.endRowGroup()
  }

  async end(note: RangeNote): Promise<void> {
    const writer = await this.#opened()
    this.#metadata['lethe-policy'] = note.policy
    this.#metadata[NOTE] = JSON.stringify(note)
    await writer.finish()
  }

  destroy(): void {
    this.#writer = undefined
  }
}
