/** By which fields of a policy a person could be singled out. */
import type { Plan, PlanField } from '../policy/plan.ts'

/** The fields with `role: quasi-identifier` that may leave: of the value, or beside it. */
export function quasiIdentifiers(fields: readonly PlanField[]): PlanField[] {
  return fields.filter(
    ({ role, rulesByStep }) =>
      role === 'quasi-identifier' &&
      rulesByStep.some((rules) => rules.some(({ action }) => action.kind !== 'drop')),
  )
}

export const hasQuasiIdentifiers = ({ fields, envelope }: Plan): boolean =>
  quasiIdentifiers([...fields, ...envelope]).length > 0
