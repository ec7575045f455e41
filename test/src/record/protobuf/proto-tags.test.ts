/** Rules by tag over messages of Protobuf: where its schemas have tags, and which rule a field has. */
import { create, toBinary } from '@bufbuild/protobuf'
import { FieldOptionsSchema, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import protobufjs from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { MessageBatch } from '../../../../src/engine/message-batch.ts'
import { SchemaFault, type SchemaText } from '../../../../src/record/schema-text.ts'
import { checkTags } from '../../../../src/run/check-tags.ts'
import { messageEngine } from '../../../../src/run/engines.ts'
import { outcomesOf, planOf } from '../avro/avro-world.ts'
import { descriptorText, framedProto, OPTIONS, PROTO_FORM, protoEngine } from './proto-world.ts'

const TAGS = `tags:
  PII.email: { use: mask.replace, with: EMAIL }
  PII: { use: mask.replace, with: PII }
  SECRET: drop
  OWNER: ignore
`
const KEEP = 'a: { use: keep.subtree, accept: "wanted in this test" }'
const source = (text: string) => `syntax = "proto3"; package x.y; import "confluent/meta.proto"; ${text}`
const pii = '[(confluent.field_meta).tags = "PII"]'

/** What becomes of a message, which another implementation encodes. */
function outcome(fields: string, schema: string, value: object, indexes = [0], tags = TAGS): unknown {
  const { root } = protobufjs.parse(
    source(schema).replace(/google\.protobuf\.\w+/g, (name) => `.${name}`),
    { keepCase: true },
  )
  root.addJSON(protobufjs.common.get('google/protobuf/struct.proto')!.nested!)
  const type = root.lookupType(indexes[0] === 0 ? 'x.y.M' : 'x.y.N')
  const payload = type.encode(type.fromObject(value)).finish()
  const engine = protoEngine(planOf(fields, tags), [source(schema)])
  const [found] = outcomesOf(engine, [framedProto(payload, indexes)])
  return 'value' in found! ? found.value : found!.code
}

function fault(rules: string, schema: SchemaText, tags = 'tags: {}\n'): string {
  try {
    checkTags(planOf(rules, tags), schema, 'value', 'protobuf')
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    expect(error.code).toBe('tagged-without-rule')
    return error.message
  }
  return 'none'
}
const text = (schema: string): SchemaText => ({ text: source(schema), references: [] })

describe('rules by tag over Protobuf', () => {
  it('take what carries the tag, in messages, lists, maps, oneofs and JSON', () => {
    const schema = `import "google/protobuf/struct.proto";
      message M {
        int64 id = 1; string mail = 2 [(confluent.field_meta).tags = "PII.email"];
        repeated C contacts = 3; map<string, C> by = 4; map<string, int32> marks = 5 ${pii};
        oneof one { string text = 6 ${pii}; C contact = 7; }
        repeated int32 codes = 8 ${pii}; google.protobuf.Struct free = 9 ${pii};
        string pin = 10 [(.confluent.field_meta) = { tags: ["SECRET"] }];
        string owned = 11 [(confluent.field_meta).tags = "OWNER"]; M next = 12; E kind = 13; string other = 14;
        P person = 15;
      }
      message C { optional string mail = 1 [(confluent.field_meta).tags = "PII.email"]; string kind = 2; }
      message P { option (confluent.message_meta).tags = "PII"; string name = 1; string city = 2; }
      enum E { option (confluent.enum_meta).tags = "PII"; NONE = 0; SOME = 1; }`
    const value = {
      id: 7,
      mail: 'm',
      contacts: [{ mail: 'c', kind: 'k' }, {}],
      by: { a: { mail: 'b' } },
      marks: { z: 3 },
      contact: { mail: 'd' },
      codes: [1, 2],
      free: { fields: { a: { listValue: { values: [{ stringValue: 's' }, { numberValue: 1 }] } } } },
      pin: 'p',
      owned: 'o',
      next: { text: 'n' },
      kind: 1,
      person: { name: 'n', city: 'c' },
    }
    // What is there by default is tagged, too; an empty text is nothing.
    const next = { mail: '', marks: {}, text: 'PII', codes: [], kind: 'PII' }
    expect(outcome('id: keep\nperson.city: { use: mask.replace, with: CITY }', schema, value)).toEqual({
      id: 7,
      mail: 'EMAIL',
      contacts: [{ mail: 'EMAIL' }, {}],
      marks: { PII: 'PII' },
      contact: { mail: 'EMAIL' },
      codes: ['PII', 'PII'],
      free: { PII: ['PII', 'PII'] },
      next,
      kind: 'PII',
      person: { name: 'PII', city: 'CITY' },
    })
  })

  it('hold in what is kept as a subtree, whose rest stays as it is', () => {
    const schema = `message M { A a = 1; }
      message A { string n = 1; optional string mail = 2 [(confluent.field_meta).tags = "PII.email"]; repeated B list = 3; map<string, B> map = 4; }
      message B { oneof o { string s = 1 [(confluent.field_meta).tags = "SECRET"]; string t = 2; } string u = 3; }`
    const value = { a: { n: 'n', mail: 'm', list: [{ s: 's', u: 'u' }, { t: 't' }], map: { k: { s: 's' } } } }
    expect(outcome(KEEP, schema, value)).toEqual({
      a: { n: 'n', mail: 'EMAIL', list: [{ u: 'u' }, { t: 't', u: '' }], map: { k: { u: '' } } },
    })
  })

  it('are judged for each message of a file', () => {
    const schema = `message M { string b = 1; } message N { string a = 1 ${pii}; string b = 2; }`
    const rules = 'a: keep\nb: keep'
    expect(outcome(rules, schema, { b: 'x' })).toEqual({ b: 'x' })
    expect(outcome(rules, schema, { a: 'a', b: 'x' }, [2, 2])).toBe('tagged-without-rule')
    expect(fault(rules, text(schema))).toBe('none')
    expect(fault(rules, text(schema), 'tags: {}\ntaggedWithoutRule: refuse\n')).toContain('`a` carries')
    // Records of another message than the first may leave all the same.
    const first = text(`message M { string a = 1 ${pii}; } message N { string b = 1; }`)
    expect(fault(rules, first)).toContain('`a` carries')
    expect(checkTags(planOf(rules, TAGS), first, 'value', 'protobuf', true)).toBeUndefined()
  })
})

describe('a tag of Protobuf', () => {
  it.each([
    ['of a field', `message M { string a = 1 ${pii}; }`],
    [
      'among others',
      'message M { string a = 1 [deprecated = true, (confluent.field_meta) = { doc: "d", tags: ["OWNER", "PII"] }]; }',
    ],
    [
      'one a time',
      'message M { string a = 1 [(confluent.field_meta).tags = "O", (confluent.field_meta).tags = "PII"]; }',
    ],
    ['with all dots', 'message M { string a = 1 [(.confluent.field_meta).tags = "PII"]; }'],
    ['within its package', 'message M { string a = 1 [(field_meta).tags = "PII"]; }'],
    [
      'of a message',
      'message M { A a = 1; } message A { option (confluent.message_meta) = { tags: "PII" }; string x = 1; }',
    ],
    [
      'of a message within',
      'message M { A a = 1; message A { string x = 1 [(confluent.field_meta).tags = "PII"]; } }',
    ],
    [
      'of an enum',
      'message M { repeated E a = 1; } enum E { option (confluent.enum_meta).tags = "PII"; A = 0; }',
    ],
    ['of a symbol', 'message M { E a = 1; enum E { A = 0 [(confluent.enum_value_meta).tags = "PII"]; } }'],
    ['of a map', `message M { map<string, string> a = 1 ${pii}; }`],
    ['of a file', 'option (confluent.file_meta).tags = "PII"; message M { string a = 1; }'],
  ])('is found: %s', (_, schema) => {
    expect(fault(KEEP, text(schema))).toContain('carries')
  })

  it('is found in descriptors, and what cannot be read is one without a rule', () => {
    const descriptor = (meta: readonly number[], wireType = 2): SchemaText => {
      const options = create(FieldOptionsSchema)
      options.$unknown = [{ no: 1088, wireType, data: Uint8Array.from(meta) }]
      const field = [{ name: 'a', number: 1, label: 1, type: 9, options }]
      const file = create(FileDescriptorProtoSchema, {
        name: 'm.proto',
        syntax: 'proto3',
        messageType: [{ name: 'M', field }],
      })
      expect(toBinary(FileDescriptorProtoSchema, file).length).toBeGreaterThan(10)
      return { text: descriptorText(file), references: [] }
    }
    const tag = [...Buffer.from('PII')]
    expect(fault(KEEP, descriptor([5, 0x1a, 3, ...tag]))).toContain('the tag `PII`')
    expect(fault(KEEP, descriptor([9, 0x0a, 2, 1, 1, 0x1a, 3, ...tag]))).toContain('`PII`')
    expect(fault(KEEP, descriptor([4, 0x0a, 2, 1, 1]))).toBe('none')
    for (const broken of [
      [3, 0x1a, 9, 1],
      [2, 0x18, 1],
      [2, 0x1b, 1],
    ])
      expect(fault(KEEP, descriptor(broken))).toContain('what is no tag')
    expect(fault(KEEP, descriptor([1], 0))).toContain('what is no tag')
  })

  it('may be told by the registry beside the schema', () => {
    const schema = text('message M { N a = 1; message N { string b = 1; } }')
    const told = (pattern: string) => fault(KEEP, { ...schema, tags: [[pattern, ['PII']]] })
    for (const pattern of ['x.y.M.a', 'x.y.M.N', 'x.y.M.N.b', '**.b', 'x.*.M.?'])
      expect(told(pattern), pattern).toContain('`PII`')
    for (const pattern of ['x.y.M.b', 'M.a', '*.b']) expect(told(pattern), pattern).toBe('none')
  })
})

it.each([
  ['keep of a key', '$key: { use: keep, accept: "wanted in this test" }', true],
  ['keep of its member', '$key.id: { use: keep, accept: "wanted in this test" }', true],
  ['keep of another member', '$key.n: { use: keep, accept: "wanted in this test" }', false],
  ['a transform', '$key.id: { use: mask.replace, with: K }', false],
  ['a tag that is said', '$key.id: { use: keep, tagged: [PII], accept: "wanted in this test" }', false],
])('goes for what the schema of a key tags: %s', (_, rule, isRefused) => {
  const engine = messageEngine(planOf(`a: drop\n${rule}`, TAGS), OPTIONS, {
    ...PROTO_FORM,
    key: { format: 'protobuf', framing: 'confluent' },
  })
  const of = (schema: string): SchemaText => text(schema)
  engine.learn({
    known: [
      { id: 1, part: 'value', schema: of('message M { string a = 1; }') },
      { id: 2, part: 'key', schema: of(`message K { string id = 1 ${pii}; string n = 2; }`) },
    ],
    forgotten: [],
  })
  const key = framedProto(Buffer.from([0x0a, 1, 0x69, 0x12, 1, 0x6e]), [0], 2)
  const outcomes = engine.rewrite(
    MessageBatch.of([
      { key, value: framedProto(Buffer.from([0x0a, 1, 0x61])), headers: undefined, timestamp: 0 },
    ]),
  )
  expect(outcomes.code(0)).toBe(isRefused ? 'tagged-without-rule' : undefined)
})
