/** `generalize.birth-year`: the year of birth, with the oldest as one. */
import { z } from 'zod'
import { compileDateReader, formatsOf, versionOfReading } from '../calendar/dates.ts'
import { NAMED_FORMATS } from '../calendar/forms.ts'
import { civilFromDays, DAY_MS, daysFromCivil } from '../calendar/gregorian.ts'
import { moreReading, timeZone } from '../calendar/reading-options.ts'
import { compileZone, usesZoneData } from '../calendar/zone.ts'
import { sameBut } from '../restep.ts'
import { clockOf, part } from '../reveals/revelation.ts'
import { defineTransform, Failure, fail, OptionError, type Transform } from '../transform.ts'

/** The longest human life on record is 122 years: an older person was not born when the value says. */
const OLDEST = 130
/** HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i)(C): ages over 89, and years that show such an age, become one. */
const SAFE_HARBOR = 90

const options = z.strictObject({
  asOfYear: z
    .int()
    .min(1900)
    .max(9998)
    .describe(
      'The last year that the output may speak of or be used in. Those who reach topCode by the end of it become one with all older. Events after it fail, so that a policy cannot outlive its promise; state a year ahead of time to spare yourself the change.',
    ),
  topCode: z
    .int()
    .min(1)
    .max(OLDEST)
    .default(SAFE_HARBOR)
    .describe('The age from which all birth years become one, e.g. 1936-or-earlier for 90 as of 2026.'),
  format: z
    .union([z.enum(['year', ...NAMED_FORMATS]), z.string()])
    .default('auto')
    .describe(
      'How the value is written: year (four digits), auto (that, or any date that auto of generalize.date takes), and what else `format` of generalize.date names. The year counts as written.',
    ),
  zone: timeZone
    .optional()
    .describe(
      'In whose calendar the year of an epoch number is meant; UTC unless stated. Other formats write the year.',
    ),
  ...moreReading,
  notBefore: moreReading.notBefore.describe(
    `${moreReading.notBefore.description} Birth dates in epoch numbers need it: notBefore: 1900-01-01. A bare year has no other range than asOfYear gives.`,
  ),
})

type Options = z.output<typeof options>

/** The latest birth year of those who become one. */
function newestOfOldest({ asOfYear, topCode }: Options): number {
  return asOfYear - topCode
}

const YEAR = /^(?!0000)[0-9]{4}$/

const oldestOf = (last: number): string => `${String(last).padStart(4, '0')}-or-earlier`

/** The reader of years of birth. */
function compileYear(chosen: Options): (text: string, now: number) => number | Failure {
  const formats = formatsOf(chosen)
  const zone = compileZone(chosen.zone ?? 'UTC')
  const takesYears = formats.some((format) => format === 'year' || format === 'auto')
  const others = formats.filter((format) => format !== 'year')
  if (takesYears && formats.includes('epoch-days'))
    throw new OptionError(
      'four digits may be a year, or days since 1970',
      chosen.formats === undefined ? 'format' : 'formats',
      'name one of the two',
    )
  const reading =
    others.length > 1 ? { ...chosen, formats: others } : { ...chosen, format: others[0]!, formats: undefined }
  const read = others.length === 0 ? undefined : compileDateReader(reading, zone)
  return (text, now) => {
    if (takesYears && text.length === 4 && YEAR.test(text)) return Number(text)
    const days = read?.(text, now) ?? fail('unparsable')
    return days instanceof Failure ? days : civilFromDays(days).year
  }
}

export const birthYear: Transform = defineTransform({
  name: 'generalize.birth-year',
  summary:
    'Keeps of a birth date only the year, and makes the years of all who are 90 or older in a stated year one.',
  version: 1,
  versionOf: versionOfReading,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'the year; a bare year of one who is not among the oldest stays itself',
    accepts:
      'a year of four digits, a full-date, or a date-time with offset as ISO 8601, RFC 3339 and RFC 1123 have it; with `format` what a pattern says, local date-times and epoch numbers',
    yields: 'text: 1985, or 1936-or-earlier',
    keyed: false,
    stableToken: false,
    mayReturnInput: true,
  },
  failures: {
    unparsable: 'it is not written in a stated format, or the day does not exist',
    'out-of-domain': `the year lies after asOfYear or more than ${OLDEST} years before it, the date lies outside notBefore and notAfter, which epoch numbers always have, or the event lies after asOfYear`,
  },
  doesNotStop:
    'Linkage: a birth year beside sex and postcode still singles out people in small places. An output that is used after asOfYear shows who has passed the top age since.',
  examples: [
    {
      title: 'The year of a date',
      options: { asOfYear: 2026 },
      input: '1985-03-12',
      output: '1985',
    },
    {
      title: 'Those who turn 90 in 2026, or earlier, are among the oldest',
      options: { asOfYear: 2026 },
      input: '1936-12-31',
      output: '1936-or-earlier',
    },
    {
      title: 'The eldest of the others',
      options: { asOfYear: 2026 },
      input: '1937',
      output: '1937',
    },
    {
      title: 'An event after the stated year',
      options: { asOfYear: 2026 },
      input: '1985',
      eventTime: '2027-01-01T00:00:00Z',
      output: { fails: 'out-of-domain' },
    },
  ],
  weaknesses: ({ topCode }) =>
    topCode > SAFE_HARBOR
      ? [
          {
            option: 'topCode',
            reason: `few people are over ${SAFE_HARBOR - 1}: their birth year singles them out`,
            suggestion: `topCode: ${SAFE_HARBOR} or less`,
          },
        ]
      : [],
  reveals: (chosen) =>
    part({
      of: 'time',
      unit: 'year',
      clock: clockOf(formatsOf(chosen), chosen.zone ?? 'the year as written'),
      oldest: newestOfOldest(chosen),
      until: chosen.asOfYear,
    }),
  restep: (previous, next) => {
    const [before, last] = [newestOfOldest(previous), newestOfOldest(next)]
    if (!sameBut(previous, next, 'asOfYear', 'topCode') || before > last) return undefined
    return (stored) => {
      if (stored === oldestOf(before) || stored === oldestOf(last)) return oldestOf(last)
      if (!YEAR.test(stored) || Number(stored) > next.asOfYear) return fail('unparsable')
      return Number(stored) <= last ? oldestOf(last) : stored
    }
  },
  compile: (chosen, context) => {
    const { asOfYear } = chosen
    const readYear = compileYear(chosen)
    if (usesZoneData(chosen.zone)) context.usesPlatform('time-zones')
    const last = newestOfOldest(chosen)
    const oldest = oldestOf(last)
    const end = daysFromCivil(asOfYear + 1, 1, 1) * DAY_MS
    return {
      yields: 'string',
      plain: true,
      apply: (text, { eventTime, now }) => {
        const year = readYear(text, now)
        if (year instanceof Failure) return year
        if (year > asOfYear || year < asOfYear - OLDEST) return fail('out-of-domain')
        if (eventTime !== undefined && eventTime >= end) return fail('out-of-domain')
        // A year above the oldest is above 1770: four digits.
        return year <= last ? oldest : String(year)
      },
    }
  },
})
