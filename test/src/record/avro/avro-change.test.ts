/** Change events of Avro, whose images share one type: they become what the same events become as JSON, as JSON and as Avro. */
import avsc from 'avsc'
import { describe, expect, it } from 'vitest'
import { MessageBatch } from '../../../../src/engine/message-batch.ts'
import {
  DEBEZIUM as ASSUMED,
  type ChangeForm,
  PLAIN_FORM,
  type WireForm,
} from '../../../../src/record/wire-form.ts'
import { messageEngine, outputSchemaOf } from '../../../../src/run/engines.ts'
import { AVRO_FORM, framed, planOf } from './avro-world.ts'

const DEBEZIUM: ChangeForm = { ...ASSUMED, before: 'full' }
const P = DEBEZIUM.placeholder
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more })
const optional = (name: string, type: unknown) => field(name, ['null', type], { default: null })
const ROW = {
  type: 'record',
  name: 'Value',
  namespace: 'shop.customers',
  fields: [
    field('id', 'long'),
    optional('email', 'string'),
    optional('bio', 'string'),
    field('plan', ['string', 'null'], { default: 'CANARY default' }),
    optional('photo', 'bytes'),
    optional('tags', { type: 'array', items: ['null', 'string'] }),
    optional('numbers', { type: 'array', items: 'int' }),
    optional('labels', { type: 'map', values: 'string' }),
    optional('secret', 'string'),
  ],
}
const EVENT = {
  type: 'record',
  name: 'Envelope',
  namespace: 'shop.customers',
  fields: [
    optional('before', ROW),
    optional('after', 'Value'),
    field('source', {
      type: 'record',
      name: 'Source',
      namespace: 'io.debezium',
      fields: [field('table', 'string'), field('db', 'string')],
    }),
    field('op', 'string'),
    optional('ts_ms', 'long'),
  ],
}
const plan = planOf(
  `id: { use: hash.hmac, domain: customer }
   email: { use: hash.hmac, domain: email }
   other: { use: hash.hmac, domain: email, from: email }
   bio: { use: hash.hmac, domain: bio }
   plan: keep
   photo: { use: hash.hmac, domain: photo }
   "tags[]": { use: hash.hmac, domain: tag }
   "numbers[]": { use: hash.hmac, domain: number }
   "labels.$names": { use: hash.hmac, domain: label }
   "labels.*": { use: hash.hmac, domain: label }
   $change.op: keep
   $change.ts_ms: keep
   $change.source.table: keep`,
  'consent: [ { from: secret, when: { is: [yes, "SECRET"] }, default: allow, accept: "a test of silence" } ]\n',
)

const row = (id: number, more: object = {}) => ({
  id,
  email: `CANARY${id}@x.example`,
  bio: `CANARY bio ${id}`,
  plan: 'free',
  photo: null as Buffer | null,
  tags: ['CANARY', null],
  numbers: [1, 2],
  labels: { CANARY: 'CANARY' },
  secret: 'SECRET',
  ...more,
})
const source = { table: 'customers', db: 'CANARY' }
const unchanged = {
  bio: P,
  photo: Buffer.from(P),
  tags: [P],
  numbers: [...Buffer.from(P)],
  labels: { [P]: P },
}
const EVENTS = [
  { before: null, after: row(1), source, op: 'c', ts_ms: 1 },
  { before: row(1), after: row(1, unchanged), source, op: 'u', ts_ms: 2 },
  { before: row(2, { email: null, tags: null, labels: null }), after: null, source, op: 'd', ts_ms: null },
  { before: row(3, { secret: 'no' }), after: row(3), source, op: 'u', ts_ms: 3 },
  { before: null, after: null, source, op: 't', ts_ms: 4 },
  { before: null, after: row(1), source, op: '?', ts_ms: 5 },
]

const asJson = (event: object): string =>
  JSON.stringify(event, function (this: Record<string, unknown>, name, value) {
    return Buffer.isBuffer(this[name]) ? (this[name] as Buffer).toString('base64') : value
  })

/** Each event that leaves, or why it does not. */
function became(form: WireForm, values: readonly Uint8Array[], read: (bytes: Uint8Array) => unknown) {
  const engine = messageEngine(plan, { now: 0, compacted: false, keyRules: [] }, form)
  const schema = { text: JSON.stringify(EVENT), references: [] }
  const output =
    form.output === 'avro'
      ? { id: 9, text: outputSchemaOf(plan, schema, 'avro', 'avro', DEBEZIUM) }
      : undefined
  engine.learn({ known: [{ id: 1, part: 'value', schema, output }], forgotten: [] })
  const batch = MessageBatch.of(
    values.map((value) => ({ key: null, value, headers: undefined, timestamp: 0 })),
  )
  const outcomes = engine.rewrite(batch)
  return values.map((_, at) =>
    outcomes.kind(at) === 'publish' ? read(outcomes.value(at)!) : (outcomes.reason(at) ?? outcomes.code(at)),
  )
}

const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString())
const type = avsc.Type.forSchema(EVENT as avsc.Schema, { wrapUnions: false })
const encoded = EVENTS.map((event) => framed(1, type.toBuffer(event)))
const form: WireForm = { ...AVRO_FORM, change: DEBEZIUM }

describe('123. a change event of Avro', () => {
  const wanted = became(
    { ...PLAIN_FORM, change: DEBEZIUM },
    EVENTS.map((event) => Buffer.from(asJson(event))),
    parse,
  )

  it('becomes what it becomes as JSON', () => {
    expect(became(form, encoded, parse)).toEqual(wanted)
    expect(wanted.map((one) => (typeof one === 'string' ? one : 'publish'))).toEqual([
      ...['publish', 'publish', 'publish', 'consent denied by secret', 'publish', 'not-a-change'],
    ])
    expect(wanted[1]).toMatchObject({
      after: { bio: P, tags: [P], numbers: [...Buffer.from(P)], labels: { [P]: P } },
    })
    expect(JSON.stringify(wanted)).not.toContain('CANARY')
  })

  it('leaves as Avro by a schema that has both images, and no default of a column', () => {
    const text = outputSchemaOf(
      plan,
      { text: JSON.stringify(EVENT), references: [] },
      'avro',
      'avro',
      DEBEZIUM,
    )
    expect(text).not.toContain('CANARY')
    const written = avsc.Type.forSchema(JSON.parse(text) as avsc.Schema, { wrapUnions: false })
    const read = became({ ...form, output: 'avro' }, encoded, (bytes) =>
      JSON.parse(JSON.stringify(written.fromBuffer(Buffer.from(bytes.subarray(5))))),
    )
    // What may be null is there, and the numbers of a placeholder are the texts that other numbers become.
    const filled = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (name, one: unknown) =>
          name === 'numbers' && Array.isArray(one) ? one.map(String) : one,
        ),
      )
    expect(read).toMatchObject(wanted.map(filled) as object[])
    expect(JSON.stringify(read)).not.toContain('CANARY')
  })
})
