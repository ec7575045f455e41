/** `balance:` of a route: groups of people by which what became of records is counted. */
import { z } from 'zod'
import { type CountedGroups, UNNAMED_GROUPS } from '../../engine/group-outcomes.ts'
import type { Plan } from '../../policy/plan.ts'
import { quote } from '../../policy/problems.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'

/** Each is a series of metrics for each outcome. */
const MOST_GROUPS = 20

export interface BalanceShape {
  by: string
  groups: string[]
}

export const balanceSchema: z.ZodType<BalanceShape | undefined> = z
  .strictObject({
    by: z
      .string()
      .min(1)
      .describe(
        'Output path of a field of the policy. Its value as it came is looked at, also where it is dropped.',
      ),
    groups: z
      .array(z.string().min(1).max(64))
      .min(1)
      .max(MOST_GROUPS)
      .describe('Values of the field that are groups. They stand in metrics; no other value does.'),
  })
  .optional()
  .describe(
    'Counts by group what was published, suppressed and dead-lettered, so that a group that is left out shows.',
  )

export const balanceFormOf = (shape: BalanceShape | undefined): CountedGroups | undefined =>
  shape && { by: shape.by, groups: shape.groups }

/** Whether the groups of a route can be told by its policy. */
export function checkBalance(
  { name, fields }: Plan,
  { shape, index }: RoutePart,
  { findings, at }: PipelineDraft,
): void {
  const { balance } = shape
  if (balance === undefined) return
  const bad = (message: string, way: string): void =>
    findings.add(at('routes', index, 'balance'), 'bad-balance', message, way)
  const field = fields.find(({ path }) => path.text === balance.by)
  if (field === undefined)
    bad(`the policy ${quote(name)} has no field ${quote(balance.by)}`, 'name an output path of the policy')
  else if (/^\$|[[*]/.test(field.from.text))
    bad(
      `${quote(balance.by)} is no field of the value that has one value in each record, and a record is of one group`,
      'name a field that has one value',
    )
  if (shape.change !== undefined)
    bad('a change event may hold two rows, which may be of two groups', 'leave `balance` out')
  const taken = balance.groups.find(
    (group, i) => UNNAMED_GROUPS.includes(group) || balance.groups.indexOf(group) < i,
  )
  if (taken !== undefined)
    bad(
      `the group ${quote(taken)} is named twice, or is called as records of no group are`,
      `name each group once, and none ${UNNAMED_GROUPS.join(' or ')}`,
    )
}
