/** Rows as lines of JSON, in gzip: one member for all rows, and one more with the note. */
import { constants, createGzip } from 'node:zlib'
import { noteMember, readNoteMember } from './gzip-note.ts'
import { readNote } from './range-note.ts'
import type { Append, RowFormat, RowWriter } from './row-format.ts'

/** A third of the processor time of the default level, for files that are a tenth longer. */
const LEVEL = constants.Z_BEST_SPEED

export const ndjson: RowFormat = {
  extension: '.ndjson.gz',
  write: (append) => new GzipRows(append),
  note(bytes) {
    const text = readNoteMember(bytes)
    return text === undefined ? undefined : readNote(text)
  },
}

class GzipRows implements RowWriter {
  readonly #append: Append
  readonly #packer = createGzip({ level: LEVEL })
  readonly #pumped: Promise<void>
  #failure: unknown
  #rejectAdd: ((error: unknown) => void) | undefined

  constructor(append: Append) {
    this.#append = append
    this.#pumped = this.#pump()
    // It is thrown to the next call.
    this.#pumped.catch(() => {})
  }

  async #pump(): Promise<void> {
    for await (const bytes of this.#packer as AsyncIterable<Buffer>)
      await this.#append(bytes).catch((error: unknown) => {
        // Before the packer is destroyed, and says something else to those who wait for it.
        this.#failure ??= error
        this.#rejectAdd?.(error)
        throw error
      })
  }

  add(rows: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure)
        return
      }
      this.#rejectAdd = reject
      this.#packer.write(rows, (error) => {
        this.#rejectAdd = undefined
        if (error) reject(this.#failure ?? error)
        else resolve()
      })
    })
  }

  async end(note: Parameters<RowWriter['end']>[0]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#packer.end()
    await this.#pumped
    await this.#append(noteMember(JSON.stringify(note)))
  }

  destroy(): void {
    this.#packer.destroy()
  }
}
