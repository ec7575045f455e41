/**
 * Deletes the sketches of a route that are past their period. They hold keyed hashes of people, and of which subjects or event times is not
 * known: a legal hold on any subject, on any span of time, or on their folder keeps all that it may touch.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import type { RouteSketch } from '../kafka/pipeline-file/pipeline.ts'
import { HEAD_BYTES, readSketchHead } from '../measures/sketch-form.ts'
import { isSketchOf, sketchOfPart } from '../measures/sketch-name.ts'
import { deleteFile } from './delete-stored.ts'
import { readHolds } from './holds-file.ts'
import { fileTarget, mayDelete } from './may-delete.ts'

export interface Expired {
  readonly deleted: number
  /** Kept by a legal hold. */
  readonly held: number
  /** Those whose head cannot be read. They go when they are as old as the longest that could be kept. */
  readonly unread: number
}

/** A file that a killed process has left is not written to any more. */
const PART_MS = 86_400_000

/**
 * `now`: ms since the epoch. A shorter `keep` than the one that a file was written under counts for it too.
 * @throws LetheError where the folder or the holds cannot be read, or a file cannot be deleted
 */
export function deleteExpired(
  owner: { readonly pipeline: string; readonly route: string },
  { folder, keep, period, holds }: Pick<RouteSketch, 'folder' | 'keep' | 'period' | 'holds'>,
  now: number,
): Expired {
  const lookAgain = holds === undefined ? undefined : () => readHolds(holds)
  const inForce = lookAgain?.() ?? []
  let [deleted, held, unread] = [0, 0, 0]
  for (const name of namesIn(folder)) {
    const file = join(folder, name)
    const part = sketchOfPart(name)
    if (!isSketchOf(part ?? name, owner)) continue
    const age = ageOf(file, now)
    if (age === undefined) continue
    const head = part === undefined ? readHead(file) : undefined
    if (part === undefined && head === undefined) unread++
    const isOver =
      head === undefined
        ? age > (part === undefined ? period + keep : Math.min(keep, PART_MS))
        : now >= Math.min(Date.parse(head.expires), Date.parse(head.until) + keep)
    if (!isOver) continue
    const verdict = mayDelete({ target: fileTarget(file) }, inForce, now, lookAgain)
    if (!verdict.allowed) {
      held++
      continue
    }
    deleteFile(file, verdict.permit)
    deleted++
  }
  return { deleted, held, unread }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw fileError(folder, error)
  }
}

/** Since it was written last; undefined where it is gone by now. */
function ageOf(file: string, now: number): number | undefined {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat?.isFile() === true ? now - stat.mtimeMs : undefined
}

function readHead(file: string) {
  try {
    const descriptor = openSync(file, 'r')
    try {
      const bytes = Buffer.alloc(HEAD_BYTES)
      return readSketchHead(bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0)))
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (error instanceof LetheError) throw error
    return undefined
  }
}
