/**
 * Containers that stand as JSON in a text, and single values that stand in place of an array. A text is decoded behind the
 * chunk and walked there, in the same record and with the same nodes, as if it stood in its place.
 */
import { Nothing } from '../../../transforms/transform.ts'
import type { RecordCode } from '../../errors.ts'
import type { PlanCarrier } from '../../policy/plan.ts'
import { type Block, SlotKind } from '../block.ts'
import { UNLISTED } from '../shape.ts'
import type { ShapeNode } from '../shape-node.ts'
import type { JsonLexer } from './json-lexer.ts'
import { Form, type JsonOps } from './json-ops.ts'
import { decodeString, jsonString, unescapeJson } from './json-text.ts'
import type { MemberNames } from './member-names.ts'

/** Why a record is not as the policy reads it: it counts only if the record is JSON to its end. */
export interface ShapeFault {
  code: RecordCode | undefined
}

/** The walker, as texts need it. Each gives the position behind what it has walked, or -1. */
interface Walks {
  value(p: number, node: ShapeNode, scope: number, depth: number): number
  /** From an opening bracket that fits the node. */
  inside(p: number, isObject: boolean, node: ShapeNode, scope: number, depth: number): number
}

const NO_TEXT = new Nothing('')

export class TextWalk {
  block!: Block
  readonly #lexer: JsonLexer
  readonly #ops: JsonOps
  readonly #names: MemberNames
  readonly #fault: ShapeFault
  readonly #walks: Walks

  constructor(lexer: JsonLexer, ops: JsonOps, names: MemberNames, fault: ShapeFault, walks: Walks) {
    this.#lexer = lexer
    this.#ops = ops
    this.#names = names
    this.#fault = fault
    this.#walks = walks
  }

  /** One value in place of an array of such, from `p` on: it keeps its form. */
  single(p: number, node: ShapeNode, scope: number, depth: number): number {
    const at = this.#ops.count
    const isNamed = node.emitted && node.literal !== ''
    if (isNamed) this.#ops.addForm(Form.single, node.id, 0)
    p = this.#walks.value(p, node.item!, this.#scopeIn(scope), depth)
    // It is only read.
    if (isNamed && this.#ops.count === at + 1) this.#ops.count = at
    return p
  }

  #scopeIn(scope: number): number {
    return this.block.addScope(scope, this.block.scopeDepth[scope]! + 1)
  }

  /** The inside of a string, `[start, end)`, that holds a container as JSON. */
  string(
    start: number,
    end: number,
    node: ShapeNode,
    carrier: PlanCarrier,
    scope: number,
    depth: number,
  ): void {
    const { block } = this
    const text = start === end ? NO_TEXT : this.put(start, end, carrier, decodeString, unescapeJson)
    if (text === undefined) return
    if (text instanceof Nothing) {
      if (!node.emitted) return
      const slot = block.addSlot(start - 1, end + 1, SlotKind.nothing, scope)
      block.setSource(slot, start - 1, end + 1)
      if (text.text !== unescapeJson(block.decode(start, end))) {
        const at = this.#putText(start, jsonString(text.text))
        block.setSource(slot, at, block.innerEnd)
      }
      this.#ops.addForm(Form.noText, node.id, slot)
      return
    }
    if (node.emitted) this.#ops.addForm(Form.openText, node.id, 0)
    this.walk(text, block.innerEnd, node, scope, depth)
    if (node.emitted) this.#ops.addForm(Form.closeText, 0, 0)
  }

  #putText(origin: number, text: string): number {
    const bytes = Buffer.from(text)
    const at = this.block.putInner(origin, bytes.length, (out, to) => {
      out.set(bytes, to)
      return to + bytes.length
    })
    this.#lexer.bytes = this.block.bytes
    return at
  }

  /**
   * Decodes `[start, end)` and puts it behind the chunk, as its carrier is read. Gives where it begins (it ends at
   * `Block.innerEnd`), or `Nothing`; undefined where it cannot be read, and the record fails. `decode`: to bytes, where nothing is taken off; `textOf`: the text of what stands there.
   */
  put(
    start: number,
    end: number,
    { read }: PlanCarrier,
    decode: typeof decodeString,
    textOf: (text: string) => string,
  ): number | Nothing | undefined {
    const { block } = this
    if (read !== undefined) {
      const text = read(textOf(block.decode(start, end)))
      if (text instanceof Nothing) return text
      if (typeof text === 'string') return this.#putText(start, text)
      this.#fault.code ??= 'inner-json'
      return undefined
    }
    const at = block.putInner(start, end - start, (out, to) => decode(out, start, end, out, to))
    this.#lexer.bytes = block.bytes
    return at
  }

  /** Starts a record of which only cells are walked, each by `walk`. */
  open(): void {
    this.#fault.code = undefined
    this.#names.count = 0
  }

  /** Why the record fails that was opened last; undefined where it does not. */
  get code(): RecordCode | undefined {
    return this.#fault.code
  }

  /** Walks JSON that stood in a text, `bytes[start..end)`, as the value of `node`. */
  walk(start: number, end: number, node: ShapeNode, scope: number, depth: number): void {
    const lexer = this.#lexer
    const outer = { end: lexer.end, names: this.#names.count, code: this.#fault.code }
    lexer.end = end
    let p = lexer.space(start)
    p = p < end ? this.#value(p, node, scope, depth) : -1
    const isWhole = p >= 0 && lexer.space(p) === end
    // That it is no JSON goes before what it might have held.
    if (!isWhole)
      this.#fault.code =
        outer.code ?? (p < 0 && lexer.code === 'json-too-deep' ? 'json-too-deep' : 'inner-json')
    lexer.end = outer.end
    lexer.code = 'json-syntax'
    this.#names.count = outer.names
  }

  #value(p: number, node: ShapeNode, scope: number, depth: number): number {
    const byte = this.#lexer.bytes[p]!
    if (byte === 0x6e) {
      if (node.emitted) this.#ops.addForm(Form.nullInText, node.id, scope)
      return this.#lexer.word(p, 'null')
    }
    const { kind } = node
    const isObject = byte === 0x7b
    if (isObject ? kind === 'object' || kind === 'map' : byte === 0x5b && kind === 'array')
      return this.#walks.inside(p, isObject, node, scope, depth)
    if (byte !== 0x5b && node.isEither) return this.#walks.value(p, node.item!, this.#scopeIn(scope), depth)
    this.#fault.code ??= 'scalar-for-container'
    return this.#walks.value(p, UNLISTED, scope, depth)
  }
}
