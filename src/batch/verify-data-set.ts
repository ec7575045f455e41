/** Which files of a data set a run wrote: its manifest by the summary, and its files by the manifest. */
import { join, sep } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import { digestOf, type FileDigest, isSameDigest } from '../files/digest.ts'
import { allEntriesBelow } from '../files/folder-entries.ts'
import { DATA_SET } from '../forms/data-set.ts'
import type { ReadSummary } from '../forms/summaries.ts'
import { readManifest } from '../lifecycle/manifest-file.ts'
import { isPublished, type Match, matchesOf } from './compare.ts'

export interface VerifiedFile extends FileDigest {
  readonly file: string
  readonly is: readonly Match[]
}

export interface VerifiedDataSet {
  readonly files: readonly VerifiedFile[]
  /** Whether an order of retention or erasure has changed it since. */
  readonly wasChanged: boolean
}

/**
 * Reads every file below the folder. One that the manifest names is the run's where the manifest is, or where the summary names it.
 * @returns undefined where the folder has no manifest of a data set
 * @throws LetheError (io), (usage) where the manifest is malformed
 */
export async function verifyDataSet(
  folder: string,
  summary: ReadSummary,
): Promise<VerifiedDataSet | undefined> {
  const manifest = readManifest(folder)
  if (manifest === 'none') return undefined
  const name = join(folder, DATA_SET)
  if (manifest === 'malformed')
    throw new LetheError(
      'file-malformed',
      `${name} is not written as the manifest of a data set`,
      'make the data set again',
    )
  const digest = await digestOf(name)
  const own: VerifiedFile = { file: name, ...digest, is: matchesOf(digest, summary) }
  const files: VerifiedFile[] = []
  for (const below of filesBelow(folder)) {
    const file = join(folder, below)
    const found = await digestOf(file)
    const listed = manifest.files.get(below.replaceAll(sep, '/'))
    const named = matchesOf(found, summary)
    const isListed = listed !== undefined && isSameDigest(found, listed)
    files.push({ file, ...found, is: isListed && !isPublished(named) ? own.is : named })
  }
  const missing = [...manifest.files.keys()].find(
    (listed) => !files.some(({ file }) => file === join(folder, listed)),
  )
  if (missing !== undefined)
    throw new LetheError(
      'file-missing',
      `${join(folder, missing)} is not there, and the manifest of its data set names it`,
      'make the data set again, or take it from a copy',
    )
  const { dataSet } = manifest
  // The summary of shards names files, and no manifest.
  const byThemselves = files.length > 0 && own.is.length === 0 && files.every(({ is }) => isPublished(is))
  return {
    files: byThemselves ? files : [own, ...files],
    wasChanged: dataSet.files.some(({ order }) => order !== undefined) || (dataSet.gone ?? []).length > 0,
  }
}

/** Names below the folder; not what stands beside the rows. */
function filesBelow(folder: string): readonly string[] {
  try {
    return allEntriesBelow(folder)
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length))
      .filter((name) => name !== DATA_SET && name !== '_SUCCESS' && !name.endsWith('.lethe.json'))
      .sort()
  } catch (error) {
    throw fileError(folder, error)
  }
}
