/** The host's side of json.as.ts: walks the usual records of a chunk into a block, and writes a block's records. */
import { type Memory, WasmModule } from '../../../transforms/wasm.ts'
import type { Block } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import type { JsonOps } from '../json/json-ops.ts'
import type { NodeKind, Shape, ShapeNode } from '../shape.ts'
import { JSON_WASM } from './json.wasm.ts'
import { aligned, FIRST_FREE, type Global, KernelMemory, OUTPUT_BYTES, READ_AHEAD } from './memory.ts'

const json = new WasmModule(JSON_WASM)

interface Exports {
  readonly memory: Memory
  readonly slotTotal: Global
  readonly opTotal: Global
  readonly scopeTotal: Global
  readonly noteTotal: Global
  readonly unlistedTotal: Global
  readonly next: Global
  readonly written: Global
  readonly full: Global
  readonly setup: (...places: readonly (number | boolean)[]) => void
  readonly scan: (
    root: number,
    base: number,
    from: number,
    length: number,
    firstLine: number,
    firstRecord: number,
    firstSlot: number,
    firstScope: number,
    most: number,
    maxBytes: number,
  ) => number
  readonly group: (fields: number, counts: number, lists: number) => void
  readonly write: (
    index: number,
    count: number,
    ranges: number,
    ops: number,
    names: number,
    kinds: number,
    starts: number,
    ends: number,
    input: number,
    arena: number,
    output: number,
    limit: number,
    lineBreak: boolean,
  ) => number
}

/** As json.as.ts numbers them. */
const KINDS: readonly NodeKind[] = ['unlisted', 'scalar', 'object', 'array', 'map', 'subtree']

/** Bytes of a node, a member, a derived container and a name that was met, as json.as.ts has them. */
const NODE_BYTES = 80
const MEMBER_BYTES = 20
const CONTAINER_BYTES = 8
const MET_BYTES = 16
/** Names met in the open objects, at most. */
const MOST_MET = 4096
/** How many names that no rule names are learned for one place, and bytes for all of them. */
const LEARNED = 64
const POOL_BYTES = 1 << 16
/** What records of one scan may take, at most; what takes more is left to the walker. */
const SLOTS = 1 << 15
const OPS = 1 << 16
const SCOPES = 1 << 14
const NOTES = 1 << 14

/** The name's bytes as a record usually has them, and the closing quote. */
const nameBytes = (node: ShapeNode): Buffer => Buffer.from(node.literal.slice(1, -1), 'latin1')

export class JsonKernel {
  readonly #exports: Exports
  readonly #memory: KernelMemory
  readonly #fields: number
  readonly #watches: number
  readonly #rows: number
  #at = FIRST_FREE
  /** Places in memory, in bytes. */
  readonly #root: number
  readonly #names: number
  readonly #starts: number
  readonly #ends: number
  readonly #kinds: number
  readonly #records: number
  readonly #scopes: number
  readonly #ops: number
  readonly #parents: number
  readonly #depths: number
  readonly #notes: number
  readonly #recordLines: number
  readonly #recordScopes: number
  readonly #recordOps: number
  readonly #counts: number
  readonly #lists: number
  readonly #input: number
  #length = 0
  #outputBytes = OUTPUT_BYTES
  /** After `scan`: where it stopped, members that no rule names, and each record's first operation. */
  next = 0
  unlisted = 0
  firstOps: Int32Array = new Int32Array(0)

  private constructor(exports: Exports, shape: Shape, fields: number, rejects: boolean, rows: number) {
    this.#exports = exports
    this.#memory = new KernelMemory(exports.memory)
    this.#fields = fields
    this.#watches = shape.watches.length
    this.#rows = rows
    const nodes = this.#room(shape.nodes.length * NODE_BYTES)
    this.#root = nodes + shape.root.id * NODE_BYTES
    this.#names = this.#room(shape.nodes.length * 8)
    const unlisted = this.#room(NODE_BYTES)
    const unlistedMember = this.#room(NODE_BYTES)
    this.#memory.require(this.#at)
    this.#putNodes(shape, nodes)
    const pool = this.#room(POOL_BYTES)
    const met = this.#room(MOST_MET * MET_BYTES)
    this.#starts = this.#room(SLOTS * 4)
    this.#ends = this.#room(SLOTS * 4)
    this.#kinds = this.#room(SLOTS * 4)
    this.#records = this.#room(SLOTS * 4)
    this.#scopes = this.#room(SLOTS * 4)
    const slotFields = this.#room(SLOTS * 4)
    this.#ops = this.#room(OPS * 8)
    this.#parents = this.#room(SCOPES * 4)
    this.#depths = this.#room(SCOPES * 4)
    this.#notes = this.#room(NOTES * 12)
    this.#recordLines = this.#room(rows * 4)
    this.#recordScopes = this.#room(rows * 4)
    this.#recordOps = this.#room(rows * 4)
    this.#counts = this.#room(fields * 4)
    this.#lists = this.#room(SLOTS * 4)
    this.#input = this.#at
    this.#memory.require(this.#at)
    exports.setup(
      unlisted,
      unlistedMember,
      rejects,
      this.#watches,
      pool,
      POOL_BYTES,
      met,
      this.#starts,
      this.#ends,
      this.#kinds,
      this.#records,
      this.#scopes,
      slotFields,
      SLOTS,
      this.#ops,
      OPS,
      this.#parents,
      this.#depths,
      SCOPES,
      this.#notes,
      NOTES,
      this.#recordLines,
      this.#recordScopes,
      this.#recordOps,
    )
  }

  /**
   * @param fields how many fields the plan has
   * @param rejects whether a member that no rule names makes a record fail
   * @param rows so many records a block holds at most
   * @returns undefined where the platform cannot, or a listed name has to be written with escapes
   */
  static open(shape: Shape, fields: number, rejects: boolean, rows: number): JsonKernel | undefined {
    if (shape.nodes.some((node) => node.literal.includes('\\'))) return undefined
    const exports = json.open<Exports>()
    if (exports === undefined) return undefined
    try {
      return new JsonKernel(exports, shape, fields, rejects, rows)
    } catch {
      // No memory for its tables.
      return undefined
    }
  }

  #room(bytes: number): number {
    const from = this.#at
    this.#at = aligned(from + bytes)
    return from
  }

  #putBytes(bytes: Uint8Array): number {
    // Names are compared 16 bytes at a time.
    const at = this.#room(bytes.length + 16)
    this.#memory.require(this.#at)
    this.#memory.bytes.set(bytes, at)
    return at
  }

  #putNumbers(numbers: readonly number[]): number {
    const at = this.#room(numbers.length * 4)
    this.#memory.require(this.#at)
    this.#memory.words.set(numbers, at >> 2)
    return at
  }

  #putNodes(shape: Shape, nodes: number): void {
    const memberOf = new Map<ShapeNode, number>()
    for (const node of shape.nodes) {
      const members = this.#room((node.children.size + LEARNED) * MEMBER_BYTES)
      this.#memory.require(this.#at)
      let member = members
      for (const child of node.children.values()) {
        const name = nameBytes(child)
        const at = this.#putBytes(name)
        this.#memory.words.set([at, name.length, nodes + child.id * NODE_BYTES, 0, 0], member >> 2)
        memberOf.set(child, member)
        member += MEMBER_BYTES
      }
      const derived = this.#putNumbers(node.derived)
      const watches = this.#putNumbers(node.watches)
      const item = node.item === undefined ? 0 : nodes + node.item.id * NODE_BYTES
      const literal = Buffer.from(`,${node.literal}`, 'latin1')
      this.#memory.words.set([this.#putBytes(literal), literal.length], (this.#names >> 2) + node.id * 2)
      this.#memory.words.set(
        [
          KINDS.indexOf(node.kind),
          node.emitted ? 1 : 0,
          node.literal === '' ? 0 : 1,
          node.id,
          node.field,
          derived,
          node.derived.length,
          watches,
          node.watches.length,
          item,
          node.namesField,
          node.tree === undefined ? 0 : 1,
          0,
          node.tree?.containers.length ?? 0,
          node.kind === 'object' ? 1 : 0,
          members,
          node.children.size,
          node.children.size + (node.kind === 'object' ? LEARNED : 0),
          0,
        ],
        (nodes + node.id * NODE_BYTES) >> 2,
      )
    }
    // The members of all nodes have their places now.
    for (const node of shape.nodes) {
      const containers = node.tree?.containers ?? []
      const at = this.#room(containers.length * CONTAINER_BYTES)
      this.#memory.require(this.#at)
      const numbers = containers.flatMap(({ id, node: own }) => [
        id,
        own === undefined ? 0 : memberOf.get(own)!,
      ])
      this.#memory.words.set(numbers, at >> 2)
      this.#memory.words[(nodes + node.id * NODE_BYTES + 48) >> 2] = at
    }
  }

  /** Takes a chunk: `bytes[length]` is a line feed. False where there is no memory for it. */
  open(bytes: Uint8Array, length: number): boolean {
    this.#length = length
    if (!this.#memory.ensure(this.#input + length + READ_AHEAD)) return false
    this.#memory.bytes.set(bytes.subarray(0, length + 1), this.#input)
    return true
  }

  /**
   * Adds records to the block, from `from` on, until it is full or a record is not common; gives how many. The
   * first starts in line `line` of the chunk, and each takes one line.
   */
  scan(block: Block, ops: JsonOps, from: number, line: number, maxBytes: number): number {
    const exports = this.#exports
    const memory = this.#memory
    const records = exports.scan(
      this.#root,
      this.#input,
      from,
      this.#length,
      line,
      block.recordCount,
      block.slotCount,
      block.scopeCount,
      this.#rows - block.recordCount,
      maxBytes,
    )
    this.next = exports.next.value
    if (records === 0) return 0
    this.unlisted = exports.unlistedTotal.value
    this.firstOps = memory.take(this.#recordOps, records)
    const slots = exports.slotTotal.value
    const scopes = exports.scopeTotal.value
    exports.group(this.#fields, this.#counts, this.#lists)
    block.addScopes(memory.take(this.#parents, scopes), memory.take(this.#depths, scopes))
    block.addRecords(memory.take(this.#recordLines, records), memory.take(this.#recordScopes, records))
    block.addSlots(
      memory.take(this.#starts, slots),
      memory.take(this.#ends, slots),
      memory.take(this.#kinds, slots),
      memory.take(this.#records, slots),
      memory.take(this.#scopes, slots),
    )
    let list = this.#lists
    const counts = memory.take(this.#counts, this.#fields)
    for (let field = 0; field < this.#fields; field++) {
      const count = counts[field]!
      if (count > 0) block.addListToField(field, memory.take(list, count))
      list += count * 4
    }
    const notes = memory.take(this.#notes, exports.noteTotal.value * 3)
    for (let at = 0; at < notes.length; at += 3) {
      const what = notes[at]!
      const scoped = what < this.#watches ? block.watched[what]! : block.derived[what - this.#watches]!
      scoped[notes[at + 1]!] = notes[at + 2]! + 1
    }
    ops.append(memory.take(this.#ops, exports.opTotal.value * 2))
    return records
  }

  /**
   * Appends records of the block to `sink`, each with a line break if so asked. `ranges` says of each which operations
   * are its own, from and to. Those with operations that the kernel does not know, or that it has no memory for, are
   * left to `writeOther`, which gets their place in `ranges`. Gives how many of the others it wrote.
   */
  write(
    block: Block,
    ops: JsonOps,
    ranges: Int32Array,
    count: number,
    sink: ByteSink,
    lineBreak: boolean,
    writeOther: (index: number) => void,
  ): number {
    const exports = this.#exports
    const memory = this.#memory
    const rangesAt = aligned(this.#input + this.#length + READ_AHEAD)
    const opsAt = aligned(rangesAt + count * 8)
    const results = memory.putResults(block, opsAt + ops.count * 8, this.#outputBytes)
    if (results === undefined) {
      for (let index = 0; index < count; index++) writeOther(index)
      return 0
    }
    const { kinds, starts, ends, arena, output } = results
    memory.put(rangesAt, ranges, count * 2)
    memory.put(opsAt, ops.words, ops.count * 2)
    let written = 0
    let index = 0
    while (index < count) {
      const next = exports.write(
        index,
        count,
        rangesAt,
        opsAt,
        this.#names,
        kinds,
        starts,
        ends,
        this.#input,
        arena,
        output,
        output + this.#outputBytes,
        lineBreak,
      )
      sink.append(memory.bytes.subarray(output, output + exports.written.value))
      written += next - index
      if (next === count) break
      let isFull = Number(exports.full.value) !== 0
      if (isFull && next === index) {
        if (memory.ensure(output + this.#outputBytes * 2)) this.#outputBytes *= 2
        else isFull = false
      }
      if (!isFull) writeOther(next)
      index = isFull ? next : next + 1
    }
    return written
  }
}
