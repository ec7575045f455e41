// Generated from json-layout.ts by test/kernels.mjs: do not edit.

export const MOST_MET: i32 = 4096

export const HEADER: usize = 1024

export const enum NodeKind {
  unlisted = 0,
  scalar = 1,
  object = 2,
  array = 3,
  map = 4,
  subtree = 5,
}

export const enum SlotKind {
  text = 0,
  escaped = 1,
  number = 2,
  boolean = 3,
  nothing = 4,
  subtree = 5,
}

export const enum ResultKind {
  source = 0,
  arena = 1,
  written = 2,
  dropped = 3,
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

@unmanaged export class Node {
  kind: i32
  emitted: i32
  named: i32
  id: i32
  field: i32
  derived: usize
  derivedCount: i32
  watches: usize
  watchCount: i32
  item: Node
  namesField: i32
  tree: i32
  containers: usize
  containerCount: i32
  counts: i32
  members: usize
  memberCount: i32
  memberRoom: i32
  first: usize
}

if (offsetof<Node>('kind') != 0) ERROR('Node.kind')
if (offsetof<Node>('emitted') != 4) ERROR('Node.emitted')
if (offsetof<Node>('named') != 8) ERROR('Node.named')
if (offsetof<Node>('id') != 12) ERROR('Node.id')
if (offsetof<Node>('field') != 16) ERROR('Node.field')
if (offsetof<Node>('derived') != 20) ERROR('Node.derived')
if (offsetof<Node>('derivedCount') != 24) ERROR('Node.derivedCount')
if (offsetof<Node>('watches') != 28) ERROR('Node.watches')
if (offsetof<Node>('watchCount') != 32) ERROR('Node.watchCount')
if (offsetof<Node>('item') != 36) ERROR('Node.item')
if (offsetof<Node>('namesField') != 40) ERROR('Node.namesField')
if (offsetof<Node>('tree') != 44) ERROR('Node.tree')
if (offsetof<Node>('containers') != 48) ERROR('Node.containers')
if (offsetof<Node>('containerCount') != 52) ERROR('Node.containerCount')
if (offsetof<Node>('counts') != 56) ERROR('Node.counts')
if (offsetof<Node>('members') != 60) ERROR('Node.members')
if (offsetof<Node>('memberCount') != 64) ERROR('Node.memberCount')
if (offsetof<Node>('memberRoom') != 68) ERROR('Node.memberRoom')
if (offsetof<Node>('first') != 72) ERROR('Node.first')
if (offsetof<Node>() != 76) ERROR('Node')

@unmanaged export class Member {
  name: usize
  length: i32
  node: Node
  seen: i32
  next: usize
}

if (offsetof<Member>('name') != 0) ERROR('Member.name')
if (offsetof<Member>('length') != 4) ERROR('Member.length')
if (offsetof<Member>('node') != 8) ERROR('Member.node')
if (offsetof<Member>('seen') != 12) ERROR('Member.seen')
if (offsetof<Member>('next') != 16) ERROR('Member.next')
if (offsetof<Member>() != 20) ERROR('Member')

@unmanaged export class Container {
  id: i32
  member: usize
}

if (offsetof<Container>('id') != 0) ERROR('Container.id')
if (offsetof<Container>('member') != 4) ERROR('Container.member')
if (offsetof<Container>() != 8) ERROR('Container')

@unmanaged export class Met {
  hash: u64
  at: usize
  length: i32
}

if (offsetof<Met>('hash') != 0) ERROR('Met.hash')
if (offsetof<Met>('at') != 8) ERROR('Met.at')
if (offsetof<Met>('length') != 12) ERROR('Met.length')
if (offsetof<Met>() != 16) ERROR('Met')

@unmanaged export class JsonHeader {
  root: Node
  unlisted: Node
  unlistedMember: Node
  rejects: i32
  watchCount: i32
  pool: usize
  poolEnd: usize
  met: usize
  slotStarts: usize
  slotEnds: usize
  slotKinds: usize
  slotRecords: usize
  slotScopes: usize
  slotFields: usize
  slotRoom: i32
  ops: usize
  opRoom: i32
  scopeParents: usize
  scopeDepths: usize
  scopeRoom: i32
  notes: usize
  noteRoom: i32
  recordLines: usize
  recordScopes: usize
  recordOps: usize
  input: usize
  length: usize
  maxBytes: usize
  firstSlot: i32
  firstScope: i32
  next: usize
  slotTotal: i32
  opTotal: i32
  scopeTotal: i32
  noteTotal: i32
  unlistedTotal: i32
  fields: i32
  fieldCounts: usize
  fieldSlots: usize
  ranges: usize
  blockOps: usize
  names: usize
  lineBreak: i32
  full: i32
  resultKinds: usize
  resultStarts: usize
  resultEnds: usize
  arena: usize
  output: usize
  limit: usize
  written: usize
}

if (offsetof<JsonHeader>('root') != 0) ERROR('JsonHeader.root')
if (offsetof<JsonHeader>('unlisted') != 4) ERROR('JsonHeader.unlisted')
if (offsetof<JsonHeader>('unlistedMember') != 8) ERROR('JsonHeader.unlistedMember')
if (offsetof<JsonHeader>('rejects') != 12) ERROR('JsonHeader.rejects')
if (offsetof<JsonHeader>('watchCount') != 16) ERROR('JsonHeader.watchCount')
if (offsetof<JsonHeader>('pool') != 20) ERROR('JsonHeader.pool')
if (offsetof<JsonHeader>('poolEnd') != 24) ERROR('JsonHeader.poolEnd')
if (offsetof<JsonHeader>('met') != 28) ERROR('JsonHeader.met')
if (offsetof<JsonHeader>('slotStarts') != 32) ERROR('JsonHeader.slotStarts')
if (offsetof<JsonHeader>('slotEnds') != 36) ERROR('JsonHeader.slotEnds')
if (offsetof<JsonHeader>('slotKinds') != 40) ERROR('JsonHeader.slotKinds')
if (offsetof<JsonHeader>('slotRecords') != 44) ERROR('JsonHeader.slotRecords')
if (offsetof<JsonHeader>('slotScopes') != 48) ERROR('JsonHeader.slotScopes')
if (offsetof<JsonHeader>('slotFields') != 52) ERROR('JsonHeader.slotFields')
if (offsetof<JsonHeader>('slotRoom') != 56) ERROR('JsonHeader.slotRoom')
if (offsetof<JsonHeader>('ops') != 60) ERROR('JsonHeader.ops')
if (offsetof<JsonHeader>('opRoom') != 64) ERROR('JsonHeader.opRoom')
if (offsetof<JsonHeader>('scopeParents') != 68) ERROR('JsonHeader.scopeParents')
if (offsetof<JsonHeader>('scopeDepths') != 72) ERROR('JsonHeader.scopeDepths')
if (offsetof<JsonHeader>('scopeRoom') != 76) ERROR('JsonHeader.scopeRoom')
if (offsetof<JsonHeader>('notes') != 80) ERROR('JsonHeader.notes')
if (offsetof<JsonHeader>('noteRoom') != 84) ERROR('JsonHeader.noteRoom')
if (offsetof<JsonHeader>('recordLines') != 88) ERROR('JsonHeader.recordLines')
if (offsetof<JsonHeader>('recordScopes') != 92) ERROR('JsonHeader.recordScopes')
if (offsetof<JsonHeader>('recordOps') != 96) ERROR('JsonHeader.recordOps')
if (offsetof<JsonHeader>('input') != 100) ERROR('JsonHeader.input')
if (offsetof<JsonHeader>('length') != 104) ERROR('JsonHeader.length')
if (offsetof<JsonHeader>('maxBytes') != 108) ERROR('JsonHeader.maxBytes')
if (offsetof<JsonHeader>('firstSlot') != 112) ERROR('JsonHeader.firstSlot')
if (offsetof<JsonHeader>('firstScope') != 116) ERROR('JsonHeader.firstScope')
if (offsetof<JsonHeader>('next') != 120) ERROR('JsonHeader.next')
if (offsetof<JsonHeader>('slotTotal') != 124) ERROR('JsonHeader.slotTotal')
if (offsetof<JsonHeader>('opTotal') != 128) ERROR('JsonHeader.opTotal')
if (offsetof<JsonHeader>('scopeTotal') != 132) ERROR('JsonHeader.scopeTotal')
if (offsetof<JsonHeader>('noteTotal') != 136) ERROR('JsonHeader.noteTotal')
if (offsetof<JsonHeader>('unlistedTotal') != 140) ERROR('JsonHeader.unlistedTotal')
if (offsetof<JsonHeader>('fields') != 144) ERROR('JsonHeader.fields')
if (offsetof<JsonHeader>('fieldCounts') != 148) ERROR('JsonHeader.fieldCounts')
if (offsetof<JsonHeader>('fieldSlots') != 152) ERROR('JsonHeader.fieldSlots')
if (offsetof<JsonHeader>('ranges') != 156) ERROR('JsonHeader.ranges')
if (offsetof<JsonHeader>('blockOps') != 160) ERROR('JsonHeader.blockOps')
if (offsetof<JsonHeader>('names') != 164) ERROR('JsonHeader.names')
if (offsetof<JsonHeader>('lineBreak') != 168) ERROR('JsonHeader.lineBreak')
if (offsetof<JsonHeader>('full') != 172) ERROR('JsonHeader.full')
if (offsetof<JsonHeader>('resultKinds') != 176) ERROR('JsonHeader.resultKinds')
if (offsetof<JsonHeader>('resultStarts') != 180) ERROR('JsonHeader.resultStarts')
if (offsetof<JsonHeader>('resultEnds') != 184) ERROR('JsonHeader.resultEnds')
if (offsetof<JsonHeader>('arena') != 188) ERROR('JsonHeader.arena')
if (offsetof<JsonHeader>('output') != 192) ERROR('JsonHeader.output')
if (offsetof<JsonHeader>('limit') != 196) ERROR('JsonHeader.limit')
if (offsetof<JsonHeader>('written') != 200) ERROR('JsonHeader.written')
if (offsetof<JsonHeader>() != 204) ERROR('JsonHeader')
