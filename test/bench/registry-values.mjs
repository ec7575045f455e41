/** Events as messages of Avro and Protobuf in the frames of a schema registry, with schemas that follow from the events. */
import { create, createFileRegistry, fromJson, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import avsc from 'avsc'

/** The id of the schema that all messages name. */
export const SCHEMA_ID = 7
const FRAME = Buffer.from([0, 0, 0, 0, SCHEMA_ID])

/** The schema of these values: fields that some lack may be null, whole numbers are long. */
export function schemaOf(values, name) {
  const there = values.filter((value) => value !== null && value !== undefined)
  const kinds = new Set(there.map((value) => (Array.isArray(value) ? 'array' : typeof value)))
  if (kinds.size !== 1) throw new Error(`${name}: of several kinds`)
  const [kind] = kinds
  let type = kind
  if (kind === 'number') type = there.every(Number.isInteger) ? 'long' : 'double'
  else if (kind === 'array') type = { type: 'array', items: schemaOf(there.flat(), `${name}_item`) }
  else if (kind === 'object') {
    const names = [...new Set(there.flatMap(Object.keys))]
    const fields = names.map((field) => ({
      name: field,
      type: schemaOf(
        there.map((value) => value[field]),
        `${name}_${field}`,
      ),
    }))
    type = { type: 'record', name, fields }
  }
  return there.length < values.length ? ['null', type] : type
}

/** Absent members are null. */
function complete(value, of) {
  if (of instanceof avsc.types.UnwrappedUnionType)
    return value == null
      ? null
      : complete(
          value,
          of.types.find(({ typeName }) => typeName !== 'null'),
        )
  if (of.typeName === 'array') return value.map((item) => complete(item, of.itemsType))
  if (of.typeName !== 'record') return value
  return Object.fromEntries(of.fields.map((field) => [field.name, complete(value[field.name], field.type)]))
}

/** `records` as messages of Avro; `text`: of their schema, as a registry has it. */
export function avroValues(records, schema) {
  const type = avsc.Type.forSchema(schema, { wrapUnions: false })
  const values = records.map((record) => Buffer.concat([FRAME, type.toBuffer(complete(record, type))]))
  return { values, text: JSON.stringify(schema) }
}

/** The messages of Protobuf for a record of Avro: what may be null is optional. */
function messageOf({ name, fields }) {
  const nestedType = []
  const oneofDecl = []
  const field = fields.map(({ name: fieldName, type }, at) => {
    const isOptional = Array.isArray(type)
    const inner = isOptional ? type[1] : type
    const isList = inner.type === 'array'
    const item = isList ? inner.items : inner
    const made = { name: fieldName, number: at + 1, label: isList ? 3 : 1 }
    if (typeof item === 'object') {
      nestedType.push(messageOf(item))
      return { ...made, type: 11, typeName: item.name }
    }
    made.type = { string: 9, long: 3, double: 1, boolean: 8 }[item]
    if (!isOptional || isList) return made
    oneofDecl.push({ name: `_${fieldName}` })
    return { ...made, proto3Optional: true, oneofIndex: oneofDecl.length - 1 }
  })
  return { name, field, nestedType, oneofDecl }
}

/** Names of types from the root on. */
function qualify(message, scope) {
  const own = `${scope}.${message.name}`
  for (const field of message.field) if (field.typeName) field.typeName = `${own}.${field.typeName}`
  for (const inner of message.nestedType) qualify(inner, own)
  return message
}

/** The same of Protobuf, with the schema of Avro as its model. */
export function protobufValues(records, schema) {
  const file = create(FileDescriptorProtoSchema, {
    name: 'event.proto',
    syntax: 'proto3',
    messageType: [qualify(messageOf(schema), '')],
  })
  const [desc] = createFileRegistry(file, () => undefined).getFile('event.proto').messages
  const bare = (value) => JSON.parse(JSON.stringify(value, (_, one) => (one === null ? undefined : one)))
  const values = records.map((record) =>
    Buffer.concat([FRAME, Buffer.from([0]), toBinary(desc, fromJson(desc, bare(record)))]),
  )
  return { values, text: Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString('base64') }
}
