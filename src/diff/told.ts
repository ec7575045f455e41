/** What leaves of a value under one rule, and which of two tells more. */
import { covers } from '../../transforms/reveals/covers.ts'
import { ALL, NOTHING, type Revelation } from '../../transforms/reveals/revelation.ts'
import { inWords } from '../../transforms/reveals/words.ts'
import { canonicalJson } from '../policy/fingerprint.ts'
import type { PolicyRule } from '../policy/policy.ts'
import type { Ranking } from './change.ts'
import type { Side } from './side.ts'

export interface Told {
  /** How much of the record leaves: nothing of it, all but this field, this field too, or whatever is below it. */
  readonly leaves: 'no-record' | 'no-field' | 'value' | 'container'
  /** Without the domain, which is compared on its own. */
  readonly revealed: Revelation
  /** The name and options of what runs: equal ones tell the same. */
  readonly by: string
}

const ORDER = ['no-record', 'no-field', 'value', 'container'] as const

const without = (leaves: 'no-record' | 'no-field'): Told => ({ leaves, revealed: NOTHING, by: '' })
/** No `when:` of the field matches the record. */
export const NO_RULE: Told = without('no-record')

/** Of a path that the policy does not list. */
export function toldUnlisted({ policy }: Side): Told {
  return without(policy.unlisted === 'reject' ? 'no-record' : 'no-field')
}

export function toldBy(rule: PolicyRule, side: Side, isAbove: boolean): Told {
  if (rule.use === 'drop') return without('no-field')
  if (rule.use === 'keep.subtree')
    return { leaves: isAbove ? 'value' : 'container', revealed: ALL, by: 'keep' }
  const revealed = side.revealed(rule)
  if (revealed === undefined) return { leaves: 'value', revealed: ALL, by: rule.use }
  const { [side.domainOption(rule) ?? '']: _domain, ...options } = side.optionsOf(rule)
  return {
    leaves: 'value',
    revealed: 'domain' in revealed ? { ...revealed, domain: undefined } : revealed,
    by: `${rule.use} ${canonicalJson(options)}`,
  }
}

/** Undefined where both tell the same. */
export function compareTold(before: Told, after: Told): Exclude<Ranking, 'different'> | undefined {
  const more = ORDER.indexOf(after.leaves) - ORDER.indexOf(before.leaves)
  if (more !== 0) return more > 0 ? 'weaker' : 'stronger'
  if (before.by === after.by) return undefined
  const [was, is] = [before.revealed, after.revealed]
  const isCovered = covers(was, is)
  const covered = covers(is, was)
  if (isCovered && covered) return undefined
  if (isCovered || covered) return isCovered ? 'stronger' : 'weaker'
  return byCandidates(before, after) ?? 'unranked'
}

/** One noise and another one of the same transform: with fewer values behind a result it tells more. */
function byCandidates(before: Told, after: Told): 'weaker' | 'stronger' | undefined {
  const [was, is] = [before.revealed, after.revealed]
  if (was.tells !== 'noisy' || is.tells !== 'noisy' || useOf(before) !== useOf(after)) return undefined
  if (was.candidates === is.candidates) return undefined
  return is.candidates < was.candidates ? 'weaker' : 'stronger'
}

const useOf = ({ by }: Told): string => by.split(' ', 1)[0]!

/** What follows on "tells" or stands alone, for people. */
export function toldInWords({ leaves, revealed }: Told): string {
  if (leaves === 'no-record') return 'no record leaves'
  if (leaves === 'no-field') return 'the field does not leave'
  if (leaves === 'container') return 'it tells all of the value and of whatever is below it'
  return `it tells ${inWords(revealed)}`
}
