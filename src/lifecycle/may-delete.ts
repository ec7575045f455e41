/** Whether something that is stored may be deleted. Every path that deletes goes through here: nothing else makes a permit. */
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isObjectName, parseObjectName, printObjectName } from '../files/objects/object-name.ts'
import { type Hold, stateOf, type TargetName } from './legal-hold.ts'

/** What is to be deleted. */
export interface Deletion {
  readonly target: TargetName
  /** The time of its events: `[from, until)` in ms since 1970. Undefined: not known, so that every span touches it. */
  readonly from?: number | undefined
  readonly until?: number | undefined
  /** Whether it holds something of the subjects of a hold. Where this is not said, it does. */
  readonly isOf?: ((hold: Hold) => boolean) | undefined
}

const permits = new WeakSet<Permit>()

/** What `mayDelete` gives, and what deletes asks for. */
export class Permit {
  readonly target: TargetName
  /** A hold that was added since it was given. Asked right before something is deleted. */
  readonly addedSince: () => Hold | undefined
  constructor(target: TargetName, addedSince: () => Hold | undefined = () => undefined) {
    this.target = target
    this.addedSince = addedSince
  }
}

/** Legal holds, and how they are looked at again; without that, they do not change while a command works. */
export interface HeldSetting {
  readonly holds: readonly Hold[]
  readonly lookAgain?: (() => readonly Hold[]) | undefined
}

/** Whether the permit is of `mayDelete`, and for this target. */
export const isPermitFor = (permit: Permit, target: TargetName): boolean =>
  permits.has(permit) && permit.target === target

export type DeletionVerdict =
  | { readonly allowed: true; readonly permit: Permit }
  | { readonly allowed: false; readonly hold: Hold }

/**
 * `now` in ms since 1970: a hold that has expired, or was released, holds nothing. With `lookAgain` the permit is void once
 * another hold is on the target.
 */
export function mayDelete(
  deletion: Deletion,
  holds: readonly Hold[],
  now: number,
  lookAgain?: () => readonly Hold[],
): DeletionVerdict {
  const hold = holds.find((one) => stateOf(one, now) === 'in force' && touches(one, deletion))
  if (hold !== undefined) return { allowed: false, hold }
  const { target } = deletion
  const known = (id: string): boolean => holds.some((one) => one.id === id)
  const permit = new Permit(
    target,
    lookAgain && (() => holdsOn(target, lookAgain(), now).find(({ id }) => !known(id))),
  )
  permits.add(permit)
  return { allowed: true, permit }
}

/** The holds in force on a target, whatever the time of the events: none needs to be asked row by row. */
export function holdsOn(target: TargetName, holds: readonly Hold[], now: number): readonly Hold[] {
  return holds.filter((hold) => stateOf(hold, now) === 'in force' && covers(hold, target))
}

function touches(hold: Hold, { target, from, until, isOf }: Deletion): boolean {
  return (
    covers(hold, target) &&
    (hold.subjects === undefined || isOf?.(hold) !== false) &&
    (hold.until === null || from === undefined || from < hold.until) &&
    (hold.from === null || until === undefined || until > hold.from)
  )
}

const covers = ({ target: held, leadsTo }: Hold, target: TargetName): boolean =>
  held === null || isIn(target, held) || (leadsTo !== undefined && isIn(target, leadsTo))

const isIn = (target: TargetName, held: TargetName): boolean =>
  held === target ||
  // Of an object, too: who holds it may have written a slash behind its name.
  (held.startsWith('file:') && `${target}/`.startsWith(`${held.replace(/\/$/, '')}/`))

/**
 * A file or folder as targets name it: absolute, and links in the names of its folders followed, as far as these are there; or an object,
 * or all below a prefix. @throws LetheError (usage) where no object can have this name
 */
export function fileTarget(file: string): TargetName {
  if (isObjectName(file)) return `file:${printObjectName(parseObjectName(file))}`
  const path = resolve(file)
  let rest = ''
  for (let at = path; ; at = dirname(at)) {
    try {
      return `file:${join(realpathSync(at), rest)}`
    } catch {
      if (dirname(at) === at) return `file:${path}`
      rest = join(basename(at), rest)
    }
  }
}
