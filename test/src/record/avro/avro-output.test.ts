/** Records of Avro that leave as Avro: by a schema that follows from the policy, which another implementation reads. */
import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../../src/engine/account.ts'
import type { Plan } from '../../../../src/policy/plan.ts'
import { SchemaFault } from '../../../../src/record/schema-text.ts'
import { messageEngine, outputSchemaOf } from '../../../../src/run/engines.ts'
import { AVRO_FORM, avroEngine, framed, type Outcome, outcomesOf, planOf, typeOf } from './avro-world.ts'

const recordOf = (fields: readonly unknown[], name = 'R'): unknown => ({ type: 'record', name, fields })
const field = (name: string, type: unknown, more: object = {}): unknown => ({ name, type, ...more })
const schemaOf = (plan: Plan, schema: unknown): unknown =>
  JSON.parse(outputSchemaOf(plan, { text: JSON.stringify(schema), references: [] }))

const OUTPUT_ID = 70_000

/** What values become, decoded by the schema of the output. */
function asAvro(plan: Plan, schema: unknown, values: readonly Uint8Array[]): Outcome[] {
  const engine = messageEngine(
    plan,
    { now: 0, compacted: false, keyRules: [] },
    { ...AVRO_FORM, output: 'avro' },
  )
  const text = { text: JSON.stringify(schema), references: [] }
  const output = outputSchemaOf(plan, text)
  engine.learn({
    known: [{ id: 1, part: 'value', schema: text, output: { id: OUTPUT_ID, text: output } }],
    forgotten: [],
  })
  const type = avsc.Type.forSchema(JSON.parse(output) as avsc.Schema, { wrapUnions: true })
  const outcomes = outcomesOf(engine, values, (bytes) => {
    expect(Buffer.from(bytes.subarray(0, 5)).toString('hex')).toBe('0000011170')
    return type.fromBuffer(Buffer.from(bytes.subarray(5)))
  })
  expect(reconciles(engine.account)).toBe(true)
  return outcomes
}

/** Without what avsc wraps branches of unions in, and without members that are null. */
function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  const name = value.constructor.name
  const members = Object.entries(value)
  // Branches are objects of classes that avsc makes.
  const [only] = members
  if (only !== undefined && members.length === 1 && BRANCHES.has(only[0]) && name !== 'Object')
    return plain(only[1])
  return Object.fromEntries(
    members.flatMap(([key, member]) =>
      member === null || member === undefined ? [] : [[key, plain(member)]],
    ),
  )
}
const BRANCHES = new Set([
  'string',
  'int',
  'long',
  'double',
  'boolean',
  'array',
  'map',
  'Place',
  'R_made',
  'Item',
])

const ITEM = recordOf(
  [field('sku', 'string'), field('price', 'double'), field('secret', ['null', 'string'])],
  'Item',
)
const PLACE = recordOf([field('city', 'string'), field('street', 'string')], 'Place')
const EVENT = recordOf([
  field('id', 'long'),
  field('email', ['null', 'string']),
  field('note', 'string'),
  field('hidden', { type: 'map', values: 'string' }),
  field('flag', 'boolean'),
  field('items', { type: 'array', items: ITEM }),
  field('labels', { type: 'map', values: 'string' }),
  field('place', ['null', PLACE]),
  field('either', ['null', 'long', 'string']),
])
const PLAN = planOf(`
  id: { use: hash.hmac, domain: id }
  email: { use: hash.hmac, domain: email, normalize: email, else: drop }
  note: [{ when: { flag: [true] }, use: mask.characters, keepFirst: 1 }, { use: drop }]
  flag: keep
  "items[].sku": keep
  "items[].price": { use: generalize.number, width: 10, as: midpoint, else: null }
  labels.$names: { use: hash.hmac, domain: label, else: drop }
  "labels.*": { use: mask.characters, keepLast: 1, else: drop }
  place.street: { use: generalize.prefix, keep: 2, else: { constant: none } }
  either: keep
  made.town: { from: place.city, use: hash.hmac, domain: town }
  place.town: { from: place.city, use: hash.hmac, domain: town }
`)
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('', '"', 'é\n', 'abcdef'),
)
const event = fc.record({
  id: fc.integer(),
  email: fc.option(
    fc.oneof(
      fc.constant({ string: 'a@b.example' }),
      text.map((string) => ({ string })),
    ),
  ),
  note: text,
  hidden: fc.dictionary(text, text, { maxKeys: 2 }),
  flag: fc.boolean(),
  items: fc.array(
    fc.record({
      sku: text,
      price: fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(1e300)),
      secret: fc.option(text.map((string) => ({ string }))),
    }),
    { maxLength: 70 },
  ),
  labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), text, { maxKeys: 3 }),
  place: fc.option(fc.record({ city: text, street: text }).map((Place) => ({ Place }))),
  either: fc.option(
    fc.oneof(
      fc.integer().map((long) => ({ long })),
      text.map((string) => ({ string })),
    ),
  ),
})

describe('the schema of the output', () => {
  it('follows from the policy: types change, names and nulls stay, what is dropped is gone', () => {
    expect(schemaOf(PLAN, EVENT)).toEqual(
      recordOf([
        field('id', 'string'),
        field('email', ['null', 'string'], { default: null }),
        field('note', ['null', 'string'], { default: null }),
        field('flag', 'boolean'),
        field('items', {
          type: 'array',
          items: recordOf(
            [field('sku', 'string'), field('price', ['null', 'double'], { default: null })],
            'Item',
          ),
        }),
        field('labels', { type: 'map', values: ['null', 'string'] }),
        field(
          'place',
          [
            'null',
            recordOf(
              [
                field('street', ['null', 'string'], { default: null }),
                field('town', ['null', 'string'], { default: null }),
              ],
              'Place',
            ),
          ],
          { default: null },
        ),
        field('either', ['null', 'long', 'string'], { default: null }),
        field('made', ['null', recordOf([field('town', ['null', 'string'], { default: null })], 'R_made')], {
          default: null,
        }),
      ]),
    )
  })

  it('keeps logical types, enums, fixed and recursive types under what is kept', () => {
    const plan = planOf(
      'at: keep\namount: keep\nkind: keep\ntree: { use: keep.subtree, accept: "all of it is wanted in this test" }\nold: { use: hash.hmac, domain: x }',
    )
    const tree = recordOf([field('value', 'int'), field('next', ['null', 'Tree'])], 'Tree')
    const at = { type: 'long', logicalType: 'timestamp-millis' }
    const amount = { type: 'fixed', name: 'Amount', size: 4, logicalType: 'decimal', precision: 9, scale: 2 }
    const kind = { type: 'enum', name: 'Kind', symbols: ['A', 'B'] }
    const input = recordOf([
      field('at', at),
      field('amount', amount),
      field('kind', kind),
      field('tree', tree),
      field('old', kind.name),
    ])
    const output = recordOf([
      field('at', at),
      field('amount', amount),
      field('kind', kind),
      field('tree', tree),
      field('old', 'string'),
    ])
    expect(schemaOf(plan, input)).toEqual(output)
  })

  it('holds no default of the producer that is a value', () => {
    const plan = planOf('a: keep\nb: keep')
    const schema = recordOf([
      field('a', 'string', { default: 'Ada Lovelace' }),
      field('b', 'int', { default: 0 }),
    ])
    expect(schemaOf(plan, schema)).toEqual(
      recordOf([field('a', 'string'), field('b', 'int', { default: 0 })]),
    )
  })

  it.each([
    [
      'a record that the policy reads as a map',
      'm.$names: { use: hash.hmac, domain: n }\n"m.*": drop',
      recordOf([field('m', PLACE)]),
    ],
    [
      'a map whose members the policy names',
      'm.size: keep',
      recordOf([field('m', { type: 'map', values: 'string' })]),
    ],
    ['a name that Avro has not', '"to-wn": { from: city, use: keep, accept: "wanted in this test" }', PLACE],
    ['a record where the policy has a scalar', 'm: keep', recordOf([field('m', PLACE)])],
    ['a text where the policy has a record', 'm.a: keep', recordOf([field('m', 'string')])],
    ['a record that is none', 'a: keep', 'string'],
  ])('is refused for %s', (_, fields, schema) => {
    expect(() => schemaOf(planOf(fields), schema)).toThrow(SchemaFault)
  })
})

describe('records that leave as Avro', () => {
  const type = typeOf(EVENT)

  it('hold what they would hold as JSON', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (events) => {
        const values = events.map((one) => framed(1, type.toBuffer(one)))
        const json = outcomesOf(avroEngine(PLAN, [EVENT]), values)
        const avro = asAvro(PLAN, EVENT, values)
        const bare = (outcome: Outcome): unknown =>
          'value' in outcome ? { value: plain(outcome.value) } : outcome
        expect(avro.map(bare)).toEqual(json.map(bare))
      }),
      { numRuns: 40 },
    )
  })

  it('keep the bytes of what is kept, to the last bit', () => {
    const schema = recordOf([
      field('f', 'float'),
      field('d', { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 }),
      field('u', ['string', { type: 'array', items: 'long' }, 'null']),
    ])
    const plan = planOf(
      'f: keep\nd: keep\nu: { use: keep.subtree, accept: "all of it is wanted in this test" }',
    )
    const input = typeOf(schema)
    const value = {
      f: Math.fround(0.1),
      d: Buffer.from('00ff00ff00ff', 'hex'),
      u: { array: [1, -(2 ** 40)] },
    }
    const [outcome] = asAvro(plan, schema, [framed(1, input.toBuffer(value))])
    expect(outcome).toMatchObject({ value: { f: value.f, d: value.d, u: { array: value.u.array } } })
  })

  it('that no output schema was registered for, or another one, are dead letters', () => {
    const plan = planOf('flag: keep')
    const engine = messageEngine(
      plan,
      { now: 0, compacted: false, keyRules: [] },
      { ...AVRO_FORM, output: 'avro' },
    )
    const schema = { text: JSON.stringify(EVENT), references: [] }
    engine.learn({
      known: [
        { id: 1, part: 'value', schema },
        { id: 2, part: 'value', schema, output: { id: 9, text: '"string"' } },
      ],
      forgotten: [],
    })
    const bytes = type.toBuffer({
      id: 1,
      email: null,
      note: '',
      hidden: {},
      flag: true,
      items: [],
      labels: {},
      place: null,
      either: null,
    })
    expect(outcomesOf(engine, [framed(1, bytes), framed(2, bytes)])).toMatchObject([
      { code: 'schema-refused' },
      { code: 'schema-refused' },
    ])
  })

  it('whose results have no place in the schema are dead letters', () => {
    const schema = recordOf([field('n', 'string')])
    // A word that stands for nothing stays as it is, beside whole numbers.
    const plan = planOf(
      'n: { use: hash.integer, domain: n, min: 1, max: 281474976710656, accept: "few values in this test" }',
      'input: { nulls: [unset] }\n',
    )
    const type = typeOf(schema)
    const values = ['x', 'unset', ''].map((n) => framed(1, type.toBuffer({ n })))
    expect(asAvro(plan, schema, values)).toMatchObject([
      { value: { n: { long: expect.any(Number) as number } } },
      { code: 'output-unwritable' },
      { value: { n: null } },
    ])
  })

  it('hold whole numbers of any length that rules make, and arrays of any', () => {
    const schema = recordOf([
      field('id', 'long'),
      field('made', 'long'),
      field('tags', { type: 'array', items: 'string' }),
    ])
    const type = typeOf(schema)
    const plan = planOf(
      'id: { use: generalize.number, width: 4, as: midpoint }\nmade: { use: hash.integer, domain: made, min: -999999999999999, max: 999999999999999, accept: "whole numbers are wanted in this test" }\n"tags[]": keep',
    )
    const edges = [
      0,
      1,
      63,
      64,
      2 ** 29,
      2 ** 30,
      2 ** 31,
      2 ** 32,
      2 ** 40,
      2 ** 49,
      999_999_999_999_999,
      2 ** 52,
    ]
    const records = edges
      .flatMap((edge) => [edge - 1, edge, edge + 1, -edge])
      .map((id, at) => ({
        id,
        made: id,
        tags: Array.from({ length: [0, 1, 63, 64, 65, 9000][at % 6]! }, (_, n) => `t${n}`),
      }))
    const values = records.map((record) => framed(1, type.toBuffer(record)))
    const direct = outcomesOf(avroEngine(plan, [schema]), values)
    expect(asAvro(plan, schema, values)).toMatchObject(
      direct.map((one) => ('value' in one ? { value: one.value } : one)),
    )
  })
})
