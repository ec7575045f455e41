/**
 * One walk over the bytes of an Avro record: it validates what it reads, writes the text of each listed value behind the chunk,
 * as JSON writes it, and notes where it stands. What is written is noted as operations, for JSON, or as tokens, for Avro.
 */
import type { RecordCode } from '../../errors.ts'
import { type Block, doubled, SlotKind } from '../block.ts'
import { JsonOps, Op } from '../json/json-ops.ts'
import { countName } from '../names.ts'
import type { ShapeNode } from '../shape-node.ts'
import { type AvroProgram, type FieldStep, type Step, Way } from './avro-program.ts'
import type { AvroType } from './avro-schema.ts'
import { AvroValues, Code, MAX_AVRO_DEPTH } from './avro-values.ts'

export class AvroWalker {
  readonly ops: JsonOps = new JsonOps()
  /** Members met that no rule names. */
  unlisted = 0
  /** The same by path, where they are asked for. */
  names: Record<string, number> | undefined
  readonly #reject: boolean
  readonly #mostTextBytes: number
  readonly #values: AvroValues
  #block!: Block
  #program!: AvroProgram
  /** A fault of shape: it counts only if the record can be read to its end. */
  #fault: RecordCode | undefined
  #object = 0
  /** How often a pattern has ended at a value. */
  #ended = 0
  #unlistedNames: string[] = []
  /** What the writer of Avro is told, in order: see `AvroWriter`. Undefined where JSON is written. */
  readonly #isTold: boolean
  tokens: Int32Array<ArrayBuffer> = new Int32Array(0)
  tokenCount = 0
  /** By slot, where its value stands in the chunk. */
  rawStart: Int32Array<ArrayBuffer> = new Int32Array(0)
  rawEnd: Int32Array<ArrayBuffer> = new Int32Array(0)
  readonly #types: (AvroType | undefined)[] = []

  /** `reject`: whether an unlisted member fails the record; `isTold`: whether tokens are noted in place of operations. */
  constructor(reject: boolean, mostTextBytes: number, isTold: boolean) {
    this.#reject = reject
    this.#mostTextBytes = mostTextBytes
    this.#isTold = isTold
    this.#values = new AvroValues((values, room) => {
      this.#block.growInner(values.at, room)
      values.out = this.#block.bytes
    })
    if (!isTold) return
    this.tokens = new Int32Array(1 << 13)
    this.rawStart = new Int32Array(4096)
    this.rawEnd = new Int32Array(4096)
  }

  /** Starts a block over `bytes`. */
  open(bytes: Uint8Array, block: Block): void {
    this.#block = block
    if (this.#values.bytes !== bytes) this.#values.open(bytes)
    this.ops.count = 0
    this.ops.texts.length = 0
    this.tokenCount = 0
  }

  /** Walks the record `bytes[start..end)`; gives undefined, or why it is none. */
  walk(program: AvroProgram, start: number, end: number, scope: number): RecordCode | undefined {
    const block = this.#block
    const values = this.#values
    this.#program = program
    this.#fault = undefined
    values.out = block.bytes
    values.at = block.openInner(start)
    values.begin(start, end, this.#mostTextBytes)
    const root = program.root
    let p: number
    if (root.node.kind === 'object' && root.code < Code.array) {
      this.#fault = 'not-an-object'
      p = values.skip(root.type, start, 0)
    } else p = this.#value(root, start, scope, 0)
    block.closeInner(values.at)
    if (this.names !== undefined) {
      for (const name of this.#unlistedNames) countName(this.names, name, 1)
      this.#unlistedNames = []
    }
    if (p < 0) return values.code
    return p === end ? this.#fault : 'payload-malformed'
  }

  /** The chunk. */
  get bytes(): Uint8Array {
    return this.#values.bytes
  }

  /** Of which type of the schema the value of a slot is; undefined for names. */
  typeOf(slot: number): AvroType | undefined {
    return this.#types[slot]
  }

  #token(token: number): number {
    if (this.tokenCount === this.tokens.length) this.tokens = doubled(this.tokens)
    this.tokens[this.tokenCount] = token
    return this.tokenCount++
  }

  /** One value, at its place of the shape; gives the position behind it. */
  #value(step: Step, p: number, scope: number, depth: number): number {
    const { code, node } = step
    const { kind } = node
    if (code < Code.array) {
      if (kind === 'scalar' || (kind === 'subtree' && !node.isDropped)) {
        const end = this.#values.leaf(code, step.type, p)
        if (end >= 0) this.#take(node, step.type, p, end, scope)
        return end
      }
      return this.#leafElsewhere(step, p, scope, depth)
    }
    if (kind === 'unlisted') return this.#values.skip(step.type, p, depth)
    if (code === Code.union) {
      p = this.#values.length(p)
      if (p < 0) return p
      const { index } = this.#values
      const branch = step.branches[index]
      if (branch === undefined || !this.#values.count()) return this.#values.fail(this.#values.code)
      if (this.#isTold && step.told) this.#token(index)
      return this.#value(branch, p, scope, depth)
    }
    if (kind === 'subtree') return this.#subtree(step, p, scope, depth)
    const fits =
      node.carrier === undefined &&
      (kind === 'open' || (code === Code.array ? kind === 'array' : kind === 'object' || kind === 'map'))
    if (!fits) {
      this.#fault ??=
        kind === 'scalar' || node.carrier !== undefined ? 'container-for-scalar' : 'scalar-for-container'
      return this.#values.skip(step.type, p, depth)
    }
    if (depth >= MAX_AVRO_DEPTH) return this.#values.fail('payload-too-deep')
    if (!this.#values.count()) return -1
    if (!this.#isTold && node.emitted && node.literal !== '') this.ops.add(Op.name, node.id, 0)
    if (code === Code.record) return this.#record(step, p, scope, depth + 1)
    return code === Code.array ? this.#array(step, p, scope, depth + 1) : this.#map(step, p, scope, depth + 1)
  }

  /** A leaf where no scalar is listed. */
  #leafElsewhere(step: Step, p: number, scope: number, depth: number): number {
    const { node } = step
    const { kind } = node
    if (kind === 'unlisted') return this.#values.skip(step.type, p, depth)
    if (kind === 'subtree') {
      const end = this.#values.skip(step.type, p, depth)
      // A text or bytes of no length are one byte: their length.
      const isEmpty = (step.code === Code.string || step.code === Code.bytes) && end - p === 1
      if (end >= 0) this.#takeNothing(step, p, end, scope, isEmpty || step.code === Code.null)
      return end
    }
    if (step.code !== Code.null) this.#fault ??= 'scalar-for-container'
    else if (node.emitted) {
      if (this.#isTold) {
        if (node.tree !== undefined) this.#token(scope)
      } else this.ops.add(Op.nullContainer, node.id, scope)
    }
    return this.#values.skip(step.type, p, depth)
  }

  /** A container that is kept as it is, or dropped: then nothing of it is written anywhere. */
  #subtree(step: Step, p: number, scope: number, depth: number): number {
    if (step.node.isDropped) {
      const end = this.#values.skip(step.type, p, depth)
      if (end >= 0) this.#takeNothing(step, p, end, scope, false)
      return end
    }
    const end = this.#values.json(step.type, p, depth)
    if (end < 0) return end
    this.#values.kind = SlotKind.subtree
    this.#take(step.node, step.type, p, end, scope)
    return end
  }

  /** A value that is dropped: its slot stands for it, without its text. */
  #takeNothing({ node, type }: Step, p: number, end: number, scope: number, isNull: boolean): void {
    const values = this.#values
    values.from = values.at
    values.to = values.at
    values.kind = isNull ? SlotKind.nothing : SlotKind.subtree
    this.#take(node, type, p, end, scope)
  }

  /** Fields of a record, from its first. */
  #record(step: Step, p: number, scope: number, depth: number): number {
    const { node, fields } = step
    const { ops } = this
    const isMap = node.kind === 'map'
    const isWritten = node.emitted && !this.#isTold
    if (isWritten) ops.add(isMap ? Op.openMap : Op.openObject, 0, 0)
    const object = ++this.#object
    if (step.unlisted.length > 0) this.#noteUnlisted(node, step.unlisted)
    for (let at = 0; at < fields.length; at++) {
      const field = fields[at]!
      switch (field.way) {
        case Way.skip:
          p = this.#values.skip(field.step.type, p, depth)
          break
        case Way.value:
          field.step.node.lastSeen = object
          p = this.#value(field.step, p, scope, depth)
          break
        case Way.led:
          p = this.#led(field, node, p, scope, depth)
          break
        default:
          p = this.#named(field, node, p, scope, depth)
      }
      if (p < 0) return p
    }
    if (node.emitted) this.#close(node, scope, object, isMap)
    return p
  }

  #close(node: ShapeNode, scope: number, object: number, isMap: boolean): void {
    if (this.#isTold) {
      if (node.tree !== undefined) this.#token(scope)
      return
    }
    const { ops } = this
    if (node.tree !== undefined) {
      ops.add(Op.derived, node.id, scope)
      for (const container of node.tree.containers)
        if (container.node?.lastSeen !== object) ops.add(Op.derivedContainer, container.id, scope)
    }
    ops.add(isMap ? Op.closeMap : Op.closeObject, 0, 0)
  }

  #noteUnlisted(node: ShapeNode, found: readonly string[]): void {
    this.unlisted += found.length
    if (this.#reject) this.#fault ??= 'unlisted-field'
    if (this.names === undefined) return
    for (const name of found)
      if (this.#unlistedNames.length < 1000)
        this.#unlistedNames.push(node.path === '' ? name : `${node.path}.${name}`)
  }

  /** A member that patterns lead to. What they only lead through stays where it holds something that they end at. */
  #led(field: FieldStep, parent: ShapeNode, p: number, scope: number, depth: number): number {
    let { step } = field
    if (step.node.isTie) {
      this.#fault ??= 'pattern-tie'
      this.#ended++
      return this.#values.skip(step.type, p, depth)
    }
    const { ops } = this
    const before = { ops: ops.count, texts: ops.texts.length, ended: this.#ended, code: this.#fault }
    const [unlisted, names] = [this.unlisted, this.#unlistedNames.length]
    if (step.code === Code.union) {
      p = this.#values.length(p)
      if (p < 0) return p
      const { index } = this.#values
      const branch = step.branches[index]
      if (branch === undefined) return this.#values.fail('payload-malformed')
      if (this.#isTold && step.told) this.#token(index)
      step = branch
    }
    const { node } = step
    const leadsOn = node.kind === 'open'
    const isContainer = step.code >= Code.array
    if (!leadsOn || isContainer) {
      if (!this.#isTold) ops.add(Op.textName, 0, ops.texts.push(field.json) - 1)
      if (!leadsOn || (node.ends && step.code === Code.array)) this.#ended++
      p = this.#value(step, p, scope, depth)
      if (p < 0 || this.#ended > before.ended) return p
    } else p = this.#values.skip(step.type, p, depth)
    if (p < 0) return p
    ops.count = before.ops
    ops.texts.length = before.texts
    this.unlisted = unlisted
    this.#unlistedNames.length = Math.min(names, this.#unlistedNames.length)
    this.#fault = before.code
    this.#noteUnlisted(parent, [field.name])
    return p
  }

  /** A field of a record that the policy reads as a map. */
  #named(field: FieldStep, node: ShapeNode, p: number, scope: number, depth: number): number {
    const block = this.#block
    const inner = block.addScope(scope, block.scopeDepth[scope]! + 1)
    if (!node.emitted || node.namesField < 0) return this.#value(field.step, p, inner, depth)
    const values = this.#values
    const { bytes } = values
    values.open(field.bytes)
    const written = values.text(0, field.bytes.length)
    values.open(bytes)
    return written < 0 ? written : this.#member(field.step, node, p, inner, depth)
  }

  /** A member of a map whose name was just written as a text. */
  #member(step: Step, node: ShapeNode, p: number, scope: number, depth: number): number {
    const block = this.#block
    const { from, to, kind } = this.#values
    const slot = block.addSlot(from, to, kind, scope)
    if (this.#isTold) this.#noteRaw(slot, from, to, undefined)
    block.addToField(node.namesField, slot)
    if (this.#isTold) {
      this.#token(slot)
      return this.#value(step, p, scope, depth)
    }
    const at = this.ops.count
    this.ops.add(Op.mapName, 0, slot)
    p = this.#value(step, p, scope, depth)
    this.ops.endMember(at)
    return p
  }

  #array(step: Step, p: number, scope: number, depth: number): number {
    const block = this.#block
    const values = this.#values
    const { node } = step
    const item = step.item!
    if (node.emitted && !this.#isTold) this.ops.add(Op.openArray, 0, 0)
    const counted = this.#isTold && step.told ? this.#token(0) : -1
    let items = 0
    const isUnlisted = item.node.kind === 'unlisted'
    for (;;) {
      p = values.block(p)
      if (p < 0) return p
      let count = values.index
      if (count === 0) break
      const { blockEnd } = values
      for (; count > 0; count--) {
        items++
        const inner = isUnlisted ? scope : block.addScope(scope, block.scopeDepth[scope]! + 1)
        p = this.#value(item, p, inner, depth)
        if (p < 0) return p
      }
      if (blockEnd >= 0 && p !== blockEnd) return values.fail('payload-malformed')
    }
    if (counted >= 0) this.tokens[counted] = items
    else if (node.emitted && !this.#isTold) this.ops.add(Op.closeArray, 0, 0)
    return p
  }

  #map(step: Step, p: number, scope: number, depth: number): number {
    const block = this.#block
    const values = this.#values
    const { node } = step
    const isMap = node.kind === 'map'
    const isWritten = node.emitted && !this.#isTold
    if (isWritten) this.ops.add(isMap ? Op.openMap : Op.openObject, 0, 0)
    const counted = this.#isTold && step.told ? this.#token(0) : -1
    let items = 0
    const object = ++this.#object
    const names = new Set<string>()
    for (;;) {
      p = values.block(p)
      if (p < 0) return p
      let count = values.index
      if (count === 0) break
      const { blockEnd } = values
      for (; count > 0; count--) {
        const { at } = values
        p = values.key(p, names)
        if (p < 0) return p
        if (isMap) {
          items++
          const inner = block.addScope(scope, block.scopeDepth[scope]! + 1)
          if (node.emitted && node.namesField >= 0) p = this.#member(step.item!, node, p, inner, depth)
          else p = this.#value(step.item!, p, inner, depth)
        } else {
          // The text of the name is not needed.
          values.at = at
          p = this.#dynamic(step, p, scope, depth, object)
        }
        if (p < 0) return p
      }
      if (blockEnd >= 0 && p !== blockEnd) return values.fail('payload-malformed')
    }
    if (counted >= 0) this.tokens[counted] = items
    if (node.emitted) this.#close(node, scope, object, isMap)
    return p
  }

  /** A member of a map that the policy reads as an object: its key names it. */
  #dynamic(step: Step, p: number, scope: number, depth: number, object: number): number {
    const values = this.#values
    const { keyFrom, keyTo, bytes } = values
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + keyFrom, keyTo - keyFrom).toString('utf8')
    const { node } = step
    const type = step.type.item!
    const inner = this.#program.named(step, name)
    if (inner === undefined || typeof inner === 'string') {
      if (inner === undefined) this.#noteUnlisted(node, [name])
      else {
        this.#fault ??= inner
        this.#ended++
      }
      return values.skip(type, p, depth)
    }
    const child = inner.node
    if (node.open !== undefined && child.literal === '')
      return this.#led(
        { way: Way.led, name, json: JSON.stringify(name), bytes: UNUSED, step: inner },
        node,
        p,
        scope,
        depth,
      )
    child.lastSeen = object
    return this.#value(inner, p, scope, depth)
  }

  #noteRaw(slot: number, start: number, end: number, type: AvroType | undefined): void {
    if (slot >= this.rawStart.length) {
      this.rawStart = doubled(this.rawStart, slot * 2)
      this.rawEnd = doubled(this.rawEnd, slot * 2)
    }
    this.rawStart[slot] = start
    this.rawEnd[slot] = end
    this.#types[slot] = type
  }

  #slot(type: AvroType, start: number, end: number, scope: number): number {
    const { from, to, kind } = this.#values
    const slot = this.#block.addSlot(from, to, kind, scope)
    if (this.#isTold) this.#noteRaw(slot, start, end, type)
    return slot
  }

  /** Notes a listed value, `[start, end)` of the chunk: for its own field, for derived ones, for the watches. */
  #take(node: ShapeNode, type: AvroType, start: number, end: number, scope: number): void {
    const block = this.#block
    let slot = -1
    if (node.field >= 0) {
      slot = this.#slot(type, start, end, scope)
      block.addToField(node.field, slot)
      if (this.#isTold) {
        if (this.#program.gone[node.field] !== 1) this.#token(slot)
      } else if (node.literal === '') this.ops.add(Op.value, 0, slot)
      else this.ops.add(Op.member, node.id, slot)
    }
    for (const field of node.derived) {
      const own = this.#slot(type, start, end, scope)
      block.addToField(field, own)
      block.derived[field]![scope] = own + 1
    }
    if (node.watches.length > 0) {
      if (slot < 0) slot = this.#slot(type, start, end, scope)
      for (const watch of node.watches) block.watched[watch]![scope] = slot + 1
    }
  }
}

const UNUSED = new Uint8Array(0)
