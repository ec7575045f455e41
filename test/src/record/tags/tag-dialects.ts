/** Evolved schemas and their records as each format has them. */
import protobufjs from 'protobufjs'
import type { Part, PartField } from './tag-evolution.ts'

type RecordPart = Part & { readonly kind: 'record' }

export interface Written {
  readonly schema: unknown
  readonly value: unknown
}

const tagged = (tags: readonly string[]): object => (tags.length === 0 ? {} : { 'confluent:tags': tags })

// Avro

function avroType(part: Part, tags: readonly string[]): unknown {
  switch (part.kind) {
    case 'text':
      if (part.form === 'plain') return tags.length === 0 ? 'string' : { type: 'string', ...tagged(tags) }
      return part.form === 'nullable' ? ['null', 'string'] : ['string', 'null', 'int']
    case 'record':
      return avroSchema(part)
    case 'array':
      return { type: 'array', items: avroType(part.item, []) }
    case 'map':
      return { type: 'map', values: avroType(part.item, []) }
    default:
      return ['null', 'string', avroSchema(part.item)]
  }
}

const avroSchema = ({ name, fields }: RecordPart): unknown => ({
  type: 'record',
  name,
  fields: fields.map(({ name: field, part, tags, isByType }) => ({
    name: field,
    type: avroType(part, isByType ? tags : []),
    ...tagged(isByType ? [] : tags),
  })),
})

function avroValue(part: Part): unknown {
  switch (part.kind) {
    case 'text':
      return part.form === 'plain' ? part.value : { string: part.value }
    case 'record':
      return recordValue(part, avroValue)
    case 'array':
      return [avroValue(part.item), avroValue(part.item)]
    case 'map':
      return { [part.name]: avroValue(part.item) }
    default:
      return { [part.item.name]: avroValue(part.item) }
  }
}

const recordValue = ({ fields }: RecordPart, of: (part: Part) => unknown): object =>
  Object.fromEntries(fields.map(({ name, part }) => [name, of(part)]))

export const asAvro = (record: RecordPart): Written => ({
  schema: avroSchema(record),
  value: avroValue(record),
})

// JSON Schema

/** A tag may stand at the member, at what it refers to, or at one of several schemas that hold for it. */
class JsonDialect {
  readonly definitions: Record<string, unknown> = {}

  member({ name, part, tags, isByType }: PartField): unknown {
    const type = this.type(part)
    if (isByType) {
      this.definitions[name] = { ...type, ...tagged(tags) }
      return { $ref: `#/definitions/${name}` }
    }
    if (tags.length > 0 && part.kind === 'record') return { allOf: [type, tagged(tags)] }
    return { ...type, ...tagged(tags) }
  }

  type(part: Part): object {
    switch (part.kind) {
      case 'text':
        if (part.form === 'plain') return { type: 'string' }
        return part.form === 'nullable'
          ? { type: ['null', 'string'] }
          : { oneOf: [{ type: 'null' }, { type: 'string' }, { type: 'integer' }] }
      case 'record':
        return {
          type: 'object',
          properties: Object.fromEntries(part.fields.map((field) => [field.name, this.member(field)])),
        }
      case 'array':
        return { type: 'array', items: this.type(part.item) }
      case 'map':
        return { type: 'object', additionalProperties: this.type(part.item) }
      default:
        return { anyOf: [{ type: 'null' }, { type: 'string' }, this.type(part.item)] }
    }
  }
}

function jsonValue(part: Part): unknown {
  switch (part.kind) {
    case 'text':
      return part.value
    case 'record':
      return recordValue(part, jsonValue)
    case 'array':
      return [jsonValue(part.item), jsonValue(part.item)]
    case 'map':
      return { [part.name]: jsonValue(part.item) }
    default:
      return jsonValue(part.item)
  }
}

export function asJson(record: RecordPart): Written {
  const dialect = new JsonDialect()
  const schema = dialect.type(record)
  return { schema: { ...schema, definitions: dialect.definitions }, value: jsonValue(record) }
}

// Protobuf

/** Lists of lists and the like are messages of one field. */
class ProtoDialect {
  readonly messages: string[] = []
  #names = 0

  message({ name, fields }: RecordPart, isRoot = false): string {
    const lines = fields.map(({ name: field, part, tags }, at) => {
      const option = tags.map((tag) => `(confluent.field_meta).tags = "${tag}"`).join(', ')
      const end = `${field} = ${at + 1}${option === '' ? '' : ` [${option}]`};`
      if (part.kind === 'text' && part.form === 'either')
        return `oneof one_${field} { string ${end} int32 n${field} = ${at + 1001}; }`
      const label = part.kind === 'text' && part.form === 'nullable' ? 'optional ' : ''
      return `${label}${this.#type(part)} ${end}`
    })
    const text = `message ${name} { ${lines.join('\n')} }`
    if (isRoot) this.messages.unshift(text)
    else this.messages.push(text)
    return name
  }

  #type(part: Part): string {
    switch (part.kind) {
      case 'text':
        return 'string'
      case 'array':
        return `repeated ${this.#inside(part.item)}`
      case 'map':
        return `map<string, ${this.#inside(part.item)}>`
      case 'record':
        return this.message(part)
      default:
        return this.message(part.item)
    }
  }

  #inside(part: Part): string {
    if (part.kind !== 'array' && part.kind !== 'map') return this.#type(part)
    const name = `W${++this.#names}`
    this.messages.push(`message ${name} { ${this.#type(part)} w = 1; }`)
    return name
  }
}

function protoValue(part: Part): unknown {
  const inside = (item: Part): unknown =>
    item.kind === 'array' || item.kind === 'map' ? { w: protoValue(item) } : protoValue(item)
  switch (part.kind) {
    case 'text':
      return part.value
    case 'record':
      return recordValue(part, protoValue)
    case 'array':
      return [inside(part.item), inside(part.item)]
    case 'map':
      return { [part.name]: inside(part.item) }
    default:
      return protoValue(part.item)
  }
}

/** `value`: bytes, of another implementation. */
export function asProtobuf(record: RecordPart): { readonly schema: string; readonly value: Uint8Array } {
  const dialect = new ProtoDialect()
  dialect.message(record, true)
  const schema = `syntax = "proto3";\nimport "confluent/meta.proto";\n${dialect.messages.join('\n')}`
  const type = protobufjs.parse(schema, { keepCase: true }).root.lookupType(record.name)
  return { schema, value: type.encode(type.fromObject(protoValue(record) as object)).finish() }
}
