/** A policy in plain words. */

import { formatsOf } from '../../transforms/calendar/dates.ts'
import { inWords } from '../../transforms/reveals/words.ts'
import type { Role } from '../identify/categories.ts'
import type { TreeNode } from '../policy/document.ts'
import type { Otherwise } from '../policy/plan.ts'
import type {
  Policy,
  PolicyConsent,
  PolicyConsentTable,
  PolicyCrowd,
  PolicyField,
  PolicyRequired,
  PolicyRule,
  PolicySuppression,
  PolicyTags,
  ValueReading,
} from '../policy/policy.ts'
import { revealedBy } from '../policy/revealed.ts'
import type { Suspected } from '../policy/suspected.ts'
import { printValueType, type StatedType } from '../policy/value-type.ts'

const ROLE: Readonly<Record<Role, string>> = {
  'direct-identifier': 'a direct identifier: it points to a person by itself',
  'quasi-identifier': 'a quasi-identifier: together with others it can single a person out',
  sensitive: 'a sensitive attribute: knowing it may harm',
  other: 'nothing that the policy calls identifying',
}

/** What a field is. `suspected`: what its name speaks of, where the policy does not say it. */
export function whatItIs(field: PolicyField, suspected: Suspected | undefined): string {
  const category = field.category === undefined ? '' : `${field.category}; `
  if (suspected !== undefined && field.role === 'other')
    return `${category}by its name ${suspected.why} (${suspected.category}), though the policy does not say so`
  return `${category}${ROLE[field.role]}`
}

function written(node: TreeNode): string {
  if (node.kind === 'list') return `[${node.items.map(written).join(', ')}]`
  if (node.kind === 'map')
    return `{ ${node.entries.map(({ key, value }) => `${key}: ${written(value)}`).join(', ')} }`
  return node.text
}

/** The options as the policy writes them. */
export function optionsOf(rule: PolicyRule): string {
  return rule.written.entries.map(({ key, value }) => `${key}: ${written(value)}`).join(', ')
}

/** What is done to a value before its rule sees it, as the start of a sentence; empty where nothing is. */
function howItIsRead(read: ValueReading | undefined): string {
  if (read === undefined) return ''
  const fixes = [read.prefix, read.suffix].filter((fix) => fix !== '').map((fix) => `"${fix}"`)
  const steps = [
    ...(read.trim ? ['white space around it goes'] : []),
    ...(fixes.length > 0 ? [`${fixes.join(' and ')} ${read.mayMiss ? 'may go' : 'goes'}`] : []),
    ...(read.split === undefined ? [] : [`each part between "${read.split}" by itself`]),
  ]
  return steps.length === 0 ? '' : `read first (${steps.join(', ')}), then `
}

/** What is done, in a sentence. */
export function whatIsDone(rule: PolicyRule, read?: ValueReading, type?: StatedType): string {
  const options = optionsOf(rule)
  const typed = type === undefined ? '' : `, as ${printValueType(type)}`
  if (rule.use === 'keep') return `kept as it is${typed}`
  if (rule.use === 'keep.subtree') return 'kept as it is, with whatever is below it'
  if (rule.use === 'drop') return 'left out'
  if (rule.use === 'undecided') return 'undecided'
  const what = rule.transform?.summary ?? ''
  return `${howItIsRead(read)}${rule.use}${options === '' ? '' : ` (${options})`}${typed}: ${what}`
}

/** What a result reveals about its value. */
export function whatLeaves(rule: PolicyRule): string {
  if (rule.use === 'drop') return 'nothing: the field is left out'
  const told = inWords(revealedBy(rule))
  return rule.use === 'keep.subtree' ? `${told}, and all of whatever is below it` : told
}

/** When the rule applies; undefined where always. */
export function whenItApplies(rule: PolicyRule): string | undefined {
  if (rule.when.length === 0) return undefined
  const parts = rule.when.map(({ path, values, orNothing }) => {
    const listed = [...values, ...(orNothing ? ['nothing'] : [])]
    return `${path.text} is ${listed.length === 1 ? listed[0] : `one of ${listed.join(', ')}`}`
  })
  return `where ${parts.join(' and ')}`
}

const OTHERWISE: Readonly<Record<Exclude<Otherwise['kind'], 'constant'>, string>> = {
  'dead-letter': 'the record becomes a dead letter',
  null: 'null is written',
  drop: 'the field is left out',
}

/** What follows where the transform cannot take a value; undefined for rules that take every value. */
export function onFailure(rule: PolicyRule, read?: ValueReading, type?: StatedType): string | undefined {
  const mayMisfit = type !== undefined && type.is !== 'string' && rule.use !== 'drop'
  if (rule.transform === undefined && !mayMisfit) return undefined
  const failures = Object.keys(rule.transform?.failures ?? {})
  if (failures.length === 0 && read === undefined && !mayMisfit) return undefined
  const { otherwise } = rule
  return otherwise.kind === 'constant'
    ? `the constant ${otherwise.value} is written`
    : OTHERWISE[otherwise.kind]
}

export function doesNotStop(rule: PolicyRule): string | undefined {
  if (rule.use === 'keep' || rule.use === 'keep.subtree')
    return 'Anything: a reader of the output reads the value.'
  return rule.transform?.doesNotStop
}

/** Steps of retention that change this field, each with its rule. */
export function stepsOf(policy: Policy, field: PolicyField): readonly { after: string; rule: PolicyRule }[] {
  return (policy.retention?.steps ?? []).flatMap(({ after, fields }) => {
    const rule = fields.get(field.path.text)
    return rule === undefined ? [] : [{ after, rule }]
  })
}

const listOf = (entries: readonly PolicyRequired[]): string => entries.map(({ path }) => path.text).join(', ')

const listed = (words: readonly (string | number)[], and: string): string => {
  const [last = '', ...others] = words.map(String).reverse()
  return others.length === 0 ? last : `${others.reverse().join(', ')} ${and} ${last}`
}

/** What allows a record to leave, as the end of a sentence. */
function allowedBy({ from, form }: PolicyConsent): string {
  switch (form.kind) {
    case 'is':
      return `${from.text} is ${listed(form.values, 'or')}`
    case 'lists':
      return `${from.text} lists ${listed(form.names, 'and')}`
    case 'lacks':
      return `${from.text} lists something, and not ${listed(form.names, 'or')}`
    case 'tcf': {
      const vendor = form.vendor === undefined ? '' : `, and to vendor ${form.vendor}`
      return `the TCF string ${from.text} holds consent to purpose ${listed(form.purposes, 'and')}${vendor}`
    }
    case 'gpp': {
      const fields = [...form.fields].map(
        ([name, values]) => `${name} is ${listed(values.map(String), 'or')}`,
      )
      return `in section ${form.section} of the GPP string ${from.text} ${fields.join(' and ')}`
    }
  }
}

/** An entry of `consent:` that goes by a table, as a sentence. */
function tableInWords({ table, by, purpose, silence, accepted }: PolicyConsentTable): string {
  const unknown =
    silence === 'deny'
      ? 'where the table does not know it, the record is suppressed'
      : `where the table does not know it the record leaves too (accepted: ${accepted})`
  return `a record leaves only where ${by.text} had given consent to ${purpose} at the time of the event, and has not withdrawn it since, by the table ${table}; ${unknown}`
}

const ENTRIES: Readonly<Record<PolicySuppression['entries'], string>> = {
  match: 'tokens under a match key',
  raw: 'identifiers',
  'sha256-hex': 'SHA-256 digests in hex',
  'sha256-base64': 'SHA-256 digests in Base64',
}

/** An entry of `suppression:` as a sentence. */
export function suppressionInWords({ list, by, entries, normalize }: PolicySuppression): string {
  const forms = new Set(normalize).size === 1 ? normalize[0] : normalize.join(', ')
  return `a record whose ${listed(
    by.map(({ text }) => text),
    'and',
  )} is on the list ${list} (${ENTRIES[entries]}, of the form ${forms}) is suppressed`
}

/** `crowd:` as a sentence. */
export function crowdInWords(
  { k, l, t, over, sensitive, maxSuppressed, onFail, window }: PolicyCrowd,
  hasSubject: boolean,
): string {
  const who = hasSubject
    ? `${k} data subjects`
    : `${k} records (each counts as one data subject, as the policy names none)`
  const many = l === undefined ? '' : `, with ${l} values or more of ${listed(sensitive, 'and')}`
  const near =
    t === undefined
      ? ''
      : `, of which the values of ${listed(sensitive, 'and')} are at most ${t} from those of all records`
  const otherwise =
    onFail === 'fail'
      ? 'a batch with others leaves no output'
      : `others are suppressed, and a batch of which more than ${Number((maxSuppressed * 100).toFixed(6))} % would be leaves no output`
  const streams =
    window === undefined ? '' : `; in a stream, who has shown the values within ${window} counts`
  return `a record leaves only where ${who} or more share its ${listed(over, 'and')}${many}${near}; ${otherwise}${streams}`
}

/** An entry of `consent:` as a sentence. */
export function consentInWords(one: PolicyConsent): string {
  const silence =
    one.silence === 'deny'
      ? 'without it, or where it cannot be read, the record is suppressed'
      : `where it is absent the record leaves too (accepted: ${one.accepted})`
  return `a record leaves only where ${allowedBy(one)}, as consent to ${one.purpose}; ${silence}`
}

function tagsInWords({ ignored, withoutRule }: PolicyTags): (readonly [string, string])[] {
  const becomes =
    withoutRule === 'refuse'
      ? 'no record of such a schema is read'
      : 'each record of such a schema is a dead letter'
  const ignoredWords = ignored.length === 0 ? '' : `; ${listed(ignored, 'and')} count as none`
  return [
    [
      'tags',
      `what a schema tags is not kept unless a rule names the tag, nor taken by rules of two tags: ${becomes}${ignoredWords}`,
    ],
  ]
}

/** The policy as a whole, a line each: a name and what it says. */
export function overview(policy: Policy): readonly (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [
    ['purpose', policy.purpose],
    ['whose record', policy.subject?.path.text ?? 'not said'],
    [
      'event time',
      policy.time === undefined
        ? 'not said'
        : `${policy.time.path.text} (${formatsOf(policy.time).join(', or ')})`,
    ],
    [
      'unlisted',
      policy.unlisted === 'drop'
        ? 'what no field names is left out'
        : 'a record with anything that no field names is a dead letter',
    ],
    [
      'kept values',
      policy.suspects === 'warn'
        ? 'a part of them is looked at; the account says how many look personal or secret'
        : 'all are looked at; a record with one that looks personal or secret is a dead letter',
    ],
  ]
  if (policy.tags !== undefined) lines.push(...tagsInWords(policy.tags))
  lines.push(...policy.suppression.map((one) => ['suppression', suppressionInWords(one)] as const))
  lines.push(...policy.consent.map((one) => ['consent', consentInWords(one)] as const))
  lines.push(...policy.consentTables.map((one) => ['consent', tableInWords(one)] as const))
  if (policy.required.length > 0)
    lines.push(['required', `${listOf(policy.required)}; a record without one is a dead letter`])
  if (policy.optional.length > 0)
    lines.push(['optional', `${listOf(policy.optional)}: a CSV file may lack these columns`])
  for (const { path, reading } of policy.carriers)
    lines.push(['JSON in a text', `${path.text}: ${howItIsRead(reading)}what it holds is read by its paths`])
  if (policy.either.length > 0)
    lines.push(['one or several', `${listOf(policy.either)}: one value may stand in place of the array`])
  if (policy.crowd !== undefined)
    lines.push(['crowd', crowdInWords(policy.crowd, policy.subject !== undefined)])
  for (const step of policy.retention?.steps ?? []) {
    const changed = step.fields.size === 0 ? '' : `coarser: ${[...step.fields.keys()].join(', ')}`
    lines.push([`after ${step.after}`, step.suppress ? 'the record is suppressed' : changed])
  }
  return lines
}
