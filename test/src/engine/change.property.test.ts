/** Change events: each image of a row becomes what the row becomes by itself, and an event leaves only if all of them may. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import type { Message } from '../../../src/engine/message.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import {
  type ChangeForm,
  DEFAULT_PLACEHOLDER,
  PLAIN_FORM,
  type WireForm,
} from '../../../src/record/wire-form.ts'
import { createDeidentifier, type Deidentifier } from '../../../src/run/deidentifier.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { anyEvent, canary, type Event, POLICIES } from './change-events.ts'
import { rewrite } from './flat-outcome.ts'

const NOW = Date.UTC(2026, 5, 1)
const CHANGE: ChangeForm = {
  deletes: 'publish',
  before: 'full',
  placeholder: DEFAULT_PLACEHOLDER,
}

const message = (event: unknown, key: unknown = { id: 'C' }): Message => ({
  key: Buffer.from(JSON.stringify(key)),
  value: Buffer.from(JSON.stringify(event)),
  headers: [{ name: '__debezium.context.taskId', value: Buffer.from(canary()) }],
  timestamp: NOW,
})

const engineOf = (plan: Plan, more: Partial<WireForm> = {}, kernels = true) =>
  messageEngine(
    plan,
    { now: NOW, compacted: false, keyRules: [], kernels },
    { ...PLAIN_FORM, change: CHANGE, ...more },
  )

/** What a row becomes by itself. */
function alone(by: Deidentifier, row: object) {
  const outcome = by.deidentify(Buffer.from(JSON.stringify(row)))
  return outcome.kind === 'publish'
    ? { kind: outcome.kind, row: JSON.parse(Buffer.from(outcome.value).toString()) as unknown }
    : outcome
}

describe('117. a change event', () => {
  it.each(POLICIES)('has both images as the rows by themselves: %s', (_, plan) => {
    const rows = createDeidentifier(plan, { format: 'json', now: NOW })
    fc.assert(
      fc.property(
        fc.array(anyEvent, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (events: Event[], kernels) => {
          const engine = engineOf(plan, {}, kernels)
          const outcomes = rewrite(
            engine,
            events.map((event) => message(event)),
          )
          for (const [at, event] of events.entries()) {
            const images = [event.before, event.after].map((row) => (row === null ? null : alone(rows, row)))
            const outcome = outcomes[at]!
            const held = images.filter((one) => one !== null && one.kind !== 'publish')
            if (held.length > 0) {
              expect(held.map((one) => one?.kind)).toContain(outcome.kind)
              expect(outcome.value).toBeNull()
              continue
            }
            expect(outcome.kind).toBe('publish')
            const text = Buffer.from(outcome.value!).toString()
            expect(JSON.parse(text)).toEqual({
              before: images[0] === null ? null : images[0]?.kind === 'publish' && images[0].row,
              after: images[1] === null ? null : images[1]?.kind === 'publish' && images[1].row,
              source: { table: event.source.table },
              op: event.op,
              ts_ms: event.ts_ms,
            })
            expect(text + Buffer.from(outcome.key!).toString()).not.toMatch(/CANARY[0-9a-z]{3}/)
            expect(outcome.headers).toEqual([])
            expect(outcome.timestamp).toBe(Date.UTC(2026, 4, 31))
          }
          expect(reconciles(engine.account)).toBe(true)
        },
      ),
      { numRuns: 15 },
    )
  })
})
