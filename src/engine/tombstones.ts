/** Under which keys a tombstone is written. */
import { isUtf8 } from 'node:buffer'
import { look } from '../../transforms/detect/look.ts'
import { Failure, fail, Nothing, type Result, type RuleTransform } from '../../transforms/transform.ts'
import type { DeadLetterCode } from '../errors.ts'
import type { KeyVariant } from '../policy/key-rules.ts'
import type { Plan, PlanRule } from '../policy/plan.ts'
import { padded } from '../record/codec.ts'
import type { Engine } from './engine.ts'
import { codeOfKey, keyWritten } from './json-keys.ts'

export type Tombstones =
  | { readonly kind: 'written'; readonly keys: readonly Uint8Array[]; readonly rules: readonly number[] }
  /** No key may leave, so that nothing can be hidden; `label` names the rule for the account. */
  | { readonly kind: 'none'; readonly label: string }
  | { readonly kind: 'refused'; readonly code: DeadLetterCode; readonly rule: number }

/** Label of tombstones that are suppressed, because no rule lets a key leave. */
export const NO_KEY_LEAVES = 'tombstone, and no key may leave'

/** Reason of deletes among change events in whose place a tombstone is written. */
export const DELETED = 'change: delete'

/** A transform that throws, or gives what is not a result, has failed. */
function applyTo(transform: RuleTransform, text: string, now: number): Result {
  try {
    // A tombstone holds no record that a rule could ask for.
    const result: unknown = transform.apply(text, { subject: undefined, eventTime: undefined, now })
    if (result instanceof Nothing) return result.text
    if (typeof result === 'string' || result instanceof Failure) return result
  } catch {
    // As below.
  }
  return fail('transform-error')
}

/** The rules that apply where there is no value for conditions to hold on; undefined for a field without one. */
export const rulesWithoutValue = (rules: readonly PlanRule[]): PlanRule | undefined =>
  rules.find(({ when }) => when.every((condition) => condition.orNothing))

export interface KeyTombstones {
  /** `now`: the instant that records are judged at, ms since the epoch. */
  of(key: Uint8Array | null, now: number): Tombstones
}

/** Where no rule lets a key leave. */
export const noTombstones: KeyTombstones = {
  of: (key) =>
    key === null
      ? { kind: 'refused', code: 'tombstone-without-key', rule: -1 }
      : { kind: 'none', label: NO_KEY_LEAVES },
}

/** Of keys that are text. */
export class TextTombstones implements KeyTombstones {
  readonly #rules: readonly PlanRule[]
  readonly #variants: readonly KeyVariant[]
  readonly #refusesSuspects: boolean

  /** `variants`: the rules of the key under each enabled key, for topics that are compacted. */
  constructor(plan: Plan, rules: readonly PlanRule[], variants: readonly KeyVariant[]) {
    this.#rules = rules
    this.#refusesSuspects = plan.suspects === 'dead-letter'
    this.#variants = variants.length === 0 ? [new Map()] : variants
  }

  of(key: Uint8Array | null, now: number): Tombstones {
    if (key === null) return { kind: 'refused', code: 'tombstone-without-key', rule: -1 }
    if (!isUtf8(key)) return { kind: 'refused', code: 'key-not-utf8', rule: -1 }
    const rule = rulesWithoutValue(this.#rules)
    if (rule === undefined) return { kind: 'refused', code: 'no-rule-matches', rule: this.#rules[0]!.id }
    const written = (keys: readonly Uint8Array[]): Tombstones =>
      this.#refusesSuspects && rule.watched && keys.some((one) => look(one, 0, one.length) !== 0)
        ? { kind: 'refused', code: 'suspect-value', rule: rule.id }
        : { kind: 'written', keys, rules: [rule.id] }
    if (rule.action.kind === 'drop') return { kind: 'none', label: NO_KEY_LEAVES }
    if (rule.action.kind !== 'transform' || key.length === 0) return written([key])
    const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString('utf8')
    const keys = new Map<string, Uint8Array>()
    for (const variant of this.#variants) {
      const transform = variant.get(rule.id) ?? rule.action.transform
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

/** Of keys that are JSON: an engine for each enabled key de-identifies the key as if it were a record. */
export class JsonTombstones implements KeyTombstones {
  readonly #engines: readonly Engine[]
  /** A rule that asks for a value, where no other one applies. */
  readonly #unmatched: PlanRule | undefined

  constructor(engines: readonly Engine[], unmatched: PlanRule | undefined) {
    this.#engines = engines
    this.#unmatched = unmatched
  }

  of(key: Uint8Array | null, now: number): Tombstones {
    if (key === null) return { kind: 'refused', code: 'tombstone-without-key', rule: -1 }
    if (!isUtf8(key)) return { kind: 'refused', code: 'key-not-utf8', rule: -1 }
    if (this.#unmatched !== undefined)
      return { kind: 'refused', code: 'no-rule-matches', rule: this.#unmatched.id }
    const keys = new Map<string, Uint8Array>()
    const rules = new Set<number>()
    const bytes = padded(key)
    for (const engine of this.#engines) {
      engine.now = now
      engine.open(bytes, 0, 0)
      engine.span(0, key.length, 0)
      const { output, deadLetters } = engine.close()
      const account = engine.takeAccount()
      const [failed] = deadLetters
      if (failed !== undefined) {
        const { code, rule } = failed
        return { kind: 'refused', code: rule < 0 ? codeOfKey(code) : code, rule }
      }
      for (const [rule, { applied }] of account.rules.entries()) if (applied > 0) rules.add(rule)
      // Without its line break.
      const written = keyWritten(output.subarray(0, -1))
      if (written !== undefined) keys.set(Buffer.from(written).toString('latin1'), written)
    }
    return keys.size === 0
      ? { kind: 'none', label: NO_KEY_LEAVES }
      : { kind: 'written', keys: [...keys.values()], rules: [...rules] }
  }
}
