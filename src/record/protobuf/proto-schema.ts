/**
 * Reads schemas of Protobuf into a tree of types. A registry holds them as .proto text, or as a FileDescriptorProto in base64:
 * the parser of `protobufjs` reads the one, and `@bufbuild/protobuf` the other, which resolves names and features for both.
 */
import { createRequire } from 'node:module'
import type * as Bufbuild from '@bufbuild/protobuf'
import type { DescField, DescFile, DescMessage } from '@bufbuild/protobuf'
import type * as Wkt from '@bufbuild/protobuf/wkt'
import { SchemaFault, type SchemaText } from '../schema-text.ts'
import { Leaf, Wire } from './proto-leaf.ts'
import { marksOf } from './proto-marks.ts'
import {
  collectNames,
  isDescriptorText,
  type ProtoNames,
  type ProtoTags,
  parseProtoText,
  refuseLarge,
  tagsOfDescriptor,
} from './proto-text.ts'

export interface ProtoField {
  /** As the schema has it. */
  readonly name: string
  readonly number: number
  readonly type: ProtoType
  /** Whether absence on the wire means the default value: the field has no presence of its own. */
  readonly isImplicit: boolean
  /** Whether a later value takes the place of the one before, in place of being merged with it or added to it. */
  readonly isLast: boolean
  /** Position of its oneof; -1 where it is in none. */
  readonly oneof: number
  /** Of `confluent.field_meta`. */
  readonly tags: readonly string[]
}

/**
 * A type of values. `leaf`: one text. `list`: occurrences are elements. `map`: occurrences are entries. `struct`, `listValue`
 * and `dynamic`: messages that stand for JSON (google/protobuf/struct.proto).
 */
export interface ProtoType {
  readonly kind: 'leaf' | 'message' | 'list' | 'map' | 'struct' | 'listValue' | 'dynamic'
  /** Of a leaf: one of `Leaf`. */
  readonly leaf: number
  /** Of a wrapper: what is in it. */
  readonly wrapped: ProtoType | undefined
  /** Of enums: symbols by number. */
  readonly symbols: ReadonlyMap<number, Uint8Array>
  /** The wire type of one value, when it is not packed. */
  readonly wire: number
  /** Of a message. */
  readonly name: string
  fields: readonly ProtoField[]
  /** Position in `fields` by number of the field. */
  byNumber: ReadonlyMap<number, number>
  /** The same for the first numbers; -1: no field. */
  positions: Int32Array
  /** How many oneofs a message has. */
  oneofs: number
  /** Of a list, map, struct or listValue. */
  item: ProtoType | undefined
  /** Of a map. */
  readonly key: ProtoType | undefined
  /** Of a dynamic value: null, number, text, boolean, struct, list; by number of the field, from 1 on. */
  branches: readonly ProtoType[]
}

/** A file: its messages in the order of message indexes, and those in them. */
export interface ProtoMessage {
  readonly type: ProtoType
  readonly nested: readonly ProtoMessage[]
}

export interface ProtoFile {
  readonly messages: readonly ProtoMessage[]
}

/** Bytes of a schema, references included; messages, fields and symbols in it. */
const MOST_BYTES = 1 << 20
const MOST_PARTS = 20_000
const MOST_DEPTH = 64

const refused = (message: string): SchemaFault => new SchemaFault('schema-refused', message)

/** Few runs need the packages: they are loaded by the first schema. */
interface Library {
  readonly protobuf: typeof Bufbuild
  readonly wkt: typeof Wkt
  /** By the name that an import has. */
  readonly files: ReadonlyMap<string, DescFile>
}
let loaded: Library | undefined
function library(): Library {
  if (loaded !== undefined) return loaded
  const require = createRequire(import.meta.url)
  const protobuf = require('@bufbuild/protobuf') as typeof Bufbuild
  const wkt = require('@bufbuild/protobuf/wkt') as typeof Wkt
  const files = new Map<string, DescFile>()
  for (const one of Object.values(wkt) as readonly unknown[])
    if (typeof one === 'object' && one !== null && 'kind' in one && one.kind === 'file')
      files.set(`${(one as DescFile).name}.proto`, one as DescFile)
  loaded = { protobuf, wkt, files }
  return loaded
}

/** The schema itself: no import names it so. */
const MAIN = '\0.proto'

/**
 * Reads a schema.
 * @throws SchemaFault where it is not Protobuf, or beyond what is taken
 */
export function readProtoSchema({ text, references, names = [] }: SchemaText): ProtoFile {
  const size = references.reduce((sum, one) => sum + one.length, text.length)
  if (size > MOST_BYTES)
    throw new SchemaFault('schema-too-large', 'with its references it is longer than 1024 KiB')
  try {
    return readFile([...references, text], [...names, MAIN])
  } catch (error) {
    if (error instanceof SchemaFault) throw error
    // The words of the libraries may quote the text; one that nests without end ends the stack.
    throw refused('it is not a valid Protobuf schema')
  }
}

function readFile(texts: readonly string[], names: readonly string[]): ProtoFile {
  const { protobuf, wkt, files } = library()
  const tags: ProtoTags = new Map()
  const typeNames: ProtoNames = new Map()
  for (const { proto } of files.values()) collectNames(proto, typeNames)
  const marks = texts.map((one) => (isDescriptorText(one) ? undefined : marksOf(one)))
  refuseLarge(marks.filter((one) => one !== undefined))
  const read = texts.map((one, at) => {
    const name = names[at] ?? `reference-${at}.proto`
    const first = marks[at]?.first
    if (first !== undefined) {
      const parts = parseProtoText({ name, text: one, first }, typeNames, tags)
      return protobuf.create(wkt.FileDescriptorProtoSchema, parts)
    }
    const bytes = new Uint8Array(Buffer.from(one, 'base64'))
    const file = protobuf.fromBinary(wkt.FileDescriptorProtoSchema, bytes)
    file.name = name
    collectNames(file, typeNames)
    tagsOfDescriptor(file, tags)
    return file
  })
  const known = new Map(read.map((file) => [file.name, file]))
  let parts = 0
  for (const file of read) {
    // What is imported and not there is needed for options alone; a type that is not there is found below.
    file.dependency = file.dependency.filter((name) => known.has(name) || files.has(name))
    file.publicDependency = []
    file.weakDependency = []
    parts += countParts(file.messageType, 0) + file.enumType.length
  }
  if (parts > MOST_PARTS) throw refused(`it has more than ${MOST_PARTS} messages and fields`)
  const main = read.at(-1)!
  const registry = protobuf.createFileRegistry(
    main,
    (name) => known.get(name) ?? files.get(name)?.proto ?? undefined,
  )
  const file = registry.getFile(main.name)
  if (file === undefined || file.messages.length === 0) throw refused('it defines no message')
  const reader = new Reader(tags)
  return { messages: file.messages.map((message) => reader.message(message)) }
}

interface Parts {
  readonly field: readonly unknown[]
  readonly nestedType: readonly Parts[]
  readonly enumType: readonly { readonly value: readonly unknown[] }[]
}

function countParts(messages: readonly Parts[], depth: number): number {
  if (depth > MOST_DEPTH) throw refused(`its messages nest more than ${MOST_DEPTH} deep`)
  return messages.reduce(
    (sum, { field, nestedType, enumType }) =>
      sum +
      1 +
      field.length +
      enumType.reduce((symbols, { value }) => symbols + value.length, 0) +
      countParts(nestedType, depth + 1),
    0,
  )
}

const NO_SYMBOLS: ReadonlyMap<number, Uint8Array> = new Map()
const NO_NUMBERS: ReadonlyMap<number, number> = new Map()
const NO_POSITIONS = new Int32Array(0)
/** Numbers of fields that have their places in an array. */
const MOST_POSITIONS = 1024

type Made = { -readonly [Name in keyof ProtoType]: ProtoType[Name] }

const newType = (kind: ProtoType['kind'], more: Partial<ProtoType> = {}): Made => ({
  kind,
  leaf: Leaf.none,
  wrapped: undefined,
  symbols: NO_SYMBOLS,
  wire: Wire.bytes,
  name: '',
  fields: [],
  byNumber: NO_NUMBERS,
  positions: NO_POSITIONS,
  oneofs: 0,
  item: undefined,
  key: undefined,
  branches: [],
  ...more,
})

const leafType = (leaf: number, wire: number): ProtoType => newType('leaf', { leaf, wire })

/** By ScalarType of descriptors. */
const SCALARS: readonly (readonly [leaf: number, wire: number])[] = [
  [Leaf.none, 0],
  [Leaf.double, Wire.fixed64],
  [Leaf.float, Wire.fixed32],
  [Leaf.int64, Wire.varint],
  [Leaf.uint64, Wire.varint],
  [Leaf.int32, Wire.varint],
  [Leaf.fixed64, Wire.fixed64],
  [Leaf.fixed32, Wire.fixed32],
  [Leaf.bool, Wire.varint],
  [Leaf.string, Wire.bytes],
  [Leaf.none, 0],
  [Leaf.none, 0],
  [Leaf.bytes, Wire.bytes],
  [Leaf.uint32, Wire.varint],
  [Leaf.none, 0],
  [Leaf.sfixed32, Wire.fixed32],
  [Leaf.sfixed64, Wire.fixed64],
  [Leaf.sint32, Wire.varint],
  [Leaf.sint64, Wire.varint],
]

const DOUBLE = leafType(Leaf.double, Wire.fixed64)
const STRING = leafType(Leaf.string, Wire.bytes)
const BOOL = leafType(Leaf.bool, Wire.varint)
const NULL = leafType(Leaf.null, Wire.varint)

/** google/protobuf/struct.proto. */
const VALUE = newType('dynamic', { name: 'google.protobuf.Value' })
const STRUCT = newType('struct', { name: 'google.protobuf.Struct', item: VALUE, key: STRING })
const LIST_VALUE = newType('listValue', { name: 'google.protobuf.ListValue', item: VALUE })
VALUE.branches = [NULL, DOUBLE, STRING, BOOL, STRUCT, LIST_VALUE]

const WRAPPERS: Readonly<Record<string, number>> = {
  DoubleValue: 1,
  FloatValue: 2,
  Int64Value: 3,
  UInt64Value: 4,
  Int32Value: 5,
  UInt32Value: 13,
  BoolValue: 8,
  StringValue: 9,
  BytesValue: 12,
}

/** Messages that stand for values of JSON; undefined for all others. */
function wellKnown(name: string): ProtoType | undefined {
  if (!name.startsWith('google.protobuf.')) return undefined
  const short = name.slice('google.protobuf.'.length)
  if (short === 'Timestamp') return newType('leaf', { leaf: Leaf.timestamp, name })
  if (short === 'Duration') return newType('leaf', { leaf: Leaf.duration, name })
  if (short === 'Value') return VALUE
  if (short === 'Struct') return STRUCT
  if (short === 'ListValue') return LIST_VALUE
  const scalar = Object.hasOwn(WRAPPERS, short) ? WRAPPERS[short] : undefined
  return scalar === undefined
    ? undefined
    : newType('leaf', { leaf: Leaf.wrapper, name, wrapped: leafType(...SCALARS[scalar]!) })
}

class Reader {
  readonly #tags: ProtoTags
  readonly #types = new Map<string, ProtoType>()

  constructor(tags: ProtoTags) {
    this.#tags = tags
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
    const made = newType('message', { name: typeName })
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
        tags: this.#tags.get(`${typeName}.${field.name}`) ?? [],
      }
    })
    return made
  }

  #field(field: DescField): ProtoType {
    switch (field.fieldKind) {
      case 'list':
        return newType('list', {
          item:
            field.listKind === 'scalar'
              ? leafType(...SCALARS[field.scalar]!)
              : field.listKind === 'enum'
                ? enumType(field.enum)
                : this.#inWire(field.message, field.delimitedEncoding),
        })
      case 'map':
        return newType('map', {
          key: leafType(...SCALARS[field.mapKey]!),
          item:
            field.mapKind === 'scalar'
              ? leafType(...SCALARS[field.scalar]!)
              : field.mapKind === 'enum'
                ? enumType(field.enum)
                : this.#message(field.message),
        })
      case 'enum':
        return enumType(field.enum)
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
    if (type.kind !== 'message') throw refused('a type of google.protobuf stands as a group')
    const key = `${message.typeName} group`
    const known = this.#types.get(key)
    if (known !== undefined) return known
    // The fields of a message that is being read come later.
    const made = newType('message', { name: type.name, wire: Wire.group })
    Object.defineProperties(made, {
      fields: { get: () => type.fields },
      byNumber: { get: () => type.byNumber },
      positions: { get: () => type.positions },
      oneofs: { get: () => type.oneofs },
    })
    this.#types.set(key, made)
    return made
  }
}

/** FeatureSet.FieldPresence. */
const IMPLICIT = 2

function enumType({ typeName, values }: Bufbuild.DescEnum): ProtoType {
  if (typeName === 'google.protobuf.NullValue') return NULL
  const symbols = new Map<number, Uint8Array>()
  // Of several names of one number the first is its name.
  for (const { number, name } of values)
    if (!symbols.has(number)) symbols.set(number, new Uint8Array(Buffer.from(name)))
  return newType('leaf', { leaf: Leaf.enum, wire: Wire.varint, symbols, name: typeName })
}

/**
 * The message that indexes lead to: of messages in a file, then of those in them; undefined where there is none. Whether the types
 * of a map's entries count is told otherwise by the clients of two languages: in a message with maps it is ambiguous.
 */
export function messageAt(
  { messages }: ProtoFile,
  indexes: readonly number[],
): ProtoType | 'ambiguous' | undefined {
  let level = messages
  let found: ProtoMessage | undefined
  for (const index of indexes) {
    if (found?.type.fields.some(({ type }) => type.kind === 'map')) return 'ambiguous'
    found = level[index]
    if (found === undefined) return undefined
    level = found.nested
  }
  return found?.type
}

/** All messages of a file. */
export const allMessages = ({ messages }: ProtoFile): readonly ProtoType[] =>
  messages.flatMap(({ type, nested }) => [type, ...allMessages({ messages: nested })])
