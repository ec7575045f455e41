/** The records of a run under every rung, as a search takes them. */
import { LetheError } from '../errors.ts'
import type { MeasuredRecords } from '../measures/measured-records.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { collect } from '../solve/collect.ts'
import type { SolveRecords } from '../solve/solve-records.ts'
import type { FieldLadder } from './field-rungs.ts'
import { type LadderedPlan, REFUSED } from './laddered-plan.ts'
import { domainOf } from './measuring.ts'
import { type MadeColumn, madeColumn } from './rung-columns.ts'

export interface SolveData {
  readonly made: readonly MadeColumn[]
  readonly records: SolveRecords
  /** By grouping: the name of each group. */
  readonly names: readonly (readonly (string | null)[])[]
}

/**
 * @param columns the columns of the records: the rungs of the ladders, then the sensitive fields
 * @throws LetheError (usage) where nothing leaves, or a hierarchy lacks values
 */
export function solveDataOf(
  plan: Plan,
  records: MeasuredRecords,
  columns: readonly PlanField[],
  ladders: readonly FieldLadder[],
  { fields }: LadderedPlan,
  sensitive: readonly string[],
): SolveData {
  const all = records.which('all')
  const leaves = Uint8Array.from(all, (record) => (records.isPublished(record) ? 1 : 0))
  if (!leaves.includes(1))
    throw new LetheError(
      'bad-option',
      'no record leaves under the policy, so there is nothing to solve',
      'see with `lethe explain` and `lethe measure` what becomes of them',
    )
  const made = fields.map((rungs, at) => {
    const result = madeColumn(
      { records, all, leaves },
      rungs.map((field) => ({
        column: field === undefined ? undefined : columns.indexOf(field),
        domain: field && domainOf(field),
      })),
      REFUSED,
    )
    const { file, path } = ladders[at]!
    if (result.refused > 0 && file !== undefined)
      throw new LetheError(
        'bad-option',
        `--hierarchy ${path}: ${file} does not list what ${result.refused} records have there`,
        'add a line for each of these values',
      )
    return result
  })
  const first = columns.length - sensitive.length
  return {
    made,
    records: collect({
      columns: made.map(({ column }) => column),
      values: made.map(({ values }) => values),
      subjects: plan.subject === undefined ? undefined : records.subjectsOf(all),
      sensitive: sensitive.map((_, at) => records.outputs(first + at, all)),
      groups: records.groupings.map((_, grouping) => records.groupsOf(grouping, all)),
      leaves,
    }),
    names: records.groupings.map((codes) => codes.names()),
  }
}
