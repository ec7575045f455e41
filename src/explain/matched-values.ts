/** The values of a record that the patterns of a policy take: what counts is told as the engine tells it. */
import { patternsOf } from '../policy/matched.ts'
import { pathOf, type Segment } from '../policy/path.ts'
import type { Places } from '../policy/patterns.ts'
import type { Policy, PolicyField } from '../policy/policy.ts'
import type { Json } from './json-tree.ts'

/** By field whose path is a pattern: its values, in the order of the record. */
export function matchedValues(policy: Policy, record: Json): ReadonlyMap<PolicyField, readonly Json[]> {
  const own = policy.fields.filter(({ path }) => path.isPattern)
  const found = new Map(own.map((field): [PolicyField, Json[]] => [field, []]))
  const patterns = patternsOf(policy.fields)
  const exact = policy.fields.map(({ path }) => path).filter(({ isPattern }) => isPattern !== true)
  const ends = new Set(exact.map(({ text }) => text))
  const leads = new Set(
    exact.flatMap(({ segments }) => segments.map((_, i) => pathOf(segments.slice(0, i)).text)),
  )
  const visit = (value: Json, places: Places, segments: readonly Segment[]): void => {
    const { text } = pathOf(segments)
    if (segments.length > 0 && ends.has(text)) return
    const ending = leads.has(text) ? -1 : patterns.ending(places)
    if (ending >= 0) found.get(own[ending]!)!.push(value)
    if (ending >= 0 || places.length === 0) return
    if (Array.isArray(value))
      for (const item of value) visit(item, patterns.next(places), [...segments, { kind: 'element' }])
    else if (value instanceof Map)
      for (const [name, member] of value)
        visit(member, patterns.next(places, name), [...segments, { kind: 'name', name }])
  }
  if (own.length > 0) visit(record, patterns.start, [])
  return found
}
