/** Batches of messages against the same records one by one, and against the transforms themselves beside the value. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import type { Message } from '../../../src/engine/message.ts'
import { MessageBatch } from '../../../src/engine/message-batch.ts'
import { OutcomeBatch } from '../../../src/engine/outcome-batch.ts'
import { compileWith } from '../../../src/policy/compile.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { transforms } from '../../../transforms/index.ts'
import { MARKS, markTransforms, registerOf } from '../record/marks.ts'
import { anyDamage, damaged } from '../record/specs.ts'
import { type FlatOutcome, flatOf, rewrite } from './flat-outcome.ts'

const NOW = Date.UTC(2024, 0, 1)

const { plan: compiled, problems } = compileWith(
  {
    file: 'p.yaml',
    text: `
policy: p
version: 1
purpose: train_ai_system
time: at
fields:
  at: { use: generalize.date, to: day }
  name: mark.hex
  "items[].sku": mark.brackets
  extra: { use: keep.subtree, accept: "for the test of line breaks" }
  $key: mark.hex
  $headers.trace: mark.brackets
retention: { steps: [ { after: 400d, then: suppress } ] }
`,
    readFile: () => {
      throw new Error('no file')
    },
  },
  undefined,
  registerOf([...markTransforms, ...transforms]),
)
if (compiled === undefined) throw new Error(JSON.stringify(problems))
const plan = compiled

const anyText = fc.string({ unit: fc.constantFrom('a', 'f', 'Z', '"', '\\', '\n', 'ü', '😀', ' ') })
/** What every rule takes. */
const easyText = fc.string({ unit: fc.constantFrom('a', 'Z') })
const anyBytes = fc.oneof(
  { weight: 4, arbitrary: easyText.map((text) => Buffer.from(text)) },
  anyText.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
)
const anyTime = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('2023-12-31T01:02:03Z', '2023-12-31T23:00:00Z', '2023-11-30') },
  fc.constantFrom('2020-01-01T00:00:00Z', 'soon', ''),
)
const anyRecord = fc
  .record(
    {
      at: fc.oneof({ weight: 6, arbitrary: anyTime }, { weight: 1, arbitrary: fc.integer() }),
      name: fc.oneof(
        { weight: 6, arbitrary: easyText },
        anyText,
        fc.constant(null),
        fc.double(),
        fc.object({ maxDepth: 1 }),
      ),
      items: fc.array(fc.oneof({ weight: 9, arbitrary: fc.record({ sku: anyText }) }, fc.nat())),
      extra: fc.object({ maxDepth: 2 }),
      secret: anyText,
    },
    { requiredKeys: ['at'] },
  )
  .chain((record) => fc.constantFrom(0, 2).map((space) => JSON.stringify(record, null, space)))
const anyValue = fc.oneof(
  { weight: 8, arbitrary: anyRecord.map((text) => Buffer.from(text)) },
  {
    weight: 2,
    arbitrary: fc.tuple(anyRecord, anyDamage).map(([text, d]) => Buffer.from(damaged(Buffer.from(text), d))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constant(Buffer.from('{"at":"2023-12-31"}\n{"at":"2023-12-31"}')) },
)
const anyMessage: fc.Arbitrary<Message> = fc.record({
  key: fc.option(anyBytes),
  value: fc.option(anyValue, { freq: 8 }),
  headers: fc.option(
    fc.array(fc.record({ name: fc.constantFrom('trace', 'other', 'other'), value: anyBytes }), {
      maxLength: 3,
    }),
    { nil: undefined },
  ),
  timestamp: fc.constantFrom(-1, 0, NOW),
})

const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString()
const plain = ({ key, value, headers, timestamp }: Message) => ({
  key: text(key),
  value: text(value),
  headers: headers?.length === 0 ? undefined : headers?.map(({ name, value }) => [name, text(value)]),
  timestamp,
})
const isUtf8 = (bytes: Uint8Array): boolean =>
  Buffer.from(Buffer.from(bytes).toString()).equals(Buffer.from(bytes))

/** Takes one record after another; without kernels it learns nothing of them. */
const alone = createDeidentifier(plan, { format: 'json', now: NOW, kernels: false })

/** What must become of one message, said record by record. */
function expected(message: Message): Partial<Record<keyof FlatOutcome, unknown>> {
  const { key, value } = message
  if (value === null) {
    if (key === null) return { kind: 'dead-letter', code: 'tombstone-without-key' }
    if (!isUtf8(key)) return { kind: 'dead-letter', code: 'key-not-utf8' }
    if (key.length === 0) return { kind: 'tombstone', tombstones: [''] }
    const result = MARKS['mark.hex']!.apply(text(key)!)
    return typeof result === 'string'
      ? { kind: 'tombstone', tombstones: [result] }
      : { kind: 'dead-letter', code: result.code }
  }
  if (value.length === 0) return { kind: 'dead-letter', code: 'value-empty' }
  if (value[0] === 0) return { kind: 'dead-letter', code: 'schema-registry-framed' }
  const one = alone.deidentify(value)
  if (one.kind === 'dead-letter' && !isOfRules(one.code)) return { kind: 'dead-letter', code: one.code }
  const traces = message.headers?.filter(({ name }) => name === 'trace') ?? []
  if (key !== null && !isUtf8(key)) return { kind: 'dead-letter', code: 'key-not-utf8' }
  if (traces.length > 1) return { kind: 'dead-letter', code: 'header-repeated' }
  const isText = (bytes: Uint8Array): boolean => isUtf8(bytes) && !bytes.includes(0)
  if (traces.some((header) => !isText(header.value))) return { kind: 'dead-letter', code: 'header-not-utf8' }
  if (one.kind === 'suppress') return { kind: 'suppress', reason: one.reason }
  if (one.kind !== 'publish') return { kind: one.kind }
  const of = (name: string, bytes: Uint8Array): unknown =>
    bytes.length === 0 ? '' : MARKS[name]!.apply(text(bytes)!)
  const newKey = key === null ? null : of('mark.hex', key)
  const traced = traces.map((header) => of('mark.brackets', header.value))
  if ([newKey, ...traced].some((one) => one !== null && typeof one !== 'string'))
    return { kind: 'dead-letter' }
  const day = (JSON.parse(text(one.value)!) as { at?: string }).at
  return {
    kind: 'publish',
    value: text(one.value),
    key: newKey,
    headers: traced.map((value) => ({ name: 'trace', value })),
    timestamp: day === undefined || day === '' ? undefined : Date.parse(`${day}T00:00:00Z`),
  }
}

/** Codes of values, which come after what stands beside the value was looked at. */
const isOfRules = (code: string): boolean =>
  ['no-match', 'unparsable', 'no-rule-matches', 'map-name-collision'].includes(code) ||
  code.startsWith('event-time')

describe('messageEngine', () => {
  it('does to every message of a batch what is done to its value alone, and beside it', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(
        fc.array(anyMessage, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        (messages, kernels) => {
          const rewriter = messageEngine(plan, { now: NOW, kernels, compacted: false, keyRules: [] })
          const outcomes = rewrite(rewriter, messages)
          for (const [index, message] of messages.entries()) {
            const outcome = outcomes[index]!
            seen.set(outcome.kind, (seen.get(outcome.kind) ?? 0) + 1)
            const got: Record<string, unknown> = {
              ...outcome,
              value: text(outcome.value),
              key: text(outcome.key),
              tombstones: outcome.tombstones.map(text),
            }
            expect(got).toMatchObject(expected(message))
            if (outcome.kind !== 'publish') expect(outcome.value).toBe(null)
          }
          expect(reconciles(rewriter.account)).toBe(true)
          expect(rewriter.account.records).toBe(messages.length)
        },
      ),
      { numRuns: 200 },
    )
    for (const kind of ['publish', 'suppress', 'tombstone', 'dead-letter'])
      expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(0)
  })

  it('gives the same where messages and outcomes are posted from thread to thread', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 20 }), (messages) => {
        const make = () => messageEngine(plan, { now: NOW, compacted: false, keyRules: [] })
        const packed = MessageBatch.of(messages)
        const posted = MessageBatch.from(structuredClone(packed.parts()))
        expect([...posted].map(plain)).toEqual(messages.map(plain))
        const outcomes = OutcomeBatch.from(structuredClone(make().rewrite(posted).parts()))
        const unpacked = (outcome: FlatOutcome) => ({
          ...outcome,
          value: text(outcome.value),
          key: text(outcome.key),
          tombstones: outcome.tombstones.map(text),
        })
        expect(outcomes.all(plan.rules).map(flatOf).map(unpacked)).toEqual(
          rewrite(make(), messages).map(unpacked),
        )
        packed.takeBack(posted.parts().lines)
        expect([...packed].map(plain)).toEqual(messages.map(plain))
      }),
      { numRuns: 75 },
    )
  })

  it('gives the same whatever the batches are', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 20 }), fc.nat(), (messages, at) => {
        const make = () => messageEngine(plan, { now: NOW, compacted: false, keyRules: [] })
        const plainly = (outcomes: readonly FlatOutcome[]) => JSON.stringify(outcomes)
        const whole = plainly(rewrite(make(), messages))
        const parted = make()
        const cut = messages.length === 0 ? 0 : at % messages.length
        const parts = [messages.slice(0, cut), messages.slice(cut)].flatMap((part) => [
          ...rewrite(parted, part),
        ])
        expect(plainly(parts)).toBe(whole)
      }),
      { numRuns: 75 },
    )
  })

  it('takes batches of many blocks', () => {
    const rewriter = messageEngine(plan, { now: NOW, compacted: false, keyRules: [] })
    const messages = Array.from({ length: 2_000 }, (_, i): Message => {
      const value = Buffer.from(
        JSON.stringify({ at: '2023-12-31T05:00:00Z', name: `n${i}` }, null, i % 5 === 0 ? 1 : 0),
      )
      return { key: Buffer.from(`k${i}`), value, headers: undefined, timestamp: -1 }
    })
    const outcomes = rewrite(rewriter, messages)
    for (const [i, outcome] of outcomes.entries()) {
      expect(text(outcome.key)).toBe(MARKS['mark.hex']!.apply(`k${i}`))
      expect(JSON.parse(text(outcome.value)!)).toEqual({
        at: '2023-12-31',
        name: MARKS['mark.hex']!.apply(`n${i}`),
      })
    }
  })
})
