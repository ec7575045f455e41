/**
 * Files of a data set that was published as a whole: its manifest tells what made them. While files are changed it names what stands there
 * and what takes its place, so that it is true at each instant. Where no lock keeps commands apart, each adds what it is about to do, and
 * what another was about to do stays named until the file is another one: then no request of that other can take effect any more.
 */
import { LetheError } from '../errors.ts'
import { nameIn } from '../files/by-name.ts'
import { type FileDigest, isSameDigest } from '../files/digest.ts'
import { folderOf, nameBelow } from '../files/file-names.ts'
import { DATA_SET, type DataSet, type FileState, type ListedFile } from '../forms/data-set.ts'
import { readPartitionFolder } from '../record/partition/partition-path.ts'
import type { Keeper, Made, PermitFor, RefusedFile, StoredChange } from './keeper.ts'
import { type ManifestAt, readManifest, writeManifest } from './manifest-file.ts'
import { readSidecar } from './sidecar.ts'
import { finished, madeBySidecar, settleSidecar, stageSidecar } from './sidecar-keeper.ts'
import { type Storage, unlessOvertaken } from './storage/storage.ts'
import { isThere, storageOf } from './storage/storage-of.ts'
import { sidecarName } from './stored-names.ts'
import { UNTOUCHED } from './target.ts'

type Files = Map<string, ListedFile>
type Gone = NonNullable<DataSet['gone']>[number][]

/** What commands that were cut short were about to do; of older ones no request is on its way any more. */
const MOST_EARLIER = 16

export class ManifestKeeper implements Keeper {
  readonly lock: string
  readonly goesWhole = true
  readonly #folder: string
  readonly #storage: Storage

  constructor(folder: string) {
    this.#folder = folder
    this.#storage = storageOf(folder)
    this.lock = nameIn(folder, DATA_SET)
  }

  async read(file: string): Promise<Made | RefusedFile> {
    const manifest = await readManifest(this.#folder)
    if (typeof manifest === 'string') return refused('manifest-malformed')
    const listed = manifest.files.get(nameBelow(this.#folder, file))
    return listed === undefined ? refused('not-in-manifest') : await madeOf(manifest, listed, file)
  }

  async begun(): Promise<undefined> {
    return undefined
  }

  async settle(): Promise<void> {}

  async recover(permitFor: PermitFor): Promise<void> {
    await this.#change(async (files, gone) => {
      let isChanged = false
      for (const listed of files.values())
        if (listed.next !== undefined && (await this.#settle(listed, files, gone, permitFor)))
          isChanged = true
      return isChanged
    })
  }

  /** Says of a file that was about to be changed how it stands; whether that is news. */
  async #settle(listed: ListedFile, files: Files, gone: Gone, permitFor: PermitFor): Promise<boolean> {
    const name = listed.file
    const file = nameIn(this.#folder, name)
    const now = await this.#storage.digest(file)
    const intents = intentsOf(listed)
    if (now === undefined && intents.includes(null)) {
      const sidecar = sidecarName(file)
      if (await isThere(sidecar)) await this.#storage.delete(sidecar, permitFor(sidecar))
      dropGone(gone, listed, 1)
      await this.#forget(files, name, permitFor)
      return true
    }
    if (now !== undefined && isSameDigest(now, listed)) {
      // It may still come to it.
      if (!this.#storage.isLocked) return false
      files.set(name, withoutIntents(listed))
      dropGone(gone, listed)
      return true
    }
    const made = now && intents.find((intent) => intent !== null && isSameDigest(now, intent))
    if (!made)
      throw changed(file, 'its bytes are neither those of before nor those that were to take their place')
    files.set(name, { file: name, ...made })
    dropGone(gone, listed)
    if (made.order !== undefined) await finished(file, made.order, made, permitFor)
    return true
  }

  async state(file: string, order: string, now: FileDigest): Promise<'was applied' | undefined> {
    const listed = await this.#listed(file)
    return listed?.order === order && isSameDigest(now, listed) ? 'was applied' : undefined
  }

  async gone(file: string): Promise<'was applied'> {
    if ((await this.#listed(file)) === undefined) return 'was applied'
    throw changed(file, 'it is gone, and no order took it away')
  }

  async begin(changes: readonly StoredChange[]): Promise<void> {
    for (const change of changes) await stageSidecar(change)
    await this.#change(async (files, gone) => {
      for (const change of changes) {
        const listed = files.get(nameBelow(this.#folder, change.file))
        if (listed === undefined || !isSameDigest(listed, change.before))
          throw changed(change.file, 'the manifest of its data set tells of another')
        const next = stateAfter(listed, change)
        if (next === null) gone.push(goneOf(listed, change))
        // One that is the same is of another command, which may give it up.
        const intents = [next, ...intentsOf(listed)].slice(0, 1 + MOST_EARLIER)
        files.set(listed.file, withIntents(listed, intents))
      }
      return true
    })
  }

  async end(changes: readonly StoredChange[], permitFor: PermitFor): Promise<void> {
    if (changes.length === 0) return
    for (const change of changes) await settleSidecar(change, permitFor)
    await this.#change(async (files, gone) => {
      let isChanged = false
      for (const change of changes) {
        const listed = files.get(nameBelow(this.#folder, change.file))
        // Another command may have told of it already.
        if (listed === undefined || !isSameDigest(listed, change.before)) continue
        isChanged = true
        const made = stateAfter(listed, change)
        dropGone(gone, listed)
        if (made === null) gone.push(goneOf(listed, change))
        if (made === null) await this.#forget(files, listed.file, permitFor)
        else files.set(listed.file, { file: listed.file, ...made })
      }
      return isChanged
    })
  }

  async giveUp(changes: readonly StoredChange[], mayBeFirst: boolean): Promise<void> {
    const given = this.#storage.isLocked || !mayBeFirst ? changes : changes.slice(1)
    if (given.length === 0) return
    await this.#change(async (files, gone) => {
      for (const change of given) {
        const listed = files.get(nameBelow(this.#folder, change.file))
        if (listed === undefined || !isSameDigest(listed, change.before)) continue
        const own = stateAfter(listed, change)
        const intents = intentsOf(listed)
        const at = intents.findIndex((one) => isSameIntent(one, own))
        if (at < 0) continue
        files.set(listed.file, withIntents(listed, intents.toSpliced(at, 1)))
        if (change.after !== undefined) continue
        const { order, sha256 } = goneOf(listed, change)
        const mark = gone.findLastIndex((one) => one.order === order && one.sha256 === sha256)
        if (mark >= 0) gone.splice(mark, 1)
      }
      return true
    })
  }

  async wasErased(file: string, order: string, digest: FileDigest): Promise<boolean> {
    const manifest = await readManifest(this.#folder)
    return (
      typeof manifest !== 'string' &&
      manifest.dataSet.gone?.some((one) => one.order === order && one.sha256 === digest.sha256) === true &&
      !(await isThere(file))
    )
  }

  async tells(file: string): Promise<boolean> {
    return (await this.#listed(file)) !== undefined
  }

  async #listed(file: string): Promise<ListedFile | undefined> {
    const manifest = await readManifest(this.#folder)
    return typeof manifest === 'string' ? undefined : manifest.files.get(nameBelow(this.#folder, file))
  }

  /** A folder that its partition gave a name tells a value of rows that are gone. */
  async #forget(files: Files, name: string, permitFor: PermitFor): Promise<void> {
    files.delete(name)
    for (let at = folderOf(nameIn(this.#folder, name))!; at !== this.#folder; at = folderOf(at)!)
      if (!(await this.#storage.deleteEmptyFolder(at, permitFor(at)))) return
  }

  /** `change` may be called again, with what another has made of the manifest meanwhile. */
  async #change(change: (files: Files, gone: Gone) => Promise<boolean>): Promise<void> {
    await unlessOvertaken(async () => {
      const manifest = await readManifest(this.#folder)
      if (typeof manifest === 'string') throw changed(this.lock, UNTOUCHED['manifest-malformed'])
      const files = new Map(manifest.files)
      const gone: Gone = [...(manifest.dataSet.gone ?? [])]
      if (await change(files, gone)) await writeManifest(manifest, files, gone.length > 0 ? gone : undefined)
    })
  }
}

/** What a file becomes; null: it goes. */
function stateAfter(
  listed: ListedFile,
  { order, kept, deleted, after, asOf }: StoredChange,
): FileState | null {
  if (after === undefined) return null
  const all = deleted + (listed.deleted ?? 0)
  const judged = asOf ?? listed.asOf
  return {
    records: kept,
    ...(all > 0 && { deleted: all }),
    order,
    ...(judged !== undefined && { asOf: judged }),
    ...after.digest,
  }
}

/** What may stand in the place of a file, or may come to: the newest first. */
const intentsOf = ({ next, earlier = [] }: ListedFile): readonly (FileState | null)[] =>
  next === undefined ? [] : [next, ...earlier]

const isSameIntent = (one: FileState | null, other: FileState | null): boolean =>
  one === null || other === null
    ? one === other
    : one.order === other.order && one.asOf === other.asOf && isSameDigest(one, other)

function withoutIntents({ next: _, earlier: __, ...listed }: ListedFile): ListedFile {
  return listed
}

function withIntents(listed: ListedFile, [next, ...earlier]: readonly (FileState | null)[]): ListedFile {
  return {
    ...withoutIntents(listed),
    ...(next !== undefined && { next }),
    ...(earlier.length > 0 && { earlier }),
  }
}

const goneOf = (listed: ListedFile, { deleted, order, before }: StoredChange): Gone[number] => ({
  deleted: deleted + (listed.deleted ?? 0),
  order,
  sha256: before.sha256,
})

/** Takes away what says that a file went of which that was about to be, but for `kept` of it: each that was about to had said so. */
function dropGone(gone: Gone, listed: ListedFile, kept = 0): void {
  for (let left = intentsOf(listed).filter((one) => one === null).length; left > kept; left--) {
    const at = gone.findLastIndex(({ sha256 }) => sha256 === listed.sha256)
    if (at >= 0) gone.splice(at, 1)
  }
}

const refused = (code: RefusedFile['code']): RefusedFile => ({ code, message: UNTOUCHED[code] })

const changed = (file: string, why: string): LetheError =>
  new LetheError(
    'target-changed',
    `${file} is not what the order was made of: ${why}; it was not touched`,
    'put the file back as the manifest of its data set names it, or make the data set again',
  )

async function madeOf(
  { dataSet, folder }: ManifestAt,
  listed: ListedFile,
  file: string,
): Promise<Made | RefusedFile> {
  const { policy, format, delimiter, keyChecks, time, partitionBy = [] } = dataSet
  const parts = partsOf(listed.file, partitionBy)
  if (parts === undefined || folder === file) return refused('manifest-malformed')
  const states = [listed, ...intentsOf(listed).filter((one) => one !== null)]
  const isOf = (digest: FileDigest): boolean => states.some((one) => isSameDigest(digest, one))
  const sidecar = await readSidecar(file)
  // Shards of a batch leave sidecars.
  if (typeof sidecar !== 'string' && sidecar.policy.fingerprint === policy.fingerprint)
    return { ...madeBySidecar(sidecar), parts, isOf }
  if (format === undefined) return refused('no-sidecar')
  const judgedOf = (ofStates: readonly FileState[]): Made['judged'] => {
    const instants = ofStates.map(({ asOf }) => Date.parse(asOf ?? listed.asOf ?? dataSet.asOf))
    return { from: Math.min(...instants), until: Math.max(...instants) }
  }
  const made: Made = { format, delimiter, policy, keyChecks, time, judged: judgedOf(states), parts, isOf }
  const resolve = (digest: FileDigest): Made => ({
    ...made,
    judged: judgedOf(states.filter((one) => isSameDigest(digest, one))),
  })
  return states.length === 1
    ? made
    : { ...made, resolve: (digest) => (isOf(digest) ? resolve(digest) : made) }
}

/** The values that the folders of a file tell; undefined where they are called otherwise. */
function partsOf(
  name: string,
  partitionBy: readonly string[],
): ReadonlyMap<string, string | null> | undefined {
  const folders = name.split('/').slice(0, -1)
  const parts = new Map<string, string | null>()
  for (const [at, path] of partitionBy.entries()) {
    const part = readPartitionFolder(folders[at] ?? '')
    if (part?.label !== path) return undefined
    parts.set(path, part.value)
  }
  return parts
}
