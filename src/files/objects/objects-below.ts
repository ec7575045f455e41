/** What an object store lists below a prefix. */
import { LetheError } from '../../errors.ts'
import { type ObjectName, printObjectName } from './object-name.ts'
import type { ObjectStore, StoredObject } from './object-store.ts'

/** What a folder has more names than is none of Lethe's. */
const MOST_NAMES = 5_000_000

/** Each object once, as the store orders them. @throws LetheError `store-refused` where the listing is none of S3; what the store throws */
export async function* objectsBelow(store: ObjectStore, prefix: ObjectName): AsyncGenerator<StoredObject> {
  const seen = new Set<string>()
  for await (const object of store.list(prefix)) {
    const { key } = object
    if (seen.has(key) || !key.startsWith(prefix.key) || seen.size === MOST_NAMES)
      throw new LetheError(
        'store-refused',
        `${printObjectName(prefix)} cannot be listed: the object store names ${seen.has(key) ? 'an object twice' : key.startsWith(prefix.key) ? 'objects without end' : 'an object that is not below it'}`,
        'see what the store is: S3 lists each object once',
      )
    seen.add(key)
    yield object
  }
}
