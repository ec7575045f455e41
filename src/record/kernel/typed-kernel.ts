/** The host's side of typed.as.ts: walks records of Avro and Protobuf into a block, many at a call. */
import { type Memory, WasmModule } from '../../../transforms/wasm.ts'
import type { Block } from '../block.ts'
import { BLOCK_RECORDS } from '../codec.ts'
import type { KernelFormat } from '../typed/kernel-type.ts'
import type { RecordType } from '../typed/record-type.ts'
import type { TypedProgram } from '../typed/typed-program.ts'
import { FRAME_BYTES } from '../wire-form.ts'
import { aligned, FIRST_FREE, HEADER, KernelMemory, READ_AHEAD } from './memory.ts'
import { TYPED_WASM } from './typed.wasm.ts'
import { Late, Occurrence, Span, TypedHeader } from './typed-layout.ts'
import { TablesFull, TypedTables } from './typed-tables.ts'

const typed = new WasmModule(TYPED_WASM)

interface Exports {
  readonly memory: Memory
  scan(first: number, count: number, firstRecord: number): number
  group(): void
}

/** What the records of one call may take, at most; what takes more is left to the walker. */
const SLOTS = 1 << 15
const OPS = 1 << 15
const SCOPES = 1 << 14
const NOTES = 1 << 14
const LATES = 1 << 13
const OCCURRENCES = 1 << 14
const HEADS = 1 << 14
const TEXT_BYTES = 1 << 20
/** Programs that are known at once. */
const PROGRAM_BYTES = 1 << 20

/** Where the fields of a span stand, in numbers. */
const SPAN_WORDS = [
  Span.offsets.root >> 2,
  Span.offsets.start >> 2,
  Span.offsets.end >> 2,
  Span.offsets.isProtobuf >> 2,
] as const

/** What takes the records that the kernel walked, as a walker would have noted them. */
export interface TypedSink<T> {
  /** Takes operations, two numbers each, or tokens. */
  noted(words: Int32Array): void
  /** Where tokens are noted: where in the chunk the values of slots stand, from `slot` on, and their types. */
  raw(slot: number, starts: Int32Array, ends: Int32Array, types: readonly T[], steps: Int32Array): void
  /** Writes the text of the value `[start, end)` of the chunk at `at`, where room is; `text` says then what stands there. */
  late(type: T, start: number, end: number, at: number): void
  readonly text: { readonly from: number; readonly to: number; readonly kind: number }
}

export interface TypedKernelParts<T extends RecordType<T>> {
  readonly format: KernelFormat<T>
  /** How many fields and watches the block has. */
  readonly fields: number
  readonly watches: number
  readonly isTold: boolean
  readonly rejects: boolean
  readonly mostTextBytes: number
}

export class TypedKernel<T extends RecordType<T>> {
  readonly #exports: Exports
  readonly #memory: KernelMemory
  readonly #parts: TypedKernelParts<T>
  readonly #programs: number
  readonly #texts: number
  readonly #input: number
  #at = FIRST_FREE
  #tables: TypedTables<T>
  /** Roots of programs; 0 where the walker takes all records of one. */
  #roots = new WeakMap<TypedProgram<T>, number>()
  #isFull = false
  readonly #lines = new Int32Array(BLOCK_RECORDS)
  /** After `scan`: members that no rule names, and what was noted in front of each record. */
  unlisted = 0
  firstNoted: Int32Array = new Int32Array(0)

  private constructor(exports: Exports, parts: TypedKernelParts<T>) {
    this.#exports = exports
    this.#parts = parts
    const memory = new KernelMemory(exports.memory)
    this.#memory = memory
    const { isTold, rejects, watches, fields, mostTextBytes, format } = parts
    this.#programs = this.#room(PROGRAM_BYTES)
    const numbers = (count: number): number => this.#room(count * 4)
    const places = {
      slotStarts: numbers(SLOTS),
      slotEnds: numbers(SLOTS),
      slotKinds: numbers(SLOTS),
      slotRecords: numbers(SLOTS),
      slotScopes: numbers(SLOTS),
      slotFields: numbers(SLOTS),
      rawStarts: numbers(isTold ? SLOTS : 0),
      rawEnds: numbers(isTold ? SLOTS : 0),
      slotSteps: numbers(isTold ? SLOTS : 0),
      ops: numbers(OPS * 2),
      scopeParents: numbers(SCOPES),
      scopeDepths: numbers(SCOPES),
      notes: numbers(NOTES * 3),
      lates: this.#room(LATES * Late.bytes),
      recordScopes: numbers(BLOCK_RECORDS),
      recordOps: numbers(BLOCK_RECORDS),
      recordTexts: numbers(BLOCK_RECORDS),
      occurrences: this.#room(format.isProtobuf ? OCCURRENCES * Occurrence.bytes : 0),
      heads: numbers(format.isProtobuf ? HEADS + 4 : 0),
      tails: numbers(format.isProtobuf ? HEADS : 0),
      fieldCounts: numbers(fields),
      fieldSlots: numbers(SLOTS),
      texts: this.#room(TEXT_BYTES),
    }
    this.#texts = places.texts
    this.#input = this.#at
    memory.require(this.#at)
    this.#tables = new TypedTables(memory, format, this.#programs, this.#programs + PROGRAM_BYTES)
    memory.set(TypedHeader, HEADER, {
      ...places,
      isTold: isTold ? 1 : 0,
      rejects: rejects ? 1 : 0,
      watchCount: watches,
      mostText: mostTextBytes,
      slotRoom: SLOTS,
      opRoom: OPS,
      scopeRoom: SCOPES,
      noteRoom: NOTES,
      lateRoom: LATES,
      occurrenceRoom: OCCURRENCES,
      headRoom: HEADS,
      textEnd: places.texts + TEXT_BYTES,
      fields,
    })
  }

  /** @returns undefined where the platform cannot, or there is no memory for its tables */
  static open<T extends RecordType<T>>(parts: TypedKernelParts<T>): TypedKernel<T> | undefined {
    const exports = typed.open<Exports>()
    if (exports === undefined) return undefined
    try {
      return new TypedKernel(exports, parts)
    } catch {
      return undefined
    }
  }

  #room(bytes: number): number {
    const from = this.#at
    this.#at = aligned(from + bytes)
    return from
  }

  /** Forgets programs, where there was no room for another one: many are of schemas that nothing names any more. */
  #renew(): void {
    const { format } = this.#parts
    this.#tables = new TypedTables(this.#memory, format, this.#programs, this.#programs + PROGRAM_BYTES)
    this.#roots = new WeakMap()
    this.#isFull = false
  }

  #rootOf(program: TypedProgram<T>): number {
    const known = this.#roots.get(program)
    if (known !== undefined) return known
    if (this.#isFull) return 0
    const isFirst = this.#tables.types.length === 0
    let root = 0
    try {
      root = this.#tables.add(program)
    } catch (error) {
      if (!(error instanceof TablesFull)) throw error
      this.#isFull = true
      // One that is too large alone has none.
      if (!isFirst) return 0
    }
    this.#roots.set(program, root)
    return root
  }

  /**
   * Takes records of `bytes`, which stand one behind the other. `programOf`: by its number the program of a record; undefined where
   * the walker takes it. False where there is no memory for them.
   */
  open(
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    programOf: (index: number) => TypedProgram<T> | undefined,
  ): boolean {
    if (this.#isFull) this.#renew()
    const memory = this.#memory
    const { length } = starts
    const [from, to] = [starts[0]!, ends[length - 1]!]
    const spans = aligned(this.#input + to - from + READ_AHEAD)
    if (!memory.ensure(spans + length * Span.bytes)) return false
    const isProtobuf = this.#parts.format.isProtobuf ? 1 : 0
    // Of Protobuf a byte more says which message it is: the first.
    const before = FRAME_BYTES + isProtobuf
    const { words } = memory
    const [rootAt, startAt, endAt, formatAt] = SPAN_WORDS
    // Usually all are of one program.
    let last: TypedProgram<T> | undefined
    let root = 0
    for (let index = 0, at = spans >> 2; index < length; index++, at += Span.bytes >> 2) {
      const program = programOf(index)
      if (program !== last) {
        last = program
        root = program === undefined ? 0 : this.#rootOf(program)
      }
      words[at + rootAt] = root
      words[at + startAt] = starts[index]! + before
      words[at + endAt] = ends[index]!
      words[at + formatAt] = isProtobuf
    }
    memory.bytes.set(bytes.subarray(from, to), this.#input)
    memory.set(TypedHeader, HEADER, { input: this.#input - from, spans })
    return true
  }

  /**
   * Adds records to the block, from number `first` of those that are open on, `most` of them, until one is not common; gives how
   * many. `line`: that of the first. `starts`: where they begin in the chunk.
   */
  scan(
    block: Block,
    sink: TypedSink<T>,
    starts: Int32Array,
    first: number,
    most: number,
    line: number,
  ): number {
    const memory = this.#memory
    const { slotCount, innerTo } = block
    memory.set(TypedHeader, HEADER, {
      firstSlot: slotCount,
      firstScope: block.scopeCount,
      textBase: this.#texts - innerTo,
    })
    const records = this.#exports.scan(first, most, block.recordCount)
    if (records === 0) return 0
    const header = (field: keyof typeof TypedHeader.offsets): number => memory.get(TypedHeader, HEADER, field)
    this.unlisted = header('unlistedTotal')
    this.firstNoted = memory.take(header('recordOps'), records)
    this.#exports.group()
    const scopes = header('scopeTotal')
    block.addScopes(memory.take(header('scopeParents'), scopes), memory.take(header('scopeDepths'), scopes))
    for (let at = 0; at < records; at++) this.#lines[at] = line + at
    block.addRecords(this.#lines.subarray(0, records), memory.take(header('recordScopes'), records))
    const slots = header('slotTotal')
    block.addSlots(
      memory.take(header('slotStarts'), slots),
      memory.take(header('slotEnds'), slots),
      memory.take(header('slotKinds'), slots),
      memory.take(header('slotRecords'), slots),
      memory.take(header('slotScopes'), slots),
    )
    this.#addToFields(block)
    this.#putTexts(block, starts, first, records)
    sink.noted(memory.take(header('ops'), header('opTotal') * (this.#parts.isTold ? 1 : 2)))
    if (this.#parts.isTold)
      sink.raw(
        slotCount,
        memory.take(header('rawStarts'), slots),
        memory.take(header('rawEnds'), slots),
        this.#tables.types,
        memory.take(header('slotSteps'), slots),
      )
    this.#writeLate(block, sink)
    return records
  }

  /** Adds slots to their fields, and what is remembered. */
  #addToFields(block: Block): void {
    const memory = this.#memory
    const { fields, watches } = this.#parts
    const get = (field: 'fieldCounts' | 'fieldSlots' | 'notes' | 'noteTotal'): number =>
      memory.get(TypedHeader, HEADER, field)
    let list = get('fieldSlots')
    const counts = memory.take(get('fieldCounts'), fields)
    for (let field = 0; field < fields; field++) {
      const count = counts[field]!
      if (count > 0) block.addListToField(field, memory.take(list, count))
      list += count * 4
    }
    const notes = memory.take(get('notes'), get('noteTotal') * 3)
    for (let at = 0; at < notes.length; at += 3) {
      const what = notes[at]!
      const scoped = what < watches ? block.watched[what]! : block.derived[what - watches]!
      scoped[notes[at + 1]!] = notes[at + 2]! + 1
    }
  }

  /** Puts the texts of records behind the chunk. */
  #putTexts(block: Block, starts: Int32Array, first: number, records: number): void {
    const memory = this.#memory
    const at = block.innerTo
    const length = memory.get(TypedHeader, HEADER, 'textTotal')
    if (at + length > block.bytes.length) block.growInner(at, length)
    block.bytes.set(memory.bytes.subarray(this.#texts, this.#texts + length), at)
    const texts = memory.take(memory.get(TypedHeader, HEADER, 'recordTexts'), records)
    for (let index = 0; index < records; index++) {
      block.closeInner(texts[index]!)
      block.openInner(starts[first + index]!)
    }
    block.closeInner(at + length)
  }

  #writeLate(block: Block, sink: TypedSink<T>): void {
    const memory = this.#memory
    const count = memory.get(TypedHeader, HEADER, 'lateTotal')
    const numbers = Late.bytes >> 2
    const words = memory.take(memory.get(TypedHeader, HEADER, 'lates'), count * numbers)
    const { offsets } = Late
    const { text } = sink
    for (let at = 0; at < words.length; at += numbers) {
      const slot = words[at + (offsets.slot >> 2)]!
      const type = this.#tables.types[words[at + (offsets.step >> 2)]!]!
      const [start, end] = [words[at + (offsets.start >> 2)]!, words[at + (offsets.end >> 2)]!]
      sink.late(type, start, end, block.slotStart[slot]!)
      for (let own = slot; own < slot + words[at + (offsets.slots >> 2)]!; own++) {
        block.slotStart[own] = text.from
        block.slotEnd[own] = text.to
        block.slotKind[own] = text.kind
      }
    }
  }
}
