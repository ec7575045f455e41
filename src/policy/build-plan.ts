/** From a policy without problems to its plan. */
import { parsePeriod } from '../../transforms/calendar/period.ts'
import type { Reader } from '../../transforms/calendar.ts'
import type { CompiledRetention } from '../../transforms/retention/expire.ts'
import { fail } from '../../transforms/transform.ts'
import type { ReadText } from './check-readings.ts'
import type { Sources } from './context.ts'
import { fingerprintOf, platformOf } from './fingerprint.ts'
import type { KeySource } from './key-source.ts'
import type { Path } from './path.ts'
import type {
  Plan,
  PlanConsent,
  PlanCrowd,
  PlanField,
  PlanRule,
  PlanSuppression,
  PlanTags,
  PlanTime,
} from './plan.ts'
import type {
  Policy,
  PolicyConsent,
  PolicyCrowd,
  PolicyField,
  PolicyRule,
  PolicySuppression,
  PolicyTags,
} from './policy.ts'
import { carrierOf } from './read-forms.ts'
import { isWatched, nearlyAll } from './revealed.ts'

export interface PlanParts {
  readonly readTime: Reader<number> | undefined
  /** By input path. */
  readonly readers: ReadonlyMap<string, ReadText>
  readonly retention: CompiledRetention | undefined
  readonly keys: KeySource | undefined
}

/** Builds the plan of a compiled policy: every rule must have its `action`. */
export function buildPlan(policy: Policy, sources: Sources, parts: PlanParts): Plan {
  const rules: PlanRule[] = []
  const steps = policy.retention?.steps ?? []
  const number = (rule: PolicyRule, field: PolicyField, mark: string): PlanRule => {
    const planned: PlanRule = {
      id: rules.length,
      label: `${field.path.text} ${rule.use}${mark}`,
      use: rule.use,
      options: rule.options,
      when: rule.when,
      action: rule.action!,
      field: field.path.text,
      watched: isWatched(rule),
      keeps: nearlyAll(rule),
      tagged: rule.tagged?.tags ?? [],
      lineBreaks: rule.lineBreaksAt !== undefined,
      otherwise: rule.otherwise,
      accepted: rule.accept?.reason,
    }
    rule.planRule = planned.id
    rules.push(planned)
    return planned
  }
  const planField = (field: PolicyField, index: number): PlanField => {
    let inForce: readonly PlanRule[] = field.rules.map((rule, i) =>
      number(rule, field, field.rules.length > 1 ? ` [${i + 1}]` : ''),
    )
    const rulesByStep = [inForce]
    for (const step of steps) {
      const rule = step.fields.get(field.path.text)
      if (rule !== undefined) inForce = [number(rule, field, ` after ${step.after}`)]
      rulesByStep.push(inForce)
    }
    const { path, from, format, category, role, type, statisticsAt } = field
    const said = { type: type?.type, statistics: statisticsAt !== undefined }
    return { index, path, from, format, category, role, ...said, rulesByStep }
  }
  const inValue = policy.fields.filter((field) => field.path.envelope === undefined)
  const beside = policy.fields.filter((field) => field.path.envelope !== undefined)
  const fields = inValue.map(planField)
  const envelope = beside.map(planField)
  const keyed = policyUsesKeys(policy) || sources.keyIds.size > 0
  return {
    name: policy.name,
    version: policy.version,
    purpose: policy.purpose,
    fingerprint: fingerprintOf(policy, sources),
    platform: platformOf(sources),
    unlisted: policy.unlisted,
    suspects: policy.suspects,
    fields,
    tags: policy.tags && tagsOf(policy.tags, fields),
    envelope,
    rules,
    subject: policy.subject?.path,
    time: policy.time && timeOf(policy.time.path, parts),
    readers: parts.readers,
    suppression: policy.suppression.map(suppressionOf),
    consent: policy.consent.map(consentOf),
    consentTables: policy.consentTables.map((one) => ({
      ...one,
      denied: `consent denied by table ${one.table}`,
      unknown: `consent unknown to table ${one.table}`,
    })),
    retention: parts.retention,
    crowd: policy.crowd && crowdOf(policy.crowd, [...fields, ...envelope]),
    input: policy.input ?? {},
    columns: policy.columns,
    required: requiredOf(policy),
    optional: new Set(policy.optional.map(({ path }) => path.text)),
    carriers: policy.carriers.map((carrier) => carrierOf(carrier, policy.input?.nulls ?? [])),
    either: policy.either.map(({ path }) => path),
    needsKeys: keyed,
    runnable: !keyed || parts.keys !== undefined,
    keyIds: parts.keys === undefined ? [] : [...sources.keyIds].sort(),
  }
}

const tagsOf = ({ ignored, withoutRule }: PolicyTags, fields: readonly PlanField[]): PlanTags => ({
  fields: new Map(
    fields.flatMap(({ path, index }): [string, number][] =>
      path.tag === undefined ? [] : [[path.tag, index]],
    ),
  ),
  ignored: new Set(ignored),
  withoutRule,
})

function crowdOf(
  { at: _, over, sensitive, window, ...crowd }: PolicyCrowd,
  fields: readonly PlanField[],
): PlanCrowd {
  const inOrder = (paths: readonly string[]): string[] =>
    fields.map(({ path }) => path.text).filter((path) => paths.includes(path))
  return {
    ...crowd,
    over: inOrder(over),
    sensitive: inOrder(sensitive),
    window: window === undefined ? undefined : parsePeriod(window),
  }
}

function suppressionOf({ list, by, entries, normalize, toNormal }: PolicySuppression): PlanSuppression {
  return { list, by, entries, normalize, toNormal, label: `suppression list ${list}` }
}

function consentOf({ from, silence, read }: PolicyConsent): PlanConsent {
  return {
    from,
    silence,
    read,
    denied: `consent denied by ${from.text}`,
    unknown: `consent unknown from ${from.text}`,
  }
}

/** The event time, read as the field of its input reads it. */
function timeOf(path: Path, { readTime, readers }: PlanParts): PlanTime {
  const read = readers.get(path.text)
  if (read === undefined) return { path, read: readTime! }
  return {
    path,
    read: (text, now) => {
      const time = read(text)
      return time === undefined ? fail('unparsable') : readTime!(time, now)
    },
  }
}

const rulesOf = (policy: Policy): PolicyRule[] => [
  ...policy.fields.flatMap((field) => field.rules),
  ...(policy.retention?.steps ?? []).flatMap((step) => [...step.fields.values()]),
]

const policyUsesKeys = (policy: Policy): boolean =>
  rulesOf(policy).some((rule) => rule.transform?.properties.keyed)

/** What the policy states. Retention asks for the event time itself, and a transform for the data subject. */
function requiredOf({ required, retention, time }: Policy): Path[] {
  const paths = required.map(({ path }) => path)
  return retention === undefined ? paths : paths.filter(({ text }) => text !== time?.path.text)
}
