/**
 * The range that dates have to lie in. Numbers since 1970 have one always: a number tells nothing of its unit, and what is
 * read in a wrong one lies decades off.
 */
import { OptionError } from '../transform.ts'
import { FIRST_MS, LAST_MS } from './epoch.ts'
import { DAY_MS, MINUTE_MS } from './gregorian.ts'
import { addPeriod, parsePeriod } from './period.ts'
import { readWritten } from './rfc3339.ts'
import type { Zone } from './zone.ts'

/** The range of epoch numbers, where none is stated: from this date to `EPOCH_AHEAD` after now. */
export const EPOCH_FROM = '1990-01-01'
export const EPOCH_AHEAD = '1y'

/** Options as a policy writes them: a date, which counts with all of its day on the clock of the zone, or RFC 3339. */
export interface BoundOptions {
  readonly notBefore?: string | undefined
  readonly notAfter?: string | undefined
}

/** Whether an instant lies in the range; both in ms since the epoch, `now` may be without end. */
export type InRange = (instant: number, now: number) => boolean

/** The range of a form; undefined where every date will do. Throws `OptionError` for what is not a date. */
export function compileBounds(options: BoundOptions, counts: boolean, zone: Zone): InRange | undefined {
  const { notBefore, notAfter } = options
  if (!counts && notBefore === undefined && notAfter === undefined) return undefined
  const first =
    notBefore === undefined && !counts ? FIRST_MS : edge(notBefore ?? EPOCH_FROM, 'notBefore', 0, zone)
  if (notAfter === undefined && counts) {
    const ahead = parsePeriod(EPOCH_AHEAD)!
    // `now` is one for a batch of records at least.
    let known = Number.NaN
    let last = 0
    return (instant, now) => {
      if (now !== known) {
        known = now
        last = Number.isFinite(now) ? Math.min(addPeriod(now, ahead), LAST_MS) : LAST_MS
      }
      return instant >= first && instant <= last
    }
  }
  const last = notAfter === undefined ? LAST_MS : edge(notAfter, 'notAfter', 1, zone)
  if (last < first)
    throw new OptionError(
      'notAfter lies before notBefore, so that no date would do',
      'notAfter',
      'write a later one',
    )
  return (instant) => instant >= first && instant <= last
}

/** The instant of a bound: of a date its first, or with `days: 1` its last. */
function edge(text: string, option: string, days: 0 | 1, zone: Zone): number {
  const written = readWritten(text)
  if (written === undefined || (written.time !== undefined && written.offset === undefined))
    throw new OptionError(
      `${option} is neither a date nor an RFC 3339 timestamp`,
      option,
      'write it as 1990-01-01, or as 1990-01-01T00:00:00Z',
    )
  const { time, offset } = written
  if (time !== undefined) return written.days * DAY_MS + time - offset! * MINUTE_MS
  return zone.instantOf((written.days + days) * DAY_MS) - days
}
