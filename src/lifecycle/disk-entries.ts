/** What stands below a folder on a disk: every file that a sidecar tells of, under whatever name, and what looks like stored data. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { OWN_FOLDER } from '../datasets/dataset-identity.ts'
import { isStreamed } from '../datasets/stored-range.ts'
import { allEntriesBelow } from '../files/folder-entries.ts'
import { DATA_SET } from '../forms/data-set.ts'
import type { TargetName } from './legal-hold.ts'
import { readManifest } from './manifest-file.ts'
import { type EntryOptions, isHalfMade, isStoredName, type StoredEntry } from './stored-entries.ts'
import { sidecarName } from './stored-names.ts'

/** In the order of their names. @throws LetheError (io), or the system's error */
export async function diskEntries(
  folder: string,
  { leftBefore }: EntryOptions,
): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = []
  const found = allEntriesBelow(folder)
    .map((entry) => ({ entry, file: join(entry.parentPath, entry.name) }))
    .sort((a, b) => (a.file < b.file ? -1 : 1))
  for (const { entry, file } of found) {
    if (entry.isSymbolicLink()) entries.push({ kind: 'link', file })
    if (!entry.isFile()) continue
    const parent = entry.parentPath
    const isOwn = basename(parent) === OWN_FOLDER && (await isStreamed(dirname(parent)))
    if (isHalfMade(file)) {
      const isOld = leftBefore === undefined || writtenAt(file) < leftBefore
      if (isOld) entries.push({ kind: isOwn ? 'being-written' : 'left-over', file })
    } else if (isOwn) {
      // What a stream keeps of its data set.
    } else if (basename(file) === DATA_SET) entries.push(...(await missingOf(parent)))
    else if (isStoredFile(file)) entries.push({ kind: 'stored', file })
  }
  return entries
}

/** Files that the manifest of a data set names, and that are not there. */
async function missingOf(folder: string): Promise<readonly StoredEntry[]> {
  const manifest = await readManifest(folder)
  if (manifest === 'none') return [{ kind: 'stored', file: join(folder, DATA_SET) }]
  if (manifest === 'malformed') return []
  return [...manifest.files.keys()]
    .map((name) => join(folder, name))
    .filter((file) => !existsSync(file))
    .map((file) => ({ kind: 'not-there', file }))
}

const isStoredFile = (file: string): boolean => isStoredName(file, existsSync(sidecarName(file)))

/** A file that is gone again was given its name. */
function writtenAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY
}

/** Whether a link leads to a folder, or to stored data, that is not looked through under its own name. */
export function leadsElsewhere(
  link: string,
  targets: ReadonlySet<TargetName>,
  folders: readonly string[],
): boolean {
  let real: string
  try {
    real = realpathSync(link)
    if (statSync(real).isDirectory())
      return !folders.some((folder) => real === folder || real.startsWith(`${folder}/`))
  } catch (error) {
    // It leads to nothing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    return true
  }
  return (isStoredFile(link) || isStoredFile(real)) && !targets.has(`file:${real}`)
}
