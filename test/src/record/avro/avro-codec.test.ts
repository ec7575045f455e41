/** Records of Avro, de-identified into JSON: as if the same record had come as JSON. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../../src/engine/account.ts'
import { messageEngine } from '../../../../src/run/engines.ts'
import { avroEngine, framed, outcomesOf, planOf, typeOf } from './avro-world.ts'

const ITEM = {
  type: 'record',
  name: 'Item',
  fields: [
    { name: 'sku', type: 'string' },
    { name: 'price', type: 'double' },
    { name: 'secret', type: ['null', 'string'] },
  ],
}
const SCHEMA = {
  type: 'record',
  name: 'Event',
  namespace: 'com.example',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'email', type: ['null', 'string'] },
    { name: 'note', type: 'string' },
    { name: 'hidden', type: { type: 'map', values: { type: 'array', items: 'int' } } },
    { name: 'flag', type: 'boolean' },
    { name: 'items', type: { type: 'array', items: ITEM } },
    { name: 'labels', type: { type: 'map', values: 'string' } },
    {
      name: 'place',
      type: [
        'null',
        {
          type: 'record',
          name: 'Place',
          fields: [
            { name: 'city', type: 'string' },
            { name: 'street', type: 'string' },
          ],
        },
      ],
    },
    {
      name: 'extra',
      type: {
        type: 'record',
        name: 'Extra',
        fields: [
          { name: 'a', type: ['null', 'int', 'string'] },
          { name: 'b', type: { type: 'array', items: 'float' } },
        ],
      },
    },
    { name: 'gone', type: ITEM.name },
  ],
}
const FIELDS = `
  id: { use: hash.hmac, domain: id }
  email: { use: hash.hmac, domain: email, normalize: email, else: drop }
  note: { use: mask.characters, keepFirst: 1 }
  flag: keep
  "items[].sku": keep
  "items[].price": { use: generalize.number, width: 10 }
  labels.$names: { use: keep, accept: "names of labels are wanted in this test" }
  "labels.*": { use: mask.characters, keepLast: 1 }
  place.street: { use: generalize.prefix, keep: 2 }
  extra: { use: keep.subtree, accept: "everything below is wanted in this test" }
  town: { from: place.city, use: hash.hmac, domain: town }
  gone: drop
`
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', 'null', '"', '\\', '\u0000', 'a\nb', 'é', '\u2028'),
)
const item = fc.record({
  sku: text,
  price: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
  secret: fc.option(text),
})
const event = fc.record({
  id: fc.oneof(
    fc.maxSafeInteger().map((id) => Math.trunc(id / 4)),
    fc.integer({ min: -200, max: 200 }),
  ),
  email: fc.option(fc.oneof(fc.constant('A.B@Example.com'), text)),
  note: text,
  hidden: fc.dictionary(fc.string({ maxLength: 4 }), fc.array(fc.integer(), { maxLength: 3 }), {
    maxKeys: 3,
  }),
  flag: fc.boolean(),
  items: fc.array(item, { maxLength: 4 }),
  labels: fc.dictionary(fc.stringMatching(/^[a-zé]{1,6}$/), text, { maxKeys: 3 }),
  place: fc.option(fc.record({ city: text, street: text })),
  extra: fc.record({
    a: fc.option(fc.oneof(fc.integer(), text)),
    b: fc.array(
      fc
        .float({ noNaN: true, noDefaultInfinity: true })
        .map((number) => (Object.is(number, -0) ? 0 : number)),
      { maxLength: 3 },
    ),
  }),
  gone: item,
})
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

/** As avsc wants unions. */
function wrapped(record: Event): unknown {
  const of = (value: unknown): unknown =>
    value === null ? null : typeof value === 'number' ? { int: value } : { string: value }
  const ofItem = (one: Event['gone']): unknown => ({ ...one, secret: of(one.secret) })
  return {
    ...record,
    email: of(record.email),
    items: record.items.map(ofItem),
    place: record.place && { 'com.example.Place': record.place },
    extra: { ...record.extra, a: of(record.extra.a) },
    gone: ofItem(record.gone),
  }
}

/** Floats as they are read: with the fewest digits. */
const asJson = (record: Event): unknown => ({
  ...record,
  extra: { ...record.extra, b: record.extra.b.map(shortest) },
})
function shortest(float: number): number {
  if (Number.isInteger(float) && Math.abs(float) < 2 ** 31) return float
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits))
    if (Math.fround(short) === float) return short
  }
  return Number(float.toPrecision(9))
}

describe('records of Avro', () => {
  const plan = planOf(FIELDS)
  const type = typeOf(SCHEMA)

  it('become what the same records of JSON become', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.boolean(), (events, kernels) => {
        const options = { now: 0, compacted: false, keyRules: [], kernels }
        const engine = avroEngine(plan, [SCHEMA])
        const avro = outcomesOf(
          engine,
          events.map((one) => framed(1, type.toBuffer(wrapped(one)))),
        )
        const json = outcomesOf(
          messageEngine(plan, options),
          events.map((one) => Buffer.from(JSON.stringify(asJson(one)))),
        )
        expect(avro).toEqual(json)
        expect(reconciles(engine.account)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('are never more than dead letters, whatever their bytes are', () => {
    const whole = type.toBuffer(
      wrapped({
        id: 5_000_000_000,
        email: 'a@b.example',
        note: 'abc',
        hidden: { a: [1, 2] },
        flag: true,
        items: [{ sku: 's', price: 1.5, secret: null }],
        labels: { x: 'yellow' },
        place: { city: 'Köln', street: 'Street' },
        extra: { a: 1, b: [0.5] },
        gone: { sku: 's', price: 1, secret: 'x' },
      }),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(whole.length),
        (changes, length) => {
          const bytes = Buffer.from(whole)
          for (const [at, byte] of changes) bytes[at] = byte
          const engine = avroEngine(plan, [SCHEMA])
          // What stands behind the record in the batch belongs to another one.
          outcomesOf(engine, [framed(1, bytes.subarray(0, length)), framed(1, whole)])
          expect(reconciles(engine.account)).toBe(true)
          expect(outcomesOf(engine, [framed(1, whole)])).toMatchObject([{ value: { flag: true } }])
        },
      ),
      { numRuns: 75 },
    )
  })
})
