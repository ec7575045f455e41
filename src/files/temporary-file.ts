/** A file that is written under a temporary name beside its place, and takes its own name when it is whole. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fchmodSync,
  fdatasync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  write,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Digester, FileDigest } from './digest.ts'
import { type Output, outputError, standingAt } from './sink.ts'
import { syncFolder } from './sync-folder.ts'

const writeTo = promisify(write)
const syncData = promisify(fdatasync)

/** So many bytes may wait for the disk before it is asked to take them. */
const SYNC_BYTES = 32 << 20

export class TemporaryFile implements Output {
  readonly name: string
  readonly #temporary: string
  #unsynced = 0
  #syncing: Promise<void> = Promise.resolve()
  #fd: number
  #published = false
  /** The last write: its descriptor may be closed when it has ended, as the system gives its number to the next file. */
  #writing: Promise<unknown> = Promise.resolve()
  readonly #digester: Digester | undefined
  digest: FileDigest | undefined

  readonly #shown: string
  readonly #mode: 'umask' | 'owner'

  /**
   * `shown`: what to call it in errors, where its name is not what the user knows; `mode`: who may read it when it is whole: whom
   * the umask allows, or its owner alone; `folder`: where it is written, on the same file system.
   */
  constructor(
    name: string,
    digester: Digester | undefined,
    shown: string = name,
    mode: 'umask' | 'owner' = 'umask',
    folder: string = dirname(name),
  ) {
    this.#mode = mode
    this.name = name
    this.#shown = shown
    this.#digester = digester
    const tag = randomBytes(6).toString('hex')
    this.#temporary = join(folder, `.${basename(name)}.${tag}.part`)
    try {
      // For the owner alone, until it is whole.
      this.#fd = openSync(this.#temporary, 'wx', 0o600)
    } catch (error) {
      throw outputError(shown, error, name)
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    const writing = this.#append(bytes)
    this.#writing = writing.catch(() => {})
    await writing
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (this.#fd < 0) throw new Error('an output is written to that was given up')
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
      throw outputError(this.#shown, error, this.name)
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
      fchmodSync(this.#fd, this.#mode === 'owner' ? 0o600 : 0o666 & ~process.umask())
      fsyncSync(this.#fd)
      const fd = this.#fd
      this.#fd = -1
      closeSync(fd)
      this.digest = this.#digester?.end()
    } catch (error) {
      throw outputError(this.#shown, error, this.name)
    }
  }

  publish(): void {
    try {
      renameSync(this.#temporary, this.name)
      this.#published = true
      syncFolder(dirname(this.name))
    } catch (error) {
      throw outputError(this.#shown, error, this.name)
    }
  }

  /**
   * Gives the file its name where nothing stands under it, as link(2) does; `taken`: something does. `gone`: the temporary file was
   * taken away. What was not published is discarded.
   */
  publishNew(): 'published' | 'taken' | 'gone' {
    try {
      linkSync(this.#temporary, this.name)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // A server that was asked twice, as its first answer was lost, says of the second time that the name exists (NFS).
      if (code !== 'EEXIST' || !this.#stands()) {
        this.discard()
        if (code === 'EEXIST') return 'taken'
        if (code === 'ENOENT' && existsSync(dirname(this.name))) return 'gone'
        throw outputError(this.#shown, error, this.name)
      }
    }
    syncFolder(dirname(this.name))
    this.discard()
    this.#published = true
    return 'published'
  }

  /** Whether what has the name is this very file. */
  #stands(): boolean {
    try {
      const [own, other] = [this.#temporary, this.name].map((path) => statSync(path, { bigint: true }))
      return own!.ino === other!.ino && own!.dev === other!.dev
    } catch {
      return false
    }
  }

  standing(): 'nothing' | 'older' {
    return standingAt(this.name)
  }

  discard(): void {
    if (this.#published) return
    const fd = this.#fd
    this.#fd = -1
    if (fd >= 0)
      void Promise.all([this.#writing, this.#syncing.catch(() => {})]).then(() => {
        try {
          closeSync(fd)
        } catch {
          // Already closed: what matters is that the file goes.
        }
      })
    try {
      unlinkSync(this.#temporary)
    } catch {
      // Already gone, or the disk is: there is nothing more to do, and no result stands under the name.
    }
  }
}

/** Takes away what a process that was killed left of an output that never got its name. */
export function discardParts(name: string): void {
  const prefix = `.${basename(name)}.`
  for (const other of readdirSync(dirname(name)))
    if (other.startsWith(prefix) && /^[0-9a-f]{12}\.part$/.test(other.slice(prefix.length)))
      unlinkSync(join(dirname(name), other))
}
