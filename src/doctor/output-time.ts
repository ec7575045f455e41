/** How old the timestamp of an output can be: what the brokers count a topic's retention from. */
import { DAY_MS } from '../../transforms/calendar/gregorian.ts'
import { LONGEST_MS } from '../../transforms/calendar/interval.ts'
import type { Policy, PolicyRule } from '../policy/policy.ts'

export interface OutputTime {
  /** `written`: some records carry the time of writing, since nothing of their event time leaves as a date. */
  readonly from: 'event' | 'written'
  /** In words, what stands for the event time where it is not that time; of the rule that goes furthest. */
  readonly as: string
  /** How far before and behind the event time it may lie, in ms. */
  readonly back: number
  readonly ahead: number
}

const EXACT: OutputTime = { from: 'event', as: 'their event time', back: 0, ahead: 0 }
const WRITTEN: OutputTime = { ...EXACT, from: 'written' }

/** By the rules of the field that holds the event time; as `messageEngine` finds it. */
export function outputTime({ fields, time }: Policy): OutputTime {
  const path = time?.path.text
  const field =
    fields.find(({ path: to }) => to.envelope === 'timestamp') ??
    fields.find((one) => one.path.text === path && one.from.text === path) ??
    fields.find((one) => one.from.text === path)
  if (field === undefined) return WRITTEN
  return field.rules.map(ofRule).reduce((worst, one) => ({
    from: worst.from === 'written' ? 'written' : one.from,
    as: one.back > worst.back ? one.as : worst.as,
    back: Math.max(worst.back, one.back),
    ahead: Math.max(worst.ahead, one.ahead),
  }))
}

function ofRule({ use, options }: PolicyRule): OutputTime {
  if (use === 'keep') return EXACT
  if (use === 'shift.date') {
    const shift = Number(options?.['maxDays']) * DAY_MS
    return { from: 'event', as: 'a shifted date', back: shift, ahead: shift }
  }
  const unit = String(options?.['to'])
  const span = use === 'generalize.date' ? LONGEST_MS[unit] : undefined
  return span === undefined
    ? WRITTEN
    : { ...EXACT, as: `the start of the ${unit} of their event`, back: span }
}
