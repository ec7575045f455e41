/** What the watch on kept values found, in words: counts, kinds and names out of the policy, never a value. */
import { detectors } from '../../../transforms/detect/index.ts'
import type { Account } from '../../engine/account.ts'
import type { Plan, PlanRule } from '../../policy/plan.ts'

const SUMMARIES: ReadonlyMap<string, string> = new Map(detectors.map(({ kind, summary }) => [kind, summary]))

const number = (count: number): string => count.toLocaleString('en')

/** A warning for each kind that the values of a rule look like. */
export function suspectWarnings({ suspects }: Plan, rules: readonly PlanRule[], account: Account): string[] {
  return rules.flatMap(({ id, field }) => {
    const { looked, suspects: found } = account.rules[id]!
    return Object.entries(found)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, count]) => suspectWarning({ field, kind, count, looked, left: suspects === 'warn' }))
  })
}

/** `left`: whether the records did leave. */
export function suspectWarning(found: {
  readonly field: string
  readonly kind: string
  readonly count: number
  readonly looked: number
  readonly left: boolean
}): string {
  const { field, kind, count, looked } = found
  const look = count === 1 ? 'looks' : 'look'
  const left = found.left ? '' : '; these records did not leave'
  return `${number(count)} of ${number(looked)} looked at in \`${field}\` ${look} like ${SUMMARIES.get(kind) ?? kind}${left}`
}
