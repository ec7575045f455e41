/** What became of records by group, in whole tens: the counts of a stream that is watched would tell of one record. */
import { type CountedGroups, groupCountsOf } from '../../engine/group-outcomes.ts'
import { TOLD_STEP } from '../../telemetry/route-metrics.ts'

export interface BalanceView {
  /** Output path of the field whose values are the groups. */
  readonly by: string
  readonly groups: readonly {
    readonly group: string
    readonly published: number
    readonly suppressed: number
    readonly deadLettered: number
  }[]
}

const told = (count: number): number => count - (count % TOLD_STEP)

export const viewBalance = (counted: CountedGroups, counts: readonly number[]): BalanceView => ({
  by: counted.by,
  groups: groupCountsOf(counted, counts).map(({ group, counts: of }) => ({
    group,
    published: told(of.published),
    suppressed: told(of.suppressed),
    deadLettered: told(of['dead-letter']),
  })),
})
