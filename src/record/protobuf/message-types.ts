/** From descriptors to the types that a reader goes by. */
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf'
import { SchemaFault } from '../schema-text.ts'
import type { OuterTagsOf } from '../tags/outer-tags.ts'
import { Leaf, Wire } from './proto-leaf.ts'
import type { ProtoTags } from './proto-tags.ts'
import {
  leafType,
  MOST_POSITIONS,
  NULL,
  newType,
  type ProtoField,
  type ProtoMessage,
  type ProtoType,
  SCALARS,
  wellKnown,
} from './proto-type.ts'

/** Makes the types of messages, each once. */
export class MessageTypes {
  readonly #tags: ProtoTags
  readonly #outer: OuterTagsOf
  readonly #types = new Map<string, ProtoType>()

  constructor(tags: ProtoTags, outer: OuterTagsOf) {
    this.#tags = tags
    this.#outer = outer
  }

  message(message: DescMessage): ProtoMessage {
    return {
      type: this.#message(message),
      nested: message.nestedMessages.map((one) => this.message(one)),
    }
  }

  #message(message: DescMessage): ProtoType {
    const { typeName } = message
    const known = this.#types.get(typeName) ?? wellKnown(typeName)
    if (known !== undefined) return known
    const made = newType('record', { name: typeName, tags: this.#tagsOf(typeName) })
    this.#types.set(typeName, made)
    made.byNumber = new Map(message.fields.map(({ number }, at) => [number, at]))
    const most = message.fields.reduce((top, { number }) => Math.max(top, number), 0)
    made.positions = new Int32Array(Math.min(most + 1, MOST_POSITIONS)).fill(-1)
    for (const [number, at] of made.byNumber) if (number < made.positions.length) made.positions[number] = at
    made.oneofs = message.oneofs.length
    made.fields = message.fields.map((field): ProtoField => {
      const type = this.#field(field)
      const { oneof } = field
      return {
        name: field.name,
        number: field.number,
        type,
        isImplicit: field.fieldKind === 'list' || field.fieldKind === 'map' || field.presence === IMPLICIT,
        isLast: field.fieldKind === 'scalar' || field.fieldKind === 'enum',
        oneof: oneof === undefined ? -1 : message.oneofs.indexOf(oneof),
        tags: this.#tagsOf(`${typeName}.${field.name}`),
      }
    })
    return made
  }

  #tagsOf(name: string): readonly string[] {
    return [...(this.#tags.get(name) ?? []), ...this.#outer.of(name)]
  }

  #field(field: DescField): ProtoType {
    switch (field.fieldKind) {
      case 'list':
        return newType('array', {
          item:
            field.listKind === 'scalar'
              ? leafType(...SCALARS[field.scalar]!)
              : field.listKind === 'enum'
                ? this.#enum(field.enum)
                : this.#inWire(field.message, field.delimitedEncoding),
        })
      case 'map':
        return newType('map', {
          key: leafType(...SCALARS[field.mapKey]!),
          item:
            field.mapKind === 'scalar'
              ? leafType(...SCALARS[field.scalar]!)
              : field.mapKind === 'enum'
                ? this.#enum(field.enum)
                : this.#message(field.message),
        })
      case 'enum':
        return this.#enum(field.enum)
      case 'message':
        return this.#inWire(field.message, field.delimitedEncoding)
      default:
        return leafType(...SCALARS[field.scalar]!)
    }
  }

  /** A message, which may stand as a group. */
  #inWire(message: DescMessage, isGroup: boolean): ProtoType {
    const type = this.#message(message)
    if (!isGroup) return type
    if (type.kind !== 'record')
      throw new SchemaFault('schema-refused', 'a type of google.protobuf stands as a group')
    const key = `${message.typeName} group`
    const known = this.#types.get(key)
    if (known !== undefined) return known
    // The fields of a message that is being read come later.
    const made = newType('record', { name: type.name, wire: Wire.group, tags: type.tags })
    Object.defineProperties(made, {
      fields: { get: () => type.fields },
      byNumber: { get: () => type.byNumber },
      positions: { get: () => type.positions },
      oneofs: { get: () => type.oneofs },
    })
    this.#types.set(key, made)
    return made
  }
  #enum({ typeName, values }: DescEnum): ProtoType {
    if (typeName === 'google.protobuf.NullValue') return NULL
    const known = this.#types.get(typeName)
    if (known !== undefined) return known
    const symbols = new Map<number, Uint8Array>()
    // Of several names of one number the first is its name.
    for (const { number, name } of values)
      if (!symbols.has(number)) symbols.set(number, new Uint8Array(Buffer.from(name)))
    const tags = this.#tagsOf(typeName)
    const made = newType('leaf', { leaf: Leaf.enum, wire: Wire.varint, symbols, name: typeName, tags })
    this.#types.set(typeName, made)
    return made
  }
}

/** FeatureSet.FieldPresence. */
const IMPLICIT = 2
