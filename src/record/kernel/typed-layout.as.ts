// Generated from typed-layout.ts by test/kernels.mjs: do not edit.

export const MAX_TYPED_DEPTH: i32 = 64

export const HEADER: usize = 1024

export const enum Walk {
  skip = 0,
  take = 1,
  drop = 2,
  nothing = 3,
  union = 4,
  record = 5,
  array = 6,
  host = 7,
}

export const enum Avro {
  Null = 0,
  Boolean = 1,
  Int = 2,
  Long = 3,
  Float = 4,
  Double = 5,
  Bytes = 6,
  String = 7,
  Fixed = 8,
  Enum = 9,
  Decimal = 10,
  DecimalFixed = 11,
  UuidFixed = 12,
  Date = 13,
  TimeMillis = 14,
  TimeMicros = 15,
  Timestamp = 16,
  Array = 64,
  Map = 65,
  Union = 66,
  Record = 67,
}

export const enum Proto {
  None = 0,
  Double = 1,
  Float = 2,
  Int64 = 3,
  Uint64 = 4,
  Int32 = 5,
  Fixed64 = 6,
  Fixed32 = 7,
  Bool = 8,
  String = 9,
  Bytes = 10,
  Uint32 = 11,
  Enum = 12,
  Sfixed32 = 13,
  Sfixed64 = 14,
  Sint32 = 15,
  Sint64 = 16,
  Null = 17,
  Timestamp = 18,
  Duration = 19,
  Wrapper = 20,
}

export const enum Wire {
  varint = 0,
  fixed64 = 1,
  bytes = 2,
  group = 3,
  fixed32 = 5,
}

export const enum SlotKind {
  text = 0,
  escaped = 1,
  number = 2,
  boolean = 3,
  nothing = 4,
  subtree = 5,
}

export const enum Op {
  openObject = 0,
  openArray = 1,
  closeObject = 2,
  closeArray = 3,
  name = 4,
  member = 5,
  value = 6,
  mapName = 7,
  openMap = 8,
  closeMap = 9,
  derived = 10,
  derivedContainer = 11,
  nullContainer = 12,
  inputName = 13,
  textName = 14,
}

@unmanaged export class Step {
  walk: i32
  code: i32
  base: i32
  size: i32
  scale: i32
  id: i32
  symbols: usize
  symbolCount: i32
  fields: usize
  fieldCount: i32
  item: usize
  isItemListed: i32
  unlisted: i32
  positions: usize
  positionCount: i32
  counts: i32
  oneofs: i32
  node: i32
  emitted: i32
  named: i32
  field: i32
  told: i32
  derived: usize
  derivedCount: i32
  watches: usize
  watchCount: i32
  tree: i32
  containers: usize
  containerCount: i32
}

if (offsetof<Step>('walk') != 0) ERROR('Step.walk')
if (offsetof<Step>('code') != 4) ERROR('Step.code')
if (offsetof<Step>('base') != 8) ERROR('Step.base')
if (offsetof<Step>('size') != 12) ERROR('Step.size')
if (offsetof<Step>('scale') != 16) ERROR('Step.scale')
if (offsetof<Step>('id') != 20) ERROR('Step.id')
if (offsetof<Step>('symbols') != 24) ERROR('Step.symbols')
if (offsetof<Step>('symbolCount') != 28) ERROR('Step.symbolCount')
if (offsetof<Step>('fields') != 32) ERROR('Step.fields')
if (offsetof<Step>('fieldCount') != 36) ERROR('Step.fieldCount')
if (offsetof<Step>('item') != 40) ERROR('Step.item')
if (offsetof<Step>('isItemListed') != 44) ERROR('Step.isItemListed')
if (offsetof<Step>('unlisted') != 48) ERROR('Step.unlisted')
if (offsetof<Step>('positions') != 52) ERROR('Step.positions')
if (offsetof<Step>('positionCount') != 56) ERROR('Step.positionCount')
if (offsetof<Step>('counts') != 60) ERROR('Step.counts')
if (offsetof<Step>('oneofs') != 64) ERROR('Step.oneofs')
if (offsetof<Step>('node') != 68) ERROR('Step.node')
if (offsetof<Step>('emitted') != 72) ERROR('Step.emitted')
if (offsetof<Step>('named') != 76) ERROR('Step.named')
if (offsetof<Step>('field') != 80) ERROR('Step.field')
if (offsetof<Step>('told') != 84) ERROR('Step.told')
if (offsetof<Step>('derived') != 88) ERROR('Step.derived')
if (offsetof<Step>('derivedCount') != 92) ERROR('Step.derivedCount')
if (offsetof<Step>('watches') != 96) ERROR('Step.watches')
if (offsetof<Step>('watchCount') != 100) ERROR('Step.watchCount')
if (offsetof<Step>('tree') != 104) ERROR('Step.tree')
if (offsetof<Step>('containers') != 108) ERROR('Step.containers')
if (offsetof<Step>('containerCount') != 112) ERROR('Step.containerCount')
if (offsetof<Step>() != 116) ERROR('Step')

@unmanaged export class Field {
  step: Step
  seen: usize
  isLast: i32
  isImplicit: i32
  oneof: i32
  wire: i32
  isPackable: i32
}

if (offsetof<Field>('step') != 0) ERROR('Field.step')
if (offsetof<Field>('seen') != 4) ERROR('Field.seen')
if (offsetof<Field>('isLast') != 8) ERROR('Field.isLast')
if (offsetof<Field>('isImplicit') != 12) ERROR('Field.isImplicit')
if (offsetof<Field>('oneof') != 16) ERROR('Field.oneof')
if (offsetof<Field>('wire') != 20) ERROR('Field.wire')
if (offsetof<Field>('isPackable') != 24) ERROR('Field.isPackable')
if (offsetof<Field>() != 28) ERROR('Field')

@unmanaged export class Container {
  id: i32
  seen: usize
}

if (offsetof<Container>('id') != 0) ERROR('Container.id')
if (offsetof<Container>('seen') != 4) ERROR('Container.seen')
if (offsetof<Container>() != 8) ERROR('Container')

@unmanaged export class Span {
  start: i32
  end: i32
  root: usize
  isProtobuf: i32
}

if (offsetof<Span>('start') != 0) ERROR('Span.start')
if (offsetof<Span>('end') != 4) ERROR('Span.end')
if (offsetof<Span>('root') != 8) ERROR('Span.root')
if (offsetof<Span>('isProtobuf') != 12) ERROR('Span.isProtobuf')
if (offsetof<Span>() != 16) ERROR('Span')

@unmanaged export class Late {
  slot: i32
  slots: i32
  step: i32
  start: i32
  end: i32
}

if (offsetof<Late>('slot') != 0) ERROR('Late.slot')
if (offsetof<Late>('slots') != 4) ERROR('Late.slots')
if (offsetof<Late>('step') != 8) ERROR('Late.step')
if (offsetof<Late>('start') != 12) ERROR('Late.start')
if (offsetof<Late>('end') != 16) ERROR('Late.end')
if (offsetof<Late>() != 20) ERROR('Late')

@unmanaged export class Occurrence {
  start: usize
  end: usize
  wire: i32
  next: i32
}

if (offsetof<Occurrence>('start') != 0) ERROR('Occurrence.start')
if (offsetof<Occurrence>('end') != 4) ERROR('Occurrence.end')
if (offsetof<Occurrence>('wire') != 8) ERROR('Occurrence.wire')
if (offsetof<Occurrence>('next') != 12) ERROR('Occurrence.next')
if (offsetof<Occurrence>() != 16) ERROR('Occurrence')

@unmanaged export class TypedHeader {
  isTold: i32
  rejects: i32
  watchCount: i32
  mostText: i32
  slotStarts: usize
  slotEnds: usize
  slotKinds: usize
  slotRecords: usize
  slotScopes: usize
  slotFields: usize
  rawStarts: usize
  rawEnds: usize
  slotSteps: usize
  slotRoom: i32
  ops: usize
  opRoom: i32
  scopeParents: usize
  scopeDepths: usize
  scopeRoom: i32
  notes: usize
  noteRoom: i32
  lates: usize
  lateRoom: i32
  recordScopes: usize
  recordOps: usize
  recordTexts: usize
  occurrences: usize
  occurrenceRoom: i32
  heads: usize
  tails: usize
  headRoom: i32
  input: usize
  spans: usize
  texts: usize
  textEnd: usize
  textBase: usize
  firstSlot: i32
  firstScope: i32
  slotTotal: i32
  opTotal: i32
  scopeTotal: i32
  noteTotal: i32
  lateTotal: i32
  unlistedTotal: i32
  textTotal: i32
  fields: i32
  fieldCounts: usize
  fieldSlots: usize
}

if (offsetof<TypedHeader>('isTold') != 0) ERROR('TypedHeader.isTold')
if (offsetof<TypedHeader>('rejects') != 4) ERROR('TypedHeader.rejects')
if (offsetof<TypedHeader>('watchCount') != 8) ERROR('TypedHeader.watchCount')
if (offsetof<TypedHeader>('mostText') != 12) ERROR('TypedHeader.mostText')
if (offsetof<TypedHeader>('slotStarts') != 16) ERROR('TypedHeader.slotStarts')
if (offsetof<TypedHeader>('slotEnds') != 20) ERROR('TypedHeader.slotEnds')
if (offsetof<TypedHeader>('slotKinds') != 24) ERROR('TypedHeader.slotKinds')
if (offsetof<TypedHeader>('slotRecords') != 28) ERROR('TypedHeader.slotRecords')
if (offsetof<TypedHeader>('slotScopes') != 32) ERROR('TypedHeader.slotScopes')
if (offsetof<TypedHeader>('slotFields') != 36) ERROR('TypedHeader.slotFields')
if (offsetof<TypedHeader>('rawStarts') != 40) ERROR('TypedHeader.rawStarts')
if (offsetof<TypedHeader>('rawEnds') != 44) ERROR('TypedHeader.rawEnds')
if (offsetof<TypedHeader>('slotSteps') != 48) ERROR('TypedHeader.slotSteps')
if (offsetof<TypedHeader>('slotRoom') != 52) ERROR('TypedHeader.slotRoom')
if (offsetof<TypedHeader>('ops') != 56) ERROR('TypedHeader.ops')
if (offsetof<TypedHeader>('opRoom') != 60) ERROR('TypedHeader.opRoom')
if (offsetof<TypedHeader>('scopeParents') != 64) ERROR('TypedHeader.scopeParents')
if (offsetof<TypedHeader>('scopeDepths') != 68) ERROR('TypedHeader.scopeDepths')
if (offsetof<TypedHeader>('scopeRoom') != 72) ERROR('TypedHeader.scopeRoom')
if (offsetof<TypedHeader>('notes') != 76) ERROR('TypedHeader.notes')
if (offsetof<TypedHeader>('noteRoom') != 80) ERROR('TypedHeader.noteRoom')
if (offsetof<TypedHeader>('lates') != 84) ERROR('TypedHeader.lates')
if (offsetof<TypedHeader>('lateRoom') != 88) ERROR('TypedHeader.lateRoom')
if (offsetof<TypedHeader>('recordScopes') != 92) ERROR('TypedHeader.recordScopes')
if (offsetof<TypedHeader>('recordOps') != 96) ERROR('TypedHeader.recordOps')
if (offsetof<TypedHeader>('recordTexts') != 100) ERROR('TypedHeader.recordTexts')
if (offsetof<TypedHeader>('occurrences') != 104) ERROR('TypedHeader.occurrences')
if (offsetof<TypedHeader>('occurrenceRoom') != 108) ERROR('TypedHeader.occurrenceRoom')
if (offsetof<TypedHeader>('heads') != 112) ERROR('TypedHeader.heads')
if (offsetof<TypedHeader>('tails') != 116) ERROR('TypedHeader.tails')
if (offsetof<TypedHeader>('headRoom') != 120) ERROR('TypedHeader.headRoom')
if (offsetof<TypedHeader>('input') != 124) ERROR('TypedHeader.input')
if (offsetof<TypedHeader>('spans') != 128) ERROR('TypedHeader.spans')
if (offsetof<TypedHeader>('texts') != 132) ERROR('TypedHeader.texts')
if (offsetof<TypedHeader>('textEnd') != 136) ERROR('TypedHeader.textEnd')
if (offsetof<TypedHeader>('textBase') != 140) ERROR('TypedHeader.textBase')
if (offsetof<TypedHeader>('firstSlot') != 144) ERROR('TypedHeader.firstSlot')
if (offsetof<TypedHeader>('firstScope') != 148) ERROR('TypedHeader.firstScope')
if (offsetof<TypedHeader>('slotTotal') != 152) ERROR('TypedHeader.slotTotal')
if (offsetof<TypedHeader>('opTotal') != 156) ERROR('TypedHeader.opTotal')
if (offsetof<TypedHeader>('scopeTotal') != 160) ERROR('TypedHeader.scopeTotal')
if (offsetof<TypedHeader>('noteTotal') != 164) ERROR('TypedHeader.noteTotal')
if (offsetof<TypedHeader>('lateTotal') != 168) ERROR('TypedHeader.lateTotal')
if (offsetof<TypedHeader>('unlistedTotal') != 172) ERROR('TypedHeader.unlistedTotal')
if (offsetof<TypedHeader>('textTotal') != 176) ERROR('TypedHeader.textTotal')
if (offsetof<TypedHeader>('fields') != 180) ERROR('TypedHeader.fields')
if (offsetof<TypedHeader>('fieldCounts') != 184) ERROR('TypedHeader.fieldCounts')
if (offsetof<TypedHeader>('fieldSlots') != 188) ERROR('TypedHeader.fieldSlots')
if (offsetof<TypedHeader>() != 192) ERROR('TypedHeader')
