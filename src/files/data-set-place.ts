/** Where a data set is to be: it is made whole in a folder of its own, and what `publish` does makes it the data set that readers find. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LetheError } from '../errors.ts'
import { outputError, standingAt } from './sink.ts'
import { syncFolder } from './sync-folder.ts'

export interface DataSetPlace {
  /** As people know it. */
  readonly name: string
  /** The folder in which it is made. */
  readonly staging: string
  /** Makes that folder. @throws LetheError where something stands where the data set is to be */
  begin(): void | Promise<void>
  /** `files`: all that it has, from `staging` on, in the order in which readers may find them. @throws LetheError */
  publish(files: readonly string[]): void | Promise<void>
  /** Takes away what was made, unless it is published. Never throws nor rejects. */
  discard(): void | Promise<void>
  standing(): 'nothing' | 'older'
}

export const standsAlready = (name: string, way: string): LetheError =>
  new LetheError(
    'output-conflict',
    `${name} stands there already, and a data set takes no other's place`,
    way,
  )

/** A folder on a disk, which takes its name as a whole. */
export class DiskPlace implements DataSetPlace {
  readonly name: string
  readonly staging: string
  #isPublished = false

  constructor(name: string) {
    this.name = name
    this.staging = join(dirname(name), `.${basename(name)}.${randomBytes(6).toString('hex')}.part`)
  }

  begin(): void {
    this.#refuseStanding()
    try {
      mkdirSync(this.staging, { mode: 0o700 })
    } catch (error) {
      throw outputError(this.name, error)
    }
  }

  #refuseStanding(): void {
    if (existsSync(this.name))
      throw standsAlready(this.name, 'name a folder that does not exist, or move that one away')
  }

  publish(): void {
    this.#refuseStanding()
    try {
      chmodSync(this.staging, 0o777 & ~process.umask())
      renameSync(this.staging, this.name)
      this.#isPublished = true
      syncFolder(dirname(this.name))
    } catch (error) {
      throw outputError(this.name, error)
    }
  }

  discard(): void {
    if (!this.#isPublished) rmSync(this.staging, { recursive: true, force: true, maxRetries: 3 })
  }

  standing(): 'nothing' | 'older' {
    return standingAt(this.name)
  }
}
