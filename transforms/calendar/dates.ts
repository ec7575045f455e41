/** Dates as `generalize.date`, `generalize.age` and `generalize.birth-year` read them. */
import { z } from 'zod'
import { readEpoch, readWritten, TIME_FORMATS, type TimeFormat, timeZone, type Written } from '../calendar.ts'
import { DAY_MS, MINUTE_MS } from './gregorian.ts'
import type { Zone } from './zone.ts'

export type DateFormat = TimeFormat | 'auto'

const DATE_FORMATS = ['auto', ...TIME_FORMATS] as const

/** The schema of `format` for transforms of dates. */
export const dateFormat: z.ZodDefault<z.ZodEnum<{ [K in DateFormat]: K }>> = z
  .enum(DATE_FORMATS)
  .default('auto')
  .describe(
    'How the value is written: date (2024-07-15), rfc3339 (2024-07-15T13:45:00Z), auto (either of the two), date-time (2024-07-15T13:45:00, no offset), epoch-seconds or epoch-milliseconds (whole numbers since 1970-01-01T00:00Z).',
  )

/** The schema of `zone` where it defaults to UTC, saying what it is for. */
export function zoneFor(purpose: string): z.ZodDefault<z.ZodString> {
  return timeZone.default('UTC').describe(`${purpose} A name of the IANA time zone database, or UTC.`)
}

/** A date or a moment on the clock of a zone. */
export interface CivilTime {
  /** Days since 1970-01-01. */
  readonly days: number
  /** Milliseconds since midnight; undefined for a bare date, which no zone moves. */
  readonly time: number | undefined
  /** What the clock is ahead of UTC, in ms. */
  readonly offset: number
}

/** The reader of values as dates or moments in `zone`; undefined for what is not written in the format. */
export function compileCivilReader(format: DateFormat, zone: Zone): (text: string) => CivilTime | undefined {
  if (format === 'epoch-seconds' || format === 'epoch-milliseconds') {
    const unit = format === 'epoch-seconds' ? 1000 : 1
    return (text) => {
      const instant = readEpoch(text, unit)
      return instant === undefined ? undefined : civilTime(instant, zone)
    }
  }
  return (text) => {
    const written = readWritten(text)
    if (written === undefined || !isWrittenAs(written, format)) return undefined
    if (written.time === undefined) return { days: written.days, time: undefined, offset: 0 }
    const clock = written.days * DAY_MS + written.time
    return civilTime(
      written.offset === undefined ? zone.instantOf(clock) : clock - written.offset * MINUTE_MS,
      zone,
    )
  }
}

/**
 * The reader of dates, in days since 1970-01-01. The date counts as it is written: `1985-03-12T00:00:00+09:00` is
 * 12 March, whatever the zone. Only epoch numbers, which write none, become one in `zone`.
 */
export function compileDateReader(format: DateFormat, zone: Zone): (text: string) => number | undefined {
  if (format === 'epoch-seconds' || format === 'epoch-milliseconds') {
    const read = compileCivilReader(format, zone)
    return (text) => read(text)?.days
  }
  return (text) => {
    const written = readWritten(text)
    return written !== undefined && isWrittenAs(written, format) ? written.days : undefined
  }
}

/** Whether what was read is of the stated format. */
export function isWrittenAs(written: Written, format: DateFormat): boolean {
  if (written.offset !== undefined) return format === 'rfc3339' || format === 'auto'
  if (written.time !== undefined) return format === 'date-time'
  return format === 'date' || format === 'auto'
}

/** What the clock of a zone shows at an instant. */
export function civilTime(instant: number, zone: Zone): CivilTime & { readonly time: number } {
  const offset = zone.offsetAt(instant)
  const clock = instant + offset
  // As 32-bit integers these are several times faster as keys of maps.
  const days = Math.floor(clock / DAY_MS) | 0
  return { days, time: (clock - days * DAY_MS) | 0, offset }
}
