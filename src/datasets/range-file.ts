/** A file of a data set while it is written: under another name, until all of it is on the disk. One link(2) is the point at which it counts. */
import { TemporaryFile } from '../files/temporary-file.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import type { RangeStart } from './range-name.ts'
import type { RangeNote } from './range-note.ts'
import type { RowFormat, RowWriter } from './row-format.ts'

export interface RangeFileOptions {
  readonly start: RangeStart
  readonly name: string
  /** Where it is written. */
  readonly folder: string
  readonly format: RowFormat
  readonly columns: GroupColumn | undefined
  /** Whether another process has published what begins here, and the file is perhaps deleted since. */
  readonly isOvertaken: () => boolean
  /** Called when the file has its name. */
  readonly published: (note: RangeNote) => void
}

export class RangeFile {
  readonly #options: RangeFileOptions
  #file: TemporaryFile | undefined
  #rows: RowWriter | undefined

  constructor(options: RangeFileOptions) {
    this.#options = options
  }

  /** Rows, as the format takes them. @throws LetheError (io); nothing is published then */
  async add(rows: Uint8Array): Promise<void> {
    await this.#writer().add(rows)
  }

  #writer(): RowWriter {
    const { name, folder, format, columns } = this.#options
    if (this.#rows === undefined) {
      const file = new TemporaryFile(name, undefined, undefined, 'umask', folder)
      this.#file = file
      this.#rows = format.write((bytes) => file.append(bytes), columns)
    }
    return this.#rows
  }

  /**
   * Makes it durable and gives it its name. `taken`: another process has published what begins here, and this file is gone.
   * @throws LetheError (io)
   */
  async publish(note: RangeNote): Promise<'published' | 'taken'> {
    const { isOvertaken, published } = this.#options
    try {
      await this.#writer().end(note)
      await this.#file!.finish()
      if (isOvertaken() || this.#file!.publishNew() !== 'published') return 'taken'
    } finally {
      // Does nothing once it is published.
      this.discard()
    }
    published(note)
    return 'published'
  }

  discard(): void {
    this.#rows?.destroy()
    this.#file?.discard()
  }
}
