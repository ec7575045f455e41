/** The ages of an event at which two policies can be compared: how many steps of each it has reached. */
import { type Period, parsePeriod, periodBounds } from '../../transforms/calendar/period.ts'
import type { PolicyRetention, PolicyStep } from '../policy/policy.ts'

export interface Age {
  /** Steps reached, of the old and of the new policy. */
  readonly before: number
  readonly after: number
  /** The period from which on this is so, e.g. `180d`; undefined from the start. */
  readonly from: string | undefined
}

/** Every pair of numbers of steps that one event can have reached at some time. The first is 0 and 0. */
export function agesOf(was: PolicyRetention | undefined, is: PolicyRetention | undefined): readonly Age[] {
  const [old, now] = [stepsOf(was), stepsOf(is)]
  const ages: Age[] = []
  for (let before = 0; before <= old.length; before++)
    for (let after = 0; after <= now.length; after++) {
      // An event that reached a step has not reached the next one of the other policy, unless that one comes no later.
      if (comesFirst(now[after], old[before - 1]) || comesFirst(old[before], now[after - 1])) continue
      ages.push({ before, after, from: laterOf(old[before - 1], now[after - 1])?.text })
    }
  return ages
}

export const stepsOf = (retention: PolicyRetention | undefined): readonly Step[] =>
  (retention?.steps ?? []).map((step) => ({ step, period: parsePeriod(step.after)! }))

interface Step {
  readonly step: PolicyStep
  readonly period: Period
}

/** Whether an event that reached `step` has always reached `next` too. */
function comesFirst(next: Step | undefined, step: Step | undefined): boolean {
  return next !== undefined && step !== undefined && isNoLonger(next.period, step.period)
}

/** Whether a period ends no later than another one, whenever both start. `30d` and `1mo` are neither way round. */
export function isNoLonger(period: Period, than: Period): boolean {
  if (period.months === than.months && period.milliseconds === than.milliseconds) return true
  return periodBounds(period).longest <= periodBounds(than).shortest
}

function laterOf(one: Step | undefined, other: Step | undefined): Period | undefined {
  if (one === undefined || other === undefined) return (one ?? other)?.period
  return periodBounds(one.period).shortest > periodBounds(other.period).shortest ? one.period : other.period
}
