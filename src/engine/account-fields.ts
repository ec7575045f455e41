/** The part of an account that is not counts: which fields are kept, and the rules and options of the others. */
import { canonicalJson } from '../policy/fingerprint.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'

/** A field that leaves as it is, by one of its rules at least. */
export interface KeptField {
  /** Output path. */
  readonly field: string
  /** Input path, where it is another. */
  readonly from?: string
  readonly use: 'keep' | 'keep.subtree'
  readonly category?: string
  readonly role: string
  /** Why the policy keeps it, where it has to say so. */
  readonly accepted?: string
}

/** The fields that are kept, by the order of the policy. `fields`: of the plan, those of interest. */
export function viewKept(fields: readonly PlanField[]): KeptField[] {
  return fields.flatMap((field): KeptField[] => {
    const rules = [...new Set(field.rulesByStep.flat())]
    const rule = rules.find(({ use }) => use === 'keep.subtree') ?? rules.find(({ use }) => use === 'keep')
    if (rule === undefined) return []
    return [
      {
        field: field.path.text,
        ...(field.from === field.path ? {} : { from: field.from.text }),
        use: rule.use === 'keep' ? 'keep' : 'keep.subtree',
        ...(field.category === undefined ? {} : { category: field.category }),
        role: field.role,
        ...(rule.accepted === undefined ? {} : { accepted: rule.accepted }),
      },
    ]
  })
}

/** What a rule does: its transform or word, and the options in their canonical form, defaults filled in. */
export function viewUse({ use, options }: Pick<PlanRule, 'use' | 'options'>): {
  use: string
  options?: Record<string, unknown>
} {
  if (options === undefined) return { use }
  return { use, options: JSON.parse(canonicalJson(options)) as Record<string, unknown> }
}

/** The fields that `rules` are of. */
export function fieldsOf({ fields, envelope }: Plan, rules: readonly PlanRule[]): readonly PlanField[] {
  const given = new Set(rules)
  return [...fields, ...envelope].filter((field) =>
    field.rulesByStep.some((step) => step.some((one) => given.has(one))),
  )
}
