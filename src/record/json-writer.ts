/** Writes the records of a block that may pass, from the walker's operations and the results of the rules. */

import { type Block, ResultKind, SlotKind } from './block.ts'
import type { ByteSink } from './byte-sink.ts'
import { latin1 } from './byte-text.ts'
import type { Format } from './format.ts'
import { Op } from './json-ops.ts'
import { jsonString, unescapeJson } from './json-text.ts'
import type { JsonWalker } from './json-walker.ts'
import type { DerivedTree, Shape, ShapeNode } from './shape.ts'

const COMMA = 0x2c
const COLON = 0x3a
const QUOTE = 0x22
const NULL = latin1('null')

/** Bytes that a JSON string cannot hold as they are (RFC 8259, section 7). */
const SPECIAL = new Uint8Array(256).fill(1, 0, 0x20)
SPECIAL[QUOTE] = 1
SPECIAL[0x5c] = 1

export const jsonFormat: Format = {
  text(block, slot) {
    const text = block.decode(block.slotStart[slot]!, block.slotEnd[slot]!)
    return block.slotKind[slot] === SlotKind.escaped ? unescapeJson(text) : text
  },
  writeString: (text, plain) => (plain ? `"${text}"` : jsonString(text)),
  writeNumber: (text) => text,
  copy(block, slot) {
    const inQuotes = block.slotKind[slot]! <= SlotKind.escaped ? 1 : 0
    block.setSource(slot, block.slotStart[slot]! - inQuotes, block.slotEnd[slot]! + inQuotes)
  },
  null: 'null',
  takesBytes: true,
  special: SPECIAL,
}

export class JsonWriter {
  readonly #nodes: readonly ShapeNode[]
  /** `"name":` of each node, and the same behind a comma. */
  readonly #names: readonly Uint8Array[]
  readonly #nextNames: readonly Uint8Array[]
  readonly #sink: ByteSink
  #block!: Block
  /** Names written in the open maps. */
  readonly #maps: Set<string>[] = []

  constructor(shape: Shape, sink: ByteSink) {
    this.#nodes = shape.nodes
    this.#names = shape.nodes.map((node) => latin1(node.literal))
    this.#nextNames = shape.nodes.map((node) => latin1(`,${node.literal}`))
    this.#sink = sink
  }

  /** Writes one record from operations `[from, to)`; false, and nothing written, if two names of a map became one. */
  write(block: Block, walker: JsonWalker, from: number, to: number): boolean {
    this.#block = block
    const { ops } = walker
    const { resultKind } = block
    const sink = this.#sink
    const began = sink.length
    /** Whether nothing stands before in the open container. */
    let first = true
    for (let index = from; index < to; index++) {
      const at = index << 2
      const a = ops[at + 1]!
      switch (ops[at]) {
        case Op.member: {
          const slot = ops[at + 2]!
          const kind = resultKind[slot]
          if (kind === ResultKind.dropped) break
          const name = first ? this.#names[a]! : this.#nextNames[a]!
          sink.copy(name, 0, name.length)
          this.#value(slot)
          first = false
          break
        }
        case Op.value:
          if (resultKind[a] === ResultKind.dropped) break
          if (!first) sink.byte(COMMA)
          this.#value(a)
          first = false
          break
        case Op.name: {
          const name = first ? this.#names[a]! : this.#nextNames[a]!
          sink.copy(name, 0, name.length)
          first = true
          break
        }
        case Op.openMap:
          this.#maps.push(new Set())
          this.#open(0x7b, first)
          first = true
          break
        case Op.openObject:
          this.#open(0x7b, first)
          first = true
          break
        case Op.openArray:
          this.#open(0x5b, first)
          first = true
          break
        case Op.closeMap:
          this.#maps.pop()
          sink.byte(0x7d)
          first = false
          break
        case Op.closeObject:
          sink.byte(0x7d)
          first = false
          break
        case Op.closeArray:
          sink.byte(0x5d)
          first = false
          break
        case Op.mapName: {
          const valueDropped = ops[at + 4] === Op.value && resultKind[ops[at + 5]!] === ResultKind.dropped
          if (resultKind[a] === ResultKind.dropped || valueDropped) {
            index = ops[at + 2]! - 1
            break
          }
          if (!first) sink.byte(COMMA)
          if (!this.#mapName(a)) {
            this.#maps.length = 0
            sink.length = began
            return false
          }
          first = true
          break
        }
        case Op.derived:
        case Op.derivedContainer: {
          const tree = this.#nodes[a]!.tree!
          const scope = ops[at + 2]!
          const wrote =
            ops[at] === Op.derived
              ? this.#leaves(tree, scope, first)
              : this.#container(tree.containers[ops[at + 3]!]!, scope, first)
          if (wrote) first = false
          break
        }
        case Op.nullContainer: {
          if (!first) sink.byte(COMMA)
          this.#nullContainer(a, ops[at + 2]!)
          first = false
          break
        }
      }
    }
    return true
  }

  #open(byte: number, first: boolean): void {
    if (!first) this.#sink.byte(COMMA)
    this.#sink.byte(byte)
  }

  /** The result of a slot that is not dropped. */
  #value(slot: number): void {
    const block = this.#block
    const sink = this.#sink
    const kind = block.resultKind[slot]
    if (kind === ResultKind.arena) sink.byte(QUOTE)
    const source = kind === ResultKind.source ? block.bytes : block.arena.bytes
    sink.copy(source, block.resultStart[slot]!, block.resultEnd[slot]!)
    if (kind === ResultKind.arena) sink.byte(QUOTE)
  }

  /** A name of a map and its colon; false if the map holds it already. */
  #mapName(slot: number): boolean {
    const sink = this.#sink
    const from = sink.length
    this.#value(slot)
    const written = Buffer.from(sink.bytes.buffer, sink.bytes.byteOffset + from, sink.length - from)
    const name = JSON.parse(written.toString('utf8')) as string
    const names = this.#maps.at(-1)!
    if (names.has(name)) return false
    names.add(name)
    sink.byte(COLON)
    return true
  }

  #nullContainer(node: number, scope: number): void {
    const sink = this.#sink
    const name = this.#names[node]!
    const { tree } = this.#nodes[node]!
    sink.copy(name, 0, name.length)
    const before = sink.length
    sink.byte(0x7b)
    if (tree !== undefined && this.#tree(tree, scope)) sink.byte(0x7d)
    else {
      sink.length = before
      sink.copy(NULL, 0, NULL.length)
    }
  }

  /** Derived members; gives whether there are any. */
  #leaves(tree: DerivedTree, scope: number, first: boolean): boolean {
    const block = this.#block
    const sink = this.#sink
    let empty = first
    let wrote = false
    for (const { name, field } of tree.leaves) {
      const slot = block.derived[field]![scope]! - 1
      if (slot < 0 || block.resultKind[slot] === ResultKind.dropped) continue
      if (!empty) sink.byte(COMMA)
      sink.copy(name, 0, name.length)
      this.#value(slot)
      empty = false
      wrote = true
    }
    return wrote
  }

  /** A container of derived members, unless it would be empty. */
  #container(container: DerivedTree['containers'][number], scope: number, first: boolean): boolean {
    const sink = this.#sink
    const before = sink.length
    if (!first) sink.byte(COMMA)
    sink.copy(container.name, 0, container.name.length)
    sink.byte(0x7b)
    if (!this.#tree(container.tree, scope)) {
      sink.length = before
      return false
    }
    sink.byte(0x7d)
    return true
  }

  #tree(tree: DerivedTree, scope: number): boolean {
    let wrote = this.#leaves(tree, scope, true)
    for (const container of tree.containers) if (this.#container(container, scope, !wrote)) wrote = true
    return wrote
  }
}
