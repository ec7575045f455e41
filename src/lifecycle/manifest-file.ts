/** The manifest of a data set in a folder, as it stands now. */
import { nameIn } from '../files/by-name.ts'
import { folderOf } from '../files/file-names.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { DATA_SET, type DataSet, dataSetForm, dataSetText, type ListedFile } from '../forms/data-set.ts'
import { GONE } from './storage/storage.ts'
import { storageOf } from './storage/storage-of.ts'
import { canBeNamed } from './stored-names.ts'

export interface ManifestAt {
  readonly folder: string
  readonly dataSet: DataSet
  /** By name below the folder, with `/`. */
  readonly files: ReadonlyMap<string, ListedFile>
  /** The state in which it was read. */
  readonly stamp: string
}

/** Hundreds of thousands of files. */
const MOST_BYTES = 256 << 20

let last: { readonly name: string; readonly stamp: string; readonly read: FoundManifest } | undefined
export type FoundManifest = ManifestAt | 'malformed' | 'none'

/** `none`: there is none, or it is of something else. @throws LetheError (io) */
export async function readManifest(folder: string): Promise<FoundManifest> {
  if (!canBeNamed(folder)) return 'none'
  const name = nameIn(folder, DATA_SET)
  const storage = storageOf(folder)
  const stamp = await storage.stamp(name)
  if (stamp === GONE) return 'none'
  // Every file of a data set asks.
  if (last?.name === name && last.stamp === stamp) return last.read
  const found = await storage.text(name, MOST_BYTES)
  if (found === undefined) return 'none'
  if (found === 'too-large') return 'malformed'
  const read = parseManifest(folder, found.text, found.stamp)
  last = { name, stamp: found.stamp, read }
  return read
}

/** What the text of a manifest says. */
export function parseManifest(folder: string, text: string, stamp: string): FoundManifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'malformed'
  }
  if (Object(value).lethe !== 'data-set') return 'none'
  const parsed = dataSetForm.safeParse(value)
  if (!parsed.success) return 'malformed'
  const dataSet = parsed.data
  const files = new Map(dataSet.files.map((one) => [one.file, one]))
  // What is named here is deleted and written: nothing that lies elsewhere, and nothing twice.
  if (files.size < dataSet.files.length || !dataSet.files.every(({ file }) => isBelow(file)))
    return 'malformed'
  return { folder, dataSet, files, stamp }
}

/** Whether a name leads to a file below its folder, by that folder's names alone. */
const isBelow = (name: string): boolean =>
  !name.includes('\0') && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/** The folder of the data set that a file lies in, by the manifests of the folders above it; undefined where it lies in none. */
export async function dataSetAround(file: string): Promise<string | undefined> {
  const folders: string[] = []
  for (let at = folderOf(file); at !== undefined; at = folderOf(at)) folders.push(at)
  if (!isObjectName(file)) {
    for (const at of folders) if ((await readManifest(at)) !== 'none') return at
    return undefined
  }
  // A store takes its time to answer, and answers all at once.
  const found = await Promise.allSettled(folders.map(readManifest))
  for (const [at, one] of found.entries()) {
    if (one.status === 'rejected') throw one.reason
    if (one.value !== 'none') return folders[at]
  }
  return undefined
}

/** Writes it anew: it appears whole. @throws Overtaken where it is another one than was read; LetheError (io) */
export async function writeManifest(
  { folder, dataSet, stamp }: ManifestAt,
  files: ReadonlyMap<string, ListedFile>,
  gone: DataSet['gone'],
): Promise<void> {
  const listed = [...files.values()]
  const records = listed.reduce((sum, one) => sum + one.records, 0)
  const text = dataSetText({ ...dataSet, records, files: listed, gone })
  await storageOf(folder).write(nameIn(folder, DATA_SET), text, stamp)
}
