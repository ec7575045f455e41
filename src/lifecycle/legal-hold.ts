/** Legal holds: what must not be deleted, until when, and who says so. docs/lifecycle.md writes the format of their file down. */
import { canonicalJson } from '../policy/fingerprint.ts'
import { type FindersFor, type HeldSubjects, heldSubjectsForm } from './held-subjects.ts'

/** A file or folder, or a topic. */
export type TargetName = `file:${string}` | `topic:${string}`

export interface Hold {
  readonly id: string
  /** What is held: a file, all below a folder, or a topic. Null: every target. */
  readonly target: TargetName | null
  /** Where that leads to now, through links that came since the hold was added; undefined where it is the same. */
  readonly leadsTo?: TargetName | undefined
  /** Events from then on (ms since 1970); null: from the first. */
  readonly from: number | null
  /** Events before then; null: to the last. */
  readonly until: number | null
  /** Rows of these alone; undefined: of everyone. */
  readonly subjects?: HeldSubjects | undefined
  /** How rows of its subjects are told; undefined where that was not asked for, so that every row counts as theirs. */
  readonly findersFor?: FindersFor | undefined
  readonly owner: string
  readonly reason: string
  /** Of a topic: how its records are kept from the broker, which knows no hold. */
  readonly kept: string | null
  readonly added: number
  readonly expires: number
  /** When it was released; undefined where it was not. */
  readonly released: number | undefined
}

export type HoldState = 'in force' | 'expired' | 'released'

export function stateOf({ released, expires }: Hold, now: number): HoldState {
  return released !== undefined ? 'released' : expires <= now ? 'expired' : 'in force'
}

/** The ids of holds that have expired and were not released: orders and people are told. */
export const expiredOf = (holds: readonly Hold[], now: number): readonly string[] =>
  holds.filter((hold) => stateOf(hold, now) === 'expired').map(({ id }) => id)

export const HOLD_ID: RegExp = /^h[0-9a-f]{8}$/
/** 2 to 100 characters on one line. */
export const OWNER: RegExp = /^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{2,100}$/u
/** 10 to 1,000 characters on one line. */
export const REASON: RegExp = /^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{10,1000}$/u

const HEAD = { lethe: 'hold', v: 1 }
const timeText = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())

/** The line that adds a hold, without its line end. */
export function addLine(hold: Omit<Hold, 'released'>): string {
  const { id, target, from, until, subjects, owner, reason, kept, added, expires } = hold
  return canonicalJson({
    ...HEAD,
    event: 'add',
    ...{ id, target, owner, reason, kept },
    ...(subjects === undefined ? {} : { subjects }),
    ...{ from: timeText(from), until: timeText(until), time: timeText(added), expires: timeText(expires) },
  })
}

/** The line that releases one. */
export function releaseLine(id: string, owner: string, reason: string, now: number): string {
  return canonicalJson({ ...HEAD, event: 'release', id, owner, reason, time: timeText(now) })
}

/** The holds of a file, in order; a number is that of a line, from 1, that is no hold. */
export function parseHolds(text: string): readonly Hold[] | number {
  const holds = new Map<string, Hold>()
  const lines = text.split('\n')
  // What follows the last line end is nothing; a line that was cut short is not nothing.
  if (lines.at(-1) === '') lines.pop()
  for (const [at, line] of lines.entries()) {
    const read = readLine(line)
    if (read === undefined) return at + 1
    const known = holds.get(read.id)
    if ('expires' in read) {
      if (known !== undefined) return at + 1
      holds.set(read.id, { ...read, released: undefined })
    } else {
      if (known === undefined || known.released !== undefined) return at + 1
      holds.set(read.id, { ...known, released: read.time })
    }
  }
  return [...holds.values()]
}

function readLine(
  line: string,
): Omit<Hold, 'released'> | { readonly id: string; readonly time: number } | undefined {
  let read: Record<string, unknown>
  try {
    read = Object(JSON.parse(line))
  } catch {
    return undefined
  }
  const { id, target, owner, reason, kept, event } = read
  const isText = (value: unknown, form: RegExp): value is string =>
    typeof value === 'string' && form.test(value)
  const time = timeOf(read['time'])
  if (!isText(id, HOLD_ID) || !isText(owner, OWNER) || !isText(reason, REASON) || typeof time !== 'number')
    return undefined
  if (event === 'release') return releaseLine(id, owner, reason, time) === line ? { id, time } : undefined
  const from = timeOf(read['from'])
  const until = timeOf(read['until'])
  const expires = timeOf(read['expires'])
  if (from === undefined || until === undefined || typeof expires !== 'number') return undefined
  if (target !== null && !isText(target, /^(?:file|topic):./)) return undefined
  if (kept !== null && !isText(kept, REASON)) return undefined
  const subjects = 'subjects' in read ? heldSubjectsForm.safeParse(read['subjects']) : undefined
  if (subjects?.success === false) return undefined
  const hold = {
    id,
    target: target as TargetName | null,
    from,
    until,
    ...(subjects === undefined ? {} : { subjects: subjects.data }),
    owner,
    reason,
    kept,
    added: time,
    expires,
  }
  return addLine(hold) === line ? hold : undefined
}

function timeOf(value: unknown): number | null | undefined {
  if (value === null) return null
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
