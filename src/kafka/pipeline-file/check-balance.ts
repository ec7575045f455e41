/** Whether the groups of a route can be told by its policy. */
import { UNNAMED_GROUPS } from '../../engine/group-outcomes.ts'
import type { Plan } from '../../policy/plan.ts'
import { quote } from '../../policy/problems.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'

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
