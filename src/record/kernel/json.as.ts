/**
 * Walks JSON records (RFC 8259, strictly) and writes those of the output, 16 bytes at a time. AssemblyScript:
 * test/kernels.mjs compiles it into json.wasm.ts.
 *
 * It takes only records that are well formed and fit the shape; at the first that is anything else (a fault, a name
 * with escapes, an object of very many names, one that needs more room than there is) it stops before that record:
 * the walker in TypeScript says what it is. So nothing here decides that a record fails, and of every record that
 * it takes it notes what that walker notes, in the same order. What stands in the record is validated in full.
 *
 * Names are guessed: objects of one kind are written by one program, so the name after this one is most likely the
 * one that came after it last time. A guess only saves a search.
 *
 * The host lays out the memory and says where things stand; see json-kernel.ts. All places are addresses.
 *
 * AssemblyScript takes decorators before functions, which TypeScript refuses: hence each `@ts-ignore`.
 */

const QUOTE: i32 = 0x22
const COMMA: i32 = 0x2c
const COLON: i32 = 0x3a
const BACKSLASH: i32 = 0x5c
const LF: i32 = 0x0a

/** Kinds of nodes. */
const UNLISTED: i32 = 0
const SCALAR: i32 = 1
const OBJECT: i32 = 2
const ARRAY: i32 = 3
const MAP: i32 = 4
const SUBTREE: i32 = 5

/** As SlotKind in block.ts. */
const TEXT: i32 = 0
const ESCAPED: i32 = 1
const NUMBER: i32 = 2
const BOOLEAN: i32 = 3
const NOTHING: i32 = 4
const WHOLE: i32 = 5

/** As ResultKind in block.ts. */
const FROM_SOURCE: i32 = 0
const FROM_ARENA: i32 = 1
const DROPPED: i32 = 3

/** As Op in json-ops.ts. */
const OPEN_OBJECT: i32 = 0
const OPEN_ARRAY: i32 = 1
const CLOSE_OBJECT: i32 = 2
const CLOSE_ARRAY: i32 = 3
const NAME: i32 = 4
const MEMBER: i32 = 5
const VALUE: i32 = 6
const MAP_NAME: i32 = 7
const OPEN_MAP: i32 = 8
const CLOSE_MAP: i32 = 9
const DERIVED: i32 = 10
const DERIVED_CONTAINER: i32 = 11
const NULL_CONTAINER: i32 = 12

const MAX_DEPTH: i32 = 64
/** Names of one object that are compared with each other; of more, the host makes a set. */
const FEW: i32 = 64
/** A copy may write so many bytes behind its end. */
const SLACK: usize = 64

/** A node of the shape, as the host puts it down. */
@unmanaged class Node {
  kind: i32
  /** Whether this container stands in the output. */
  emitted: i32
  /** Whether it is a member of an object, with a name of its own to be written. */
  named: i32
  id: i32
  /** Field whose result stands here, or -1. */
  field: i32
  /** Fields written elsewhere that take this value: i32 each. */
  derived: usize
  derivedCount: i32
  /** Watches that remember this value: i32 each. */
  watches: usize
  watchCount: i32
  /** Element of an array, member of a map. */
  item: Node
  /** Field of a map's names, or -1. */
  namesField: i32
  /** Whether derived fields are written when this container ends, and their containers: Container each. */
  tree: i32
  containers: usize
  containerCount: i32
  /** Whether names that are not among the members are counted. */
  counts: i32
  /** The names known here: Member each. */
  members: usize
  memberCount: i32
  memberRoom: i32
  /** The one that comes first most likely. */
  first: usize
}

@unmanaged class Member {
  /** The name and its closing quote, and how many bytes that is. */
  name: usize
  length: i32
  node: Node
  /** The last object in which it was met. */
  seen: i32
  /** The one that comes after it most likely. */
  next: usize
}

@unmanaged class Container {
  id: i32
  /** The member that the record itself may hold in its place; 0 for none. */
  member: usize
}

/** A name that is not among the members. */
@unmanaged class Met {
  hash: u64
  at: usize
  length: i32
}

const MEMBER_BYTES: usize = offsetof<Member>()
const MET_BYTES: usize = offsetof<Met>()
const CONTAINER_BYTES: usize = offsetof<Container>()

let unlisted: Node = changetype<Node>(0)
let unlistedMember: Node = changetype<Node>(0)
/** Whether a member that no rule names makes the record fail. */
let rejects: bool = false

/** Memory for the names that are learned. */
let pool: usize = 0
let poolEnd: usize = 0

/** Names met in the open objects: room for MOST_MET. */
let met: usize = 0
let metCount: i32 = 0
const MOST_MET: i32 = 4096

/** Where slots go, i32 each: start and end in the chunk, kind, record, scope, field. */
let slotStarts: usize = 0
let slotEnds: usize = 0
let slotKinds: usize = 0
let slotRecords: usize = 0
let slotScopes: usize = 0
let slotFields: usize = 0
let slotRoom: i32 = 0
/** Operations, two i32 each. */
let ops: usize = 0
let opRoom: i32 = 0
/** Scopes, i32 each: the one around, and the depth. */
let scopeParents: usize = 0
let scopeDepths: usize = 0
let scopeRoom: i32 = 0
/** Remembered values, three i32 each: what for, scope, slot. */
let notes: usize = 0
let noteRoom: i32 = 0
/** For each record, i32 each: its line, its scope, and its first operation. */
let recordLines: usize = 0
let recordScopes: usize = 0
let recordOps: usize = 0

/** How many there are of each; the exported ones are of whole records. */
let slots: i32 = 0
let opCount: i32 = 0
let scopes: i32 = 0
let noteCount: i32 = 0
export let slotTotal: i32 = 0
export let opTotal: i32 = 0
export let scopeTotal: i32 = 0
export let noteTotal: i32 = 0
export let unlistedTotal: i32 = 0
/** Where `scan` stopped. */
export let next: usize = 0
/** How many bytes `write` wrote, and whether it stopped because there was no room for the next record. */
export let written: usize = 0
export let full: bool = false

/** What the host has before: slots and scopes are numbered on from there. */
let slotBase: i32 = 0
let scopeBase: i32 = 0
let chunk: usize = 0
let record: i32 = 0
let unlistedMet: i32 = 0
let objects: i32 = 0
/** How many watches there are: notes for derived fields are numbered behind them. */
let watchCount: i32 = 0
/** Whether the string that was walked last has escapes. */
let escaped: bool = false

export function setup(
  unlistedAt: usize, unlistedMemberAt: usize, reject: bool, watches: i32,
  poolAt: usize, poolBytes: usize, metAt: usize,
  startsAt: usize, endsAt: usize, kindsAt: usize, recordsAt: usize, scopesAt: usize, fieldsAt: usize, slotCount: i32,
  opsAt: usize, opsCount: i32, parentsAt: usize, depthsAt: usize, scopeCount: i32, notesAt: usize, notesCount: i32,
  recordLinesAt: usize, recordScopesAt: usize, recordOpsAt: usize,
): void {
  unlisted = changetype<Node>(unlistedAt)
  unlistedMember = changetype<Node>(unlistedMemberAt)
  rejects = reject
  watchCount = watches
  pool = poolAt
  poolEnd = poolAt + poolBytes
  met = metAt
  slotStarts = startsAt
  slotEnds = endsAt
  slotKinds = kindsAt
  slotRecords = recordsAt
  slotScopes = scopesAt
  slotFields = fieldsAt
  slotRoom = slotCount
  ops = opsAt
  opRoom = opsCount
  scopeParents = parentsAt
  scopeDepths = depthsAt
  scopeRoom = scopeCount
  notes = notesAt
  noteRoom = notesCount
  recordLines = recordLinesAt
  recordScopes = recordScopesAt
  recordOps = recordOpsAt
}

// The walk. Each function takes the place where something begins and gives the one behind it, or 0: the record is
// not common. A line feed is no part of anything, so nothing reads beyond the one behind the record.

// @ts-ignore: decorator
@inline function space(p: usize): usize {
  let byte = <i32>load<u8>(p)
  while (byte == 0x20 || byte == 0x0d || byte == 0x09) byte = <i32>load<u8>(++p)
  return p
}

/** From behind an opening quote to the closing one. */
function text(p: usize): usize {
  escaped = false
  while (true) {
    const bytes = v128.load(p)
    const marks = i8x16.bitmask(v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(<i8>QUOTE)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH))),
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
    ))
    if (marks == 0) {
      p += 16
      continue
    }
    p += <usize>ctz(marks)
    const byte = <i32>load<u8>(p)
    if (byte == QUOTE) return p
    if (byte != BACKSLASH) return 0
    escaped = true
    p = escape(p)
    if (p == 0) return 0
  }
}

/** One escape, from its backslash. A surrogate must stand in its pair. */
function escape(p: usize): usize {
  const letter = <i32>load<u8>(p + 1)
  if (letter != 0x75) {
    const known = letter == 0x22 || letter == 0x5c || letter == 0x2f || letter == 0x62 || letter == 0x66 ||
      letter == 0x6e || letter == 0x72 || letter == 0x74
    return known ? p + 2 : 0
  }
  const unit = hex(p + 2)
  if (unit < 0) return 0
  if (unit < 0xd800 || unit > 0xdfff) return p + 6
  if (unit > 0xdbff || load<u8>(p + 6) != 0x5c || load<u8>(p + 7) != 0x75) return 0
  const low = hex(p + 8)
  return low >= 0xdc00 && low <= 0xdfff ? p + 12 : 0
}

function hex(p: usize): i32 {
  let unit: i32 = 0
  for (let i: usize = 0; i < 4; i++) {
    const byte = <i32>load<u8>(p + i)
    const lower = byte | 0x20
    let digit: i32
    if (byte >= 0x30 && byte <= 0x39) digit = byte - 0x30
    else if (lower >= 0x61 && lower <= 0x66) digit = lower - 0x57
    else return -1
    unit = (unit << 4) | digit
  }
  return unit
}

// @ts-ignore: decorator
@inline function isDigit(byte: i32): bool { return <u32>(byte - 0x30) < 10 }

function digits(p: usize): usize {
  if (!isDigit(<i32>load<u8>(p))) return 0
  do p++
  while (isDigit(<i32>load<u8>(p)))
  return p
}

function number(p: usize): usize {
  if (load<u8>(p) == 0x2d) p++
  if (load<u8>(p) == 0x30) p++
  else {
    p = digits(p)
    if (p == 0) return 0
  }
  if (load<u8>(p) == 0x2e) {
    p = digits(p + 1)
    if (p == 0) return 0
  }
  if ((load<u8>(p) | 0x20) == 0x65) {
    p++
    const sign = <i32>load<u8>(p)
    if (sign == 0x2b || sign == 0x2d) p++
    p = digits(p)
  }
  return p
}

/** From behind a name's closing quote to its value. */
// @ts-ignore: decorator
@inline function colon(p: usize): usize {
  if (load<u8>(p) != COLON) {
    p = space(p)
    if (load<u8>(p) != COLON) return 0
  }
  p++
  return load<u8>(p) > 0x20 ? p : space(p)
}

// @ts-ignore: decorator
@inline function op(code: i32, a: i32, b: i32): bool {
  if (opCount == opRoom) return false
  const at = ops + (<usize>(opCount++) << 3)
  store<i32>(at, code | (a << 4))
  store<i32>(at, b, 4)
  return true
}

/** Adds a slot; gives its number, or -1 where there is no room. */
// @ts-ignore: decorator
@inline function addSlot(from: usize, to: usize, kind: i32, scope: i32, field: i32): i32 {
  if (slots == slotRoom) return -1
  const at = <usize>slots << 2
  store<i32>(slotStarts + at, <i32>(from - chunk))
  store<i32>(slotEnds + at, <i32>(to - chunk))
  store<i32>(slotKinds + at, kind)
  store<i32>(slotRecords + at, record)
  store<i32>(slotScopes + at, scope)
  store<i32>(slotFields + at, field)
  return slotBase + slots++
}

function addScope(parent: i32, depth: i32): i32 {
  if (scopes == scopeRoom) return -1
  const at = <usize>scopes << 2
  store<i32>(scopeParents + at, parent)
  store<i32>(scopeDepths + at, depth)
  return scopeBase + scopes++
}

// @ts-ignore: decorator
@inline function depthOf(scope: i32): i32 {
  return load<i32>(scopeDepths + (<usize>(scope - scopeBase) << 2))
}

function note(what: i32, scope: i32, slot: i32): bool {
  if (noteCount == noteRoom) return false
  const at = notes + <usize>(noteCount++) * 12
  store<i32>(at, what)
  store<i32>(at, scope, 4)
  store<i32>(at, slot, 8)
  return true
}

/** Notes a listed value: for its own field, for derived ones, for the watches. */
function take(node: Node, from: usize, to: usize, kind: i32, scope: i32): bool {
  let slot: i32 = -1
  if (node.field >= 0) {
    slot = addSlot(from, to, kind, scope, node.field)
    if (slot < 0 || !(node.named ? op(MEMBER, node.id, slot) : op(VALUE, 0, slot))) return false
  }
  for (let i: i32 = 0; i < node.derivedCount; i++) {
    const field = load<i32>(node.derived + (<usize>i << 2))
    const own = addSlot(from, to, kind, scope, field)
    if (own < 0 || !note(watchCount + field, scope, own)) return false
  }
  if (node.watchCount > 0) {
    if (slot < 0) slot = addSlot(from, to, kind, scope, -1)
    if (slot < 0) return false
    for (let i: i32 = 0; i < node.watchCount; i++)
      if (!note(load<i32>(node.watches + (<usize>i << 2)), scope, slot)) return false
  }
  return true
}

/** One value of any kind, as `node` wants it. */
function value(p: usize, node: Node, scope: i32, depth: i32): usize {
  const byte = <i32>load<u8>(p)
  const kind = node.kind
  const isValue = kind == SCALAR || kind == SUBTREE
  if (byte == QUOTE) {
    const from = p + 1
    const to = text(from)
    if (to == 0) return 0
    if (isValue) {
      const taken = to == from
        ? take(node, p, to + 1, NOTHING, scope)
        : take(node, from, to, escaped ? ESCAPED : TEXT, scope)
      if (!taken) return 0
    } else if (kind != UNLISTED) return 0
    return to + 1
  }
  if (byte == 0x7b || byte == 0x5b) return container(p, byte == 0x7b, node, scope, depth)
  let to: usize = 0
  let slotKind = BOOLEAN
  if (byte == 0x2d || isDigit(byte)) {
    to = number(p)
    slotKind = NUMBER
  } else if (byte == 0x6e) {
    if (load<u32>(p) == 0x6c6c756e) to = p + 4
    slotKind = NOTHING
  } else if (byte == 0x74) {
    if (load<u32>(p) == 0x65757274) to = p + 4
  } else if (byte == 0x66) {
    if (load<u32>(p + 1) == 0x65736c61) to = p + 5
  }
  if (to == 0) return 0
  if (isValue) return take(node, p, to, slotKind, scope) ? to : 0
  if (kind == UNLISTED) return to
  // Null may stand for a container; any other scalar may not.
  if (slotKind != NOTHING) return 0
  return !node.emitted || op(NULL_CONTAINER, node.id, scope) ? to : 0
}

function container(p: usize, isObject: bool, node: Node, scope: i32, depth: i32): usize {
  const kind = node.kind
  if (kind == UNLISTED) {
    return isObject ? members(p + 1, unlisted, scope, depth + 1) : elements(p + 1, unlisted, scope, depth + 1)
  }
  if (isObject ? kind == OBJECT || kind == MAP : kind == ARRAY) {
    if (node.emitted && node.named && !op(NAME, node.id, 0)) return 0
    return isObject ? members(p + 1, node, scope, depth + 1) : elements(p + 1, node, scope, depth + 1)
  }
  if (kind != SUBTREE) return 0
  const to = container(p, isObject, unlisted, scope, depth)
  return to != 0 && take(node, p, to, WHOLE, scope) ? to : 0
}

/** Whether the name from `p` on, with its closing quote, is the member's. */
// @ts-ignore: decorator
@inline function isNamed(member: Member, p: usize): bool {
  const name = member.name
  const length = <usize>member.length
  let at: usize = 0
  for (; length - at > 16; at += 16)
    if (i8x16.bitmask(i8x16.eq(v128.load(name + at), v128.load(p + at))) != 0xffff) return false
  const wanted = (<i32>1 << <i32>(length - at)) - 1
  return (i8x16.bitmask(i8x16.eq(v128.load(name + at), v128.load(p + at))) & wanted) == wanted
}

/** The member of that name, or null. `before` is the member met before it, or null. */
function find(node: Node, before: Member, p: usize): Member {
  const guess = changetype<Member>(changetype<usize>(before) == 0 ? node.first : before.next)
  if (changetype<usize>(guess) != 0 && isNamed(guess, p)) return guess
  const end = node.members + <usize>node.memberCount * MEMBER_BYTES
  for (let at = node.members; at < end; at += MEMBER_BYTES) {
    const member = changetype<Member>(at)
    if (isNamed(member, p)) {
      follow(node, before, member)
      return member
    }
  }
  return changetype<Member>(0)
}

function follow(node: Node, before: Member, member: Member): void {
  if (changetype<usize>(before) == 0) node.first = changetype<usize>(member)
  else before.next = changetype<usize>(member)
}

/** Remembers a name that no rule names, `[p, end)` and its quote; null where there is no room. */
function learn(node: Node, p: usize, end: usize): Member {
  const length = end + 1 - p
  const room = (length + 31) & ~15
  if (node.memberCount == node.memberRoom || pool + room > poolEnd) return changetype<Member>(0)
  const member = changetype<Member>(node.members + <usize>(node.memberCount++) * MEMBER_BYTES)
  member.name = pool
  member.length = <i32>length
  member.node = unlistedMember
  member.next = 0
  memory.copy(pool, p, length)
  pool += room
  return member
}

/** Notes a name that is not among the members; false if its object, whose names begin at `from`, has it already. */
function isNew(p: usize, end: usize, from: i32): bool {
  if (metCount == MOST_MET || metCount - from >= FEW) return false
  const length = <i32>(end - p)
  let hash: u64 = <u64>length
  if (length >= 8) hash ^= load<u64>(p) * 0x9e3779b97f4a7c15 ^ load<u64>(end - 8)
  else for (let at = p; at < end; at++) hash = (hash << 8 | hash >> 56) ^ <u64>load<u8>(at)
  for (let i = from; i < metCount; i++) {
    const other = changetype<Met>(met + <usize>i * MET_BYTES)
    if (other.hash == hash && other.length == length && memory.compare(other.at, p, length) == 0) return false
  }
  const own = changetype<Met>(met + <usize>(metCount++) * MET_BYTES)
  own.hash = hash
  own.at = p
  own.length = length
  return true
}

/** Members of an object, from behind its `{` to behind its `}`. */
function members(p: usize, node: Node, scope: i32, depth: i32): usize {
  if (depth > MAX_DEPTH) return 0
  const isMap = node.kind == MAP
  const object = ++objects
  const names = metCount
  if (node.emitted && !op(isMap ? OPEN_MAP : OPEN_OBJECT, 0, 0)) return 0
  if (load<u8>(p) <= 0x20) p = space(p)
  if (load<u8>(p) == 0x7d) p++
  else {
    let before = changetype<Member>(0)
    for (;;) {
      if (load<u8>(p) != QUOTE) return 0
      p++
      const member = find(node, before, p)
      if (changetype<usize>(member) != 0) {
        if (member.seen == object) return 0
        member.seen = object
        before = member
        p = colon(p + <usize>member.length)
        if (p == 0) return 0
        const child = member.node
        if (child.kind == UNLISTED) {
          if (rejects) return 0
          unlistedMet++
        }
        p = value(p, child, scope, depth)
      } else p = unknown(p, node, scope, depth, names, object, before)
      if (p == 0) return 0
      let byte = <i32>load<u8>(p)
      if (byte <= 0x20) {
        p = space(p)
        byte = <i32>load<u8>(p)
      }
      p++
      if (byte == COMMA) {
        if (load<u8>(p) <= 0x20) p = space(p)
      } else if (byte == 0x7d) break
      else return 0
    }
  }
  metCount = names
  if (node.emitted) {
    if (node.tree && !derived(node, scope, object)) return 0
    if (!op(isMap ? CLOSE_MAP : CLOSE_OBJECT, 0, 0)) return 0
  }
  return p
}

/** A member whose name is not known, from behind its opening quote to behind its value. */
function unknown(
  p: usize, node: Node, scope: i32, depth: i32, names: i32, object: i32, before: Member,
): usize {
  const end = text(p)
  if (end == 0 || escaped) return 0
  const isMap = node.kind == MAP
  const learned = node.counts ? learn(node, p, end) : changetype<Member>(0)
  if (changetype<usize>(learned) != 0) {
    learned.seen = object
    follow(node, before, learned)
  } else if (!isNew(p, end, names)) return 0
  const at = colon(end + 1)
  if (at == 0) return 0
  if (isMap) return mapMember(at, node, scope, depth, p, end)
  if (node.counts) {
    if (rejects) return 0
    unlistedMet++
  }
  return value(at, unlisted, scope, depth)
}

function mapMember(p: usize, node: Node, scope: i32, depth: i32, from: usize, to: usize): usize {
  const inner = addScope(scope, depthOf(scope) + 1)
  if (inner < 0) return 0
  if (!node.emitted || node.namesField < 0) return value(p, node.item, inner, depth)
  const slot = from == to
    ? addSlot(from - 1, to + 1, NOTHING, inner, node.namesField)
    : addSlot(from, to, TEXT, inner, node.namesField)
  const at = opCount
  if (slot < 0 || !op(MAP_NAME, 0, slot)) return 0
  p = value(p, node.item, inner, depth)
  store<i32>(ops + (<usize>at << 3), MAP_NAME | ((opCount - at) << 4))
  return p
}

function derived(node: Node, scope: i32, object: i32): bool {
  if (!op(DERIVED, node.id, scope)) return false
  for (let i: i32 = 0; i < node.containerCount; i++) {
    const entry = changetype<Container>(node.containers + <usize>i * CONTAINER_BYTES)
    if (entry.member != 0 && changetype<Member>(entry.member).seen == object) continue
    if (!op(DERIVED_CONTAINER, entry.id, scope)) return false
  }
  return true
}

/** Elements of an array, from behind its `[` to behind its `]`. */
function elements(p: usize, node: Node, scope: i32, depth: i32): usize {
  if (depth > MAX_DEPTH) return 0
  const item = node.kind == ARRAY ? node.item : unlisted
  if (node.emitted && !op(OPEN_ARRAY, 0, 0)) return 0
  if (load<u8>(p) <= 0x20) p = space(p)
  if (load<u8>(p) == 0x5d) p++
  else for (;;) {
    let inner = scope
    if (item.kind != UNLISTED) {
      inner = addScope(scope, depthOf(scope) + 1)
      if (inner < 0) return 0
    }
    p = value(p, item, inner, depth)
    if (p == 0) return 0
    let byte = <i32>load<u8>(p)
    if (byte <= 0x20) {
      p = space(p)
      byte = <i32>load<u8>(p)
    }
    p++
    if (byte == COMMA) {
      if (load<u8>(p) <= 0x20) p = space(p)
    } else if (byte == 0x5d) break
    else return 0
  }
  return !node.emitted || op(CLOSE_ARRAY, 0, 0) ? p : 0
}

/**
 * Walks records of the chunk at `base`, one a line, from `base + from`, until `most` are noted or one is not common.
 * The byte at `base + length` is a line feed, and 64 more can be read. Gives how many records it noted; the first is
 * record `firstRecord` and stands in line `firstLine`; slots and scopes are numbered from `firstSlot` and `firstScope`.
 */
export function scan(
  root: usize, base: usize, from: usize, length: usize, firstLine: i32, firstRecord: i32, firstSlot: i32, firstScope: i32,
  most: i32, maxBytes: usize,
): i32 {
  const limit = base + length
  chunk = base
  slotBase = firstSlot
  scopeBase = firstScope
  slots = 0
  opCount = 0
  scopes = 0
  noteCount = 0
  slotTotal = 0
  opTotal = 0
  scopeTotal = 0
  noteTotal = 0
  unlistedTotal = 0
  let at = base + from
  let records: i32 = 0
  while (records < most && at < limit) {
    record = firstRecord + records
    metCount = 0
    unlistedMet = 0
    let p = space(at)
    if (load<u8>(p) != 0x7b) break
    const scope = addScope(-1, 0)
    if (scope < 0) break
    const place = <usize>records << 2
    store<i32>(recordLines + place, firstLine + records)
    store<i32>(recordScopes + place, scope)
    store<i32>(recordOps + place, opCount)
    p = members(p + 1, changetype<Node>(root), scope, 1)
    if (p == 0) break
    p = space(p)
    if (load<u8>(p) != LF || p - at > maxBytes) break
    records++
    slotTotal = slots
    opTotal = opCount
    scopeTotal = scopes
    noteTotal = noteCount
    unlistedTotal += unlistedMet
    at = p + 1
  }
  next = at - base
  return records
}

/**
 * Sorts the slots of the last `scan` by field: puts the number of each field's slots at `counts`, and at `lists` the
 * slots of field 0, those of field 1 and so on, each in order.
 */
export function group(fields: i32, counts: usize, lists: usize): void {
  memory.fill(counts, 0, <usize>fields << 2)
  for (let i: i32 = 0; i < slotTotal; i++) {
    const field = load<i32>(slotFields + (<usize>i << 2))
    if (field < 0) continue
    const at = counts + (<usize>field << 2)
    store<i32>(at, load<i32>(at) + 1)
  }
  // From counts to where each list ends, then backwards, which leaves where it starts; then counts again.
  let sum: i32 = 0
  for (let field: i32 = 0; field < fields; field++) {
    const at = counts + (<usize>field << 2)
    sum += load<i32>(at)
    store<i32>(at, sum)
  }
  const total = sum
  for (let i = slotTotal - 1; i >= 0; i--) {
    const field = load<i32>(slotFields + (<usize>i << 2))
    if (field < 0) continue
    const at = counts + (<usize>field << 2)
    const place = load<i32>(at) - 1
    store<i32>(at, place)
    store<i32>(lists + (<usize>place << 2), slotBase + i)
  }
  for (let field: i32 = 0; field < fields; field++) {
    const at = counts + (<usize>field << 2)
    const end = field + 1 < fields ? load<i32>(at, 4) : total
    store<i32>(at, end - load<i32>(at))
  }
}

/** Copies a span; up to `SLACK` bytes behind it are overwritten too. */
// @ts-ignore: decorator
@inline function copy(to: usize, from: usize, length: usize): void {
  if (length > 64) memory.copy(to, from, length)
  else {
    v128.store(to, v128.load(from))
    for (let at: usize = 16; at < length; at += 16) v128.store(to + at, v128.load(from + at))
  }
}

let results: usize = 0
let resultStarts: usize = 0
let resultEnds: usize = 0
let input: usize = 0
let arena: usize = 0

/** Writes the result of a slot that is not dropped; gives the place behind it, or 0 where it would not fit. */
// @ts-ignore: decorator
@inline function result(at: usize, slot: usize, kind: i32, limit: usize): usize {
  const from = <usize>load<i32>(resultStarts + slot)
  const length = <usize>load<i32>(resultEnds + slot) - from
  if (at + length + SLACK > limit) return 0
  if (kind == FROM_ARENA) store<u8>(at++, QUOTE)
  copy(at, (kind == FROM_SOURCE ? input : arena) + from, length)
  at += length
  if (kind == FROM_ARENA) store<u8>(at++, QUOTE)
  return at
}

/**
 * Writes records `[index, count)`: those whose operations are `[opFirst, opLast)`, two i32 each at `ranges`, among
 * those at `opsAt`. The names of nodes stand at `names`, place and length each, behind a comma. Stops before a record
 * with operations that are the host's, and where the next would not fit in front of `limit`; gives the record to go
 * on with.
 */
export function write(
  index: i32, count: i32, ranges: usize, opsAt: usize, names: usize,
  resultKindsAt: usize, resultStartsAt: usize, resultEndsAt: usize, inputAt: usize, arenaAt: usize,
  output: usize, limit: usize, lineBreak: bool,
): i32 {
  results = resultKindsAt
  resultStarts = resultStartsAt
  resultEnds = resultEndsAt
  input = inputAt
  arena = arenaAt
  let at = output
  written = 0
  full = true
  for (; index < count; index++) {
    const range = ranges + (<usize>index << 3)
    let place = opsAt + (<usize>load<i32>(range) << 3)
    const last = opsAt + (<usize>load<i32>(range, 4) << 3)
    /** Whether something stands before in the open container. */
    let comma: usize = 0
    for (; place < last; place += 8) {
      if (at + SLACK > limit) return index
      const word = load<i32>(place)
      const code = word & 15
      if (code == MEMBER || code == NAME) {
        const slot = <usize>load<i32>(place, 4) << 2
        const kind = code == NAME ? 0 : load<i32>(results + slot)
        if (kind == DROPPED) continue
        const name = names + (<usize>(word >> 4) << 3)
        const skip: usize = 1 - comma
        const length = <usize>load<i32>(name, 4) - skip
        if (at + length + SLACK > limit) return index
        copy(at, <usize>load<i32>(name) + skip, length)
        at += length
        comma = 0
        if (code == MEMBER) {
          at = result(at, slot, kind, limit)
          if (at == 0) return index
          comma = 1
        }
      } else if (code == VALUE) {
        const slot = <usize>load<i32>(place, 4) << 2
        const kind = load<i32>(results + slot)
        if (kind == DROPPED) continue
        if (comma) store<u8>(at++, COMMA)
        at = result(at, slot, kind, limit)
        if (at == 0) return index
        comma = 1
      } else if (code == OPEN_OBJECT || code == OPEN_ARRAY) {
        if (comma) store<u8>(at++, COMMA)
        store<u8>(at++, code == OPEN_OBJECT ? 0x7b : 0x5b)
        comma = 0
      } else if (code == CLOSE_OBJECT || code == CLOSE_ARRAY) {
        store<u8>(at++, code == CLOSE_OBJECT ? 0x7d : 0x5d)
        comma = 1
      } else {
        full = false
        return index
      }
    }
    if (lineBreak) store<u8>(at++, LF)
    written = at - output
  }
  return index
}
