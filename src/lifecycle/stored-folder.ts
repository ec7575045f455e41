/**
 * What stands below folders that are named as targets: every file that a sidecar tells of, under whatever name, and what looks like
 * stored data. What cannot be looked through is a target too, so that it is reported.
 */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { OWN_FOLDER } from '../datasets/dataset-identity.ts'
import { isStreamed } from '../datasets/stored-range.ts'
import { fileError, LetheError } from '../errors.ts'
import { allEntriesBelow } from '../files/folder-entries.ts'
import { formatByName } from '../files/input.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { DATA_SET } from '../forms/data-set.ts'
import type { TargetName } from './legal-hold.ts'
import { readManifest } from './manifest-file.ts'
import { fileTarget } from './may-delete.ts'
import { sidecarName } from './sidecar.ts'
import { StoredFile } from './stored-file.ts'
import { type Target, UNTOUCHED, type Untouched, type UntouchedCode, untouched } from './target.ts'
import { fileOf } from './work-order.ts'

export interface FolderOptions {
  /** Files that a command is writing, or left half-made, are looked at only where they were last written to before: ms since 1970. */
  readonly leftBefore?: number
}

/** The stored files that the names lead to: themselves, or those below a folder. @throws LetheError (io) */
export function targetsOf(names: readonly string[], options: FolderOptions = {}): readonly Target[] {
  const targets = new Map<TargetName, Target>()
  const add = (target: Target): void => {
    if (!targets.has(target.name)) targets.set(target.name, target)
  }
  const links: string[] = []
  const folders: string[] = []
  for (const name of names) {
    if (isObjectName(name)) throw notHere(name)
    try {
      if (statSync(name).isDirectory()) {
        folders.push(realpathSync(name))
        for (const { kind, file } of entriesBelow(name, options))
          if (kind === 'link') links.push(file)
          else add(kind === 'stored' ? new StoredFile(file) : new LeftAlone(file, kind))
      } else add(new StoredFile(name))
    } catch (error) {
      throw error instanceof LetheError ? error : fileError(name, error)
    }
  }
  for (const link of links) if (leadsElsewhere(link, targets, folders)) add(new LeftAlone(link, 'link'))
  return [...targets.values()]
}

/** Who asks must not take it for looked through. */
const notHere = (name: string): LetheError =>
  new LetheError(
    'not-a-file',
    `${name} lies in an object store, where stored rows are neither looked for nor deleted; nothing was looked through`,
    'copy it to a disk and name that; older versions, replicas and locked objects are left to the rules of the bucket (docs/object-stores.md)',
  )

/**
 * What stands in the data sets of streams that these lie in, and is none of them: files that were published since, and those that are
 * being written. @throws LetheError (io)
 */
export function cameBeside(names: readonly TargetName[]): readonly Target[] {
  const folders = new Set<string>()
  for (const name of names) {
    const at = dirname(name.slice('file:'.length))
    const folder = basename(at) === OWN_FOLDER ? dirname(at) : at
    if (name.startsWith('file:') && isStreamed(folder)) folders.add(folder)
  }
  return targetsOf([...folders]).filter(({ name }) => !names.includes(name))
}

/**
 * What files that were being written have become since: it stands under their own names, and is none of these.
 * @throws LetheError (io)
 */
export function becameOf(halfMade: readonly TargetName[], names: readonly TargetName[]): readonly Target[] {
  const files = halfMade
    .map((name) => ownName(name.slice('file:'.length)))
    .filter((file) => existsSync(file) && basename(file) !== DATA_SET && isStored(file))
  return targetsOf(files).filter(({ name }) => !names.includes(name))
}

/** The name that a half-made file is to take. */
function ownName(file: string): string {
  const [, name] = /^\.(.+)\.[0-9a-f]{12}\.(?:part|retain)$/.exec(basename(file)) ?? []
  return name === undefined ? file : ownName(join(dirname(file), name))
}

interface Entry {
  readonly kind: 'stored' | 'link' | 'left-over' | 'not-there' | 'being-written'
  readonly file: string
}

function entriesBelow(folder: string, { leftBefore }: FolderOptions): readonly Entry[] {
  return allEntriesBelow(folder)
    .map((entry) => ({ entry, file: join(entry.parentPath, entry.name) }))
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .flatMap(({ entry, file }): Entry[] => {
      if (entry.isSymbolicLink()) return [{ kind: 'link', file }]
      if (!entry.isFile()) return []
      const isOwn = basename(entry.parentPath) === OWN_FOLDER && isStreamed(dirname(entry.parentPath))
      if (isHalfMade(file)) {
        const isOld = leftBefore === undefined || writtenAt(file) < leftBefore
        return isOld ? [{ kind: isOwn ? 'being-written' : 'left-over', file }] : []
      }
      // What a stream keeps of its data set.
      if (isOwn) return []
      if (basename(file) === DATA_SET) return [...missingOf(dirname(file))]
      return isStored(file) ? [{ kind: 'stored', file }] : []
    })
}

/** Files that the manifest of a data set names, and that are not there. */
function missingOf(folder: string): readonly Entry[] {
  const manifest = readManifest(folder)
  if (manifest === 'none') return [{ kind: 'stored', file: join(folder, DATA_SET) }]
  if (manifest === 'malformed') return []
  return [...manifest.files.keys()]
    .map((name) => join(folder, name))
    .filter((file) => !existsSync(file))
    .map((file) => ({ kind: 'not-there', file }))
}

/** As outputs and rewritten files are called until they take their names. */
const isHalfMade = (file: string): boolean =>
  /^\..+\.(?:[0-9a-f]{12}\.(?:part|retain)|forget)$/.test(basename(file))

/** Whether a sidecar tells of it, or its name says that it should. */
function isStored(file: string): boolean {
  if (existsSync(sidecarName(file))) return true
  const name = basename(file)
  return !name.startsWith('.') && !name.endsWith('.lethe.json') && formatByName(name).format !== undefined
}

/** A file that is gone again was given its name. */
function writtenAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY
}

/** Whether a link leads to a folder, or to stored data, that is not looked through under its own name. */
function leadsElsewhere(
  link: string,
  targets: ReadonlyMap<TargetName, Target>,
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
  return (isStored(link) || isStored(real)) && !targets.has(`file:${real}`)
}

/** What lies in an object store: it keeps a receipt open, since nothing of it is read. */
export class InStore implements Target {
  readonly name: TargetName

  /** `place`: an object, or a prefix. */
  constructor(place: string) {
    this.name = `file:${place}`
  }

  async survey(): Promise<Untouched> {
    return untouched(this.name, 'in-store')
  }

  /** Whether it is gone is not known, and older versions of it may be there. */
  isGone(): boolean {
    return false
  }
}

/** What is told of, and neither read nor written. */
export class LeftAlone implements Target {
  readonly name: TargetName
  readonly #code: UntouchedCode

  constructor(file: string, code: UntouchedCode) {
    // The name of a link is its own, not that of what it leads to.
    this.name = `file:${join(fileTarget(dirname(file)).slice('file:'.length), basename(file))}`
    this.#code = code
  }

  async survey(): Promise<Untouched> {
    return { target: this.name, code: this.#code, message: UNTOUCHED[this.#code] }
  }

  isGone(): boolean {
    return !existsSync(fileOf(this.name))
  }
}
