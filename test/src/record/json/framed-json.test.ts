/** Records of JSON in the frame of a registry: they are read as others are, and leave by a schema that follows from the policy. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../../src/engine/account.ts'
import { MessageBatch } from '../../../../src/engine/message-batch.ts'
import type { Plan } from '../../../../src/policy/plan.ts'
import { SchemaFault } from '../../../../src/record/schema-text.ts'
import { PLAIN_FORM, type WireForm } from '../../../../src/record/wire-form.ts'
import { messageEngine, outputSchemaOf } from '../../../../src/run/engines.ts'
import { readWriterSchema } from '../../../../src/run/writer-schemas.ts'
import { framed, type Outcome, outcomesOf, planOf, textOf } from '../avro/avro-world.ts'

const FORM: WireForm = {
  ...PLAIN_FORM,
  value: { format: 'json', framing: 'confluent', inner: 'none' },
  checksFrames: true,
}
const OPTIONS = { now: 0, compacted: false, keyRules: [] }
const OUTPUT_ID = 70_000
const schemaOf = (plan: Plan, schema: unknown): unknown =>
  JSON.parse(outputSchemaOf(plan, { text: JSON.stringify(schema), references: [] }, 'json', 'framed-json'))
const bytesOf = (value: unknown): Buffer => framed(1, Buffer.from(JSON.stringify(value)))

const PLAN = planOf(`
  id: { use: hash.hmac, domain: id }
  email: [{ when: { flag: [true] }, use: hash.hmac, domain: email }, { use: drop }]
  flag: keep
  count: keep
  "items[].sku": keep
  "items[].price": { use: generalize.number, width: 10, as: midpoint, else: null }
  labels.$names: { use: hash.hmac, domain: label }
  "labels.*": { use: mask.characters, keepLast: 1, else: drop }
  place.street: { use: generalize.prefix, keep: 2, else: { constant: none } }
  tree: { use: keep.subtree, accept: "everything below is wanted in this test" }
  made.town: { from: place.city, use: hash.hmac, domain: town }
  place.town: { from: place.city, use: hash.hmac, domain: town }
  gone: drop
`)
const SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'ZqCanary',
  type: 'object',
  properties: {
    id: { type: 'integer', examples: ['ZqCanary'] },
    email: { anyOf: [{ type: 'string', default: 'ZqCanary' }, { type: 'null' }] },
    flag: { type: 'boolean' },
    count: { $ref: '#/definitions/Count' },
    items: { type: 'array', items: { $ref: '#/definitions/Item' } },
    labels: { type: 'object', additionalProperties: { enum: ['ZqCanary', 'x'] } },
    place: {
      allOf: [{ type: 'object' }, { properties: { city: { type: 'string' }, street: { type: 'string' } } }],
    },
    tree: { $ref: '#/definitions/Tree' },
  },
  definitions: {
    Count: { type: ['integer', 'null'] },
    Item: { properties: { sku: { type: 'string' }, price: { type: 'number' } } },
    Tree: { type: 'object', properties: { next: { $ref: '#/definitions/Tree' } } },
  },
}
const nullable = (type: string): unknown => ({ type: ['null', type] })
const closed = (type: unknown, properties: object): unknown => ({
  type,
  properties,
  additionalProperties: false,
})

describe('the JSON Schema of the output', () => {
  it('follows from the policy: names and types, and nothing that is a text of the producer', () => {
    const schema = schemaOf(PLAN, SCHEMA)
    expect(JSON.stringify(schema)).not.toContain('ZqCanary')
    const object = ['object', 'null']
    expect(schema).toEqual({
      $schema: 'http://json-schema.org/draft-07/schema#',
      ...(closed('object', {
        id: { type: 'string' },
        email: nullable('string'),
        flag: { type: 'boolean' },
        count: nullable('integer'),
        items: {
          type: ['array', 'null'],
          items: closed(object, { sku: { type: 'string' }, price: { type: ['null', 'number'] } }),
        },
        labels: { type: object, additionalProperties: { type: 'string' } },
        place: closed(object, { street: { type: 'string' }, town: { type: 'string' } }),
        tree: { type: 'object' },
        made: closed(object, { town: { type: 'string' } }),
      }) as object),
    })
  })

  it('says nothing of what the schema of the writer does not tell', () => {
    const plan = planOf(
      'a: keep\nb: { use: hash.hmac, domain: b }\nc: { use: keep.subtree, accept: "wanted in this test" }',
    )
    expect(schemaOf(plan, { $ref: 'https://elsewhere.example/schema' })).toMatchObject({
      properties: {
        a: { type: ['null', 'boolean', 'number', 'string'] },
        b: { type: ['null', 'string'] },
        c: {},
      },
    })
  })

  it.each([
    ['a record that is none', 'a: keep', { type: 'string' }],
    ['patterns', '"*_id": { use: hash.hmac, domain: x }', {}],
    ['a number', 'a: keep', 7],
  ])('is refused for %s', (_, fields, schema) => {
    expect(() => schemaOf(planOf(fields), schema)).toThrow(SchemaFault)
  })

  it('takes no more than bounded time on what refers to itself', () => {
    const loop = {
      $ref: '#/definitions/a',
      definitions: { a: { anyOf: [{ $ref: '#/definitions/a' }, { $ref: '#' }] } },
    }
    expect(schemaOf(planOf('a: keep'), loop)).toMatchObject({ properties: { a: {} } })
  })
})

describe('what a JSON Schema says of a path', () => {
  const schema = readWriterSchema('json', {
    kind: 'JSON',
    text: JSON.stringify({
      properties: {
        id: { type: 'integer', 'confluent:tags': ['PII.id'] },
        list: { type: 'array', 'confluent:tags': ['PII.list'], items: { type: 'string' } },
        tree: { $ref: '#/$defs/Tree' },
      },
      $defs: {
        Tree: {
          type: 'object',
          properties: { leaf: { 'confluent:tags': ['PII.leaf'] }, next: { $ref: '#/$defs/Tree' } },
        },
      },
    }),
    references: [],
  })

  it('is whether it names it, and which tags it has', () => {
    const plan = planOf(
      'id: keep\n"list[]": keep\ntree: { use: keep.subtree, accept: "wanted in this test" }\nother: keep',
    )
    expect(plan.fields.map(({ from }) => schema.has(from.segments))).toEqual([true, true, true, false])
    expect(schema.keptTags(plan)).toEqual([
      { path: 'id', tags: ['PII.id'] },
      { path: 'list[]', tags: ['PII.list'] },
      { path: 'tree', tags: ['PII.leaf'] },
    ])
  })
})

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.constantFrom('', '"', 'é\n'))
const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
const event = fc.record({
  id: some(fc.oneof(fc.integer(), text)),
  email: some(fc.option(text)),
  flag: fc.constantFrom(true, false, null),
  count: some(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null))),
  items: some(
    fc.option(fc.array(fc.record({ sku: text, price: fc.oneof(fc.integer(), text) }), { maxLength: 3 })),
  ),
  labels: some(fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), text, { maxKeys: 3 })),
  place: some(fc.option(fc.record({ city: text, street: text }))),
  tree: some(fc.constantFrom<unknown>({ next: {} }, [], 1)),
})

/** Whether a value is what a schema of ours says: of the words that Lethe writes. */
function fits(value: unknown, schema: Record<string, unknown>): boolean {
  const { type, properties, additionalProperties, items } = schema
  const kind =
    value === null
      ? 'null'
      : Array.isArray(value)
        ? 'array'
        : typeof value === 'object'
          ? 'object'
          : typeof value
  const types = type === undefined ? undefined : [type].flat()
  if (types !== undefined && !types.includes(kind) && !(types.includes('integer') && Number.isInteger(value)))
    return false
  if (Array.isArray(value))
    return value.every((one) => items === undefined || fits(one, items as Record<string, unknown>))
  if (kind !== 'object') return true
  const known = (properties ?? {}) as Record<string, Record<string, unknown>>
  return Object.entries(value as object).every(([name, member]) =>
    name in known
      ? fits(member, known[name]!)
      : additionalProperties === undefined ||
        (additionalProperties !== false && fits(member, additionalProperties as Record<string, unknown>)),
  )
}

function framedEngine() {
  const engine = messageEngine(PLAN, OPTIONS, { ...FORM, output: 'framed-json' })
  const output = outputSchemaOf(PLAN, textOf(SCHEMA) as never, 'json', 'framed-json')
  engine.learn({
    known: [
      { id: 1, part: 'value', schema: textOf(SCHEMA), output: { id: OUTPUT_ID, text: output } },
      { id: 2, part: 'value', schema: 'schema-refused' },
      { id: 3, part: 'value', schema: textOf(SCHEMA), output: { id: OUTPUT_ID, text: '{}' } },
    ],
    forgotten: [],
  })
  return { engine, schema: JSON.parse(output) as Record<string, unknown> }
}

describe('records of framed JSON', () => {
  it('become what they become without their frames, in frames, and fit the schema that they name', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (events) => {
        const { engine, schema } = framedEngine()
        const outcomes = outcomesOf(engine, events.map(bytesOf), (bytes) => {
          expect(Buffer.from(bytes.subarray(0, 5)).toString('hex')).toBe('0000011170')
          return JSON.parse(Buffer.from(bytes.subarray(5)).toString('utf8'))
        })
        expect(reconciles(engine.account)).toBe(true)
        const plain = outcomesOf(
          messageEngine(PLAN, OPTIONS),
          events.map((one) => Buffer.from(JSON.stringify(one))),
        )
        const wanted = plain.map(
          (outcome): Outcome =>
            'value' in outcome && !fits(outcome.value, schema)
              ? { code: 'output-unwritable', rule: -1 }
              : outcome,
        )
        expect(outcomes).toEqual(wanted)
      }),
      { numRuns: 60 },
    )
  })

  it('whose schema is unknown, refused, or written by another one are dead letters', () => {
    const { engine } = framedEngine()
    const value = Buffer.from('{"flag":true}')
    const outcomes = outcomesOf(
      engine,
      [framed(1, value), framed(2, value), framed(3, value), framed(4, value), value, Buffer.from([0, 0, 0])],
      (bytes) => Buffer.from(bytes.subarray(5)).toString('utf8'),
    )
    expect(outcomes).toMatchObject([
      { value: '{"flag":true}' },
      { code: 'schema-refused' },
      { code: 'schema-refused' },
      { code: 'schema-unknown' },
      { code: 'not-framed' },
      { code: 'not-framed' },
    ])
  })

  it('may be keys, too: a string is its text, null is none', () => {
    const plan = planOf('flag: keep\n$key: { use: hash.hmac, domain: id }')
    const engine = messageEngine(plan, OPTIONS, {
      ...PLAIN_FORM,
      key: { format: 'json', framing: 'confluent' },
    })
    engine.learn({ known: [{ id: 1, part: 'key', schema: textOf({ type: 'string' }) }], forgotten: [] })
    const plain = messageEngine(plan, OPTIONS)
    const value = Buffer.from('{"flag":true}')
    const of = (keys: readonly (Uint8Array | null)[], one: typeof engine): unknown[] => {
      const batch = MessageBatch.of(keys.map((key) => ({ key, value, headers: undefined, timestamp: 0 })))
      const outcomes = one.rewrite(batch)
      return keys.map((_, index) => outcomes.code(index) ?? String(outcomes.key(index)))
    }
    const key = (json: string): Uint8Array => framed(1, Buffer.from(json))
    expect(of([key('"a\\u00e9"'), key(' 42 ')], engine)).toEqual(
      of([Buffer.from('aé'), Buffer.from('42')], plain),
    )
    expect(of([key('{'), framed(2, Buffer.from('"a"')), Buffer.from('a'), key('"\\ud800"')], engine)).toEqual(
      ['key-not-json', 'schema-unknown', 'key-not-framed', 'key-not-utf8'],
    )
  })
})
