/** Why a record was withheld, as one text that parts nothing else. */
import type { DeadLetterCode } from '../errors.ts'

export interface Fate {
  readonly kind: 'suppressed' | 'dead-letter'
  /** The reason of a gate, or the code of a dead letter. */
  readonly reason: string
  /** The label of the rule that failed. */
  readonly rule?: string | undefined
}

export const suppressedText = (reason: string): string => JSON.stringify(['suppressed', reason])

export const deadLetterText = (code: DeadLetterCode, rule: string | undefined): string =>
  JSON.stringify(['dead-letter', code, ...(rule === undefined ? [] : [rule])])

/** What one of these texts says. */
export function fateOf(text: string): Fate {
  const [kind, reason, rule] = JSON.parse(text) as [Fate['kind'], string, string?]
  return { kind, reason, ...(rule === undefined ? {} : { rule }) }
}
