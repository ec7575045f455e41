/**
 * One walk over the bytes of a JSON record (RFC 8259, strictly): it validates everything, notes where the listed
 * values stand, and writes down the output's structure as a list of operations. No object is built.
 *
 * The walk reads bytes from a typed array, which is the fastest way to look at them, and names positions that are
 * the same in the chunk's byte string, which is the fastest thing to cut values from.
 */
import type { RecordCode } from '../../errors.ts'
import { type Block, SlotKind } from '../block.ts'
import { encodeBytes } from '../byte-text.ts'
import { countName } from '../names.ts'
import { hashName, type Shape, UNLISTED, UNLISTED_MEMBER } from '../shape.ts'
import type { NodeForms, OpenPlace, ShapeNode } from '../shape-node.ts'
import { CLASS, JsonLexer } from './json-lexer.ts'
import { JsonOps, Op } from './json-ops.ts'
import { unescapeJson } from './json-text.ts'
import { MemberNames } from './member-names.ts'
import { type ShapeFault, TextWalk } from './text-walk.ts'

export const MAX_DEPTH = 64

export class JsonWalker {
  readonly #lexer = new JsonLexer()
  readonly #shape: Shape
  /** What records are walked by where the tags of their schema count; undefined: the shape. */
  tagged: ShapeNode | undefined
  readonly #reject: boolean
  #block!: Block
  /** A fault of shape: it counts only if the record is JSON to its end. */
  readonly #fault: ShapeFault = { code: undefined }
  #object = 0
  /** Operations of the block. */
  readonly ops: JsonOps = new JsonOps()
  /** Members met that no rule names. */
  unlisted = 0
  readonly #names = new MemberNames()
  /** JSON in texts, and single values in place of arrays. */
  readonly texts: TextWalk = new TextWalk(this.#lexer, this.ops, this.#names, this.#fault, {
    value: (p, node, scope, depth) => this.#value(p, node, scope, depth),
    inside: (p, isObject, node, scope, depth) =>
      isObject ? this.#members(p + 1, node, scope, depth + 1) : this.#elements(p + 1, node, scope, depth + 1),
  })
  /** How often a pattern has ended at a value. */
  #ended = 0
  /** Names of the record at hand that are unlisted, by path, where they are asked for. */
  readonly #unlistedNames: string[] = []
  /** Unlisted names by path, where they are asked for. */
  names: Record<string, number> | undefined

  /** `reject`: whether an unlisted member fails the record. */
  constructor(shape: Shape, reject: boolean) {
    this.#shape = shape
    this.#reject = reject
  }

  /** Starts a block over `bytes`, which `block.source` holds as a byte string. */
  open(bytes: Uint8Array, block: Block): void {
    this.#lexer.bytes = bytes
    this.#block = block
    this.texts.block = block
    this.#names.open(block)
    this.ops.count = 0
    this.ops.texts.length = 0
  }

  /** Walks one record, `bytes[start..end)`; gives undefined, or why it is none. */
  walk(start: number, end: number, scope: number): RecordCode | undefined {
    this.#lexer.end = end
    this.#fault.code = undefined
    this.#names.count = 0
    this.#lexer.code = 'json-syntax'
    const first = this.#lexer.space(start)
    if (first >= end) return 'json-truncated'
    const root = this.tagged ?? this.#shape.root
    const byte = this.#lexer.bytes[first]
    let p = -1
    // The key of a message may be a scalar; a record is none.
    if (root.kind !== 'object') p = this.#value(first, root, scope, 0)
    else if (byte === 0x7b) p = this.#members(first + 1, root, scope, 1)
    else if (byte === 0x5b && this.tagged === undefined) p = this.#arrayOfOne(first + 1, root, scope)
    else {
      this.#fault.code = 'not-an-object'
      p = this.#value(first, UNLISTED, scope, 0)
    }
    this.settleNames()
    if (p < 0) return this.#lexer.code
    p = this.#lexer.space(p)
    return p < end ? 'json-trailing' : this.#fault.code
  }

  /** An array in place of a record, from behind its `[`: of exactly one object, it is that object. */
  #arrayOfOne(p: number, root: ShapeNode, scope: number): number {
    const { bytes } = this.#lexer
    p = this.#lexer.space(p)
    const isEmpty = bytes[p] === 0x5d
    const isObject = bytes[p] === 0x7b
    if (!isEmpty) {
      p = isObject ? this.#members(p + 1, root, scope, 2) : this.#value(p, UNLISTED, scope, 1)
      if (p < 0) return p
      p = this.#lexer.space(p)
    }
    if (isEmpty || bytes[p] === 0x2c) this.#fault.code = 'array-length'
    else if (!isObject) this.#fault.code = 'not-an-object'
    while (bytes[p] === 0x2c) {
      p = this.#value(this.#lexer.space(p + 1), UNLISTED, scope, 1)
      if (p < 0) return p
      p = this.#lexer.space(p)
    }
    return bytes[p] === 0x5d && p < this.#lexer.end ? p + 1 : this.#lexer.fail(p)
  }

  /** Members of an object, from behind its `{`; gives the position behind its `}`. */
  #members(p: number, node: ShapeNode, scope: number, depth: number): number {
    if (depth > MAX_DEPTH) return this.#lexer.fail(p, 'json-too-deep')
    const { bytes } = this.#lexer
    const isMap = node.kind === 'map'
    const names = this.#names.count
    const object = ++this.#object
    if (node.emitted) this.ops.add(isMap ? Op.openMap : Op.openObject, 0, 0)
    if (bytes[p]! <= 0x20) p = this.#lexer.space(p)
    if (bytes[p] === 0x7d && p < this.#lexer.end) p++
    else
      for (;;) {
        if (bytes[p] !== 0x22) return this.#lexer.fail(p)
        p++
        p = this.#named(p, node, scope, depth, object, names)
        if (p < 0) return p
        let byte = bytes[p]!
        if (byte <= 0x20) {
          p = this.#lexer.space(p)
          byte = bytes[p]!
        }
        if (byte === 0x2c) {
          if (bytes[++p]! <= 0x20) p = this.#lexer.space(p)
        } else if (byte === 0x7d) {
          if (p >= this.#lexer.end) return this.#lexer.fail(p)
          p++
          break
        } else return this.#lexer.fail(p)
      }
    this.#names.count = names
    if (node.emitted) {
      if (node.tree !== undefined) this.#derived(node, scope, object)
      this.ops.add(isMap ? Op.closeMap : Op.closeObject, 0, 0)
    }
    return p
  }

  /** The value of a member that is not a map's. */
  #member(p: number, child: ShapeNode, scope: number, depth: number, object: number): number {
    if (p < 0) return p
    child.lastSeen = object
    if (child.kind === 'unlisted' && child.isMember) {
      this.unlisted++
      if (this.#reject) this.#fault.code ??= 'unlisted-field'
    }
    return this.#value(p, child, scope, depth)
  }

  /** A member, from behind its name's opening quote. */
  #named(p: number, node: ShapeNode, scope: number, depth: number, object: number, names: number): number {
    const { bytes } = this.#lexer
    const start = p
    let hash = 0
    let byte = bytes[p]!
    while (CLASS[byte] === 0) {
      hash = (Math.imul(hash, 31) + byte) | 0
      byte = bytes[++p]!
    }
    let name: string | undefined
    if (byte !== 0x22) {
      p = this.#lexer.string(p)
      if (p < 0) return p
      name = encodeBytes(unescapeJson(this.#decoded(start, p)))
      if (name.includes('\0')) return this.#lexer.fail(p, 'json-nul-in-name')
      hash = hashName(name)
    } else if (p >= this.#lexer.end) return this.#lexer.fail(p)
    const end = p
    p = this.#lexer.colon(p + 1)
    if (p < 0) return p
    const isMap = node.kind === 'map'
    const child = isMap ? undefined : this.#child(node, hash, start, end, name)
    if (child !== undefined) {
      if (child.lastSeen === object) return this.#lexer.fail(p, 'json-duplicate-name')
      return this.#member(p, child, scope, depth, object)
    }
    this.#names.add(hash, start, end, name)
    if (this.#names.isDuplicate(names)) return this.#lexer.fail(p, 'json-duplicate-name')
    if (isMap) return this.#mapMember(p, node, scope, depth, start, end, name !== undefined)
    if (node.kind === 'unlisted') return this.#member(p, UNLISTED, scope, depth, object)
    if (node.open !== undefined) {
      const bytes = name ?? this.#block.slice(start, end)
      const { byTags } = node.open
      const led =
        byTags === undefined ? this.#shape.openNodes!.member(node.open, hash, bytes) : byTags(hash, bytes)
      if (typeof led === 'string') return this.#failed(p, led, scope, depth)
      if (led !== undefined) return this.#led(p, led, node, scope, depth, start, end, name)
    }
    this.#noteUnlisted(node, start, end)
    return this.#member(p, UNLISTED_MEMBER, scope, depth, object)
  }

  /** A member that cannot leave, and its record neither. */
  #failed(p: number, code: RecordCode, scope: number, depth: number): number {
    this.#fault.code ??= code
    this.#ended++
    return this.#value(p, UNLISTED, scope, depth)
  }

  #unlist(parent: ShapeNode, start: number, end: number): void {
    this.unlisted++
    if (this.#reject) this.#fault.code ??= 'unlisted-field'
    this.#noteUnlisted(parent, start, end)
  }

  #noteUnlisted(node: ShapeNode, start: number, end: number): void {
    if (this.names === undefined) return
    const shown = this.#decoded(start, end)
    this.#unlistedNames.push(node.path === '' ? shown : `${node.path}.${shown}`)
  }

  /** A member that patterns lead to. What they only lead through stays where it holds something that they end at. */
  #led(
    p: number,
    led: ShapeNode,
    parent: ShapeNode,
    scope: number,
    depth: number,
    start: number,
    end: number,
    name: string | undefined,
  ): number {
    if (led.isTie) return this.#failed(p, 'pattern-tie', scope, depth)
    const { ops } = this
    const before = { ops: ops.count, texts: ops.texts.length, ended: this.#ended, code: this.#fault.code }
    const [unlisted, names] = [this.unlisted, this.#unlistedNames.length]
    const byte = this.#lexer.bytes[p]!
    if (led.forms !== undefined) led = formAt(led.forms, byte)
    if (led.kind === 'scalar' && led.field < 0) {
      // Nothing of it leaves: a container there is none of its schema.
      this.#unlist(parent, start, end)
      return this.#value(p, led, scope, depth)
    }
    const leadsOn = led.kind === 'open'
    if (!leadsOn || byte === 0x7b || byte === 0x5b) {
      if (name === undefined) ops.add(Op.inputName, end - start, start)
      else
        ops.add(
          Op.textName,
          0,
          ops.texts.push(JSON.stringify(Buffer.from(name, 'latin1').toString('utf8'))) - 1,
        )
      if (!leadsOn || (led.ends && byte === 0x5b)) this.#ended++
      p = this.#value(p, led, scope, depth)
      if (p < 0 || this.#ended > before.ended) return p
    } else p = this.#value(p, UNLISTED, scope, depth)
    if (p < 0) return p
    ops.count = before.ops
    ops.texts.length = before.texts
    this.unlisted = unlisted
    this.#unlistedNames.length = names
    this.#fault.code = before.code
    this.#unlist(parent, start, end)
    return p
  }

  #derived(node: ShapeNode, scope: number, object: number): void {
    this.ops.add(Op.derived, node.id, scope)
    for (const container of node.tree!.containers)
      if (container.node === undefined || node.children.get(container.child)?.lastSeen !== object)
        this.ops.add(Op.derivedContainer, container.id, scope)
  }

  #mapMember(
    p: number,
    node: ShapeNode,
    scope: number,
    depth: number,
    start: number,
    end: number,
    escaped: boolean,
  ): number {
    const block = this.#block
    const inner = block.addScope(scope, block.scopeDepth[scope]! + 1)
    let item = node.item!
    if (node.open !== undefined) {
      const found = this.#itemOf(node.open, start, end)
      if (typeof found === 'string') return this.#failed(p, found, scope, depth)
      item = found ?? item
    }
    if (!node.emitted || node.namesField < 0) return this.#value(p, item, inner, depth)
    const kind = start === end ? SlotKind.nothing : escaped ? SlotKind.escaped : SlotKind.text
    const slot =
      kind === SlotKind.nothing
        ? block.addSlot(start - 1, end + 1, kind, inner)
        : block.addSlot(start, end, kind, inner)
    block.addToField(node.namesField, slot)
    const at = this.ops.count
    this.ops.add(Op.mapName, 0, slot)
    p = this.#value(p, item, inner, depth)
    this.ops.endMember(at)
    return p
  }

  /** The member of a map whose schema names it. */
  #itemOf(open: OpenPlace, start: number, end: number): ShapeNode | RecordCode | undefined {
    const name = encodeBytes(unescapeJson(this.#decoded(start, end)))
    return open.byTags?.(hashName(name), name)
  }

  #child(node: ShapeNode, hash: number, start: number, end: number, name: string | undefined) {
    const child = node.byHash.get(hash)
    if (child === undefined) return undefined
    if (name !== undefined) return child.name === name ? child : node.children.get(name)
    const expected = child.name
    const { bytes } = this.#lexer
    let same = expected.length === end - start
    for (let i = 0; same && i < expected.length; i++) same = expected.charCodeAt(i) === bytes[start + i]
    return same ? child : node.children.get(this.#block.slice(start, end))
  }

  #decoded(start: number, end: number): string {
    return this.#block.decode(start, end)
  }

  /** Adds up the unlisted names of the record at hand. */
  settleNames(): void {
    if (this.names !== undefined)
      for (const name of this.#unlistedNames.splice(0)) countName(this.names, name, 1)
  }

  /** One value of any kind, as `node` wants it; gives the position behind it. */
  #value(p: number, node: ShapeNode, scope: number, depth: number): number {
    const byte = this.#lexer.bytes[p]!
    const { kind } = node
    if (byte === 0x22) {
      const start = ++p
      const { bytes } = this.#lexer
      let inside = bytes[p]!
      while (CLASS[inside] === 0) inside = bytes[++p]!
      const escaped = inside !== 0x22
      if (escaped) {
        p = this.#lexer.string(p)
        if (p < 0) return p
      } else if (p >= this.#lexer.end) return this.#lexer.fail(p)
      if (kind === 'unlisted') return p + 1
      if (kind === 'scalar' || kind === 'subtree') {
        if (p === start) this.#take(node, start - 1, p + 1, SlotKind.nothing, scope)
        else this.#take(node, start, p, escaped ? SlotKind.escaped : SlotKind.text, scope)
      } else if (node.forms !== undefined) return this.#value(start - 1, node.forms.scalar, scope, depth)
      else if (node.carrier !== undefined) this.texts.string(start, p, node, node.carrier, scope, depth)
      else if (node.isEither) return this.texts.single(start - 1, node, scope, depth)
      else this.#fault.code ??= 'scalar-for-container'
      return p + 1
    }
    if (byte === 0x7b || byte === 0x5b) {
      if (p >= this.#lexer.end) return this.#lexer.fail(p)
      return this.#container(p, byte === 0x7b, node, scope, depth)
    }
    const start = p
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      p = this.#lexer.number(p)
      if (p < 0) return p
      if (kind === 'scalar' || kind === 'subtree') this.#take(node, start, p, SlotKind.number, scope)
      else if (kind !== 'unlisted') return this.#misplaced(start, p, node, scope, depth)
      return p
    }
    if (byte === 0x6e) {
      p = this.#lexer.word(p, 'null')
      if (p < 0 || kind === 'unlisted') return p
      if (kind === 'scalar' || kind === 'subtree') this.#take(node, start, p, SlotKind.nothing, scope)
      else if (node.forms !== undefined) return this.#value(start, nullForm(node.forms), scope, depth)
      else if (node.emitted) this.ops.add(Op.nullContainer, node.id, scope)
      return p
    }
    if (byte !== 0x74 && byte !== 0x66) return this.#lexer.fail(p)
    p = this.#lexer.word(p, byte === 0x74 ? 'true' : 'false')
    if (p < 0) return p
    if (kind === 'scalar' || kind === 'subtree') this.#take(node, start, p, SlotKind.boolean, scope)
    else if (kind !== 'unlisted') return this.#misplaced(start, p, node, scope, depth)
    return p
  }

  /** A number, true or false, `[start, end)`, where a container is listed. */
  #misplaced(start: number, end: number, node: ShapeNode, scope: number, depth: number): number {
    if (node.forms !== undefined) return this.#value(start, node.forms.scalar, scope, depth)
    if (node.isEither && node.carrier === undefined) return this.texts.single(start, node, scope, depth)
    this.#fault.code ??= 'scalar-for-container'
    return end
  }

  #container(p: number, isObject: boolean, node: ShapeNode, scope: number, depth: number): number {
    const { kind } = node
    if (kind === 'unlisted') {
      return isObject
        ? this.#members(p + 1, UNLISTED, scope, depth + 1)
        : this.#elements(p + 1, UNLISTED, scope, depth + 1)
    }
    if (kind === 'open')
      return isObject
        ? this.#members(p + 1, node, scope, depth + 1)
        : this.#elements(p + 1, node, scope, depth + 1)
    if (node.forms !== undefined)
      return this.#container(p, isObject, isObject ? node.forms.object : node.forms.array, scope, depth)
    const fits = isObject ? kind === 'object' || kind === 'map' : kind === 'array'
    if (fits && node.carrier === undefined) {
      if (node.emitted && node.literal !== '') this.ops.add(Op.name, node.id, 0)
      return isObject
        ? this.#members(p + 1, node, scope, depth + 1)
        : this.#elements(p + 1, node, scope, depth + 1)
    }
    if (isObject && node.isEither && node.carrier === undefined)
      return this.texts.single(p, node, scope, depth)
    if (kind === 'scalar' || node.carrier !== undefined) this.#fault.code ??= 'container-for-scalar'
    else if (kind !== 'subtree') this.#fault.code ??= 'scalar-for-container'
    const start = p
    p = this.#container(p, isObject, UNLISTED, scope, depth)
    if (p >= 0 && kind === 'subtree') this.#take(node, start, p, SlotKind.subtree, scope)
    return p
  }

  #elements(p: number, node: ShapeNode, scope: number, depth: number): number {
    if (depth > MAX_DEPTH) return this.#lexer.fail(p, 'json-too-deep')
    const { bytes } = this.#lexer
    const block = this.#block
    const item = node.item ?? UNLISTED
    if (node.emitted) this.ops.add(Op.openArray, 0, 0)
    if (bytes[p]! <= 0x20) p = this.#lexer.space(p)
    if (bytes[p] === 0x5d && p < this.#lexer.end) p++
    else
      for (;;) {
        const inner = item.kind === 'unlisted' ? scope : block.addScope(scope, block.scopeDepth[scope]! + 1)
        p = this.#value(p, item, inner, depth)
        if (p < 0) return p
        let byte = bytes[p]!
        if (byte <= 0x20) {
          p = this.#lexer.space(p)
          byte = bytes[p]!
        }
        if (byte === 0x2c) {
          if (bytes[++p]! <= 0x20) p = this.#lexer.space(p)
        } else if (byte === 0x5d) {
          if (p >= this.#lexer.end) return this.#lexer.fail(p)
          p++
          break
        } else return this.#lexer.fail(p)
      }
    if (node.emitted) this.ops.add(Op.closeArray, 0, 0)
    return p
  }

  /** Notes a listed value: for its own field, for derived ones, for the watches. */
  #take(node: ShapeNode, start: number, end: number, kind: number, scope: number): void {
    const block = this.#block
    let slot = -1
    if (node.field >= 0) {
      slot = block.addSlot(start, end, kind, scope)
      block.addToField(node.field, slot)
      if (node.literal === '') this.ops.add(Op.value, 0, slot)
      else this.ops.add(Op.member, node.id, slot)
    }
    if (node.derived.length > 0)
      for (const field of node.derived) {
        const own = block.addSlot(start, end, kind, scope)
        block.addToField(field, own)
        block.derived[field]![scope] = own + 1
      }
    if (node.watches.length > 0) {
      if (slot < 0) slot = block.addSlot(start, end, kind, scope)
      for (const watch of node.watches) block.watched[watch]![scope] = slot + 1
    }
  }
}

/** Null is no value: where no scalar is listed it stands for a container. */
const nullForm = ({ scalar, object, array }: NodeForms): ShapeNode =>
  [scalar, object, array].find(({ kind }) => kind === 'scalar' || kind === 'subtree') ?? object

const formAt = (forms: NodeForms, byte: number): ShapeNode =>
  byte === 0x7b ? forms.object : byte === 0x5b ? forms.array : byte === 0x6e ? nullForm(forms) : forms.scalar
