/** What is weak about one rule of a field: what it leaves readable of a value that must not be readable. */

import type { Role } from '../identify/categories.ts'
import { categoryOf } from '../identify/category-of.ts'
import { isKeep, optionAt } from './compile-rule.ts'
import { ACCEPT, type Fault, weakOptions } from './faults.ts'
import type { PolicyField, PolicyRule } from './policy.ts'
import { type PolicyCode, quote } from './problems.ts'
import { nearlyAll, paramsOf, revealedBy, tellsIdentifier } from './revealed.ts'
import type { Suspected, SuspectedInputs } from './suspected.ts'

/** All roles by input path: a role that one field states about a value holds for every field with that input. */
export function rolesByInput(fields: readonly PolicyField[]): ReadonlyMap<string, ReadonlySet<Role>> {
  const rolesOf = new Map<string, Set<Role>>()
  for (const { from, role, roleByCategory } of fields) {
    const roles = rolesOf.get(from.text) ?? new Set()
    rolesOf.set(from.text, roles.add(role).add(roleByCategory))
  }
  return rolesOf
}

/** What the policy as a whole states about the inputs of its fields. */
export interface Said {
  /** By input path. */
  readonly roles: ReadonlyMap<string, ReadonlySet<Role>>
  /** By input path: what a name speaks of, where the policy does not say what the values are. */
  readonly suspected: SuspectedInputs
  /** The input path of the event time, if the policy names one. */
  readonly time: string | undefined
  /** Any rule yields a stable token: beside one, quasi-identifiers tell who stands behind it. */
  readonly hasToken: boolean
  /** The policy states `crowd:`. */
  readonly hasCrowd: boolean
}

/** Checks every rule of every field by itself. */
export function weakRules(fields: readonly PolicyField[], said: Said): Fault[] {
  return fields.flatMap((field) =>
    field.rules.flatMap((rule) => [
      ...weakPlace(field, rule, said),
      ...weakParams(rule),
      ...weakOptions(rule),
    ]),
  )
}

function weakPlace(field: PolicyField, rule: PolicyRule, said: Said): Fault[] {
  const roles = said.roles.get(field.from.text)!
  const faults: Fault[] = []
  const path = quote(field.path.text)
  const revealed = revealedBy(rule)
  const isAssumed = revealed.tells === 'all' && revealed.assumed === true
  const kept = isKeep(rule.action) ? 'kept as it is' : `told nearly by ${rule.use}`
  const first = isAssumed ? `say in ${rule.use} what its results tell (\`reveals\`), ` : ''
  const weak = (code: PolicyCode, message: string, suggestion: string) => {
    faults.push({
      rules: [rule],
      at: rule.useAt,
      code,
      message,
      suggestion: `${first}${suggestion}, ${ACCEPT}`,
    })
  }
  if (rule.action?.kind === 'keep-subtree')
    weak('keep-subtree', `whatever a producer adds below ${path} will leave`, 'list the paths below it')
  const identifies = tellsIdentifier(rule)
  const suspected = suspicionIn(field, rule, said)
  if (suspected !== undefined)
    weak(
      'name-suggests-identifier',
      `${path} is ${kept}, and ${suspected.by === field.path.text ? 'its name' : quote(suspected.by)} speaks of ${suspected.why}`,
      `use a transform, drop it, say what it is by \`category: ${suspected.category}\` or the right one`,
    )
  if (field.path.isPattern && nearlyAll(rule))
    weak(
      'kept-by-pattern',
      `whatever a producer writes under a name that ${path} matches is ${kept}`,
      'list the names that you know',
    )
  if (field.path.tag !== undefined && nearlyAll(rule))
    weak(
      'kept-by-tag',
      `whatever a schema tags ${quote(field.path.tag)} is ${kept}`,
      `use a transform, write \`ignore\` if the tag says nothing`,
    )
  if (field.statisticsAt !== undefined && nearlyAll(rule))
    weak(
      'kept-statistics',
      `${path} is ${kept}, and the least and the largest of its values stand beside the data in Parquet`,
      'remove `statistics`',
    )
  if (rule.tagged !== undefined)
    weak(
      'kept-tagged',
      `${path} is ${kept}, also where its schema tags it ${rule.tagged.tags.map(quote).join(', ')}`,
      'use a transform, remove `tagged`',
    )
  if (identifies && field.from.segments.at(-1)?.kind === 'names')
    weak(
      'kept-map-names',
      `whatever a producer writes as a name of this map is ${kept}: ${path} are values too`,
      'use generalize.category with the names that you know',
    )
  if (identifies && roles.has('direct-identifier'))
    weak(
      'kept-direct-identifier',
      `${path} is a direct identifier, and is ${kept}`,
      'use a transform such as hash.hmac, drop it',
    )
  else if (identifies && field.from.envelope === 'key')
    weak(
      'kept-record-key',
      `${field.from.segments.length > 0 ? `${path} of the record key` : 'the record key'} is ${kept}, and keys most often name a person`,
      'use hash.hmac with the domain of the field that it equals',
    )
  else if (identifies && field.from.envelope === 'header' && suspected === undefined)
    weak(
      'kept-header',
      `the header is ${kept}: whatever a producer writes into it will leave`,
      'use generalize.category with the values that you know, hash.hmac',
    )
  else if (field.from.envelope === 'timestamp' && tellsMoment(rule))
    weak(
      'kept-timestamp',
      `the timestamp is ${kept}: to the millisecond, it joins with every other log`,
      'use generalize.date',
    )
  else if (said.hasToken && roles.has('quasi-identifier') && nearlyAll(rule))
    weak(
      'token-beside-quasi-identifiers',
      `${path} is a quasi-identifier ${kept} beside a stable token: together they single people out over time`,
      `generalize it${isKeep(rule.action) ? '' : ' further'}`,
    )
  if (said.hasCrowd && revealed.tells === 'equality' && linksEvents(field, roles))
    weak(
      'token-beside-crowd',
      `${path} is a stable token under \`crowd\`: it links the events of a person, whose classes together leave fewer than 5 candidates for 12.9 % of people after 5 events, and for 26 % after 10`,
      'drop it',
    )
  return faults
}

/** Whether a token of the field is the same in the events of one person, and of few others. */
const linksEvents = ({ from }: PolicyField, roles: ReadonlySet<Role>): boolean =>
  roles.has('direct-identifier') || from.envelope === 'key'

/** Parameters of a URL that are kept, and whose names speak of people. What the field is called says nothing of them. */
function weakParams(rule: PolicyRule): Fault[] {
  return paramsOf(rule).flatMap((name) => {
    const suspicion = categoryOf([name.replace(/[-_.]?\*$/, '')])
    if (suspicion?.certain !== true) return []
    return [
      {
        rules: [rule],
        at: optionAt(rule, 'keepParams'),
        code: 'name-suggests-identifier' as const,
        message: `the parameter ${quote(name)} is kept as it is, and its name speaks of ${suspicion.why}`,
        suggestion: `leave it out of keepParams, ${ACCEPT}`,
      },
    ]
  })
}

/** What the name of a field suggests about a value that is almost revealed, where the policy does not state it. */
function suspicionIn(field: PolicyField, rule: PolicyRule, said: Said): Suspected | undefined {
  if (!tellsIdentifier(rule) && !nearlyAll(rule)) return undefined
  const suspected = said.suspected.get(field.from.text)
  if (suspected === undefined || said.roles.get(field.from.text)!.has('direct-identifier')) return undefined
  const tells = suspected.role === 'direct-identifier' ? tellsIdentifier(rule) : nearlyAll(rule)
  return tells ? suspected : undefined
}

/** The record's timestamp may be revealed to the hour or the day, and not exactly. */
function tellsMoment(rule: PolicyRule): boolean {
  const revealed = revealedBy(rule)
  return (
    tellsIdentifier(rule) &&
    !(revealed.tells === 'part' && revealed.parts.every((part) => part.of === 'time'))
  )
}
