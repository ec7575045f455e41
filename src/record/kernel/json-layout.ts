/** What json.as.ts and json-kernel.ts agree on. `npm run kernels` generates json-layout.as.ts from it. */
import { type KernelLayout, Struct } from '../../../transforms/wasm-layout.ts'
import { ResultKind, SlotKind } from '../block.ts'
import { Op } from '../json/json-ops.ts'
import { NODE_KINDS } from '../shape-node.ts'
import { HEADER, RESULT_PLACES, type ResultPlace } from './memory.ts'

/** Names met in the open objects, at most. */
export const MOST_MET = 4096

/** A node of the shape, as the host puts it down. */
const node = {
  /** A `NodeKind`. */
  kind: 'i32',
  /** Whether this container stands in the output. */
  emitted: 'i32',
  /** Whether it is a member of an object, with a name of its own to be written. */
  named: 'i32',
  id: 'i32',
  /** Field whose result stands here, or -1. */
  field: 'i32',
  /** Fields written elsewhere that take this value: i32 each. */
  derived: 'usize',
  derivedCount: 'i32',
  /** Watches that remember this value: i32 each. */
  watches: 'usize',
  watchCount: 'i32',
  /** Element of an array, member of a map. */
  item: '[Node]',
  /** Field of a map's names, or -1. */
  namesField: 'i32',
  /** Whether derived fields are written when this container ends, and their containers: Container each. */
  tree: 'i32',
  containers: 'usize',
  containerCount: 'i32',
  /** Whether names that are not among the members are counted. */
  counts: 'i32',
  /** The names known here: Member each. */
  members: 'usize',
  memberCount: 'i32',
  memberRoom: 'i32',
  /** The one that comes first most likely. */
  first: 'usize',
} as const

const member = {
  /** The name and its closing quote, and how many bytes that is. */
  name: 'usize',
  length: 'i32',
  node: '[Node]',
  /** The last object in which it was met. */
  seen: 'i32',
  /** The one that comes after it most likely. */
  next: 'usize',
} as const

const container = {
  id: 'i32',
  /** The member that the record itself may hold in its place; 0 for none. */
  member: 'usize',
} as const

/** A name that is not among the members. */
const met = {
  hash: 'u64',
  at: 'usize',
  length: 'i32',
} as const

/** All places are addresses. */
const header = {
  root: '[Node]',
  /** What a member that no rule names is, and what it is as the element of one. */
  unlisted: '[Node]',
  unlistedMember: '[Node]',
  /** Whether a member that no rule names makes the record fail. */
  rejects: 'i32',
  /** How many watches there are: notes for derived fields are numbered behind them. */
  watchCount: 'i32',
  /** Memory for the names that are learned: where the next goes, and the end. */
  pool: 'usize',
  poolEnd: 'usize',
  /** Names met in the open objects: Met each, room for MOST_MET. */
  met: 'usize',

  /** Where slots go, i32 each: start and end in the chunk, kind, record, scope, field. */
  slotStarts: 'usize',
  slotEnds: 'usize',
  slotKinds: 'usize',
  slotRecords: 'usize',
  slotScopes: 'usize',
  slotFields: 'usize',
  slotRoom: 'i32',
  /** Operations, two i32 each. */
  ops: 'usize',
  opRoom: 'i32',
  /** Scopes, i32 each: the one around, and the depth. */
  scopeParents: 'usize',
  scopeDepths: 'usize',
  scopeRoom: 'i32',
  /** Remembered values, three i32 each: what for, scope, slot. */
  notes: 'usize',
  noteRoom: 'i32',
  /** For each record, i32 each: its line, its scope, and its first operation. */
  recordLines: 'usize',
  recordScopes: 'usize',
  recordOps: 'usize',

  /** The chunk and its length: `input + length` is a line feed, and 64 bytes more can be read. */
  input: 'usize',
  length: 'usize',
  /** Bytes of a record, at most. */
  maxBytes: 'usize',
  /** What the host has before: slots and scopes are numbered on from there. */
  firstSlot: 'i32',
  firstScope: 'i32',
  /** Where `scan` stopped, from the start of the chunk, and what stands in its records. */
  next: 'usize',
  slotTotal: 'i32',
  opTotal: 'i32',
  scopeTotal: 'i32',
  noteTotal: 'i32',
  unlistedTotal: 'i32',

  /** Fields of the plan; where `group` puts the number of each one's slots, and the slots: i32 each. */
  fields: 'i32',
  fieldCounts: 'usize',
  fieldSlots: 'usize',

  /** For each record that `write` may write its first operation and the one behind its last: i32 each. */
  ranges: 'usize',
  /** The operations of the block, two i32 each. */
  blockOps: 'usize',
  /** For each node its name as it is written behind a comma: place and length, i32 each. */
  names: 'usize',
  /** Whether a line feed ends each record. */
  lineBreak: 'i32',
  /** Whether `write` stopped because there was no room for the next record. */
  full: 'i32',
} as const

export const Node: Struct<keyof typeof node> = new Struct(node)
export const Member: Struct<keyof typeof member> = new Struct(member)
export const Container: Struct<keyof typeof container> = new Struct(container)
export const Met: Struct<keyof typeof met> = new Struct(met)
export const JsonHeader: Struct<keyof typeof header | ResultPlace> = new Struct({
  ...header,
  ...RESULT_PLACES,
})

export const layout: KernelLayout = {
  enums: {
    NodeKind: Object.fromEntries(NODE_KINDS.map((kind, at) => [kind, at])),
    SlotKind,
    ResultKind,
    Op,
  },
  constants: { i32: { MOST_MET }, usize: { HEADER } },
  structs: { Node, Member, Container, Met, JsonHeader },
}
