/** One of the two policies, with what is asked of it again and again. */
import type { Revelation } from '../../transforms/reveals/revelation.ts'
import type { Sources } from '../policy/context.ts'
import type { Plan } from '../policy/plan.ts'
import type { Policy, PolicyField, PolicyRule } from '../policy/policy.ts'

export interface Compared {
  readonly policy: Policy
  readonly plan: Plan
  /** The digests of what it read. */
  readonly sources: Sources
}

export class Side {
  readonly policy: Policy
  readonly plan: Plan
  readonly sources: Sources
  readonly fields: ReadonlyMap<string, PolicyField>
  /** By what makes tokens equal: the output paths that have it. */
  readonly #joins: ReadonlyMap<string, ReadonlySet<string>>

  constructor({ policy, plan, sources }: Compared) {
    this.policy = policy
    this.plan = plan
    this.sources = sources
    this.fields = new Map(policy.fields.map((field) => [field.path.text, field]))
    const joins = new Map<string, Set<string>>()
    for (const { path, rules } of policy.fields)
      for (const rule of [...rules, ...stepRules(policy, path.text)]) {
        const id = this.#joinOf(rule, path.text)
        if (id !== undefined) joins.set(id, (joins.get(id) ?? new Set()).add(path.text))
      }
    this.#joins = joins
  }

  /** The other output paths whose tokens can be joined with those of `rule`. */
  joinedWith(rule: PolicyRule, path: string): ReadonlySet<string> {
    const id = this.#joinOf(rule, path)
    const all = new Set(id === undefined ? [] : this.#joins.get(id))
    all.delete(path)
    return all
  }

  #joinOf(rule: PolicyRule, path: string): string | undefined {
    const told = this.revealed(rule)
    if (told?.tells !== 'equality' && told?.tells !== 'noisy') return undefined
    const secret = told.tells === 'equality' ? told.token : told.draw
    return JSON.stringify([secret, told.domain ?? path, rule.key?.id])
  }

  /** What the transform of `rule` tells; a file counts by its bytes, not by its name. Undefined for keep and drop. */
  revealed(rule: PolicyRule): Revelation | undefined {
    return rule.transform?.reveals(this.optionsOf(rule))
  }

  /** The name of the option that says with which tokens those of `rule` can be joined. */
  domainOption(rule: PolicyRule): 'domain' | undefined {
    const told = this.revealed(rule)
    return told?.tells === 'equality' || told?.tells === 'noisy' ? 'domain' : undefined
  }

  /** The options with the digest of each file in place of its name. */
  optionsOf({ options = {} }: PolicyRule): Readonly<Record<string, unknown>> {
    const { files } = this.sources
    return Object.fromEntries(
      Object.entries(options).map(([name, value]) => [
        name,
        (typeof value === 'string' ? files.get(value) : undefined) ?? value,
      ]),
    )
  }

  /** The files that the options of `rule` name, as the policy writes them. */
  filesOf({ options = {} }: PolicyRule): ReadonlyMap<string, string> {
    const named = Object.entries(options).filter(([, value]) => this.sources.files.has(String(value)))
    return new Map(named.map(([option, value]) => [option, String(value)]))
  }

  /** The rules of `path`, or of a container above it that is kept as a whole; undefined where none is listed. */
  fieldAt(path: PolicyField['path']): { readonly field: PolicyField; readonly isAbove: boolean } | undefined {
    const own = this.fields.get(path.text)
    if (own !== undefined) return { field: own, isAbove: false }
    if (path.envelope !== undefined) return undefined
    const above = this.policy.fields.find(
      ({ path: other, rules }) =>
        rules.some(({ use }) => use === 'keep.subtree') &&
        other.segments.length < path.segments.length &&
        other.segments.every((segment, at) => JSON.stringify(segment) === JSON.stringify(path.segments[at])),
    )
    return above && { field: above, isAbove: true }
  }
}

/** The rules that steps of retention state for `path`. */
export function stepRules({ retention }: Policy, path: string): readonly PolicyRule[] {
  return (retention?.steps ?? []).flatMap(({ fields }) => fields.get(path) ?? [])
}
