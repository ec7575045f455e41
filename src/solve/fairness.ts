/** Whether no group of people is left out far more than another. */
import { SMALLEST_JUDGED } from '../measures/balance.ts'
import type { GroupCells } from './solve-records.ts'

export interface Fairness {
  /** Retention of each group in relation to that of the group which is kept best, at least; above 0, up to 1. */
  readonly ratio: number
}

/** Whether each group with as many data subjects as are judged is kept well enough. `published`: by grouping, by group. */
export function isFair(
  groups: readonly GroupCells[],
  published: readonly Float64Array[],
  { ratio }: Fairness,
): boolean {
  return groups.every((cells, grouping) => {
    const retentions = retentionsOf(cells, published[grouping]!)
    let best = 0
    for (const retention of retentions) best = Math.max(best, retention)
    return retentions.every((retention) => retention >= ratio * best - 1e-12)
  })
}

/** Of groups that are large enough: the share of their records that leaves. */
function retentionsOf({ read, subjects }: GroupCells, published: Float64Array): number[] {
  const retentions: number[] = []
  for (let group = 0; group < read.length; group++)
    if (subjects[group]! >= SMALLEST_JUDGED) retentions.push(published[group]! / read[group]!)
  return retentions
}
