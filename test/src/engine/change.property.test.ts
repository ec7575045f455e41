/** Change events: each image of a row becomes what the row becomes by itself, and an event leaves only if all of them may. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import type { Message } from '../../../src/engine/message.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import {
  type ChangeForm,
  DEFAULT_PLACEHOLDER,
  PLAIN_FORM,
  type WireForm,
} from '../../../src/record/wire-form.ts'
import { createDeidentifier, type Deidentifier } from '../../../src/run/deidentifier.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { rewrite } from './flat-outcome.ts'

const NOW = Date.UTC(2026, 5, 1)
const keys = Keyring.fromKeyset(testKeyset())
const CHANGE: ChangeForm = { deletes: 'publish', placeholder: DEFAULT_PLACEHOLDER }

function planOf(fields: string, more = ''): Plan {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\nsubject: id\ntime: at\nfields:\n${fields}\n${more}`
  const { plan, problems } = compilePolicy(policyFileOf('p.yaml', text), { keys })
  if (plan === undefined) throw new Error(JSON.stringify(problems))
  return plan
}

const COMMON = `
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day }
  email: { use: hash.hmac, domain: email, normalize: email, else: null }
  other: { use: hash.hmac, domain: email, normalize: email, from: email, else: null }
  born: { use: shift.date, maxDays: 30, else: drop }
  amount:
    - { use: generalize.number, width: 10, else: null, when: { country: [DE] } }
    - { use: mask.null }
  "items[].sku": { use: generalize.prefix, keep: 2 }
  $key.id: { use: hash.hmac, domain: customer }
  $change.op: keep
  $change.source.table: keep
  $change.ts_ms: keep`
const GATED = `
retention: { steps: [ { after: 30d, fields: { amount: { use: mask.null } } }, { after: 400d, then: suppress } ] }
consent: [ { from: agreed, when: { is: true } } ]
required: [ id ]
`
const MAPS = `${COMMON}
  "labels.$names": { use: hash.hmac, domain: label }
  "labels.*": { use: mask.characters, keepLast: 1, length: 4, else: null }
  inner.phone: { use: mask.characters, keepLast: 2, length: 6 }`
const PATTERNS = `${COMMON}
  "**.*phone": { use: mask.characters, keepLast: 2, length: 6 }`

const POLICIES: readonly (readonly [string, Plan])[] = [
  ['maps and JSON in texts', planOf(MAPS, 'read: { inner: json }\n')],
  ['maps, gates', planOf(`${MAPS}`, GATED)],
  ['patterns', planOf(PATTERNS)],
  ['patterns, gates', planOf(PATTERNS, GATED)],
  ['one value or several', planOf(COMMON, 'shape: { items: either }')],
]

let made = 0
/** What no output may hold. */
const canary = (): string => `CANARY${(made++).toString(36)}X`
const anyText = fc.constant(0).map(canary)
const anyItem = fc.record({ sku: anyText, more: anyText }, { requiredKeys: [] })
const anyRow = fc.record(
  {
    id: fc.oneof({ weight: 9, arbitrary: anyText }, fc.constant(null)),
    at: fc.constantFrom('2026-05-31T10:20:30Z', '2026-05-31T22:00:00Z'),
    email: anyText.map((text) => `${text}@x.example`),
    born: fc.constantFrom('1980-02-03', 'CANARY soon', null),
    amount: fc.oneof(fc.integer(), anyText),
    country: fc.constantFrom('DE', 'CANARY', null),
    agreed: fc.constantFrom(true, true, true, false, null),
    items: fc.oneof(fc.array(anyItem, { maxLength: 3 }), anyItem, fc.constant(null)),
    labels: fc.dictionary(anyText, fc.oneof(anyText, fc.constant(null)), { maxKeys: 2 }),
    inner: fc.oneof(
      fc.record({ phone: anyText }),
      anyText.map((phone) => JSON.stringify({ phone })),
    ),
    home_phone: anyText,
    unknown: fc.oneof(anyText, fc.record({ deep: anyText })),
  },
  { requiredKeys: ['at'] },
)
const anyEvent = fc
  .record({
    op: fc.constantFrom('c', 'r', 'u', 'd'),
    before: anyRow,
    after: anyRow,
    full: fc.boolean(),
    table: fc.constantFrom('customers', 'orders'),
    ts_ms: fc.integer({ min: 1, max: 2 ** 41 }),
  })
  .map(({ op, before, after, full, table, ts_ms }) => ({
    before: op === 'd' || (op === 'u' && full) ? before : null,
    after: op === 'd' ? null : after,
    source: { table, schema: canary(), snapshot: 'false', query: canary() },
    transaction: { id: canary() },
    op,
    ts_ms,
  }))
type Event = ReturnType<typeof anyEvent.generate>['value']

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
