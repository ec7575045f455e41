/** From the tree to the rules of tags, which are fields whose path stands for whatever carries the tag. */
import { entryOf, type MapNode } from './document.ts'
import { tagPath } from './path.ts'
import type { PolicyField, PolicyRule, PolicyTags } from './policy.ts'
import { type Findings, quote } from './problems.ts'
import { readField } from './read-fields.ts'

/** What `tags:` says of a tag that says nothing. */
export const IGNORE = 'ignore'

const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,99}$/

export interface ReadTags {
  readonly tags: PolicyTags | undefined
  readonly fields: readonly PolicyField[]
}

/** Reads `tags:` and `taggedWithoutRule:` of a policy. */
export function readTags(policy: MapNode, findings: Findings): ReadTags {
  const entry = entryOf(policy, 'tags')
  const word = entryOf(policy, 'taggedWithoutRule')
  if (entry?.value.kind !== 'map') {
    if (entry === undefined && word !== undefined)
      findings.add(
        word.at,
        'bad-tags',
        'the policy does not go by tags, so `taggedWithoutRule` means nothing',
        'add `tags:`, which may be {}',
      )
    return { tags: undefined, fields: [] }
  }
  const fields: PolicyField[] = []
  const ignored: string[] = []
  for (const one of entry.value.entries) {
    if (!TAG.test(one.key)) {
      findings.add(
        one.at,
        'bad-tags',
        `${quote(one.key)} is not a tag: letters, digits and _ . : / -, at most 100 of them`,
      )
      continue
    }
    if (one.value.kind === 'scalar' && one.value.value === IGNORE) {
      ignored.push(one.key)
      continue
    }
    const field = readField(one, tagPath(one.key), undefined, findings)
    if (field !== undefined) fields.push(field)
  }
  const said = word?.value.kind === 'scalar' ? word.value.text : ''
  const withoutRule = said === 'refuse' ? 'refuse' : 'dead-letter'
  return { tags: { at: entry.at, ignored, withoutRule }, fields }
}

/** Without `tags:`, no rule acknowledges one. */
export function checkTagged(rules: readonly PolicyRule[], findings: Findings): void {
  for (const { tagged } of rules)
    if (tagged !== undefined)
      findings.add(
        tagged.at,
        'misplaced-word',
        'the policy does not go by tags, so `tagged` means nothing',
        'add `tags:` at the top, which may be {}',
      )
}
