/** What typed.as.ts and typed-kernel.ts agree on. `npm run kernels` generates typed-layout.as.ts from it. */
import { type KernelLayout, Struct } from '../../../transforms/wasm-layout.ts'
import { Code } from '../avro/avro-values.ts'
import { SlotKind } from '../block.ts'
import { Op } from '../json/json-ops.ts'
import { Leaf, Wire } from '../protobuf/proto-leaf.ts'
import { MAX_TYPED_DEPTH } from '../typed/typed-walker.ts'
import { HEADER } from './memory.ts'

/** What becomes of a value at its step. */
export const Walk = {
  /** Nothing of it is listed. */
  skip: 0,
  /** A single value, which is noted. */
  take: 1,
  /** It is dropped: what stands for it is noted, without a text. */
  drop: 2,
  /** A single value where a container is listed: null alone may stand there. */
  nothing: 3,
  union: 4,
  record: 5,
  array: 6,
  /** Whatever stands here, the walker decides. */
  host: 7,
} as const

/** A type at a place of the shape; of what no rule names, the type alone. */
const step = {
  /** One of `Walk`. */
  walk: 'i32',
  /** A `Code` of Avro, with its logical type and without; of Protobuf the `Leaf` and the wire type of one value. */
  code: 'i32',
  base: 'i32',
  /** Bytes of a fixed type of Avro. */
  size: 'i32',
  /** Digits behind the point of a decimal. */
  scale: 'i32',
  /** Its number, for the host. */
  id: 'i32',
  /** Of an enum: place and length of each symbol, i32 each, and their number; of Protobuf three, the first its number. */
  symbols: 'usize',
  symbolCount: 'i32',
  /** Field each of a record; [Step] each of the branches of a union. */
  fields: 'usize',
  fieldCount: 'i32',
  /** Of an array or map: [Step], and whether what is in it is listed. */
  item: 'usize',
  isItemListed: 'i32',
  /** Fields of the record that no rule names. */
  unlisted: 'i32',
  /** Of a message: positions of fields by their numbers, i32 each, -1 for none; whether unlisted members are counted; its oneofs. */
  positions: 'usize',
  positionCount: 'i32',
  counts: 'i32',
  oneofs: 'i32',

  /** The node of the shape: its id, whether the container stands in the output, whether it has a name of its own. */
  node: 'i32',
  emitted: 'i32',
  named: 'i32',
  /** Field whose result stands here, or -1; whether an output of Avro is told of it, or of what is in it. */
  field: 'i32',
  told: 'i32',
  /** Fields written elsewhere that take this value, and watches that remember it: i32 each. */
  derived: 'usize',
  derivedCount: 'i32',
  watches: 'usize',
  watchCount: 'i32',
  /** Whether derived fields are written when this container ends, and their containers: Container each. */
  tree: 'i32',
  containers: 'usize',
  containerCount: 'i32',
} as const

const field = {
  step: '[Step]',
  /** Where the record is noted in which its node was met last; 0 where that does not count. */
  seen: 'usize',
  /** Of Protobuf: whether it may stand more than once and the last one counts, has its default where it is absent; its oneof or -1. */
  isLast: 'i32',
  isImplicit: 'i32',
  oneof: 'i32',
  /** The wire type of one value, and whether many may be packed. */
  wire: 'i32',
  isPackable: 'i32',
} as const

const container = {
  id: 'i32',
  /** `seen` of the node that the record itself may hold in its place; 0 for none. */
  seen: 'usize',
} as const

/** A record to be walked. */
const span = {
  /** Its payload in the chunk. */
  start: 'i32',
  end: 'i32',
  /** Its step; 0 where it is for the walker. */
  root: 'usize',
  isProtobuf: 'i32',
} as const

/** A text that the host writes: room was left for it. */
const late = {
  /** Its slots. */
  slot: 'i32',
  slots: 'i32',
  /** The number of its step, and where its bytes stand in the chunk. */
  step: 'i32',
  start: 'i32',
  end: 'i32',
} as const

/** An occurrence of a field of Protobuf. */
const occurrence = {
  start: 'usize',
  end: 'usize',
  wire: 'i32',
  /** The next one of the same field, or -1. */
  next: 'i32',
} as const

const header = {
  /** Whether tokens are noted in place of operations. */
  isTold: 'i32',
  /** Whether a member that no rule names makes the record fail. */
  rejects: 'i32',
  /** How many watches there are: notes for derived fields are numbered behind them. */
  watchCount: 'i32',
  /** The most bytes of the texts of a record. */
  mostText: 'i32',

  /** Where slots go, i32 each; the last three where tokens are noted: where the value stands in the chunk, and its step. */
  slotStarts: 'usize',
  slotEnds: 'usize',
  slotKinds: 'usize',
  slotRecords: 'usize',
  slotScopes: 'usize',
  slotFields: 'usize',
  rawStarts: 'usize',
  rawEnds: 'usize',
  slotSteps: 'usize',
  slotRoom: 'i32',
  /** Operations, two i32 each, or tokens, one each. */
  ops: 'usize',
  opRoom: 'i32',
  scopeParents: 'usize',
  scopeDepths: 'usize',
  scopeRoom: 'i32',
  /** Remembered values, three i32 each: what for, scope, slot. */
  notes: 'usize',
  noteRoom: 'i32',
  lates: 'usize',
  lateRoom: 'i32',
  /** For each record, i32 each: its scope, its first operation or token, and where its texts begin. */
  recordScopes: 'usize',
  recordOps: 'usize',
  recordTexts: 'usize',
  /** Occurrences, and for each field of the open messages the first and last one: i32 each. */
  occurrences: 'usize',
  occurrenceRoom: 'i32',
  heads: 'usize',
  tails: 'usize',
  headRoom: 'i32',

  /** Where byte 0 of the chunk would stand, and the records: Span each. */
  input: 'usize',
  spans: 'usize',
  /** Memory for texts; and where byte 0 of the block would stand, if they stood where the host puts them. */
  texts: 'usize',
  textEnd: 'usize',
  textBase: 'usize',
  firstSlot: 'i32',
  firstScope: 'i32',

  /** What stands in the records that were walked. */
  slotTotal: 'i32',
  opTotal: 'i32',
  scopeTotal: 'i32',
  noteTotal: 'i32',
  lateTotal: 'i32',
  unlistedTotal: 'i32',
  textTotal: 'i32',
  /** Fields of the plan; where `group` puts the number of each one's slots, and the slots: i32 each. */
  fields: 'i32',
  fieldCounts: 'usize',
  fieldSlots: 'usize',
} as const

export const Step: Struct<keyof typeof step> = new Struct(step)
export const Field: Struct<keyof typeof field> = new Struct(field)
export const Container: Struct<keyof typeof container> = new Struct(container)
export const Span: Struct<keyof typeof span> = new Struct(span)
export const Late: Struct<keyof typeof late> = new Struct(late)
export const Occurrence: Struct<keyof typeof occurrence> = new Struct(occurrence)
export const TypedHeader: Struct<keyof typeof header> = new Struct(header)

/** `null`, `enum` and the like are no names there. */
const capitalized = (names: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(names).map(([name, value]) => [name[0]!.toUpperCase() + name.slice(1), value]),
  )

export const layout: KernelLayout = {
  enums: { Walk, Avro: capitalized(Code), Proto: capitalized(Leaf), Wire, SlotKind, Op },
  constants: { i32: { MAX_TYPED_DEPTH }, usize: { HEADER } },
  structs: { Step, Field, Container, Span, Late, Occurrence, TypedHeader },
}
