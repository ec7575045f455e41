/** Engines over messages of Protobuf, random schemas and messages, and what another implementation of Protobuf makes of them. */
import {
  createFileRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf'
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'
import {
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import type { MessageEngine } from '../../../../src/engine/message-engine.ts'
import type { Plan } from '../../../../src/policy/plan.ts'
import type { KnownSchema } from '../../../../src/record/schema-text.ts'
import { PLAIN_FORM, type WireForm } from '../../../../src/record/wire-form.ts'
import { messageEngine } from '../../../../src/run/engines.ts'

export const PROTO_FORM: WireForm = {
  ...PLAIN_FORM,
  value: { format: 'protobuf', framing: 'confluent', inner: 'none' },
}
export const OPTIONS = { now: 0, compacted: false, keyRules: [] } as const

/** Behind the frame of schema 1: the first message. */
export const framedProto = (payload: Uint8Array, indexes: readonly number[] = [0], id = 1): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 0, id, ...indexes]), payload])

export const textOf = (text: string): KnownSchema['schema'] => ({ text, references: [] })

export function protoEngine(
  plan: Plan,
  texts: readonly string[],
  form: WireForm = PROTO_FORM,
): MessageEngine {
  const engine = messageEngine(plan, OPTIONS, form)
  engine.learn({
    known: texts.map((text, at) => ({ id: at + 1, part: 'value', schema: textOf(text) })),
    forgotten: [],
  })
  return engine
}

export const descriptorText = (file: FileDescriptorProto): string =>
  Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString('base64')

const WELL_KNOWN = [
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  file_google_protobuf_struct,
]

/** The first message of a file, as the other implementation knows it. */
export function firstMessage(file: FileDescriptorProto): DescMessage {
  const registry = createFileRegistry(
    file,
    (name) => WELL_KNOWN.find((one) => `${one.name}.proto` === name)?.proto,
  )
  return registry.getFile(file.name)!.messages[0]!
}

// What JSON says of a message

const shortest = (float: number): string => {
  if (Number.isInteger(float) && Math.abs(float) < 2 ** 31) return String(float + 0)
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits))
    if (Math.fround(short) === float) return String(short)
  }
  return String(Number(float.toPrecision(9)))
}

function scalarText(type: ScalarType, value: unknown): string {
  if (type === ScalarType.STRING) return JSON.stringify(value)
  if (type === ScalarType.BYTES) return JSON.stringify(Buffer.from(value as Uint8Array).toString('base64'))
  if (type === ScalarType.FLOAT) return shortest(value as number)
  return Object.is(value, -0) ? '0' : String(value)
}

const enumText = (
  field: { readonly enum: { readonly value: Record<number, { readonly name: string } | undefined> } },
  value: unknown,
): string => {
  const symbol = field.enum.value[value as number]
  return symbol === undefined ? String(value) : JSON.stringify(symbol.name)
}

function wellKnownText(message: ReflectMessage): string | undefined {
  const { typeName } = message.desc
  if (!typeName.startsWith('google.protobuf.')) return undefined
  const raw = message.message as unknown as Record<string, unknown>
  if (typeName.endsWith('.Timestamp')) {
    const nanos = raw['nanos'] as number
    const time = new Date(Number(raw['seconds']) * 1000).toISOString().slice(0, 19)
    const digits = String(nanos).padStart(9, '0')
    const short =
      nanos === 0
        ? ''
        : `.${nanos % 1e6 === 0 ? digits.slice(0, 3) : nanos % 1000 === 0 ? digits.slice(0, 6) : digits}`
    return JSON.stringify(`${time}${short}Z`)
  }
  if (typeName.endsWith('.StringValue')) return JSON.stringify(raw['value'])
  if (typeName.endsWith('.Int64Value')) return String(raw['value'])
  return undefined
}

/** The JSON of a message: names as the schema has them, and values that have no presence of their own. */
export function jsonOf(message: ReflectMessage): string {
  const known = wellKnownText(message)
  if (known !== undefined) return known
  const members = message.desc.fields.flatMap((field) => {
    const text = memberText(message, field)
    return text === undefined ? [] : [`${JSON.stringify(field.name)}:${text}`]
  })
  return `{${members.join(',')}}`
}

function memberText(message: ReflectMessage, field: DescField): string | undefined {
  switch (field.fieldKind) {
    case 'list': {
      const items = [...message.get(field)].map((item) =>
        field.listKind === 'scalar'
          ? scalarText(field.scalar, item)
          : field.listKind === 'enum'
            ? enumText(field, item)
            : jsonOf(item as ReflectMessage),
      )
      return `[${items.join(',')}]`
    }
    case 'map': {
      const items = [...message.get(field)].map(([key, item]) => {
        const text =
          field.mapKind === 'scalar'
            ? scalarText(field.scalar, item)
            : field.mapKind === 'enum'
              ? enumText(field, item)
              : jsonOf(item as ReflectMessage)
        return `${JSON.stringify(String(key))}:${text}`
      })
      return `{${items.join(',')}}`
    }
    default: {
      const isImplicit = field.presence === 2
      if (!isImplicit && !message.isSet(field)) return undefined
      if (field.fieldKind === 'message') return jsonOf(message.get(field))
      const value = message.get(field) as unknown
      return field.fieldKind === 'enum' ? enumText(field, value) : scalarText(field.scalar, value)
    }
  }
}

/** The JSON of bytes; undefined where the other implementation finds no message in them. */
export function jsonOfBytes(desc: DescMessage, bytes: Uint8Array): string | undefined {
  let message: Message
  try {
    message = fromBinary(desc, bytes)
  } catch {
    return undefined
  }
  return jsonOf(reflect(desc, message))
}

// Random schemas

const SCALAR_TYPES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 16, 17, 18]
const KEY_TYPES = [3, 4, 5, 6, 7, 8, 9, 13, 15, 16, 17, 18]

type FieldInit = Partial<Omit<FieldDescriptorProto, '$typeName' | '$unknown' | 'options'>> & {
  options?: { packed?: boolean }
}

const fieldKind = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...SCALAR_TYPES).map((type) => ({ type })) },
  { weight: 1, arbitrary: fc.constant({ type: 14, typeName: '.p.E' }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        '.p.M.Inner',
        '.p.M',
        '.google.protobuf.Timestamp',
        '.google.protobuf.StringValue',
        '.google.protobuf.Int64Value',
      )
      .map((typeName) => ({ type: 11, typeName })),
  },
)

const mapKind = fc.record({ key: fc.constantFrom(...KEY_TYPES), value: fieldKind })

interface Entry {
  readonly name: string
  readonly field: FieldInit[]
  readonly options: { readonly mapEntry: true }
}

/** Fields of a message, and the entries of its maps. */
const fields = (scope: string) =>
  fc
    .array(
      fc.record({
        kind: fieldKind,
        form: fc.constantFrom('one', 'one', 'list', 'unpacked', 'optional', 'oneof', 'map'),
        map: mapKind,
      }),
      { minLength: 1, maxLength: 9 },
    )
    .map((made) => {
      const nestedType: Entry[] = []
      const optionals = made.flatMap(({ form }, at) => (form === 'optional' ? [at] : []))
      const field = made.map(({ kind, form, map }, at): FieldInit => {
        const name = `f_${at}`
        const number = at === 3 ? 2000 : at + 1
        if (form === 'map') {
          const entry = `F${at}Entry`
          nestedType.push({
            name: entry,
            field: [
              { name: 'key', number: 1, label: 1, type: map.key },
              { name: 'value', number: 2, label: 1, ...map.value },
            ],
            options: { mapEntry: true },
          })
          return { name, number, label: 3, type: 11, typeName: `${scope}.${entry}` }
        }
        const isList = form === 'list' || form === 'unpacked'
        return {
          name,
          number,
          label: isList ? 3 : 1,
          ...kind,
          ...(form === 'unpacked' && kind.type !== 9 && kind.type !== 12 && kind.type !== 11
            ? { options: { packed: false } }
            : {}),
          ...(form === 'oneof' ? { oneofIndex: 0 } : {}),
          ...(form === 'optional' ? { proto3Optional: true, oneofIndex: 1 + optionals.indexOf(at) } : {}),
        }
      })
      const oneofDecl = [{ name: 'choice' }, ...optionals.map((at) => ({ name: `_f_${at}` }))]
      // A oneof has a field.
      if (!made.some(({ form }) => form === 'oneof'))
        field.push({ name: 'only', number: 100, label: 1, type: 9, oneofIndex: 0 })
      return { field, nestedType, oneofDecl }
    })

/** Files of proto3 whose first message is `p.M`. */
export const protoFile: fc.Arbitrary<MessageInitShape<typeof FileDescriptorProtoSchema>> = fc
  .record({ outer: fields('.p.M'), inner: fields('.p.M.Inner') })
  .map(({ outer, inner }) => ({
    name: 'random.proto',
    package: 'p',
    syntax: 'proto3',
    dependency: ['google/protobuf/timestamp.proto', 'google/protobuf/wrappers.proto'],
    enumType: [
      {
        name: 'E',
        value: [
          { name: 'NONE', number: 0 },
          { name: 'SOME', number: 1 },
          { name: 'LEAST', number: -1 },
        ],
      },
    ],
    messageType: [{ name: 'M', ...outer, nestedType: [{ name: 'Inner', ...inner }, ...outer.nestedType] }],
  }))
