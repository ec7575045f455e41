/**
 * What stands at names that are given as targets, and below them. What cannot be looked through is a target too, so that it is
 * reported.
 */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { OWN_FOLDER } from '../datasets/dataset-identity.ts'
import { isStreamed } from '../datasets/stored-range.ts'
import { fileError, LetheError } from '../errors.ts'
import { nameIn } from '../files/by-name.ts'
import { folderOf } from '../files/file-names.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { DATA_SET } from '../forms/data-set.ts'
import { diskEntries, leadsElsewhere } from './disk-entries.ts'
import type { TargetName } from './legal-hold.ts'
import { fileTarget } from './may-delete.ts'
import { isUploadGone, objectEntries, standsAnything } from './object-entries.ts'
import { isThere } from './storage/storage-of.ts'
import { type EntryOptions, isStoredName, type StoredEntry } from './stored-entries.ts'
import { StoredFile } from './stored-file.ts'
import { canBeNamed, sidecarName } from './stored-names.ts'
import { type Target, UNTOUCHED, type Untouched, type UntouchedCode } from './target.ts'
import { fileOf } from './work-order.ts'

/** The stored files that the names lead to: themselves, or those below a folder or a prefix. @throws LetheError (io) */
export async function targetsOf(
  names: readonly string[],
  options: EntryOptions = {},
): Promise<readonly Target[]> {
  const targets = new Map<TargetName, Target>()
  const add = ({ kind, file, bytes }: StoredEntry): void => {
    const target = kind === 'stored' ? new StoredFile(file, bytes) : new LeftAlone(file, kind)
    if (!targets.has(target.name)) targets.set(target.name, target)
  }
  const links: string[] = []
  const folders: string[] = []
  for (const name of names) {
    try {
      if (isObjectName(name)) for (const entry of await objectEntries(name, options)) add(entry)
      else if (statSync(name).isDirectory()) {
        folders.push(realpathSync(name))
        for (const entry of await diskEntries(name, options))
          if (entry.kind === 'link') links.push(entry.file)
          else add(entry)
      } else add({ kind: 'stored', file: name })
    } catch (error) {
      throw error instanceof LetheError ? error : fileError(name, error)
    }
  }
  const found = new Set(targets.keys())
  for (const file of links) if (leadsElsewhere(file, found, folders)) add({ kind: 'link', file })
  return [...targets.values()]
}

/**
 * What stands in the data sets of streams that these lie in, and is none of them: files that were published since, and those that are
 * being written. @throws LetheError (io)
 */
export async function cameBeside(names: readonly TargetName[]): Promise<readonly Target[]> {
  const looked = new Map<string, boolean>()
  for (const name of names) {
    const at = name.startsWith('file:') ? folderOf(fileOf(name)) : undefined
    // Nothing of Lethe's lies in a folder that it would not name.
    if (at === undefined || !canBeNamed(at)) continue
    const folder = basename(at) === OWN_FOLDER ? (folderOf(at) ?? at) : at
    if (!looked.has(folder)) looked.set(folder, await isStreamed(folder))
  }
  const folders = [...looked].filter(([, is]) => is).map(([folder]) => asFolder(folder))
  const targets = await targetsOf(folders)
  return targets.filter(({ name }) => !names.includes(name))
}

const asFolder = (folder: string): string => (isObjectName(folder) ? `${folder}/` : folder)

/**
 * What files that were being written have become since: it stands under their own names, and is none of these.
 * @throws LetheError (io)
 */
export async function becameOf(
  halfMade: readonly TargetName[],
  names: readonly TargetName[],
): Promise<readonly Target[]> {
  const files: string[] = []
  for (const file of halfMade.map((name) => ownName(fileOf(name))))
    if (
      basename(file) !== DATA_SET &&
      canBeNamed(file) &&
      (await isThere(file)) &&
      isStoredName(file, await isThere(sidecarName(file)))
    )
      files.push(file)
  return (await targetsOf(files)).filter(({ name }) => !names.includes(name))
}

/** The name that a half-made file is to take. */
function ownName(file: string): string {
  const [, name] = /^\.(.+)\.[0-9a-f]{12}\.(?:part|retain)$/.exec(basename(file)) ?? []
  return name === undefined ? file : ownName(nameIn(folderOf(file)!, name))
}

/** Whether something stands at a target that is a file or a folder, or below it. @throws LetheError (io) */
export async function standsAt(target: TargetName): Promise<boolean> {
  const file = fileOf(target)
  return isObjectName(file) ? await standsAnything(file) : existsSync(file)
}

/** What is told of, and neither read nor written. */
export class LeftAlone implements Target {
  readonly name: TargetName
  readonly #code: UntouchedCode

  constructor(file: string, code: UntouchedCode) {
    // The name of a link is its own, not that of what it leads to.
    this.name = isObjectName(file)
      ? `file:${file}`
      : `file:${join(fileOf(fileTarget(dirname(file))), basename(file))}`
    this.#code = code
  }

  async survey(): Promise<Untouched> {
    return { target: this.name, code: this.#code, message: UNTOUCHED[this.#code] }
  }

  async isGone(): Promise<boolean> {
    const file = fileOf(this.name)
    if (!isObjectName(file)) return !existsSync(file)
    if (this.#code === 'unreadable-name') return false
    return isUpload(this.#code) ? await isUploadGone(file) : !(await isThere(file))
  }
}

const isUpload = (code: UntouchedCode): boolean => code === 'upload-open' || code === 'being-written'

/** What is not stored yet, and may come to be. */
export const HALF_MADE: ReadonlySet<UntouchedCode> = new Set(['left-over', 'being-written', 'upload-open'])

/** What an order left alone, as it stands now. */
export const leftAlone = ({ target, code }: Untouched): Target =>
  HALF_MADE.has(code) || code === 'unreadable-name'
    ? new LeftAlone(fileOf(target), code)
    : new StoredFile(fileOf(target))
