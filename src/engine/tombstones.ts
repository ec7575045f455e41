/** Under which keys a tombstone is written. */
import { isUtf8 } from 'node:buffer'
import { look } from '../../transforms/detect/look.ts'
import { type CompiledTransform, Failure, fail, type Result } from '../../transforms/transform.ts'
import type { DeadLetterCode } from '../errors.ts'
import type { Plan, PlanRule } from '../policy/plan.ts'

export type Tombstones =
  | { readonly kind: 'written'; readonly keys: readonly Uint8Array[]; readonly rules: readonly number[] }
  /** No key may leave, so that nothing can be hidden; `label` names the rule for the account. */
  | { readonly kind: 'none'; readonly label: string }
  | { readonly kind: 'refused'; readonly code: DeadLetterCode; readonly rule: number }

/** Label of tombstones that are suppressed, because no rule lets a key leave. */
export const NO_KEY_LEAVES = 'tombstone, and no key may leave'

/** A transform that throws, or gives what is no result, has failed. */
function applyTo(transform: CompiledTransform, text: string, now: number): Result {
  try {
    // A tombstone holds no record that a rule could ask for.
    const result: unknown = transform.apply(text, { subject: undefined, eventTime: undefined, now })
    if (typeof result === 'string' || result instanceof Failure) return result
  } catch {
    // As below.
  }
  return fail('transform-error')
}

export class KeyTombstones {
  readonly #rules: readonly PlanRule[]
  readonly #everyKey: readonly CompiledTransform[] | undefined
  readonly #refusesSuspects: boolean

  /** `keyRules`: the transform of `$key` under each enabled key, for topics that are compacted. */
  constructor(plan: Plan, keyRules: readonly CompiledTransform[], compacted: boolean) {
    this.#rules = plan.envelope.find((field) => field.path.envelope === 'key')?.rulesByStep[0] ?? []
    this.#refusesSuspects = plan.suspects === 'dead-letter'
    this.#everyKey = compacted && keyRules.length > 0 ? keyRules : undefined
  }

  /** `now`: the instant that records are judged at, ms since the epoch. */
  of(key: Uint8Array | null, now: number): Tombstones {
    if (key === null) return { kind: 'refused', code: 'tombstone-without-key', rule: -1 }
    if (this.#rules.length === 0) return { kind: 'none', label: NO_KEY_LEAVES }
    if (!isUtf8(key)) return { kind: 'refused', code: 'key-not-utf8', rule: -1 }
    // There is no value for conditions to hold on.
    const rule = this.#rules.find(({ when }) => when.every((condition) => condition.orNothing))
    if (rule === undefined) return { kind: 'refused', code: 'no-rule-matches', rule: this.#rules[0]!.id }
    const written = (keys: readonly Uint8Array[]): Tombstones =>
      this.#refusesSuspects && rule.watched && keys.some((one) => look(one, 0, one.length) !== 0)
        ? { kind: 'refused', code: 'suspect-value', rule: rule.id }
        : { kind: 'written', keys, rules: [rule.id] }
    if (rule.action.kind === 'drop') return { kind: 'none', label: NO_KEY_LEAVES }
    if (rule.action.kind !== 'transform' || key.length === 0) return written([key])
    const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString('utf8')
    const keys = new Map<string, Uint8Array>()
    for (const transform of this.#everyKey ?? [rule.action.transform]) {
      const result = applyTo(transform, text, now)
      if (typeof result === 'string') {
        if (transform.yields !== 'null') keys.set(result, Buffer.from(result))
      } else if (rule.otherwise.kind === 'constant') {
        const constant = String(rule.otherwise.value)
        keys.set(constant, Buffer.from(constant))
      } else if (rule.otherwise.kind === 'dead-letter')
        return { kind: 'refused', code: result.code, rule: rule.id }
    }
    return keys.size === 0 ? { kind: 'none', label: NO_KEY_LEAVES } : written([...keys.values()])
  }
}
