/** Change events of any kind, and policies that they are tested with. */
import fc from 'fast-check'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'

export const keys: Keyring = Keyring.fromKeyset(testKeyset())

export const policyText = (fields: string, more = ''): string =>
  `policy: p\nversion: 1\npurpose: train_ai_system\nsubject: id\ntime: at\nfields:\n${fields}\n${more}`

function planOfText(text: string): Plan {
  const { plan, problems } = compilePolicy(policyFileOf('p.yaml', text), { keys })
  if (plan === undefined) throw new Error(JSON.stringify(problems))
  return plan
}

export const planOf = (fields: string, more = ''): Plan => planOfText(policyText(fields, more))

export const COMMON: string = `
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

/** By name, the texts of policies. */
export const POLICY_TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['maps and JSON in texts', policyText(MAPS, 'read: { inner: json }\n')],
  ['maps, gates', policyText(MAPS, GATED)],
  ['patterns', policyText(PATTERNS)],
  ['patterns, gates', policyText(PATTERNS, GATED)],
  ['one value or several', policyText(COMMON, 'shape: { items: either }')],
]

export const POLICIES: readonly (readonly [name: string, plan: Plan])[] = POLICY_TEXTS.map(([name, text]) => [
  name,
  planOfText(text),
])

let made = 0
/** What no output may hold. */
export const canary = (): string => `CANARY${(made++).toString(36)}X`
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
type Row = object | null

export interface Event {
  readonly before: Row
  readonly after: Row
  readonly source: {
    readonly table: string
    readonly schema: string
    readonly snapshot: string
    readonly query: string
  }
  readonly transaction: { readonly id: string }
  readonly op: string
  readonly ts_ms: number
}

export const anyEvent: fc.Arbitrary<Event> = fc
  .record({
    op: fc.constantFrom('c', 'r', 'u', 'd'),
    before: anyRow,
    after: anyRow,
    table: fc.constantFrom('customers', 'orders'),
    ts_ms: fc.integer({ min: 1, max: 2 ** 41 }),
  })
  .map(({ op, before, after, table, ts_ms }) => ({
    before: op === 'd' || op === 'u' ? before : null,
    after: op === 'd' ? null : after,
    source: { table, schema: canary(), snapshot: 'false', query: canary() },
    transaction: { id: canary() },
    op,
    ts_ms,
  }))
