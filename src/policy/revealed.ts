/** What the result of a rule reveals about its value; also for the words `keep` and `drop`. */
import { ALL, NOTHING, type Revelation } from '../../transforms/reveals/revelation.ts'
import { tellsNearlyAll } from '../../transforms/reveals/together.ts'
import type { PolicyRule } from './policy.ts'

/**
 * What `rule` tells, after it was compiled. A rule that did not compile has a problem of its own and tells nothing.
 * Tokens and noise name the key of the rule where it states one.
 */
export function revealedBy(rule: PolicyRule): Revelation {
  if (rule.action === undefined) return NOTHING
  if (rule.action.kind === 'drop') return NOTHING
  if (rule.action.kind !== 'transform' || rule.transform === undefined) return ALL
  const revealed = rule.transform.reveals(rule.options)
  const key = rule.key?.id
  if (key === undefined) return revealed
  if (revealed.tells === 'equality') return { ...revealed, token: `${key} ${revealed.token}` }
  if (revealed.tells === 'noisy') return { ...revealed, draw: `${key} ${revealed.draw}` }
  return revealed
}

/** Whether the rule keeps its value, or tells it so closely that it is as good as kept. */
export function nearlyAll(rule: PolicyRule): boolean {
  return tellsNearlyAll(revealedBy(rule))
}

/** Whether the rule tells nearly all of what identifies a person: of numbers, fewer than a thousand are left. */
export function tellsIdentifier(rule: PolicyRule): boolean {
  return tellsNearlyAll(revealedBy(rule), 'identifier')
}

/** The parameters of URLs that the rule keeps as they are: names, or what they begin with and a `*`. */
export function paramsOf(rule: PolicyRule): readonly string[] {
  const revealed = revealedBy(rule)
  if (revealed.tells !== 'part') return []
  return revealed.parts.flatMap((part) => (part.of === 'url' ? (part.params ?? []) : []))
}

/**
 * Whether what the rule writes is looked at for what looks personal: nearly all of a value, unless that is a time, or
 * parameters of a URL.
 */
export function isWatched(rule: PolicyRule): boolean {
  if (paramsOf(rule).length > 0) return true
  if (!nearlyAll(rule)) return false
  const revealed = revealedBy(rule)
  if (revealed.tells === 'noisy') return revealed.of !== 'date'
  return revealed.tells !== 'part' || revealed.parts.some((part) => part.of !== 'time')
}
