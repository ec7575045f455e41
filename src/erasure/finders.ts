/** By what the rows of a subject are found in what a policy published, and the tokens of a subject under every key. */
import type { Transform } from '../../transforms/transform.ts'
import { LetheError } from '../errors.ts'
import { checkValueOf, Keyring } from '../keys/keyring.ts'
import type { Keyset } from '../keys/keyset.ts'
import { guessable } from '../keys/known-secrets.ts'
import type { HeldFinder, HeldSearch } from '../lifecycle/held-subjects.ts'
import type { Compiled } from '../policy/compile.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import { matchedInputs } from '../policy/matched.ts'
import type { Path } from '../policy/path.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import type { Policy } from '../policy/policy.ts'
import { Findings, formatProblems } from '../policy/problems.ts'

/** `token`: under a key. `kept`: the identifier itself. `unkeyed`: a token that needs no key, which can be guessed. */
export type FoundBy = 'token' | 'kept' | 'unkeyed'

/** A field that rows are found by, as orders name it. */
export interface FinderForm {
  /** The output path. */
  readonly field: string
  readonly by: readonly FoundBy[]
  /** What stands between several identifiers in one text; null: it is one. */
  readonly split: string | null
}

/** How rows are found in the files of one policy, as orders say it. */
export interface SearchForm {
  readonly policy: { readonly name: string; readonly version: number; readonly fingerprint: string }
  readonly finders: readonly FinderForm[]
  /** What stands beside the values of records of topics: `$key`, members of a key that is JSON, headers. Left out where none. */
  readonly beside?: readonly FinderForm[] | undefined
  /** Why not all rows of a subject can be found. */
  readonly unsearched: readonly string[]
}

/** The list that subjects go on, as the policy names it. */
export type NamedList = Pick<Plan['suppression'][number], 'list' | 'normalize'>

/** What outputs hold of an identifier. */
export interface SubjectOutputs {
  readonly tokens: readonly string[]
  /** What stands there without a key: it must not be written down as it is. */
  readonly unkeyed: readonly string[]
}

/** A policy under every key of a keyset, to find subjects by. */
export interface SubjectSearch {
  readonly plan: Plan
  readonly form: SearchForm
  /** The same for a legal hold, which keeps what it cannot tell. */
  readonly held: HeldSearch
  /** The identifier as lists see it: what `read:` takes off is off. */
  readonly identifierOf: (subject: string) => string
  /** What to know before rows are erased by these fields. */
  readonly notes: readonly string[]
  readonly outputsOf: (subject: string) => SubjectOutputs
}

/** The check values of all keys, by id. */
export const keyChecksOf = (keyset: Keyset | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries((keyset?.keys ?? []).map((key) => [key.id, checkValueOf(key)]))

/**
 * Compiles the policy under each key in turn, disabled and compromised ones too: what was published under them is still
 * stored.
 * @throws LetheError (usage) where the policy has errors, or names no data subject
 */
export async function searchOf(file: string, keyset: Keyset | undefined): Promise<SubjectSearch> {
  const compiled: (Compiled & { readonly plan: Plan; readonly policy: Policy })[] = []
  for (const keys of everyKey(keyset)) {
    const one = await compilePolicyFile(file, { keys })
    if (one.plan === undefined || one.policy === undefined)
      throw new LetheError(
        'policy-invalid',
        `the policy ${file} has errors; nothing was done\n${formatProblems(one.problems, 'text')}`,
        'correct them',
      )
    compiled.push({ ...one, plan: one.plan, policy: one.policy })
  }
  const [{ plan }] = compiled as [(typeof compiled)[number]]
  if (plan.needsKeys && keyset === undefined)
    throw new LetheError(
      'keys-missing',
      'the policy gives tokens under keys, and none are given: rows would not be found by them',
      'say --keys FILE or set LETHE_KEYS_FILE',
    )
  const subject = plan.subject
  if (subject === undefined)
    throw new LetheError(
      'bad-option',
      `the policy ${plan.name} does not say whose a record is`,
      'say `subject: PATH` in it',
    )
  const list = listOf(plan)
  const roots = new Set([subject.text])
  for (const { list: name, by, entries } of plan.suppression)
    if (name === list?.list && entries === 'match' && by.length === 1) roots.add(by[0]!.text)
  const fields = compiled.map((one) => fieldsOf(one.plan, one.policy, subject, roots))
  const inValue = fields[0]!.filter(({ path }) => path.envelope === undefined)
  const { finders, unsearched } = findersOf(inValue, subject)
  const beside = fields[0]!.flatMap(({ path, rules, split }): FinderForm[] =>
    path.envelope === undefined ? [] : [{ field: path.text, by: kindsIn(rules), split }],
  )
  const { name, version, fingerprint } = plan
  const reader = plan.readers.get(subject.text)
  return {
    plan,
    form: {
      policy: { name, version, fingerprint },
      finders,
      ...(beside.length === 0 ? {} : { beside }),
      unsearched,
    },
    held: { policy: { name, version, fingerprint }, ...heldFindersOf(inValue, subject) },
    notes: notesOf(inValue, roots),
    identifierOf: (text) => (reader === undefined ? text : (reader(text) ?? text)),
    outputsOf: (text) => outputsOf(text, fields),
  }
}

/** The list under match keys by the data subject; undefined where the policy names none. */
export const listOf = ({ subject, suppression }: Plan): NamedList | undefined =>
  suppression.find(
    ({ by, entries }) => entries === 'match' && by.length === 1 && by[0]!.text === subject?.text,
  )

/** A keyring for each key, in which that key is the primary one and all may be used; `undefined` alone without keys. */
function everyKey(keyset: Keyset | undefined): readonly (Keyring | undefined)[] {
  if (keyset === undefined) return [undefined]
  // With one that can be guessed, no run was ever made.
  const keys = keyset.keys
    .filter(({ status, secret }) => status === 'enabled' || guessable(secret.export()) === undefined)
    .map((key) => ({ ...key, status: 'enabled' as const }))
  const ids = [keyset.primary, ...keys.map(({ id }) => id).filter((id) => id !== keyset.primary)]
  return ids.map((primary) => Keyring.fromKeyset({ ...keyset, primary, keys }))
}

interface SubjectField {
  /** Where it stands in the output. */
  readonly path: Path
  /** The input path that it is made of. */
  readonly from: string
  /** Whether it is made of the subject's identifier, and not of another one of the same domain. */
  readonly isOwn: boolean
  readonly rules: readonly {
    readonly rule: PlanRule
    readonly by: FoundBy | undefined
    /** What its token does not tell apart. */
    readonly weak: readonly string[]
  }[]
  readonly split: string | null
}

/** The fields that may hold a token of the subject. */
function fieldsOf(
  plan: Plan,
  policy: Policy,
  subject: Path,
  roots: ReadonlySet<string>,
): readonly SubjectField[] {
  const kinds = kindsOf(policy)
  const read = (field: PlanField, path: Path): SubjectField => ({
    path,
    from: path === field.path ? field.from.text : path.text,
    isOwn: field.from.text === subject.text || path.text === subject.text,
    rules: [...new Set(field.rulesByStep.flat())].map((rule) => {
      const by = foundBy(rule, kinds)
      const weak = by === 'token' ? kinds.get(rule.use)!.weaknesses(rule.options ?? {}) : []
      return { rule, by, weak: weak.map(({ reason }) => reason) }
    }),
    split: policy.fields.find((one) => one.path.text === field.path.text)?.read?.split ?? null,
  })
  const fields = plan.fields.map((field) => read(field, field.path))
  const beside = plan.envelope.map((field) => read(field, field.path))
  const own = plan.fields.flatMap((field, at) => (roots.has(field.from.text) ? [fields[at]!] : []))
  // The subject may be one of the inputs that a pattern matches.
  if (!plan.fields.some(({ from }) => from.text === subject.text))
    for (const { path, rules } of matchedInputs(
      policy.fields,
      [{ path: subject, at: policy.versionAt }],
      new Findings(policy.file),
    )) {
      const field = plan.fields.find((one) =>
        rules.some(({ planRule }) => one.rulesByStep[0]?.some(({ id }) => id === planRule)),
      )
      if (path.text === subject.text && field !== undefined) own.push(read(field, path))
    }
  const domains = new Set(own.flatMap(({ rules }) => rules.flatMap(({ rule, by }) => domainOf(rule, by))))
  const others = [...fields, ...beside].filter(
    (one) =>
      !own.includes(one) &&
      one.rules.some(({ rule, by }) => domainOf(rule, by).some((domain) => domains.has(domain))),
  )
  return [...own, ...others]
}

/** Fields of one domain hold the same tokens for the same subject. */
const domainOf = ({ options }: PlanRule, by: FoundBy | undefined): readonly string[] =>
  by === 'token' && typeof options?.['domain'] === 'string' ? [options['domain']] : []

function kindsOf({ fields, retention }: Policy): ReadonlyMap<string, Transform> {
  const rules = [
    ...fields.flatMap((field) => field.rules),
    ...(retention?.steps ?? []).flatMap((step) => [...step.fields.values()]),
  ]
  return new Map(rules.flatMap(({ use, transform }) => (transform ? [[use, transform] as const] : [])))
}

/** Tokens of fewer bits stand for several of some million subjects: rows of others would go. */
const LEAST_BITS = 48

function bitsOf(options: Readonly<Record<string, unknown>> | undefined): number {
  const { bits, min = 0, max } = options ?? {}
  if (typeof bits === 'number') return bits
  return typeof max === 'number' && typeof min === 'number'
    ? Math.log2(max - min + 1)
    : Number.POSITIVE_INFINITY
}

/** How a rule lets a subject be found; undefined where its results stand for several. */
function foundBy(
  { action, use, options }: PlanRule,
  kinds: ReadonlyMap<string, Transform>,
): FoundBy | undefined {
  if (action.kind === 'keep') return 'kept'
  const properties = kinds.get(use)?.properties
  if (action.kind !== 'transform' || properties === undefined) return undefined
  const { stableToken, uniqueness, needs = [], keyed } = properties
  if (!stableToken || uniqueness === 'lossy' || needs.length > 0 || bitsOf(options) < LEAST_BITS)
    return undefined
  return keyed ? 'token' : 'unkeyed'
}

const kindsIn = (rules: SubjectField['rules']): readonly FoundBy[] => [
  ...new Set(rules.flatMap((one) => one.by ?? [])),
]

/** A gate reads values at paths; it knows no names of maps, no patterns and no tags. */
const isReadable = ({ isPattern, tag, segments }: Path): boolean =>
  isPattern !== true && tag === undefined && segments.every(({ kind }) => kind !== 'names')

function findersOf(
  fields: readonly SubjectField[],
  subject: Path,
): Pick<SearchForm, 'finders' | 'unsearched'> {
  const finders: FinderForm[] = []
  const unsearched: string[] = []
  let isCovered = false
  for (const { path, rules, isOwn, split } of fields) {
    const by = kindsIn(rules)
    if (by.length === 0) continue
    if (!isReadable(path)) {
      unsearched.push(`${path.text} may hold tokens of the subject, and rows cannot be found by it`)
      continue
    }
    finders.push({ field: path.text, by, split })
    isCovered ||= isOwn && rules.every((one) => one.by !== undefined)
  }
  if (!isCovered) {
    const uses = fields
      .filter(({ isOwn }) => isOwn)
      .flatMap(({ path, rules }) =>
        rules.flatMap(({ rule, by }) => (by === undefined ? [`${rule.use} of ${path.text}`] : [])),
      )
    unsearched.push(
      uses.length === 0
        ? `${subject.text} is not published: rows of the subject hold no token of it, and stay as the policy made them`
        : `${uses.join(', ')} gives no token that tells one subject alone: rows where it applies cannot be found by it, and stay as the policy made them`,
    )
  }
  return { finders, unsearched }
}

/**
 * How rows of subjects are told from those of others. Nothing may be taken for a row of someone else that may be theirs: so a row
 * is told by a field of the subject alone, and only where each of its rules leaves a token, or nothing.
 */
function heldFindersOf(
  fields: readonly SubjectField[],
  subject: Path,
): Pick<HeldSearch, 'finders' | 'untold'> {
  const found = fields.filter(({ rules }) => rules.some(({ by }) => by !== undefined))
  const untold = found
    .filter(({ path }) => !isReadable(path))
    .map(({ path }) => `rows cannot be told by ${path.text}, which may hold tokens of the subject`)
  const finders = found
    .filter(({ path }) => isReadable(path))
    .map(({ path, rules, isOwn, split }): HeldFinder => {
      const by = new Set(rules.flatMap((one) => one.by ?? []))
      return {
        field: path.text,
        by: [
          ...(by.has('kept') ? (['kept'] as const) : []),
          ...(by.has('token') || by.has('unkeyed') ? (['output'] as const) : []),
        ],
        split,
        tells: isOwn && rules.every(({ rule, by: how }) => tellsOrLeavesNothing(rule, how)),
      }
    })
  if (!finders.some(({ tells }) => tells))
    untold.push(`no field holds a token of ${subject.text} in every row that names one`)
  return { finders, untold }
}

const tellsOrLeavesNothing = ({ action, use, otherwise }: PlanRule, by: FoundBy | undefined): boolean =>
  otherwise.kind !== 'constant' && (by !== undefined || action.kind === 'drop' || use === 'mask.null')

function notesOf(fields: readonly SubjectField[], roots: ReadonlySet<string>): readonly string[] {
  return fields
    .filter(({ rules }) => rules.some(({ by }) => by !== undefined))
    .flatMap(({ path, from, rules }) => [
      ...(roots.has(from)
        ? []
        : [
            `${path.text} has tokens of subjects, and no list holds back by ${from}: records that name a subject there alone come again`,
          ]),
      ...rules.flatMap(({ weak }) =>
        weak.map((reason) => `rows found by ${path.text} may be of another subject: ${reason}`),
      ),
    ])
}

function outputsOf(subject: string, byKey: readonly (readonly SubjectField[])[]): SubjectOutputs {
  const tokens = new Set<string>()
  const unkeyed = new Set<string>()
  const record = { subject, eventTime: undefined, now: 0 }
  for (const { rule, by } of byKey.flat().flatMap(({ rules }) => rules)) {
    if (by === undefined || by === 'kept' || rule.action.kind !== 'transform') continue
    const result = rule.action.transform.apply(subject, record)
    if (typeof result === 'string') (by === 'token' ? tokens : unkeyed).add(result)
  }
  return { tokens: [...tokens], unkeyed: [...unkeyed] }
}
