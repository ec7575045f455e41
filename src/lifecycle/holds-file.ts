/** The file of holds: it is replaced as a whole, by one process at a time, so that it is never half a file. */
import { randomBytes } from 'node:crypto'
import { fileError, LetheError } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'
import { readIfThere, readRegular, writeWhole } from '../files/whole-file.ts'
import { addLine, type Hold, parseHolds, releaseLine, stateOf } from './legal-hold.ts'
import { fileTarget } from './may-delete.ts'

const NO_HOLDS_YET =
  'name the file of `lethe hold add`, which makes it with the first hold; while there is none, say --no-holds (of batch and replay: leave --holds out)'

/**
 * The holds of a file.
 * @throws LetheError (io) where it cannot be read, (usage) `hold-invalid` where a line is no hold: then nothing may be deleted
 */
export function readHolds(file: string): readonly Hold[] {
  let text: string
  try {
    // Of a pipe, the second look would find no holds.
    text = readRegular(file).toString('utf8')
  } catch (error) {
    if (error instanceof LetheError) throw error
    const { code, message, suggestion } = fileError(`the file of holds ${file}`, error)
    throw new LetheError(code, message, code === 'file-missing' ? NO_HOLDS_YET : suggestion)
  }
  return holdsOf(file, text)
}

function holdsOf(file: string, text: string): readonly Hold[] {
  const holds = parseHolds(text)
  if (typeof holds === 'number')
    throw new LetheError(
      'hold-invalid',
      `${file}:${holds} is not written as a hold is; nothing may be deleted until it is mended`,
      'have the file as it was',
    )
  return holds.map(followed)
}

/** A folder that was moved, and left a link behind, is held where it stands now. */
function followed(hold: Hold): Hold {
  if (hold.target?.startsWith('file:') !== true) return hold
  const leadsTo = fileTarget(hold.target.slice('file:'.length))
  return leadsTo === hold.target ? hold : { ...hold, leadsTo }
}

export type NewHold = Omit<Hold, 'id' | 'released' | 'added'>

/** A hold with an id of its own, and its line. */
export function newHold(hold: NewHold, now: number): { readonly id: string; readonly line: string } {
  const id = `h${randomBytes(4).toString('hex')}`
  return { id, line: addLine({ ...hold, id, added: now }) }
}

/** Appends a line to the file, which is made where it is not there. @throws LetheError where it holds something else */
export async function appendHold(file: string, line: string): Promise<void> {
  const release = await takeLock(file)
  try {
    const before = readIfThere(file)
    holdsOf(file, before)
    await writeWhole(file, `${before}${line}\n`)
  } finally {
    release()
  }
}

/** The line that releases a hold. @throws LetheError (usage) where it is not there, or was released */
export function releasing(file: string, id: string, owner: string, reason: string, now: number): string {
  const hold = readHolds(file).find((one) => one.id === id)
  if (hold === undefined || stateOf(hold, now) === 'released')
    throw new LetheError(
      'unknown-name',
      `${file} has no hold ${id} that was not released`,
      'see `lethe hold list`',
    )
  return releaseLine(id, owner, reason, now)
}
