/** The host's side of json.as.ts: walks the usual records of a chunk into a block, and writes a block's records. */
import { type Memory, WasmModule } from '../../../transforms/wasm.ts'
import type { Block } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import type { JsonOps } from '../json/json-ops.ts'
import type { Shape } from '../shape.ts'
import { NODE_KINDS, type NodeKind, type ShapeNode } from '../shape-node.ts'
import { JSON_WASM } from './json.wasm.ts'
import { Container, JsonHeader, Member, Met, MOST_MET, Node } from './json-layout.ts'
import { aligned, FIRST_FREE, HEADER, KernelMemory, OUTPUT_BYTES, READ_AHEAD } from './memory.ts'

const json = new WasmModule(JSON_WASM)

interface Exports {
  readonly memory: Memory
  scan(from: number, firstLine: number, firstRecord: number, most: number): number
  group(): void
  write(index: number, count: number): number
}

/** How many names that no rule names are learned for one place, and bytes for all of them. */
const LEARNED = 64
const POOL_BYTES = 1 << 16
/** What records of one scan may take, at most, and room for output; what takes more is left to the walker. */
interface Tables {
  readonly slots: number
  readonly ops: number
  readonly scopes: number
  readonly notes: number
  readonly outputBytes: number
}
const FOR_LONG: Tables = {
  slots: 1 << 15,
  ops: 1 << 16,
  scopes: 1 << 14,
  notes: 1 << 14,
  outputBytes: OUTPUT_BYTES,
}
/** No element of an array takes less than two bytes. They fit into the memory that a kernel begins with. */
const SHORT_BYTES = 1 << 12
const FOR_SHORT: Tables = {
  slots: SHORT_BYTES / 2,
  ops: SHORT_BYTES,
  scopes: SHORT_BYTES / 2,
  notes: SHORT_BYTES / 2,
  outputBytes: 1 << 14,
}

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
  /** After `scan`: where it stopped, members that no rule names, and each record's first operation. */
  next = 0
  unlisted = 0
  firstOps: Int32Array = new Int32Array(0)

  private constructor(
    exports: Exports,
    shape: Shape,
    fields: number,
    rejects: boolean,
    rows: number,
    { slots, ops, scopes, notes, outputBytes }: Tables,
  ) {
    this.#exports = exports
    this.#memory = new KernelMemory(exports.memory, outputBytes)
    this.#fields = fields
    this.#watches = shape.watches.length
    this.#rows = rows
    const nodes = this.#room(shape.nodes.length * Node.bytes)
    const names = this.#room(shape.nodes.length * 8)
    const unlisted = this.#room(Node.bytes)
    const unlistedMember = this.#room(Node.bytes)
    this.#memory.require(this.#at)
    this.#putNodes(shape, nodes, names)
    const pool = this.#room(POOL_BYTES)
    const met = this.#room(MOST_MET * Met.bytes)
    this.#starts = this.#room(slots * 4)
    this.#ends = this.#room(slots * 4)
    this.#kinds = this.#room(slots * 4)
    this.#records = this.#room(slots * 4)
    this.#scopes = this.#room(slots * 4)
    const slotFields = this.#room(slots * 4)
    this.#ops = this.#room(ops * 8)
    this.#parents = this.#room(scopes * 4)
    this.#depths = this.#room(scopes * 4)
    this.#notes = this.#room(notes * 12)
    this.#recordLines = this.#room(rows * 4)
    this.#recordScopes = this.#room(rows * 4)
    this.#recordOps = this.#room(rows * 4)
    this.#counts = this.#room(fields * 4)
    this.#lists = this.#room(slots * 4)
    this.#input = this.#at
    this.#memory.require(this.#at)
    this.#memory.set(JsonHeader, HEADER, {
      root: nodes + shape.root.id * Node.bytes,
      unlisted,
      unlistedMember,
      rejects: rejects ? 1 : 0,
      watchCount: this.#watches,
      pool,
      poolEnd: pool + POOL_BYTES,
      met,
      slotStarts: this.#starts,
      slotEnds: this.#ends,
      slotKinds: this.#kinds,
      slotRecords: this.#records,
      slotScopes: this.#scopes,
      slotFields,
      slotRoom: slots,
      ops: this.#ops,
      opRoom: ops,
      scopeParents: this.#parents,
      scopeDepths: this.#depths,
      scopeRoom: scopes,
      notes: this.#notes,
      noteRoom: notes,
      recordLines: this.#recordLines,
      recordScopes: this.#recordScopes,
      recordOps: this.#recordOps,
      input: this.#input,
      fields,
      fieldCounts: this.#counts,
      fieldSlots: this.#lists,
      names,
    })
  }

  /**
   * @param fields how many fields the plan has
   * @param rejects whether a member that no rule names makes a record fail
   * @param rows the most records of a block
   * @param isShort whether it is for chunks of up to `SHORT_BYTES`
   * @returns undefined where the platform cannot, or a listed name has to be written with escapes
   */
  static open(
    shape: Shape,
    fields: number,
    rejects: boolean,
    rows: number,
    isShort: boolean,
  ): JsonKernel | undefined {
    if (shape.nodes.some((node) => node.literal.includes('\\'))) return undefined
    const exports = json.open<Exports>()
    if (exports === undefined) return undefined
    try {
      return new JsonKernel(exports, shape, fields, rejects, rows, isShort ? FOR_SHORT : FOR_LONG)
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

  #putNodes(shape: Shape, nodes: number, names: number): void {
    const memberOf = new Map<ShapeNode, number>()
    for (const node of shape.nodes) {
      const members = this.#room((node.children.size + LEARNED) * Member.bytes)
      this.#memory.require(this.#at)
      let member = members
      for (const child of node.children.values()) {
        const name = nameBytes(child)
        const at = this.#putBytes(name)
        this.#memory.set(Member, member, {
          name: at,
          length: name.length,
          node: nodes + child.id * Node.bytes,
        })
        memberOf.set(child, member)
        member += Member.bytes
      }
      const derived = this.#putNumbers(node.derived)
      const watches = this.#putNumbers(node.watches)
      const literal = Buffer.from(`,${node.literal}`, 'latin1')
      // It may make the memory grow, and views of before are void then.
      const literalAt = this.#putBytes(literal)
      this.#memory.words.set([literalAt, literal.length], (names >> 2) + node.id * 2)
      this.#memory.set(Node, nodes + node.id * Node.bytes, {
        kind: (NODE_KINDS as readonly NodeKind[]).indexOf(node.kind),
        emitted: node.emitted ? 1 : 0,
        named: node.literal === '' ? 0 : 1,
        id: node.id,
        field: node.field,
        derived,
        derivedCount: node.derived.length,
        watches,
        watchCount: node.watches.length,
        item: node.item === undefined ? 0 : nodes + node.item.id * Node.bytes,
        namesField: node.namesField,
        tree: node.tree === undefined ? 0 : 1,
        containerCount: node.tree?.containers.length ?? 0,
        counts: node.kind === 'object' ? 1 : 0,
        members,
        memberCount: node.children.size,
        memberRoom: node.children.size + (node.kind === 'object' ? LEARNED : 0),
      })
    }
    // The members of all nodes have their places now.
    for (const node of shape.nodes) {
      const containers = node.tree?.containers ?? []
      const at = this.#room(containers.length * Container.bytes)
      this.#memory.require(this.#at)
      for (const [index, { id, node: own }] of containers.entries())
        this.#memory.set(Container, at + index * Container.bytes, {
          id,
          member: own === undefined ? 0 : memberOf.get(own)!,
        })
      this.#memory.set(Node, nodes + node.id * Node.bytes, { containers: at })
    }
  }

  /** Takes a chunk: `bytes[length]` is a line feed. False where there is no memory for it. */
  open(bytes: Uint8Array, length: number): boolean {
    this.#length = length
    return this.#memory.putChunk(this.#input, bytes, length)
  }

  /**
   * Takes the texts `bytes[from..to)` that results are parts of, for `write` alone: results name places of `bytes`. False where
   * there is no memory for them.
   */
  openTexts(bytes: Uint8Array, from: number, to: number): boolean {
    this.#length = to - from
    if (!this.#memory.putChunk(this.#input, bytes.subarray(from, to), to - from)) return false
    this.#memory.set(JsonHeader, HEADER, { input: this.#input - from })
    return true
  }

  /**
   * Adds records to the block, from `from` on, until it is full or a record is not common; gives how many. The
   * first starts in line `line` of the chunk, and each takes one line.
   */
  scan(block: Block, ops: JsonOps, from: number, line: number, maxBytes: number): number {
    const memory = this.#memory
    memory.set(JsonHeader, HEADER, {
      length: this.#length,
      maxBytes,
      firstSlot: block.slotCount,
      firstScope: block.scopeCount,
    })
    const { recordCount } = block
    const records = this.#exports.scan(from, line, recordCount, this.#rows - recordCount)
    this.next = memory.get(JsonHeader, HEADER, 'next')
    if (records === 0) return 0
    this.unlisted = memory.get(JsonHeader, HEADER, 'unlistedTotal')
    this.firstOps = memory.take(this.#recordOps, records)
    const slots = memory.get(JsonHeader, HEADER, 'slotTotal')
    const scopes = memory.get(JsonHeader, HEADER, 'scopeTotal')
    this.#exports.group()
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
    const notes = memory.take(this.#notes, memory.get(JsonHeader, HEADER, 'noteTotal') * 3)
    for (let at = 0; at < notes.length; at += 3) {
      const what = notes[at]!
      const scoped = what < this.#watches ? block.watched[what]! : block.derived[what - this.#watches]!
      scoped[notes[at + 1]!] = notes[at + 2]! + 1
    }
    ops.append(memory.take(this.#ops, memory.get(JsonHeader, HEADER, 'opTotal') * 2))
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
    const memory = this.#memory
    const rangesAt = aligned(this.#input + this.#length + READ_AHEAD)
    const blockOps = aligned(rangesAt + count * 8)
    const results = memory.putResults(block, blockOps + ops.count * 8)
    if (results === undefined) {
      for (let index = 0; index < count; index++) writeOther(index)
      return 0
    }
    const { output } = results
    memory.put(rangesAt, ranges, count * 2)
    memory.put(blockOps, ops.words, ops.count * 2)
    memory.set(JsonHeader, HEADER, { ranges: rangesAt, blockOps, lineBreak: lineBreak ? 1 : 0, ...results })
    let written = 0
    let index = 0
    while (index < count) {
      const next = this.#exports.write(index, count)
      sink.append(memory.bytes.subarray(output, output + memory.get(JsonHeader, HEADER, 'written')))
      written += next - index
      if (next === count) break
      let isFull = memory.get(JsonHeader, HEADER, 'full') !== 0
      if (isFull && next === index) {
        const limit = memory.growOutput(output)
        isFull = limit !== undefined
        if (limit !== undefined) memory.set(JsonHeader, HEADER, { limit })
      }
      if (!isFull) writeOther(next)
      index = isFull ? next : next + 1
    }
    return written
  }
}

/**
 * The kernel of a shape, as chunks need it. The tables of one for long chunks take 2 MB; where a thousand engines are opened for a
 * record each, most of the time would go by in taking that memory and giving it back.
 */
export class JsonKernels {
  readonly #open: (isShort: boolean) => JsonKernel | undefined
  #kernel: JsonKernel | undefined
  /** The longest chunk that it is opened for. */
  #most = -1

  /** The parameters are those of `JsonKernel.open`. */
  constructor(shape: Shape, fields: number, rejects: boolean, rows: number) {
    this.#open = (isShort) => JsonKernel.open(shape, fields, rejects, rows, isShort)
  }

  /** The kernel for a chunk of so many bytes, which may be another one than for the chunk before. */
  for(length: number): JsonKernel | undefined {
    if (length > this.#most) {
      const isShort = length <= SHORT_BYTES
      this.#kernel = this.#open(isShort)
      this.#most = isShort ? SHORT_BYTES : Number.POSITIVE_INFINITY
    }
    return this.#kernel
  }
}
