/** Kinds of values of Protobuf that are one text, and the types that stand in tags of the wire. */

export const Leaf = {
  none: 0,
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 10,
  uint32: 11,
  enum: 12,
  sfixed32: 13,
  sfixed64: 14,
  sint32: 15,
  sint64: 16,
  null: 17,
  /** Messages. */
  timestamp: 18,
  duration: 19,
  wrapper: 20,
} as const

export const Wire = { varint: 0, fixed64: 1, bytes: 2, group: 3, fixed32: 5 } as const

/** What a schema calls the types of scalars. */
export const scalarNames: ReadonlyMap<number, string> = new Map([
  [Leaf.double, 'double'],
  [Leaf.float, 'float'],
  [Leaf.int64, 'int64'],
  [Leaf.uint64, 'uint64'],
  [Leaf.int32, 'int32'],
  [Leaf.fixed64, 'fixed64'],
  [Leaf.fixed32, 'fixed32'],
  [Leaf.bool, 'bool'],
  [Leaf.string, 'string'],
  [Leaf.bytes, 'bytes'],
  [Leaf.uint32, 'uint32'],
  [Leaf.sfixed32, 'sfixed32'],
  [Leaf.sfixed64, 'sfixed64'],
  [Leaf.sint32, 'sint32'],
  [Leaf.sint64, 'sint64'],
])
