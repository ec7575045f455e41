/** A file by itself: FILE.lethe.json beside it tells what made it. */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type FileDigest, isSameDigest } from '../files/digest.ts'
import { writeWhole } from '../files/whole-file.ts'
import { deleteFile, replaceFile } from './delete-stored.ts'
import type { Keeper, Made, PermitFor, RefusedFile, StoredChange } from './keeper.ts'
import { readSidecar, type Sidecar, sidecarName, sidecarText } from './sidecar.ts'
import { stagedName } from './staged-name.ts'
import { UNTOUCHED } from './target.ts'

export class SidecarKeeper implements Keeper {
  readonly lock: string
  readonly goesWhole = true

  constructor(file: string) {
    this.lock = file
  }

  read(file: string): Made | RefusedFile {
    const sidecar = readSidecar(file)
    if (typeof sidecar !== 'string') return madeBySidecar(sidecar)
    const code = sidecar === 'missing' ? 'no-sidecar' : 'sidecar-malformed'
    return { code, message: UNTOUCHED[code] }
  }

  async recover(): Promise<void> {}

  state(
    file: string,
    order: string,
    now: FileDigest,
    permitFor: PermitFor,
  ): 'applied' | 'was applied' | undefined {
    const sidecar = readSidecar(file)
    if (typeof sidecar === 'string') return undefined
    if (sidecar.order === order && isSameDigest(now, sidecar.file)) return 'was applied'
    return finished(file, order, now, permitFor) ? 'applied' : undefined
  }

  gone(file: string, permitFor: PermitFor): 'applied' | 'was applied' {
    const sidecar = sidecarName(file)
    // Cut short between the two, or done.
    if (!existsSync(sidecar)) return 'was applied'
    deleteFile(sidecar, permitFor(sidecar))
    return 'applied'
  }

  async begin(changes: readonly StoredChange[]): Promise<void> {
    for (const change of changes) {
      const { file, order, after, isErasure } = change
      if (after !== undefined) await stageSidecar(change)
      else if (isErasure)
        await writeWhole(erasedName(file, order), `${JSON.stringify({ lethe: 'erased', v: 1, order })}\n`)
    }
  }

  async end(changes: readonly StoredChange[], permitFor: PermitFor): Promise<void> {
    for (const change of changes) settleSidecar(change, permitFor)
  }

  async giveUp(changes: readonly StoredChange[], permitFor: PermitFor): Promise<void> {
    for (const { file, order, after } of changes) {
      const mark = after === undefined ? erasedName(file, order) : sidecarName(after.staged)
      if (existsSync(mark)) deleteFile(mark, permitFor(mark))
    }
  }

  wasErased(file: string, order: string): boolean {
    return existsSync(erasedName(file, order))
  }

  tells(file: string): boolean {
    return existsSync(sidecarName(file))
  }
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

/** Writes the sidecar of what is to take the place of a file beside that. Does nothing where it has none. */
export async function stageSidecar({ file, order, after, asOf }: StoredChange): Promise<void> {
  const sidecar = readSidecar(file)
  if (typeof sidecar === 'string' || after === undefined) return
  const made: Sidecar = { ...sidecar, file: after.digest, asOf: asOf ?? sidecar.asOf, order }
  await writeWhole(sidecarName(after.staged), sidecarText(made))
}

/** The file is what it is to be: its sidecar follows. Does nothing where it has none. */
export function settleSidecar(
  { file, after }: Pick<StoredChange, 'file' | 'after'>,
  permitFor: PermitFor,
): void {
  const sidecar = sidecarName(file)
  const staged = after && sidecarName(after.staged)
  if (staged === undefined) deleteFile(sidecar, permitFor(sidecar))
  else if (existsSync(staged)) replaceFile(staged, sidecar, permitFor(sidecar))
}

/** Takes up an order that was cut short between a file and its sidecar; whether it was. */
export function finished(file: string, order: string, now: FileDigest, permitFor: PermitFor): boolean {
  const staged = stagedName(file, order)
  const begun = readSidecar(staged)
  if (typeof begun === 'string' || begun.order !== order || !isSameDigest(now, begun.file)) return false
  const sidecar = sidecarName(file)
  replaceFile(sidecarName(staged), sidecar, permitFor(sidecar))
  return true
}

/** What is left of a file that an order erased as a whole: that it did. */
const erasedName = (file: string, order: string): string =>
  join(dirname(file), `.${basename(file)}.${order.slice(0, 12)}.erased`)
