/** What judges records by what would leave of them, behind all rules, and hears what left. */
import type { PlanField } from '../policy/plan.ts'
import type { Block } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import type { Shape } from '../record/shape.ts'

export interface LeavingJudge {
  /** Records `[from, to)` of the block have their results: suppresses those that must not leave. `now`: ms since the epoch. */
  judge(block: Block, from: number, to: number, now: number): void
  /** The same records, of which the first `count` of `records` were published, but for those below 0. */
  take(block: Block, records: Int32Array, count: number): void
}

/** Makes the judge of one engine. `fields`: of the value, and of what stands beside it, with their places in a block. */
export type MakeLeavingJudge = (format: Format, shape: Shape, fields: readonly PlanField[]) => LeavingJudge
