/** An output that is compressed on its way to the file. */
import type { Transform } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FileDigest } from './digest.ts'
import { type Output, outputError } from './sink.ts'
import { newCompressor } from './zstd.ts'

export class PackedOutput implements Output {
  readonly name: string
  readonly #file: Output
  readonly #packer: Transform
  readonly #pumped: Promise<void>
  #failure: unknown
  /** Appends under way: a compressor that is destroyed does not answer them. */
  readonly #appending = new Set<(error: unknown) => void>()

  get digest(): FileDigest | undefined {
    return this.#file.digest
  }

  /** zstd: where `loadZstd` was awaited. */
  constructor(file: Output, compression: 'gzip' | 'zstd') {
    this.#packer = compression === 'gzip' ? createGzip() : newCompressor()
    this.name = file.name
    this.#file = file
    this.#pumped = this.#pump()
    // It is thrown to the next append.
    this.#pumped.catch(() => {})
  }

  async #pump(): Promise<void> {
    try {
      for await (const data of this.#packer as AsyncIterable<Buffer>) await this.#file.append(data)
    } catch (error) {
      this.#failure = error
      this.#packer.destroy()
      for (const reject of this.#appending) reject(error)
      throw error
    }
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure)
      else {
        this.#appending.add(reject)
        this.#packer.write(bytes, (error) => {
          this.#appending.delete(reject)
          if (error) reject(this.#failure ?? outputError(this.name, error))
          else resolve()
        })
      }
    })
  }

  async finish(): Promise<void> {
    this.#packer.end()
    await this.#pumped
    await this.#file.finish()
  }

  publish(): void | Promise<void> {
    return this.#file.publish()
  }

  standing(): 'nothing' | 'older' | 'part' {
    return this.#file.standing()
  }

  discard(): void | Promise<void> {
    this.#packer.destroy()
    return this.#file.discard()
  }
}
