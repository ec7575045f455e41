/** `generalize.age`: the age at the time of the event, in bands, from a birth date. */
import { z } from 'zod'
import { civilTime, compileDateReader, formatsOf, versionOfReading } from '../calendar/dates.ts'
import { civilFromDays } from '../calendar/gregorian.ts'
import { dateFormat, moreReading, zoneFor } from '../calendar/reading-options.ts'
import { compileZone, usesZoneData } from '../calendar/zone.ts'
import { halves } from '../halves.ts'
import { relabelled, sameBut } from '../restep.ts'
import { clockOf, part } from '../reveals/revelation.ts'
import { defineTransform, Failure, fail, OptionError, type Transform } from '../transform.ts'

/** The longest human life on record is 122 years: an older person was not born when the value says. */
const OLDEST = 130
/** HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i)(C): ages over 89 may stand as one category, 90 or older. */
const SAFE_HARBOR = 90

const options = z.strictObject({
  width: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Years in a band, counted from age 0; 10 unless `edges` is given.'),
  edges: z
    .array(z.int().min(1).max(OLDEST))
    .min(1)
    .optional()
    .describe(
      'The first age of every band but the lowest, ascending, all below topCode: [18, 65] gives 0-17, 18-64 and 65-89. Instead of `width`.',
    ),
  topCode: z
    .int()
    .min(1)
    .max(OLDEST)
    .default(SAFE_HARBOR)
    .describe('All who are this old or older become one band, e.g. 90+.'),
  format: dateFormat.default('auto'),
  zone: zoneFor('Whose calendar says what day the event is on.'),
  ...moreReading,
  notBefore: moreReading.notBefore.describe(
    `${moreReading.notBefore.description} Birth dates in epoch numbers need it: notBefore: 1900-01-01.`,
  ),
})

type Options = z.output<typeof options>

/** The first ages of all bands: 0, the edges and the top code. */
function starts({ width, edges, topCode }: Options): number[] {
  if (edges !== undefined) return [0, ...edges, topCode]
  const all: number[] = []
  for (let age = 0; age < topCode; age += width ?? 10) all.push(age)
  return [...all, topCode]
}

/** The label of every age from 0 to the oldest. */
function labels(chosen: Options): string[] {
  const first = starts(chosen)
  const result: string[] = []
  for (const [band, from] of first.entries()) {
    const next = first[band + 1]
    const label = next === undefined ? `${from}+` : next - from === 1 ? `${from}` : `${from}-${next - 1}`
    for (let age = from; age < (next ?? OLDEST + 1); age++) result.push(label)
  }
  return result
}

/** Bands that are twice as wide, or between every second edge, up to one below the top code. */
function ladderOf(chosen: Options): Options[] {
  const { edges, width = 10, topCode } = chosen
  if (edges !== undefined) return halves(edges).map((fewer) => ({ ...chosen, edges: fewer }))
  const rungs: Options[] = []
  for (let wider = 2 * width; wider < 2 * topCode && wider <= 100; wider *= 2)
    rungs.push({ ...chosen, width: wider })
  return rungs
}

/** Age in completed years; both in days since 1970-01-01. Negative before birth. */
function completedYears(born: number, today: number): number {
  const birth = civilFromDays(born)
  const now = civilFromDays(today)
  const before = now.month < birth.month || (now.month === birth.month && now.day < birth.day)
  return now.year - birth.year - (before ? 1 : 0)
}

export const age: Transform = defineTransform({
  name: 'generalize.age',
  summary: 'Turns a birth date into a band of ages at the time of the event, with all of 90 and over as one.',
  version: 1,
  versionOf: versionOfReading,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'none: a date becomes a band of ages',
    accepts:
      'a birth date: a full-date, or a date-time with offset as ISO 8601, RFC 3339 and RFC 1123 have it, of which the date counts as written; with `format` what a pattern says, local date-times and epoch numbers',
    yields: 'text: 30-39, 90+; a band of one year is its age. Both ends belong to the band',
    keyed: false,
    needs: ['time'],
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {
    unparsable: 'it is not written in a stated format, or the day does not exist',
    'out-of-domain': `the birth date lies after the event, more than ${OLDEST} years before it, or outside notBefore and notAfter, which epoch numbers always have`,
    'event-time-missing': 'the record has no event time to take the age at',
  },
  doesNotStop:
    'Linkage with other quasi-identifiers; and where one subject has events shortly before and after a birthday that changes the band, the birthday shows between them.',
  examples: [
    {
      title: 'Bands of ten years',
      options: {},
      input: '1985-03-12',
      eventTime: '2024-07-15T13:45:00Z',
      output: '30-39',
    },
    {
      title: 'Ages over 89 as one',
      options: {},
      input: '1931-01-01',
      eventTime: '2024-07-15T13:45:00Z',
      output: '90+',
    },
    {
      title: 'Stated edges',
      options: { edges: [18, 30, 45, 65] },
      input: '2010-07-16',
      eventTime: '2024-07-15T13:45:00Z',
      output: '0-17',
    },
    {
      title: 'Born on 29 February: a year older on 1 March where there is no such day',
      options: { width: 1 },
      input: '2004-02-29',
      eventTime: '2023-02-28T23:59:59Z',
      output: '18',
    },
    {
      title: 'Born after the event',
      options: {},
      input: '2024-07-16',
      eventTime: '2024-07-15T13:45:00Z',
      output: { fails: 'out-of-domain' },
    },
    {
      title: 'No event time',
      options: {},
      input: '1985-03-12',
      output: { fails: 'event-time-missing' },
    },
  ],
  weaknesses: ({ topCode }) =>
    topCode > SAFE_HARBOR
      ? [
          {
            option: 'topCode',
            reason: `few people are over ${SAFE_HARBOR - 1}: their exact band singles them out`,
            suggestion: `topCode: ${SAFE_HARBOR} or less`,
          },
        ]
      : [],
  reveals: (chosen) =>
    part({ of: 'age', starts: starts(chosen), clock: clockOf(formatsOf(chosen), chosen.zone) }),
  restep: (previous, next) => {
    if (!sameBut(previous, next, 'width', 'edges', 'topCode')) return undefined
    const after = labels(next)
    return relabelled(labels(previous).map((label, years) => [label, after[years]!]))
  },
  compile: (chosen, context) => {
    const { width, edges, topCode, zone: zoneName } = chosen
    if (width !== undefined && edges !== undefined)
      throw new OptionError('width and edges exclude each other', 'edges', 'remove one of the two')
    if (edges?.some((edge, at) => edge <= (edges[at - 1] ?? 0) || edge >= topCode))
      throw new OptionError(
        'edges must ascend, and lie below topCode',
        'edges',
        `write them in order, all under ${topCode}`,
      )
    const zone = compileZone(zoneName)
    if (usesZoneData(zoneName)) context.usesPlatform('time-zones')
    const read = compileDateReader(chosen, zone)
    const bands = labels(chosen)
    return {
      yields: 'string',
      plain: true,
      ladder: () => ladderOf(chosen),
      apply: (text, { eventTime, now }) => {
        const born = read(text, now)
        if (born instanceof Failure) return born
        if (eventTime === undefined) return fail('event-time-missing')
        return bands[completedYears(born, civilTime(eventTime, zone).days)] ?? fail('out-of-domain')
      },
    }
  },
})
