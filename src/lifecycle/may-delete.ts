/** Whether something that is stored may be deleted. Every path that deletes goes through here: nothing else makes a permit. */
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type Hold, stateOf, type TargetName } from './legal-hold.ts'

/** What is to be deleted. */
export interface Deletion {
  readonly target: TargetName
  /** The time of its events: `[from, until)` in ms since 1970. Undefined: not known, so that every span touches it. */
  readonly from?: number | undefined
  readonly until?: number | undefined
}

const permits = new WeakSet<Permit>()

/** What `mayDelete` gives, and what deletes asks for. */
export class Permit {
  readonly target: TargetName
  constructor(target: TargetName) {
    this.target = target
  }
}

/** Whether the permit is of `mayDelete`, and for this target. */
export const isPermitFor = (permit: Permit, target: TargetName): boolean =>
  permits.has(permit) && permit.target === target

export type DeletionVerdict =
  | { readonly allowed: true; readonly permit: Permit }
  | { readonly allowed: false; readonly hold: Hold }

/** `now` in ms since 1970: a hold that has expired, or was released, holds nothing. */
export function mayDelete(deletion: Deletion, holds: readonly Hold[], now: number): DeletionVerdict {
  const hold = holds.find((one) => stateOf(one, now) === 'in force' && touches(one, deletion))
  if (hold !== undefined) return { allowed: false, hold }
  const permit = new Permit(deletion.target)
  permits.add(permit)
  return { allowed: true, permit }
}

/** The holds in force on a target, whatever the time of the events: none needs to be asked row by row. */
export function holdsOn(target: TargetName, holds: readonly Hold[], now: number): readonly Hold[] {
  return holds.filter((hold) => stateOf(hold, now) === 'in force' && covers(hold.target, target))
}

function touches(hold: Hold, { target, from, until }: Deletion): boolean {
  return (
    covers(hold.target, target) &&
    (hold.until === null || from === undefined || from < hold.until) &&
    (hold.from === null || until === undefined || until > hold.from)
  )
}

const covers = (held: TargetName | null, target: TargetName): boolean =>
  held === null ||
  held === target ||
  (held.startsWith('file:') && target.startsWith(`${held.replace(/\/$/, '')}/`))

/** A file or folder as targets name it: absolute, and links in the names of its folders followed. */
export function fileTarget(file: string): TargetName {
  const path = resolve(file)
  try {
    return `file:${realpathSync(path)}`
  } catch {
    try {
      return `file:${join(realpathSync(dirname(path)), basename(path))}`
    } catch {
      return `file:${path}`
    }
  }
}
