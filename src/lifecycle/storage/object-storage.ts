/**
 * Stored files in an object store. No lock keeps commands apart there: each write and each deletion names the state that it is meant for, and the
 * store judges that (`If-Match`). What is to take the place of an object is made in the folder for temporary files.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { LetheError } from '../../errors.ts'
import { objectNamed } from '../../files/by-name.ts'
import { Digester, digestOf, type FileDigest } from '../../files/digest.ts'
import { formatByName } from '../../files/input.ts'
import { type ObjectName, parseObjectName } from '../../files/objects/object-name.ts'
import { ObjectOutput } from '../../files/objects/object-output.ts'
import { objectBytes } from '../../files/objects/object-reader.ts'
import {
  ConditionFailed,
  type ObjectStore,
  type ObjectVersion,
  type StoredObject,
} from '../../files/objects/object-store.ts'
import { openStore } from '../../files/objects/open-store.ts'
import { unlessMissing } from '../../files/unless-missing.ts'
import { deleteObjectAt, deleteVersionOf, replaceObject } from '../delete-stored.ts'
import type { Permit } from '../may-delete.ts'
import { canBeNamed } from '../stored-names.ts'
import { bucketFacts, refuseBlindStore } from './bucket-checks.ts'
import {
  GONE,
  NO_REMAINDER,
  type OpenedFile,
  Overtaken,
  type Remainder,
  type Storage,
  type StoredText,
  unlessOvertaken,
} from './storage.ts'

/** An object may be written by another while it is read. */
const MOST_READS = 8

/** What was read last: a sidecar is asked for several times in a row, and its state each time. */
const lastTexts = new WeakMap<ObjectStore, StoredText & { readonly file: string }>()
const MOST_KEPT_BYTES = 64 << 10

class ObjectStorage implements Storage {
  readonly isLocked = false

  async stamp(file: string): Promise<string> {
    return canBeNamed(file) ? ((await objectNamed(file))?.tag ?? GONE) : GONE
  }

  async text(file: string, mostBytes: number): Promise<StoredText | 'too-large' | undefined> {
    if (!canBeNamed(file)) return undefined
    return await unlessChanged(file, async () => {
      const object = await objectNamed(file)
      if (object === undefined || object.size > mostBytes) return object && 'too-large'
      const store = await openStore()
      const known = lastTexts.get(store)
      if (known?.file === file && known.stamp === object.tag) return known
      const pieces: Buffer[] = []
      for await (const piece of objectBytes(store, object)) pieces.push(piece)
      const read = { text: Buffer.concat(pieces).toString(), stamp: object.tag }
      if (object.size <= MOST_KEPT_BYTES) lastTexts.set(store, { file, ...read })
      return read
    })
  }

  digest(file: string): Promise<FileDigest | undefined> {
    return unlessMissing(() => unlessChanged(file, () => digestOf(file)))
  }

  open(file: string): Promise<OpenedFile | undefined> {
    return unlessMissing(() => this.#open(file))
  }

  async #open(file: string): Promise<OpenedFile> {
    const store = await openStore()
    const folder = temporaryFolder(file)
    const path = join(folder, `object${endingOf(file)}`)
    try {
      const { object, digest } = await unlessChanged(file, async () => {
        const found = await store.look(parseObjectName(file))
        return { object: found, digest: await download(store, found, file, path) }
      })
      return { path, stamp: object.tag, digest: async () => digest, close: () => dropFolder(folder) }
    } catch (error) {
      dropFolder(folder)
      throw error
    }
  }

  async lock(): Promise<() => void> {
    return () => {}
  }

  async remainder(file: string): Promise<Remainder> {
    const store = await openStore()
    const name = parseObjectName(file)
    const facts = await bucketFacts(store, name)
    if ('stays' in facts) return facts
    if (!facts.versions) return NO_REMAINDER
    const older = (await olderVersions(store, name)).filter(({ isMarker }) => !isMarker)
    if (facts.isSuspended && older.some(isWrittenOver)) return { stays: SUSPENDED }
    return { older: older.length, keeps: true }
  }

  async purge(file: string, permit: Permit): Promise<number> {
    const store = await openStore()
    const name = parseObjectName(file)
    const facts = await bucketFacts(store, name)
    if ('stays' in facts) throw new LetheError('target-changed', `${file}: ${facts.stays}`)
    const older = (await olderVersions(store, name)).filter(
      (version) => !(facts.isSuspended && isWrittenOver(version)),
    )
    // What says that it is deleted goes last: readers never see an older version.
    for (const version of older.toSorted((a, b) => Number(a.isMarker) - Number(b.isMarker)))
      await deleteVersionOf(store, version, permit)
    return older.length
  }

  /** What was made is in no folder that another command knows. */
  async clear(): Promise<void> {}

  async staging(file: string): Promise<string> {
    return join(temporaryFolder(file), `staged${endingOf(file)}`)
  }

  named(error: LetheError, file: string, copies: readonly string[]): LetheError {
    const { code, message, suggestion, cause } = error
    if (!copies.some((copy) => message.includes(copy))) return error
    if (code === 'file-unwritable') return noRoom(file, cause)
    return new LetheError(
      code,
      copies.reduce((told, copy) => told.replaceAll(copy, file), message),
      suggestion,
    )
  }

  unstage(staged: string): void {
    dropFolder(dirname(staged))
  }

  async write(file: string, text: string, over?: string): Promise<string> {
    const store = await openStore()
    const name = parseObjectName(file)
    await refuseBlindStore(store, name)
    return await unlessOvertaken(
      async () => {
        const stamp = over ?? (await this.stamp(file))
        await put(store, name, text, stamp)
        return stamp
      },
      over === undefined ? undefined : 1,
    )
  }

  async replace(staged: string, file: string, permit: Permit, stamp: string): Promise<void> {
    const store = await openStore()
    await refuseBlindStore(store, parseObjectName(file))
    await asOvertaken(file, () =>
      replaceObject(store, staged, file, permit, stamp).catch((error) => {
        throw error instanceof Error && 'syscall' in error ? noRoom(file, error) : error
      }),
    )
    this.unstage(staged)
  }

  async delete(file: string, permit: Permit, stamp?: string): Promise<void> {
    const store = await openStore()
    await refuseBlindStore(store, parseObjectName(file))
    if (stamp !== undefined) await this.#delete(store, file, permit, stamp)
    else await unlessOvertaken(async () => this.#delete(store, file, permit, await this.stamp(file)))
  }

  async #delete(store: ObjectStore, file: string, permit: Permit, tag: string): Promise<void> {
    if (tag === GONE) return
    try {
      await asOvertaken(file, () => deleteObjectAt(store, file, permit, tag))
    } catch (error) {
      // The answer to a first try may have been lost.
      if (!(error instanceof Overtaken) || (await this.stamp(file)) !== GONE) throw error
    }
  }

  async move(from: string, to: string, stamp: string, permitFor: (file: string) => Permit): Promise<void> {
    const read = await this.text(from, Number.POSITIVE_INFINITY)
    if (read === undefined || read === 'too-large') return
    await this.write(to, read.text, stamp)
    try {
      await this.delete(from, permitFor(from), read.stamp)
    } catch (error) {
      // It is of another command by now.
      if (!(error instanceof Overtaken)) throw error
    }
  }

  /** There are none: a prefix goes with its last object. */
  async deleteEmptyFolder(): Promise<boolean> {
    return false
  }
}

/** While versions are suspended, what is written or deleted has this id: a deletion that is late would take what another wrote since. */
const isWrittenOver = ({ id }: ObjectVersion): boolean => id === 'null'

const SUSPENDED =
  'versions of its bucket are suspended, and an older one is of before there were any: it can be deleted where they are enabled again'

/** What readers do not see of an object; of one that is deleted, also what says so. */
async function olderVersions(store: ObjectStore, name: ObjectName): Promise<readonly ObjectVersion[]> {
  const found: ObjectVersion[] = []
  for await (const version of store.versions(name))
    if (version.key === name.key && !(version.isLatest && !version.isMarker)) found.push(version)
  return found
}

/** Reads again, in another state, what was written in between. @throws LetheError `input-changed` where that goes on */
async function unlessChanged<T>(file: string, read: () => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads++)
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof LetheError && error.code === 'input-changed')) throw error
      if (reads === MOST_READS) throw new Overtaken(file)
    }
}

/** What its name tells of its form, which its copy must not lack. */
function endingOf(file: string): string {
  const { format, compression, tab } = formatByName(file)
  if (format === undefined) return ''
  const packed = compression === 'none' ? '' : compression === 'gzip' ? '.gz' : '.zst'
  return `.${tab ? 'tsv' : format}${packed}`
}

const noRoom = (file: string, error: unknown): LetheError => {
  const { code } = Object(error) as NodeJS.ErrnoException
  return new LetheError(
    'file-unwritable',
    `${file} is read and made anew in the folder for temporary files, which cannot be written${code === undefined ? '' : ` (${code})`}; it is as it was`,
    'set TMPDIR to a folder of a disk with room for it twice',
  )
}

/** Those that are there: they hold rows, and are gone with the process, unless that is killed. */
const folders = new Set<string>()
const dropFolders = (): void => {
  for (const folder of folders) dropFolder(folder)
}

/** Only its owner can look into it. @throws LetheError (io) */
function temporaryFolder(file: string): string {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'lethe-'))
    if (folders.size === 0) process.on('exit', dropFolders)
    folders.add(folder)
    return folder
  } catch (error) {
    throw noRoom(file, error)
  }
}

function dropFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  folders.delete(folder)
  if (folders.size === 0) process.off('exit', dropFolders)
}

async function download(
  store: ObjectStore,
  object: StoredObject,
  file: string,
  path: string,
): Promise<FileDigest> {
  const digester = new Digester()
  const copy = await open(path, 'w', 0o600)
  try {
    for await (const piece of objectBytes(store, object)) {
      digester.add(piece)
      await copy.writeFile(piece)
    }
  } catch (error) {
    throw error instanceof LetheError ? error : noRoom(file, error)
  } finally {
    await copy.close()
  }
  return digester.end()
}

/** Publishes a text where what stands there has this tag, or nothing does. @throws Overtaken; LetheError (io) */
async function put(store: ObjectStore, name: ObjectName, text: string, tag: string): Promise<void> {
  const standing = tag === GONE ? 'nothing' : { ...name, size: 0, tag }
  const output = new ObjectOutput({ store, name, digester: undefined, standing })
  try {
    await output.append(Buffer.from(text))
    await output.finish()
    await asOvertaken(output.name, () => output.publish())
  } finally {
    await output.discard()
  }
}

async function asOvertaken(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const isOther = error instanceof LetheError && /^output-(?:exists|conflict)$/.test(error.code)
    throw isOther || error instanceof ConditionFailed ? new Overtaken(file) : error
  }
}

export const OBJECTS: Storage = new ObjectStorage()
