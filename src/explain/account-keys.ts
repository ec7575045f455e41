/** The keys of a run, for people. */
import type { KeysView } from '../run/account/keys-view.ts'

/** The ids of keys with their check values, for people: `k1 (3fa9c012)`. */
export function keyNames({ keys, keyChecks }: KeysView): string {
  if (keys.length === 0) return 'none'
  return keys.map((id) => (keyChecks[id] === undefined ? id : `${id} (${keyChecks[id]})`)).join(', ')
}
