/** What a search for a policy is asked for: by options, and by what the policy says of its crowd where they are silent. */
import { LetheError } from '../errors.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import type { Criteria } from '../solve/criteria.ts'
import type { Fairness } from '../solve/fairness.ts'
import type { Metric } from '../solve/objectives.ts'
import type { FilesOptions } from './batch-files.ts'
import { fieldAt, pathText } from './measuring.ts'

export interface SolveOptions
  extends Omit<
    FilesOptions,
    'observe' | 'policyFile' | 'output' | 'dryRun' | 'change' | 'measure' | 'planned' | 'crowd'
  > {
  /** Data subjects in a class; of `crowd:` of the policy unless stated, and so on. */
  readonly k?: number
  readonly l?: number
  readonly t?: number
  readonly maxSuppressed?: number
  readonly over?: readonly string[]
  readonly sensitive?: readonly string[]
  /** Fields that must not move. */
  readonly fixed?: readonly string[]
  /** Output paths of fields whose values, as they came, part the subjects into groups. */
  readonly by: readonly string[]
  /** The least retention of a group in relation to the best. */
  readonly fair?: number
  readonly metric: Metric
  /** By output path of a field that is kept: a hierarchy for it, as the policy is to name the file. */
  readonly hierarchies: ReadonlyMap<string, string>
  readonly smallestGroup: number
  readonly maxRecords: number
  /** Larger lattices are searched in part. */
  readonly exactNodes: number
  /** So many nodes are looked at; 20,000 unless stated, and fewer of more than 100,000 distinct combinations of values. */
  readonly maxChecks?: number
}

/** What is searched for. */
export interface SolveRequest {
  /** Output paths, each once. */
  readonly over: readonly string[]
  readonly sensitive: readonly string[]
  readonly by: readonly string[]
  readonly criteria: Criteria
  readonly fairness: Fairness | undefined
}

/** @throws LetheError (usage) where that says nothing, or contradicts itself */
export function askedOf(plan: Plan, options: SolveOptions): SolveRequest {
  const { crowd } = plan
  const leaves = ({ rulesByStep }: PlanField): boolean =>
    rulesByStep.some((rules) => rules.some(({ use }) => use !== 'drop'))
  const withRole = (role: string, are: (field: PlanField) => boolean): string[] =>
    plan.fields.filter((field) => field.role === role && are(field)).map(({ path }) => path.text)
  const named = (paths: readonly string[] | undefined): string[] | undefined =>
    paths?.map((path) => fieldAt(plan, pathText(path)).path.text)
  const refuse = (message: string, way: string): never => {
    throw new LetheError('bad-option', `${message}; nothing was read`, way)
  }
  // What is dropped parts no class, and is lost.
  const over = named(options.over) ?? [
    ...(crowd?.over ?? withRole('quasi-identifier', leaves)),
    ...withRole('quasi-identifier', (field) => !leaves(field)),
  ]
  if (over.length === 0)
    refuse(
      `no field of the policy ${options.policy} has \`role: quasi-identifier\`, so there are no classes`,
      'give the fields that single out a person that role, or name them with --over',
    )
  const k = options.k ?? crowd?.k
  if (k === undefined)
    return refuse(
      'how many data subjects a class must have is not stated',
      'say --k N, or `crowd: { k: N }` in the policy',
    )
  const l = options.l ?? crowd?.l
  const t = options.t ?? crowd?.t
  const isAbout = l !== undefined || t !== undefined
  const sensitive = isAbout
    ? (named(options.sensitive) ??
      (crowd !== undefined && crowd.sensitive.length > 0
        ? [...crowd.sensitive]
        : withRole('sensitive', leaves).filter((path) => !over.includes(path))))
    : []
  if (isAbout && sensitive.length === 0)
    refuse(
      'l and t are about sensitive values, and there are none',
      'say --sensitive FIELD, or give fields `role: sensitive`',
    )
  const dropped = sensitive.find((path) => !leaves(fieldAt(plan, path)))
  if (dropped !== undefined)
    refuse(`${dropped} is dropped, so that it tells nothing of a class`, 'name sensitive fields that leave')
  const twice = sensitive.find((path) => over.includes(path))
  if (twice !== undefined)
    refuse(
      `${twice} is both a quasi-identifier and sensitive, so that each class has one value`,
      'name it in one of the two',
    )
  const by = named(options.by) ?? []
  if (options.fair !== undefined && by.length === 0)
    refuse('--fair is about groups, and none are named', 'say --by FIELD')
  for (const path of options.hierarchies.keys())
    if (!over.includes(pathText(path)))
      refuse(`--hierarchy ${path}: it is no quasi-identifier of this search`, 'name it with --over too')
  return {
    over,
    sensitive,
    by,
    criteria: {
      k,
      ...(l === undefined ? {} : { l: { least: l, by: 'distinct' as const } }),
      ...(t === undefined ? {} : { t, tOf: 'kept' as const }),
      maxSuppressed: options.maxSuppressed ?? crowd?.maxSuppressed ?? 0,
    },
    fairness: options.fair === undefined ? undefined : { ratio: options.fair },
  }
}
