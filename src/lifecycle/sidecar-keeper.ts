/** A file by itself: FILE.lethe.json beside it tells what made it. */
import { nameIn } from '../files/by-name.ts'
import { type FileDigest, isSameDigest } from '../files/digest.ts'
import { folderOf } from '../files/file-names.ts'
import { openFolder } from '../files/folders/open-folder.ts'
import type { Keeper, Made, PermitFor, RefusedFile, StoredChange } from './keeper.ts'
import { readSidecar, type Sidecar, sidecarAt, sidecarText } from './sidecar.ts'
import { GONE, unlessOvertaken } from './storage/storage.ts'
import { isThere, storageOf } from './storage/storage-of.ts'
import {
  besideName,
  canBeNamed,
  erasedName,
  isStagedSidecar,
  sidecarName,
  stagedName,
} from './stored-names.ts'
import { UNTOUCHED } from './target.ts'

const TOO_LONG =
  'its name is too long for what an order leaves beside it: copy it and its FILE.lethe.json to a shorter one, and delete it'

export class SidecarKeeper implements Keeper {
  readonly lock: string
  readonly goesWhole = true
  /** What tells of a change, where nothing told of that before: else a request of another command may be on its way. */
  readonly #new = new Set<string>()

  constructor(file: string) {
    this.lock = file
  }

  async read(file: string): Promise<Made | RefusedFile> {
    const sidecar = await readSidecar(file)
    if (typeof sidecar !== 'string')
      return canBeNamed(sidecarName(stagedName(file, sidecar.policy.fingerprint)))
        ? madeBySidecar(sidecar)
        : { code: 'unreadable-name', message: TOO_LONG }
    const code = sidecar === 'missing' ? 'no-sidecar' : 'sidecar-malformed'
    return { code, message: UNTOUCHED[code] }
  }

  async begun(file: string, now: FileDigest): Promise<Made | undefined> {
    const begun = await stagedOf(file, now)
    return begun && madeBySidecar(begun.sidecar)
  }

  async settle(file: string, now: FileDigest, permitFor: PermitFor): Promise<void> {
    const { sidecar, stamp } = await sidecarAt(file)
    if (typeof sidecar === 'string' || isSameDigest(now, sidecar.file)) return
    const begun = await stagedOf(file, now)
    if (begun !== undefined) await storageOf(file).move(begun.name, sidecarName(file), stamp, permitFor)
  }

  async recover(): Promise<void> {}

  async state(
    file: string,
    order: string,
    now: FileDigest,
    permitFor: PermitFor,
  ): Promise<'applied' | 'was applied' | undefined> {
    const sidecar = await readSidecar(file)
    if (typeof sidecar === 'string') return undefined
    if (sidecar.order === order && isSameDigest(now, sidecar.file)) {
      const staged = sidecarName(stagedName(file, order))
      // It takes its name in two steps there.
      if (!storageOf(file).isLocked) await storageOf(file).delete(staged, permitFor(staged))
      return 'was applied'
    }
    return (await finished(file, order, now, permitFor)) ? 'applied' : undefined
  }

  async gone(file: string, permitFor: PermitFor): Promise<'applied' | 'was applied'> {
    const sidecar = sidecarName(file)
    // Cut short between the two, or done.
    if (!(await isThere(sidecar))) return 'was applied'
    await storageOf(file).delete(sidecar, permitFor(sidecar))
    return 'applied'
  }

  async begin(changes: readonly StoredChange[]): Promise<void> {
    for (const change of changes) {
      const { file, order, after, isErasure } = change
      const mark = markOf(change)
      if (after !== undefined) {
        if ((await stageSidecar(change)) === GONE) this.#new.add(mark)
      } else if (isErasure) {
        const text = `${JSON.stringify({ lethe: 'erased', v: 1, order })}\n`
        if ((await storageOf(file).write(mark, text)) === GONE) this.#new.add(mark)
      }
    }
  }

  async end(changes: readonly StoredChange[], permitFor: PermitFor): Promise<void> {
    for (const change of changes) await settleSidecar(change, permitFor)
  }

  async giveUp(changes: readonly StoredChange[], mayBeFirst: boolean, permitFor: PermitFor): Promise<void> {
    for (const [at, change] of changes.entries()) {
      const mark = markOf(change)
      const storage = storageOf(change.file)
      if (!storage.isLocked && !this.#new.has(mark)) continue
      if (at === 0 && mayBeFirst && (await mayBeMade(change, permitFor))) continue
      if (await isThere(mark)) await storage.delete(mark, permitFor(mark))
    }
  }

  wasErased(file: string, order: string): Promise<boolean> {
    return isThere(erasedName(file, order))
  }

  tells(file: string): Promise<boolean> {
    return isThere(sidecarName(file))
  }
}

/** What says of a change that it is about to be made. */
const markOf = ({ file, order, after }: StoredChange): string =>
  after === undefined ? erasedName(file, order) : sidecarName(stagedName(file, order))

/** Whether a change was made, or may still be, though an error came of it: what tells of it then stays. */
async function mayBeMade(
  { file, order, stamp, after }: StoredChange,
  permitFor: PermitFor,
): Promise<boolean> {
  const storage = storageOf(file)
  if (storage.isLocked) return false
  const now = await storage.stamp(file)
  // A request may still be on its way.
  if (now === stamp) return true
  const digest = now === GONE ? undefined : await storage.digest(file)
  if (digest === undefined) return after === undefined
  return after !== undefined && (await finished(file, order, digest, permitFor))
}

export function madeBySidecar({
  format,
  delimiter,
  change,
  policy,
  keyChecks,
  time,
  asOf,
  file,
}: Sidecar): Made {
  const instant = Date.parse(asOf)
  return {
    format,
    delimiter,
    change,
    policy,
    keyChecks,
    time,
    judged: { from: instant, until: instant },
    parts: new Map(),
    isOf: (digest) => isSameDigest(digest, file),
  }
}

/** What other orders were about to say of a file before it was changed: where it is, they cannot be made any more. */
const overtaken = new WeakMap<object, readonly string[]>()

/** Writes the sidecar of what is to take the place of a file beside that; gives the stamp of what stood there. Does nothing where it has none. */
export async function stageSidecar(change: StoredChange): Promise<string | undefined> {
  const { file, order, after, asOf } = change
  const sidecar = await readSidecar(file)
  if (typeof sidecar === 'string' || after === undefined) return undefined
  const made: Sidecar = { ...sidecar, file: after.digest, asOf: asOf ?? sidecar.asOf, order }
  const storage = storageOf(file)
  const own = sidecarName(stagedName(file, order))
  // On a disk they stand beside rows, and both are told of.
  if (!storage.isLocked)
    overtaken.set(
      change,
      (await stagedNames(file)).filter((name) => name !== own),
    )
  return await storage.write(own, sidecarText(made))
}

/** The file is what it is to be: its sidecar follows. Does nothing where it has none, or that tells of another file by now. */
export async function settleSidecar(
  change: Pick<StoredChange, 'file' | 'order' | 'before' | 'after'>,
  permitFor: PermitFor,
): Promise<void> {
  const { file, order, before, after } = change
  const name = sidecarName(file)
  const storage = storageOf(file)
  await unlessOvertaken(async () => {
    const { sidecar, stamp } = await sidecarAt(file)
    if (typeof sidecar === 'string' || !isSameDigest(sidecar.file, before)) return
    if (after === undefined) await storage.delete(name, permitFor(name), stamp)
    else await storage.move(sidecarName(stagedName(file, order)), name, stamp, permitFor)
  })
  for (const one of overtaken.get(change) ?? []) await storage.delete(one, permitFor(one))
}

/** What an order was about to say of a file that stands as this. @throws LetheError (io) */
async function stagedOf(
  file: string,
  now: FileDigest,
): Promise<{ readonly name: string; readonly sidecar: Sidecar } | undefined> {
  for (const name of await stagedNames(file)) {
    const sidecar = await readSidecar(name.slice(0, -sidecarName('').length))
    if (typeof sidecar !== 'string' && isSameDigest(now, sidecar.file)) return { name, sidecar }
  }
  return undefined
}

/** Of sidecars that orders have staged for a file. @throws LetheError (io) */
async function stagedNames(file: string): Promise<readonly string[]> {
  const folder = folderOf(file)!
  const names = await openFolder(folder).list('', [besideName(file)])
  return names.filter((name) => isStagedSidecar(file, name)).map((name) => nameIn(folder, name))
}

/** Takes up an order that was cut short between a file and its sidecar; whether it was. */
export async function finished(
  file: string,
  order: string,
  now: FileDigest,
  permitFor: PermitFor,
): Promise<boolean> {
  const staged = stagedName(file, order)
  const begun = await readSidecar(staged)
  if (typeof begun === 'string' || begun.order !== order || !isSameDigest(now, begun.file)) return false
  const { stamp } = await sidecarAt(file)
  await storageOf(file).move(sidecarName(staged), sidecarName(file), stamp, permitFor)
  return true
}
