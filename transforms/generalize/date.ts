/** `generalize.date`: the year, quarter, month, ISO week, day or hour that a date or moment lies in. */
import { z } from 'zod'
import {
  type CivilTime,
  compileCivilReader,
  formatsOf,
  isDatesOnly,
  versionOfReading,
} from '../calendar/dates.ts'
import {
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  FIRST_DAY,
  formatDay,
  HOUR_MS,
  isoWeek,
  LAST_DAY,
  MINUTE_MS,
  pad2,
  pad4,
} from '../calendar/gregorian.ts'
import { dateFormat, moreReading, zoneFor } from '../calendar/reading-options.ts'
import { compileZone, usesZoneData } from '../calendar/zone.ts'
import type { ReadingOptions } from '../calendar.ts'
import { clockOf, part } from '../reveals/revelation.ts'
import { defineTransform, Failure, fail, OptionError, type Result, type Transform } from '../transform.ts'

const UNITS = ['year', 'quarter', 'month', 'week', 'day', 'hour'] as const
type Unit = (typeof UNITS)[number]

const options = z.strictObject({
  to: z
    .enum(UNITS)
    .describe(
      'What is left: year (2024), quarter (2024-Q3), month (2024-07), week (ISO 8601: 2024-W29), day (2024-07-15) or hour (2024-07-15T13:00:00Z).',
    ),
  format: dateFormat.default('auto'),
  zone: zoneFor('Whose days and hours are meant; also the clock that a value without offset is written on.'),
  ...moreReading,
})

export interface DateOptions extends ReadingOptions {
  readonly to: Unit
  readonly zone: string
}

/** The date, quarter and so on of a day; the years 0001 to 9999 only. */
function dayLabel(days: number, unit: Exclude<Unit, 'hour'>): Result {
  // The zone's offset may move an instant before the first year or behind the last one.
  if (days < FIRST_DAY || days > LAST_DAY) return fail('out-of-domain')
  if (unit === 'day') return formatDay(days)!
  if (unit === 'week') {
    const { year, week } = isoWeek(days)
    return `${pad4(year)}-W${pad2(week)}`
  }
  const { year, month } = civilFromDays(days)
  if (unit === 'year') return pad4(year)
  if (unit === 'quarter') return `${pad4(year)}-Q${Math.floor((month + 2) / 3)}`
  return `${pad4(year)}-${pad2(month)}`
}

/** The hour that a clock shows, with the clock's offset in minutes; `Z` for the zone UTC. */
function hourLabel(hours: number, offset: number, utc: boolean): Result {
  const days = Math.floor(hours / 24)
  const day = formatDay(days)
  if (day === undefined) return fail('out-of-domain')
  const start = `${day}T${pad2(hours - days * 24)}:00:00`
  if (utc) return `${start}Z`
  const minutes = Math.abs(offset)
  return `${start}${offset < 0 ? '-' : '+'}${pad2(Math.floor(minutes / 60))}:${pad2(minutes % 60)}`
}

/** Labels remembered a rule; the memory is dropped when it is full. */
const REMEMBERED_LABELS = 65_536

/** Writing a label costs three times what reading the value does, and most values share a day or hour. */
function remember(write: (key: number) => Result): (key: number) => Result {
  const labels = new Map<number, Result>()
  return (key) => {
    let label = labels.get(key)
    if (label === undefined) {
      if (labels.size >= REMEMBERED_LABELS) labels.clear()
      label = write(key)
      labels.set(key, label)
    }
    return label
  }
}

/** The writer of labels for what was read. */
function compileLabel(to: Unit, utc: boolean): (civil: CivilTime) => Result {
  if (to !== 'hour') {
    const label = remember((days) => dayLabel(days, to))
    return ({ days }) => label(days)
  }
  // By offset in ms; a zone has a few.
  const byOffset = new Map<number, (hours: number) => Result>()
  return ({ days, time, offset }) => {
    if (time === undefined) return fail('unparsable')
    let label = byOffset.get(offset)
    if (label === undefined) {
      // RFC 3339 writes offsets in whole minutes; local mean time, before standard time, has seconds.
      if (offset % MINUTE_MS !== 0) return fail('out-of-domain')
      label = remember((hours) => hourLabel(hours, offset / MINUTE_MS, utc))
      byOffset.set(offset, label)
    }
    return label(days * 24 + Math.floor(time / HOUR_MS))
  }
}

/** Into which units each is cut without a rest. A week is not: it may lie in two months, and its year is that of its Thursday. */
const COARSER: Readonly<Record<Unit, readonly Unit[]>> = {
  hour: ['hour', 'day', 'week', 'month', 'quarter', 'year'],
  day: ['day', 'week', 'month', 'quarter', 'year'],
  week: ['week'],
  month: ['month', 'quarter', 'year'],
  quarter: ['quarter', 'year'],
  year: ['year'],
}

const LABELS: Readonly<Record<Unit, RegExp>> = {
  hour: /^\d{4}-\d\d-\d\dT\d\d:00:00(?:Z|[+-]\d\d:\d\d)$/,
  day: /^\d{4}-\d\d-\d\d$/,
  week: /^\d{4}-W\d\d$/,
  month: /^\d{4}-\d\d$/,
  quarter: /^\d{4}-Q[1-4]$/,
  year: /^\d{4}$/,
}

/** From a stored label to a coarser one, by the clock that both are of. */
function restepOf(from: Unit, to: Unit): ((stored: string) => Result) | undefined {
  if (!COARSER[from].includes(to)) return undefined
  return (stored) => {
    if (LABELS[to].test(stored)) return stored
    if (!LABELS[from].test(stored) || to === 'hour') return fail('unparsable')
    const year = Number(stored.slice(0, 4))
    if (from === 'quarter') return pad4(year)
    const month = Number(stored.slice(5, 7))
    const day = from === 'month' ? 1 : Number(stored.slice(8, 10))
    if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return fail('unparsable')
    return dayLabel(daysFromCivil(year, month, day), to)
  }
}

export const date: Transform = defineTransform({
  name: 'generalize.date',
  summary:
    'Keeps of a date or moment only the year, quarter, month, ISO week, day or hour, in a stated time zone.',
  version: 1,
  versionOf: versionOfReading,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept:
      'the leading part of the date, so that what is as coarse already stays itself; an hour is an RFC 3339 date-time with its offset',
    accepts:
      'a full-date, or a date-time with offset as ISO 8601, RFC 3339 and RFC 1123 have it; with `format` what a pattern says, local date-times and epoch numbers',
    yields: 'text: 2024, 2024-Q3, 2024-07, 2024-W29, 2024-07-15 or 2024-07-15T13:00:00Z',
    keyed: false,
    stableToken: false,
    mayReturnInput: true,
  },
  failures: {
    unparsable:
      'it is not written in a stated format, the day does not exist, or a date without time is asked for its hour',
    'out-of-domain':
      'it lies before notBefore or after notAfter, which epoch numbers always have; or in the zone outside the years 0001 to 9999, or in an hour whose offset has seconds (before standard time)',
  },
  doesNotStop:
    'Linkage: a fine date beside other quasi-identifiers still singles people out, and several generalized dates of one subject narrow each other down.',
  examples: [
    {
      title: 'A birth date to its year',
      options: { to: 'year' },
      input: '1985-03-12',
      output: '1985',
    },
    {
      title: 'A moment to the month in Tokyo, where it is already August',
      options: { to: 'month', zone: 'Asia/Tokyo' },
      input: '2024-07-31T20:15:00Z',
      output: '2024-08',
    },
    {
      title: 'Quarter',
      options: { to: 'quarter' },
      input: '2024-07-15T13:45:00+02:00',
      output: '2024-Q3',
    },
    {
      title: 'An ISO week belongs to the year of its Thursday',
      options: { to: 'week' },
      input: '2024-12-30',
      output: '2025-W01',
    },
    {
      title: 'The hour, with the offset of the zone',
      options: { to: 'hour', zone: 'America/New_York' },
      input: '2024-07-15T17:45:12.345Z',
      output: '2024-07-15T13:00:00-04:00',
    },
    {
      title: 'Epoch milliseconds to the day',
      options: { to: 'day', format: 'epoch-milliseconds' },
      input: '1721051112345',
      output: '2024-07-15',
    },
    {
      title: 'Days since 1970, of a column that should be epoch seconds',
      options: { to: 'month', format: 'epoch-seconds' },
      input: '20522',
      output: { fails: 'out-of-domain' },
    },
    {
      title: 'A pattern: the day stands first, in Warsaw',
      options: { to: 'hour', format: 'dd/MM/yyyy HH:mm', zone: 'Europe/Warsaw' },
      input: '10/03/2026 10:00',
      output: '2026-03-10T10:00:00+01:00',
    },
    {
      title: 'Several formats, in order',
      options: { to: 'month', formats: ['auto', 'd MMM yyyy'] },
      input: '9 Mar 2026',
      output: '2026-03',
    },
    {
      title: 'A day that does not exist',
      options: { to: 'month' },
      input: '2026-02-30',
      output: { fails: 'unparsable' },
    },
    {
      title: 'A bare date has no hour',
      options: { to: 'hour' },
      input: '2024-07-15',
      output: { fails: 'unparsable' },
    },
  ],
  weaknesses: ({ to, ...reading }) =>
    to === 'day' && isDatesOnly(reading)
      ? [
          {
            option: 'to',
            reason: 'a date generalized to its day is the date itself',
            suggestion: 'generalize to week, month, quarter or year',
          },
        ]
      : [],
  reveals: ({ to, zone, ...reading }) =>
    part({ of: 'time', unit: to, clock: clockOf(formatsOf(reading), zone) }),
  restep: (previous, next) => (previous.zone === next.zone ? restepOf(previous.to, next.to) : undefined),
  compile: ({ to, zone: zoneName, ...reading }: DateOptions, context) => {
    if (to === 'hour' && isDatesOnly(reading) && !formatsOf(reading).includes('epoch-days'))
      throw new OptionError('a bare date has no hour', 'to', 'generalize to day or coarser')
    const zone = compileZone(zoneName)
    if (usesZoneData(zoneName)) context.usesPlatform('time-zones')
    const read = compileCivilReader(reading, zone)
    const label = compileLabel(to, zoneName === 'UTC')
    return {
      yields: 'string',
      plain: true,
      // A week may lie in two months.
      ladder: () =>
        COARSER[to]
          .filter((unit) => unit !== to && unit !== 'week')
          .map((unit) => ({ ...reading, zone: zoneName, to: unit })),
      apply: (text, { now }) => {
        const civil = read(text, now)
        return civil instanceof Failure ? civil : label(civil)
      },
    }
  },
})
