/** How files are called that stand beside a stored one. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { folderOf } from '../files/file-names.ts'
import { isNameable, isObjectName, MOST_KEY_BYTES, parseObjectName } from '../files/objects/object-name.ts'

/** What tells of it. */
export const sidecarName = (file: string): string => `${file}.lethe.json`

/** What the name of an object gets in front of it and behind it, at most. */
const MOST_ADDED_BYTES = 64

/** A key has so many bytes and no more: what stands beside an object with a long one is called by a digest of its name. */
function shortName(file: string): string {
  const name = basename(file)
  const isLong =
    isObjectName(file) && Buffer.byteLength(parseObjectName(file).key) > MOST_KEY_BYTES - MOST_ADDED_BYTES
  return isLong ? createHash('sha256').update(name).digest('hex').slice(0, 32) : name
}

/** How all that an order leaves beside a file is called at its beginning. */
export const besideName = (file: string): string => `.${shortName(file)}.`

const beside = (file: string, order: string, what: string): string =>
  `${folderOf(file)!.replace(/\/$/, '')}/${besideName(file)}${order.slice(0, 12)}.${what}`

/** What is to take its place, until it does. `order`: the hash of the work order. */
export const stagedName = (file: string, order: string): string => beside(file, order, 'retain')

/** Whether what is called so, below its folder, tells of what is to take the place of a file. */
export function isStagedSidecar(file: string, name: string): boolean {
  const beginning = besideName(file)
  return (
    name.startsWith(beginning) && /^[0-9a-f]{12}\.retain\.lethe\.json$/.test(name.slice(beginning.length))
  )
}

/** What is left of a file that an order erased as a whole: that it did. */
export const erasedName = (file: string, order: string): string => beside(file, order, 'erased')

/** Whether something can stand under a name as it is written: stores hold objects whose names readers take for others. */
export const canBeNamed = (file: string): boolean => !isObjectName(file) || isNameable(file)
