/** Files and objects by their names, for what does not care which of the two a name stands for. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileError } from '../errors.ts'
import { readBytes } from './file-bytes.ts'
import { isObjectName, parseObjectName, printObjectName } from './objects/object-name.ts'
import { objectBytes } from './objects/object-reader.ts'
import type { StoredObject } from './objects/object-store.ts'
import { objectsBelow } from './objects/objects-below.ts'
import { openStore } from './objects/open-store.ts'
import { unlessMissing } from './unless-missing.ts'

/** A file, or an object in the state in which it was looked at. */
export interface NamedSource {
  readonly name: string
  readonly object?: StoredObject | undefined
}

/** What stands in a folder, or below a prefix. */
export function nameIn(folder: string, ...parts: readonly string[]): string {
  if (!isObjectName(folder)) return join(folder, ...parts)
  const { bucket, key } = parseObjectName(folder)
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
  return printObjectName({ bucket, key: prefix + parts.join('/') })
}

/** Size and state of an object; undefined where there is none. @throws LetheError */
export const objectNamed = (name: string): Promise<StoredObject | undefined> =>
  unlessMissing(async () => await (await openStore()).look(parseObjectName(name)))

/** What bytes are read of: of an object in the state in which it is now. @throws LetheError where an object is not there */
export async function named(name: string): Promise<NamedSource> {
  return isObjectName(name)
    ? { name, object: await (await openStore()).look(parseObjectName(name)) }
    : { name }
}

/** How many bytes it has; undefined where nothing has that name. @throws LetheError (io) */
export async function sizeOfNamed(name: string): Promise<number | undefined> {
  if (isObjectName(name)) return (await objectNamed(name))?.size
  return statSync(name, { throwIfNoEntry: false })?.size
}

/**
 * All of a file or an object; undefined where nothing has that name, `too-large` where it has more than `most` bytes.
 * @throws LetheError (io)
 */
export async function wholeOf(name: string, most: number): Promise<Buffer | 'too-large' | undefined> {
  if (isObjectName(name)) {
    const object = await objectNamed(name)
    if (object === undefined || object.size > most) return object && 'too-large'
    const pieces: Buffer[] = []
    for await (const piece of objectBytes(await openStore(), object)) pieces.push(piece)
    return Buffer.concat(pieces)
  }
  try {
    return statSync(name).size > most ? 'too-large' : readFileSync(name)
  } catch (error) {
    // What is in the place of its folder is told when that is made.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw fileError(name, error)
  }
}

/**
 * Names in a folder, or below a prefix, in order. What lies deeper below a prefix is told by its first part and the slash: an
 * object may have the name of a folder. @throws LetheError (io)
 */
export async function namesIn(folder: string): Promise<readonly string[]> {
  if (isObjectName(folder)) {
    const prefix = parseObjectName(nameIn(folder, ''))
    const names = new Set<string>()
    for await (const { key } of objectsBelow(await openStore(), prefix)) {
      const [name] = /^[^/]+\/?/.exec(key.slice(prefix.key.length)) ?? []
      if (name !== undefined) names.add(name)
    }
    return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    throw fileError(folder, error)
  }
}

/**
 * Bytes `[from, to)` of a file or an object, in the state in which it was looked at. `onRead` sees each piece before it is given. Each piece holds until
 * the next is asked for. Throws what the system says, and what the store throws.
 */
export async function* bytesOfNamed(
  { name, object }: NamedSource,
  onRead: (data: Uint8Array) => void,
  from = 0,
  to: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  if (object === undefined) {
    yield* readBytes(name, onRead, from, to)
    return
  }
  for await (const data of objectBytes(await openStore(), object, from, Math.min(to, object.size))) {
    onRead(data)
    yield data
  }
}
