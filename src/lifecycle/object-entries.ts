/**
 * What lies below a prefix of an object store: objects that look like stored data or have a sidecar, what a manifest names and is missing, and
 * uploads, whose parts hold rows that no reader sees.
 */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { IDENTITY, OWN_FOLDER } from '../datasets/dataset-identity.ts'
import { isRangeName } from '../datasets/stored-range.ts'
import { LetheError } from '../errors.ts'
import { objectNamed } from '../files/by-name.ts'
import { folderOf } from '../files/file-names.ts'
import {
  isObjectFolder,
  type ObjectName,
  parseObjectName,
  printObjectName,
} from '../files/objects/object-name.ts'
import { CLAIM } from '../files/objects/object-place.ts'
import type { ObjectStore, OpenUpload } from '../files/objects/object-store.ts'
import { objectsBelow } from '../files/objects/objects-below.ts'
import { openStore } from '../files/objects/open-store.ts'
import { DATA_SET } from '../forms/data-set.ts'
import { readManifest } from './manifest-file.ts'
import { bucketFacts, isProbe } from './storage/bucket-checks.ts'
import { type EntryOptions, isHalfMade, isStoredName, type StoredEntry } from './stored-entries.ts'
import { canBeNamed, sidecarName } from './stored-names.ts'

const SUCCESS = '_SUCCESS'

/**
 * Of an object, or of all below a prefix; a name without a slash at its end is a prefix where no object has it.
 * @throws LetheError `file-missing` where nothing lies there; what the store throws
 */
export async function objectEntries(name: string, options: EntryOptions): Promise<readonly StoredEntry[]> {
  const parsed = parseObjectName(name)
  const store = await openStore()
  const isOne = !isObjectFolder(name)
  if (isOne && ((await objectNamed(name)) !== undefined || (await isHidden(store, parsed)))) {
    const uploads = await uploadsOf(store, parsed, options, new Set())
    return [{ kind: 'stored', file: name }, ...uploads.filter(({ key }) => key === parsed.key).map(entryOf)]
  }
  const { bucket, key } = parsed
  const prefix = { bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` }
  const keys = new Set<string>()
  const halfMade = new Set<string>()
  const sizes = new Map<string, number>()
  for await (const { key: one, size } of objectsBelow(store, prefix)) {
    sizes.set(printObjectName({ bucket, key: one }), size)
    if (!(size === 0 && one.endsWith('/'))) keys.add(one)
    // Nothing writes them here: they were copied from a disk. Of an empty one Lethe tries a store by.
    if (size > 0 && isHalfMade(one)) halfMade.add(one)
  }
  const uploads = await uploadsOf(store, prefix, options, keys)
  const hidden = await hiddenKeys(store, prefix, keys)
  for (const one of hidden) keys.add(one)
  if (keys.size === 0 && uploads.length === 0 && options.mayBeEmpty !== true)
    throw new LetheError('file-missing', `nothing lies at ${name}, nor below it`, 'correct the name')
  const entries: StoredEntry[] = []
  for (const key of keys) {
    const object = { bucket, key }
    const file = printObjectName(object)
    if (!canBeNamed(file)) entries.push({ kind: 'unreadable-name', file })
    else if (halfMade.has(key)) entries.push({ kind: 'left-over', file })
    else if (hidden.has(key)) entries.push({ kind: 'stored', file })
    else entries.push(...(await entriesOf(object, keys)))
  }
  const listed = entries.map((one) => ({ ...one, bytes: sizes.get(one.file) }))
  return [...listed, ...uploads.map(entryOf)]
}

async function entriesOf(object: ObjectName, keys: ReadonlySet<string>): Promise<readonly StoredEntry[]> {
  const file = printObjectName(object)
  const { bucket, key } = object
  const folder = key.slice(0, key.lastIndexOf('/') + 1)
  const above = `${OWN_FOLDER}/`
  // What a stream keeps of its data set.
  if (folder.endsWith(above) && keys.has(`${folder}${IDENTITY}`)) return []
  if (basename(key) === CLAIM) return keys.has(`${folder}${SUCCESS}`) ? [] : [{ kind: 'left-over', file }]
  if (basename(key) === DATA_SET) {
    const manifest = await readManifest(folderOf(file)!)
    if (manifest === 'malformed') return []
    if (manifest !== 'none')
      return [...manifest.files.keys()]
        .filter((name) => !keys.has(folder + name))
        .map((name) => ({ kind: 'not-there', file: printObjectName({ bucket, key: folder + name }) }))
  }
  return isStoredName(file, keys.has(sidecarName(key))) ? [{ kind: 'stored', file }] : []
}

/** Of objects that are deleted, and of which older versions are there. @throws what the store throws */
async function hiddenKeys(
  store: ObjectStore,
  prefix: ObjectName,
  keys: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const facts = await bucketFacts(store, prefix)
  const hidden = new Set<string>()
  if ('stays' in facts || !facts.versions) return hidden
  const kept = new Set<string>()
  for await (const { key, isMarker } of store.versions(prefix)) if (!isMarker) kept.add(key)
  for (const key of kept) {
    const isOfRows = isStoredName(key, kept.has(sidecarName(key))) || (isHalfMade(key) && !isProbe(key))
    if (isOfRows && !keys.has(key) && !key.endsWith('/')) hidden.add(key)
  }
  return hidden
}

const isHidden = async (store: ObjectStore, object: ObjectName): Promise<boolean> =>
  (await hiddenKeys(store, object, new Set())).has(object.key)

interface UploadEntry extends OpenUpload {
  readonly isStreamed: boolean
}

/** @throws what the store throws: what holds rows and cannot be listed must not be taken for nothing */
async function uploadsOf(
  store: ObjectStore,
  prefix: ObjectName,
  { leftBefore }: EntryOptions,
  keys: ReadonlySet<string>,
): Promise<readonly UploadEntry[]> {
  const found: UploadEntry[] = []
  for await (const upload of store.uploads(prefix)) {
    const { key, begun } = upload
    if (leftBefore !== undefined && begun !== undefined && begun >= leftBefore) continue
    const folder = key.slice(0, key.lastIndexOf('/') + 1)
    const isStreamed = keys.has(`${folder}${OWN_FOLDER}/${IDENTITY}`) && isRangeName(basename(key))
    found.push({ ...upload, isStreamed })
  }
  return found
}

/** It has no name of its own: it is called as files are that are half-made, by the name that it is to have. */
function entryOf({ bucket, key, id, isStreamed }: UploadEntry): StoredEntry {
  const own = printObjectName({ bucket, key })
  // What becomes of it could not be read either.
  if (key.endsWith('/') || !canBeNamed(own)) return { kind: 'unreadable-name', file: own }
  return { kind: isStreamed ? 'being-written' : 'upload-open', file: uploadName({ bucket, key }, id) }
}

function uploadName(object: ObjectName, id: string): string {
  const file = printObjectName(object)
  const tag = createHash('sha256').update(id).digest('hex').slice(0, 12)
  return `${folderOf(file)}/.${basename(file)}.${tag}.part`
}

/** Whether an object has this name, or one lies below it. @throws what the store throws */
export async function standsAnything(name: string): Promise<boolean> {
  if (!isObjectFolder(name) && (await objectNamed(name)) !== undefined) return true
  const { bucket, key } = parseObjectName(name)
  const store = await openStore()
  for await (const _ of store.list({ bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` }))
    return true
  return false
}

/** Whether an upload is complete or aborted. `name`: as `objectEntries` calls it. @throws what the store throws */
export async function isUploadGone(name: string): Promise<boolean> {
  // With what it is called by here, its name may be longer than one of an object.
  const { bucket, key } = parseObjectName(`${folderOf(name)}/`)
  const store = await openStore()
  for await (const upload of store.uploads({ bucket, key }))
    if (uploadName(upload, upload.id) === name) return false
  return true
}
