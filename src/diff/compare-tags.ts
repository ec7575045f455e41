/** `tags:` of two policies, but for the rules, which are compared with those of fields. */
import type { Policy } from '../policy/policy.ts'
import { quote, type TextPosition } from '../policy/problems.ts'
import type { Ranking } from './change.ts'

type Add = (verdict: Ranking, kind: 'tags', what: string, at?: TextPosition) => void

export function compareTags({ tags: was }: Policy, { tags: is }: Policy, add: Add): void {
  if (is === undefined) {
    if (was !== undefined)
      add('weaker', 'tags', 'what schemas tag does not count any more: it is kept where a path is')
    return
  }
  if (was === undefined)
    add('stronger', 'tags', 'what schemas tag is not kept any more without a rule that says so', is.at)
  const before = was?.ignored ?? []
  const more = is.ignored.filter((tag) => !before.includes(tag))
  const fewer = before.filter((tag) => !is.ignored.includes(tag))
  if (more.length > 0) add('weaker', 'tags', `${more.map(quote).join(', ')} counts as no tag`, is.at)
  if (fewer.length > 0) add('stronger', 'tags', `${fewer.map(quote).join(', ')} counts as a tag now`, is.at)
  if (was !== undefined && was.withoutRule !== is.withoutRule)
    add(
      'different',
      'tags',
      is.withoutRule === 'refuse'
        ? 'records of a schema with a tagged field without a rule wait, and were dead letters'
        : 'records of a schema with a tagged field without a rule are dead letters, and waited',
      is.at,
    )
}
