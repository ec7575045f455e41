/** Compiles the policies that a pipeline names, and checks that each fits its route. */
import { LetheError } from '../../errors.ts'
import { type Compiled, compilePolicy } from '../../policy/compile.ts'
import type { KeySource } from '../../policy/key-source.ts'
import type { Plan } from '../../policy/plan.ts'
import type { Policy, PolicyField } from '../../policy/policy.ts'
import { type PolicyFile, readPolicyFile } from '../../policy/policy-file.ts'
import { quote } from '../../policy/problems.ts'
import { suggestion } from '../../policy/suggest.ts'
import { checkBalance } from './check-balance.ts'
import { checkChange } from './check-change.ts'
import { checkCrowd } from './check-crowd.ts'
import { checkColumns, checkEnvelope } from './check-datasets.ts'
import { checkPlanFormat } from './check-registry.ts'
import { checkSketch } from './check-sketches.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'
import type { KeysPlace } from './pipeline.ts'
import { fileBeside, type Secrets } from './secret-node.ts'

export interface PolicyOptions {
  /** Gives the keys that the pipeline names, or others in their place. Without keys policies are only checked. */
  readonly keysOf?: ((keys: KeysPlace | undefined) => KeySource | undefined) | undefined
  /** In place of the files on disk. */
  readonly readPolicy?: ((file: string) => PolicyFile) | undefined
}

/**
 * The policies by file, each compiled once, with their problems at their own places; what is wrong with a route goes to
 * the draft. Policies that cannot be read are left out.
 */
export function checkPolicies(
  draft: PipelineDraft,
  folder: string,
  secrets: Secrets,
  { keysOf = () => undefined, readPolicy = readPolicyFile }: PolicyOptions,
): ReadonlyMap<string, Compiled> {
  const keys = keysOf(secrets.keys)
  const compiled = new Map<string, Compiled | undefined>()
  for (const route of draft.parts.routes) {
    const file = fileBeside(folder, route.shape.policy)
    if (!compiled.has(file)) compiled.set(file, compileOne(file, route, draft, readPolicy, keys))
    const policy = compiled.get(file)
    if (policy?.plan === undefined) continue
    if (policy.plan.needsKeys && !draft.has('keys'))
      draft.findings.add(
        draft.at('routes', route.index, 'policy'),
        'policy-needs-keys',
        `the policy ${quote(policy.plan.name)} makes tokens or other keyed values, and the pipeline has no keys`,
        'add `keys: { file: … }` at the top (`lethe keys create FILE` makes one)',
      )
    checkLists(policy.plan, route, draft)
    checkPlanFormat(policy.plan, route, draft)
    checkEnvelope(policy.plan, route, draft)
    checkColumns(policy.plan, route, draft)
    checkChange(policy.plan, route, draft)
    checkCrowd(policy.plan, route, draft)
    checkBalance(policy.plan, route, draft)
    checkSketch(policy.plan, route, draft)
    if (route.shape.to.compacted) checkRecordKey(policy.policy!, route, draft)
  }
  checkUnusedLists(
    [...compiled.values()].map((policy) => policy?.plan),
    draft,
  )
  return new Map([...compiled].flatMap(([file, policy]) => (policy === undefined ? [] : [[file, policy]])))
}

/** A list or table that the policy names and the pipeline does not: the run would be refused. */
function checkLists(
  { name, suppression, consentTables }: Plan,
  { index }: RoutePart,
  { parts, findings, at, has }: PipelineDraft,
): void {
  const needs = (kind: 'list' | 'table', named: readonly string[], there: object | undefined): void => {
    for (const one of new Set(named))
      if (there === undefined || !Object.hasOwn(there, one))
        findings.add(
          at('routes', index, 'policy'),
          'policy-needs-list',
          `the policy ${quote(name)} goes by the ${kind === 'list' ? 'suppression list' : 'consent table'} ${quote(one)}, and the pipeline does not say where it is`,
          `add \`${kind}s: { ${one}: { file: … } }\` at the top`,
        )
  }
  needs(
    'list',
    suppression.map(({ list }) => list),
    parts.lists,
  )
  needs(
    'table',
    consentTables.map(({ table }) => table),
    parts.tables,
  )
  const isMatched = suppression.some(({ entries }) => entries === 'match') || consentTables.length > 0
  if (isMatched && !has('matchKeys'))
    findings.add(
      at('routes', index, 'policy'),
      'policy-needs-keys',
      `the policy ${quote(name)} goes by subjects under match keys, and the pipeline has none`,
      'add `matchKeys: { file: … }` at the top (`lethe keys create --match FILE` makes them)',
    )
}

/** A list or table that no policy names is a slip: what it says would not count. */
function checkUnusedLists(
  plans: readonly (Plan | undefined)[],
  { parts, findings, at }: PipelineDraft,
): void {
  // What a policy with errors names is not known.
  const known = plans.flatMap((plan) => plan ?? [])
  if (known.length < plans.length) return
  const named = {
    lists: new Set(known.flatMap(({ suppression }) => suppression.map(({ list }) => list))),
    tables: new Set(known.flatMap(({ consentTables }) => consentTables.map(({ table }) => table))),
  }
  for (const word of ['lists', 'tables'] as const)
    for (const one of Object.keys(parts[word] ?? {}))
      if (!named[word].has(one))
        findings.add(
          at(word, one),
          'unused-list',
          `no policy of the pipeline names ${quote(one)} under \`${word === 'lists' ? 'suppression' : 'consent'}:\``,
          suggestion(one, named[word]),
        )
}

function compileOne(
  file: string,
  { index }: RoutePart,
  { findings, at }: PipelineDraft,
  readPolicy: (file: string) => PolicyFile,
  keys: KeySource | undefined,
): Compiled | undefined {
  let source: PolicyFile
  try {
    source = readPolicy(file)
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    findings.add(at('routes', index, 'policy'), 'bad-file', error.message, error.suggestion)
    return undefined
  }
  return compilePolicy(source, { keys })
}

/**
 * A compacted topic keeps one record of each key. Two raw keys under one output key would delete each other's
 * records; one raw key under two would leave behind what a tombstone was to delete.
 */
function checkRecordKey(policy: Policy, { shape, index }: RoutePart, { findings, at }: PipelineDraft): void {
  const trouble = recordKeyTrouble(policy)
  if (trouble === undefined) return
  findings.add(
    at('routes', index, 'to', 'compacted'),
    'compacted-key',
    `${quote(shape.to.topic ?? '')} is compacted, and the policy ${quote(policy.name)} ${trouble}`,
    'write e.g. `$key: { use: hash.hmac, domain: … }` in the policy',
  )
}

function recordKeyTrouble(policy: Policy): string | undefined {
  const fields = policy.fields.filter(({ path }) => path.envelope === 'key')
  if (fields.length === 0) return 'has no rule for `$key`'
  const trouble = fields.map((field) => fieldTrouble(field, policy)).find((one) => one !== undefined)
  if (trouble !== undefined) return trouble
  return fields.every(isDropped) ? 'drops all that it names of `$key`' : undefined
}

const isDropped = ({ rules }: PolicyField): boolean => rules.every(({ use }) => use === 'drop')

function fieldTrouble(field: PolicyField, policy: Policy): string | undefined {
  const path = quote(field.path.text)
  const [rule, more] = field.rules
  if (more !== undefined || rule!.when.length > 0)
    return `has several rules for ${path}, or one with \`when\`: a tombstone fits none`
  if (policy.retention?.steps.some((step) => step.fields.has(field.path.text)) === true)
    return `changes ${path} in a step of retention: what was published before would stay`
  const { transform, use, otherwise } = rule!
  const isMember = field.path.segments.length > 0
  // Members that are kept tell keys apart as they did; those that are dropped tell none, as the policy says.
  if (isMember && (use === 'keep' || use === 'drop')) return undefined
  if (transform === undefined) return `handles ${path} by ${quote(use)}, which is no transform`
  if (transform.properties.uniqueness === 'lossy')
    return `handles ${path} by ${quote(use)}, which makes one of several keys`
  if ((transform.properties.needs ?? []).length > 0)
    return `handles ${path} by ${quote(use)}, which needs more of the record than a tombstone has`
  if (otherwise.kind !== 'dead-letter')
    return `has an \`else\` for ${path}: all keys that the rule cannot take would become one, or none`
  return undefined
}
