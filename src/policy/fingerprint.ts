/**
 * The fingerprint of a policy: SHA-256 over its canonical form. Canonical means: parsed, with defaults filled in, as
 * JSON with sorted keys. So comments, formatting, quotes and the order of keys and of fields do not count, nor
 * does `description`; the order of rules in a list counts, and so does the order among fields with `from:`, because
 * derived columns are written in that order. Keys are not part of it (the ids that rules name are).
 */
import { type Sources, sha256 } from './context.ts'
import type { Policy, PolicyField, PolicyRule } from './policy.ts'

/** SHA-256, lower-case hex. */
export function fingerprintOf(policy: Policy, sources: Sources): string {
  const transforms = new Set<string>()
  for (const rule of allRules(policy))
    if (rule.transform !== undefined) transforms.add(`${rule.transform.name}@${rule.transform.version}`)
  const retention = policy.retention
  return sha256(
    canonicalJson({
      format: 1,
      policy: policy.name,
      version: policy.version,
      purpose: policy.purpose,
      unlisted: policy.unlisted,
      // What came after 0.1.0 is there only where it says something.
      suspects: policy.suspects === 'warn' ? undefined : policy.suspects,
      subject: policy.subject?.path.text,
      time: policy.time && {
        path: policy.time.path.text,
        format: policy.time.format,
        zone: policy.time.zone,
      },
      fields: Object.fromEntries(policy.fields.map((field) => [field.path.text, canonicalField(field)])),
      derived: policy.fields.filter((field) => field.from !== field.path).map((field) => field.path.text),
      retention: retention && {
        futureTolerance: retention.futureTolerance,
        steps: retention.steps.map((step) => ({
          after: step.after,
          suppress: step.suppress,
          fields: Object.fromEntries([...step.fields].map(([path, rule]) => [path, canonicalRule(rule)])),
        })),
      },
      columns: Object.fromEntries(policy.columns),
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

function canonicalField(field: PolicyField): unknown {
  return {
    from: field.from === field.path ? undefined : field.from.text,
    category: field.category,
    role: field.role,
    rules: field.rules.map(canonicalRule),
  }
}

function canonicalRule(rule: PolicyRule): unknown {
  return {
    use: rule.use,
    options: rule.options,
    key: rule.key?.id,
    accept: rule.accept?.reason,
    lineBreaks: rule.lineBreaksAt && 'allow',
    else: rule.otherwise,
    when: Object.fromEntries(
      rule.when.map(({ path, values, orNothing }) => [path.text, { values: [...values].sort(), orNothing }]),
    ),
  }
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
