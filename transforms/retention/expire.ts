/**
 * `retention.expire`: the rule behind a policy's `retention:` block. It judges records, not values: how many of
 * the policy's steps an event has reached, and whether it has to go.
 *
 * A step is reached once event time + period lies at or before now, in UTC: months and years keep the day of the
 * month, or take the month's last day (`addPeriod`).
 */
import { z } from 'zod'
import {
  addPeriod,
  isShorter,
  type Period,
  parsePeriod,
  periodBounds,
  periodText,
} from '../calendar/period.ts'
import { OptionError, type TransformSpec } from '../transform.ts'

export interface CompiledRetention {
  /** For the account, e.g. `retention suppress after 400d`. */
  readonly label: string
  /** Whether the last step suppresses. */
  readonly suppresses: boolean
  /** How many steps an event has reached at `now` (both in ms); `suppress` once the last is reached and says so. */
  readonly judge: (eventTime: number, now: number) => number | 'suppress'
  /** An event may lie this far in the future (ms) and still count as now. */
  readonly toleranceMs: number
}

/** Options as a policy writes them; the schema in `expire.options` describes each. */
export interface RetentionOptions {
  readonly steps: readonly { readonly after: string; readonly then?: 'suppress' | undefined }[]
  readonly futureTolerance?: string | undefined
}

/** A rule that judges records. It describes itself as transforms do, and stands in the same catalogue. */
export interface RetentionRule
  extends Omit<TransformSpec<z.ZodObject>, 'versionOf' | 'weaknesses' | 'reveals' | 'restep' | 'compile'> {
  /** Throws `OptionError` for steps that cannot work, and zod's error for options that are not of the schema. */
  readonly compile: (options: RetentionOptions) => CompiledRetention
}

const options = z.strictObject({
  steps: z
    .array(
      z.strictObject({
        after: z
          .string()
          .regex(
            /^[1-9][0-9]{0,5}(h|d|w|mo|y)$/,
            'not a period: write a whole number and a unit, h, d, w, mo (months) or y',
          )
          .describe('Age of the event at which the step is reached: 12h, 30d, 6w, 6mo or 2y.'),
        then: z
          .literal('suppress')
          .optional()
          .describe(
            'Suppresses the record. On the last step only; without it the step changes rules of fields.',
          ),
      }),
    )
    .min(1)
    .describe('The steps, each with a longer period than the one before.'),
  futureTolerance: periodText
    .default('5m')
    .describe('How far in the future an event may lie and still count as now; 1d at most.'),
})

/** Every member is checked here, since a policy may state periods that the pattern takes and no calendar does. */
function readPeriod(text: string, option: string): Period {
  const period = parsePeriod(text)
  if (period === undefined)
    throw new OptionError(`"${text}" is longer than 1,000 years`, option, 'write a shorter period')
  return period
}

/**
 * Whether an event has reached a period at `now`: by definition addPeriod(event, period) <= now. The calendar is
 * asked only between the shortest and the longest that the period can be.
 */
function compileReached(period: Period): (eventTime: number, now: number) => boolean {
  const { shortest, longest } = periodBounds(period)
  return (eventTime, now) => {
    const age = now - eventTime
    if (age < shortest) return false
    return age >= longest || addPeriod(eventTime, period) <= now
  }
}

export const expire: RetentionRule = {
  name: 'retention.expire',
  summary:
    'Judges how old an event is: which steps of retention it has reached, and whether the record is suppressed. A policy writes it as `retention:`, beside `fields:`.',
  version: 1,
  options,
  properties: {
    reversible: 'no: a suppressed record does not leave at all',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'it changes no value; the rules of a reached step do',
    accepts: 'the event time of the record; the value in the examples is the time of judging',
    yields: 'the number of steps reached, or suppress',
    keyed: false,
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {
    'event-time-missing':
      'the record has no event time; one that cannot be read (event-time-unparsable) or lies beyond futureTolerance (event-time-future) fails too, and none of these is kept',
  },
  doesNotStop:
    'Copies that left before the period ended: what was published earlier stays where it is. It believes the event time that the record states.',
  examples: [
    {
      title: 'Not old enough for the first step',
      options: { steps: [{ after: '30d' }, { after: '400d', then: 'suppress' }] },
      input: '2024-07-30T13:44:59Z',
      eventTime: '2024-06-30T13:45:00Z',
      output: '0',
    },
    {
      title: 'The first step is reached to the millisecond',
      options: { steps: [{ after: '30d' }, { after: '400d', then: 'suppress' }] },
      input: '2024-07-30T13:45:00Z',
      eventTime: '2024-06-30T13:45:00Z',
      output: '1',
    },
    {
      title: 'A month after 31 January is the end of February',
      options: { steps: [{ after: '1mo', then: 'suppress' }] },
      input: '2024-02-29T12:00:00Z',
      eventTime: '2024-01-31T12:00:00Z',
      output: 'suppress',
    },
    {
      title: 'A day short of two calendar years',
      options: { steps: [{ after: '2y', then: 'suppress' }] },
      input: '2026-03-14T12:00:00Z',
      eventTime: '2024-03-15T12:00:00Z',
      output: '0',
    },
  ],
  compile: (written) => {
    const { steps, futureTolerance } = options.parse(written)
    const periods = steps.map(({ after }) => readPeriod(after, 'steps'))
    for (const [at, period] of periods.entries()) {
      const before = periods[at - 1]
      if (before !== undefined && !isShorter(before, period))
        throw new OptionError(
          `a step after ${period.text} does not always come later than the one after ${before.text}`,
          'steps',
          'write the steps in ascending order, each longer than the one before in every month',
        )
      if (steps[at]!.then === 'suppress' && at < steps.length - 1)
        throw new OptionError(
          `nothing is left for the steps after the one that suppresses (${period.text})`,
          'steps',
          'put the step with then: suppress last',
        )
    }
    const tolerance = readPeriod(futureTolerance, 'futureTolerance')
    if (tolerance.months > 0 || tolerance.milliseconds > 86_400_000)
      throw new OptionError('futureTolerance is more than a day', 'futureTolerance', 'write 1d or less')

    const reached = periods.map(compileReached)
    const suppresses = steps.at(-1)!.then === 'suppress'
    const count = reached.length
    const label = suppresses
      ? `retention suppress after ${periods.at(-1)!.text}`
      : `retention steps after ${periods.map(({ text }) => text).join(', ')}`
    return {
      label,
      suppresses,
      toleranceMs: tolerance.milliseconds,
      judge: (eventTime, now) => {
        // Each period is longer than the one before, so that a step is reached after all before it.
        let steps = 0
        while (steps < count && reached[steps]!(eventTime, now)) steps++
        return suppresses && steps === count ? 'suppress' : steps
      },
    }
  },
}
