/**
 * One walk over the bytes of a Protobuf message: it validates what it reads, writes the text of each listed value behind the
 * chunk, as JSON writes it, and notes where it stands.
 */
import { isUtf8 } from 'node:buffer'
import type { RecordCode } from '../../errors.ts'
import { Way } from '../avro/avro-program.ts'
import { type Block, SlotKind } from '../block.ts'
import { JsonOps, Op } from '../json/json-ops.ts'
import { countName } from '../names.ts'
import type { ShapeNode } from '../shape-node.ts'
import { Leaf } from './proto-leaf.ts'
import type { ProtoFieldStep, ProtoProgram, ProtoStep } from './proto-program.ts'
import { MALFORMED, ProtoReader } from './proto-reader.ts'
import { MAX_PROTO_DEPTH, type ProtoValues } from './proto-values.ts'

/** Names in one record that are shown. */
const MOST_NAMES = 1000

export class ProtoWalker {
  readonly #reader: ProtoReader
  readonly #values: ProtoValues
  readonly ops: JsonOps = new JsonOps()
  /** Members met that no rule names. */
  unlisted = 0
  /** The same by path, where they are asked for. */
  names: Record<string, number> | undefined
  readonly #reject: boolean
  readonly #mostTextBytes: number
  #block!: Block
  #program!: ProtoProgram
  /** A fault of shape: it counts only if the record can be read to its end. */
  #fault: RecordCode | undefined
  #object = 0
  /** How often a pattern has ended at a value. */
  #ended = 0
  #unlistedNames: string[] = []

  /** `reject`: whether an unlisted member fails the record. */
  constructor(reject: boolean, mostTextBytes: number) {
    this.#reader = new ProtoReader(
      (values, room) => {
        this.#block.growInner(values.at, room)
        values.out = this.#block.bytes
      },
      (node, name) => this.#noteUnlisted(node, name),
    )
    this.#values = this.#reader.values
    this.#reject = reject
    this.#mostTextBytes = mostTextBytes
  }

  /** Starts a block over `bytes`. */
  open(bytes: Uint8Array, block: Block): void {
    this.#block = block
    if (this.#values.bytes !== bytes) this.#values.open(bytes)
    this.ops.count = 0
    this.ops.texts.length = 0
  }

  /** Walks the message `bytes[start..end)`; gives undefined, or why it is none. */
  walk(program: ProtoProgram, start: number, end: number, scope: number): RecordCode | undefined {
    const block = this.#block
    const values = this.#values
    this.#program = program
    this.#fault = undefined
    values.out = block.bytes
    values.at = block.openInner(start)
    const record = this.#reader.begin(start, end, this.#mostTextBytes)
    const { root } = program
    let isRead = true
    if (root.type.kind !== 'message' && root.type.kind !== 'struct') this.#fault = 'not-an-object'
    else isRead = this.#value(root, record, scope, 0)
    block.closeInner(values.at)
    if (this.names !== undefined) {
      for (const name of this.#unlistedNames) countName(this.names, name, 1)
      this.#unlistedNames = []
    }
    return isRead ? this.#fault : values.code
  }

  /** One value, at its place of the shape. False: `code` of the values says why it is none. */
  #value(step: ProtoStep, head: number, scope: number, depth: number): boolean {
    const { type, node } = step
    const { kind } = node
    if (kind === 'unlisted') return true
    if (type.kind === 'leaf') {
      if (kind !== 'scalar' && (kind !== 'subtree' || node.isDropped))
        return this.#leafElsewhere(step, head, scope)
      if (!this.#reader.leaf(type, head, depth)) return false
      this.#take(node, scope)
      return true
    }
    if (type.kind === 'dynamic') {
      const branch = this.#reader.resolve(step, head, depth)
      return branch !== undefined && this.#value(branch, this.#reader.resolved, scope, depth)
    }
    if (kind === 'subtree') return this.#subtree(step, head, scope, depth)
    const isList = type.kind === 'list' || type.kind === 'listValue'
    const fits =
      node.carrier === undefined &&
      (kind === 'open' || (isList ? kind === 'array' : kind === 'object' || kind === 'map'))
    if (!fits) {
      this.#fault ??=
        kind === 'scalar' || node.carrier !== undefined ? 'container-for-scalar' : 'scalar-for-container'
      return true
    }
    if (depth >= MAX_PROTO_DEPTH) return this.#values.fail('payload-too-deep') >= 0
    if (!this.#values.count()) return false
    if (node.emitted && node.literal !== '') this.ops.add(Op.name, node.id, 0)
    const mark = this.#reader.count
    const top = this.#reader.top
    let isRead: boolean
    if (type.kind === 'message') isRead = this.#message(step, head, scope, depth + 1)
    else if (isList) isRead = this.#list(step, this.#reader.itemsOf(type, head, depth), scope, depth + 1)
    else isRead = this.#map(step, this.#reader.itemsOf(type, head, depth), scope, depth + 1)
    this.#reader.count = mark
    this.#reader.top = top
    return isRead
  }

  /** A leaf where no scalar is listed. */
  #leafElsewhere({ node, type }: ProtoStep, head: number, scope: number): boolean {
    if (node.kind === 'subtree') {
      const at = this.#reader.lastOf(head)
      const isEmpty = type.leaf === Leaf.string || type.leaf === Leaf.bytes
      const isNothing =
        type.leaf === Leaf.null || (isEmpty && (at < 0 || this.#reader.starts[at] === this.#reader.ends[at]))
      this.#takeNothing(node, scope, isNothing)
    } else if (type.leaf !== Leaf.null) this.#fault ??= 'scalar-for-container'
    else if (node.emitted) this.ops.add(Op.nullContainer, node.id, scope)
    return true
  }

  /** A container that is kept as it is, or dropped: then nothing of it is written anywhere. */
  #subtree({ node, type }: ProtoStep, head: number, scope: number, depth: number): boolean {
    if (node.isDropped) {
      this.#takeNothing(node, scope, false)
      return true
    }
    const values = this.#values
    const from = values.at
    if (!this.#reader.json(type, head, depth)) return false
    values.from = from
    values.to = values.at
    values.kind = SlotKind.subtree
    this.#take(node, scope)
    return true
  }

  /** A value that is dropped: its slot stands for it, without its text. */
  #takeNothing(node: ShapeNode, scope: number, isNull: boolean): void {
    const values = this.#values
    values.from = values.at
    values.to = values.at
    values.kind = isNull ? SlotKind.nothing : SlotKind.subtree
    this.#take(node, scope)
  }

  #message(step: ProtoStep, head: number, scope: number, depth: number): boolean {
    const { node, fields, type } = step
    const { ops } = this
    const isMap = node.kind === 'map'
    if (node.emitted) ops.add(isMap ? Op.openMap : Op.openObject, 0, 0)
    const object = ++this.#object
    const base = this.#reader.collect(type, head, depth, fields, isMap ? undefined : node)
    if (base < 0) return false
    for (let at = 0; at < fields.length; at++) {
      const field = fields[at]!
      const first = this.#reader.heads[base + at]!
      if (field.way === Way.skip || (first < 0 && !type.fields[at]!.isImplicit)) continue
      let isRead: boolean
      if (field.way === Way.value) {
        field.step.node.lastSeen = object
        isRead = this.#value(field.step, first, scope, depth)
      } else if (field.way === Way.led) isRead = this.#led(field, node, first, scope, depth)
      else isRead = this.#named(field, node, first, scope, depth)
      if (!isRead) return false
    }
    if (node.emitted) this.#close(node, scope, object, isMap)
    return true
  }

  #close(node: ShapeNode, scope: number, object: number, isMap: boolean): void {
    const { ops } = this
    if (node.tree !== undefined) {
      ops.add(Op.derived, node.id, scope)
      for (const container of node.tree.containers)
        if (container.node?.lastSeen !== object) ops.add(Op.derivedContainer, container.id, scope)
    }
    ops.add(isMap ? Op.closeMap : Op.closeObject, 0, 0)
  }

  #noteUnlisted(node: ShapeNode, name: string): void {
    this.unlisted++
    if (this.#reject) this.#fault ??= 'unlisted-field'
    if (this.names !== undefined && this.#unlistedNames.length < MOST_NAMES)
      this.#unlistedNames.push(node.path === '' ? name : `${node.path}.${name}`)
  }

  /** A member that patterns lead to. What they only lead through stays where it holds something that they end at. */
  #led(field: ProtoFieldStep, parent: ShapeNode, head: number, scope: number, depth: number): boolean {
    let { step } = field
    const { node } = step
    // What is not there has its default value.
    const isThere = head >= 0
    if (node.isTie) {
      this.#fault ??= 'pattern-tie'
      this.#ended++
      return true
    }
    const { ops } = this
    const before = { ops: ops.count, texts: ops.texts.length, ended: this.#ended, code: this.#fault }
    const [unlisted, names] = [this.unlisted, this.#unlistedNames.length]
    if (step.type.kind === 'dynamic') {
      const branch = this.#reader.resolve(step, head, depth)
      if (branch === undefined) return false
      step = branch
      head = this.#reader.resolved
    }
    const leadsOn = node.kind === 'open'
    const { kind } = step.type
    if (!leadsOn || kind !== 'leaf') {
      ops.add(Op.textName, 0, ops.texts.push(field.json) - 1)
      if (!leadsOn || (node.ends && (kind === 'list' || kind === 'listValue'))) this.#ended++
      if (!this.#value(step, head, scope, depth)) return false
      if (this.#ended > before.ended) return true
    }
    ops.count = before.ops
    ops.texts.length = before.texts
    this.unlisted = unlisted
    this.#unlistedNames.length = Math.min(names, this.#unlistedNames.length)
    this.#fault = before.code
    if (isThere) this.#noteUnlisted(parent, field.name)
    return true
  }

  /** A field of a message that the policy reads as a map. */
  #named(field: ProtoFieldStep, node: ShapeNode, head: number, scope: number, depth: number): boolean {
    const block = this.#block
    const inner = block.addScope(scope, block.scopeDepth[scope]! + 1)
    if (!node.emitted || node.namesField < 0) return this.#value(field.step, head, inner, depth)
    return this.#values.ascii(field.bytes) && this.#member(field.step, node, head, inner, depth)
  }

  /** A member of a map whose name was just written as a text. */
  #member(step: ProtoStep, node: ShapeNode, head: number, scope: number, depth: number): boolean {
    const block = this.#block
    const { from, to, kind } = this.#values
    const slot = block.addSlot(from, to, kind, scope)
    block.addToField(node.namesField, slot)
    const at = this.ops.count
    this.ops.add(Op.mapName, 0, slot)
    if (!this.#value(step, head, scope, depth)) return false
    this.ops.endMember(at)
    return true
  }

  #list(step: ProtoStep, head: number, scope: number, depth: number): boolean {
    if (head === MALFORMED) return false
    const block = this.#block
    const { node } = step
    const item = step.item!
    if (node.emitted) this.ops.add(Op.openArray, 0, 0)
    const isUnlisted = item.node.kind === 'unlisted'
    const isRead = this.#reader.each(item.type, head, (element) => {
      const inner = isUnlisted ? scope : block.addScope(scope, block.scopeDepth[scope]! + 1)
      return this.#value(item, element, inner, depth)
    })
    if (node.emitted) this.ops.add(Op.closeArray, 0, 0)
    return isRead
  }

  #map(step: ProtoStep, head: number, scope: number, depth: number): boolean {
    if (head === MALFORMED) return false
    const block = this.#block
    const { node, type } = step
    const isMap = node.kind === 'map'
    if (node.emitted) this.ops.add(isMap ? Op.openMap : Op.openObject, 0, 0)
    const object = ++this.#object
    const isRead = this.#reader.entries(type, head, depth, (name, value) => {
      if (!isMap) return this.#dynamic(step, name, value, scope, depth, object)
      const inner = block.addScope(scope, block.scopeDepth[scope]! + 1)
      if (!node.emitted || node.namesField < 0) return this.#value(step.item!, value, inner, depth)
      return this.#values.name(name) && this.#member(step.item!, node, value, inner, depth)
    })
    if (node.emitted) this.#close(node, scope, object, isMap)
    return isRead
  }

  /** A member of a map that the policy reads as an object: its key names it. */
  #dynamic(
    step: ProtoStep,
    bytes: Uint8Array,
    head: number,
    scope: number,
    depth: number,
    object: number,
  ): boolean {
    // What is no UTF-8 would be read as other names that are.
    if (!isUtf8(bytes)) return this.#values.fail('bad-utf8') >= 0
    const name = Buffer.from(bytes).toString('utf8')
    const { node } = step
    const type = step.type.item!
    const child = this.#program.member(node, name)
    if (child === undefined || (child.kind === 'unlisted' && child.isMember)) {
      this.#noteUnlisted(node, name)
      return true
    }
    const inner = this.#program.at(type, child)
    if (node.open !== undefined && child.literal === '')
      return this.#led(
        { way: Way.led, name, json: JSON.stringify(name), bytes, step: inner },
        node,
        head,
        scope,
        depth,
      )
    child.lastSeen = object
    return this.#value(inner, head, scope, depth)
  }

  /** Notes a listed value, whose text was just written: for its own field, for derived ones, for the watches. */
  #take(node: ShapeNode, scope: number): void {
    const block = this.#block
    const { from, to, kind } = this.#values
    let slot = -1
    if (node.field >= 0) {
      slot = block.addSlot(from, to, kind, scope)
      block.addToField(node.field, slot)
      if (node.literal === '') this.ops.add(Op.value, 0, slot)
      else this.ops.add(Op.member, node.id, slot)
    }
    for (const field of node.derived) {
      const own = block.addSlot(from, to, kind, scope)
      block.addToField(field, own)
      block.derived[field]![scope] = own + 1
    }
    if (node.watches.length > 0) {
      if (slot < 0) slot = block.addSlot(from, to, kind, scope)
      for (const watch of node.watches) block.watched[watch]![scope] = slot + 1
    }
  }
}
