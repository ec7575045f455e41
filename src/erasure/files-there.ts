/** Which files of earlier orders are there now, on a disk or in an object store. */
import { isObjectName } from '../files/objects/object-name.ts'
import { isThere, storageOf } from '../lifecycle/storage/storage-of.ts'
import { becameOf, HALF_MADE } from '../lifecycle/stored-folder.ts'
import { canBeNamed } from '../lifecycle/stored-names.ts'
import type { Untouched } from '../lifecycle/target.ts'
import { fileOf } from '../lifecycle/work-order.ts'
import type { ErasureOrder } from './erasure-order.ts'

/** An upload is no object yet. */
const isUpload = ({ target, code }: Untouched): boolean =>
  code === 'upload-open' || (code === 'being-written' && isObjectName(fileOf(target)))

/** Or older versions of it. */
async function standsThere(file: string): Promise<boolean> {
  if (!canBeNamed(file) || (await isThere(file))) return true
  const left = await storageOf(file).remainder(file)
  return 'older' in left && left.older > 0
}

/**
 * Each once; of what was half-made then, what it became. An object whose name readers take for another is named too: what reads it refuses that.
 * @throws LetheError (io)
 */
export async function filesThere(orders: readonly ErasureOrder[]): Promise<readonly string[]> {
  const all = orders.flatMap(({ targets, untouched }) => [...targets, ...untouched])
  const names = [...new Set(all.map(({ target }) => target))]
  const uploads = new Set(
    orders.flatMap(({ untouched }) => untouched.filter(isUpload).map(({ target }) => target)),
  )
  const there: string[] = []
  for (const name of names)
    if (!uploads.has(name) && (await standsThere(fileOf(name)))) there.push(fileOf(name))
  const halfMade = orders.flatMap(({ untouched }) => untouched.filter(({ code }) => HALF_MADE.has(code)))
  const became = await becameOf([...new Set(halfMade.map(({ target }) => target))], names)
  return [...there, ...became.map(({ name }) => fileOf(name))]
}
