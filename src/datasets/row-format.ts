/** What files of a data set are: the contract of formats. `row-formats.ts` lists them. */

import type { Seekable } from '../files/seekable.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import type { RangeNote } from './range-note.ts'

/** Takes the bytes of a file. */
export type Append = (bytes: Uint8Array) => Promise<void>

/** Writes the rows of one file. What it throws is what `append` threw. */
export interface RowWriter {
  /** Takes rows: lines of JSON, each with its line break, or frames of columns (`record/columns/column-frame.ts`). */
  add(rows: Uint8Array): Promise<void>
  /** All rows are there: writes the rest of the file, with the note. */
  end(note: RangeNote): Promise<void>
  /** Gives up. */
  destroy(): void
}

export interface RowFormat {
  /** With its dot. */
  readonly extension: string
  /** `columns`: the tree of them, where it has any. */
  write(append: Append, columns: GroupColumn | undefined): RowWriter
  /** The note of a file; undefined where it has none. Throws what reading throws. */
  note(bytes: Seekable): RangeNote | undefined
}
