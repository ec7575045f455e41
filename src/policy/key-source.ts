/** What compiling asks of a keyset: `Keyring` of `src/keys` fits. */
import type { FieldKey, KeyUse } from '../../transforms/transform.ts'

export interface KeySource {
  /** Id of the key that rules without `key:` use. */
  readonly primaryId: string
  readonly keyset: {
    readonly keys: readonly {
      readonly id: string
      readonly status: 'enabled' | 'compromised' | 'disabled'
    }[]
  }
  /** The field key for `use` and `domain` under key `id`, the primary one where it is undefined. */
  key(use: KeyUse, domain: string, id?: string): FieldKey
}

/** Stands in where no keyset is given: good for checking a policy, never for running it. */
export const placeholderKeys: KeySource = {
  primaryId: 'k1',
  keyset: { keys: [] },
  key: (_use, _domain, id = 'k1') => ({ id, bytes: new Uint8Array(32) }),
}
