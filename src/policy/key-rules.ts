/** The rules for the record key, under every key that may still be used. */
import type { RuleTransform } from '../../transforms/transform.ts'
import { contextFor, newSources } from './context.ts'
import type { KeySource } from './key-source.ts'
import type { Policy } from './policy.ts'
import type { PolicyFile } from './policy-file.ts'
import { readByField } from './reading.ts'

/** The transforms of the rules for a record key, by the rule's id in the plan, under one key of the keyset. */
export type KeyVariant = ReadonlyMap<number, RuleTransform>

/**
 * The rules of `$key` and its members, compiled for each enabled key: a record that was published under an older key has
 * older tokens, and only a tombstone under those hides it. A rule that names its key (`key:`) is there under that one, and
 * under each. Empty where no transform handles the key. `policy` was compiled from `source` without problems.
 */
export function keyRules(policy: Policy, source: PolicyFile, keys: KeySource): readonly KeyVariant[] {
  const rules = policy.fields
    .filter((field) => field.path.envelope === 'key')
    .flatMap((field) => field.rules.map((rule) => ({ field, rule })))
    .filter(({ rule }) => rule.transform !== undefined)
  if (rules.length === 0) return []
  const variant = (keyId: string | undefined, isNamed: boolean): KeyVariant =>
    new Map(
      rules.map(({ field, rule }) => {
        const { keyed } = rule.transform!.properties
        const id = keyed ? ((isNamed ? rule.key?.id : undefined) ?? keyId) : undefined
        const context = contextFor({ path: field.path, keyId: id }, source, keys, newSources())
        const compiled = rule.transform!.compile(rule.options, context)
        // Words for nothing are none in keys.
        return [rule.planRule!, readByField(compiled, field, [])]
      }),
    )
  if (!rules.some(({ rule }) => rule.transform!.properties.keyed)) return [variant(undefined, false)]
  const ids = keys.keyset.keys.filter((key) => key.status === 'enabled').map((key) => key.id)
  const isAnyNamed = rules.length > 1 && rules.some(({ rule }) => rule.key !== undefined)
  return ids.flatMap((id) => [variant(id, false), ...(isAnyNamed ? [variant(id, true)] : [])])
}
