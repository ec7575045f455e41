/**
 * A block of records between the scan and the writing: where the listed values stand ("slots"), and what became
 * of them. Everything is in flat arrays that are used again for the next block, because a record must not cost
 * an object.
 */
import type { DeadLetterCode } from '../errors.ts'
import { ByteSink } from './byte-sink.ts'
import { InnerOrigins } from './inner-origins.ts'

/** How a slot's bytes are written. For CSV, `text` is a cell without quotes in it, `escaped` one with `""`. */
export const SlotKind = {
  text: 0,
  escaped: 1,
  number: 2,
  boolean: 3,
  /** null or empty: it passes as it is, and no transform sees it. */
  nothing: 4,
  /** A container under `keep.subtree`. */
  subtree: 5,
} as const

/** The same numbers in an array of twice the length, or of `room`. */
export const doubled = (
  array: Int32Array<ArrayBuffer>,
  room: number = array.length * 2,
): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(room)
  larger.set(array)
  return larger
}

/** Where the result of a slot stands. */
export const ResultKind = {
  /** `bytes[start..end)` of the chunk, complete. */
  source: 0,
  /** `arena[start..end)`: a text in UTF-8 that needs no escapes, but in JSON its quotes. */
  arena: 1,
  /** `arena[start..end)`, complete. */
  written: 2,
  /** Must not be written at all (`drop`, `else: drop`). */
  dropped: 3,
} as const

/** Texts of a chunk that are decoded one by one before its byte string is made. */
const WORTH_A_STRING = 1024

/** Larger memory is not kept from chunk to chunk. */
const MOST_SPARE_BYTES = 32 << 20

const HIGH = /[\x80-\xff]/

/** Room for the results of a block of common records. */
const ARENA_BYTES = 1 << 17

export class Block {
  /** The chunk's bytes; behind them, from `innerFrom` on, texts that were decoded out of values of the block. */
  bytes: Uint8Array = new Uint8Array(0)
  #viewed: Uint8Array = this.bytes
  #data: DataView = new DataView(this.bytes.buffer)
  innerFrom = 0
  #innerTo = 0
  readonly #origins = new InnerOrigins()
  #buffer: Buffer = Buffer.alloc(0)
  #source: string | undefined
  /** Memory of a chunk before, for one that grows. */
  #spare: Uint8Array = new Uint8Array(0)
  #decoded = 0
  /** Whether every byte of the chunk is ASCII: then no value has to be decoded. */
  ascii = true

  recordCount = 0
  /** Physical line of each record's start, counted from 0 at the chunk's start. */
  recordLine: Int32Array<ArrayBuffer> = new Int32Array(256)
  /** Innermost scope of the record itself. */
  recordScope: Int32Array<ArrayBuffer> = new Int32Array(256)
  /** Retention steps reached. */
  recordStep: Int32Array<ArrayBuffer> = new Int32Array(256)
  /** 1 where the record does not leave: it has failed, or is suppressed. */
  recordOut: Uint8Array<ArrayBuffer> = new Uint8Array(256)
  /** Why a record is suppressed; undefined where it is not. */
  readonly suppressedBy: (string | undefined)[] = []
  /** The records that are denied: suppressed, whatever else is wrong with them. */
  readonly #denied: Set<number> = new Set()
  /** Suppressed records in whose place a tombstone is written, and that count as such. */
  readonly tombstones: Set<number> = new Set()
  /** Why a record failed; undefined while it has not. */
  readonly recordCode: (DeadLetterCode | undefined)[] = []
  /** Id of the rule that failed, or -1. */
  recordRule: Int32Array<ArrayBuffer> = new Int32Array(256)

  /** The records that have failed, in the order of it. */
  readonly failed: number[] = []
  failedCount = 0
  /** The records that are suppressed, in the order of it. */
  readonly suppressed: number[] = []
  suppressedCount = 0

  slotCount = 0
  slotStart: Int32Array<ArrayBuffer> = new Int32Array(4096)
  slotEnd: Int32Array<ArrayBuffer> = new Int32Array(4096)
  slotKind: Int32Array<ArrayBuffer> = new Int32Array(4096)
  slotRecord: Int32Array<ArrayBuffer> = new Int32Array(4096)
  slotScope: Int32Array<ArrayBuffer> = new Int32Array(4096)
  /** What is to be written for a slot. */
  resultKind: Int32Array<ArrayBuffer> = new Int32Array(4096)
  resultStart: Int32Array<ArrayBuffer> = new Int32Array(4096)
  resultEnd: Int32Array<ArrayBuffer> = new Int32Array(4096)
  /** Results that are no part of the chunk. */
  readonly arena: ByteSink = new ByteSink(ARENA_BYTES)

  /** Per field: its slots, in order. */
  readonly fieldSlots: Int32Array<ArrayBuffer>[]
  readonly fieldCount: Int32Array

  scopeCount = 0
  /** The scope around a scope; -1 around a record. */
  scopeParent: Int32Array<ArrayBuffer> = new Int32Array(256)
  /** Scope depth: 0 for a record. */
  scopeDepth: Int32Array<ArrayBuffer> = new Int32Array(256)
  /** Per watch, by scope: slot + 1, or 0 where the value is absent. */
  readonly watched: Int32Array<ArrayBuffer>[]
  /** Per derived field, by scope: slot + 1, or 0. */
  readonly derived: (Int32Array<ArrayBuffer> | undefined)[]

  constructor(fields: number, watches: number, derivedFields: ReadonlySet<number>) {
    this.fieldSlots = Array.from({ length: fields }, () => new Int32Array(256))
    this.fieldCount = new Int32Array(fields)
    this.watched = Array.from({ length: watches }, () => new Int32Array(256))
    this.derived = Array.from({ length: fields }, (_, field) =>
      derivedFields.has(field) ? new Int32Array(256) : undefined,
    )
  }

  /** Starts a chunk. */
  open(bytes: Uint8Array, ascii: boolean): void {
    this.bytes = bytes
    this.innerFrom = bytes.length
    this.#innerTo = bytes.length
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#source = undefined
    this.#decoded = 0
    this.ascii = ascii
    this.clear()
  }

  /** A view of `bytes`. */
  get data(): DataView {
    const { bytes } = this
    if (bytes !== this.#viewed) {
      this.#viewed = bytes
      this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    return this.#data
  }

  /**
   * The chunk's bytes as a byte string: one character each (latin1). Cutting it is far cheaper than decoding
   * bytes, once there are many texts to cut; where kernels take the bytes there are few.
   */
  get source(): string {
    this.#source ??= this.#buffer.toString('latin1', 0, this.innerFrom)
    return this.#source
  }

  /** Starts the next block of the chunk. */
  clear(): void {
    this.#innerTo = this.innerFrom
    this.#origins.clear()
    this.recordCount = 0
    this.#denied.clear()
    this.tombstones.clear()
    this.failedCount = 0
    this.suppressedCount = 0
    this.slotCount = 0
    this.arena.length = 0
    this.fieldCount.fill(0)
    for (const list of this.watched) list.fill(0, 0, this.scopeCount)
    for (const list of this.derived) list?.fill(0, 0, this.scopeCount)
    this.scopeCount = 0
  }

  /** The bytes `[start, end)` as a byte string. */
  slice(start: number, end: number): string {
    return start < this.innerFrom
      ? this.source.slice(start, end)
      : this.#buffer.toString('latin1', start, end)
  }

  /**
   * Puts a text behind the chunk, with a line feed behind it: what was decoded out of the value at `origin`. Gives where it
   * begins. `write` writes it and gives where it ends, in at most `room` bytes. `bytes` may be another array then, which
   * holds the same and more.
   */
  putInner(origin: number, room: number, write: (out: Uint8Array, at: number) => number): number {
    const start = this.#innerTo
    const needed = start + room + 1
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2))
      larger.set(this.bytes.subarray(0, start))
      this.bytes = larger
      this.#buffer = Buffer.from(larger.buffer)
    }
    const end = write(this.bytes, start)
    this.bytes[end] = 0x0a
    this.#innerTo = end + 1
    this.#origins.add(start, origin)
    return start
  }

  /** Where texts begin that are written behind the chunk one by one, up to `closeInner`. `origin`: what they were decoded of. */
  openInner(origin: number): number {
    this.#origins.add(this.#innerTo, origin)
    return this.#innerTo
  }

  /** Makes room for `room` bytes at `at`, behind what was written so far. `bytes` is another array then. */
  growInner(at: number, room: number): void {
    const needed = at + room
    const spare = this.#spare !== this.bytes && this.#spare.length >= needed ? this.#spare : undefined
    const larger = spare ?? new Uint8Array(Math.max(needed, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, at))
    this.bytes = larger
    this.#buffer = Buffer.from(larger.buffer)
    if (larger.length <= MOST_SPARE_BYTES) this.#spare = larger
  }

  /** Where the texts behind the chunk end. */
  get innerTo(): number {
    return this.#innerTo
  }

  closeInner(end: number): void {
    this.#innerTo = end
  }

  /** Where the text ends that was put last. */
  get innerEnd(): number {
    return this.#innerTo - 1
  }

  /** Where in the chunk a value stands, or what it was decoded out of: the same for any size of chunks. */
  originOf(start: number): number {
    return start < this.innerFrom ? start : this.#origins.of(start)
  }

  /** The bytes `[start, end)`, decoded. They must be UTF-8. */
  decode(start: number, end: number): string {
    if (start >= this.innerFrom) return this.#buffer.toString('utf8', start, end)
    if (this.#source === undefined && ++this.#decoded < WORTH_A_STRING)
      return this.#buffer.toString('utf8', start, end)
    const text = this.source.slice(start, end)
    return this.ascii || !HIGH.test(text) ? text : this.#buffer.toString('utf8', start, end)
  }

  /** The result of a slot is its own bytes `[start, end)`. */
  setSource(slot: number, start: number, end: number): void {
    this.resultKind[slot] = ResultKind.source
    this.resultStart[slot] = start
    this.resultEnd[slot] = end
  }

  /** The result of a slot is a text, complete with the quotes that its format needs. */
  setText(slot: number, text: string): void {
    this.resultKind[slot] = ResultKind.written
    this.resultStart[slot] = this.arena.length
    this.arena.text(text)
    this.resultEnd[slot] = this.arena.length
  }

  setDropped(slot: number): void {
    this.resultKind[slot] = ResultKind.dropped
  }

  /** Starts a record and its scope; gives its index. */
  addRecord(line: number): number {
    const record = this.recordCount++
    if (record === this.recordLine.length) this.#growRecords(record * 2)
    this.recordLine[record] = line
    this.recordStep[record] = 0
    this.recordRule[record] = -1
    this.recordOut[record] = 0
    this.recordCode[record] = undefined
    this.suppressedBy[record] = undefined
    this.recordScope[record] = this.addScope(-1, 0)
    return record
  }

  /** Starts one record for each of the `lines`, in these scopes; without any, each in a scope of its own. */
  addRecords(lines: Int32Array, scopes?: Int32Array): void {
    const record = this.recordCount
    const { length } = lines
    this.recordCount += length
    if (this.recordCount > this.recordLine.length) this.#growRecords(this.recordCount * 2)
    this.recordLine.set(lines, record)
    this.recordStep.fill(0, record, this.recordCount)
    this.recordOut.fill(0, record, this.recordCount)
    this.recordRule.fill(-1, record, this.recordCount)
    this.recordCode.length = record
    this.suppressedBy.length = record
    for (let i = 0; i < length; i++) {
      this.recordCode.push(undefined)
      this.suppressedBy.push(undefined)
    }
    if (scopes !== undefined) this.recordScope.set(scopes, record)
    else for (let i = 0; i < length; i++) this.recordScope[record + i] = this.addScope(-1, 0)
  }

  #growRecords(room: number): void {
    this.recordLine = doubled(this.recordLine, room)
    this.recordScope = doubled(this.recordScope, room)
    this.recordStep = doubled(this.recordStep, room)
    this.recordRule = doubled(this.recordRule, room)
    const out = new Uint8Array(room)
    out.set(this.recordOut)
    this.recordOut = out
  }

  #growScopes(room: number): void {
    this.scopeParent = doubled(this.scopeParent, room)
    this.scopeDepth = doubled(this.scopeDepth, room)
    for (const [watch, list] of this.watched.entries()) this.watched[watch] = doubled(list, room)
    for (const [field, list] of this.derived.entries())
      if (list !== undefined) this.derived[field] = doubled(list, room)
  }

  /** Adds scopes; those around them are numbered as they will be. */
  addScopes(parents: Int32Array, depths: Int32Array): void {
    const scope = this.scopeCount
    this.scopeCount += parents.length
    if (this.scopeCount > this.scopeParent.length) this.#growScopes(this.scopeCount * 2)
    this.scopeParent.set(parents, scope)
    this.scopeDepth.set(depths, scope)
  }

  addScope(parent: number, depth: number): number {
    const scope = this.scopeCount++
    if (scope === this.scopeParent.length) this.#growScopes(scope * 2)
    this.scopeParent[scope] = parent
    this.scopeDepth[scope] = depth
    return scope
  }

  addSlot(start: number, end: number, kind: number, scope: number): number {
    const slot = this.slotCount++
    if (slot === this.slotStart.length) this.#growSlots(slot * 2)
    this.slotStart[slot] = start
    this.slotEnd[slot] = end
    this.slotKind[slot] = kind
    this.slotRecord[slot] = this.recordCount - 1
    this.slotScope[slot] = scope
    return slot
  }

  /** Adds a slot for each place in the arrays, which are of one length. */
  addSlots(
    starts: Int32Array,
    ends: Int32Array,
    kinds: Int32Array,
    records: Int32Array,
    scopes: Int32Array,
  ): void {
    const slot = this.slotCount
    this.slotCount += starts.length
    if (this.slotCount > this.slotStart.length) this.#growSlots(this.slotCount * 2)
    this.slotStart.set(starts, slot)
    this.slotEnd.set(ends, slot)
    this.slotKind.set(kinds, slot)
    this.slotRecord.set(records, slot)
    this.slotScope.set(scopes, slot)
  }

  #growSlots(room: number): void {
    this.slotStart = doubled(this.slotStart, room)
    this.slotEnd = doubled(this.slotEnd, room)
    this.slotKind = doubled(this.slotKind, room)
    this.slotRecord = doubled(this.slotRecord, room)
    this.slotScope = doubled(this.slotScope, room)
    this.resultKind = doubled(this.resultKind, room)
    this.resultStart = doubled(this.resultStart, room)
    this.resultEnd = doubled(this.resultEnd, room)
  }

  /** Adds `count` slots to a field: `slot`, and every `step` slots another one. */
  addManyToField(field: number, slot: number, step: number, count: number): void {
    const before = this.#growField(field, count)
    const list = this.fieldSlots[field]!
    for (let i = 0; i < count; i++) list[before + i] = slot + i * step
  }

  /** The same for several columns of slots at once: of each row, one slot after each of `firsts`. */
  addRowsToField(field: number, firsts: readonly number[], step: number, rows: number): void {
    const before = this.#growField(field, firsts.length * rows)
    const list = this.fieldSlots[field]!
    let at = before
    for (let row = 0; row < rows; row++) for (const first of firsts) list[at++] = first + row * step
  }

  addListToField(field: number, slots: Int32Array): void {
    const before = this.#growField(field, slots.length)
    this.fieldSlots[field]!.set(slots, before)
  }

  /** Makes room for `count` more slots of a field; gives how many there were. */
  #growField(field: number, count: number): number {
    const list = this.fieldSlots[field]!
    const before = this.fieldCount[field]!
    const after = before + count
    if (after > list.length) this.fieldSlots[field] = doubled(list, after * 2)
    this.fieldCount[field] = after
    return before
  }

  addToField(field: number, slot: number): void {
    let list = this.fieldSlots[field]!
    const count = this.fieldCount[field]!++
    if (count === list.length) {
      list = doubled(list)
      this.fieldSlots[field] = list
    }
    list[count] = slot
  }

  /** Place, among the slots of a field, of the first that belongs to `record` or a later one. */
  placeOf(field: number, record: number): number {
    const list = this.fieldSlots[field]!
    let low = 0
    let high = this.fieldCount[field]!
    if (record <= 0) return 0
    if (record >= this.recordCount) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.slotRecord[list[middle]!]! < record) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Slot of a watched value as seen from `scope`; -1 where it is absent. */
  watchedSlot(watch: number, depth: number, scope: number): number {
    let at = scope
    while (this.scopeDepth[at]! > depth) at = this.scopeParent[at]!
    return this.watched[watch]![at]! - 1
  }

  /** Marks a record as a dead letter; the first reason stands. `rule` is a rule's id, or -1. */
  fail(record: number, code: DeadLetterCode, rule: number): void {
    if (this.recordCode[record] === undefined) {
      this.failed[this.failedCount++] = record
      this.recordCode[record] = code
      this.recordRule[record] = rule
      this.recordOut[record] = 1
    }
  }

  /** Marks a record as a dead letter for this reason, whatever was said of it before. */
  refail(record: number, code: DeadLetterCode): void {
    this.fail(record, code, -1)
    this.recordCode[record] = code
    this.recordRule[record] = -1
  }

  /** Marks a record as one that must not leave; the first reason stands, and that it has failed stands above any. */
  suppress(record: number, reason: string): void {
    if (this.suppressedBy[record] === undefined) {
      this.suppressed[this.suppressedCount++] = record
      this.suppressedBy[record] = reason
      this.recordOut[record] = 1
    }
  }

  /** Marks a record as one that must not leave, whatever else is or will be wrong with it: it is no dead letter. */
  deny(record: number, reason: string): void {
    this.suppress(record, reason)
    this.#denied.add(record)
  }

  /** Whether a record becomes a dead letter: it has failed, and is not denied. */
  isDeadLetter(record: number): boolean {
    return this.recordCode[record] !== undefined && !this.#denied.has(record)
  }

  isDenied(record: number): boolean {
    return this.#denied.has(record)
  }

  /** Unmarks the records that were marked since the counts of failed and suppressed records were `failed` and `suppressed`. */
  unmark(failed: number, suppressed: number): void {
    while (this.failedCount > failed) {
      const record = this.failed[--this.failedCount]!
      this.recordCode[record] = undefined
      this.recordRule[record] = -1
      this.recordOut[record] = 0
    }
    while (this.suppressedCount > suppressed) {
      const record = this.suppressed[--this.suppressedCount]!
      this.suppressedBy[record] = undefined
      this.#denied.delete(record)
      this.recordOut[record] = this.recordCode[record] === undefined ? 0 : 1
    }
  }
}
