/** Messages of Protobuf, de-identified into JSON: as if the same record had come as JSON. */
import { create } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../../src/engine/account.ts'
import { messageEngine } from '../../../../src/run/engines.ts'
import { outcomesOf, planOf } from '../avro/avro-world.ts'
import {
  descriptorText,
  firstMessage,
  framedProto,
  jsonOfBytes,
  OPTIONS,
  protoEngine,
  protoFile,
} from './proto-world.ts'
import { randomBytes } from './random-message.ts'

/** JSON with its numbers as they are written; the order of members does not count. */
const read = (bytes: Uint8Array): unknown =>
  JSON.parse(
    Buffer.from(bytes)
      .toString('utf8')
      .replace(
        /("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)/g,
        (_, text?: string, number?: string) => text ?? `"#${number}"`,
      ),
  )

/** Scalars are hashed, and containers stay. */
const planFor = (desc: ReturnType<typeof firstMessage>) =>
  planOf(
    desc.fields
      .map((field) => {
        const isText =
          field.fieldKind === 'scalar' ||
          field.fieldKind === 'enum' ||
          (field.fieldKind === 'message' && field.message.typeName.startsWith('google.'))
        if (isText) return `${field.name}: { use: hash.hmac, domain: d }`
        const isTexts =
          field.fieldKind === 'list' &&
          (field.listKind !== 'message' || field.message.typeName.startsWith('google.'))
        if (isTexts) return `"${field.name}[]": { use: hash.hmac, domain: d }`
        return `${field.name}: { use: keep.subtree, accept: "all of it is wanted in this test" }`
      })
      .join('\n'),
  )

const file = protoFile.map((init) => create(FileDescriptorProtoSchema, init))

describe('messages of Protobuf', () => {
  it('become what the same records of JSON become, for random schemas', () => {
    fc.assert(
      fc.property(file, fc.infiniteStream(fc.nat(255)), (proto, stream) => {
        const desc = firstMessage(proto)
        const plan = planFor(desc)
        const payloads = Array.from({ length: 4 }, () => randomBytes(desc, stream))
        // Two messages in one are merged, and what is unknown does not leave.
        payloads.push(Buffer.concat([payloads[0]!, Buffer.from([0xc2, 0xbb, 0x01, 2, 1, 1]), payloads[1]!]))
        const engine = protoEngine(plan, [descriptorText(proto)])
        const proto3 = outcomesOf(
          engine,
          payloads.map((one) => framedProto(one)),
          read,
        )
        const json = outcomesOf(
          messageEngine(plan, OPTIONS),
          payloads.map((one) => Buffer.from(jsonOfBytes(desc, one)!)),
          read,
        )
        expect(proto3).toEqual(json)
        expect(reconciles(engine.account)).toBe(true)
      }),
      { numRuns: 13 },
    )
  })

  it('are dead letters, or what another implementation reads, whatever their bytes are', () => {
    fc.assert(
      fc.property(
        file,
        fc.infiniteStream(fc.nat(255)),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(),
        (proto, stream, changes, cut) => {
          const desc = firstMessage(proto)
          const plan = planFor(desc)
          const bytes = Buffer.from(randomBytes(desc, stream))
          for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
          const payload = bytes.subarray(0, cut % 3 === 0 ? cut % (bytes.length + 1) : bytes.length)
          const engine = protoEngine(plan, [descriptorText(proto)])
          // What stands behind the record in the batch belongs to another one.
          const [outcome] = outcomesOf(engine, [framedProto(payload), framedProto(bytes)], read)
          expect(reconciles(engine.account)).toBe(true)
          if (!('value' in outcome!)) return
          const text = jsonOfBytes(desc, payload)
          // What another value of the same field takes the place of is not read here.
          if (text === undefined) return
          const [json] = outcomesOf(messageEngine(plan, OPTIONS), [Buffer.from(text)], read)
          expect(outcome).toEqual(json)
        },
      ),
      { numRuns: 50 },
    )
  })
})

const SOURCE = `// An order.
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/duration.proto";
import "confluent/meta.proto";
message Order {
  int64 id = 1 [(confluent.field_meta).tags = "PII.id"];
  optional string email = 2 [(confluent.field_meta) = { tags: ["PII.email", "X"] }];
  Kind kind = 3;
  repeated Line lines = 4;
  map<string, string> labels = 5;
  google.protobuf.Timestamp at = 6;
  google.protobuf.Duration took = 7;
  google.protobuf.StringValue note = 8;
  google.protobuf.Struct extra = 9;
  oneof pay { string card = 10; int32 cash = 11; }
  bool flag = 12;
  bytes raw = 13;
  Line first = 14;
  map<int64, Line> by_number = 15;
  repeated sint32 steps = 16;
  google.protobuf.Value any = 17;
  enum Kind { WEB = 0; SHOP = 1; }
  message Line { string sku = 1; double price = 2; string secret = 3; Line next = 4; }
}
message Other { string x = 1; message Deep { string y = 1; } }
`
const POLICY = `
  id: { use: hash.hmac, domain: id }
  email: { use: hash.hmac, domain: email, normalize: email, else: drop }
  kind: keep
  flag: keep
  raw: keep
  at: { use: generalize.date, to: hour }
  took: keep
  note: keep
  "lines[].sku": keep
  "lines[].price": { use: generalize.number, width: 10, as: midpoint }
  labels.$names: { use: hash.hmac, domain: label }
  "labels.*": { use: mask.characters, keepLast: 1 }
  extra.city: { use: generalize.prefix, keep: 2 }
  "extra.list[]": keep
  card: keep
  cash: { use: hash.hmac, domain: id }
  first: { use: keep.subtree, accept: "all of it is wanted in this test" }
  by_number.$names: { use: hash.hmac, domain: id }
  "by_number.*.sku": keep
  "steps[]": { use: hash.hmac, domain: id }
  any: keep
  town: { from: extra.town, use: hash.hmac, domain: town }
`

/** Bytes of a message, by hand. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
const field = (number: number, wire: number, ...bytes: (number | number[])[]): number[] => [
  ...varint((number << 3) | wire),
  ...bytes.flat(),
]
const len = (number: number, ...bytes: (number | number[])[]): number[] => {
  const content = bytes.flat()
  return field(number, 2, varint(content.length), content)
}
const text = (value: string): number[] => [...Buffer.from(value)]
const of = (payload: number[], indexes: number[] = [0]): Buffer => framedProto(Buffer.from(payload), indexes)

describe('a schema as text', () => {
  const plan = planOf(POLICY)
  const engine = protoEngine(plan, [SOURCE])
  const json = messageEngine(plan, OPTIONS)
  const same = (payload: number[], record: unknown): void => {
    const [outcome] = outcomesOf(engine, [of(payload)])
    expect(outcome).toHaveProperty('value')
    expect(outcome).toEqual(outcomesOf(json, [Buffer.from(JSON.stringify(record))])[0])
  }
  /** What is there without being set. */
  const initial = {
    id: 0,
    kind: 'WEB',
    lines: [],
    labels: {},
    flag: false,
    raw: '',
    by_number: {},
    steps: [],
  }
  const line = { sku: '', price: 0, secret: '' }

  it('tells values that are not set, but have no presence, from those that are not there', () => {
    same([], initial)
    same(len(2), { ...initial, email: '' })
    same(field(11, 0, 0), { ...initial, cash: 0 })
    same(len(14), { ...initial, first: line })
    same(len(8), { ...initial, note: '' })
  })

  it('takes the last of several, merges messages, and the last member of a oneof', () => {
    same([...field(1, 0, 5), ...field(1, 0, 7)], { ...initial, id: 7 })
    same([...len(14, len(1, text('a'))), ...len(14, len(3, text('b')))], {
      ...initial,
      first: { ...line, sku: 'a', secret: 'b' },
    })
    same([...field(11, 0, 5), ...len(10, text('c'))], { ...initial, card: 'c' })
    same([...len(10, text('c')), ...field(11, 0, 5)], { ...initial, cash: 5 })
    same(
      [...len(5, len(1, text('k')), len(2, text('v1'))), ...len(5, len(2, text('v2')), len(1, text('k')))],
      {
        ...initial,
        labels: { k: 'v2' },
      },
    )
  })

  it('reads packed and single elements, keys of numbers, and entries without a value', () => {
    same([...len(16, 1, 2, 3), ...field(16, 0, 4)], { ...initial, steps: [-1, 1, -2, 2] })
    same([...len(15, field(1, 0, 3), len(2, len(1, text('s')))), ...len(15)], {
      ...initial,
      by_number: { 3: { sku: 's' }, 0: { sku: '' } },
    })
  })

  it('takes no key of a map for a name that it only seems to be', () => {
    const named = protoEngine(planOf('labels.\ufffd: keep\nextra.\ufffd: keep'), [SOURCE])
    const label = (...key: number[]): number[] => len(5, len(1, key), len(2, text('v')))
    const extra = (...key: number[]): number[] => len(9, len(1, len(1, key), len(2, len(3, text('v')))))
    expect(outcomesOf(named, [of(label(0xff)), of(extra(0xff)), of(label(0xef, 0xbf, 0xbd))])).toMatchObject([
      { code: 'bad-utf8' },
      { code: 'bad-utf8' },
      { value: { labels: { '\ufffd': 'v' } } },
    ])
  })

  it('reads messages that stand for values', () => {
    same([...len(6, field(1, 0, varint(1_700_000_000)), field(2, 0, varint(5_000_000)))], {
      ...initial,
      at: '2023-11-14T22:13:20.005Z',
    })
    same(len(7, field(1, 0, 3), field(2, 0, varint(500_000_000))), { ...initial, took: '3.500s' })
    const string = (value: string): number[] => len(3, text(value))
    const entry = (key: string, value: number[]): number[] => len(1, len(1, text(key)), len(2, value))
    same(
      len(
        9,
        entry('city', string('Lyon')),
        entry('town', string('Lima')),
        entry(
          'list',
          len(
            6,
            len(1, field(2, 1, [0, 0, 0, 0, 0, 0, 0xf8, 0x3f])),
            len(1, field(4, 0, 1)),
            len(1, field(1, 0, 0)),
          ),
        ),
        entry('other', string('x')),
      ),
      { ...initial, extra: { city: 'Lyon', town: 'Lima', list: [1.5, true, null], other: 'x' } },
    )
    same(len(17, string('x')), { ...initial, any: 'x' })
    same(len(17), { ...initial, any: null })
  })

  it('says by message indexes which of its messages a value is', () => {
    const other = protoEngine(planOf('x: keep\ny: keep'), [SOURCE])
    const x = len(1, text('a'))
    expect(
      outcomesOf(other, [of(x, [2, 2]), of(x, [4, 2, 0]), of(x, [2, 4]), of(x, [3, 2]), of(x, [])]),
    ).toMatchObject([
      { value: { x: 'a' } },
      { value: { y: 'a' } },
      { code: 'payload-malformed' },
      { code: 'payload-malformed' },
      { code: 'payload-malformed' },
    ])
    // A message in one with maps is told otherwise by the clients of two languages.
    expect(outcomesOf(other, [of(x, [4, 0, 0])])).toMatchObject([{ code: 'schema-refused' }])
  })

  it.each([
    ['a tag of field 0', [0x02, 0]],
    ['a length that is too long', [0x12, 5, 1]],
    ['a number of eleven bytes', [0x08, ...Array.from({ length: 10 }, () => 0xff), 1]],
    ['a number of 65 bits', [0x08, ...Array.from({ length: 9 }, () => 0xff), 2]],
    ['a number that is cut short', [0x08, 0x80]],
    ['another wire type', [0x0a, 0]],
    ['a wire type that there is none of', [0x0f, 0]],
    ['a group that ends by itself', [0x0c]],
    ['a group that does not end', [0xb3, 0x06, 0x08, 1]],
    ['a group that ends as another', [0xb3, 0x06, 0xbc, 0x06]],
    ['packed numbers that are cut short', len(16, 0x80)],
    ['a time that there is none of', len(6, field(2, 0, varint(2_000_000_000)))],
    [
      'a duration of two signs',
      len(7, field(1, 0, 3), field(2, 0, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])),
    ],
  ])('refuses %s', (_, payload) => {
    expect(outcomesOf(engine, [of(payload)])).toMatchObject([{ code: 'payload-malformed' }])
  })

  it('reads past unknown groups, down to a depth', () => {
    const group = (depth: number): number[] =>
      depth === 0 ? [] : [0xb3, 0x06, ...group(depth - 1), 0xb4, 0x06]
    same([...group(3), ...field(1, 0, 7)], { ...initial, id: 7 })
    expect(outcomesOf(engine, [of(group(100))])).toMatchObject([{ code: 'payload-too-deep' }])
    const lines = (depth: number): number[] => (depth === 0 ? [] : len(4, lines(depth - 1)))
    expect(outcomesOf(engine, [of(len(14, lines(100)))])).toMatchObject([{ code: 'payload-too-deep' }])
  })

  it.each([
    ['texts that are none', len(2, 0xff), 'bad-utf8'],
    [
      'numbers that are not finite',
      len(14, field(2, 1, [0, 0, 0, 0, 0, 0, 0xf0, 0x7f])),
      'number-not-finite',
    ],
    ['a container for a scalar', len(17, len(6)), 'container-for-scalar'],
  ])('refuses %s', (_, payload, code) => {
    expect(outcomesOf(engine, [of(payload)])).toMatchObject([{ code }])
  })
})

describe('a wide message', () => {
  const fields = Array.from({ length: 1000 }, (_, at) => `optional int32 f${at} = ${at + 2};`)
  const engine = protoEngine(planOf('"more[].f1": keep'), [
    `message Wide { repeated Wide more = 1; ${fields.join(' ')} }`,
  ])

  it('costs no more than its bytes may', () => {
    const empty = (count: number): number[] => Array.from({ length: count }, () => [0x0a, 0]).flat()
    expect(outcomesOf(engine, [of(empty(200)), of(empty(20_000))])).toMatchObject([
      { value: { more: expect.any(Array) as unknown } },
      { code: 'payload-too-large' },
    ])
  })
})

describe('schemas of proto2', () => {
  it('have presence, groups and numbers of enums that are not named', () => {
    const source = `package p;
      message M { required int32 a = 1; optional E e = 2 [default = B]; repeated group Result = 3 { optional string url = 4; }
        optional group One = 5 { optional string u = 6; } extensions 100 to 199; }
      extend M { optional string ext = 100; }
      enum E { option allow_alias = true; A = 0; B = 1; ALSO = 1; }`
    const plan = planOf('a: keep\ne: keep\n"result[].url": keep\none.u: keep\next: keep')
    const engine = protoEngine(plan, [source])
    const payload = [
      ...field(2, 0, 1),
      ...field(3, 3, len(4, text('x')), field(3, 4)),
      ...field(3, 3, field(3, 4)),
      ...field(5, 3, len(6, text('y')), field(5, 4)),
      ...len(100, text('secret')),
    ]
    expect(outcomesOf(engine, [of(payload), of([]), of(field(2, 0, 9))])).toEqual([
      { value: { e: 'B', result: [{ url: 'x' }, {}], one: { u: 'y' } } },
      { value: { result: [] } },
      { value: { e: 9, result: [] } },
    ])
  })
})

describe('records that name what no rule does', () => {
  it('are counted by what is there, and fail where the policy says so', () => {
    const payload = [...field(1, 0, 5), ...len(2, text('a')), ...field(500, 0, 1)]
    const engine = protoEngine(planOf('id: keep'), [SOURCE])
    expect(outcomesOf(engine, [of(payload)])).toEqual([{ value: { id: 5 } }])
    expect(engine.account.unlisted).toBe(2)
    const strict = protoEngine(planOf('id: keep', 'unlisted: reject\n'), [SOURCE])
    expect(outcomesOf(strict, [of(payload), of(field(1, 0, 5))])).toMatchObject([
      { code: 'unlisted-field' },
      { value: { id: 5 } },
    ])
  })
})
