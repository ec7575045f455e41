/** Schemas of Protobuf as registries hold them: as text and as descriptors, with what they import. */
import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf'
import { FieldOptionsSchema, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../../src/policy/plan.ts'
import { JsonType } from '../../../../src/record/json/json-types.ts'
import { readProtoSchema } from '../../../../src/record/protobuf/proto-schema.ts'
import { messageAt } from '../../../../src/record/protobuf/proto-type.ts'
import { SchemaFault, type SchemaText } from '../../../../src/record/schema-text.ts'
import { messageEngine, outputSchemaOf } from '../../../../src/run/engines.ts'
import { readWriterSchema } from '../../../../src/run/writer-schemas.ts'
import { outcomesOf, planOf } from '../avro/avro-world.ts'
import {
  descriptorText,
  firstMessage,
  framedProto,
  OPTIONS,
  PROTO_FORM,
  protoEngine,
  protoFile,
} from './proto-world.ts'

const codeOf = (schema: SchemaText): string | undefined => {
  try {
    readProtoSchema(schema)
    return undefined
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    expect(error.message).not.toContain('ZqCanary')
    return error.code
  }
}
const text = (source: string): SchemaText => ({ text: source, references: [] })
const NAMES = ScalarType as unknown as Readonly<Record<number, string>>

/** A message as a .proto file has it. */
function printed(message: DescMessage): string {
  const nameOf = ({ scalar, enum: symbols, message: inner }: Partial<DescField>): string =>
    symbols !== undefined ? 'E' : inner !== undefined ? `.${inner.typeName}` : NAMES[scalar!]!.toLowerCase()
  const field = (one: DescField): string => {
    const packed = one.fieldKind === 'list' && one.proto.options?.packed === false ? ' [packed = false]' : ''
    const type =
      one.fieldKind === 'map'
        ? `map<${NAMES[one.mapKey]!.toLowerCase()}, ${nameOf(one)}>`
        : `${one.fieldKind === 'list' ? 'repeated ' : one.proto.proto3Optional ? 'optional ' : ''}${nameOf(one)}`
    return `${type} ${one.name} = ${one.number}${packed};`
  }
  const members = message.members.map((member) =>
    member.kind === 'field'
      ? field(member)
      : `oneof ${member.name} { ${member.fields.map(field).join(' ')} }`,
  )
  return `message ${message.name} { ${message.nestedMessages.map(printed).join(' ')} ${members.join(' ')} }`
}

describe('a schema of Protobuf', () => {
  it('is the same as text and as a descriptor', () => {
    fc.assert(
      fc.property(protoFile, (init) => {
        const file = create(FileDescriptorProtoSchema, init)
        const desc = firstMessage(file)
        const source = `syntax = "proto3"; package p;
          import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
          enum E { NONE = 0; SOME = 1; LEAST = -1; } ${printed(desc)}`
        const shape = (schema: string): unknown => {
          const type = messageAt(readProtoSchema(text(schema)), [0])
          if (type === undefined || type === 'ambiguous') throw new Error('no message')
          return type.fields
            .map(({ name, number, isImplicit, isLast, oneof, type: of }) => ({
              name,
              number,
              isImplicit,
              isLast,
              hasOneof: oneof >= 0,
              kind: of.kind,
              leaf: of.leaf,
              wire: of.wire,
              item: of.item?.name,
              key: of.key?.leaf,
            }))
            .toSorted((one, other) => one.number - other.number)
        }
        expect(desc.fields.length).toBeGreaterThan(0)
        expect(shape(source)).toEqual(shape(descriptorText(file)))
      }),
      { numRuns: 25 },
    )
  })

  it('finds types from the inside out, and in what it imports', () => {
    const references = [
      'syntax = "proto3"; package other; message Far { string x = 1; } enum Where { HERE = 0; THERE = 1; }',
    ]
    const source = `package shop; import "far.proto";
      message A { optional B b = 1; optional other.Far far = 2; optional .other.Where place = 3; message B { optional int32 inner = 1; } }
      message B { optional string outer = 1; }`
    const engine = messageEngine(planOf('b.inner: keep\nfar.x: keep\nplace: keep'), OPTIONS, PROTO_FORM)
    engine.learn({
      known: [{ id: 1, part: 'value', schema: { text: source, references, names: ['far.proto'] } }],
      forgotten: [],
    })
    const payload = Buffer.from([0x0a, 2, 0x08, 7, 0x12, 3, 0x0a, 1, 0x61, 0x18, 1])
    expect(outcomesOf(engine, [framedProto(payload)])).toEqual([
      { value: { b: { inner: 7 }, far: { x: 'a' }, place: 'THERE' } },
    ])
  })

  it.each([
    ['no text', ''],
    ['another text', '{"type":"object","title":"ZqCanary"}'],
    ['one cut short', 'message ZqCanary { int32 a = 1;'],
    ['a type that is not there', 'message A { ZqCanary a = 1; }'],
    ['an import that is not there, of a type', 'import "x.proto"; message A { optional x.ZqCanary a = 1; }'],
    ['another syntax', 'syntax = "proto9"; message ZqCanary {}'],
    ['an edition', 'edition = "2023"; message A { string ZqCanary = 1; }'],
    ['no message', 'syntax = "proto3"; enum E { ZqCanary = 0; }'],
    ['base64 of something else', Buffer.from('ZqCanary').toString('base64')],
    ['one that nests without end', 'message A { '.repeat(80_000)],
    [
      'fields without end',
      `message A { ${Array.from({ length: 21_000 }, (_, at) => `optional int32 f${at} = ${at + 1};`).join('')} }`,
    ],
  ])('is refused: %s', (_, source) => {
    expect(codeOf(text(source))).toBe('schema-refused')
  })

  it('takes time by its length, whatever its comments and quotes are', () => {
    const message = 'message A { optional string s = 1; }'
    const comments = '/* a */\n'.repeat(1000)
    expect(codeOf(text(`${comments}package x; ${message}`))).toBeUndefined()
    expect(codeOf(text(`${comments}// b\nsyntax /* c */ = "proto3";\npackage x; ${message}`))).toBeUndefined()
    for (const one of ['"\\', "'\\", '/*', '"a', '/**/'])
      codeOf(text(`syntax = "proto3"; ${one.repeat(200_000)}`))
  }, 20_000)

  it('has no more statements and entries of lists than are parsed, wherever quotes and comments seem to hide them', () => {
    const many = (count: number, of: (at: number) => string): string =>
      Array.from({ length: count }, (_, at) => of(at)).join('')
    const messages = many(11_000, (at) => `message M${at} { string s = 1; }`)
    const entries = many(6000, (at) => `${at * 2 + 2}, `)
    const values = many(6000, (at) => `a: ${at} `)
    for (const one of [
      messages,
      `option (a) = "\n/*"; ${messages} option (b) = "*/";`,
      `message A { reserved ${entries} 1; }`,
      `message A {} option (a) = { ${values} };`,
    ])
      expect(codeOf(text(`syntax = "proto3"; ${one}`))).toBe('schema-refused')
  })

  it('has no more fields in one message, and in all of its texts, than are parsed soon', () => {
    const fields = (count: number): string =>
      Array.from({ length: count }, (_, at) => `string f${at} = ${at + 1};`).join('')
    const message = (name: string, body: string): string => `/* enum */ message ${name} { ${body} }`
    const symbols = Array.from({ length: 4000 }, (_, at) => `S${at} = ${at};`).join('')
    const proto3 = (...parts: readonly string[]): string => `syntax = "proto3"; ${parts.join(' ')}`
    expect(codeOf(text(proto3(message('M', fields(2000)))))).toBeUndefined()
    expect(
      codeOf(text(proto3(message('M', `string s = 1;`), `// E\n enum E { ${symbols} }`))),
    ).toBeUndefined()
    for (const one of [fields(2001), `oneof o { ${fields(2001)} }`, `message N { ${fields(2001)} }`])
      expect(codeOf(text(proto3(message('M', one))))).toBe('schema-refused')
    const references = Array.from({ length: 10 }, (_, at) => proto3(message(`R${at}`, fields(1999))))
    const names = references.map((_, at) => `r${at}.proto`)
    expect(() => readProtoSchema({ text: proto3(message('M', 'string s = 1;')), references, names })).toThrow(
      'its texts have more than 10000 statements',
    )
  })

  it('has the names of groups as protoc has them, and tells groups from other fields of their types', () => {
    const engine = protoEngine(planOf('mygroup.URL: keep\n"others[].URL": keep'), [
      'message M { optional group MyGroup = 1 { optional string URL = 2; } repeated MyGroup others = 3; }',
    ])
    const payload = Buffer.from([0x0b, 0x12, 1, 0x61, 0x0c, 0x1a, 3, 0x12, 1, 0x62])
    expect(outcomesOf(engine, [framedProto(payload)])).toEqual([
      { value: { mygroup: { URL: 'a' }, others: [{ URL: 'b' }] } },
    ])
  })

  it('may import a file of any name', () => {
    const schema = {
      text: 'syntax = "proto3"; import "main.proto"; message M { A a = 1; }',
      references: ['syntax = "proto3"; message A { string s = 1; }'],
      names: ['main.proto'],
    }
    expect(readProtoSchema(schema).messages[0]!.type.fields[0]!.type.fields[0]!.name).toBe('s')
  })

  it('that is too large is refused before it is read', () => {
    expect(codeOf(text(`// ${'x'.repeat(1 << 20)}\nmessage A {}`))).toBe('schema-too-large')
  })
})

/** `confluent.field_meta = { tags: ["PII.x"] }`, as bytes of unknown options. */
const tagged = (tag: string) => {
  const meta = Buffer.from([0x1a, tag.length, ...Buffer.from(tag)])
  return fromBinary(FieldOptionsSchema, Buffer.concat([Buffer.from([0x82, 0x44, meta.length]), meta]))
}

describe('what a schema of Protobuf says of a path', () => {
  const source = `syntax = "proto3"; package p; import "confluent/meta.proto";
    message M {
      int64 id = 1 [(confluent.field_meta).tags = "PII.id"];
      repeated Tree trees = 2;
      map<string, double> sizes = 3;
      message Tree { string leaf = 1 [(confluent.field_meta) = { tags: ["PII.leaf", "X"] }]; Tree next = 2; }
    }`
  const plan: Plan = planOf(
    'id: keep\n"trees[]": { use: keep.subtree, accept: "wanted in this test" }\nsizes.a: keep\nother: keep',
  )
  const found = (schema: string) =>
    readWriterSchema('protobuf', { kind: 'PROTOBUF', text: schema, references: [] })

  it('is whether it names it, of which type it is, and which tags it has', () => {
    const schema = found(source)
    expect(plan.fields.map(({ from }) => schema.has(from.segments))).toEqual([true, true, true, false])
    expect(plan.fields.map(({ from }) => schema.typesAt(from.segments))).toEqual([
      JsonType.integer,
      JsonType.object,
      JsonType.integer | JsonType.number,
      0,
    ])
    expect(schema.keptTags(plan)).toEqual([
      { path: 'id', tags: ['PII.id'] },
      { path: 'trees[]', tags: ['PII.leaf', 'X'] },
    ])
    expect(() => readWriterSchema('protobuf', { kind: 'AVRO', text: '"string"', references: [] })).toThrow(
      SchemaFault,
    )
  })

  it('is the same of a descriptor', () => {
    const file = create(FileDescriptorProtoSchema, {
      name: 'x.proto',
      syntax: 'proto3',
      messageType: [
        { name: 'M', field: [{ name: 'id', number: 1, label: 1, type: 3, options: tagged('PII.id') }] },
      ],
    })
    expect(createFileRegistry(file, () => undefined).getMessage('M')).toBeDefined()
    const schema = Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString('base64')
    expect(found(schema).keptTags(plan)).toEqual([{ path: 'id', tags: ['PII.id'] }])
  })
})

describe('messages of Protobuf that leave as framed JSON', () => {
  const source =
    'syntax = "proto3"; message M { int64 id = 1; string kind = 2; repeated int32 list = 3; } message Other { string kind = 2; }'
  const plan = planOf('id: { use: hash.hmac, domain: id }\nkind: keep\n"list[]": keep')

  it('have a schema that follows from their first message, and are of that', () => {
    const output = outputSchemaOf(plan, text(source), 'protobuf', 'framed-json')
    expect(JSON.parse(output)).toMatchObject({
      properties: { id: { type: 'string' }, kind: { type: 'string' }, list: { items: { type: 'integer' } } },
    })
    const engine = protoEngine(plan, [], { ...PROTO_FORM, output: 'framed-json' })
    engine.learn({
      known: [{ id: 1, part: 'value', schema: text(source), output: { id: 9, text: output } }],
      forgotten: [],
    })
    const payload = Buffer.from([0x12, 1, 0x61])
    const read = (bytes: Uint8Array): unknown => [
      bytes[4],
      JSON.parse(Buffer.from(bytes.subarray(5)).toString('utf8')).kind,
    ]
    expect(outcomesOf(engine, [framedProto(payload), framedProto(payload, [2, 2])], read)).toMatchObject([
      { value: [9, 'a'] },
      { code: 'output-unwritable' },
    ])
  })
})
