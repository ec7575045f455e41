/** A folder on a disk: a file gets its name by link(2), which fails where the name exists. */
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileError, LetheError, unwritable } from '../../errors.ts'
import { inspectFile, type Seekable } from '../seekable.ts'
import { syncFolder } from '../sync-folder.ts'
import { TemporaryFile } from '../temporary-file.ts'
import type { FileFolder, NewFile } from './file-folder.ts'

const PART = '.part'

export class DiskFolder implements FileFolder {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  nameOf(file: string): string {
    return join(this.name, file)
  }

  async prepare(own: string): Promise<void> {
    if (!isFolder(this.name))
      throw new LetheError(
        'folder-missing',
        `the data set ${this.name} is no folder that is there`,
        'make it, or mount it: Lethe makes none, since one that is not mounted looks like one that is empty',
      )
    try {
      mkdirSync(this.nameOf(own), { recursive: true })
      syncFolder(this.name)
    } catch (error) {
      throw unwritable(this.nameOf(own), error)
    }
    this.#tryLinks(this.nameOf(own))
  }

  /** Whether a name can be taken once, and once only. */
  #tryLinks(own: string): void {
    const tag = randomBytes(6).toString('hex')
    const [file, name] = [join(own, `${tag}${PART}`), join(this.name, `.${tag}${PART}`)]
    try {
      writeFileSync(file, '', { flag: 'wx', mode: 0o600 })
    } catch (error) {
      throw unwritable(own, error)
    }
    try {
      linkSync(file, name)
      if (isLinkedAgain(file, name)) throw new Error('a name was given twice')
    } catch {
      throw new LetheError(
        'dataset-unsupported',
        `the file system of ${this.name} has no hard links, by which a file gets a name that no other has`,
        'use a folder on a local disk or on NFS',
      )
    } finally {
      rmSync(name, { force: true })
      rmSync(file, { force: true })
    }
  }

  async trouble(own: string): Promise<readonly [what: string, way: string] | undefined> {
    if (!isFolder(this.name))
      return [`${this.name} is no folder that is there`, 'make it, or mount it: a stream makes none']
    try {
      accessSync(this.name, constants.R_OK | constants.W_OK | constants.X_OK)
      if (statSync(this.nameOf(own), { throwIfNoEntry: false }) !== undefined)
        accessSync(this.nameOf(own), constants.R_OK | constants.W_OK | constants.X_OK)
      return undefined
    } catch {
      return [`this account may not write into ${this.name}`, 'set the rights of the folder']
    }
  }

  async list(folder: string, beginnings: readonly string[] = ['']): Promise<readonly string[]> {
    return namesIn(this.nameOf(folder))
      .filter((name) => beginnings.some((beginning) => name.startsWith(beginning)))
      .toSorted()
  }

  async text(file: string): Promise<string | undefined> {
    try {
      return readFileSync(this.nameOf(file), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw fileError(this.nameOf(file), error)
    }
  }

  async inspect<T>(file: string, look: (bytes: Seekable) => T): Promise<T> {
    try {
      return inspectFile(this.nameOf(file), look)
    } catch (error) {
      if (error instanceof LetheError || (error as NodeJS.ErrnoException).syscall === undefined) throw error
      throw fileError(this.nameOf(file), error)
    }
  }

  create(file: string, own: string): NewFile {
    return new TemporaryFile(this.nameOf(file), undefined, undefined, 'umask', this.nameOf(own))
  }

  async touch(file: string): Promise<void> {
    closeSync(openSync(this.nameOf(file), 'w', 0o644))
    syncFolder(dirname(this.nameOf(file)))
  }

  async untouch(file: string): Promise<void> {
    unlinkSync(this.nameOf(file))
  }

  async dropUnfinished(own: string, beginning: string): Promise<void> {
    for (const name of namesIn(this.nameOf(own)))
      if (name.startsWith(`.${beginning}`) && name.endsWith(PART))
        rmSync(join(this.nameOf(own), name), { force: true })
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function isLinkedAgain(file: string, name: string): boolean {
  try {
    linkSync(file, name)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EEXIST'
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw fileError(folder, error)
  }
}
