/**
 * Files of a data set that a stream writes: each says at its end what made it, and which offsets it covers. A file that is written anew keeps
 * its name and these offsets, and one of which nothing is left stays, without rows: the position of the stream goes by its files.
 */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { OWN_FOLDER } from '../datasets/dataset-identity.ts'
import type { RangeNote } from '../datasets/range-note.ts'
import { openRange, type StoredRange, storedRange } from '../datasets/stored-range.ts'
import { LetheError } from '../errors.ts'
import type { FileDigest } from '../files/digest.ts'
import type { Output } from '../files/sink.ts'
import type { Keeper, Made, RefusedFile, Rewrite } from './keeper.ts'
import { UNTOUCHED } from './target.ts'

export class RangeKeeper implements Keeper {
  /** Where readers do not look. */
  readonly lock: string
  readonly goesWhole = false

  constructor(file: string) {
    this.lock = join(dirname(file), OWN_FOLDER, basename(file))
  }

  read(file: string): Made | RefusedFile {
    const range = storedRange(file)
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

  state(file: string, order: string, _now: FileDigest): 'was applied' | undefined {
    return rangeAt(file)?.note.order === order ? 'was applied' : undefined
  }

  gone(file: string): never {
    throw new LetheError('defect', `${file} was to go, and files of streams stay`)
  }

  async begin(): Promise<void> {}

  async end(): Promise<void> {}

  async giveUp(): Promise<void> {}

  wasErased(): boolean {
    return false
  }

  tells(file: string): boolean {
    return existsSync(file)
  }

  readonly opener = (file: string, staged: string, { order, asOf }: Rewrite): (() => Output) => {
    const range = rangeAt(file)
    if (range === undefined) throw new LetheError('target-changed', `${file}: ${UNTOUCHED['note-missing']}`)
    return () => openRange(staged, range.format, (rows) => rewritten(range.note, rows, order, asOf))
  }
}

function rangeAt(file: string): StoredRange | undefined {
  const range = storedRange(file)
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
