/**
 * Files of a data set that was published as a whole: its manifest tells what made them. While files are changed it names what stands there
 * and what takes its place, so that it is true at each instant.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LetheError } from '../errors.ts'
import { digestOf, type FileDigest, isSameDigest } from '../files/digest.ts'
import { DATA_SET, type DataSet, type ListedFile } from '../forms/data-set.ts'
import { readPartitionFolder } from '../record/partition/partition-path.ts'
import { deleteEmptyFolder } from './delete-stored.ts'
import type { Keeper, Made, PermitFor, RefusedFile, StoredChange } from './keeper.ts'
import { listedName, type ManifestAt, readManifest, writeManifest } from './manifest-file.ts'
import { readSidecar } from './sidecar.ts'
import { finished, madeBySidecar, settleSidecar, stageSidecar } from './sidecar-keeper.ts'
import { UNTOUCHED } from './target.ts'

type Files = Map<string, ListedFile>
type Gone = NonNullable<DataSet['gone']>[number][]

export class ManifestKeeper implements Keeper {
  readonly lock: string
  readonly goesWhole = true
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    this.lock = join(folder, DATA_SET)
  }

  read(file: string): Made | RefusedFile {
    const manifest = readManifest(this.#folder)
    if (typeof manifest === 'string') return refused('manifest-malformed')
    const listed = manifest.files.get(listedName(this.#folder, file))
    return listed === undefined ? refused('not-in-manifest') : madeOf(manifest, listed, file)
  }

  async recover(permitFor: PermitFor): Promise<void> {
    await this.#change(async (files, gone) => {
      let isChanged = false
      for (const listed of files.values()) {
        const { next, ...before } = listed
        if (next === undefined) continue
        isChanged = true
        const file = join(this.#folder, listed.file)
        const now = existsSync(file) ? await digestOf(file) : undefined
        if (now === undefined && next === null) {
          settleSidecar({ file, after: undefined }, permitFor)
          this.#forget(files, listed.file, permitFor)
        } else if (now !== undefined && isSameDigest(now, before)) {
          files.set(listed.file, before)
          if (next === null) dropGone(gone, before)
        } else if (now !== undefined && next !== null && isSameDigest(now, next)) {
          files.set(listed.file, { file: listed.file, ...next })
          if (next.order !== undefined) finished(file, next.order, now, permitFor)
        } else
          throw changed(file, 'its bytes are neither those of before nor those that were to take their place')
      }
      return isChanged
    })
  }

  state(file: string, order: string, now: FileDigest): 'was applied' | undefined {
    const listed = this.#listed(file)
    return listed?.order === order && isSameDigest(now, listed) ? 'was applied' : undefined
  }

  gone(file: string): 'was applied' {
    if (this.#listed(file) === undefined) return 'was applied'
    throw changed(file, 'it is gone, and no order took it away')
  }

  async begin(changes: readonly StoredChange[]): Promise<void> {
    for (const change of changes) await stageSidecar(change)
    await this.#change(async (files, gone) => {
      for (const { file, order, kept, deleted, before, after, asOf } of changes) {
        const listed = files.get(listedName(this.#folder, file))!
        const all = deleted + (listed.deleted ?? 0)
        if (after === undefined) gone.push({ deleted: all, order, sha256: before.sha256 })
        const judged = asOf ?? listed.asOf
        const next = after && {
          records: kept,
          ...(all > 0 && { deleted: all }),
          order,
          ...(judged !== undefined && { asOf: judged }),
          ...after.digest,
        }
        files.set(listed.file, { ...listed, next: next ?? null })
      }
      return true
    })
  }

  async end(changes: readonly StoredChange[], permitFor: PermitFor): Promise<void> {
    for (const change of changes)
      if (typeof readSidecar(change.file) !== 'string') settleSidecar(change, permitFor)
    await this.#change(async (files) => {
      for (const { file } of changes) {
        const { next, ...listed } = files.get(listedName(this.#folder, file))!
        if (next) files.set(listed.file, { file: listed.file, ...next })
        else this.#forget(files, listed.file, permitFor)
      }
      return changes.length > 0
    })
  }

  async giveUp(changes: readonly StoredChange[]): Promise<void> {
    await this.#change(async (files, gone) => {
      for (const { file } of changes) {
        const { next, ...listed } = files.get(listedName(this.#folder, file))!
        files.set(listed.file, listed)
        if (next === null) dropGone(gone, listed)
      }
      return true
    })
  }

  wasErased(file: string, order: string, digest: FileDigest): boolean {
    const manifest = readManifest(this.#folder)
    return (
      !existsSync(file) &&
      typeof manifest !== 'string' &&
      manifest.dataSet.gone?.some((one) => one.order === order && one.sha256 === digest.sha256) === true
    )
  }

  tells(file: string): boolean {
    return this.#listed(file) !== undefined
  }

  #listed(file: string): ListedFile | undefined {
    const manifest = readManifest(this.#folder)
    return typeof manifest === 'string' ? undefined : manifest.files.get(listedName(this.#folder, file))
  }

  /** A folder that its partition gave a name tells a value of rows that are gone. */
  #forget(files: Files, name: string, permitFor: PermitFor): void {
    files.delete(name)
    for (let at = dirname(join(this.#folder, name)); at !== this.#folder; at = dirname(at))
      if (!deleteEmptyFolder(at, permitFor(at))) return
  }

  async #change(change: (files: Files, gone: Gone) => Promise<boolean>): Promise<void> {
    const manifest = readManifest(this.#folder)
    if (typeof manifest === 'string') throw changed(this.lock, UNTOUCHED['manifest-malformed'])
    const files = new Map(manifest.files)
    const gone: Gone = [...(manifest.dataSet.gone ?? [])]
    if (await change(files, gone)) await writeManifest(manifest, files, gone.length > 0 ? gone : undefined)
  }
}

function dropGone(gone: Gone, { sha256 }: FileDigest): void {
  const at = gone.findLastIndex((one) => one.sha256 === sha256)
  if (at >= 0) gone.splice(at, 1)
}

const refused = (code: RefusedFile['code']): RefusedFile => ({ code, message: UNTOUCHED[code] })

const changed = (file: string, why: string): LetheError =>
  new LetheError(
    'target-changed',
    `${file} is not what the order was made of: ${why}; it was not touched`,
    'put the file back as the manifest of its data set names it, or make the data set again',
  )

function madeOf({ dataSet, folder }: ManifestAt, listed: ListedFile, file: string): Made | RefusedFile {
  const { policy, format, delimiter, keyChecks, time, partitionBy = [] } = dataSet
  const parts = partsOf(listed.file, partitionBy)
  if (parts === undefined || folder === file) return refused('manifest-malformed')
  const isOf = (digest: FileDigest): boolean =>
    isSameDigest(digest, listed) || (!!listed.next && isSameDigest(digest, listed.next))
  const sidecar = readSidecar(file)
  // Shards of a batch leave sidecars.
  if (typeof sidecar !== 'string' && sidecar.policy.fingerprint === policy.fingerprint)
    return { ...madeBySidecar(sidecar), parts, isOf }
  if (format === undefined) return refused('no-sidecar')
  const instants = [listed.asOf ?? dataSet.asOf, listed.next?.asOf ?? listed.asOf ?? dataSet.asOf].map(
    (one) => Date.parse(one),
  )
  const judged = { from: Math.min(...instants), until: Math.max(...instants) }
  return { format, delimiter, policy, keyChecks, time, judged, parts, isOf }
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
