/** Weak choices, of one rule or of several together: errors, unless a rule of them says in writing why it is right here. */
import { placeOf } from './compile-rule.ts'
import type { PolicyRule } from './policy.ts'
import type { Findings, PolicyCode, TextPosition } from './problems.ts'

export const ACCEPT = 'or add accept: "the reason"'

/** What is weak. One `accept:` on any of its rules settles it. */
export interface Fault {
  readonly rules: readonly PolicyRule[]
  readonly at: TextPosition
  readonly code: PolicyCode
  readonly message: string
  readonly suggestion: string
}

/** Reports what is weak and not accepted, and what is accepted and not weak. */
export function settleFaults(
  faults: readonly Fault[],
  rules: Iterable<PolicyRule>,
  findings: Findings,
): void {
  const weak = new Set<PolicyRule>()
  for (const { rules: involved, at, code, message, suggestion } of faults) {
    for (const rule of involved) weak.add(rule)
    if (involved.every((rule) => rule.accept === undefined)) findings.add(at, code, message, suggestion)
  }
  // A rule that did not compile may be weak in ways that are not known.
  for (const rule of rules)
    if (rule.accept !== undefined && rule.action !== undefined && !weak.has(rule))
      findings.add(
        rule.accept.at,
        'accept-without-need',
        'nothing about this rule is weak, so there is nothing to accept',
        'remove accept',
      )
}

/** What the transform itself calls weak. */
export function weakOptions(rule: PolicyRule): Fault[] {
  return (rule.weaknesses ?? []).map((weakness) => ({
    rules: [rule],
    at: placeOf(rule, weakness),
    code: 'weak-choice',
    message: weakness.reason,
    suggestion: `${weakness.suggestion}, ${ACCEPT}`,
  }))
}
