/** Weak choices: errors, unless the rule says in writing why the choice is right here. */

import type { Role } from '../identify/categories.ts'
import { isKeep, placeOf } from './actions.ts'
import type { PolicyField, PolicyRule } from './policy.ts'
import { type Findings, type PolicyCode, type Position, quote } from './problems.ts'
import { nearlyAll, tellsIdentifier } from './revealed.ts'
import { type Suspected, suspectedInputs } from './suspected.ts'

interface Weak {
  readonly at: Position
  readonly code: PolicyCode
  readonly message: string
  readonly suggestion: string
}

const ACCEPT = 'or add accept: "the reason"'

/** What the policy as a whole says of the input of a field. */
interface Said {
  readonly roles: ReadonlySet<Role>
  /** Another field that puts a token, a surrogate, a shift or noise in place of the same input. */
  readonly keyed: PolicyField | undefined
  readonly hasToken: boolean
  readonly suspected: Suspected | undefined
}

/**
 * Checks every rule of every field. `hasToken` says whether any rule of the policy yields a stable token: beside
 * one, quasi-identifiers that are kept as they are tell who stands behind it. `columns` is header text to input path.
 */
export function checkWeakChoices(
  fields: readonly PolicyField[],
  hasToken: boolean,
  columns: ReadonlyMap<string, string>,
  findings: Findings,
): void {
  const suspected = suspectedInputs(fields, columns)
  // What one field says of a value holds for every other one that is fed by it.
  const rolesOf = new Map<string, Set<Role>>()
  // And so does what one field publishes in its place.
  const keyedOf = new Map<string, PolicyField[]>()
  for (const field of fields) {
    const { from, role, roleByCategory } = field
    const roles = rolesOf.get(from.text) ?? new Set()
    rolesOf.set(from.text, roles.add(role).add(roleByCategory))
    if (field.rules.some(hidesUnderKey)) keyedOf.set(from.text, [...(keyedOf.get(from.text) ?? []), field])
  }
  for (const field of fields)
    for (const rule of field.rules) {
      const keeps = weakKeeps(field, rule, {
        roles: rolesOf.get(field.from.text)!,
        keyed: keyedOf.get(field.from.text)?.find((other) => other !== field),
        hasToken,
        suspected: suspected.get(field.from.text),
      })
      settle(rule, [...keeps, ...weakOptions(rule)], findings)
    }
}

/** Reports what is weak and not accepted, and what is accepted and not weak. */
export function settle(rule: PolicyRule, weak: readonly Weak[], findings: Findings): void {
  if (rule.accept === undefined)
    for (const { at, code, message, suggestion } of weak) findings.add(at, code, message, suggestion)
  // A rule that did not compile may be weak in ways that nobody has seen.
  else if (weak.length === 0 && rule.action !== undefined)
    findings.add(
      rule.accept.at,
      'accept-without-need',
      'nothing about this rule is weak, so there is nothing to accept',
      'remove accept',
    )
}

export function weakOptions(rule: PolicyRule): Weak[] {
  return (rule.weaknesses ?? []).map((weakness) => ({
    at: placeOf(rule, weakness),
    code: 'weak-choice',
    message: weakness.reason,
    suggestion: `${weakness.suggestion}, ${ACCEPT}`,
  }))
}

/** Whether it gives a value a token, a surrogate, a shift or noise, which the value beside it would undo. */
function hidesUnderKey({ transform }: PolicyRule): boolean {
  return transform !== undefined && (transform.properties.keyed || transform.properties.stableToken)
}

function weakKeeps(
  field: PolicyField,
  rule: PolicyRule,
  { roles, keyed, hasToken, suspected }: Said,
): Weak[] {
  const keeps = isKeep(rule.action)
  const tellsNearly = nearlyAll(rule) || (suspected?.role === 'direct-identifier' && tellsIdentifier(rule))
  if (!keeps && !tellsNearly) return []
  const weak: Weak[] = []
  const at = rule.useAt
  const path = quote(field.path.text)
  const kept = keeps ? 'kept as it is' : `told nearly by ${rule.use}`
  if (rule.action?.kind === 'keep-subtree')
    weak.push({
      at,
      code: 'keep-subtree',
      message: `whatever a producer adds below ${path} will leave`,
      suggestion: `list the paths below it, ${ACCEPT}`,
    })
  if (keeps && field.from.segments.at(-1)?.kind === 'names')
    weak.push({
      at,
      code: 'kept-map-names',
      message: `whatever a producer writes as a name of this map will leave: ${path} are values too`,
      suggestion: `use generalize.category with the names that you know, ${ACCEPT}`,
    })
  if (keeps && field.from.envelope === 'key' && !roles.has('direct-identifier'))
    weak.push({
      at,
      code: 'kept-record-key',
      message: 'the record key is kept as it is, and keys most often name a person',
      suggestion: `use hash.hmac with the domain of the field that it equals, ${ACCEPT}`,
    })
  if (suspected !== undefined && !roles.has('direct-identifier'))
    weak.push({
      at,
      code: 'name-suggests-identifier',
      message: `${path} is ${kept}, and ${suspected.by === field.path.text ? 'its name' : quote(suspected.by)} speaks of ${suspected.why}`,
      suggestion: `use a transform, drop it, say what it is by \`category: ${suspected.category}\` or the right one, ${ACCEPT}`,
    })
  if (roles.has('direct-identifier'))
    weak.push({
      at,
      code: 'kept-direct-identifier',
      message: `${path} is a direct identifier, and is ${kept}`,
      suggestion: `use a transform such as hash.hmac, drop it, ${ACCEPT}`,
    })
  else if (keyed !== undefined)
    weak.push({
      at,
      code: 'kept-beside-keyed',
      message: `${path} ${keeps ? 'keeps' : 'nearly tells'} the value that ${quote(keyed.path.text)} replaces: each record gives the pair away`,
      suggestion: `leave one of the two out, ${ACCEPT}`,
    })
  else if (hasToken && roles.has('quasi-identifier'))
    weak.push({
      at,
      code: 'token-beside-quasi-identifiers',
      message: `${path} is a quasi-identifier ${kept} beside a stable token: together they single people out over time`,
      suggestion: `generalize it${keeps ? '' : ' further'}, ${ACCEPT}`,
    })
  return weak
}
