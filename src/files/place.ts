/** Where a file is going to be written. */
import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

export interface OutputPlace {
  /** Absolute; links in the folder's name are followed. */
  readonly path: string
  readonly isFolder: boolean
  /** A device, pipe or socket. */
  readonly isSpecial: boolean
}

/** What stands at `name` by now; never throws: where nothing can be looked at, the writer says why. */
export function placeOf(name: string): OutputPlace {
  let path = resolve(name)
  try {
    path = join(realpathSync(dirname(path)), basename(path))
    const stats = statSync(path)
    const isFolder = stats.isDirectory()
    return { path, isFolder, isSpecial: !isFolder && !stats.isFile() }
  } catch {
    return { path, isFolder: false, isSpecial: false }
  }
}
