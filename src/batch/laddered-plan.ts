/** The plan of a run that makes of each field what it would be at every rung, each in a field of its own. */
import { randomUUID } from 'node:crypto'
import { pathOf } from '../policy/path.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import type { FieldLadder } from './field-rungs.ts'

/** What stands where a rung cannot take a value that the present rule takes. No value is like it. */
export const REFUSED: string = `lethe:refused:${randomUUID()}`

export interface LadderedPlan {
  readonly plan: Plan
  /** By ladder, by rung: the field that has it; undefined where nothing leaves. */
  readonly fields: readonly (readonly (PlanField | undefined)[])[]
}

/** `plan`: the policy as it is. Classes are not judged in the run. */
export function ladderedPlan(plan: Plan, ladders: readonly FieldLadder[]): LadderedPlan {
  const fields: PlanField[] = [...plan.fields]
  const rules: PlanRule[] = [...plan.rules]
  const names = new Set(fields.map(({ path }) => path.text))
  const copies = new Map<PlanRule, PlanRule>()
  const copied = (rule: PlanRule): PlanRule => {
    const known = copies.get(rule)
    if (known !== undefined) return known
    const copy: PlanRule = {
      ...rule,
      id: rules.length,
      label: `${rule.label} rung ${rules.length}`,
      otherwise:
        rule.otherwise.kind === 'dead-letter' ? { kind: 'constant', value: REFUSED } : rule.otherwise,
    }
    rules.push(copy)
    copies.set(rule, copy)
    return copy
  }
  const made = ladders.map(({ rungs }) =>
    rungs.map(({ field }, rung) => {
      if (field === undefined) return undefined
      if (rung === 0) return fields.find(({ path }) => path.text === field.path.text)
      const last = field.path.segments.at(-1)
      if (last?.kind !== 'name') return undefined
      let name = `${last.name}~${rung}`
      let path = pathOf([...field.path.segments.slice(0, -1), { kind: 'name', name }])
      while (names.has(path.text)) {
        name += '~'
        path = pathOf([...field.path.segments.slice(0, -1), { kind: 'name', name }])
      }
      names.add(path.text)
      const known = new Map<readonly PlanRule[], readonly PlanRule[]>()
      const rulesByStep = field.rulesByStep.map((of) => {
        const own = known.get(of) ?? of.map(copied)
        known.set(of, own)
        return own
      })
      const added: PlanField = { ...field, index: fields.length, path, role: 'other', rulesByStep }
      fields.push(added)
      return added
    }),
  )
  return { plan: { ...plan, fields, rules, crowd: undefined }, fields: made }
}
