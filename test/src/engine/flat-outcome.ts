/** An outcome with every member of every kind, so that a test may ask for one without asking for the kind first. */
import type { Message } from '../../../src/engine/message.ts'
import { MessageBatch } from '../../../src/engine/message-batch.ts'
import type { MessageEngine } from '../../../src/engine/message-engine.ts'
import type { Outcome, OutcomeHeader } from '../../../src/engine/outcome.ts'
import type { DeadLetterCode } from '../../../src/errors.ts'

export interface FlatOutcome {
  readonly kind: Outcome['kind']
  readonly value: Uint8Array | null
  readonly key: Uint8Array | null
  readonly headers: readonly OutcomeHeader[]
  readonly timestamp: number | undefined
  readonly tombstones: readonly Uint8Array[]
  readonly code: DeadLetterCode | undefined
  readonly rule: string | undefined
  readonly reason: string | undefined
}

const NOTHING = {
  value: null,
  key: null,
  headers: [],
  timestamp: undefined,
  code: undefined,
  rule: undefined,
  reason: undefined,
}

export const flatOf = (outcome: Outcome): FlatOutcome => ({ ...NOTHING, ...outcome })

/** What becomes of messages. */
export const rewrite = (engine: MessageEngine, messages: readonly Message[]): readonly FlatOutcome[] =>
  engine.rewrite(MessageBatch.of(messages)).all(engine.rules).map(flatOf)
