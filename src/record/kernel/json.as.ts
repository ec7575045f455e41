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
 * The host lays out the memory and says in the header where things stand; see json-layout.ts and json-kernel.ts.
 *
 * AssemblyScript takes decorators before functions, which TypeScript refuses: hence each `@ts-ignore`.
 */

import {
  Container, HEADER, JsonHeader, Member, Met, MOST_MET, Node, NodeKind, Op, ResultKind, SlotKind,
} from './json-layout.as'

const QUOTE: i32 = 0x22
const COMMA: i32 = 0x2c
const COLON: i32 = 0x3a
const BACKSLASH: i32 = 0x5c
const LF: i32 = 0x0a

const MAX_DEPTH: i32 = 64
/** Names of one object that are compared with each other; of more, the host makes a set. */
const FEW: i32 = 64
/** A copy may write so many bytes behind its end. */
const SLACK: usize = 64

const MEMBER_BYTES: usize = offsetof<Member>()
const MET_BYTES: usize = offsetof<Met>()
const CONTAINER_BYTES: usize = offsetof<Container>()

const header = changetype<JsonHeader>(HEADER)

/** How many there are of each in this `scan`, those of the record at hand included; and names met in open objects. */
let slots: i32 = 0
let opCount: i32 = 0
let scopes: i32 = 0
let noteCount: i32 = 0
let metCount: i32 = 0

/** The record at hand, and its members that no rule names. */
let record: i32 = 0
let unlistedMet: i32 = 0
let objects: i32 = 0
/** Whether the string that was walked last has escapes. */
let escaped: bool = false

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
  if (opCount == header.opRoom) return false
  const at = header.ops + (<usize>(opCount++) << 3)
  store<i32>(at, code | (a << 4))
  store<i32>(at, b, 4)
  return true
}

/** Adds a slot; gives its number, or -1 where there is no room. */
// @ts-ignore: decorator
@inline function addSlot(from: usize, to: usize, kind: i32, scope: i32, field: i32): i32 {
  if (slots == header.slotRoom) return -1
  const at = <usize>slots << 2
  store<i32>(header.slotStarts + at, <i32>(from - header.input))
  store<i32>(header.slotEnds + at, <i32>(to - header.input))
  store<i32>(header.slotKinds + at, kind)
  store<i32>(header.slotRecords + at, record)
  store<i32>(header.slotScopes + at, scope)
  store<i32>(header.slotFields + at, field)
  return header.firstSlot + slots++
}

function addScope(parent: i32, depth: i32): i32 {
  if (scopes == header.scopeRoom) return -1
  const at = <usize>scopes << 2
  store<i32>(header.scopeParents + at, parent)
  store<i32>(header.scopeDepths + at, depth)
  return header.firstScope + scopes++
}

// @ts-ignore: decorator
@inline function depthOf(scope: i32): i32 {
  return load<i32>(header.scopeDepths + (<usize>(scope - header.firstScope) << 2))
}

function note(what: i32, scope: i32, slot: i32): bool {
  if (noteCount == header.noteRoom) return false
  const at = header.notes + <usize>(noteCount++) * 12
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
    if (slot < 0 || !(node.named ? op(Op.member, node.id, slot) : op(Op.value, 0, slot))) return false
  }
  for (let i: i32 = 0; i < node.derivedCount; i++) {
    const field = load<i32>(node.derived + (<usize>i << 2))
    const own = addSlot(from, to, kind, scope, field)
    if (own < 0 || !note(header.watchCount + field, scope, own)) return false
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
  const isValue = kind == NodeKind.scalar || kind == NodeKind.subtree
  if (byte == QUOTE) {
    const from = p + 1
    const to = text(from)
    if (to == 0) return 0
    if (isValue) {
      const taken = to == from
        ? take(node, p, to + 1, SlotKind.nothing, scope)
        : take(node, from, to, escaped ? SlotKind.escaped : SlotKind.text, scope)
      if (!taken) return 0
    } else if (kind != NodeKind.unlisted) return 0
    return to + 1
  }
  if (byte == 0x7b || byte == 0x5b) return container(p, byte == 0x7b, node, scope, depth)
  let to: usize = 0
  let slotKind = SlotKind.boolean
  if (byte == 0x2d || isDigit(byte)) {
    to = number(p)
    slotKind = SlotKind.number
  } else if (byte == 0x6e) {
    if (load<u32>(p) == 0x6c6c756e) to = p + 4
    slotKind = SlotKind.nothing
  } else if (byte == 0x74) {
    if (load<u32>(p) == 0x65757274) to = p + 4
  } else if (byte == 0x66) {
    if (load<u32>(p + 1) == 0x65736c61) to = p + 5
  }
  if (to == 0) return 0
  if (isValue) return take(node, p, to, slotKind, scope) ? to : 0
  if (kind == NodeKind.unlisted) return to
  // Null may stand for a container; any other scalar may not.
  if (slotKind != SlotKind.nothing) return 0
  return !node.emitted || op(Op.nullContainer, node.id, scope) ? to : 0
}

function container(p: usize, isObject: bool, node: Node, scope: i32, depth: i32): usize {
  const kind = node.kind
  if (kind == NodeKind.unlisted) {
    const inner = header.unlisted
    return isObject ? members(p + 1, inner, scope, depth + 1) : elements(p + 1, inner, scope, depth + 1)
  }
  if (isObject ? kind == NodeKind.object || kind == NodeKind.map : kind == NodeKind.array) {
    if (node.emitted && node.named && !op(Op.name, node.id, 0)) return 0
    return isObject ? members(p + 1, node, scope, depth + 1) : elements(p + 1, node, scope, depth + 1)
  }
  if (kind != NodeKind.subtree) return 0
  const to = container(p, isObject, header.unlisted, scope, depth)
  return to != 0 && take(node, p, to, SlotKind.subtree, scope) ? to : 0
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
  if (node.memberCount == node.memberRoom || header.pool + room > header.poolEnd) return changetype<Member>(0)
  const member = changetype<Member>(node.members + <usize>(node.memberCount++) * MEMBER_BYTES)
  member.name = header.pool
  member.length = <i32>length
  member.node = header.unlistedMember
  member.next = 0
  memory.copy(header.pool, p, length)
  header.pool += room
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
    const other = changetype<Met>(header.met + <usize>i * MET_BYTES)
    if (other.hash == hash && other.length == length && memory.compare(other.at, p, length) == 0) return false
  }
  const own = changetype<Met>(header.met + <usize>(metCount++) * MET_BYTES)
  own.hash = hash
  own.at = p
  own.length = length
  return true
}

/** Members of an object, from behind its `{` to behind its `}`. */
function members(p: usize, node: Node, scope: i32, depth: i32): usize {
  if (depth > MAX_DEPTH) return 0
  const isMap = node.kind == NodeKind.map
  const object = ++objects
  const names = metCount
  if (node.emitted && !op(isMap ? Op.openMap : Op.openObject, 0, 0)) return 0
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
        if (child.kind == NodeKind.unlisted) {
          if (header.rejects) return 0
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
    if (!op(isMap ? Op.closeMap : Op.closeObject, 0, 0)) return 0
  }
  return p
}

/** A member whose name is not known, from behind its opening quote to behind its value. */
function unknown(
  p: usize, node: Node, scope: i32, depth: i32, names: i32, object: i32, before: Member,
): usize {
  const end = text(p)
  if (end == 0 || escaped) return 0
  const isMap = node.kind == NodeKind.map
  const learned = node.counts ? learn(node, p, end) : changetype<Member>(0)
  if (changetype<usize>(learned) != 0) {
    learned.seen = object
    follow(node, before, learned)
  } else if (!isNew(p, end, names)) return 0
  const at = colon(end + 1)
  if (at == 0) return 0
  if (isMap) return mapMember(at, node, scope, depth, p, end)
  if (node.counts) {
    if (header.rejects) return 0
    unlistedMet++
  }
  return value(at, header.unlisted, scope, depth)
}

function mapMember(p: usize, node: Node, scope: i32, depth: i32, from: usize, to: usize): usize {
  const inner = addScope(scope, depthOf(scope) + 1)
  if (inner < 0) return 0
  if (!node.emitted || node.namesField < 0) return value(p, node.item, inner, depth)
  const slot = from == to
    ? addSlot(from - 1, to + 1, SlotKind.nothing, inner, node.namesField)
    : addSlot(from, to, SlotKind.text, inner, node.namesField)
  const at = opCount
  if (slot < 0 || !op(Op.mapName, 0, slot)) return 0
  p = value(p, node.item, inner, depth)
  store<i32>(header.ops + (<usize>at << 3), Op.mapName | ((opCount - at) << 4))
  return p
}

function derived(node: Node, scope: i32, object: i32): bool {
  if (!op(Op.derived, node.id, scope)) return false
  for (let i: i32 = 0; i < node.containerCount; i++) {
    const entry = changetype<Container>(node.containers + <usize>i * CONTAINER_BYTES)
    if (entry.member != 0 && changetype<Member>(entry.member).seen == object) continue
    if (!op(Op.derivedContainer, entry.id, scope)) return false
  }
  return true
}

/** Elements of an array, from behind its `[` to behind its `]`. */
function elements(p: usize, node: Node, scope: i32, depth: i32): usize {
  if (depth > MAX_DEPTH) return 0
  const item = node.kind == NodeKind.array ? node.item : header.unlisted
  if (node.emitted && !op(Op.openArray, 0, 0)) return 0
  if (load<u8>(p) <= 0x20) p = space(p)
  if (load<u8>(p) == 0x5d) p++
  else for (;;) {
    let inner = scope
    if (item.kind != NodeKind.unlisted) {
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
  return !node.emitted || op(Op.closeArray, 0, 0) ? p : 0
}

/**
 * Walks records of the chunk, one a line, from byte `from` on, until `most` are noted or one is not common. Gives how
 * many records it noted; the first is record `firstRecord` and stands in line `firstLine`.
 */
export function scan(from: usize, firstLine: i32, firstRecord: i32, most: i32): i32 {
  const base = header.input
  const limit = base + header.length
  slots = 0
  opCount = 0
  scopes = 0
  noteCount = 0
  header.slotTotal = 0
  header.opTotal = 0
  header.scopeTotal = 0
  header.noteTotal = 0
  header.unlistedTotal = 0
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
    store<i32>(header.recordLines + place, firstLine + records)
    store<i32>(header.recordScopes + place, scope)
    store<i32>(header.recordOps + place, opCount)
    p = members(p + 1, header.root, scope, 1)
    if (p == 0) break
    p = space(p)
    if (load<u8>(p) != LF || p - at > header.maxBytes) break
    records++
    header.slotTotal = slots
    header.opTotal = opCount
    header.scopeTotal = scopes
    header.noteTotal = noteCount
    header.unlistedTotal += unlistedMet
    at = p + 1
  }
  header.next = at - base
  return records
}

/**
 * Sorts the slots of the last `scan` by field: puts the number of each field's slots at `fieldCounts`, and at
 * `fieldSlots` the slots of field 0, those of field 1 and so on, each in order.
 */
export function group(): void {
  const fields = header.fields
  const counts = header.fieldCounts
  const lists = header.fieldSlots
  memory.fill(counts, 0, <usize>fields << 2)
  for (let i: i32 = 0; i < header.slotTotal; i++) {
    const field = load<i32>(header.slotFields + (<usize>i << 2))
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
  for (let i = header.slotTotal - 1; i >= 0; i--) {
    const field = load<i32>(header.slotFields + (<usize>i << 2))
    if (field < 0) continue
    const at = counts + (<usize>field << 2)
    const place = load<i32>(at) - 1
    store<i32>(at, place)
    store<i32>(lists + (<usize>place << 2), header.firstSlot + i)
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

/** Writes the result of a slot that is not dropped; gives the place behind it, or 0 where it would not fit. */
// @ts-ignore: decorator
@inline function result(at: usize, slot: usize, kind: i32, limit: usize): usize {
  const from = <usize>load<i32>(header.resultStarts + slot)
  const length = <usize>load<i32>(header.resultEnds + slot) - from
  if (at + length + SLACK > limit) return 0
  if (kind == ResultKind.arena) store<u8>(at++, QUOTE)
  copy(at, (kind == ResultKind.source ? header.input : header.arena) + from, length)
  at += length
  if (kind == ResultKind.arena) store<u8>(at++, QUOTE)
  return at
}

/**
 * Writes records `[index, count)` of those at `ranges` to `output`. Stops before a record with operations that are the
 * host's, and where the next would not fit in front of `limit`; gives the record to go on with.
 */
export function write(index: i32, count: i32): i32 {
  const ranges = header.ranges
  const opsAt = header.blockOps
  const names = header.names
  const output = header.output
  const limit = header.limit
  const lineBreak = header.lineBreak
  let at = output
  header.written = 0
  header.full = 1
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
      if (code == Op.member || code == Op.name) {
        const slot = <usize>load<i32>(place, 4) << 2
        const kind = code == Op.name ? 0 : load<i32>(header.resultKinds + slot)
        if (kind == ResultKind.dropped) continue
        const name = names + (<usize>(word >> 4) << 3)
        const skip: usize = 1 - comma
        const length = <usize>load<i32>(name, 4) - skip
        if (at + length + SLACK > limit) return index
        copy(at, <usize>load<i32>(name) + skip, length)
        at += length
        comma = 0
        if (code == Op.member) {
          at = result(at, slot, kind, limit)
          if (at == 0) return index
          comma = 1
        }
      } else if (code == Op.value) {
        const slot = <usize>load<i32>(place, 4) << 2
        const kind = load<i32>(header.resultKinds + slot)
        if (kind == ResultKind.dropped) continue
        if (comma) store<u8>(at++, COMMA)
        at = result(at, slot, kind, limit)
        if (at == 0) return index
        comma = 1
      } else if (code == Op.openObject || code == Op.openArray) {
        if (comma) store<u8>(at++, COMMA)
        store<u8>(at++, code == Op.openObject ? 0x7b : 0x5b)
        comma = 0
      } else if (code == Op.closeObject || code == Op.closeArray) {
        store<u8>(at++, code == Op.closeObject ? 0x7d : 0x5d)
        comma = 1
      } else {
        header.full = 0
        return index
      }
    }
    if (lineBreak) store<u8>(at++, LF)
    header.written = at - output
  }
  return index
}
