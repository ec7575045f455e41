/** From which age on it is told that the output topic may delete a record at once. */
import type { WriteLimits } from '../../kafka/preflight.ts'
import type { Plan } from '../../policy/plan.ts'

const DAY_MS = 86_400_000
/** By so much may a period of months be longer than the shortest one, by which `lethe doctor` judges topics. */
const LONGER_MONTHS_MS = 3 * DAY_MS

/**
 * How old the timestamp of an output may be, in ms; `limits`: of its topic, as far as they are known. A topic that keeps
 * records for as long as the policy lets events be known is as `lethe doctor` wants it, and no more could be set: what such
 * a topic deletes early, by a segment or a shifted date, is not told.
 */
export function keptForOf(plan: Plan, limits: Partial<WriteLimits> | undefined, now: number): number {
  const { keptFor = Number.POSITIVE_INFINITY, segment = 0 } = limits ?? {}
  if (plan.retention?.suppresses !== true || !Number.isFinite(keptFor)) return keptFor
  const ahead = Math.max(0, ...plan.rules.filter(({ use }) => use === 'shift.date').map(daysOf)) * DAY_MS
  const longest = keptFor + segment + ahead + LONGER_MONTHS_MS
  return plan.retention.judge(now - longest, now) === 'suppress' ? Number.POSITIVE_INFINITY : keptFor
}

const daysOf = ({ options }: Plan['rules'][number]): number => Number(options?.['maxDays'] ?? 0)
