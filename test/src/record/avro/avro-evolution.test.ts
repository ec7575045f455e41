/** A hundred evolutions of a schema, half of which add personal data, under one policy: none of it leaves, and all records do. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MessageBatch } from '../../../../src/engine/message-batch.ts'
import { messageEngine, outputSchemaOf } from '../../../../src/run/engines.ts'
import { AVRO_FORM, framed, planOf, typeOf } from './avro-world.ts'

const PLAN = planOf(`
  id: { use: hash.hmac, domain: id }
  label: keep
  place.size: keep
  "items[].sku": keep
  copy: { from: id, use: hash.hmac, domain: id }
`)
const CANARY = 'ZqCanary'
const NUMBER = 987_654_321

type Schema = string | { readonly [attribute: string]: unknown } | readonly Schema[]
interface Extra {
  readonly type: Schema
  readonly value: unknown
}

let names = 0
const newName = (prefix: string): string => `${prefix}${names++}`

/** Fields that a producer adds: their types, and values in them. */
const extra: fc.Arbitrary<Extra> = fc.letrec<{ extra: Extra }>((tie) => ({
  extra: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<Extra>({ type: 'string', value: CANARY }),
    fc.constant<Extra>({ type: 'long', value: NUMBER }),
    fc.constant<Extra>({ type: 'bytes', value: Buffer.from(CANARY) }),
    fc.constant<Extra>({ type: ['null', 'string'], value: { string: CANARY } }),
    fc.constant<Extra>({ type: { type: 'map', values: 'string' }, value: { [CANARY]: CANARY } }),
    fc.constant<Extra>({ type: { type: 'array', items: 'long' }, value: [NUMBER, NUMBER] }),
    fc.constant<Extra>({ type: { type: 'long', logicalType: 'timestamp-millis' }, value: NUMBER }),
    tie('extra').map(({ type, value }): Extra => {
      const field = newName('f')
      return {
        type: { type: 'record', name: newName('R'), fields: [{ name: field, type }] },
        value: { [field]: value },
      }
    }),
  ),
})).extra

interface Field extends Extra {
  readonly name: string
}
/** Names that speak of people, and others. */
const added = fc
  .tuple(fc.constantFrom('email', 'phone', 'ssn', 'batch', 'note', 'Label', 'ID', 'sku'), extra)
  .map(([word, one]): Field => ({ name: newName(`${word}_`), ...one }))

const recordOf = (name: string, fields: readonly Field[]): Extra => ({
  type: {
    type: 'record',
    name,
    doc: CANARY,
    fields: fields.map((field) => ({
      name: field.name,
      type: field.type,
      doc: CANARY,
      ...(field.type === 'string' ? { default: CANARY } : {}),
    })),
  },
  value: Object.fromEntries(fields.map((field) => [field.name, field.value])),
})

/** The fields that the policy names, each as several producers would have it. */
const evolution = fc
  .record({
    id: fc.constantFrom<Extra>(
      { type: 'long', value: NUMBER },
      { type: 'string', value: CANARY },
      { type: ['null', 'long', 'string'], value: { string: CANARY } },
      { type: 'bytes', value: Buffer.from(CANARY) },
    ),
    size: fc.constantFrom<Extra>(
      { type: 'int', value: 3 },
      { type: ['null', 'double'], value: { double: 0.5 } },
    ),
    isOptional: fc.boolean(),
    inPlace: fc.array(added, { maxLength: 2 }),
    inItems: fc.array(added, { maxLength: 2 }),
    onTop: fc.array(added, { maxLength: 3 }),
    adds: fc.boolean(),
  })
  .chain(({ id, size, isOptional, inPlace, inItems, onTop, adds }) => {
    const more = (fields: readonly Field[]): readonly Field[] => (adds ? fields : [])
    const name = newName('Place')
    const place = recordOf(name, [...more(inPlace), { name: 'size', ...size }])
    const item = recordOf(newName('Item'), [{ name: 'sku', type: 'string', value: 'fine' }, ...more(inItems)])
    const fields: readonly Field[] = [
      { name: 'id', ...id },
      { name: 'label', type: 'string', value: 'fine' },
      {
        name: 'place',
        ...(isOptional ? { type: ['null', place.type as Schema], value: { [name]: place.value } } : place),
      },
      { name: 'items', type: { type: 'array', items: item.type }, value: [item.value, item.value] },
      ...more(onTop),
    ]
    return fc
      .shuffledSubarray([...fields], { minLength: fields.length })
      .map((shuffled) => recordOf('Event', shuffled))
  })

it('no evolution of a schema makes what it adds leave', () => {
  const number = Buffer.from(typeOf('long').toBuffer(NUMBER))
  let evolutions = 0
  fc.assert(
    fc.property(evolution, ({ type, value }) => {
      evolutions++
      const schema = { text: JSON.stringify(type), references: [] }
      const output = outputSchemaOf(PLAN, schema)
      expect(output).not.toContain(CANARY)
      const bytes = framed(1, typeOf(type).toBuffer(value))
      for (const form of [AVRO_FORM, { ...AVRO_FORM, output: 'avro' } as const]) {
        const engine = messageEngine(PLAN, { now: 0, compacted: false, keyRules: [] }, form)
        engine.learn({
          known: [{ id: 1, part: 'value', schema, output: { id: 2, text: output } }],
          forgotten: [],
        })
        const batch = MessageBatch.of([{ key: null, value: bytes, headers: undefined, timestamp: 0 }])
        const outcomes = engine.rewrite(batch)
        expect(outcomes.kind(0)).toBe('publish')
        const written = Buffer.from(outcomes.value(0)!)
        for (const canary of [
          CANARY,
          String(NUMBER),
          Buffer.from(CANARY).toString('base64').slice(0, 10),
          number,
        ])
          expect(written.includes(canary)).toBe(false)
        expect(written.includes('fine')).toBe(true)
      }
    }),
    { numRuns: 100 },
  )
  expect(evolutions).toBeGreaterThanOrEqual(100)
})
