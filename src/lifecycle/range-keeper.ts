/**
 * Files of a data set that a stream writes: each says at its end what made it, and which offsets it covers. A file that is written anew keeps
 * its name and these offsets, and one of which nothing is left stays, without rows: the position of the stream goes by its files.
 */
import { basename } from 'node:path'
import { OWN_FOLDER } from '../datasets/dataset-identity.ts'
import type { RangeNote } from '../datasets/range-note.ts'
import { openRange, type StoredRange, storedRange } from '../datasets/stored-range.ts'
import { LetheError } from '../errors.ts'
import { nameIn } from '../files/by-name.ts'
import type { FileDigest } from '../files/digest.ts'
import { folderOf } from '../files/file-names.ts'
import type { Output } from '../files/sink.ts'
import type { Keeper, Made, RefusedFile, Rewrite } from './keeper.ts'
import { isThere } from './storage/storage-of.ts'
import { UNTOUCHED } from './target.ts'

export class RangeKeeper implements Keeper {
  /** Where readers do not look. */
  readonly lock: string
  readonly goesWhole = false

  constructor(file: string) {
    this.lock = nameIn(folderOf(file)!, OWN_FOLDER, basename(file))
  }

  async read(file: string): Promise<Made | RefusedFile> {
    const range = await storedRange(file)
    if (typeof range === 'string') return refused('note-missing')
    const { note, format } = range
    const policy = policyOf(note)
    if (policy === undefined) return refused('note-missing')
    if (note.made === undefined) return refused('note-older')
    const { keyChecks, time, judged } = note.made
    // It tells no digest of itself: that it is whole, gzip and Parquet tell.
    return { format, policy, keyChecks, time, judged, parts: new Map(), isOf: () => true }
  }

  async recover(): Promise<void> {}

  async begun(): Promise<undefined> {
    return undefined
  }

  async settle(): Promise<void> {}

  async state(file: string, order: string, _now: FileDigest): Promise<'was applied' | undefined> {
    return (await rangeAt(file))?.note.order === order ? 'was applied' : undefined
  }

  async gone(file: string): Promise<never> {
    throw new LetheError('defect', `${file} was to go, and files of streams stay`)
  }

  async begin(): Promise<void> {}

  async end(): Promise<void> {}

  async giveUp(): Promise<void> {}

  async wasErased(): Promise<boolean> {
    return false
  }

  tells(file: string): Promise<boolean> {
    return isThere(file)
  }

  readonly opener = async (file: string, staged: string, { order, asOf }: Rewrite): Promise<() => Output> => {
    const range = await rangeAt(file)
    if (range === undefined) throw new LetheError('target-changed', `${file}: ${UNTOUCHED['note-missing']}`)
    return () => openRange(staged, range.format, (rows) => rewritten(range.note, rows, order, asOf))
  }
}

async function rangeAt(file: string): Promise<StoredRange | undefined> {
  const range = await storedRange(file)
  return typeof range === 'string' ? undefined : range
}

/** What the file says with so many rows left. The offsets that it covers stay: none of them is published again. */
function rewritten(note: RangeNote, rows: number, order: string, asOf: string | undefined): RangeNote {
  const instant = asOf === undefined ? Number.NEGATIVE_INFINITY : Date.parse(asOf)
  const { made } = note
  const judged = made && {
    from: Math.max(made.judged.from, instant),
    until: Math.max(made.judged.until, instant),
  }
  return {
    ...note,
    rows,
    deleted: (note.deleted ?? 0) + note.rows - rows,
    order,
    ...(made && judged && { made: { ...made, judged } }),
  }
}

/** `name@version#fingerprint`. */
function policyOf({ policy }: RangeNote): Made['policy'] | undefined {
  const [, name, version, fingerprint] = /^(.+)@(\d+)#([0-9a-f]{64})$/.exec(policy) ?? []
  return name === undefined ? undefined : { name, version: Number(version), fingerprint: fingerprint! }
}

const refused = (code: RefusedFile['code']): RefusedFile => ({ code, message: UNTOUCHED[code] })
