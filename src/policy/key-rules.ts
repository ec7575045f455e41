/** The rule for the record key, under every key that may still be used. */
import type { CompiledTransform } from '../../transforms/transform.ts'
import { contextFor, newSources } from './context.ts'
import type { KeySource } from './key-source.ts'
import type { Policy } from './policy.ts'
import type { PolicyFile } from './policy-file.ts'

/**
 * The transform of `$key`, compiled once for each enabled key: a record that was published under an older key has an
 * older token, and only a tombstone under that one hides it. Empty where no transform handles `$key`.
 * `policy` was compiled from `source` without problems.
 */
export function keyRules(policy: Policy, source: PolicyFile, keys: KeySource): readonly CompiledTransform[] {
  const rules = policy.fields.find((field) => field.path.envelope === 'key')?.rules ?? []
  const ids = keys.keyset.keys.filter((key) => key.status === 'enabled').map((key) => key.id)
  return rules.flatMap((rule) => {
    const { transform } = rule
    if (transform === undefined) return []
    const compile = (keyId: string | undefined): CompiledTransform =>
      transform.compile(rule.options, contextFor({ path: '$key', keyId }, source, keys, newSources()))
    return transform.properties.keyed ? ids.map(compile) : [compile(undefined)]
  })
}
