/** The kernel of Avro and Protobuf takes only what is as usual, and does to it what the walkers do: results never differ. */
import { create, type DescField, type DescMessage } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import avsc from 'avsc'
import fc from 'fast-check'
import protobufjs from 'protobufjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { MessageEngine } from '../../../src/engine/message-engine.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { TypedKernel } from '../../../src/record/kernel/typed-kernel.ts'
import type { KnownSchema } from '../../../src/record/schema-text.ts'
import type { WireForm } from '../../../src/record/wire-form.ts'
import { messageEngine, outputSchemaOf } from '../../../src/run/engines.ts'
import { expectSame } from '../../same.ts'
import { rewrite } from '../engine/flat-outcome.ts'
import { AVRO_FORM, framed, planOf, textOf } from './avro/avro-world.ts'
import { descriptorText, firstMessage, framedProto, PROTO_FORM, protoFile } from './protobuf/proto-world.ts'
import { randomBytes } from './protobuf/random-message.ts'

/** Fewer in one batch the kernel does not look at. */
const MANY = 16

/** All that can be seen of what becomes of batches. */
function seen(engine: MessageEngine, batches: readonly (readonly Uint8Array[])[]): unknown {
  return batches.map((values) => [
    rewrite(
      engine,
      values.map((value) => ({ key: null, value, headers: undefined, timestamp: 0 })),
    ).map((outcome) => ({
      ...outcome,
      value: outcome.value && Buffer.from(outcome.value).toString('latin1'),
    })),
    engine.takeAccount(),
  ])
}

/** Engines over one schema, with a kernel and without. */
function compare(
  plan: Plan,
  form: WireForm,
  schema: KnownSchema['schema'],
  values: readonly Uint8Array[],
  maxRecordBytes = 300,
): void {
  const { format } = form.value
  if (format === 'json' || typeof schema === 'string') throw new Error('it has no schema')
  const output =
    form.output === 'json'
      ? {}
      : { output: { id: 9, text: outputSchemaOf(plan, schema, format, form.output) } }
  const results = [true, false].map((kernels) => {
    const engine = messageEngine(
      plan,
      { now: 0, compacted: false, keyRules: [], kernels, maxRecordBytes },
      form,
    )
    engine.learn({ known: [{ id: 1, part: 'value', schema, ...output }], forgotten: [] })
    return seen(engine, [values, values.slice(0, MANY + 3), values])
  })
  expectSame(results[0], results[1])
}

/** How many records the calls of `scan` took. */
const taken = (scan: {
  readonly mock: { readonly results: readonly { readonly value: unknown }[] }
}): number => scan.mock.results.reduce((sum, { value }) => sum + (value as number), 0)

const damage = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(255)), { maxLength: 3 })

/** Copies of the values until there are many, of which some bytes are others. */
function many(values: readonly Buffer[], changes: readonly (readonly [number, number, number])[]): Buffer[] {
  const all = Array.from({ length: MANY + values.length }, (_, at) =>
    Buffer.from(values[at % values.length]!),
  )
  for (const [which, at, byte] of changes) {
    const value = all[which % all.length]!
    // Half of them in front, where the frame and the first fields are; some are cut.
    if (byte < 20) all[which % all.length] = value.subarray(0, at % (value.length + 1))
    else value[at % value.length] = byte
  }
  return all
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the kernel of Avro', () => {
  const leaf = (name: string, type: unknown) => ({ name, type })
  const PLACE = {
    type: 'record',
    name: 'Place',
    fields: [
      leaf('ref', 'string'),
      leaf('alias', ['null', 'string']),
      leaf('secret', ['null', 'bytes']),
      leaf('inner', ['null', 'Place']),
    ],
  }
  const SCHEMA = {
    type: 'record',
    name: 'Event',
    fields: [
      leaf('hidden', {
        type: 'map',
        values: { type: 'array', items: ['null', 'int', { type: 'fixed', name: 'F', size: 3 }] },
      }),
      leaf('id', 'long'),
      leaf('text', 'string'),
      leaf('either', ['null', 'string', 'long', 'double', 'boolean', 'bytes']),
      leaf('float', 'float'),
      leaf('double', 'double'),
      leaf('extra', 'double'),
      leaf('count', 'int'),
      leaf('kind', { type: 'enum', name: 'Kind', symbols: ['A', 'LONGER_SYMBOL_OF_MORE_THAN_SIXTEEN', 'C'] }),
      leaf('fixed', 'F'),
      leaf('amount', { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 }),
      leaf('day', { type: 'int', logicalType: 'date' }),
      leaf('at', { type: 'long', logicalType: 'timestamp-micros' }),
      leaf('uuid', { type: 'string', logicalType: 'uuid' }),
      leaf('place', ['null', PLACE]),
      leaf('home', 'Place'),
      leaf('items', { type: 'array', items: ['null', 'Place'] }),
      leaf('tags', { type: 'array', items: 'string' }),
      leaf('gone', ['null', 'Place', { type: 'array', items: 'int' }, 'string']),
      leaf('nothing', 'null'),
    ],
  }
  const FIELDS = `
    id: keep
    text: [{ use: mask.characters, keepFirst: 1, when: { kind: [A, C] } }, { use: hash.hmac, domain: t }]
    either: { use: hash.hmac, domain: e }
    float: keep
    double: { use: generalize.number, width: 10, else: null }
    raw: { from: extra, use: hash.hmac, domain: raw }
    count: keep
    kind: keep
    fixed: keep
    amount: keep
    day: { use: generalize.date, to: month, else: drop }
    at: keep
    uuid: { use: hash.hmac, domain: u }
    place.ref: keep
    place.inner.ref: [{ use: drop, when: { count: [1, 2] } }, { use: hash.hmac, domain: c }]
    place.town.name: { from: place.alias, use: hash.hmac, domain: c }
    home.ref: { use: mask.characters, keepLast: 1 }
    "items[].ref": keep
    "items[].again": { from: "items[].alias", use: hash.hmac, domain: c }
    "tags[]": keep
    gone: drop
    nothing: keep`
  const schema = textOf(SCHEMA)
  const type = avsc.Type.forSchema(SCHEMA as avsc.Schema, { wrapUnions: true })
  const text = fc.oneof(
    fc.constantFrom(
      '',
      'a',
      'null',
      '"',
      'a\\b',
      'a\nb\u0001',
      'é',
      'x'.repeat(15),
      `${'x'.repeat(16)}"`,
      '漢字😀',
      'y'.repeat(40),
    ),
    fc.string({ maxLength: 20 }),
  )
  const long = fc.oneof(
    fc.integer({ min: -70, max: 70 }),
    fc.maxSafeInteger().map((one) => Math.trunc(one / 2)),
  )
  const double = fc.oneof(
    fc.constantFrom(
      0,
      -0,
      1.5,
      12.34,
      -0.05,
      1.000001,
      0.000001,
      1e21,
      2147483647.5,
      -2147483648,
      4294967295,
      0.1 + 0.2,
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -1e7, max: 1e7 }).map((one) => one / 100),
  )
  const bytes = fc.uint8Array({ maxLength: 7 }).map((one) => Buffer.from(one))
  const place = fc.letrec((tie) => ({
    place: fc.record({
      ref: text,
      alias: fc.option(text.map((string) => ({ string }))),
      secret: fc.option(bytes.map((one) => ({ bytes: one }))),
      inner: fc.option(
        tie('place').map((one) => ({ Place: one })),
        { maxDepth: 2 },
      ),
    }),
  })).place
  const event = fc.record({
    hidden: fc.dictionary(
      fc.string({ maxLength: 3 }),
      fc.array(fc.option(fc.integer().map((int) => ({ int }))), { maxLength: 3 }),
      { maxKeys: 2 },
    ),
    id: long,
    text,
    either: fc.oneof(
      fc.constant(null),
      text.map((string) => ({ string })),
      long.map((one) => ({ long: one })),
      double.map((one) => ({ double: one })),
      fc.boolean().map((boolean) => ({ boolean })),
      bytes.map((one) => ({ bytes: one })),
    ),
    float: fc.oneof(fc.constantFrom(0.5, Number.NaN), fc.float()),
    double: fc.oneof({ weight: 20, arbitrary: double }, fc.constant(Number.POSITIVE_INFINITY)),
    extra: double,
    count: fc.integer({ min: -3, max: 300 }),
    kind: fc.constantFrom('A', 'LONGER_SYMBOL_OF_MORE_THAN_SIXTEEN', 'C'),
    fixed: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((one) => Buffer.from(one)),
    amount: bytes,
    day: fc.oneof(fc.integer({ min: -800_000, max: 3_000_000 }), fc.integer({ min: 0, max: 30_000 })),
    at: long,
    uuid: fc.uuid(),
    place: fc.option(place.map((one) => ({ Place: one }))),
    home: place,
    items: fc.array(fc.option(place.map((one) => ({ Place: one }))), { maxLength: 3 }),
    tags: fc.array(text, { maxLength: 3 }),
    gone: fc.oneof(
      fc.constant(null),
      place.map((one) => ({ Place: one })),
      fc.array(fc.integer(), { maxLength: 2 }).map((array) => ({ array })),
      text.map((string) => ({ string })),
    ),
    nothing: fc.constant(null),
  })

  it('changes nothing that comes out, as JSON or as Avro', () => {
    const scan = vi.spyOn(TypedKernel.prototype, 'scan')
    const plans = ['', 'unlisted: reject\n'].map((more) => planOf(FIELDS, more))
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 6 }),
        damage,
        fc.constantFrom(...plans),
        fc.constantFrom('json' as const, 'avro' as const),
        fc.constantFrom(300, 10_000),
        (events, changes, plan, output, most) => {
          const values = events.map((one) => framed(1, type.toBuffer(one)))
          compare(plan, { ...AVRO_FORM, output }, schema, many(values, changes), most)
        },
      ),
      { numRuns: 60 },
    )
    expect(taken(scan)).toBeGreaterThan(300)
  })

  it('reads each value at the edges as the walker reads it', () => {
    const scan = vi.spyOn(TypedKernel.prototype, 'scan')
    const own = {
      type: 'record',
      name: 'R',
      fields: [
        leaf('text', 'string'),
        leaf('number', [
          'long',
          'int',
          'double',
          'boolean',
          { type: 'enum', name: 'E', symbols: ['A', 'B'] },
        ]),
        leaf('listed', { type: 'array', items: 'string' }),
        leaf('skipped', { type: 'array', items: ['null', 'E', 'boolean', 'int'] }),
      ],
    }
    const plan = planOf('text: keep\nnumber: keep\n"listed[]": keep')
    const of = (parts: {
      text?: number[]
      number?: number[]
      listed?: number[]
      skipped?: number[]
    }): Buffer => {
      const { text = [0x61], number = [0, 2], listed = [0], skipped = [0] } = parts
      return framed(1, Buffer.from([text.length * 2, ...text, ...number, ...listed, ...skipped]))
    }
    const bytes = Array.from({ length: 256 }, (_, byte) => byte)
    const second = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
    const texts = [
      ...bytes.flatMap((byte) => [
        [byte],
        [...'x'.repeat(15)].map(() => byte),
        [...'x'.repeat(20)].map((_, at) => (at === 19 ? byte : 0x78)),
      ]),
      ...[0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5].flatMap(
        (first) =>
          second.flatMap((next) => [
            [first, next],
            [first, next, 0x80],
            [first, next, 0xbf, 0x80],
            [first, next, 0x7f, 0x80],
          ]),
      ),
    ]
    const doubles = [
      0,
      -0,
      0.5,
      0.01,
      -0.01,
      1e-6,
      0.123456,
      1.123456,
      2147.483647,
      2147.483648,
      21474836.47,
      21474836.48,
      2 ** 31,
      -(2 ** 31),
      2 ** 31 - 1,
      2 ** 53,
      1e21,
      5e-324,
      0.1 + 0.2,
      1 / 3,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ].map((value) => {
      const made = Buffer.alloc(9, 4)
      made.writeDoubleLE(value, 1)
      return [...made]
    })
    const varints = [0x00, 0x01, 0x7f].flatMap((last) =>
      [1, 4, 5, 9, 10].map((length) => [...Array<number>(length - 1).fill(0xff), last]),
    )
    const numbers = [
      ...doubles,
      ...varints.flatMap((one) => [[0, ...one], [2, ...one], [8, ...one], one]),
      ...[0, 1, 2].map((byte) => [6, byte]),
      ...[0, 1, 2, 3, 4].map((byte) => [8, byte]),
    ]
    const lists = [
      [2, 2, 0x61, 0],
      // Blocks that say how long they are, rightly and wrongly; one that is not there; counts and lengths that lie.
      [1, 4, 2, 0x61, 0],
      [1, 6, 2, 0x61, 0],
      [1, 2, 2, 0x61, 0],
      [3, 8, 2, 0x61, 2, 0x62, 2, 2, 0x63, 0],
      [1, 3, 2, 0x61, 0],
      [4, 2, 0x61, 0],
      [0xfe, 0xff, 0xff, 0xff, 0x0f, 0],
      [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0],
      [2, 1, 0],
    ]
    const skipped = [
      [2, 0, 0],
      [6, 2, 2, 4, 1, 6, 3, 0],
      [1, 4, 2, 4, 0],
      [1, 2, 2, 4, 0],
      [2, 2, 4, 0],
      [2, 4, 2, 0],
      [2, 8, 0],
      [2, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0],
      [2, 6, 0xff, 0xff, 0xff, 0xff, 0x1f, 0],
      // More values than so few bytes may be.
      [0x80, 0x89, 0x7a, 0],
    ]
    const values = [
      ...texts.map((one) => of({ text: one })),
      ...numbers.map((one) => of({ number: one })),
      ...lists.map((one) => of({ listed: one })),
      ...skipped.map((one) => of({ skipped: one })),
      of({ skipped: [0, 0] }),
      of({}).subarray(0, -1),
      of({}),
    ]
    for (const output of ['json', 'avro'] as const) {
      compare(plan, { ...AVRO_FORM, output }, textOf(own), values)
      expect(taken(scan)).toBeGreaterThan(values.length / 2)
      scan.mockClear()
    }
  })
})

describe('the kernel of Protobuf', () => {
  const isText = (field: DescField): boolean =>
    field.fieldKind === 'scalar' ||
    field.fieldKind === 'enum' ||
    (field.fieldKind === 'message' && field.message.typeName.startsWith('google.'))
  const action = (at: number): string =>
    at % 3 === 0 ? '{ use: hash.hmac, domain: d }' : at % 3 === 1 ? 'keep' : 'drop'
  /** Rules for half of the scalars, and for those of messages in messages. */
  const rules = (desc: DescMessage, path: string, depth: number): string[] =>
    desc.fields.flatMap((field, at) => {
      const own = `${path}${field.name}`
      if (at % 4 === 3) return []
      if (isText(field)) return [`"${own}": ${action(at)}`]
      if (
        field.fieldKind === 'list' &&
        (field.listKind !== 'message' || field.message.typeName.startsWith('google.'))
      )
        return [`"${own}[]": ${at % 3 === 2 ? 'keep' : action(at)}`]
      if (depth === 0 || !('message' in field) || field.message === undefined) return []
      if (field.fieldKind === 'map') return []
      return rules(field.message, `${own}${field.fieldKind === 'list' ? '[]' : ''}.`, depth - 1)
    })
  const file = protoFile.map((init) => create(FileDescriptorProtoSchema, init))

  it('changes nothing that comes out, as JSON or as Protobuf, for random schemas', () => {
    const scan = vi.spyOn(TypedKernel.prototype, 'scan')
    fc.assert(
      fc.property(
        file,
        fc.infiniteStream(fc.nat(255)),
        damage,
        fc.constantFrom('json' as const, 'protobuf' as const),
        fc.boolean(),
        (proto, stream, changes, output, rejects) => {
          const desc = firstMessage(proto)
          const fields = rules(desc, '', 1)
          if (fields.length === 0) return
          const plan = planOf(fields.join('\n'), rejects ? 'unlisted: reject\n' : '')
          const payloads = Array.from({ length: 4 }, () => randomBytes(desc, stream))
          // Two messages in one are merged, and what is unknown does not leave.
          payloads.push(Buffer.concat([payloads[0]!, Buffer.from([0xc2, 0xbb, 0x01, 2, 1, 1]), payloads[1]!]))
          const values = payloads.map((one) => framedProto(one))
          compare(
            plan,
            { ...PROTO_FORM, output },
            { text: descriptorText(proto), references: [] },
            many(values, changes),
            2000,
          )
        },
      ),
      { numRuns: 60 },
    )
    expect(taken(scan)).toBeGreaterThan(300)
  })

  it('reads and writes each value at the edges, as by way of JSON', () => {
    const scan = vi.spyOn(TypedKernel.prototype, 'scan')
    const source = `syntax = "proto3"; package q;
      enum Kind { A = 0; LONGER_NAME_OF_A_SYMBOL = 1; C = 7; }
      message M { int64 a = 1; int32 b = 2; uint64 c = 3; sint64 d = 4; double e = 5; optional double f = 6; string g = 7;
        optional string h = 20; bool i = 8; Kind k = 9; repeated Part parts = 10; Part part = 11; repeated int32 many = 12;
        bytes j = 13; string x = 14; optional int64 o = 15; fixed32 p = 17; sint32 q = 18; float r = 19; }
      message Part { string s = 1; double d = 2; string hidden = 3; int32 n = 16; repeated Part parts = 4; }`
    const plan = planOf(`a: keep
      b: keep
      c: keep
      d: keep
      e: keep
      f: keep
      g: keep
      h: { use: mask.characters, keepFirst: 1 }
      i: keep
      k: keep
      "parts[].s": keep
      "parts[].d": keep
      "parts[].n": { use: generalize.number, width: 10 }
      "parts[].parts[].s": { use: hash.hmac, domain: s }
      part.s: keep
      part.made: { from: part.hidden, use: hash.hmac, domain: s }
      "many[]": keep
      j: keep
      made: { from: x, use: hash.hmac, domain: x }
      half: { from: o, use: generalize.number, width: 10 }
      p: keep
      q: keep
      r: keep`)
    const type = protobufjs.parse(source, { keepCase: true }).root.lookupType('q.M')
    const whole = [
      '0',
      '1',
      '127',
      '128',
      '16384',
      '2147483647',
      '2147483648',
      '-1',
      '-2147483648',
      '9007199254740993',
      '9223372036854775807',
    ]
    const doubles = [
      0,
      -0,
      1.5,
      0.1,
      -0.25,
      130.9,
      123456.789012,
      99999999999999.9,
      1e15,
      123456789012345680,
      1e21,
      1e-7,
      0.1 + 0.2,
      5e-324,
      Number.NaN,
    ]
    const texts = [
      '',
      'a',
      '"',
      'a\\b',
      '\n',
      'é',
      'x'.repeat(127),
      'x'.repeat(128),
      'é'.repeat(64),
      'x'.repeat(300),
      'x'.repeat(20_000),
    ]
    const parts = [1, 2, 70].map((count) =>
      Array.from({ length: count }, (_, n) => ({ s: `s${n}`, d: n / 4, n })),
    )
    const values = [
      ...whole.map((one) => ({
        a: one,
        b: Number(one) | 0,
        c: one,
        d: one,
        o: one,
        p: Number(one) >>> 0,
        q: Number(one) | 0,
        many: [Number(one) | 0, 0],
      })),
      ...doubles.map((one) => ({ e: one, f: one, r: one, part: { d: one }, parts: [{ d: one }, {}] })),
      ...texts.map((one) => ({
        g: one,
        h: one,
        x: one,
        part: { s: one, hidden: one },
        parts: [{ s: one, parts: [{ s: one }] }],
      })),
      ...parts.map((one) => ({ parts: [{ s: 'y'.repeat(16_300), parts: one }, ...one] })),
      ...[0, 1, 7, 8].map((k) => ({ k, i: k === 1, j: Buffer.alloc(k, 255) })),
    ].map((value) => framedProto(type.encode(type.fromObject(value)).finish()))
    for (const output of ['json', 'protobuf'] as const) {
      compare(plan, { ...PROTO_FORM, output }, { text: source, references: [] }, values, 100_000)
      expect(taken(scan)).toBeGreaterThan(values.length)
      scan.mockClear()
    }
  })
})
