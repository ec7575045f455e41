/** The age from which a policy lets no event be known. */
import { parsePeriod, periodBounds } from '../../transforms/calendar/period.ts'
import type { Policy } from './policy.ts'

/** How long the policy lets an event be known, at the least, in ms; undefined where it has no such step. */
export function suppressedAfter({ retention }: Policy): number | undefined {
  const step = retention?.steps.find(({ suppress }) => suppress)
  const period = step === undefined ? undefined : parsePeriod(step.after)
  return period === undefined ? undefined : periodBounds(period).shortest
}
