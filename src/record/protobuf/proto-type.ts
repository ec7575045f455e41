/** Types of Protobuf as a reader goes by them, and the messages of a file. */
import { Leaf, Wire } from './proto-leaf.ts'

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
  /** Of `confluent.field_meta`, and what the registry has beside the schema. */
  readonly tags: readonly string[]
}

/**
 * A type of values. `leaf`: one text. `record`: a message. `array`: occurrences are elements. `map`: occurrences are entries.
 * `union`: a message that stands for any JSON.
 */
export interface ProtoType {
  readonly kind: 'leaf' | 'null' | 'record' | 'array' | 'map' | 'union'
  /** Whether it is a message that stands for JSON (google/protobuf/struct.proto): elements and entries are in it. */
  readonly isJson: boolean
  /** Of a leaf: one of `Leaf`. */
  readonly leaf: number
  /** Of a wrapper: what is in it. */
  readonly wrapped: ProtoType | undefined
  /** Of enums: symbols by number. */
  readonly symbols: ReadonlyMap<number, Uint8Array>
  /** The wire type of one value, when it is not packed. */
  readonly wire: number
  /** Of a message or enum, with its package. */
  readonly name: string
  /** Of the messages and enums themselves: they hold wherever the type stands. */
  readonly tags: readonly string[]
  fields: readonly ProtoField[]
  /** Position in `fields` by number of the field. */
  byNumber: ReadonlyMap<number, number>
  /** The same for the first numbers; -1: no field. */
  positions: Int32Array
  /** How many oneofs a message has. */
  oneofs: number
  /** Of an array or map. */
  item: ProtoType | undefined
  /** Of a map. */
  readonly key: ProtoType | undefined
  /** Of a union: null, number, text, boolean, struct, list; by number of the field, from 1 on. */
  branches: readonly ProtoType[]
}

/** Whether it is one text. */
export const isSingle = ({ kind }: ProtoType): boolean => kind === 'leaf' || kind === 'null'

/** A file: its messages in the order of message indexes, and those in them. */
export interface ProtoMessage {
  readonly type: ProtoType
  readonly nested: readonly ProtoMessage[]
}

export interface ProtoFile {
  readonly messages: readonly ProtoMessage[]
}

const NO_SYMBOLS: ReadonlyMap<number, Uint8Array> = new Map()
const NO_NUMBERS: ReadonlyMap<number, number> = new Map()
const NO_POSITIONS = new Int32Array(0)
/** Numbers of fields that have their places in an array. */
export const MOST_POSITIONS: number = 1024

export type MutableType = { -readonly [Name in keyof ProtoType]: ProtoType[Name] }

export const newType = (kind: ProtoType['kind'], more: Partial<ProtoType> = {}): MutableType => ({
  kind,
  isJson: false,
  leaf: Leaf.none,
  wrapped: undefined,
  symbols: NO_SYMBOLS,
  wire: Wire.bytes,
  name: '',
  tags: [],
  fields: [],
  byNumber: NO_NUMBERS,
  positions: NO_POSITIONS,
  oneofs: 0,
  item: undefined,
  key: undefined,
  branches: [],
  ...more,
})

export const leafType = (leaf: number, wire: number): ProtoType => newType('leaf', { leaf, wire })

/** By ScalarType of descriptors. */
export const SCALARS: readonly (readonly [leaf: number, wire: number])[] = [
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
export const STRING: ProtoType = leafType(Leaf.string, Wire.bytes)
const BOOL = leafType(Leaf.bool, Wire.varint)
export const NULL: ProtoType = newType('null', { leaf: Leaf.null, wire: Wire.varint })

/** google/protobuf/struct.proto. */
const VALUE: MutableType = newType('union', { isJson: true, name: 'google.protobuf.Value' })
export const STRUCT: ProtoType = newType('map', {
  isJson: true,
  name: 'google.protobuf.Struct',
  item: VALUE,
  key: STRING,
})
export const LIST_VALUE: ProtoType = newType('array', {
  isJson: true,
  name: 'google.protobuf.ListValue',
  item: VALUE,
})
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
export function wellKnown(name: string): ProtoType | undefined {
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
    if (found?.type.fields.some(({ type }) => type.kind === 'map' && !type.isJson)) return 'ambiguous'
    found = level[index]
    if (found === undefined) return undefined
    level = found.nested
  }
  return found?.type
}

/** All messages of a file. */
export const allMessages = ({ messages }: ProtoFile): readonly ProtoType[] =>
  messages.flatMap(({ type, nested }) => [type, ...allMessages({ messages: nested })])
