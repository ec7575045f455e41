/** What a subject said of one purpose, over time: its whole history, so that the last record of a subject says it all. */
import { LetheError } from '../errors.ts'

export interface ConsentStatement {
  readonly state: 'granted' | 'withdrawn'
  /** From when it holds, ms since the epoch: until the next statement. */
  readonly from: number
  /** Of a consent that ends by itself: until when, ms since the epoch. */
  readonly until?: number | undefined
  /** Where it was said, and by which notice it was asked for. */
  readonly source?: string | undefined
  readonly notice?: string | undefined
}

/** What a consent table says of one subject for one purpose. */
export interface ConsentRecord {
  readonly key: string
  readonly token: Buffer
  readonly purpose: string
  readonly history: readonly ConsentStatement[]
}

/** Clocks differ: a statement may lie so far in the future and still count as now. */
export const TOLERANCE_MS: number = 5 * 60_000

/** Free texts of a history: no line breaks, and short. */
export const CONSENT_TEXT: RegExp = /^[^\p{Cc}"\\]{1,100}$/u

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/

/** An instant of a table: RFC 3339 in UTC, at most milliseconds. Undefined where it is none. */
export function instantOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || !INSTANT.test(text)) return undefined
  const time = Date.parse(text)
  // 30 February is taken for 2 March by the platform.
  return Number.isNaN(time) || !new Date(time).toISOString().startsWith(text.slice(0, 19)) ? undefined : time
}

export const instantText = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')

/** Why statements are no history, in order of time; undefined where they are one. */
export function conflictIn(history: readonly ConsentStatement[], now: number): string | undefined {
  for (const [at, { from, until, state }] of history.entries()) {
    const next = history[at + 1]
    if (from > now + TOLERANCE_MS) return `statement ${at + 1} lies in the future`
    if (until !== undefined && state === 'withdrawn') return `statement ${at + 1} is a withdrawal with an end`
    if (until !== undefined && until <= from) return `statement ${at + 1} ends before it begins`
    if (next !== undefined && next.from === from)
      return `statements ${at + 1} and ${at + 2} say two things of one instant`
    if (next !== undefined && next.from < from) return `statement ${at + 2} lies before statement ${at + 1}`
  }
  return history.length === 0 ? 'it holds no statement' : undefined
}

/** A history with one more statement, in its place. @throws LetheError (usage) where it contradicts another one */
export function withStatement(
  history: readonly ConsentStatement[],
  statement: ConsentStatement,
  now: number,
): readonly ConsentStatement[] {
  const same = history.find(({ from }) => from === statement.from)
  if (same !== undefined && same.state === statement.state && same.until === statement.until) return history
  const all = [...history, statement].sort((a, b) => a.from - b.from)
  const conflict = conflictIn(all, now)
  if (conflict !== undefined)
    throw new LetheError(
      'consent-invalid',
      `this is no history: ${conflict}`,
      'state the instants at which it was said: --at TIME, or the column from',
    )
  return all
}
