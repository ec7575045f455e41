/** Which files of a data set a run wrote: its manifest by the summary, and its files by the manifest. */
import { join, sep } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import { nameIn, wholeOf } from '../files/by-name.ts'
import { Digester, digestOf, type FileDigest, isSameDigest } from '../files/digest.ts'
import { allEntriesBelow } from '../files/folder-entries.ts'
import { isObjectName, parseObjectName, printObjectName } from '../files/objects/object-name.ts'
import { CLAIM } from '../files/objects/object-place.ts'
import { objectsBelow } from '../files/objects/objects-below.ts'
import { openStore } from '../files/objects/open-store.ts'
import { DATA_SET, isCardFile } from '../forms/data-set.ts'
import type { ReadSummary } from '../forms/summaries.ts'
import { type FoundManifest, type ManifestAt, parseManifest } from '../lifecycle/manifest-file.ts'
import { sidecarName } from '../lifecycle/stored-names.ts'
import { isPublished, type Match, matchesOf } from './compare.ts'

export interface VerifiedFile extends FileDigest {
  readonly file: string
  /** Below the folder, with `/` between names. */
  readonly below: string
  readonly is: readonly Match[]
}

export interface VerifiedDataSet {
  readonly files: readonly VerifiedFile[]
  /** Whether an order of retention or erasure has changed it since. */
  readonly wasChanged: boolean
  /** Output paths whose values stand in the names of folders. */
  readonly partitionBy: readonly string[]
}

/**
 * Reads every file below the folder, but for documents of `lethe card`. One that the manifest names is the run's where the manifest is, or where the summary names it.
 * @returns undefined where the folder has no manifest of a data set
 * @throws LetheError (io), (usage) where the manifest is malformed
 */
export async function verifyDataSet(
  folder: string,
  summary: ReadSummary,
): Promise<VerifiedDataSet | undefined> {
  const set = await (isObjectName(folder) ? setOfObjects(folder) : setOfFiles(folder))
  const { manifest, nameOf } = set
  if (manifest === 'none') return undefined
  const name = nameOf(DATA_SET)
  if (manifest === 'malformed')
    throw new LetheError(
      'file-malformed',
      `${name} is not written as the manifest of a data set`,
      'make the data set again',
    )
  const { digest } = set
  const own: VerifiedFile = { file: name, below: DATA_SET, ...digest, is: matchesOf(digest, summary) }
  const files: VerifiedFile[] = []
  const once = eachOnce()
  for (const below of set.below().filter(isOfRows(manifest))) {
    const file = nameOf(below)
    const found = await digestOf(file)
    const listed = manifest.files.get(below)
    const all = matchesOf(found, summary)
    const isListed = listed !== undefined && isSameDigest(found, listed)
    // A copy of an output, beside it or in the place of another, has its rows twice.
    const named = isListed && once(found, all) ? all : all.filter(({ kind }) => kind === 'input')
    files.push({ file, below, ...found, is: isListed && !isPublished(named) ? own.is : named })
  }
  const there = new Set(files.map(({ below }) => below))
  const missing = [...manifest.files.keys()].find((listed) => !there.has(listed))
  if (missing !== undefined)
    throw new LetheError(
      'file-missing',
      `${nameOf(missing)} is not there, and the manifest of its data set names it`,
      'make the data set again, or take it from a copy',
    )
  const { dataSet } = manifest
  // The summary of shards names files, and no manifest.
  const byThemselves = files.length > 0 && own.is.length === 0 && files.every(({ is }) => isPublished(is))
  return {
    files: byThemselves ? files : [own, ...files],
    wasChanged: dataSet.files.some(({ order }) => order !== undefined) || (dataSet.gone ?? []).length > 0,
    partitionBy: dataSet.partitionBy ?? [],
  }
}

/** Whether no more files have these bytes than outputs of the run do. */
function eachOnce(): (digest: FileDigest, is: readonly Match[]) => boolean {
  const seen = new Map<string, number>()
  return ({ sha256 }, is) => {
    const files = (seen.get(sha256) ?? 0) + 1
    seen.set(sha256, files)
    return files <= is.filter(({ kind }) => kind !== 'input').length
  }
}

/** Hundreds of thousands of files. */
const MOST_MANIFEST_BYTES = 256 << 20

interface SetAt {
  readonly manifest: FoundManifest
  /** Of the very bytes that say what the manifest says. */
  readonly digest: FileDigest
  /** Names below the folder, with `/`, in order. @throws LetheError (io) */
  readonly below: () => readonly string[]
  readonly nameOf: (below: string) => string
}

/** Marks of the run, of which one that writes below a prefix may not be able to delete the last. */
const MARKS: ReadonlySet<string> = new Set([DATA_SET, '_SUCCESS', CLAIM])

/** Not what stands beside the rows. */
function isOfRows({ files }: ManifestAt): (name: string) => boolean {
  const sidecars = new Set([...files.keys()].map(sidecarName))
  return (name) => !isCardFile(name) && !MARKS.has(name) && !sidecars.has(name)
}

/** Read once: what is read again may be something else. */
async function manifestIn(folder: string): Promise<Pick<SetAt, 'manifest' | 'digest'>> {
  const bytes = await wholeOf(nameIn(folder, DATA_SET), MOST_MANIFEST_BYTES)
  const digester = new Digester()
  if (bytes === undefined || bytes === 'too-large')
    return { manifest: bytes === undefined ? 'none' : 'malformed', digest: digester.end() }
  digester.add(bytes)
  return { manifest: parseManifest(folder, bytes.toString(), ''), digest: digester.end() }
}

const setOfFiles = async (folder: string): Promise<SetAt> => ({
  ...(await manifestIn(folder)),
  below: () => filesBelow(folder),
  nameOf: (below) => join(folder, below),
})

/** @throws LetheError where it cannot be listed, or has no `_SUCCESS`: then it does not count */
async function setOfObjects(folder: string): Promise<SetAt> {
  const { bucket, key } = parseObjectName(folder)
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
  const nameOf = (below: string): string => printObjectName({ bucket, key: prefix + below })
  const store = await openStore()
  const names: string[] = []
  // What stands for a folder is no file.
  for await (const object of objectsBelow(store, { bucket, key: prefix }))
    if (!(object.key.endsWith('/') && object.size === 0)) names.push(object.key.slice(prefix.length))
  if (names.includes(DATA_SET) && !names.includes('_SUCCESS'))
    throw new LetheError(
      'file-missing',
      `${nameOf('_SUCCESS')} is not there: the data set is not whole, and does not count`,
      'make it again, below another prefix',
    )
  return { ...(await manifestIn(folder)), below: () => names.sort(), nameOf }
}

/** Names below the folder. */
function filesBelow(folder: string): readonly string[] {
  try {
    return allEntriesBelow(folder)
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length))
      .map((name) => name.replaceAll(sep, '/'))
      .sort()
  } catch (error) {
    throw fileError(folder, error)
  }
}
