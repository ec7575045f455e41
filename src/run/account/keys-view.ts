/** The keys of a run, as accounts show them: ids and check values. */
import { checkValuesOf } from '../../keys/keyring.ts'
import type { Keyset } from '../../keys/keyset.ts'
import type { Plan } from '../../policy/plan.ts'

export interface KeysView {
  /** Ids of the keys that rules use. */
  readonly keys: readonly string[]
  /** The check value of each of them: see `lethe keys list`. */
  readonly keyChecks: Readonly<Record<string, string>>
}

export function viewKeys({ keyIds }: Plan, keyset: Keyset | undefined): KeysView {
  return { keys: keyIds, keyChecks: keyset === undefined ? {} : checkValuesOf(keyset, keyIds) }
}
