/** The patterns of a policy, and what they do to inputs that the policy also names. */

import { Patterns, TIE } from './patterns.ts'
import type { PolicyField, PolicyRequired } from './policy.ts'
import { type Findings, quote } from './problems.ts'

/** Their numbers are those among the fields whose path is a pattern. */
export function patternsOf(fields: readonly PolicyField[]): Patterns {
  return new Patterns(
    fields
      .filter(({ path }) => path.isPattern)
      .map(({ path, rules }) => ({ path, drops: rules.every((rule) => rule.use === 'drop') })),
  )
}

/**
 * For each input that `from:`, a condition, the data subject or the event time reads, and that is itself no output: the field
 * whose pattern matches it, as if it named that path. Two patterns of one rank are said here.
 */
export function matchedInputs(
  fields: readonly PolicyField[],
  reads: readonly PolicyRequired[],
  findings: Findings,
): PolicyField[] {
  const own = fields.filter(({ path }) => path.isPattern)
  if (own.length === 0) return []
  const patterns = patternsOf(fields)
  const seen = new Set(fields.map(({ path }) => path.text))
  const inputs = [...fields.map(({ from, fromAt }) => ({ path: from, at: fromAt })), ...reads]
  return inputs.flatMap(({ path, at }): PolicyField[] => {
    if (seen.has(path.text) || path.envelope !== undefined) return []
    seen.add(path.text)
    if (path.segments.some(({ kind }) => kind !== 'name' && kind !== 'element')) return []
    const places = patterns.along(path.segments)
    const ending = patterns.ending(places)
    if (ending === TIE)
      findings.add(
        at,
        'pattern-tie',
        `${quote(path.text)} is matched by several patterns, and nothing ranks them: ${patterns.texts(places).map(quote).join(', ')}`,
        'list the path itself',
      )
    return ending < 0 ? [] : [{ ...own[ending]!, path, from: path, fromAt: at }]
  })
}
