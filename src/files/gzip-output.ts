/** An output that is compressed on its way to the file. */
import { createGzip, type Gzip } from 'node:zlib'
import type { FileDigest } from './digest.ts'
import { type Output, outputError } from './sink.ts'
import type { TemporaryFile } from './temporary-file.ts'

export class GzipOutput implements Output {
  readonly name: string
  readonly #file: TemporaryFile
  readonly #gzip: Gzip = createGzip()
  readonly #pumped: Promise<void>
  #failure: unknown
  /** Appends under way: a compressor that is destroyed does not answer them. */
  readonly #appending = new Set<(error: unknown) => void>()

  get digest(): FileDigest | undefined {
    return this.#file.digest
  }

  constructor(file: TemporaryFile) {
    this.name = file.name
    this.#file = file
    this.#pumped = this.#pump()
    // It is thrown to the next append.
    this.#pumped.catch(() => {})
  }

  async #pump(): Promise<void> {
    try {
      for await (const data of this.#gzip as AsyncIterable<Buffer>) await this.#file.append(data)
    } catch (error) {
      this.#failure = error
      this.#gzip.destroy()
      for (const reject of this.#appending) reject(error)
      throw error
    }
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure)
      else {
        this.#appending.add(reject)
        this.#gzip.write(bytes, (error) => {
          this.#appending.delete(reject)
          if (error) reject(this.#failure ?? outputError(this.name, error))
          else resolve()
        })
      }
    })
  }

  async finish(): Promise<void> {
    this.#gzip.end()
    await this.#pumped
    await this.#file.finish()
  }

  publish(): void {
    this.#file.publish()
  }

  standing(): 'nothing' | 'older' {
    return this.#file.standing()
  }

  discard(): void {
    this.#gzip.destroy()
    this.#file.discard()
  }
}
