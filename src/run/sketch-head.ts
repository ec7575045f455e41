/** What a stored sketch says of itself, from the plan and the keyset that made it. */
import type { HashedSide } from '../engine/field-hashes.ts'
import { checkValueOf } from '../keys/keyring.ts'
import { findKey, type Keyset } from '../keys/keyset.ts'
import type { SketchHead } from '../measures/sketch-form.ts'
import type { Plan } from '../policy/plan.ts'
import { packageVersion } from './package-root.ts'
import { fieldsToSketch } from './sketching.ts'

export interface SketchSpan {
  /** ms since the epoch. */
  readonly from: number
  readonly until: number
  /** How long it is kept from `until` on, in ms. */
  readonly keep: number
}

/** `isWhole`: whether its process has ended its period in order. */
export function sketchHead(
  plan: Plan,
  keyset: Keyset,
  { side, over }: { readonly side: HashedSide; readonly over: readonly string[] | undefined },
  { from, until, keep }: SketchSpan,
  isWhole: boolean,
): SketchHead {
  const key = findKey(keyset, keyset.primary)
  return {
    lethe: 'sketch',
    v: 1,
    version: packageVersion(),
    policy: { name: plan.name, version: plan.version, fingerprint: plan.fingerprint },
    side,
    over: fieldsToSketch(plan, over).map(({ path }) => path.text),
    key: { id: key.id, check: checkValueOf(key) },
    from: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
    expires: new Date(until + keep).toISOString(),
    parts: 1,
    open: isWhole ? 0 : 1,
  }
}
