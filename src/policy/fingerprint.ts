/**
 * The fingerprint of a policy: SHA-256 over its canonical form. Canonical means: parsed, with defaults filled in, as
 * JSON with sorted keys. So comments, formatting, quotes and the order of keys and of fields do not count, nor
 * does `description`; the order of rules in a list counts, and so does the order among fields with `from:`, because
 * derived columns are written in that order. Keys are not part of it (the ids that rules name are).
 */
import { EPOCH_AHEAD, EPOCH_FROM } from '../../transforms/calendar/bounds.ts'
import { readsEpochs } from '../../transforms/calendar/dates.ts'
import type { ConsentForm } from './consent/consent-answer.ts'
import { type Sources, sha256 } from './context.ts'
import type { InputForm } from './input-form.ts'
import type {
  Policy,
  PolicyConsent,
  PolicyConsentTable,
  PolicyCrowd,
  PolicyField,
  PolicyRequired,
  PolicyRetention,
  PolicyRule,
  PolicyStep,
  PolicySuppression,
  PolicyTime,
} from './policy.ts'
import { canonicalReading } from './reading.ts'
import { printValueType } from './value-type.ts'

/** Members of the canonical form that a word of a policy gives; `undefined` ones are left out. */
type Canonical<T> = (whole: T) => Readonly<Record<string, unknown>>

/** Does not count: a position, a text for people, or what another member says. */
const LEFT_OUT = null

/** What each member of a part of a policy gives. A new word does not compile until it is decided here. */
type Words<T> = { readonly [K in keyof T]-?: Canonical<T> | typeof LEFT_OUT }

const RULE: Words<PolicyRule> = {
  at: LEFT_OUT,
  useAt: LEFT_OUT,
  use: ({ use }) => ({ use }),
  written: LEFT_OUT,
  options: ({ options }) => ({ options }),
  key: ({ key }) => ({ key: key?.id }),
  tagged: ({ tagged }) => ({ tagged: tagged && [...tagged.tags].sort() }),
  accept: ({ accept }) => ({ accept: accept?.reason }),
  lineBreaksAt: ({ lineBreaksAt }) => ({ lineBreaks: lineBreaksAt && 'allow' }),
  otherwise: ({ otherwise }) => ({ else: otherwise }),
  otherwiseAt: LEFT_OUT,
  when: ({ when }) => ({
    when: Object.fromEntries(
      when.map(({ path, values, orNothing }) => [path.text, { values: [...values].sort(), orNothing }]),
    ),
  }),
  // Named, with its version, once for the policy.
  transform: LEFT_OUT,
  // What follows from the others.
  weaknesses: LEFT_OUT,
  action: LEFT_OUT,
  planRule: LEFT_OUT,
}

const FIELD: Words<PolicyField> = {
  // The name of the member that it is.
  path: LEFT_OUT,
  at: LEFT_OUT,
  from: ({ from, path }) => ({ from: from === path ? undefined : from.text }),
  fromAt: LEFT_OUT,
  format: ({ format }) => ({ format }),
  read: ({ read }) => ({ read: read && canonicalReading(read) }),
  type: ({ type }) => ({ type: type && printValueType(type.type) }),
  statisticsAt: ({ statisticsAt }) => ({ statistics: statisticsAt && true }),
  category: ({ category }) => ({ category }),
  role: ({ role }) => ({ role }),
  roleByCategory: LEFT_OUT,
  rules: ({ rules }) => ({ rules: rules.map((rule) => canonical(rule, RULE)) }),
}

const STEP: Words<PolicyStep> = {
  at: LEFT_OUT,
  after: ({ after }) => ({ after }),
  suppress: ({ suppress }) => ({ suppress }),
  fields: ({ fields }) => ({
    fields: Object.fromEntries([...fields].map(([path, rule]) => [path, canonical(rule, RULE)])),
  }),
}

const RETENTION: Words<PolicyRetention> = {
  at: LEFT_OUT,
  futureTolerance: ({ futureTolerance }) => ({ futureTolerance }),
  steps: ({ steps }) => ({ steps: steps.map((step) => canonical(step, STEP)) }),
}

const TIME: Words<PolicyTime> = {
  at: LEFT_OUT,
  path: ({ path }) => ({ path: path.text }),
  format: ({ format, formats }) => ({ format: formats === undefined ? format : undefined }),
  zone: ({ zone }) => ({ zone }),
  // What came after 0.1.0, as above; the range of epoch numbers is there always.
  formats: ({ formats }) => ({ formats }),
  notBefore: (time) => ({ notBefore: time.notBefore ?? (readsEpochs(time) ? EPOCH_FROM : undefined) }),
  notAfter: (time) => ({ notAfter: time.notAfter ?? (readsEpochs(time) ? EPOCH_AHEAD : undefined) }),
}

const SUPPRESSION: Words<PolicySuppression> = {
  at: LEFT_OUT,
  // Not what stands on it: else each erasure would be another policy.
  list: ({ list }) => ({ list }),
  by: ({ by }) => ({ by: by.map(({ text }) => text) }),
  byAt: LEFT_OUT,
  entries: ({ entries }) => ({ entries }),
  normalize: ({ normalize }) => ({ normalize }),
  toNormal: LEFT_OUT,
}

const CONSENT: Words<PolicyConsent> = {
  at: LEFT_OUT,
  purpose: ({ purpose }) => ({ purpose }),
  from: ({ from }) => ({ from: from.text }),
  fromAt: LEFT_OUT,
  form: ({ form }) => ({ when: canonicalForm(form) }),
  split: ({ split }) => ({ split }),
  silence: ({ silence }) => ({ default: silence }),
  accepted: ({ accepted }) => ({ accept: accepted }),
  read: LEFT_OUT,
}

const CONSENT_TABLE: Words<PolicyConsentTable> = {
  at: LEFT_OUT,
  purpose: ({ purpose }) => ({ purpose }),
  // Not what stands in it: else each withdrawal would be another policy.
  table: ({ table }) => ({ table }),
  by: ({ by }) => ({ by: by.text }),
  byAt: LEFT_OUT,
  normalize: ({ normalize }) => ({ normalize }),
  toNormal: LEFT_OUT,
  silence: ({ silence }) => ({ default: silence }),
  accepted: ({ accepted }) => ({ accept: accepted }),
}

/** Words that hold together, or of which each is enough, are the same in any order. */
export function canonicalForm(form: ConsentForm): unknown {
  switch (form.kind) {
    case 'is':
      return { is: [...form.values].sort() }
    case 'lists':
    case 'lacks':
      return { [form.kind]: [...form.names].sort() }
    case 'tcf':
      return { tcf: { purposes: form.purposes.toSorted((a, b) => a - b), vendor: form.vendor } }
    case 'gpp': {
      const values = [...form.fields].map(([field, all]) => [field, all.map(String).sort()])
      return { gpp: { section: form.section, fields: Object.fromEntries(values) } }
    }
  }
}

const CROWD: Words<PolicyCrowd> = {
  at: LEFT_OUT,
  k: ({ k }) => ({ k }),
  l: ({ l }) => ({ l }),
  t: ({ t }) => ({ t }),
  over: ({ over }) => ({ over: [...over].sort() }),
  sensitive: ({ sensitive }) => ({ sensitive: sensitive.length === 0 ? undefined : [...sensitive].sort() }),
  maxSuppressed: ({ maxSuppressed }) => ({ maxSuppressed }),
  onFail: ({ onFail }) => ({ onFail }),
  window: ({ window }) => ({ window }),
}

const INPUT: Words<InputForm> = {
  encoding: ({ encoding }) => ({ encoding }),
  delimiter: ({ delimiter }) => ({ delimiter }),
  quote: ({ quote }) => ({ quote }),
  escape: (input) => ({ escape: input.escape }),
  header: ({ header }) => ({ header }),
  skipLines: ({ skipLines }) => ({ skipLines }),
  comment: ({ comment }) => ({ comment }),
  nulls: ({ nulls }) => ({ nulls }),
}

const sortedPaths = (entries: readonly PolicyRequired[]): string[] | undefined =>
  entries.length === 0 ? undefined : entries.map(({ path }) => path.text).sort()

const POLICY: Words<Policy> = {
  file: LEFT_OUT,
  name: ({ name }) => ({ policy: name }),
  version: ({ version }) => ({ version }),
  versionAt: LEFT_OUT,
  description: LEFT_OUT,
  purpose: ({ purpose }) => ({ purpose }),
  unlisted: ({ unlisted }) => ({ unlisted }),
  // What came after 0.1.0 is there only where it says something.
  suspects: ({ suspects }) => ({ suspects: suspects === 'warn' ? undefined : suspects }),
  subject: ({ subject }) => ({ subject: subject?.path.text }),
  time: ({ time }) => ({ time: time && canonical(time, TIME) }),
  fields: ({ fields }) => ({
    fields: Object.fromEntries(fields.map((field) => [field.path.text, canonical(field, FIELD)])),
    derived: fields.filter((field) => field.from !== field.path).map((field) => field.path.text),
  }),
  // The rules are among the fields.
  tags: ({ tags }) => ({
    tags: tags && { ignored: [...tags.ignored].sort(), withoutRule: tags.withoutRule },
  }),
  suppression: ({ suppression }) => ({
    suppression:
      suppression.length === 0
        ? undefined
        : suppression.map((one) => canonicalJson(canonical(one, SUPPRESSION))).sort(),
  }),
  consent: ({ consent }) => ({
    consent:
      consent.length === 0 ? undefined : consent.map((one) => canonicalJson(canonical(one, CONSENT))).sort(),
  }),
  consentTables: ({ consentTables }) => ({
    consentTables:
      consentTables.length === 0
        ? undefined
        : consentTables.map((one) => canonicalJson(canonical(one, CONSENT_TABLE))).sort(),
  }),
  retention: ({ retention }) => ({ retention: retention && canonical(retention, RETENTION) }),
  crowd: ({ crowd }) => ({ crowd: crowd && canonical(crowd, CROWD) }),
  input: ({ input }) => ({ input: input && canonical(input, INPUT) }),
  columns: ({ columns }) => ({ columns: Object.fromEntries(columns) }),
  // Each is among `files`, with its digest; their order says nothing.
  modules: LEFT_OUT,
  required: ({ required }) => ({ required: sortedPaths(required) }),
  optional: ({ optional }) => ({ optional: sortedPaths(optional) }),
  carriers: ({ carriers }) => ({
    read:
      carriers.length === 0
        ? undefined
        : Object.fromEntries(carriers.map(({ path, reading }) => [path.text, canonicalReading(reading)])),
  }),
  either: ({ either }) => ({ either: sortedPaths(either) }),
}

function canonical<T>(whole: T, words: Words<T>): Record<string, unknown> {
  const members = Object.values(words) as (Canonical<T> | typeof LEFT_OUT)[]
  return Object.assign({}, ...members.map((member) => member?.(whole)))
}

/** SHA-256, lower-case hex. */
export function fingerprintOf(policy: Policy, sources: Sources): string {
  const transforms = new Set<string>()
  for (const rule of allRules(policy))
    if (rule.transform !== undefined)
      transforms.add(
        `${rule.transform.name}@${rule.transform.versionOf(rule.options) ?? rule.transform.version}`,
      )
  return sha256(
    canonicalJson({
      format: 1,
      ...canonical(policy, POLICY),
      transforms: [...transforms].sort(),
      files: Object.fromEntries(sources.files),
      lists: Object.fromEntries(sources.lists),
    }),
  )
}

/** Digest of the platform data that results depend on, lower-case hex; empty where they do not. */
export function platformOf(sources: Sources): string {
  if (sources.platform.size === 0) return ''
  const { unicode, tz } = process.versions
  const parts: Record<string, string | undefined> = {}
  if (sources.platform.has('unicode')) parts['unicode'] = unicode
  if (sources.platform.has('time-zones')) parts['time-zones'] = tz
  return sha256(canonicalJson(parts))
}

function* allRules(policy: Policy): Generator<PolicyRule> {
  for (const field of policy.fields) yield* field.rules
  for (const step of policy.retention?.steps ?? []) yield* step.fields.values()
}

/** JSON with the keys of objects sorted by UTF-16 code unit and undefined members left out (as RFC 8785 sorts). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value === 'bigint') return `{"bigint":"${value}"}`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
