/** How files are called that stand beside a stored one. */
import { basename } from 'node:path'
import { nameIn } from '../files/by-name.ts'
import { folderOf } from '../files/file-names.ts'

/** What tells of it. */
export const sidecarName = (file: string): string => `${file}.lethe.json`

const beside = (file: string, order: string, what: string): string =>
  nameIn(folderOf(file)!, `.${basename(file)}.${order.slice(0, 12)}.${what}`)

/** What is to take its place, until it does. `order`: the hash of the work order. */
export const stagedName = (file: string, order: string): string => beside(file, order, 'retain')

/** What is left of a file that an order erased as a whole: that it did. */
export const erasedName = (file: string, order: string): string => beside(file, order, 'erased')
