/** Dates as `generalize.date`, `generalize.age` and `generalize.birth-year` read them. */
import { compileReadings, firstOf, instantOf, type Reader, type ReadingOptions } from '../calendar.ts'
import { Failure } from '../transform.ts'
import { compileForm } from './forms.ts'
import { DAY_MS } from './gregorian.ts'
import type { Zone } from './zone.ts'

/** A date or a moment on the clock of a zone. */
export interface CivilTime {
  /** Days since 1970-01-01. */
  readonly days: number
  /** Milliseconds since midnight; undefined for a bare date, which no zone moves. */
  readonly time: number | undefined
  /** What the clock is ahead of UTC, in ms. */
  readonly offset: number
}

/** The reader of values as dates or moments in `zone`. */
export function compileCivilReader(options: ReadingOptions, zone: Zone): Reader<CivilTime> {
  return firstOf(
    compileReadings(options, zone).map(
      ({ read }): Reader<CivilTime> =>
        (text, now) => {
          const written = read(text, now)
          if (written instanceof Failure) return written
          if (written.time === undefined) return { days: written.days, time: undefined, offset: 0 }
          return civilTime(instantOf(written, zone), zone)
        },
    ),
  )
}

/**
 * The reader of dates, in days since 1970-01-01. The date counts as it is written: `1985-03-12T00:00:00+09:00` is
 * 12 March, whatever the zone. Only epoch numbers, which write none, become one in `zone`.
 */
export function compileDateReader(options: ReadingOptions, zone: Zone): Reader<number> {
  return firstOf(
    compileReadings(options, zone).map(
      ({ form, read }): Reader<number> =>
        (text, now) => {
          const written = read(text, now)
          if (written instanceof Failure) return written
          if (!form.counts || written.time === undefined) return written.days
          return civilTime(instantOf(written, zone), zone).days
        },
    ),
  )
}

/** Names of the formats, in order. */
export function formatsOf({ format, formats }: ReadingOptions): readonly string[] {
  return formats ?? [format]
}

/** Whether some of the formats are of numbers since 1970. */
export function readsEpochs(options: ReadingOptions): boolean {
  return formatsOf(options).some((format) => format.startsWith('epoch-'))
}

/**
 * Version 2 is of numbers since 1970: they have a range, and may have a fraction. Under other formats a result is what it
 * was, and what failed before is read at most.
 */
export function versionOfReading(options: ReadingOptions): 2 | undefined {
  return readsEpochs(options) ? 2 : undefined
}

/** Whether no value has a time, but in numbers of days a fraction. False for what is not a format. */
export function isDatesOnly(options: ReadingOptions): boolean {
  try {
    return formatsOf(options).every((format) => format === 'epoch-days' || compileForm(format).bare)
  } catch {
    return false
  }
}

/** What the clock of a zone shows at an instant. */
export function civilTime(instant: number, zone: Zone): CivilTime & { readonly time: number } {
  const offset = zone.offsetAt(instant)
  const clock = instant + offset
  // As 32-bit integers these are several times faster as keys of maps.
  const days = Math.floor(clock / DAY_MS) | 0
  return { days, time: (clock - days * DAY_MS) | 0, offset }
}
