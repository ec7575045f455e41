/** As what is to take the place of a file is called until it does, beside it. */
import { basename, dirname, join } from 'node:path'

/** `order`: the hash of the work order. */
export const stagedName = (file: string, order: string): string =>
  join(dirname(file), `.${basename(file)}.${order.slice(0, 12)}.retain`)
