/**
 * Dates and times as data write them. One reader, compiled once from the forms, the zone and the range that a rule states,
 * serves every transform and `time:` of a policy. What is not written in a stated form is not guessed at: no order of day
 * and month, no unit of a number, no century, no zone.
 *
 * Forms, each described where it is read: `rfc3339`, `date` and `date-time` (calendar/rfc3339.ts), `auto` (a `date`, `rfc3339`,
 * the other forms of ISO 8601 that name an offset, calendar/iso.ts, and `rfc1123`, calendar/mail-date.ts), patterns
 * (calendar/pattern.ts) and numbers since 1970 (calendar/epoch.ts). Of several, the first in order counts that reads a text
 * and whose range it lies in.
 *
 * Instants are whole milliseconds; what is finer is cut off. A local time that occurs twice is the first; one that the clock
 * leaves out is read with the offset before (calendar/zone.ts).
 */
import { type BoundOptions, compileBounds } from './calendar/bounds.ts'
import type { Form, Written } from './calendar/form.ts'
import { compileForm } from './calendar/forms.ts'
import { DAY_MS, FIRST_DAY, LAST_DAY, MINUTE_MS } from './calendar/gregorian.ts'
import { compileZone, type Zone } from './calendar/zone.ts'
import { Failure, fail, OptionError } from './transform.ts'

/** What a policy says of how a date is written. */
export interface ReadingOptions extends BoundOptions {
  readonly format: string
  /** In place of `format`: several, in order. */
  readonly formats?: readonly string[] | undefined
}

/** One form of those that a rule takes. */
export interface Reading {
  readonly form: Form
  /** What is written: a failure where it is not of this form, or lies outside of the range. `now` in ms since the epoch. */
  readonly read: (text: string, now: number) => Written | Failure
}

/** A text to what is wanted of it. `now`: the instant of the run, ms since the epoch. */
export type Reader<T> = (text: string, now: number) => T | Failure

/**
 * The forms that `options` name, in order, as they read in `zone`. Throws `OptionError` for what is not a form, for several of
 * which one text could mean two days, and for a range that is none.
 */
export function compileReadings(options: ReadingOptions, zone: Zone): readonly Reading[] {
  const { format, formats } = options
  if (formats === undefined) return [readingOf(compileForm(format), options, zone)]
  const readings = formats.map((one, at) => {
    try {
      return readingOf(compileForm(one), options, zone)
    } catch (error) {
      if (!(error instanceof OptionError) || error.option !== 'format') throw error
      throw new OptionError(`format ${at + 1} of the list: ${error.message}`, 'formats', error.suggestion)
    }
  })
  checkTogether(readings.map(({ form }) => form))
  return readings
}

const UNPARSABLE = fail('unparsable')

function readingOf(form: Form, options: ReadingOptions, zone: Zone): Reading {
  const inRange = compileBounds(options, form.counts, zone)
  const { read } = form
  if (inRange === undefined) return { form, read: (text) => read(text) ?? UNPARSABLE }
  return {
    form,
    read: (text, now) => {
      const written = read(text)
      if (written === undefined) return UNPARSABLE
      // Of a number they may have no end.
      const isInCalendar = written.days >= FIRST_DAY && written.days <= LAST_DAY
      return isInCalendar && inRange(instantOf(written, zone), now) ? written : fail('out-of-domain')
    },
  }
}

/** Dates whose parts can stand for one another. */
const CONFUSABLE: readonly Written[] = ['2011-10-12', '2003-02-01', '2012-11-10'].map((text) => ({
  ...compileForm('date').read(text)!,
  time: 7 * 3_600_000 + 8 * MINUTE_MS + 9000,
  offset: 60,
}))

function checkTogether(forms: readonly Form[]): void {
  forms.forEach((form, at) => {
    for (const other of forms.slice(0, at)) {
      if (form.name === other.name)
        throw new OptionError('the list names a format twice', 'formats', 'remove one of the two')
      const mixes = (one: Form, two: Form) =>
        CONFUSABLE.some((moment) => {
          const days = two.read(one.write(moment)!)?.days
          return !one.counts && !two.counts && days !== undefined && days !== moment.days
        })
      if (mixes(form, other) || mixes(other, form))
        throw new OptionError(
          `one text can be a day of format ${forms.indexOf(other) + 1} of the list, and another one of format ${at + 1}`,
          'formats',
          'keep the one that the values are written in: which is day and which is month is not guessed',
        )
    }
  })
}

/** The instant of what is written, ms since the epoch; what has no offset is on the clock of the zone. */
export function instantOf({ days, time, offset }: Written, zone: Zone): number {
  const clock = days * DAY_MS + (time ?? 0)
  return offset === undefined ? zone.instantOf(clock) : clock - offset * MINUTE_MS
}

/**
 * Makes one reader of several: the first that takes a text decides. What one of them could read, and lies outside of its
 * range, is out of domain.
 */
export function firstOf<T>(readers: readonly Reader<T>[]): Reader<T> {
  const [first] = readers
  if (readers.length === 1) return first!
  return (text, now) => {
    let failure = fail('unparsable')
    for (const read of readers) {
      const result = read(text, now)
      if (!(result instanceof Failure)) return result
      if (result.code === 'out-of-domain') failure = result
    }
    return failure
  }
}

/**
 * The reader of instants, ms since the epoch: of event times, and of what people write on command lines. A bare date is the
 * first instant of its day. `zone` says whose clock what has no offset is on: moments require it, bare dates take UTC without
 * it, and it is refused where every form names its offset. Throws `OptionError`.
 */
export function compileTimeReader(
  options: ReadingOptions & { readonly zone?: string | undefined },
): Reader<number> {
  const zone = compileZone(options.zone ?? 'UTC')
  const readings = compileReadings(options, zone)
  const needing = readings.find(({ form }) => form.zone === 'needed')
  if (needing !== undefined && options.zone === undefined)
    throw new OptionError(
      `format ${needing.form.name} has no offset, so its time zone must be stated`,
      'zone',
      'add zone, e.g. zone: Europe/Berlin, or zone: UTC',
    )
  if (options.zone !== undefined && readings.every(({ form }) => form.zone === 'unused'))
    throw new OptionError(
      `format ${readings.map(({ form }) => form.name).join(', ')} names an instant; a zone changes nothing`,
      'zone',
      'remove zone',
    )
  return firstOf(
    readings.map(({ read }) => (text: string, now: number) => {
      const written = read(text, now)
      return written instanceof Failure ? written : instantOf(written, zone)
    }),
  )
}

/** The reader of RFC 3339 and, with `dates`, of full-dates in UTC; undefined for all else. */
export function readMoment(text: string, dates: boolean): number | undefined {
  const written = compileForm(dates && text.length === 10 ? 'date' : 'rfc3339').read(text)
  return written && instantOf({ ...written, offset: written.offset ?? 0 }, compileZone('UTC'))
}
