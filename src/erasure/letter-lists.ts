/**
 * Lists of dead letters that `lethe batch` wrote, with sealed originals: those of subjects are taken out, and the dead letter stays, so
 * that a replay still finds its record.
 */
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { fileError, LetheError } from '../errors.ts'
import { digestOf, type FileDigest } from '../files/digest.ts'
import { takeLock } from '../files/lock-file.ts'
import { writeWhole } from '../files/whole-file.ts'
import { replaceFile } from '../lifecycle/delete-stored.ts'
import { stampOf } from '../lifecycle/file-stamp.ts'
import type { TargetName } from '../lifecycle/legal-hold.ts'
import { fileTarget, mayDelete } from '../lifecycle/may-delete.ts'
import type { ErasureRequest } from '../lifecycle/target.ts'
import { fileOf } from '../lifecycle/work-order.ts'
import type { ErasureFinding } from './erasure-finding.ts'
import { LetterSearch, type LetterToken } from './letter-search.ts'

/** What an order says of a list. */
export interface ListErasure {
  readonly target: TargetName
  readonly digest: FileDigest
  readonly rows: number
  /** Originals of the subjects, which go; `held`: which stay under legal hold. */
  readonly found: number
  readonly held: number
  /** Originals of which it is not told whose they are. */
  readonly unknown: number
}

const count = z.int().min(0)

export const listForm: z.ZodType<ListErasure> = z.strictObject({
  target: z.templateLiteral(['file:', z.string().min(1)]),
  digest: z.strictObject({ bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  rows: count,
  found: count,
  held: count,
  unknown: count,
})

/** What is asked of a list. */
export interface ListAsked {
  readonly request: Pick<ErasureRequest, 'holds' | 'heldAt' | 'lookAgain'>
  readonly letters: readonly LetterToken[]
}

/** Lists are read whole. */
const MOST_BYTES = 1 << 30

interface ReadList {
  readonly rows: number
  readonly found: number
  readonly unknown: number
  /** The list without the originals of the subjects; all other lines are as they were. */
  readonly rest: string
}

function readList(file: string, letters: readonly LetterToken[]): ReadList {
  let text: string
  try {
    if (statSync(file).size > MOST_BYTES)
      throw new LetheError('file-too-large', `${file} is too large for a list of dead letters`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(file, error)
  }
  const search = new LetterSearch(letters)
  const lines = text.split('\n')
  let [rows, found, unknown] = [0, 0, 0]
  const rest = lines.map((line, at) => {
    if (line === '' && at === lines.length - 1) return line
    const members = membersOf(line)
    if (members === undefined)
      throw new LetheError(
        'file-malformed',
        `${file}:${at + 1}: this is no line of a list of dead letters; the list is as it was`,
        'name what `lethe batch --dead-letter` wrote',
      )
    rows++
    const { by, unjudged } = search.judgeMembers(members)
    if (unjudged !== undefined) unknown++
    if (by === undefined) return line
    found++
    const { sealed: _, subject: __, ...letter } = members
    return JSON.stringify(letter)
  })
  return { rows, found, unknown, rest: rest.join('\n') }
}

function membersOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const read = Object(JSON.parse(line)) as Record<string, unknown>
    return typeof read['code'] === 'string' && typeof read['line'] === 'number' ? read : undefined
  } catch {
    return undefined
  }
}

/** Changes nothing. @throws LetheError (io), (usage) where it is no list */
export async function surveyList(file: string, { request, letters }: ListAsked): Promise<ListErasure> {
  const { rows, found, unknown } = readList(file, letters)
  const target = fileTarget(file)
  const isHeld = !mayDelete({ target }, request.holds, request.heldAt).allowed
  return {
    target,
    digest: await digestOf(file),
    rows,
    found: isHeld ? 0 : found,
    held: isHeld ? found : 0,
    unknown,
  }
}

/** @throws LetheError: `target-changed`, `target-held`, (io); then the list is as it was */
export async function applyList(
  planned: ListErasure,
  { request, letters }: ListAsked,
): Promise<'applied' | 'was applied'> {
  const file = fileOf(planned.target)
  const release = await takeLock(file, { waitMs: 1000 })
  try {
    const changed = (why: string): LetheError =>
      new LetheError(
        'target-changed',
        `${file} is not as it was when the order was made: ${why}; it is as it was`,
        'make another order',
      )
    const stamp = stampOf(file)
    const { rows, found, rest } = readList(file, letters)
    const now = await digestOf(file)
    if (found === 0 && rows === planned.rows) return 'was applied'
    if (now.sha256 !== planned.digest.sha256) throw changed('its bytes are others')
    const verdict = mayDelete({ target: planned.target }, request.holds, request.heldAt, request.lookAgain)
    if (!verdict.allowed)
      throw new LetheError(
        'target-held',
        `${file} is under the legal hold ${verdict.hold.id}; it is as it was`,
      )
    const staged = join(dirname(file), `.${basename(file)}.forget`)
    await writeWhole(staged, rest)
    chmodSync(staged, statSync(file).mode)
    replaceFile(staged, file, verdict.permit, () => {
      if (stampOf(file) !== stamp) throw changed('it was written to meanwhile')
    })
    return 'applied'
  } finally {
    release()
  }
}

/** Reads it again. */
export function findingOfList(planned: ListErasure, { request, letters }: ListAsked): ErasureFinding {
  const file = fileOf(planned.target)
  const told = (
    state: ErasureFinding['state'],
    message: string,
    counts: { readonly read: number; readonly found: number } = { read: 0, found: 0 },
  ): ErasureFinding => ({ target: planned.target, state, planned: planned.found, ...counts, message })
  let list: ReadList
  try {
    list = readList(file, letters)
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    return told('not searched', error.message)
  }
  const { rows: read, found, unknown } = list
  const counts = { read, found }
  if (found > 0)
    return mayDelete({ target: planned.target }, request.holds, request.heldAt).allowed
      ? told('not absent', `${found} sealed originals are still there`, counts)
      : told('held', `${found} sealed originals are there under legal hold`, counts)
  return unknown > 0
    ? told(
        'partly searched',
        `${unknown} dead letters carry an original whose subject is not told: delete the list once it was replayed`,
        counts,
      )
    : told(
        'verified absent',
        `read again: none of ${read} dead letters carries an original of the subjects`,
        counts,
      )
}
