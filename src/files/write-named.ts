/** Writes a small file or object, whole or not at all. */
import { Digester } from './digest.ts'
import { isObjectName, type ObjectName, parseObjectName } from './objects/object-name.ts'
import { ObjectOutput } from './objects/object-output.ts'
import { openStore } from './objects/open-store.ts'
import { writeWhole } from './whole-file.ts'

/**
 * A file takes the place of an older one; an object takes no other's place.
 * @throws LetheError (io), `output-exists`
 */
export async function writeNamed(name: string, text: string): Promise<void> {
  if (!isObjectName(name)) return await writeWhole(name, text)
  await writeObject(parseObjectName(name), text, 'nothing')
}

/**
 * `takes`: what may stand there: nothing; the same bytes; or anything, whose place it takes, unless another one writes something else meanwhile.
 * @throws LetheError (io), `output-exists`, `output-conflict`
 */
export async function writeObject(
  name: ObjectName,
  text: string | Uint8Array,
  takes: 'nothing' | 'same' | 'any',
): Promise<void> {
  const store = await openStore()
  const standing = (takes === 'any' ? await store.standing(name) : undefined) ?? 'nothing'
  const isAnySame = takes !== 'nothing'
  const output = new ObjectOutput({ store, name, digester: new Digester(), standing, isAnySame })
  try {
    await output.append(Buffer.from(text as string))
    await output.finish()
    await output.publish()
  } finally {
    await output.discard()
  }
}
