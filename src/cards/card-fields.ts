/** The fields of an output as cards tell of them: paths and rules of the policy, types that follow from it, what each reveals. */
import { whatLeaves } from '../explain/in-plain-words.ts'
import type { Path } from '../policy/path.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import type { Policy, PolicyField, PolicyRule } from '../policy/policy.ts'
import { revealedBy } from '../policy/revealed.ts'
import type { ColumnType } from '../record/columns/column-tree.ts'
import { typeOfField } from '../record/columns/planned-columns.ts'

export interface CardRule {
  /** The name of a transform, or `keep`, `keep.subtree`. */
  readonly use: string
  /** What is done, in a line; no file, list or value that the policy names is in it. */
  readonly done: string
  /** What a result tells of its value, in a few words. */
  readonly tells: string
  /** Whether it changes the value: it is not kept, and its rule does not tell all of it. */
  readonly isMasking: boolean
  /** Whether equal values stay equal: a token. */
  readonly isToken: boolean
  /** Whether it is a made-up value. */
  readonly isSurrogate: boolean
  /** Set where it holds from a step of retention on, e.g. `180d`. */
  readonly after: string | undefined
  /** Input paths that decide whether it applies. */
  readonly conditions: readonly string[]
}

export interface CardField {
  readonly path: Path
  readonly from: Path
  readonly category: string | undefined
  readonly role: string
  /** Of its values; undefined: as the input has them. */
  readonly type: ColumnType | undefined
  /** What it is called in the header of a CSV file. */
  readonly column: string
  /** Without those that leave nothing; never empty. */
  readonly rules: readonly CardRule[]
  /** Labels of its rules, as summaries count by them. */
  readonly labels: readonly string[]
}

/** The fields that leave, in the order of the policy. `beside`: which of those beside the values of messages. */
export function cardFields(
  policy: Policy,
  plan: Plan,
  beside: (kind: NonNullable<Path['envelope']>) => boolean,
): readonly CardField[] {
  const planned = new Map([...plan.fields, ...plan.envelope].map((field) => [field.path.text, field]))
  const headerOf = new Map([...plan.columns].map(([name, path]) => [path, name]))
  return policy.fields.flatMap((field): CardField[] => {
    if (field.path.envelope !== undefined && !beside(field.path.envelope)) return []
    const rules = rulesOf(policy, field)
    if (rules.length === 0) return []
    const { path, from, category, role } = field
    const own = planned.get(path.text)
    return [
      {
        path,
        from,
        category,
        role,
        type: own === undefined ? undefined : typeOfField(own),
        column: columnOf(path, headerOf),
        rules,
        labels: own === undefined ? [] : labelsOf(own),
      },
    ]
  })
}

function columnOf({ text, segments }: Path, headerOf: ReadonlyMap<string, string>): string {
  const [only, ...more] = segments
  return headerOf.get(text) ?? (only?.kind === 'name' && more.length === 0 ? only.name : text)
}

const labelsOf = ({ rulesByStep }: PlanField): string[] => [
  ...new Set(rulesByStep.flat().map(({ label }) => label)),
]

function rulesOf(policy: Policy, field: PolicyField): CardRule[] {
  const stepped = (policy.retention?.steps ?? []).flatMap(({ after, fields }) => {
    const rule = fields.get(field.path.text)
    return rule === undefined ? [] : [[rule, after] as const]
  })
  const all = [...field.rules.map((rule) => [rule, undefined] as const), ...stepped]
  return all.filter(([{ use }]) => use !== 'drop').map(([rule, after]) => cardRule(rule, after))
}

function cardRule(rule: PolicyRule, after: string | undefined): CardRule {
  return {
    use: rule.use,
    done: doneIn(rule),
    tells: whatLeaves(rule),
    isMasking: revealedBy(rule).tells !== 'all',
    isToken: revealedBy(rule).tells === 'equality',
    isSurrogate: rule.use.startsWith('fake.'),
    after,
    conditions: rule.when.map(({ path }) => path.text),
  }
}

/** Options that name files and domains, or hold lists, are for those who run the policy. */
const UNTOLD: ReadonlySet<string> = new Set(['file', 'domain', 'list'])

function doneIn(rule: PolicyRule): string {
  if (rule.use === 'keep') return 'kept as it is'
  if (rule.use === 'keep.subtree') return 'kept as it is, with whatever is below it'
  const options = Object.entries(rule.options ?? {})
    .filter(([name, value]) => !UNTOLD.has(name) && ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => `${name}: ${String(value).slice(0, 60)}`)
  return `${rule.use}${options.length === 0 ? '' : ` (${options.join(', ')})`}: ${rule.transform?.summary ?? ''}`
}
