/** Messages of Protobuf that leave as Protobuf: what another implementation reads by the schema that was derived. */
import { create } from '@bufbuild/protobuf'
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import protobufjs from 'protobufjs'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../../src/policy/plan.ts'
import { collectNames, type ProtoNames, parseProtoText } from '../../../../src/record/protobuf/proto-text.ts'
import { SchemaFault, type SchemaText } from '../../../../src/record/schema-text.ts'
import { messageEngine, outputSchemaOf } from '../../../../src/run/engines.ts'
import { outcomesOf, planOf } from '../avro/avro-world.ts'
import {
  descriptorText,
  firstMessage,
  framedProto,
  jsonOfBytes,
  OPTIONS,
  PROTO_FORM,
  protoEngine,
  protoFile,
} from './proto-world.ts'
import { randomBytes } from './random-message.ts'

const text = (schema: string): SchemaText => ({ text: schema, references: [] })
const source = (messages: string): string => `syntax = "proto3"; package x.y;
  import "google/protobuf/timestamp.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
  import "google/protobuf/duration.proto"; ${messages}`

/** What is written for each payload; a code where nothing is. */
function written(plan: Plan, schema: SchemaText, payloads: readonly Uint8Array[]): (Uint8Array | string)[] {
  const output = { id: 7, text: outputSchemaOf(plan, schema, 'protobuf', 'protobuf') }
  const engine = messageEngine(plan, OPTIONS, { ...PROTO_FORM, output: 'protobuf' })
  engine.learn({ known: [{ id: 1, part: 'value', schema, output }], forgotten: [] })
  const values = payloads.map((one) => framedProto(one))
  return outcomesOf(engine, values, (bytes) => bytes).map((one) => {
    if (!('value' in one)) return one.code
    const value = one.value as Uint8Array
    expect([...value.subarray(0, 6)]).toEqual([0, 0, 0, 0, 7, 0])
    return value.subarray(6)
  })
}

/** The same records, as JSON by Lethe and by way of the output. */
function asJson(
  plan: Plan,
  schema: SchemaText,
  payloads: readonly Uint8Array[],
): readonly [unknown, unknown][] {
  const direct = outcomesOf(
    protoEngine(plan, [schema.text]),
    payloads.map((one) => framedProto(one)),
  )
  const output = outputSchemaOf(plan, schema, 'protobuf', 'protobuf')
  // All of it, as it is.
  const names = protobufjs.parse(output, { keepCase: true }).root.lookupType(rootOf(output)).fieldsArray
  const kept = planOf(
    names
      .map(({ name }) => `${name}: { use: keep.subtree, accept: "all of it is wanted in this test" }`)
      .join('\n'),
  )
  const again = protoEngine(kept, [output])
  return written(plan, schema, payloads).map((bytes, at) => {
    const one = direct[at]!
    if (typeof bytes === 'string') return ['value' in one ? one.value : one.code, bytes]
    const [found] = outcomesOf(again, [framedProto(bytes)])
    return ['value' in one ? one.value : one.code, 'value' in found! ? found.value : found!.code]
  })
}

/** JSON with its numbers as they are written. */
const exact = (bytes: Uint8Array): unknown =>
  JSON.parse(
    Buffer.from(bytes)
      .toString('utf8')
      .replace(
        /("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)/g,
        (_, text?: string, number?: string) => text ?? `"#${number}"`,
      ),
  )

/** The first message of a text, as `@bufbuild/protobuf` knows it. */
function descOf(output: string): ReturnType<typeof firstMessage> {
  const names: ProtoNames = new Map()
  for (const { proto } of [file_google_protobuf_timestamp, file_google_protobuf_wrappers])
    collectNames(proto, names)
  const first = output.slice(0, output.indexOf(';'))
  const parts = parseProtoText({ name: 'out.proto', text: output, first }, names, new Map())
  return firstMessage(create(FileDescriptorProtoSchema, parts))
}

function rootOf(output: string): string {
  const scope = /^package (.*);$/m.exec(output)?.[1]
  const name = /^message (\w+)/m.exec(output)![1]!
  return scope === undefined ? name : `${scope}.${name}`
}

describe('messages that leave as Protobuf', () => {
  it('hold what they would hold as JSON, for random schemas', () => {
    fc.assert(
      fc.property(
        protoFile.map((init) => create(FileDescriptorProtoSchema, init)),
        fc.infiniteStream(fc.nat(255)),
        (file, stream) => {
          const desc = firstMessage(file)
          const fields = desc.fields.map((field, at) => {
            const isText = field.fieldKind === 'scalar' || field.fieldKind === 'enum'
            return isText && at % 2 === 0
              ? `${field.name}: { use: hash.hmac, domain: d }`
              : `${field.name}: { use: keep.subtree, accept: "all of it is wanted in this test" }`
          })
          const payloads = Array.from({ length: 3 }, () => randomBytes(desc, stream))
          const plan = planOf(fields.join('\n'))
          const schema = text(descriptorText(file))
          for (const [direct, through] of asJson(plan, schema, payloads)) expect(through).toEqual(direct)
          // Another implementation reads the same.
          const output = descOf(outputSchemaOf(plan, schema, 'protobuf', 'protobuf'))
          const direct = outcomesOf(
            protoEngine(plan, [schema.text]),
            payloads.map((one) => framedProto(one)),
            exact,
          )
          for (const [at, bytes] of written(plan, schema, payloads).entries()) {
            const one = direct[at]!
            const read = typeof bytes === 'string' ? bytes : exact(Buffer.from(jsonOfBytes(output, bytes)!))
            expect(read).toEqual('value' in one ? one.value : one.code)
          }
        },
      ),
      { numRuns: 15 },
    )
  })

  it('have the types that rules make, names and numbers of their own, and nothing that is dropped', () => {
    const schema = source(`message Order {
      int64 id = 1; string email = 2; int32 age = 3; double amount = 4; bool flag = 5; E kind = 6; bytes raw = 7;
      google.protobuf.Timestamp at = 8; google.protobuf.Int64Value opt = 9; repeated Item items = 10;
      map<string, Item> by = 11; oneof one { string text = 12; int32 number = 13; } google.protobuf.Struct free = 14;
      optional string extra = 15; Item gone = 16; string canary = 17; repeated string codes = 18; Order next = 19;
      google.protobuf.Duration took = 20;
    }
    message Item { string sku = 1; string secret = 2; Item part = 3; }
    enum E { ZERO = 0; TWO = 2; }`)
    const plan = planOf(
      `id: { use: hash.hmac, domain: d }
      email: { use: mask.replace, with: M }
      age: { use: generalize.number, width: 10, else: null }
      amount: { use: noise.number, scale: 0.1, seed: id, domain: n, decimals: 1 }
      flag: keep\nkind: keep\nraw: keep\nat: keep\nopt: keep\ntook: keep
      "items[].sku": keep\n"by.*.sku": keep\nby.$names: { use: mask.replace, with: N }
      text: keep\nnumber: keep\nextra: keep\nnext.flag: keep\n"codes[]": { use: mask.replace, with: C }
      free: { use: keep.subtree, accept: "wanted in this test" }
      gone: drop
      copy: { from: email, use: mask.replace, with: D }
      more.copy: { from: extra, use: keep }`.replace(/ {6}amount.*\n/, ''),
    )
    const output = outputSchemaOf(plan, text(schema), 'protobuf', 'protobuf')
    expect(output).not.toMatch(/canary|secret|gone|amount/)
    expect(output).toMatch(/^syntax = "proto3";\npackage x\.y;\nimport /)
    for (const line of [
      'optional string id = 1;',
      'optional string email = 2;',
      '  bool flag = 5;',
      'google.protobuf.Timestamp at = 8;',
      'repeated Item items = 10;',
      'map<string, Item_2> by = 11;',
      'google.protobuf.Struct free = 14;',
      'optional string extra = 15;',
      'repeated string codes = 18;',
    ])
      expect(output).toContain(line)
    const { root } = protobufjs.parse(schema.replaceAll('google.protobuf.', '.google.protobuf.'), {
      keepCase: true,
    })
    for (const name of ['timestamp', 'struct', 'wrappers', 'duration'])
      root.addJSON(protobufjs.common.get(`google/protobuf/${name}.proto`)!.nested!)
    const type = root.lookupType('x.y.Order')
    const encode = (value: object): Uint8Array => type.encode(type.fromObject(value)).finish()
    const item = { sku: 's', secret: 'ZqCanary', part: { sku: 'p' } }
    const payloads = [
      encode({
        id: 9_007_199,
        email: 'e',
        age: 31,
        flag: true,
        kind: 2,
        raw: Buffer.from([1, 2]),
        at: { seconds: 1_700_000_000, nanos: 5_000_000 },
        opt: { value: 5 },
        items: [item, {}],
        by: { k: item },
        number: 4,
        free: {
          fields: {
            a: { listValue: { values: [{ stringValue: 'x' }, { nullValue: 0 }, { numberValue: 1.5 }] } },
          },
        },
        extra: '',
        gone: item,
        canary: 'ZqCanary',
        codes: ['1', '2'],
        next: { flag: true, id: 3 },
        took: { seconds: -1, nanos: -5 },
      }),
      encode({ text: 't' }),
      encode({}),
      Buffer.from([0x08]),
    ]
    const outcomes = asJson(plan, text(schema), payloads)
    for (const [direct, through] of outcomes) expect(through).toEqual(direct)
    expect(outcomes[3]).toEqual(['payload-malformed', 'payload-malformed'])
    expect(JSON.stringify(outcomes[0])).not.toContain('ZqCanary')
    expect(outcomes[0]![1]).toMatchObject({ copy: 'D', more: { copy: '' }, by: { N: { sku: 's' } } })
    for (const bytes of written(plan, text(schema), payloads))
      expect(Buffer.from(bytes).includes('ZqCanary')).toBe(false)
  })

  it('are of proto2 where an enum has no zero, and defaults are written then', () => {
    const schema = 'message M { optional E e = 1; optional string a = 2; enum E { ONE = 1; } }'
    const plan = planOf('e: keep\na: keep')
    expect(outputSchemaOf(plan, text(schema), 'protobuf', 'protobuf')).toMatch(/^syntax = "proto2";/)
    for (const [direct, through] of asJson(plan, text(schema), [Buffer.from([8, 1]), Buffer.from([0x12, 0])]))
      expect(through).toEqual(direct)
  })

  it.each([
    ['a message that is read as a map', '"m.*": keep\nm.$names: { use: mask.replace, with: N }'],
    ['a map whose members are named', 'labels.x: keep'],
    ['a name that is none of Protobuf', '"a-b": { from: id, use: keep }'],
  ])('have no schema for %s', (_, rules) => {
    const schema = text(
      'syntax = "proto3"; message M { int64 id = 1; N m = 2; map<string, string> labels = 3; } message N { string a = 1; }',
    )
    expect(() => outputSchemaOf(planOf(rules), schema, 'protobuf', 'protobuf')).toThrow(SchemaFault)
  })

  it('are dead letters where a result has no place in its type', () => {
    const schema = text('syntax = "proto3"; message M { int64 a = 1; } message N { int64 a = 1; }')
    const plan = planOf('a: keep')
    expect(written(plan, schema, [Buffer.from([8, 5])])).toEqual([Uint8Array.from([8, 5])])
    const engine = messageEngine(plan, OPTIONS, { ...PROTO_FORM, output: 'protobuf' })
    const output = { id: 7, text: outputSchemaOf(plan, schema, 'protobuf', 'protobuf') }
    engine.learn({ known: [{ id: 1, part: 'value', schema, output }], forgotten: [] })
    expect(outcomesOf(engine, [framedProto(Buffer.from([8, 5]), [2, 2])])).toMatchObject([
      { code: 'output-unwritable' },
    ])
    // What was registered is not what would be written.
    engine.learn({
      known: [{ id: 1, part: 'value', schema, output: { id: 7, text: 'other' } }],
      forgotten: [],
    })
    expect(outcomesOf(engine, [framedProto(Buffer.from([8, 5]))])).toMatchObject([{ code: 'schema-refused' }])
  })
})
