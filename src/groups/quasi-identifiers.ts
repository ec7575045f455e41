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

/**
 * The fields that a sketch combines, by their output paths, so that the order in which they are named is no part of it: those
 * of the value with that role, or those that `over` names. Undefined where one of these is no field of the policy.
 */
export function sketchedFields(plan: Plan, over?: readonly string[]): readonly PlanField[] | undefined {
  const found =
    over === undefined
      ? plan.fields.filter(({ role }) => role === 'quasi-identifier')
      : [...new Set(over)].map((path) => plan.fields.find((field) => field.path.text === path))
  if (found.includes(undefined)) return undefined
  return (found as PlanField[]).sort((a, b) => (a.path.text < b.path.text ? -1 : 1))
}

export const hasQuasiIdentifiers = ({ fields, envelope }: Plan): boolean =>
  quasiIdentifiers([...fields, ...envelope]).length > 0
