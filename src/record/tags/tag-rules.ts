/** Which rule the tags of a field have, and which tags a rule may keep. */
import type { Plan, PlanField, PlanTags } from '../../policy/plan.ts'

/** No tag has a rule; or several have, and none goes before. */
export const NO_RULE = -1
export const AMBIGUOUS = -2

export class TagRules {
  readonly #plan: Plan
  readonly #tags: PlanTags
  /** By tag, the rule of it or of a tag above it; undefined: there is none, or it is ignored. */
  readonly #known = new Map<string, { readonly tag: string; readonly field: number } | undefined>()

  constructor(plan: Plan, tags: PlanTags) {
    this.#plan = plan
    this.#tags = tags
  }

  /** Those that count, each once. */
  counted(tags: readonly string[]): readonly string[] {
    if (tags.length === 0) return tags
    return [...new Set(tags)].filter((tag) => {
      const at = above(tag).find((one) => this.#tags.fields.has(one) || this.#tags.ignored.has(one))
      return at === undefined || !this.#tags.ignored.has(at)
    })
  }

  /**
   * The field of the plan whose rules these tags of one place have. The rule of a tag goes before that of a tag above it; of
   * others one that drops goes before; else none does.
   */
  ruleOf(tags: readonly string[]): number {
    const found = new Map<string, number>()
    for (const tag of tags) {
      const rule = this.#nearest(tag)
      if (rule !== undefined) found.set(rule.tag, rule.field)
    }
    const last = [...found].filter(
      ([tag]) => ![...found.keys()].some((other) => other !== tag && above(other).includes(tag)),
    )
    if (last.length < 2) return last[0]?.[1] ?? NO_RULE
    return last.find(([, field]) => this.drops(field))?.[1] ?? AMBIGUOUS
  }

  drops(field: number): boolean {
    return rulesOf(this.#plan.fields[field]!).every(({ action }) => action.kind === 'drop')
  }

  /** Whether what the rules make can be the name of a member of a map. */
  makesNames(field: number): boolean {
    return rulesOf(this.#plan.fields[field]!).every(({ action, otherwise }) => {
      if (otherwise.kind === 'null' || otherwise.kind === 'constant' || action.kind === 'drop') return false
      if (action.kind !== 'transform') return true
      return action.transform.yields === 'string' || action.transform.yields === 'same'
    })
  }

  /** Whether a rule of the field keeps its values, or nearly. */
  keeps(field: PlanField): boolean {
    return rulesOf(field).some(({ keeps }) => keeps)
  }

  /** Of these tags, those that a rule of the field keeps without saying so. */
  unsaid(field: PlanField, tags: readonly string[]): readonly string[] {
    const keeping = rulesOf(field).filter(({ keeps }) => keeps)
    if (keeping.length === 0) return []
    const { tag: own } = field.path
    return tags.filter((tag) => {
      if (own !== undefined && this.#nearest(tag)?.tag === own) return false
      return keeping.some(({ tagged }) => !tagged.includes(tag))
    })
  }

  #nearest(tag: string): { readonly tag: string; readonly field: number } | undefined {
    if (this.#known.has(tag)) return this.#known.get(tag)
    const at = above(tag).find((one) => this.#tags.fields.has(one) || this.#tags.ignored.has(one))
    const field = at === undefined ? undefined : this.#tags.fields.get(at)
    const rule = at === undefined || field === undefined ? undefined : { tag: at, field }
    this.#known.set(tag, rule)
    return rule
  }
}

const rulesOf = ({ rulesByStep }: PlanField) => rulesByStep.flat()

/** The tag, and those above it: `PII.contact.email`, `PII.contact`, `PII`. */
function above(tag: string): string[] {
  const parts = tag.split('.')
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('.'))
}
