/** What to do where too many records are dead letters: by their codes, and by the rules that could not take values. */
import { FAILURE_CODES } from '../../../transforms/transform.ts'
import type { AccountView } from './account-view.ts'

/** Rules that are named at most. */
const MOST_RULES = 3

/** `lists`: where it stands which records, and why. */
export function deadLetterAdvice(
  { records: { deadLettered }, rules }: Pick<AccountView, 'records' | 'rules'>,
  lists: string,
): string {
  const failed = Object.keys(deadLettered).some((code) => Object.hasOwn(FAILURE_CODES, code))
  const most = rules
    // With `else:` a failure makes no dead letter: then its code is often not among theirs.
    .filter(
      ({ failed: count, failures }) =>
        count > 0 && (failures === undefined || Object.keys(failures).some((code) => code in deadLettered)),
    )
    .sort((a, b) => b.failed - a.failed)
    .slice(0, MOST_RULES)
    .map(
      ({ rule, failed: count, failures = {} }) =>
        `\`${rule}\` could not take ${count} ${count === 1 ? 'value' : 'values'} (${Object.keys(failures).join(', ')})`,
    )
  const ways = [
    ...(failed && most.length > 0
      ? [`${most.join(', ')}: say by \`else:\` what follows there, or take another rule`]
      : []),
    ...('no-rule-matches' in deadLettered
      ? ['no-rule-matches: end a list of rules with one without `when:`']
      : []),
    lists,
    '--max-dead-letters allows more',
  ]
  return ways.join('; ')
}
