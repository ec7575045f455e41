/** The manifest of a data set in a folder, as it stands now. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileError } from '../errors.ts'
import { writeWhole } from '../files/whole-file.ts'
import { DATA_SET, type DataSet, dataSetForm, dataSetText, type ListedFile } from '../forms/data-set.ts'
import { stampOf } from './file-stamp.ts'

export interface ManifestAt {
  readonly folder: string
  readonly dataSet: DataSet
  /** By name below the folder, with `/`. */
  readonly files: ReadonlyMap<string, ListedFile>
}

/** Hundreds of thousands of files. */
const MOST_BYTES = 256 << 20

let last: { readonly name: string; readonly stamp: string; readonly read: FoundManifest } | undefined
export type FoundManifest = ManifestAt | 'malformed' | 'none'

/** `none`: there is none, or it is of something else. @throws LetheError (io) */
export function readManifest(folder: string): FoundManifest {
  const name = join(folder, DATA_SET)
  let stamp: string
  try {
    stamp = stampOf(name)
  } catch (error) {
    throw fileError(name, error)
  }
  // Every file of a data set asks.
  if (last?.name !== name || last.stamp !== stamp)
    last = { name, stamp, read: stamp === 'gone' ? 'none' : readNow(folder, name) }
  return last.read
}

function readNow(folder: string, name: string): FoundManifest {
  let text: string
  try {
    if (statSync(name).size > MOST_BYTES) return 'malformed'
    text = readFileSync(name, 'utf8')
  } catch (error) {
    throw fileError(name, error)
  }
  return parseManifest(folder, text)
}

/** What the text of a manifest says. */
export function parseManifest(folder: string, text: string): FoundManifest {
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
  return { folder, dataSet, files }
}

/** Whether a name leads to a file below its folder, by that folder's names alone. */
const isBelow = (name: string): boolean =>
  !name.includes('\0') && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/** The folder of the data set that a file lies in, by the manifests of the folders above it; undefined where it lies in none. */
export function dataSetAround(file: string): string | undefined {
  for (let at = dirname(file); ; at = dirname(at)) {
    if (existsSync(join(at, DATA_SET)) && readManifest(at) !== 'none') return at
    if (dirname(at) === at) return undefined
  }
}

/** As the manifest calls a file. */
export const listedName = (folder: string, file: string): string =>
  relative(folder, file).replaceAll(sep, '/')

/** Writes it anew: it appears whole. @throws LetheError (io) */
export async function writeManifest(
  { folder, dataSet }: ManifestAt,
  files: ReadonlyMap<string, ListedFile>,
  gone: DataSet['gone'],
): Promise<void> {
  const listed = [...files.values()]
  const records = listed.reduce((sum, one) => sum + one.records, 0)
  await writeWhole(join(folder, DATA_SET), dataSetText({ ...dataSet, records, files: listed, gone }))
}
