/** Writes the records of a block that may pass, from the walker's operations and the results of the rules. */

import { type Block, ResultKind, SlotKind } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import { latin1 } from '../byte-text.ts'
import type { Format } from '../format.ts'
import type { Shape } from '../shape.ts'
import type { DerivedContainer, DerivedTree } from '../shape-node.ts'
import { FORM_OP, Form, formNode, formOf, type JsonOps, Op } from './json-ops.ts'
import { jsonString, unescapeJson } from './json-text.ts'

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
  read: (written) => unescapeJson(written.slice(1, -1)),
  copy(block, slot) {
    const inQuotes = block.slotKind[slot]! <= SlotKind.escaped ? 1 : 0
    block.setSource(slot, block.slotStart[slot]! - inQuotes, block.slotEnd[slot]! + inQuotes)
  },
  null: 'null',
  takesBytes: true,
  special: SPECIAL,
  quoteBytes: 2,
  refusesLineBreaks: false,
}

export class JsonWriter {
  readonly #shape: Shape
  /** `"name":` of each node. */
  readonly #names: readonly Uint8Array[]
  #sink!: ByteSink
  #block!: Block
  /** Names written in the open maps. */
  readonly #maps: Set<string>[] = []
  /** Where the JSON begins that will stand in a text. */
  #textFrom = 0

  constructor(shape: Shape) {
    this.#shape = shape
    this.#names = shape.nodes.map((node) => latin1(node.literal))
  }

  /** Writes one record from operations `[from, to)`; false, and nothing written, if two names of a map became one. */
  write(block: Block, ops: JsonOps, from: number, to: number, sink: ByteSink): boolean {
    this.#block = block
    this.#sink = sink
    const { words } = ops
    const { resultKind } = block
    const began = sink.length
    /** Whether nothing stands before in the open container. */
    let first = true
    for (let index = from; index < to; index++) {
      const word = words[index << 1]!
      const a = word >> 4
      const b = words[(index << 1) + 1]!
      switch (word & 15) {
        case Op.member:
          if (resultKind[b] === ResultKind.dropped) break
          this.#name(a, first)
          this.#value(b)
          first = false
          break
        case Op.value:
          if (resultKind[b] === ResultKind.dropped) break
          if (!first) sink.byte(COMMA)
          this.#value(b)
          first = false
          break
        case Op.name:
          this.#name(a, first)
          first = true
          break
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
          const valueDropped =
            (words[(index + 1) << 1]! & 15) === Op.value &&
            resultKind[words[((index + 1) << 1) + 1]!] === ResultKind.dropped
          if (resultKind[b] === ResultKind.dropped || valueDropped) {
            index += a - 1
            break
          }
          if (!first) sink.byte(COMMA)
          if (!this.#mapName(b)) {
            this.#maps.length = 0
            sink.length = began
            return false
          }
          first = true
          break
        }
        case Op.inputName:
        case Op.textName: {
          const next = (index + 1) << 1
          if ((words[next]! & 15) === Op.value && resultKind[words[next + 1]!] === ResultKind.dropped) {
            index++
            break
          }
          if (!first) sink.byte(COMMA)
          if ((word & 15) === Op.textName) sink.text(ops.texts[b]!)
          else {
            sink.byte(QUOTE)
            sink.copy(block.bytes, b, b + a)
            sink.byte(QUOTE)
          }
          sink.byte(COLON)
          first = true
          break
        }
        case Op.derived:
          if (this.#leaves(this.#shape.nodes[a]!.tree!, b, first)) first = false
          break
        case Op.derivedContainer:
          if (this.#container(this.#shape.containers[a]!, b, first)) first = false
          break
        case Op.nullContainer:
          if (!first) sink.byte(COMMA)
          this.#nullContainer(a, b)
          first = false
          break
        case FORM_OP: {
          const next = words[(index + 1) << 1]!
          const skips =
            formOf(a) === Form.single &&
            (next & 15) === Op.value &&
            resultKind[words[((index + 1) << 1) + 1]!] === ResultKind.dropped
          if (skips) index++
          else first = this.#form(formOf(a), formNode(a), b, first)
          break
        }
      }
    }
    return true
  }

  /** Gives whether nothing stands before what follows. */
  #form(form: number, node: number, b: number, first: boolean): boolean {
    const sink = this.#sink
    switch (form) {
      case Form.openText:
        this.#name(node, first)
        this.#textFrom = sink.length
        return true
      case Form.closeText:
        this.#closeText(this.#textFrom)
        return false
      case Form.single:
        this.#name(node, first)
        return true
      case Form.nullInText:
        if (!this.#derived(node, b)) sink.copy(NULL, 0, NULL.length)
        return false
      case Form.noText: {
        this.#name(node, first)
        const from = sink.length
        if (this.#derived(node, this.#block.slotScope[b]!)) this.#closeText(from)
        else this.#value(b)
        return false
      }
      case Form.derivedInCell:
        this.#object(this.#shape.containers[node]!.tree, b)
        return false
      default:
        this.#derived(node, b)
        return false
    }
  }

  /** The derived members of a node as an object; false, and nothing written, where there are none. */
  #derived(node: number, scope: number): boolean {
    const { tree } = this.#shape.nodes[node]!
    return tree !== undefined && this.#object(tree, scope)
  }

  #object(tree: DerivedTree, scope: number): boolean {
    const sink = this.#sink
    const before = sink.length
    sink.byte(0x7b)
    if (this.#tree(tree, scope)) sink.byte(0x7d)
    else sink.length = before
    return sink.length > before
  }

  /** Makes what was written from `from` on the inside of a JSON string. */
  #closeText(from: number): void {
    const sink = this.#sink
    const json = sink.bytes.slice(from, sink.length)
    sink.length = from
    sink.byte(QUOTE)
    let copied = 0
    for (let p = 0; p < json.length; p++) {
      const byte = json[p]!
      if (SPECIAL[byte] === 0) continue
      sink.copy(json, copied, p)
      // In JSON there are quotes, backslashes, and white space that stood in a kept container.
      sink.text(jsonString(String.fromCharCode(byte)).slice(1, -1))
      copied = p + 1
    }
    sink.copy(json, copied, json.length)
    sink.byte(QUOTE)
  }

  #name(node: number, first: boolean): void {
    const name = this.#names[node]!
    if (!first) this.#sink.byte(COMMA)
    this.#sink.copy(name, 0, name.length)
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
    sink.copy(name, 0, name.length)
    const from = sink.length
    if (!this.#derived(node, scope)) sink.copy(NULL, 0, NULL.length)
    else if (this.#shape.nodes[node]!.carrier !== undefined) this.#closeText(from)
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
  #container(container: DerivedContainer, scope: number, first: boolean): boolean {
    const sink = this.#sink
    const before = sink.length
    if (!first) sink.byte(COMMA)
    sink.copy(container.name, 0, container.name.length)
    const from = sink.length
    if (!this.#object(container.tree, scope)) {
      sink.length = before
      return false
    }
    if (container.text !== undefined) this.#closeText(from)
    return true
  }

  #tree(tree: DerivedTree, scope: number): boolean {
    let wrote = this.#leaves(tree, scope, true)
    for (const container of tree.containers) if (this.#container(container, scope, !wrote)) wrote = true
    return wrote
  }
}
