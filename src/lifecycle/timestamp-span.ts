/**
 * What the timestamp of an output says of its event: where the event lies, at the earliest and at the latest. Outputs carry the start of
 * the interval that the rule of `time` yields (`engine/message-engine.ts`), or the time of writing where that is no date.
 */
import { DAY_MS } from '../../transforms/calendar/gregorian.ts'
import { LONGEST_MS } from '../../transforms/calendar/interval.ts'
import type { Plan, PlanRule } from '../policy/plan.ts'
import { AHEAD_MS, BEHIND_MS, QUARTER_MS } from './stored-time.ts'

const SECOND_MS = 1000

export interface TimestampSpan {
  /** The event is so much earlier at most, ms; Infinity where the timestamp is the time of writing. */
  readonly earlier: number
  /** The event ends so much later at most, ms. */
  readonly later: number
  /** The same where the timestamp may be that of a whole day, since it stands at a quarter of an hour. */
  readonly laterOfDay: number
}

/** Of dead letters, which carry the time of writing. An event may have lain in the future by the tolerance. */
export const writtenSpan = ({ retention }: Pick<Plan, 'retention'>): TimestampSpan => {
  const later = retention?.toleranceMs ?? 0
  return { earlier: Number.POSITIVE_INFINITY, later, laterOfDay: later }
}

/** Of the outputs of a policy, over all of its rules and steps; undefined where timestamps tell nothing of the event time. */
export function timestampSpan(
  plan: Pick<Plan, 'fields' | 'envelope' | 'time' | 'retention'>,
): TimestampSpan | undefined {
  const { fields, envelope, time } = plan
  if (time === undefined) return undefined
  const path = time.path.text
  // Then it is made of the timestamp of the input, whatever the producer meant by that.
  if (envelope.some((field) => field.path.envelope === 'timestamp')) return undefined
  const field =
    fields.find((one) => one.path.text === path && one.from.text === path) ??
    fields.find((one) => one.from.text === path)
  if (field === undefined) return writtenSpan(plan)
  let span = field.rulesByStep.some((rules) => rules.length === 0) ? writtenSpan(plan) : undefined
  for (const rule of field.rulesByStep.flat()) {
    const one = rule.use === 'drop' || rule.use === 'mask.null' ? writtenSpan(plan) : spanOf(rule)
    if (one === undefined) return undefined
    // Where a value is left out, the time of writing stands.
    const isLeftOut = rule.otherwise.kind === 'drop' || rule.otherwise.kind === 'null'
    span = widest(span, one, isLeftOut ? writtenSpan(plan) : undefined)
  }
  return span
}

function spanOf({ use, options, otherwise }: PlanRule): TimestampSpan | undefined {
  if (otherwise.kind === 'constant') return undefined
  const day = DAY_MS + BEHIND_MS
  if (use === 'keep') return { earlier: AHEAD_MS, later: SECOND_MS, laterOfDay: day }
  if (use === 'shift.date') {
    const shift = Number(options?.['maxDays']) * DAY_MS
    return { earlier: shift + AHEAD_MS, later: shift + SECOND_MS, laterOfDay: shift + day }
  }
  const length = use === 'generalize.date' ? LONGEST_MS[String(options?.['to'])] : undefined
  if (length === undefined) return undefined
  const isUtc = options?.['zone'] === 'UTC'
  const later = length + (isUtc ? 0 : BEHIND_MS)
  return { earlier: isUtc ? 0 : AHEAD_MS, later, laterOfDay: later }
}

const widest = (...spans: readonly (TimestampSpan | undefined)[]): TimestampSpan => {
  const known = spans.filter((span) => span !== undefined)
  return {
    earlier: Math.max(...known.map(({ earlier }) => earlier)),
    later: Math.max(...known.map(({ later }) => later)),
    laterOfDay: Math.max(...known.map(({ laterOfDay }) => laterOfDay)),
  }
}

/** The first instant behind the event, at the latest. */
export const eventEnd = (timestamp: number, { later, laterOfDay }: TimestampSpan): number =>
  timestamp + (timestamp % QUARTER_MS === 0 ? Math.max(later, laterOfDay) : later)
