/**
 * One walk over a record of a format that has schemas: the text of each listed value is written behind the chunk, as JSON writes
 * it, and where it stands is noted. What is written is noted as operations, for JSON, or as tokens, for formats that have types.
 * A format says how its bytes are read. A place of bytes is a number of its own; below zero means that `values.code` says why
 * there is no record.
 */
import type { RecordCode } from '../../errors.ts'
import { type Block, doubled, SlotKind } from '../block.ts'
import { JsonOps, Op } from '../json/json-ops.ts'
import { countName } from '../names.ts'
import type { ShapeNode } from '../shape-node.ts'
import type { TextMemory } from '../value-texts.ts'
import { Container, type RecordType } from './record-type.ts'
import { type FieldStep, type Step, type TypedProgram, Way } from './typed-program.ts'

/** Records, arrays and maps nest no deeper. */
export const MAX_TYPED_DEPTH = 64

/** Names in one record that are shown. */
const MOST_NAMES = 1000

/** What reads the bytes, and writes texts. */
export interface WalkedValues extends TextMemory {
  out: Uint8Array
  readonly code: RecordCode
  open(bytes: Uint8Array): void
  /** One value more; false where they are too many. */
  count(): boolean
}

export interface WalkerOptions {
  /** Whether an unlisted member fails the record. */
  readonly reject: boolean
  readonly mostTextBytes: number
  /** Whether tokens are noted in place of operations. */
  readonly isTold: boolean
}

/** How a format reads its bytes. */
export interface TypedReader<T extends RecordType<T>> {
  readonly values: WalkedValues
  /** Whether the tokens of a record say which of its fields are there: then one that nothing is left of has none. */
  readonly tellsFields: boolean
  /** Where what `branch` found begins. */
  readonly found: number
  /** Writes the text of a single value; gives what is behind it. */
  leaf(step: Step<T>, at: number, depth: number): number
  /** Goes past a value. */
  pass(type: T, at: number, depth: number): number
  /** Writes any value as JSON. */
  json(type: T, at: number, depth: number): number
  /** Which branch of a union a value is, `found` then; -1: it is none. */
  branch(step: Step<T>, at: number, depth: number): number
  /** Goes over what is in a record, array or map: `depth` is its own. */
  container(step: Step<T>, at: number, scope: number, depth: number): number
  /** Whether the single value `[at, end)` is an empty text, or no bytes. */
  isEmpty(step: Step<T>, at: number, end: number): boolean
  /** Writes the name of a field as a text. */
  fieldName(bytes: Uint8Array): boolean
  /** Where tokens are noted: what the value of a slot is, so that it may be copied. `step`: undefined for names. */
  noteRaw(slot: number, step: Step<T> | undefined, at: number, end: number): void
}

export class TypedWalker<T extends RecordType<T>> {
  readonly ops: JsonOps = new JsonOps()
  /** Members met that no rule names. */
  unlisted = 0
  /** The same by path, where they are asked for. */
  names: Record<string, number> | undefined
  /** What a writer that has types is told, in order. */
  tokens: Int32Array<ArrayBuffer>
  tokenCount = 0
  readonly mostTextBytes: number
  readonly #isTold: boolean
  readonly #reader: TypedReader<T>
  #block!: Block
  #program!: TypedProgram<T>
  /** A fault of shape: it counts only if the record can be read to its end. */
  #fault: RecordCode | undefined
  readonly #reject: boolean
  #object = 0
  /** How often a pattern or tag has ended at a value. */
  #ended = 0
  #unlistedNames: string[] = []

  constructor(reader: TypedReader<T>, { reject, mostTextBytes, isTold }: WalkerOptions) {
    this.#reader = reader
    this.#reject = reject
    this.mostTextBytes = mostTextBytes
    this.#isTold = isTold
    this.tokens = new Int32Array(isTold ? 1 << 13 : 0)
  }

  /** Starts a block over `bytes`. */
  open(bytes: Uint8Array, block: Block): void {
    this.#block = block
    if (this.#reader.values.bytes !== bytes) this.#reader.values.open(bytes)
    this.ops.count = 0
    this.ops.texts.length = 0
    this.tokenCount = 0
  }

  /** Gives texts more memory. */
  grow(values: WalkedValues, room: number): void {
    this.#block.growInner(values.at, room)
    values.out = this.#block.bytes
  }

  /** Starts a record that begins at `start`. */
  begin(program: TypedProgram<T>, start: number): void {
    const { values } = this.#reader
    this.#program = program
    this.#fault = undefined
    values.out = this.#block.bytes
    values.at = this.#block.openInner(start)
  }

  /** The whole record; gives what is behind it. */
  record(at: number, scope: number): number {
    const { root } = this.#program
    if (root.node.kind !== 'object' || root.code >= Container.array) return this.value(root, at, scope, 0)
    this.#fault = 'not-an-object'
    return this.#reader.pass(root.type, at, 0)
  }

  /** Ends it; gives what is wrong with it. `isRead`: whether its bytes could be read to their end. */
  end(isRead: boolean): RecordCode | undefined {
    this.#block.closeInner(this.#reader.values.at)
    if (this.names !== undefined) {
      for (const name of this.#unlistedNames) countName(this.names, name, 1)
      this.#unlistedNames = []
    }
    return isRead ? this.#fault : this.#reader.values.code
  }

  token(token: number): number {
    if (this.tokenCount === this.tokens.length) this.tokens = doubled(this.tokens)
    this.tokens[this.tokenCount] = token
    return this.tokenCount++
  }

  /** Takes what another walk noted: operations, two numbers each, or tokens. */
  append(words: Int32Array): void {
    if (!this.#isTold) {
      this.ops.append(words)
      return
    }
    const count = this.tokenCount + words.length
    if (count > this.tokens.length) this.tokens = doubled(this.tokens, count * 2)
    this.tokens.set(words, this.tokenCount)
    this.tokenCount = count
  }

  /** Lets the next text be written at `at`, where room was left for it. */
  writeAt(at: number): void {
    const { values } = this.#reader
    values.out = this.#block.bytes
    values.at = at
  }

  /** One value, at its place of the shape; gives what is behind it. */
  value(step: Step<T>, at: number, scope: number, depth: number): number {
    const { code, node } = step
    const { kind } = node
    if (code < Container.array) {
      if (kind === 'scalar' || (kind === 'subtree' && !node.isDropped)) {
        const end = this.#reader.leaf(step, at, depth)
        if (end >= 0) this.#take(step, at, end, scope)
        return end
      }
      return this.#leafElsewhere(step, at, scope, depth)
    }
    if (kind === 'unlisted') return this.#reader.pass(step.type, at, depth)
    if (code === Container.union) {
      const branch = this.#branch(step, at, depth)
      return branch === undefined ? -1 : this.value(branch, this.#reader.found, scope, depth)
    }
    if (kind === 'subtree') return this.#subtree(step, at, scope, depth)
    const fits =
      node.carrier === undefined &&
      (kind === 'open' || (code === Container.array ? kind === 'array' : kind === 'object' || kind === 'map'))
    if (!fits) {
      this.#fault ??=
        kind === 'scalar' || node.carrier !== undefined ? 'container-for-scalar' : 'scalar-for-container'
      return this.#reader.pass(step.type, at, depth)
    }
    if (depth >= MAX_TYPED_DEPTH) return this.#reader.values.fail('payload-too-deep')
    if (!this.#reader.values.count()) return -1
    if (!this.#isTold && node.emitted && node.literal !== '') this.ops.add(Op.name, node.id, 0)
    return this.#reader.container(step, at, scope, depth + 1)
  }

  #branch(step: Step<T>, at: number, depth: number): Step<T> | undefined {
    const index = this.#reader.branch(step, at, depth)
    if (index < 0) return undefined
    if (this.#isTold && step.told) this.token(index)
    return step.branches[index]
  }

  /** A single value where none is listed. */
  #leafElsewhere(step: Step<T>, at: number, scope: number, depth: number): number {
    const { node } = step
    const { kind } = node
    const end = this.#reader.pass(step.type, at, depth)
    if (end < 0 || kind === 'unlisted') return end
    const isNull = step.type.kind === 'null'
    if (kind === 'subtree')
      this.#takeNothing(step, at, end, scope, isNull || this.#reader.isEmpty(step, at, end))
    else if (!isNull) this.#fault ??= 'scalar-for-container'
    else if (node.emitted && !this.#isTold) this.ops.add(Op.nullContainer, node.id, scope)
    else if (node.emitted && node.tree !== undefined) this.token(scope)
    return end
  }

  /** A container that is kept as it is, or dropped: then nothing of it is written anywhere. */
  #subtree(step: Step<T>, at: number, scope: number, depth: number): number {
    const { values } = this.#reader
    if (step.node.isDropped) {
      const end = this.#reader.pass(step.type, at, depth)
      if (end >= 0) this.#takeNothing(step, at, end, scope, false)
      return end
    }
    const from = values.at
    const end = this.#reader.json(step.type, at, depth)
    if (end < 0) return end
    values.from = from
    values.to = values.at
    values.kind = SlotKind.subtree
    this.#take(step, at, end, scope)
    return end
  }

  /** A value that is dropped: its slot stands for it, without its text. */
  #takeNothing(step: Step<T>, at: number, end: number, scope: number, isNull: boolean): void {
    const { values } = this.#reader
    values.from = values.at
    values.to = values.at
    values.kind = isNull ? SlotKind.nothing : SlotKind.subtree
    this.#take(step, at, end, scope)
  }

  /** Begins a record; gives a number of its own. */
  openRecord({ node }: Step<T>): number {
    if (node.emitted && !this.#isTold) this.ops.add(node.kind === 'map' ? Op.openMap : Op.openObject, 0, 0)
    return ++this.#object
  }

  /** A field of the record `object`. */
  field(
    field: FieldStep<T>,
    node: ShapeNode,
    at: number,
    scope: number,
    depth: number,
    object: number,
  ): number {
    switch (field.way) {
      case Way.skip:
        return this.#reader.pass(field.step.type, at, depth)
      case Way.value:
        field.step.node.lastSeen = object
        return this.value(field.step, at, scope, depth)
      case Way.led:
        return this.#led(field, node, at, scope, depth)
      default:
        return this.#named(field, node, at, scope, depth)
    }
  }

  /** Ends a record, or a map. */
  close(node: ShapeNode, scope: number, object: number): void {
    if (!node.emitted) return
    if (this.#isTold) {
      if (node.tree !== undefined) this.token(scope)
      return
    }
    const { ops } = this
    if (node.tree !== undefined) {
      ops.add(Op.derived, node.id, scope)
      for (const container of node.tree.containers)
        if (container.node?.lastSeen !== object) ops.add(Op.derivedContainer, container.id, scope)
    }
    ops.add(node.kind === 'map' ? Op.closeMap : Op.closeObject, 0, 0)
  }

  noteUnlisted(node: ShapeNode, found: readonly string[]): void {
    this.unlisted += found.length
    if (this.#reject) this.#fault ??= 'unlisted-field'
    if (this.names === undefined) return
    for (const name of found)
      if (this.#unlistedNames.length < MOST_NAMES)
        this.#unlistedNames.push(node.path === '' ? name : `${node.path}.${name}`)
  }

  /** A member that patterns or tags lead to. What they only lead through stays where it holds something that they end at. */
  #led(field: FieldStep<T>, parent: ShapeNode, at: number, scope: number, depth: number): number {
    let { step } = field
    if (step.node.isTie) {
      this.#fault ??= 'pattern-tie'
      this.#ended++
      return this.#reader.pass(step.type, at, depth)
    }
    const { ops } = this
    const before = { ops: ops.count, texts: ops.texts.length, ended: this.#ended, code: this.#fault }
    const [unlisted, names, tokens] = [this.unlisted, this.#unlistedNames.length, this.tokenCount]
    // What is not there has its default value.
    const isThere = at >= 0
    if (step.code === Container.union) {
      const branch = this.#branch(step, at, depth)
      if (branch === undefined) return -1
      step = branch
      at = this.#reader.found
    }
    const { node } = step
    const leadsOn = node.kind === 'open'
    let end: number
    if (!leadsOn || step.code >= Container.array) {
      if (!this.#isTold) ops.add(Op.textName, 0, ops.texts.push(field.json) - 1)
      if (!leadsOn || (node.ends && step.code === Container.array)) this.#ended++
      end = this.value(step, at, scope, depth)
      if (end < 0 || this.#ended > before.ended) return end
    } else {
      end = this.#reader.pass(step.type, at, depth)
      if (end < 0) return end
    }
    ops.count = before.ops
    ops.texts.length = before.texts
    if (this.#reader.tellsFields) this.tokenCount = tokens
    this.unlisted = unlisted
    this.#unlistedNames.length = Math.min(names, this.#unlistedNames.length)
    this.#fault = before.code
    if (isThere) this.noteUnlisted(parent, [field.name])
    return end
  }

  /** A field of a record that the policy reads as a map. */
  #named(field: FieldStep<T>, node: ShapeNode, at: number, scope: number, depth: number): number {
    const inner = this.#inside(scope)
    if (!node.emitted || node.namesField < 0) return this.value(field.step, at, inner, depth)
    return this.#reader.fieldName(field.bytes) ? this.#member(field.step, node, at, inner, depth) : -1
  }

  #inside(scope: number): number {
    const block = this.#block
    return block.addScope(scope, block.scopeDepth[scope]! + 1)
  }

  /** A member of a map whose name was just written as a text. */
  #member(step: Step<T>, node: ShapeNode, at: number, scope: number, depth: number): number {
    const block = this.#block
    const { from, to, kind } = this.#reader.values
    const slot = block.addSlot(from, to, kind, scope)
    block.addToField(node.namesField, slot)
    if (this.#isTold) {
      this.#reader.noteRaw(slot, undefined, from, to)
      this.token(slot)
      return this.value(step, at, scope, depth)
    }
    const op = this.ops.count
    this.ops.add(Op.mapName, 0, slot)
    const end = this.value(step, at, scope, depth)
    this.ops.endMember(op)
    return end
  }

  /** Begins an array; gives what `closeArray` wants. */
  openArray({ node, told }: Step<T>): number {
    if (node.emitted && !this.#isTold) this.ops.add(Op.openArray, 0, 0)
    return this.#isTold && told ? this.token(0) : -1
  }

  element(item: Step<T>, at: number, scope: number, depth: number): number {
    return this.value(item, at, item.node.kind === 'unlisted' ? scope : this.#inside(scope), depth)
  }

  closeArray({ node }: Step<T>, counted: number, items: number): void {
    if (counted >= 0) this.tokens[counted] = items
    else if (node.emitted && !this.#isTold) this.ops.add(Op.closeArray, 0, 0)
  }

  /** Begins a map; gives what `closeMap` wants. */
  openMap({ node, told }: Step<T>): number {
    if (node.emitted && !this.#isTold) this.ops.add(node.kind === 'map' ? Op.openMap : Op.openObject, 0, 0)
    return this.#isTold && told ? this.token(0) : -1
  }

  /** Whether the names of a map have a rule, and are written as texts. */
  namesLeave({ kind, emitted, namesField }: ShapeNode): boolean {
    return kind === 'map' && emitted && namesField >= 0
  }

  /** The value of a map's item, whose name was just written where `namesLeave`. */
  item({ node, item }: Step<T>, at: number, scope: number, depth: number): number {
    const inner = this.#inside(scope)
    return this.namesLeave(node)
      ? this.#member(item!, node, at, inner, depth)
      : this.value(item!, at, inner, depth)
  }

  closeMap({ node }: Step<T>, counted: number, items: number, scope: number, object: number): void {
    if (counted >= 0) this.tokens[counted] = items
    this.close(node, scope, object)
  }

  /** A number for the members of a map that the policy reads as an object. */
  newObject(): number {
    return ++this.#object
  }

  /** A member of such a map: its key names it. */
  dynamic(step: Step<T>, name: string, at: number, scope: number, depth: number, object: number): number {
    const { node } = step
    const inner = this.#program.named(step, name)
    if (inner === undefined || typeof inner === 'string') {
      if (inner === undefined) this.noteUnlisted(node, [name])
      else {
        this.#fault ??= inner
        this.#ended++
      }
      return this.#reader.pass(step.type.item!, at, depth)
    }
    const child = inner.node
    if (node.open !== undefined && child.literal === '') {
      const field = { way: Way.led, name, json: JSON.stringify(name), bytes: UNUSED, step: inner }
      return this.#led(field, node, at, scope, depth)
    }
    child.lastSeen = object
    return this.value(inner, at, scope, depth)
  }

  /** Notes a listed value, `[at, end)`, whose text was just written: for its own field, for derived ones, for the watches. */
  #take(step: Step<T>, at: number, end: number, scope: number): void {
    const block = this.#block
    const { node } = step
    let slot = -1
    if (node.field >= 0) {
      slot = this.#slot(step, at, end, scope)
      block.addToField(node.field, slot)
      if (this.#isTold) {
        if (this.#program.gone[node.field] !== 1) this.token(slot)
      } else if (node.literal === '') this.ops.add(Op.value, 0, slot)
      else this.ops.add(Op.member, node.id, slot)
    }
    for (const field of node.derived) {
      const own = this.#slot(step, at, end, scope)
      block.addToField(field, own)
      block.derived[field]![scope] = own + 1
    }
    if (node.watches.length > 0) {
      if (slot < 0) slot = this.#slot(step, at, end, scope)
      for (const watch of node.watches) block.watched[watch]![scope] = slot + 1
    }
  }

  #slot(step: Step<T>, at: number, end: number, scope: number): number {
    const { from, to, kind } = this.#reader.values
    const slot = this.#block.addSlot(from, to, kind, scope)
    if (this.#isTold) this.#reader.noteRaw(slot, step, at, end)
    return slot
  }
}

const UNUSED = new Uint8Array(0)
