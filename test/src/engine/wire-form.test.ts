/** Messages whose records stand in frames or in JSON texts become what the same records become as they stand. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../src/engine/message.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { PLAIN_FORM, type WireForm } from '../../../src/record/wire-form.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { rewrite } from './flat-outcome.ts'

const NOW = Date.UTC(2026, 0, 1)
const POLICY = `policy: p
version: 1
purpose: train_ai_system
fields:
  n: keep
  note: { use: mask.characters, keepLast: 2, length: 4 }
  $key: { use: generalize.prefix, keep: 1 }
`
const { plan, problems } = compilePolicy(policyFileOf('p.yaml', POLICY))
if (plan === undefined) throw new Error(JSON.stringify(problems))

const MOST = 400
const engineOf = (form: WireForm, kernels = true) =>
  messageEngine(plan, { now: NOW, compacted: false, keyRules: [], maxRecordBytes: MOST, kernels }, form)

const FRAMED: WireForm = {
  value: { format: 'json', framing: 'confluent', inner: 'none' },
  key: { format: 'text', framing: 'confluent' },
}
const INNER: WireForm = { ...PLAIN_FORM, value: { format: 'json', framing: 'none', inner: 'json-text' } }
const BOTH: WireForm = { ...FRAMED, value: { ...FRAMED.value, inner: 'json-text' } }

const frame = (bytes: Uint8Array | string, id = 7): Buffer => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, Buffer.from(bytes as string)])
}
const message = (value: Uint8Array | string | null, key: Uint8Array | string | null = null): Message => ({
  key: key === null ? null : Buffer.from(key as string),
  value: value === null ? null : Buffer.from(value as string),
  headers: undefined,
  timestamp: NOW,
})

const anyRecord = fc.oneof(
  fc.record({ n: fc.oneof(fc.integer(), fc.string()), note: fc.string() }, { requiredKeys: [] }),
  fc.tuple(fc.record({ n: fc.integer() })),
  fc.jsonValue({ maxDepth: 1 }),
)
const anyText = fc
  .tuple(anyRecord, fc.constantFrom(undefined, 2))
  .map(([record, space]) => JSON.stringify(record, null, space))
const anyMessage = fc.record({
  value: fc.option(anyText, { nil: null }),
  key: fc.option(fc.string({ minLength: 1, unit: 'grapheme' }), { nil: null }),
})

describe('26. a record in another form', () => {
  it.each([
    ['framed', FRAMED, (text: string) => frame(text), (key: string) => frame(key, 0xffffffff)],
    ['in a JSON text', INNER, (text: string) => JSON.stringify(text), (key: string) => key],
    [
      'in a framed JSON text',
      BOTH,
      (text: string) => frame(JSON.stringify(text)),
      (key: string) => frame(key),
    ],
  ] as const)('%s becomes what it becomes as it stands', (_, form, wrap, wrapKey) => {
    fc.assert(
      fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 12 }), fc.boolean(), (sent, kernels) => {
        const plain = engineOf(PLAIN_FORM, kernels)
        const wrapped = engineOf(form, kernels)
        const short = sent.filter(({ value }) => value === null || wrap(value).length <= MOST)
        const before = rewrite(
          plain,
          short.map(({ value, key }) => message(value, key)),
        )
        const after = rewrite(
          wrapped,
          short.map(({ value, key }) =>
            message(value === null ? null : wrap(value), key === null ? null : wrapKey(key)),
          ),
        )
        expect(after).toEqual(before)
        expect(wrapped.account).toEqual(plain.account)
      }),
    )
  })
})

describe('what does not stand in the form that the pipeline says', () => {
  const good = '{"n":1}'
  const cases: readonly (readonly [WireForm, Message, string])[] = [
    [FRAMED, message(good), 'not-framed'],
    [FRAMED, message(Buffer.from([0, 0, 0, 1])), 'not-framed'],
    [FRAMED, message(''), 'not-framed'],
    [FRAMED, message(Buffer.concat([Buffer.from([1]), frame(good)])), 'not-framed'],
    [FRAMED, message(frame('')), 'value-empty'],
    [FRAMED, message(frame(frame(good))), 'json-syntax'],
    [FRAMED, message(frame(good), 'k'), 'key-not-framed'],
    [FRAMED, message(null, 'k'), 'key-not-framed'],
    [FRAMED, message(null), 'tombstone-without-key'],
    [FRAMED, message(frame(`{"n":"${'x'.repeat(MOST)}"}`)), 'record-too-large'],
    [INNER, message(good), 'not-json-text'],
    [INNER, message(`[${JSON.stringify(good)}]`), 'not-json-text'],
    [INNER, message(JSON.stringify(JSON.stringify(good))), 'not-an-object'],
    [INNER, message('"{\\"n\\":1'), 'json-syntax'],
    [INNER, message('"{\\"n\\":\\"\\ud800\\"}"'), 'json-lone-surrogate'],
    [INNER, message('"[{},{}]"'), 'array-length'],
    [INNER, message('""'), 'value-empty'],
    [INNER, message(''), 'value-empty'],
    [INNER, message(Buffer.concat([Buffer.from('"'), Buffer.from([0xff]), Buffer.from('"')])), 'bad-utf8'],
    [INNER, message(frame(JSON.stringify(good))), 'schema-registry-framed'],
    [BOTH, message(JSON.stringify(good)), 'not-framed'],
    [PLAIN_FORM, message(frame(good)), 'schema-registry-framed'],
  ]
  it.each(cases)('is a dead letter (%#)', (form, sent, code) => {
    const wrap = (): Message =>
      form === INNER
        ? message(JSON.stringify(good))
        : message(form === FRAMED ? frame(good) : form === BOTH ? frame(JSON.stringify(good)) : good)
    const outcomes = rewrite(engineOf(form), [wrap(), sent, wrap()])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['publish', 'dead-letter', 'publish'])
    expect(outcomes[1]!.code).toBe(code)
  })
})
