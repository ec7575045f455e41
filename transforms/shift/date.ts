/**
 * `shift.date`: moves all dates of one data subject by the same number of days, which only the key tells.
 *
 * The shift of a subject: the first 16 bytes of HMAC-SHA-256(field key for use `shift` and the domain, UTF-8 of
 * `<maxDays>/<multipleOf, else 1>/<subject>`), as one big-endian number, modulo 2n, where n = maxDays divided by
 * multipleOf, rounded down; a result i below n means (i - n) steps of multipleOf days, another (i - n + 1). So every shift
 * but 0 is equally likely, and what is known of one subject's shift, or of one under other options, says nothing
 * of another (functions that are linear in the subject's bytes do not have this property).
 */
import { z } from 'zod'
import { versionOfReading } from '../calendar/dates.ts'
import { dateFormat, moreReading } from '../calendar/reading-options.ts'
import { compileZone } from '../calendar/zone.ts'
import { compileReadings, firstOf } from '../calendar.ts'
import { hmacSha256, integerBelow } from '../keyed.ts'
import {
  defineTransform,
  Failure,
  fail,
  OptionError,
  type Result,
  type Transform,
  type Weakness,
} from '../transform.ts'

const options = z.strictObject({
  maxDays: z
    .int()
    .min(1)
    .max(3650)
    .default(30)
    .describe('The largest shift, in days, back or forth. No date stays where it is.'),
  multipleOf: z
    .literal(7)
    .optional()
    .describe('Shifts by whole weeks only, so that weekdays stay. It leaves a seventh of the shifts.'),
  domain: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    .default('subject')
    .describe(
      'Fields of one domain, maxDays and multipleOf shift a subject alike, so that intervals between them stay; fields of different domains shift independently.',
    ),
  format: dateFormat
    .default('auto')
    .describe(`${dateFormat.description} The result is written in the same way.`),
  ...moreReading,
})

type Options = z.output<typeof options>

/** How many steps there are in one direction. */
function stepsEachWay({ maxDays, multipleOf }: Options): number {
  return Math.floor(maxDays / (multipleOf ?? 1))
}

function weaknesses(chosen: Options): Weakness[] {
  const shifts = 2 * stepsEachWay(chosen)
  if (shifts >= 14 || shifts === 0) return []
  return [
    {
      option: 'maxDays',
      reason: `there are only ${shifts} different shifts: a true date is easily guessed`,
      suggestion: chosen.multipleOf === undefined ? 'maxDays: 7 or more' : 'maxDays: 49 or more',
    },
  ]
}

/** Subjects whose shift is remembered: an HMAC costs about 2 µs, and events of a subject stand together. */
const REMEMBERED = 16_384
/** Of longer texts only the last is remembered, so that the memory is bounded in bytes as well. */
const REMEMBERED_LENGTH = 128

/** Subject to days, of which the two last generations are remembered. */
function compileShift(chosen: Options, key: Uint8Array): (subject: string) => number {
  const mac = hmacSha256(key)
  const steps = stepsEachWay(chosen)
  const unit = chosen.multipleOf ?? 1
  const prefix = `${chosen.maxDays}/${unit}/`
  const compute = (subject: string): number => {
    const index = integerBelow(mac(prefix + subject), 2 * steps)
    return (index < steps ? index - steps : index - steps + 1) * unit
  }
  let recent = new Map<string, number>()
  let older = new Map<string, number>()
  let longSubject: string | undefined
  let longDays = 0
  return (subject) => {
    if (subject.length > REMEMBERED_LENGTH) {
      // The values of one record, which stand together.
      if (subject !== longSubject) longDays = compute(subject)
      // Of an equal text, too: to compare a text with itself takes no time, and with an equal one its length.
      longSubject = subject
      return longDays
    }
    let days = recent.get(subject)
    if (days !== undefined) return days
    days = older.get(subject) ?? compute(subject)
    if (recent.size >= REMEMBERED) {
      older = recent
      recent = new Map()
    }
    recent.set(subject, days)
    return days
  }
}

/** The mover of values. The range is that of what is moved; what has no offset counts in UTC there. */
function compileMove(chosen: Options): (text: string, days: number, now: number) => Result {
  const readings = compileReadings(chosen, compileZone('UTC'))
  // One function for each form, which all see the same days.
  let by = 0
  const move = firstOf(
    readings.map(({ form, read }) => (text: string, now: number) => {
      const written = read(text, now)
      return written instanceof Failure ? written : (form.move(text, written, by) ?? fail('out-of-domain'))
    }),
  )
  return (text, days, now) => {
    by = days
    return move(text, now)
  }
}

export const date: Transform = defineTransform({
  name: 'shift.date',
  summary:
    'Moves all dates of a data subject by one secret number of days, so that intervals within the subject stay exact.',
  version: 1,
  versionOf: versionOfReading,
  options,
  properties: {
    reversible: "by the key's holder, and by anyone who knows one true date of the subject",
    repeatable: 'per subject',
    uniqueness: 'lossy',
    formatKept:
      'all of it: precision, time of day, offset and separators; a leap second (60) becomes second 59, a weekday that of the result, and the name of a zone in brackets is left out',
    accepts:
      'a full-date, or a date-time with offset as ISO 8601, RFC 3339 and RFC 1123 have it; with `format` what a pattern says, local date-times and epoch numbers, which stay what they are',
    yields: 'the same form as the value, at least one day away from it',
    keyed: true,
    needs: ['subject'],
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {
    unparsable: 'it is not written in a stated format, or the day does not exist',
    'out-of-domain':
      'it lies before notBefore or after notAfter, which epoch numbers always have, or the result outside the years 0001 to 9999',
    'subject-missing': 'the record names no data subject, so there is no shift',
  },
  doesNotStop:
    'Anyone who knows one true date of a subject has the shift, and all other dates of that subject in this domain. Rare sequences of intervals, the season, the time of day and, with multipleOf: 7, the weekday stay recognisable.',
  examples: [
    {
      title: 'Up to 30 days, back or forth',
      options: {},
      input: '2024-07-15',
      subject: 'cust-1001',
      output: '2024-07-01',
    },
    {
      title: 'The same subject moves by the same days, whatever the field',
      options: {},
      input: '2024-07-20T13:45:00.5+02:00',
      subject: 'cust-1001',
      output: '2024-07-06T13:45:00.5+02:00',
    },
    {
      title: 'Another subject moves otherwise',
      options: {},
      input: '2024-07-15',
      subject: 'cust-1002',
      output: '2024-08-02',
    },
    {
      title: 'A Monday stays a Monday',
      options: { maxDays: 70, multipleOf: 7 },
      input: '2024-07-15',
      subject: 'cust-1001',
      output: '2024-06-10',
    },
    {
      title: 'Epoch seconds stay epoch seconds',
      options: { format: 'epoch-seconds' },
      input: '1721051100',
      subject: 'cust-1001',
      output: '1719841500',
    },
    {
      title: 'A record without a data subject',
      options: {},
      input: '2024-07-15',
      output: { fails: 'subject-missing' },
    },
  ],
  weaknesses,
  reveals: (chosen) => ({
    tells: 'noisy',
    of: 'date',
    candidates: 2 * stepsEachWay(chosen),
    draw: `shift ${chosen.maxDays}/${chosen.multipleOf ?? 1}`,
    domain: chosen.domain,
  }),
  compile: (chosen, context) => {
    if (stepsEachWay(chosen) === 0)
      throw new OptionError(
        `there is no multiple of ${chosen.multipleOf} days up to ${chosen.maxDays}`,
        'maxDays',
        'maxDays: 49 or more',
      )
    const shiftOf = compileShift(chosen, context.key('shift', chosen.domain).bytes)
    const move = compileMove(chosen)
    return {
      yields: 'same',
      // The space of RFC 3339 is not among the characters that need no quotes.
      plain: false,
      apply: (text, { subject, now }) =>
        subject === undefined ? fail('subject-missing') : move(text, shiftOf(subject), now),
    }
  },
})
