/** A file of a data set while it is written, which no reader sees. That it gets its name is the point at which it counts. */
import type { NewFile } from '../files/folders/file-folder.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import type { RangeNote } from './range-note.ts'
import type { RowFormat, RowWriter } from './row-format.ts'

export interface RangeFileOptions {
  /** Begins it. */
  readonly create: () => NewFile | Promise<NewFile>
  readonly format: RowFormat
  readonly columns: GroupColumn | undefined
  /** Whether another process has published what begins here, and the file is perhaps deleted since. */
  readonly isOvertaken: () => Promise<boolean>
  /** Called when the file has its name. */
  readonly published: (note: RangeNote) => Promise<void>
}

export class RangeFile {
  readonly #options: RangeFileOptions
  #file: NewFile | undefined
  #rows: RowWriter | undefined
  #isDiscarded = false

  constructor(options: RangeFileOptions) {
    this.#options = options
  }

  /** Rows, as the format takes them. @throws LetheError (io); nothing is published then */
  async add(rows: Uint8Array): Promise<void> {
    const writer = await this.#writer()
    await writer.add(rows)
  }

  async #writer(): Promise<RowWriter> {
    const { create, format, columns } = this.#options
    if (this.#rows === undefined) {
      const file = await create()
      if (this.#isDiscarded) {
        await file.discard()
        throw new Error('a file of a data set is written to that was given up')
      }
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
      const writer = await this.#writer()
      await writer.end(note)
      await this.#file!.finish()
      if ((await isOvertaken()) || (await this.#file!.publishNew()) !== 'published') return 'taken'
    } finally {
      // Does nothing once it is published.
      await this.discard()
    }
    await published(note)
    return 'published'
  }

  /** Never throws nor rejects. */
  async discard(): Promise<void> {
    this.#isDiscarded = true
    this.#rows?.destroy()
    await this.#file?.discard()
  }
}
