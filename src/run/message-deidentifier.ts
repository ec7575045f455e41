/** Batches of messages for a consumer of one's own: what `lethe stream` does between reading and writing. */

import type { Account } from '../engine/account.ts'
import { clockOf, type Now } from '../engine/clock.ts'
import type { Message } from '../engine/message.ts'
import { MessageBatch } from '../engine/message-batch.ts'
import type { Outcome } from '../engine/outcome.ts'
import type { Compiled } from '../policy/compile.ts'
import { keyRules } from '../policy/key-rules.ts'
import type { KeySource } from '../policy/key-source.ts'
import type { PolicyFile } from '../policy/policy-file.ts'
import type { KnownSchema } from '../record/schema-text.ts'
import { PLAIN_FORM, type WireForm } from '../record/wire-form.ts'
import { messageEngine, type RunEngineOptions } from './engines.ts'

export interface MessageDeidentifier {
  /**
   * What becomes of each message, in order. Never throws for what a message holds: one that cannot be taken is a
   * `dead-letter`. Publish `key`, `value`, `headers` and `timestamp` of a `publish` as they are, a record without a value
   * under each of `tombstones`, and nothing else. Commit no offset before all of that has arrived.
   */
  deidentify(messages: readonly Message[]): readonly Outcome[]
  /** Between two calls: the schemas that values and keys name by their ids. Messages of others are `schema-unknown`. */
  learn(schemas: readonly KnownSchema[]): void
  /** Counts since the start. */
  readonly account: Account
}

export interface MessageDeidentifierOptions
  extends Omit<RunEngineOptions, 'now' | 'showNames' | 'kernels' | 'groups' | 'change'> {
  /** The keys that `compiled` was compiled with, for tombstones in compacted topics. */
  readonly keys?: KeySource | undefined
  /** Whether the output topic is compacted: then tombstones go under the token of every enabled key. Default false. */
  readonly compacted?: boolean | undefined
  /** How values and keys stand in their bytes: JSON and text as they are, unless stated. */
  readonly form?: Partial<WireForm> | undefined
  /**
   * The instant that retention is judged at, ms since the epoch: one for all records, or a clock. Default: the time of
   * each call.
   */
  readonly now?: Now | undefined
}

/**
 * @param compiled what `compilePolicy(source, …)` gave, without problems
 * @throws Error where it has problems, or was compiled without the keys it needs; LetheError (usage) where it names lists, and
 *   `data` has none of the name
 */
export function createMessageDeidentifier(
  source: PolicyFile,
  { plan, policy }: Compiled,
  options: MessageDeidentifierOptions = {},
): MessageDeidentifier {
  if (plan === undefined || policy === undefined) throw new Error('the policy has problems')
  if (!plan.runnable) throw new Error('the policy needs keys, and was compiled without')
  const { keys, compacted = false, maxRecordBytes, form, data } = options
  const clock = clockOf(options.now)
  if (compacted && plan.needsKeys && keys === undefined)
    throw new Error('a compacted topic needs the keys, for tombstones under each of them')
  const engine = messageEngine(
    plan,
    {
      now: clock(),
      maxRecordBytes,
      data,
      compacted,
      keyRules: compacted && keys !== undefined ? keyRules(policy, source, keys) : [],
    },
    { ...PLAIN_FORM, ...form },
  )
  return {
    deidentify(messages) {
      engine.now = clock()
      return engine.rewrite(MessageBatch.of(messages)).all(engine.rules)
    },
    learn: (known) => engine.learn({ known, forgotten: [] }),
    get account() {
      return engine.account
    },
  }
}
