/**
 * Walks records of Avro and Protobuf into the slots, operations and tokens that the walkers in TypeScript note, and writes the texts
 * of listed values, 16 bytes at a time. AssemblyScript: test/kernels.mjs compiles it into typed.wasm.ts.
 *
 * It takes only records that are well formed and fit the shape. At the first that is anything else, or needs more room than there is,
 * it stops before that record, and the walker says what it is: nothing here decides that a record fails. What stands in a record is
 * validated as the walkers validate it, and bounded as they bound it. Texts that take more than bytes to write (dates, decimals, most
 * fractions) are left to the host: room is kept for them, and `late` says where.
 *
 * The host lays out the memory and says in the header where things stand; see typed-layout.ts and typed-kernel.ts.
 *
 * AssemblyScript takes decorators before functions, which TypeScript refuses: hence each `@ts-ignore`.
 */

import {
  Avro, Container, Field, HEADER, Late, MAX_TYPED_DEPTH, Occurrence, Op, Proto, SlotKind, Span, Step, TypedHeader, Walk, Wire,
} from './typed-layout.as'

const QUOTE: i32 = 0x22
const BACKSLASH: i32 = 0x5c
const NONE: i32 = -1
/** In the place of a first occurrence: it is there and not listed. */
const SEEN: i32 = -2

/** As in value-texts.ts: values of a record beside those that its length lets be. */
const FREE_VALUES: i32 = 1 << 16
const VALUES_A_BYTE: i32 = 16
/** As in avro-text.ts: the most bytes that a number, date or time takes, and those of a decimal. */
const NUMBER_ROOM: usize = 48
const MOST_DECIMAL_BYTES: usize = 512
/** A copy may write so many bytes behind its end. */
const SLACK: usize = 32

const header = changetype<TypedHeader>(HEADER)

/** How many there are of each in this `scan`, those of the record at hand included. */
let slots: i32 = 0
let opCount: i32 = 0
let scopes: i32 = 0
let noteCount: i32 = 0
let lateCount: i32 = 0
let objects: i32 = 0

/** The record at hand: where it ends, its members that no rule names, and how many values it may still have. */
let record: i32 = 0
let end: usize = 0
let unlistedMet: i32 = 0
let left: i32 = 0
/** Where the next text begins, and where those of the record have to end. */
let out: usize = 0
let mostOut: usize = 0
/** The text that was written last, without quotes, and its kind; and whether the host writes it. */
let from: usize = 0
let to: usize = 0
let kind: i32 = 0
let isLate: bool = false
let lateStep: i32 = 0
let lateStart: usize = 0
let lateEnd: usize = 0
/** The number that was read last. */
let raw: u64 = 0

// Notes, as the walkers make them. Each gives false, or a number below zero, where there is no room.

// @ts-ignore: decorator
@inline function op(code: i32, a: i32, b: i32): bool {
  if (opCount == header.opRoom) return false
  const at = header.ops + (<usize>(opCount++) << 3)
  store<i32>(at, code | (a << 4))
  store<i32>(at, b, 4)
  return true
}

// @ts-ignore: decorator
@inline function token(value: i32): bool {
  if (opCount == header.opRoom) return false
  store<i32>(header.ops + (<usize>(opCount++) << 2), value)
  return true
}

function addSlot(scope: i32, field: i32, step: Step, start: usize, stop: usize): i32 {
  if (slots == header.slotRoom) return -1
  const at = <usize>slots << 2
  store<i32>(header.slotStarts + at, <i32>(from - header.textBase))
  store<i32>(header.slotEnds + at, <i32>(to - header.textBase))
  store<i32>(header.slotKinds + at, kind)
  store<i32>(header.slotRecords + at, record)
  store<i32>(header.slotScopes + at, scope)
  store<i32>(header.slotFields + at, field)
  if (header.isTold) {
    store<i32>(header.rawStarts + at, <i32>(start - header.input))
    store<i32>(header.rawEnds + at, <i32>(stop - header.input))
    store<i32>(header.slotSteps + at, step.id)
  }
  return header.firstSlot + slots++
}

function addScope(parent: i32, depth: i32): i32 {
  if (scopes == header.scopeRoom) return -1
  const at = <usize>scopes << 2
  store<i32>(header.scopeParents + at, parent)
  store<i32>(header.scopeDepths + at, depth)
  return header.firstScope + scopes++
}

/** A scope inside of another one. */
// @ts-ignore: decorator
@inline function inside(scope: i32): i32 {
  return addScope(scope, load<i32>(header.scopeDepths + (<usize>(scope - header.firstScope) << 2)) + 1)
}

function note(what: i32, scope: i32, slot: i32): bool {
  if (noteCount == header.noteRoom) return false
  const at = header.notes + <usize>(noteCount++) * 12
  store<i32>(at, what)
  store<i32>(at, scope, 4)
  store<i32>(at, slot, 8)
  return true
}

/** Notes a listed value, `[start, stop)` of the chunk, whose text was just written: for its own field, derived ones, watches. */
function take(step: Step, scope: i32, start: usize, stop: usize): bool {
  const first = slots
  let slot: i32 = -1
  if (step.field >= 0) {
    slot = addSlot(scope, step.field, step, start, stop)
    if (slot < 0) return false
    if (header.isTold) {
      if (step.told && !token(slot)) return false
    } else if (!(step.named ? op(Op.member, step.node, slot) : op(Op.value, 0, slot))) return false
  }
  for (let i: i32 = 0; i < step.derivedCount; i++) {
    const field = load<i32>(step.derived + (<usize>i << 2))
    const own = addSlot(scope, field, step, start, stop)
    if (own < 0 || !note(header.watchCount + field, scope, own)) return false
  }
  if (step.watchCount > 0) {
    if (slot < 0) slot = addSlot(scope, -1, step, start, stop)
    if (slot < 0) return false
    for (let i: i32 = 0; i < step.watchCount; i++)
      if (!note(load<i32>(step.watches + (<usize>i << 2)), scope, slot)) return false
  }
  if (!isLate) return true
  isLate = false
  if (slots == first) return true
  if (lateCount == header.lateRoom) return false
  const late = changetype<Late>(header.lates + <usize>(lateCount++) * offsetof<Late>())
  late.slot = header.firstSlot + first
  late.slots = slots - first
  late.step = lateStep
  late.start = <i32>(lateStart - header.input)
  late.end = <i32>(lateEnd - header.input)
  return true
}

/** Ends a record. */
function close(step: Step, scope: i32, object: i32): bool {
  if (!step.emitted) return true
  if (header.isTold) return !step.tree || token(scope)
  if (step.tree) {
    if (!op(Op.derived, step.node, scope)) return false
    for (let i: i32 = 0; i < step.containerCount; i++) {
      const entry = changetype<Container>(step.containers + <usize>i * offsetof<Container>())
      if (entry.seen != 0 && load<i32>(entry.seen) == object) continue
      if (!op(Op.derivedContainer, entry.id, scope)) return false
    }
  }
  return op(Op.closeObject, 0, 0)
}

/** Null where a container is listed. */
function nothing(step: Step, scope: i32): bool {
  if (!step.emitted) return true
  if (header.isTold) return !step.tree || token(scope)
  return op(Op.nullContainer, step.node, scope)
}

/** The name of a container, if it has one in the output. */
// @ts-ignore: decorator
@inline function name(step: Step): bool {
  return header.isTold || !step.emitted || !step.named || op(Op.name, step.node, 0)
}

// @ts-ignore: decorator
@inline function opens(step: Step, code: i32): bool {
  return header.isTold || !step.emitted || op(code, 0, 0)
}

/** Begins an array; gives the place of the token that counts its items, -1 for none, or -2. */
// @ts-ignore: decorator
@inline function counted(step: Step): i32 {
  if (!header.isTold || !step.told) return -1
  const at = opCount
  return token(0) ? at : -2
}

// @ts-ignore: decorator
@inline function closeArray(step: Step, at: i32, items: i32): bool {
  if (at >= 0) {
    store<i32>(header.ops + (<usize>at << 2), items)
    return true
  }
  return header.isTold || !step.emitted || op(Op.closeArray, 0, 0)
}

/** Members that no rule names. */
// @ts-ignore: decorator
@inline function unlisted(count: i32): bool {
  unlistedMet += count
  return count == 0 || !header.rejects
}

// Texts. Each gives whether there was room, and it is one.

// @ts-ignore: decorator
@inline function hasRoom(bytes: usize): bool {
  return out + bytes <= mostOut && out + bytes + SLACK <= header.textEnd
}

function word(letters: u64, length: usize, what: i32): bool {
  if (!hasRoom(NUMBER_ROOM)) return false
  store<u64>(out, letters)
  from = out
  out += length
  to = out
  kind = what
  return true
}

/** A text that is empty is nothing, and its quotes belong to it. */
function empty(): bool {
  if (!hasRoom(NUMBER_ROOM)) return false
  store<u16>(out, 0x2222)
  from = out
  out += 2
  to = out
  kind = SlotKind.nothing
  return true
}

/** The text began at `out` with its quote, and ends before `at`. */
// @ts-ignore: decorator
@inline function quoted(at: usize, what: i32): bool {
  store<u8>(out, QUOTE)
  store<u8>(at, QUOTE)
  from = out + 1
  to = at
  kind = what
  out = at + 1
  return true
}

/** The bytes `[p, stop)`, which have to be UTF-8, as JSON writes them. */
function text(p: usize, stop: usize): bool {
  if (p == stop) return empty()
  const length = stop - p
  if (!hasRoom(length + 2)) return false
  let at = out + 1
  let high: i32 = 0
  for (let q = p; q < stop; q += 16) {
    const bytes = v128.load(q)
    const wanted = stop - q >= 16 ? 0xffff : (1 << <i32>(stop - q)) - 1
    const special = i8x16.bitmask(v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(<i8>QUOTE)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH))),
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
    )) & wanted
    if (special != 0) return isUtf8(p, stop) && escaped(p, stop)
    high |= i8x16.bitmask(bytes) & wanted
    v128.store(at, bytes)
    at += 16
  }
  if (high != 0 && !isUtf8(p, stop)) return false
  return quoted(out + 1 + length, SlotKind.text)
}

// @ts-ignore: decorator
@inline function isTail(byte: i32): bool { return (byte & 0xc0) == 0x80 }

/** The Unicode Standard, table 3-7. */
function isUtf8(p: usize, stop: usize): bool {
  while (p < stop) {
    const byte = <i32>load<u8>(p++)
    if (byte < 0x80) continue
    if (byte < 0xc2 || byte > 0xf4) return false
    const tails: usize = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    if (stop - p < tails) return false
    const second = <i32>load<u8>(p)
    const least = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80
    const most = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf
    if (second < least || second > most) return false
    if (tails > 1 && !isTail(<i32>load<u8>(p, 1))) return false
    if (tails > 2 && !isTail(<i32>load<u8>(p, 2))) return false
    p += tails
  }
  return true
}

// @ts-ignore: decorator
@inline function hex(half: i32): i32 { return half < 10 ? 0x30 + half : 0x57 + half }

function escaped(p: usize, stop: usize): bool {
  if (!hasRoom(6 * (stop - p) + 2)) return false
  let at = out + 1
  for (; p < stop; p++) {
    const byte = <i32>load<u8>(p)
    if (byte >= 0x20 && byte != QUOTE && byte != BACKSLASH) {
      store<u8>(at++, byte)
      continue
    }
    store<u8>(at++, BACKSLASH)
    if (byte >= 0x20) store<u8>(at++, byte)
    else if (byte == 0x08) store<u8>(at++, 0x62)
    else if (byte == 0x09) store<u8>(at++, 0x74)
    else if (byte == 0x0a) store<u8>(at++, 0x6e)
    else if (byte == 0x0c) store<u8>(at++, 0x66)
    else if (byte == 0x0d) store<u8>(at++, 0x72)
    else {
      store<u8>(at, 0x75)
      store<u8>(at, 0x30, 1)
      store<u8>(at, 0x30, 2)
      store<u8>(at, hex(byte >> 4), 3)
      store<u8>(at, hex(byte & 15), 4)
      at += 5
    }
  }
  return quoted(at, SlotKind.escaped)
}

/** Digits of a number at `at`; gives the place behind them. */
function digits(at: usize, value: u64): usize {
  let count: usize = 1
  for (let rest = value; rest >= 10; rest /= 10) count++
  const behind = at + count
  let p = behind
  let rest = value
  do {
    const quotient = rest / 10
    store<u8>(--p, 0x30 + <i32>(rest - quotient * 10))
    rest = quotient
  } while (p > at)
  return behind
}

// @ts-ignore: decorator
@inline function numberTo(at: usize): bool {
  from = out
  to = at
  kind = SlotKind.number
  out = at
  return true
}

function unsigned(value: u64): bool {
  return hasRoom(NUMBER_ROOM) && numberTo(digits(out, value))
}

function signed(value: i64): bool {
  if (!hasRoom(NUMBER_ROOM)) return false
  let at = out
  if (value < 0) store<u8>(at++, 0x2d)
  return numberTo(digits(at, value < 0 ? <u64>0 - <u64>value : <u64>value))
}

/** `value` of so many digits behind the point, without zeros at its end. */
function scaled(value: i32, places: i32): bool {
  let at = out
  if (value < 0) store<u8>(at++, 0x2d)
  const whole = <u32>(value < 0 ? -value : value)
  const scale: u32 = places == 2 ? 100 : 1_000_000
  at = digits(at, whole / scale)
  store<u8>(at++, 0x2e)
  let rest = whole % scale
  for (let p = at + <usize>places; p > at;) {
    store<u8>(--p, 0x30 + rest % 10)
    rest /= 10
  }
  at += <usize>places
  while (load<u8>(at - 1) == 0x30) at--
  return numberTo(at)
}

/** A finite double, as avro-text.ts writes it. */
function double(step: Step, p: usize): bool {
  const value = load<f64>(p)
  // What is not finite the walker refuses.
  if (!(abs(value) < Infinity) || !hasRoom(NUMBER_ROOM)) return false
  if (abs(value) <= 2147483647) {
    if (floor(value) == value) return signed(<i64>value)
    const hundredths = floor(value * 100 + 0.5)
    if (hundredths / 100 == value && abs(hundredths) <= 2147483647) return scaled(<i32>hundredths, 2)
    const millionths = floor(value * 1e6 + 0.5)
    if (millionths / 1e6 == value && abs(millionths) <= 2147483647 && abs(value) >= 1)
      return scaled(<i32>millionths, 6)
  }
  return later(step, p, p + 8, NUMBER_ROOM)
}

/** Leaves room for the text of `[start, stop)`, which the host writes. */
function later(step: Step, start: usize, stop: usize, room: usize): bool {
  if (!hasRoom(room)) return false
  lateStep = step.id
  lateStart = start
  lateEnd = stop
  from = out
  to = out
  kind = SlotKind.number
  out += room
  isLate = true
  return true
}

// @ts-ignore: decorator
@inline function symbol(place: usize, length: usize): bool {
  if (!hasRoom(length + 2)) return false
  for (let done: usize = 0; done < length; done += 16) v128.store(out + 1 + done, v128.load(place + done))
  return quoted(out + 1 + length, SlotKind.text)
}

// Numbers. Each gives the place behind, or 0.

/** A number of 64 bits in base 128, which ends before `stop`. */
function varint(p: usize, stop: usize): usize {
  let byte = <u64>load<u8>(p)
  if (byte < 0x80) {
    raw = byte
    return p < stop ? p + 1 : 0
  }
  let value = byte & 0x7f
  p++
  for (let shift: u64 = 7; shift < 70; shift += 7) {
    if (p >= stop) return 0
    byte = <u64>load<u8>(p++)
    // The tenth byte holds the last of 64 bits.
    if (shift == 63 && byte > 1) return 0
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      raw = value
      return p
    }
  }
  return 0
}

// @ts-ignore: decorator
@inline function zigzag(): i64 { return <i64>(raw >> 1) ^ -<i64>(raw & 1) }

/** A length of Avro, in `raw`: behind it are so many bytes. */
// @ts-ignore: decorator
@inline function span(p: usize): usize {
  p = varint(p, end)
  if (p == 0) return 0
  const length = zigzag()
  if (length < 0 || length > <i64>(end - p)) return 0
  raw = <u64>length
  return p
}

// @ts-ignore: decorator
@inline function past(p: usize, length: usize): usize { return length <= end - p ? p + length : 0 }

// Avro: fields stand in the order of the schema.

/** Goes past a value. */
function skip(step: Step, p: usize, depth: i32): usize {
  if (--left < 0) return 0
  switch (step.base) {
    case Avro.Null: return p
    case Avro.Boolean: return p < end && load<u8>(p) < 2 ? p + 1 : 0
    case Avro.Int: {
      p = varint(p, end)
      const value = zigzag()
      return p != 0 && value == <i64><i32>value ? p : 0
    }
    case Avro.Long: return varint(p, end)
    case Avro.Float: return past(p, 4)
    case Avro.Double: return past(p, 8)
    case Avro.Fixed: return past(p, <usize>step.size)
    case Avro.Bytes:
    case Avro.String:
      p = span(p)
      return p == 0 ? 0 : p + <usize>raw
    case Avro.Enum: {
      p = varint(p, end)
      return p != 0 && !(raw & 1) && raw >> 1 < <u64>step.symbolCount ? p : 0
    }
    case Avro.Union: {
      const branch = index(step, p)
      return branch == 0 ? 0 : skip(changetype<Step>(branch), afterIndex, depth)
    }
    case Avro.Record: {
      if (depth >= MAX_TYPED_DEPTH) return 0
      for (let i: i32 = 0; i < step.fieldCount; i++) {
        p = skip(fieldAt(step, i).step, p, depth + 1)
        if (p == 0) return 0
      }
      return p
    }
    default: return skipBlocks(step, p, depth)
  }
}

let afterIndex: usize = 0

/** The branch of a union, behind whose index is `afterIndex`; 0: there is none. */
function index(step: Step, p: usize): usize {
  p = varint(p, end)
  if (p == 0 || raw & 1 || raw >> 1 >= <u64>step.fieldCount) return 0
  afterIndex = p
  return load<usize>(step.fields + (<usize>(raw >> 1) << 2))
}

// @ts-ignore: decorator
@inline function fieldAt(step: Step, at: i32): Field {
  return changetype<Field>(step.fields + <usize>at * offsetof<Field>())
}

let blockCount: i32 = 0
let blockEnd: usize = 0

/** Reads how many items the next block has; and where it ends, if it says so. */
function block(p: usize): usize {
  blockEnd = 0
  p = varint(p, end)
  if (p == 0) return 0
  const count = zigzag()
  if (count > 0x7fffffff || count < -0x7fffffff) return 0
  if (count < 0) {
    p = span(p)
    if (p == 0) return 0
    blockEnd = p + <usize>raw
  }
  blockCount = <i32>(count < 0 ? -count : count)
  return p
}

function skipBlocks(step: Step, p: usize, depth: i32): usize {
  if (depth >= MAX_TYPED_DEPTH) return 0
  const item = changetype<Step>(step.item)
  let count: i32 = 0
  do {
    p = block(p)
    if (p == 0) return 0
    count = blockCount
    if (blockEnd != 0) p = blockEnd
    else for (let i = count; i > 0; i--) {
      if (step.base == Avro.Map) {
        p = span(p)
        if (p == 0) return 0
        p += <usize>raw
      }
      p = skip(item, p, depth + 1)
      if (p == 0) return 0
    }
  } while (count != 0)
  return p
}

/** Writes the text of a single value. */
function avroLeaf(step: Step, p: usize): usize {
  const start = p
  switch (step.code) {
    case Avro.String:
      if (--left < 0) return 0
      p = span(p)
      return p != 0 && text(p, p + <usize>raw) ? p + <usize>raw : 0
    case Avro.Null:
      return --left >= 0 && word(0x6c6c756e, 4, SlotKind.nothing) ? p : 0
    case Avro.Double:
      if (--left < 0) return 0
      p = past(p, 8)
      return p != 0 && double(step, start) ? p : 0
    case Avro.Float:
      if (--left < 0) return 0
      p = past(p, 4)
      return p != 0 && abs(load<f32>(start)) < Infinity && later(step, start, p, NUMBER_ROOM) ? p : 0
  }
  p = skip(step, p, 0)
  if (p == 0) return 0
  let done = false
  switch (step.code) {
    case Avro.Boolean:
      done = load<u8>(start) != 0 ? word(0x65757274, 4, SlotKind.boolean) : word(0x65736c6166, 5, SlotKind.boolean)
      break
    case Avro.Int:
    case Avro.Long:
      done = signed(zigzag())
      break
    case Avro.Enum: {
      const at = step.symbols + (<usize>(raw >> 1) << 3)
      done = hasRoom(NUMBER_ROOM) && symbol(<usize>load<i32>(at), <usize>load<i32>(at, 4))
      break
    }
    case Avro.Bytes:
    case Avro.Fixed: {
      const length = step.code == Avro.Fixed ? <usize>step.size : <usize>raw
      done = later(step, start, p, NUMBER_ROOM + (length / 3 + 1) * 4)
      break
    }
    case Avro.Decimal:
    case Avro.DecimalFixed: {
      const length = step.code == Avro.DecimalFixed ? <usize>step.size : <usize>raw
      done = length <= MOST_DECIMAL_BYTES && later(step, start, p, NUMBER_ROOM + length * 3 + <usize>step.scale)
      break
    }
    default:
      // Dates, times and UUIDs.
      done = later(step, start, p, NUMBER_ROOM)
  }
  return done ? p : 0
}

function avroValue(step: Step, p: usize, scope: i32, depth: i32): usize {
  const start = p
  switch (step.walk) {
    case Walk.skip: return skip(step, p, depth)
    case Walk.take:
      p = avroLeaf(step, p)
      return p != 0 && take(step, scope, start, p) ? p : 0
    case Walk.drop: {
      p = skip(step, p, depth)
      if (p == 0) return 0
      const isEmpty = step.code == Avro.Null || ((step.code == Avro.String || step.code == Avro.Bytes) && p - start == 1)
      from = out
      to = out
      kind = isEmpty ? SlotKind.nothing : SlotKind.subtree
      return take(step, scope, start, p) ? p : 0
    }
    case Walk.nothing: return step.code == Avro.Null && --left >= 0 && nothing(step, scope) ? p : 0
    case Walk.union: {
      if (--left < 0) return 0
      const branch = index(step, p)
      if (branch == 0 || (header.isTold && step.told && !token(<i32>(raw >> 1)))) return 0
      return avroValue(changetype<Step>(branch), afterIndex, scope, depth)
    }
    case Walk.record:
      return depth < MAX_TYPED_DEPTH && --left >= 0 && name(step) ? avroRecord(step, p, scope, depth + 1) : 0
    case Walk.array:
      return depth < MAX_TYPED_DEPTH && --left >= 0 && name(step) ? avroArray(step, p, scope, depth + 1) : 0
    default: return 0
  }
}

function avroRecord(step: Step, p: usize, scope: i32, depth: i32): usize {
  const object = ++objects
  if (!opens(step, Op.openObject) || !unlisted(step.unlisted)) return 0
  const count = step.fieldCount
  for (let i: i32 = 0; i < count; i++) {
    const field = fieldAt(step, i)
    if (field.seen != 0) store<i32>(field.seen, object)
    p = avroValue(field.step, p, scope, depth)
    if (p == 0) return 0
  }
  return close(step, scope, object) ? p : 0
}

function avroArray(step: Step, p: usize, scope: i32, depth: i32): usize {
  const item = changetype<Step>(step.item)
  if (!opens(step, Op.openArray)) return 0
  const at = counted(step)
  if (at == -2) return 0
  let items: i32 = 0
  for (;;) {
    p = block(p)
    if (p == 0) return 0
    if (blockCount == 0) break
    const stop = blockEnd
    for (let count = blockCount; count > 0; count--) {
      items++
      const inner = step.isItemListed ? inside(scope) : scope
      if (inner < 0) return 0
      p = avroValue(item, p, inner, depth)
      if (p == 0) return 0
    }
    if (stop != 0 && p != stop) return 0
  }
  return closeArray(step, at, items) ? p : 0
}

/** Walks records from number `first` on, `count` of them at most; gives how many. The first is record `firstRecord`. */
export function scan(first: i32, count: i32, firstRecord: i32): i32 {
  slots = 0
  opCount = 0
  scopes = 0
  noteCount = 0
  lateCount = 0
  header.slotTotal = 0
  header.opTotal = 0
  header.scopeTotal = 0
  header.noteTotal = 0
  header.lateTotal = 0
  header.unlistedTotal = 0
  header.textTotal = 0
  out = header.texts
  let records: i32 = 0
  for (; records < count; records++) {
    const one = changetype<Span>(header.spans + <usize>(first + records) * offsetof<Span>())
    if (one.root == 0) break
    const start = header.input + <usize>one.start
    end = header.input + <usize>one.end
    record = firstRecord + records
    unlistedMet = 0
    left = FREE_VALUES + VALUES_A_BYTE * <i32>(end - start)
    mostOut = out + <usize>header.mostText
    isLate = false
    const scope = addScope(-1, 0)
    if (scope < 0) break
    const place = <usize>records << 2
    store<i32>(header.recordScopes + place, scope)
    store<i32>(header.recordOps + place, opCount)
    store<i32>(header.recordTexts + place, <i32>(out - header.textBase))
    const root = changetype<Step>(one.root)
    if (one.isProtobuf ? !protoRecord(root, start, scope) : avroValue(root, start, scope, 0) != end) break
    header.slotTotal = slots
    header.opTotal = opCount
    header.scopeTotal = scopes
    header.noteTotal = noteCount
    header.lateTotal = lateCount
    header.unlistedTotal += unlistedMet
    header.textTotal = <i32>(out - header.texts)
  }
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
    const stop = field + 1 < fields ? load<i32>(at, 4) : total
    store<i32>(at, stop - load<i32>(at))
  }
}

// Protobuf: of each message first the places of its fields are found, then their values are read in the order of the schema.

let occurrences: i32 = 0
let top: i32 = 0

// @ts-ignore: decorator
@inline function at(occurrence: i32): Occurrence {
  return changetype<Occurrence>(header.occurrences + <usize>occurrence * offsetof<Occurrence>())
}

function occurs(start: usize, stop: usize, wire: i32): i32 {
  if (occurrences == header.occurrenceRoom) return -1
  const one = at(occurrences)
  one.start = start
  one.end = stop
  one.wire = wire
  one.next = NONE
  return occurrences++
}

// @ts-ignore: decorator
@inline function lastOf(head: i32): i32 {
  while (at(head).next != NONE) head = at(head).next
  return head
}

function protoRecord(step: Step, start: usize, scope: i32): bool {
  occurrences = 0
  top = 0
  return protoValue(step, occurs(start, end, Wire.bytes), scope, 0)
}

/** The tag and value that were read last. */
let itemNumber: i32 = 0
let itemWire: i32 = 0
let itemStart: usize = 0

/** Goes past a value, whose length is `raw` where it has one; gives the place behind it, or 0. Groups are the walker's. */
// @ts-ignore: decorator
@inline function value(wire: i32, p: usize, stop: usize): usize {
  if (wire == Wire.bytes) {
    const length = <usize>load<u8>(p)
    if (p < stop && length < 0x80) {
      raw = <u64>length
      return length < stop - p ? p + 1 + length : 0
    }
    p = varint(p, stop)
    return p == 0 || raw > <u64>(stop - p) ? 0 : p + <usize>raw
  }
  if (wire == Wire.varint) return varint(p, stop)
  if (wire == Wire.fixed64) return stop - p >= 8 ? p + 8 : 0
  return wire == Wire.fixed32 && stop - p >= 4 ? p + 4 : 0
}

/** Reads a tag and its value; gives the place behind them, or 0. */
function item(p: usize, stop: usize): usize {
  p = varint(p, stop)
  if (p == 0 || raw > 0xffffffff) return 0
  itemNumber = <i32>(<u32>raw >> 3)
  itemWire = <i32>raw & 7
  itemStart = p
  if (itemNumber == 0) return 0
  p = value(itemWire, p, stop)
  if (itemWire == Wire.bytes) itemStart = p - <usize>raw
  return p
}

/** Finds the fields of a message, whose parts are the occurrences from `head` on; gives where its heads begin, or -1. */
function collect(step: Step, head: i32): i32 {
  const count = step.fieldCount
  const base = top
  // Behind the fields, of each oneof the member that is there.
  top += count + step.oneofs
  left -= count >> 4
  if (left < 0 || top > header.headRoom) return -1
  const heads = header.heads + (<usize>base << 2)
  const tails = header.tails + (<usize>base << 2)
  // A call of `memory.fill` costs more, for so few.
  const behind = heads + (<usize>(top - base) << 2)
  for (let place = heads; place < behind; place += 16) v128.store(place, i8x16.splat(-1))
  for (let part = head; part >= 0; part = at(part).next) {
    const stop = at(part).end
    for (let p = at(part).start; p < stop;) {
      if (--left < 0) return -1
      let tag = <u32>load<u8>(p)
      if (tag < 0x80) p++
      else {
        p = varint(p, stop)
        if (p == 0 || raw > 0xffffffff) return -1
        tag = <u32>raw
      }
      const number = <i32>(tag >> 3)
      const wire = <i32>tag & 7
      if (number == 0) return -1
      let start = p
      p = value(wire, p, stop)
      if (p == 0) return -1
      if (wire == Wire.bytes) start = p - <usize>raw
      const index = number < step.positionCount ? load<i32>(step.positions + (<usize>number << 2)) : -1
      if (index < 0) {
        if (step.counts && !unlisted(1)) return -1
        continue
      }
      const field = fieldAt(step, index)
      if (wire != field.wire && !(wire == Wire.bytes && field.isPackable)) return -1
      const own = heads + (<usize>index << 2)
      if (field.oneof >= 0) {
        const oneof = heads + (<usize>(count + field.oneof) << 2)
        const other = load<i32>(oneof)
        if (other >= 0 && other != index) store<i32>(heads + (<usize>other << 2), NONE)
        store<i32>(oneof, index)
      }
      if (field.step.walk == Walk.skip) {
        if (load<i32>(own) == NONE && step.counts && !unlisted(1)) return -1
        store<i32>(own, SEEN)
        continue
      }
      const found = occurs(start, p, wire)
      if (found < 0) return -1
      if (field.isLast || load<i32>(own) < 0) store<i32>(own, found)
      else at(load<i32>(tails + (<usize>index << 2))).next = found
      store<i32>(tails + (<usize>index << 2), found)
    }
  }
  return base
}

function protoValue(step: Step, head: i32, scope: i32, depth: i32): bool {
  switch (step.walk) {
    case Walk.skip: return true
    case Walk.take: return protoLeaf(step, head) && take(step, scope, 0, 0)
    case Walk.drop: {
      let isEmpty = step.code == Proto.Null
      if (step.code == Proto.String || step.code == Proto.Bytes) {
        const last = head < 0 ? -1 : lastOf(head)
        isEmpty = last < 0 || at(last).start == at(last).end
      }
      from = out
      to = out
      kind = isEmpty ? SlotKind.nothing : SlotKind.subtree
      return take(step, scope, 0, 0)
    }
    case Walk.record: return depth < MAX_TYPED_DEPTH && --left >= 0 && name(step) && protoMessage(step, head, scope, depth + 1)
    case Walk.array: return depth < MAX_TYPED_DEPTH && --left >= 0 && name(step) && protoList(step, head, scope, depth + 1)
    default: return false
  }
}

function protoMessage(step: Step, head: i32, scope: i32, depth: i32): bool {
  const object = ++objects
  const before = occurrences
  const base = top
  if (!opens(step, Op.openObject) || collect(step, head) < 0) return false
  for (let i: i32 = 0; i < step.fieldCount; i++) {
    const field = fieldAt(step, i)
    const first = load<i32>(header.heads + (<usize>(base + i) << 2))
    if (field.step.walk == Walk.skip || (first < 0 && !field.isImplicit)) continue
    if (field.seen != 0) store<i32>(field.seen, object)
    if (!protoValue(field.step, first, scope, depth)) return false
  }
  occurrences = before
  top = base
  return close(step, scope, object)
}

function protoList(step: Step, head: i32, scope: i32, depth: i32): bool {
  const item = changetype<Step>(step.item)
  if (!opens(step, Op.openArray)) return false
  const before = occurrences
  for (let one = head; one >= 0;) {
    const next = at(one).next
    const isPacked = item.base != Wire.bytes && at(one).wire == Wire.bytes
    if (!isPacked) {
      at(one).next = NONE
      const inner = step.isItemListed ? inside(scope) : scope
      if (inner < 0 || !protoValue(item, one, inner, depth)) return false
    } else {
      const stop = at(one).end
      for (let p = at(one).start; p < stop;) {
        const start = p
        p = item.base == Wire.varint ? varint(p, stop) : p + (item.base == Wire.fixed64 ? 8 : 4)
        if (p == 0 || p > stop) return false
        const inner = step.isItemListed ? inside(scope) : scope
        const element = occurs(start, p, item.base)
        if (inner < 0 || element < 0 || !protoValue(item, element, inner, depth)) return false
        occurrences--
      }
    }
    one = next
  }
  occurrences = before
  return closeArray(step, -1, 0)
}

/** The text of a single value: of its last occurrence, or of what is absent the default value. */
function protoLeaf(step: Step, head: i32): bool {
  const code = step.code
  if (code > Proto.Null) {
    // A message that stands for one text. Of several parts the walker makes one.
    if (head < 0 || at(head).next != NONE) return false
    return code == Proto.Wrapper ? wrapper(step, head) : code == Proto.Timestamp && timestamp(step, head)
  }
  if (--left < 0) return false
  if (head < 0) return initial(step)
  const last = at(lastOf(head))
  const start = last.start
  const stop = last.end
  switch (code) {
    case Proto.String: return text(start, stop)
    case Proto.Bytes: return stop == start ? empty() : later(step, start, stop, NUMBER_ROOM + ((stop - start) / 3 + 1) * 4)
    case Proto.Double: return stop - start == 8 && double(step, start)
    case Proto.Float: return stop - start == 4 && abs(load<f32>(start)) < Infinity && later(step, start, stop, NUMBER_ROOM)
    case Proto.Fixed32:
    case Proto.Sfixed32:
      if (stop - start != 4) return false
      raw = <u64>load<u32>(start)
      break
    case Proto.Fixed64:
    case Proto.Sfixed64:
      if (stop - start != 8) return false
      raw = load<u64>(start)
      break
    default:
      if (varint(start, stop) != stop) return false
  }
  return number(step)
}

/** What is in google/protobuf/wrappers.proto. */
function wrapper(step: Step, head: i32): bool {
  const inner = changetype<Step>(step.item)
  const stop = at(head).end
  let found: i32 = NONE
  for (let p = at(head).start; p < stop;) {
    p = item(p, stop)
    if (p == 0 || --left < 0) return false
    if (itemNumber != 1) continue
    if (itemWire != inner.base) return false
    found = occurs(itemStart, p, itemWire)
    if (found < 0) return false
  }
  return protoLeaf(inner, found)
}

/** google/protobuf/timestamp.proto: the host writes it, if it is one. */
function timestamp(step: Step, head: i32): bool {
  const start = at(head).start
  const stop = at(head).end
  let seconds: i64 = 0
  let nanos: i32 = 0
  for (let p = start; p < stop;) {
    p = item(p, stop)
    // The walker looks twice.
    left -= 2
    if (p == 0 || left < 0) return false
    if (itemNumber > 2) continue
    if (itemWire != Wire.varint) return false
    if (itemNumber == 1) seconds = <i64>raw
    else nanos = <i32>raw
  }
  // Of the years 0001 to 9999.
  if (seconds < -62135596800 || seconds > 253402300799 || nanos < 0 || nanos > 999999999) return false
  return --left >= 0 && later(step, start, stop, NUMBER_ROOM)
}

/** Writes `raw` as what it is. */
function number(step: Step): bool {
  switch (step.code) {
    case Proto.Int64:
    case Proto.Sfixed64: return signed(<i64>raw)
    case Proto.Uint64:
    case Proto.Fixed64: return unsigned(raw)
    case Proto.Sint64: return signed(zigzag())
    // Of longer numbers the lower 32 bits count.
    case Proto.Sint32: return signed(<i64>(<i32>(<u32>raw >> 1) ^ -<i32>(<u32>raw & 1)))
    case Proto.Int32:
    case Proto.Sfixed32: return signed(<i64><i32>raw)
    case Proto.Uint32:
    case Proto.Fixed32: return unsigned(<u64><u32>raw)
    case Proto.Bool:
      return raw != 0 ? word(0x65757274, 4, SlotKind.boolean) : word(0x65736c6166, 5, SlotKind.boolean)
    case Proto.Null: return word(0x6c6c756e, 4, SlotKind.nothing)
    case Proto.Enum: return enumeration(step, <i32>raw)
    default: return false
  }
}

/** The symbol of a number; the number itself where there is none. */
function enumeration(step: Step, value: i32): bool {
  if (!hasRoom(NUMBER_ROOM)) return false
  const count = step.symbolCount
  // Most enums have their numbers in order.
  let place = step.symbols + <usize>value * 12
  if (<u32>value >= <u32>count || load<i32>(place) != value) {
    place = step.symbols
    const stop = place + <usize>count * 12
    while (place < stop && load<i32>(place) != value) place += 12
    if (place == stop) return signed(<i64>value)
  }
  return symbol(<usize>load<i32>(place, 4), <usize>load<i32>(place, 8))
}

/** The default value. */
function initial(step: Step): bool {
  if (step.code == Proto.String || step.code == Proto.Bytes) return empty()
  if (step.code == Proto.Double || step.code == Proto.Float) return unsigned(0)
  raw = 0
  return number(step)
}
