/**
 * The event time of stored rows. It was generalized, most often, so a row names an interval: its event lies somewhere in it. What
 * is done to a row because of its age goes by the end of the interval, so that no event is taken to be older than it is.
 */
import { intervalEnd, intervalStart } from '../../transforms/calendar/interval.ts'
import type { Plan } from '../policy/plan.ts'
import type { StoredTime } from '../policy/published-time.ts'

export interface TimeInterval {
  /** ms since 1970. */
  readonly start: number
  /** The first instant behind it. */
  readonly end: number
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Of a zone that is not UTC: clocks go up to 14 hours ahead, and 12 behind. */
export const AHEAD_MS: number = 14 * HOUR_MS
export const BEHIND_MS: number = 12 * HOUR_MS
/** Offsets of zones are whole quarters of an hour: a day begins at one. */
export const QUARTER_MS: number = HOUR_MS / 4

/** Reads a stored time; undefined where it tells none. `plan`: of the policy that wrote it, where it is at hand. */
export function intervalReader(
  { form, utc }: StoredTime,
  plan: Pick<Plan, 'time'> | undefined,
): (text: string, now: number) => TimeInterval | undefined {
  const written = (text: string): TimeInterval | undefined => {
    const start = intervalStart(text)
    const end = intervalEnd(text)
    if (start === undefined || end === undefined) return undefined
    // A date-time says its offset.
    return utc || text.includes('T') ? { start, end } : { start: start - AHEAD_MS, end: end + BEHIND_MS }
  }
  if (form === 'interval') return written
  return (text, now) => {
    const time = plan?.time?.read(text, now)
    // As another policy read it: only what says all itself.
    if (plan === undefined) return /[Zz]$|[+-]\d\d:\d\d$/.test(text) ? written(text) : undefined
    if (typeof time !== 'number') return undefined
    // It may have been a date, whose day is not over before its end.
    return { start: time, end: time % QUARTER_MS === 0 ? time + DAY_MS + BEHIND_MS : time + 1000 }
  }
}
