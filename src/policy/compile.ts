/** Compiles a policy: reads it, checks it as a whole, and makes the plan that the walkers run. Opens no socket. */

import { channel } from 'node:diagnostics_channel'
import { usesZoneData } from '../../transforms/calendar/zone.ts'
import { compileTimeReader, type Reader } from '../../transforms/calendar.ts'
import { transforms as registered } from '../../transforms/index.ts'
import { OptionError, type Transform } from '../../transforms/transform.ts'
import type { Problem } from '../errors.ts'
import { buildPlan } from './build-plan.ts'
import { checkShape, type ShapeCodes } from './check-form.ts'
import { checkReadings } from './check-readings.ts'
import { readColumns } from './columns.ts'
import { checkFormats, compileRule, type RuleSetting } from './compile-rule.ts'
import { readConsent } from './consent/read-consent.ts'
import { newSources, type Sources } from './context.ts'
import { readCrowd } from './crowd/read-crowd.ts'
import { guarded } from './custom/guarded.ts'
import { readTransforms } from './custom/read-transforms.ts'
import { checkNumbers, entryOf, type MapNode, readDocument, type TreeNode, textOf } from './document.ts'
import { type Fault, settleFaults } from './faults.ts'
import { checkTaxonomyKey, DATA_USES } from './fideslang.ts'
import { readInputForm } from './input-form.ts'
import type { KeySource } from './key-source.ts'
import { checkLayout, type ReadPath } from './layout.ts'
import { matchedInputs, patternsOf } from './matched.ts'
import { type Path, sameSegment, wildcardsOf } from './path.ts'
import { checkPersonas } from './personas.ts'
import type { Plan } from './plan.ts'
import type { Policy, PolicyCarrier, PolicyField, PolicyStep, PolicyTime } from './policy.ts'
import type { PolicyFile } from './policy-file.ts'
import { Findings, quote, type TextPosition } from './problems.ts'
import { readFields } from './read-fields.ts'
import { leadsThrough, readForms } from './read-forms.ts'
import { readRequired } from './read-required.ts'
import { compileSteps, judgeOf, readRetention } from './read-retention.ts'
import { readPath } from './read-rule.ts'
import { checkTagged, readTags } from './read-tags.ts'
import { PolicySchema } from './schema.ts'
import { weakSets } from './sets.ts'
import { readSuppression } from './suppression/read-suppression.ts'
import { suspectedInputs } from './suspected.ts'
import { checkTypes } from './typed-results.ts'
import { rolesByInput, type Said, weakRules } from './weak.ts'

export interface CompileOptions {
  /** Without keys a policy is only checked: its keyed rules refuse every value. */
  readonly keys?: KeySource | undefined
  /** Beside the registered transforms, and guarded: one that throws, or gives no text, fails for that value. */
  readonly transforms?: readonly Transform[] | undefined
}

export interface Compiled {
  /** Undefined where there is an error. */
  readonly plan: Plan | undefined
  /** All of them, by line and column. */
  readonly problems: readonly Problem[]
  /** As far as it could be read. */
  readonly policy: Policy | undefined
  /** The digests of what it read beside its text; complete where there is a plan. */
  readonly sources: Sources
}

const POLICY_SHAPE: ShapeCodes = {
  unknown: 'unknown-key',
  missing: 'missing-key',
  wrong: 'wrong-type',
  byKey: {
    policy: 'bad-name',
    read: 'bad-read',
    shape: 'bad-shape',
    unlisted: 'bad-unlisted',
    suspects: 'bad-suspects',
    tags: 'bad-tags',
    taggedWithoutRule: 'bad-tags',
    suppression: 'bad-suppression',
    consent: 'bad-consent',
    crowd: 'bad-crowd',
    'crowd.window': 'bad-period',
    'input.delimiter': 'bad-input',
    'input.quote': 'bad-input',
    'input.escape': 'bad-input',
    'input.header': 'bad-input',
    'input.skipLines': 'bad-input',
    'input.comment': 'bad-input',
    'input.nulls': 'bad-input',
    'time.format': 'bad-time',
    'time.formats': 'bad-time',
    'time.notBefore': 'bad-time',
    'time.notAfter': 'bad-time',
    'time.zone': 'bad-time',
    'retention.futureTolerance': 'bad-period',
    'retention.steps.after': 'bad-period',
    'retention.steps.then': 'bad-step',
  },
  hints: {
    unlisted: 'drop or reject; there is no `keep`, because what a policy does not name never leaves',
    suspects: 'warn or dead-letter',
  },
}

/** For diagnostics: gets `{ file }` for each policy that is compiled in this thread. */
export const COMPILED_CHANNEL = 'lethe.policy.compiled'
const compiledChannel = channel(COMPILED_CHANNEL)

/** Compiles `source`; never throws for a bad policy, and reports every problem of it. Files of transforms (`transforms:`) are code, and
 * have to be imported before: `compilePolicyFile` does both. */
export function compilePolicy(source: PolicyFile, options: CompileOptions = {}): Compiled {
  return compileWith(source, options.keys, registerOf(options))
}

/** The same with these transforms and no others. */
export function compileWith(
  source: PolicyFile,
  keys: KeySource | undefined,
  register: ReadonlyMap<string, Transform>,
): Compiled {
  compiledChannel.publish({ file: source.file })
  const findings = new Findings(source.file)
  const sources = newSources()
  const failed: (policy?: Policy) => Compiled = (policy) => ({
    plan: undefined,
    problems: findings.sorted(),
    policy,
    sources,
  })
  const tree = readDocument(source.text.replace(/^\ufeff/, ''), findings)
  if (tree === undefined) return failed()
  if (tree.kind !== 'map') {
    findings.add(tree.at, 'wrong-type', 'a policy is a mapping', 'policy: my-policy')
    return failed()
  }
  const shape = checkShape(PolicySchema, tree, POLICY_SHAPE, findings)
  checkNumbers(tree, new Set(['when']), findings)
  checkPurpose(tree, findings)

  const subject = readTopPath(entryOf(tree, 'subject')?.value, 'subject', findings)
  const { tags, fields: byTag } = readTags(tree, findings)
  const fields = [...readFields(entryOf(tree, 'fields')?.value, subject?.path, findings), ...byTag]
  const time = readTime(entryOf(tree, 'time')?.value, findings)
  const suppression = readSuppression(entryOf(tree, 'suppression')?.value, sources, findings)
  const { consent, consentTables } = readConsent(
    entryOf(tree, 'consent')?.value,
    textOf(entryOf(tree, 'purpose')?.value) ?? '',
    entryOf(tree, 'time') !== undefined,
    sources,
    findings,
  )
  const retentionEntry = entryOf(tree, 'retention')
  const retention = readRetention(retentionEntry?.value, retentionEntry?.at ?? tree.at, fields, findings)
  const crowd = readCrowd(entryOf(tree, 'crowd'), fields, entryOf(tree, 'tags')?.at, findings)
  const input = readInputForm(entryOf(tree, 'input')?.value, findings)
  const nulls = input?.nulls ?? []
  const setting: RuleSetting = {
    source,
    register: readTransforms(entryOf(tree, 'transforms')?.value, register, source, sources, findings),
    keys,
    sources,
    findings,
    nulls,
    has: { subject: entryOf(tree, 'subject') !== undefined, time: entryOf(tree, 'time') !== undefined },
  }
  for (const field of fields) {
    for (const rule of field.rules) compileRule(rule, field, setting)
    checkConditions(field, findings)
  }
  const faults: Fault[] = []
  if (retention !== undefined) {
    if (!setting.has.time)
      findings.add(
        retention.at,
        'needs-time',
        'retention goes by event time, and the policy names none',
        'add `time:` at the top',
      )
    faults.push(...compileSteps(retention, fields, setting))
  }
  const steps = retention?.steps ?? []
  const rules = [...fields.flatMap((f) => f.rules), ...steps.flatMap((step) => [...step.fields.values()])]
  checkPersonas(rules, findings)
  if (tags === undefined) checkTagged(rules, findings)
  const hasToken = rules.some((rule) => rule.transform?.properties.stableToken)
  const reads: ReadPath[] = fields.flatMap((f) =>
    f.rules.flatMap((r) => r.when.filter(({ path }) => path.envelope === undefined)),
  )
  if (subject !== undefined) reads.push(subject)
  if (time !== undefined) reads.push(time)
  reads.push(...consent.map(({ from, fromAt }) => ({ path: from, at: fromAt })))
  reads.push(...consentTables.map(({ by, byAt }) => ({ path: by, at: byAt })))
  reads.push(...suppression.flatMap(({ by, byAt }) => by.map((path) => ({ path, at: byAt }))))
  checkLayout(fields, reads, findings)
  const inputs = [...fields.map((f) => f.from), ...reads.map((r) => r.path)]
  const { carriers, either } = readForms(tree, inputs, findings)
  const columns = readColumns(
    entryOf(tree, 'columns')?.value,
    columnsOf(inputs, carriers),
    patternsOf(fields),
    findings,
  )
  const { required, optional } = readRequired(
    tree,
    fields,
    reads.map(({ path }) => path),
    carriers.map(({ path }) => path),
    findings,
  )
  // What a pattern does to an input that other fields or conditions read is judged together with them.
  const judged = [...fields, ...matchedInputs(fields, reads, findings)]
  const readers = checkReadings(judged, steps, { subject, time }, nulls, findings)
  const isInText = ({ path }: PolicyField): boolean => carriers.some((one) => leadsThrough(path, one.path))
  checkTypes(fields, steps, isInText, findings)
  const said: Said = {
    roles: rolesByInput(judged),
    suspected: suspectedInputs(judged, columns),
    time: time?.path.text,
    hasToken,
    hasCrowd: entryOf(tree, 'crowd') !== undefined,
  }
  faults.push(...weakTogether(judged, steps, said))
  settleFaults(faults, rules, findings)
  const readsTime = time && compileTime(time, tree, findings)
  if (time !== undefined && usesZoneData(time.zone)) sources.platform.add('time-zones')

  if (shape === undefined) return failed()
  const policy: Policy = {
    file: source.file,
    name: shape.policy,
    version: shape.version,
    versionAt: entryOf(tree, 'version')?.value.at ?? tree.at,
    description: shape.description,
    purpose: shape.purpose,
    unlisted: shape.unlisted,
    suspects: shape.suspects,
    subject,
    time,
    fields,
    tags,
    suppression,
    consent,
    consentTables,
    retention,
    crowd,
    input,
    columns,
    modules: shape.transforms ?? [],
    required,
    optional,
    carriers,
    either,
  }
  if (findings.count > 0) return failed(policy)
  const plan = buildPlan(policy, sources, {
    readTime: readsTime,
    readers,
    retention: retention && judgeOf(retention),
    keys,
  })
  return { plan, problems: [], policy, sources }
}

/** What a column can be: of what is read below a carrier, the carrier. */
function columnsOf(inputs: readonly Path[], carriers: readonly PolicyCarrier[]): Path[] {
  const isBelow = (path: Path): boolean => carriers.some((carrier) => leadsThrough(path, carrier.path))
  return [...inputs.filter((path) => !isBelow(path)), ...carriers.map(({ path }) => path)]
}

/** @throws TypeError where two transforms have one name: what it stands for would depend on their order */
function registerOf({ transforms = [] }: CompileOptions): ReadonlyMap<string, Transform> {
  const register = new Map(registered.map((transform) => [transform.name, transform]))
  for (const transform of transforms) {
    const known = register.get(transform.name)
    if (known !== undefined && known !== transform)
      throw new TypeError(`there is a transform ${transform.name} already: give yours another name`)
    if (known === undefined) register.set(transform.name, guarded(transform))
  }
  return register
}

/** What is weak about the rules of all fields, each by itself and those of one input together. */
function weakTogether(fields: readonly PolicyField[], steps: readonly PolicyStep[], said: Said): Fault[] {
  const alone = weakRules(fields, said)
  const rulesOf = (faults: readonly Fault[], ...codes: readonly Fault['code'][]) =>
    new Set(faults.filter(({ code }) => codes.includes(code)).flatMap((fault) => fault.rules))
  const sets = weakSets(fields, steps, said, rulesOf(alone, 'kept-direct-identifier'))
  // Beside the token of its own value a quasi-identifier is worse off than beside any other.
  const beside = rulesOf(sets, 'kept-beside-keyed')
  return [
    ...alone.filter(
      ({ code, rules }) =>
        code !== 'token-beside-quasi-identifiers' || !rules.some((rule) => beside.has(rule)),
    ),
    ...sets,
  ]
}

function checkPurpose(tree: MapNode, findings: Findings): void {
  const value = entryOf(tree, 'purpose')?.value
  if (value?.kind !== 'scalar' || typeof value.value !== 'string') return
  const { ok, near } = checkTaxonomyKey(value.text, DATA_USES)
  if (!ok)
    findings.add(
      value.at,
      'unknown-purpose',
      `${quote(value.text)} is not a data use of Fideslang, nor below one`,
      near === undefined ? 'e.g. train_ai_system' : `did you mean \`${near}\`?`,
    )
}

/** A path at the top of the policy: one scalar of the record's value. */
function readTopPath(
  node: TreeNode | undefined,
  word: string,
  findings: Findings,
): { path: Path; at: TextPosition } | undefined {
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') return undefined
  const path = readPath(node.text, node.at, findings)
  if (path === undefined) return undefined
  if (path.envelope === undefined && path.segments.every((segment) => segment.kind === 'name'))
    return { path, at: node.at }
  findings.add(
    node.at,
    'bad-path',
    `${quote(word)} is one value of the record, so its path has no [], .* or $`,
  )
  return undefined
}

function readTime(node: TreeNode | undefined, findings: Findings): PolicyTime | undefined {
  const top = readTopPath(node?.kind === 'map' ? entryOf(node, 'path')?.value : node, 'time', findings)
  if (top === undefined) return undefined
  const word = (name: string): TreeNode | undefined => node && entryOf(node, name)?.value
  const text = (name: string): string | undefined => textOf(word(name))
  const list = word('formats')
  checkFormats(node, 'bad-time', findings)
  return {
    ...top,
    format: text('format') ?? 'rfc3339',
    formats: list?.kind === 'list' ? list.items.flatMap((item) => textOf(item) ?? []) : undefined,
    zone: text('zone'),
    notBefore: text('notBefore'),
    notAfter: text('notAfter'),
  }
}

function compileTime(time: PolicyTime, tree: MapNode, findings: Findings): Reader<number> | undefined {
  try {
    return compileTimeReader(time)
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    const node = entryOf(tree, 'time')?.value
    const at = (node && entryOf(node, error.option ?? '')?.value.at) ?? time.at
    findings.add(at, 'bad-time', error.message, error.suggestion)
    return undefined
  }
}

/** A condition reads one scalar for each value that its rule applies to. */
function checkConditions(field: PolicyField, findings: Findings): void {
  const reach = wildcardsOf(field.from)
  for (const rule of field.rules)
    for (const { path, at } of rule.when) {
      const needs = wildcardsOf(path)
      if (path.envelope !== undefined || path.segments.at(-1)?.kind === 'names')
        findings.add(at, 'bad-when', `${quote(path.text)} is not a scalar of the record's value`)
      else if (needs.length > reach.length || !needs.every((segment, i) => sameSegment(segment, reach[i]!)))
        findings.add(
          at,
          'bad-when',
          `${quote(path.text)} names several values where ${quote(field.from.text)} is one: which is meant cannot be told`,
          'a condition may run only over elements and members that the field runs over',
        )
    }
}
