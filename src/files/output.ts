/**
 * The files that come out. Each is written under a temporary name beside its place and takes its own name only
 * when all of them are whole: until then nothing stands there that could be taken for a result.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  write,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createGzip, type Gzip } from 'node:zlib'
import { type LetheError, unwritable } from '../errors.ts'
import { Digester, type FileDigest } from './digest.ts'

const writeTo = promisify(write)
const syncData = promisify(fdatasync)

/** So many bytes may wait for the disk before it is asked to take them. */
const SYNC_BYTES = 32 << 20

export interface Output {
  readonly name: string
  /** Of the bytes that were written, compressed where they are; set once it is finished, if it was asked for. */
  readonly digest?: FileDigest | undefined
  /** Appends bytes; resolves once they are handed to the system. Rejects with a `LetheError`. */
  append(bytes: Uint8Array): Promise<void>
  /** Everything is appended: makes it durable under the temporary name. */
  finish(): Promise<void>
  /** Gives the file its name. */
  publish(): void
  /** Removes what was written. Never throws; does nothing after `publish`. */
  discard(): void
}

const outputError = (name: string, error: unknown): LetheError =>
  unwritable(name, error, 'nothing was left under its name')

/**
 * A file that appears whole or not at all. `gzip`: compress it; `digest`: compute its digest. Throws `LetheError` where
 * it cannot be opened.
 */
export function openOutput(name: string, gzip: boolean, digest = false): Output {
  const raw = new TemporaryFile(name, digest ? new Digester() : undefined)
  return gzip ? new GzipOutput(raw) : raw
}

class TemporaryFile implements Output {
  readonly name: string
  readonly #temporary: string
  #unsynced = 0
  #syncing: Promise<void> = Promise.resolve()
  #fd: number
  #published = false
  readonly #digester: Digester | undefined
  digest: FileDigest | undefined

  constructor(name: string, digester: Digester | undefined) {
    this.name = name
    this.#digester = digester
    const tag = randomBytes(6).toString('hex')
    this.#temporary = join(dirname(name), `.${basename(name)}.${tag}.part`)
    try {
      // For the owner alone, until it is whole.
      this.#fd = openSync(this.#temporary, 'wx', 0o600)
    } catch (error) {
      throw outputError(name, error)
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      let writing = writeTo(this.#fd, bytes, 0, bytes.length)
      // While the system writes.
      this.#digester?.add(bytes)
      let at = (await writing).bytesWritten
      while (at < bytes.length) {
        writing = writeTo(this.#fd, bytes, at, bytes.length - at)
        at += (await writing).bytesWritten
      }
      await this.#syncBehind(bytes.length)
    } catch (error) {
      throw outputError(this.name, error)
    }
  }

  /** Now and then starts to bring to the disk what was written: at the end it would all have to be waited for. */
  async #syncBehind(bytes: number): Promise<void> {
    this.#unsynced += bytes
    if (this.#unsynced < SYNC_BYTES) return
    this.#unsynced = 0
    await this.#syncing
    this.#syncing = syncData(this.#fd)
    // A failure is thrown to the next write.
    this.#syncing.catch(() => {})
  }

  async finish(): Promise<void> {
    try {
      await this.#syncing
      fchmodSync(this.#fd, 0o666 & ~process.umask())
      fsyncSync(this.#fd)
      const fd = this.#fd
      this.#fd = -1
      closeSync(fd)
      this.digest = this.#digester?.end()
    } catch (error) {
      throw outputError(this.name, error)
    }
  }

  publish(): void {
    try {
      renameSync(this.#temporary, this.name)
      this.#published = true
      syncFolder(dirname(this.name))
    } catch (error) {
      throw outputError(this.name, error)
    }
  }

  discard(): void {
    if (this.#published) return
    try {
      if (this.#fd >= 0) closeSync(this.#fd)
    } catch {
      // Already closed: what matters is that the file goes.
    }
    this.#fd = -1
    try {
      unlinkSync(this.#temporary)
    } catch {
      // Already gone, or the disk is: there is nothing more to do, and no result stands under the name.
    }
  }
}

function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, constants.O_RDONLY)
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Not every system lets a folder be synced; the file itself is.
  }
}

class GzipOutput implements Output {
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

  discard(): void {
    this.#gzip.destroy()
    this.#file.discard()
  }
}

const STDOUT = 'standard output'

/** Standard output: it cannot be taken back, so a run that fails says so by its exit code. */
export function openStdout(digest = false): Output {
  const digester = digest ? new Digester() : undefined
  let made: FileDigest | undefined
  return {
    name: STDOUT,
    get digest() {
      return made
    },
    append: (bytes) =>
      new Promise((resolve, reject) => {
        digester?.add(bytes)
        process.stdout.write(bytes, (error) => {
          if (error) reject(unwritable(STDOUT, error))
          else resolve()
        })
      }),
    finish: async () => {
      made = digester?.end()
    },
    publish: () => {},
    discard: () => {},
  }
}

/** For --dry-run: everything is done but the writing. */
export function openNothing(name: string): Output {
  return {
    name,
    append: async () => {},
    finish: async () => {},
    publish: () => {},
    discard: () => {},
  }
}
