/**
 * One walk over the bytes of a JSON record (RFC 8259, strictly): it validates everything, notes where the listed
 * values stand, and writes down the output's structure as a list of operations. No object is built.
 *
 * The walk reads bytes from a typed array, which is the fastest way to look at them, and names positions that are
 * the same in the chunk's byte string, which is the fastest thing to cut values from. `bytes[end]` must be
 * readable and no part of a string: the line break after a record, or a sentinel.
 */
import type { RecordCode } from '../errors.ts'
import { countName } from './account.ts'
import { type Block, doubled, SlotKind } from './block.ts'
import { encodeBytes } from './byte-text.ts'
import { unescapeJson } from './json-text.ts'
import { hashName, type Shape, type ShapeNode, UNLISTED, UNLISTED_MEMBER, unlistedMember } from './shape.ts'
import type { UsualOrder } from './usual-order.ts'

export const MAX_DEPTH = 64

/** What the writer does, in order; each operation has three operands, a, b and c. */
export const Op = {
  openObject: 0,
  openArray: 1,
  closeObject: 2,
  closeArray: 3,
  /** `"name":` of node a, with a container to follow. */
  name: 4,
  /** Member: name of node a, value of slot b. */
  member: 5,
  /** Element or map value: slot a. */
  value: 6,
  /** Name of a map's member, from slot a; if it is dropped, go on at operation b. */
  mapName: 7,
  /** `{` and `}` of a map: its names must stay different. */
  openMap: 8,
  closeMap: 9,
  /** Derived leaves of node a, seen from scope b. */
  derived: 10,
  /** Derived container c of node a, seen from scope b: the record holds none of its own. */
  derivedContainer: 11,
  /** The record holds null for container a: its derived members, seen from scope b, if there are any; else null. */
  nullContainer: 12,
} as const

/** 0 plain, 1 quote, 2 backslash, 3 control character. */
const CLASS = new Uint8Array(256)
for (let byte = 0; byte < 0x20; byte++) CLASS[byte] = 3
CLASS[0x22] = 1
CLASS[0x5c] = 2

const HEX = new Int8Array(256).fill(-1)
for (const digit of '0123456789abcdefABCDEF') HEX[digit.charCodeAt(0)] = Number.parseInt(digit, 16)

export class JsonWalker {
  readonly #shape: Shape
  readonly #reject: boolean
  #bytes: Uint8Array = new Uint8Array(0)
  #end = 0
  #block!: Block
  #code: RecordCode = 'json-syntax'
  /** A fault of shape: it counts only if the record is JSON to its end. */
  #shapeCode: RecordCode | undefined
  #object = 0
  /** Operations of the block: four numbers each. */
  ops: Int32Array<ArrayBuffer> = new Int32Array(1 << 14)
  opCount = 0
  /** Members met that no rule names. */
  unlisted = 0
  /** Names met in the open objects that the shape does not hold, to see duplicates. */
  #nameHash: Int32Array<ArrayBuffer> = new Int32Array(1024)
  readonly #names: string[] = []
  #nameStart: Int32Array<ArrayBuffer> = new Int32Array(1024)
  #nameEnd: Int32Array<ArrayBuffer> = new Int32Array(1024)
  #nameCount = 0

  /** Unlisted names by path, where they are asked for. */
  names: Record<string, number> | undefined

  /** `reject`: whether an unlisted member fails the record. */
  constructor(shape: Shape, reject: boolean) {
    this.#shape = shape
    this.#reject = reject
  }

  /** Starts a block over `bytes`, which `block.source` holds as a byte string. */
  open(bytes: Uint8Array, block: Block): void {
    this.#bytes = bytes
    this.#block = block
    this.opCount = 0
  }

  /** Walks one record, `bytes[start..end)`; gives undefined, or why it is none. */
  walk(start: number, end: number, scope: number): RecordCode | undefined {
    this.#end = end
    this.#shapeCode = undefined
    this.#nameCount = 0
    this.#code = 'json-syntax'
    const first = this.#space(start)
    if (first >= end) return 'json-truncated'
    const root = this.#shape.root
    const isObject = this.#bytes[first] === 0x7b
    if (!isObject) this.#shapeCode = 'not-an-object'
    let p = isObject ? this.#members(first + 1, root, scope, 1) : this.#value(first, UNLISTED, scope, 0)
    if (p < 0) return this.#code
    p = this.#space(p)
    return p < end ? 'json-trailing' : this.#shapeCode
  }

  #fail(p: number, code: RecordCode = 'json-syntax'): number {
    this.#code = code === 'json-syntax' && p >= this.#end ? 'json-truncated' : code
    return -1
  }

  #space(p: number): number {
    const bytes = this.#bytes
    const end = this.#end
    while (p < end) {
      const byte = bytes[p]!
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      p++
    }
    return p
  }

  #op(code: number, a: number, b: number, c: number): void {
    const at = this.opCount++ << 2
    if (at === this.ops.length) this.ops = doubled(this.ops)
    const ops = this.ops
    ops[at] = code
    ops[at + 1] = a
    ops[at + 2] = b
    ops[at + 3] = c
  }

  /** Members of an object, from behind its `{`; gives the position behind its `}`. */
  #members(p: number, node: ShapeNode, scope: number, depth: number): number {
    if (depth > MAX_DEPTH) return this.#fail(p, 'json-too-deep')
    const bytes = this.#bytes
    const isMap = node.kind === 'map'
    const names = this.#nameCount
    const object = ++this.#object
    const { usual } = node
    // Names can be told only where they are looked up.
    const learns = usual?.isLearning === true && this.names === undefined
    if (learns) usual.forget()
    /** Where in the usual order the walk is; -1 once it has left it. */
    let next = usual === undefined || learns || this.names !== undefined ? -1 : 0
    if (node.emitted) this.#op(isMap ? Op.openMap : Op.openObject, 0, 0, 0)
    if (bytes[p]! <= 0x20) p = this.#space(p)
    if (bytes[p] === 0x7d && p < this.#end) p++
    else
      for (;;) {
        if (bytes[p] !== 0x22) return this.#fail(p)
        const start = ++p
        if (next >= 0) {
          const found = usual!.find(bytes, start, next, object)
          if (found < 0) {
            this.#leaveOrder(usual!, next, object)
            next = -1
          } else {
            next = found + 1
            p = start + usual!.length(found)
            p = this.#member(this.#colon(p), usual!.node(found), scope, depth, object)
          }
        }
        if (next < 0) p = this.#lookUp(p, node, scope, depth, object, names, learns)
        if (p < 0) return p
        let byte = bytes[p]!
        if (byte <= 0x20) {
          p = this.#space(p)
          byte = bytes[p]!
        }
        if (byte === 0x2c) {
          if (bytes[++p]! <= 0x20) p = this.#space(p)
        } else if (byte === 0x7d) {
          if (p >= this.#end) return this.#fail(p)
          p++
          break
        } else return this.#fail(p)
      }
    this.#nameCount = names
    usual?.ended(next >= 0)
    if (node.emitted) {
      if (node.tree !== undefined) this.#derived(node, scope, object)
      this.#op(isMap ? Op.closeMap : Op.closeObject, 0, 0, 0)
    }
    return p
  }

  /** From behind a name to its value; -1 if no colon stands between. */
  #colon(p: number): number {
    const bytes = this.#bytes
    if (bytes[p] !== 0x3a) {
      p = this.#space(p)
      if (bytes[p] !== 0x3a) return this.#fail(p)
    }
    if (bytes[++p]! <= 0x20) p = this.#space(p)
    return p
  }

  /** The value of a member that is no map's. */
  #member(p: number, child: ShapeNode, scope: number, depth: number, object: number): number {
    if (p < 0) return p
    child.lastSeen = object
    if (child.kind === 'unlisted' && child.isMember) {
      this.unlisted++
      if (this.#reject) this.#shapeCode ??= 'unlisted-field'
    }
    return this.#value(p, child, scope, depth)
  }

  /** The names that were not looked up so far join those among which duplicates are sought. */
  #leaveOrder(usual: UsualOrder<ShapeNode>, before: number, object: number): void {
    for (const [bytes, node] of usual.met(object, before))
      if (node.kind === 'unlisted') {
        const name = Buffer.from(bytes).toString('latin1')
        this.#addName(hashName(name), 0, 0, name)
      }
  }

  /** A member whose name has to be looked up, from behind its opening quote. */
  #lookUp(
    p: number,
    node: ShapeNode,
    scope: number,
    depth: number,
    object: number,
    names: number,
    learns: boolean,
  ): number {
    const bytes = this.#bytes
    const start = p
    let hash = 0
    let byte = bytes[p]!
    while (CLASS[byte] === 0) {
      hash = (Math.imul(hash, 31) + byte) | 0
      byte = bytes[++p]!
    }
    let name: string | undefined
    if (byte !== 0x22) {
      p = this.#string(p)
      if (p < 0) return p
      name = encodeBytes(unescapeJson(this.#decoded(start, p)))
      if (name.includes('\0')) return this.#fail(p, 'json-nul-in-name')
      hash = hashName(name)
    } else if (p >= this.#end) return this.#fail(p)
    const end = p
    p = this.#colon(p + 1)
    if (p < 0) return p
    const isMap = node.kind === 'map'
    const child = isMap ? undefined : this.#child(node, hash, start, end, name)
    if (child !== undefined) {
      if (child.lastSeen === object) return this.#fail(p, 'json-duplicate-name')
      if (learns && name === undefined) node.usual!.note(bytes, start, end, child)
      return this.#member(p, child, scope, depth, object)
    }
    this.#addName(hash, start, end, name)
    if (this.#isDuplicate(names)) return this.#fail(p, 'json-duplicate-name')
    if (isMap) return this.#mapMember(p, node, scope, depth, start, end, name !== undefined)
    const unlisted = node.kind === 'unlisted' ? UNLISTED : UNLISTED_MEMBER
    if (this.names !== undefined && unlisted === UNLISTED_MEMBER) {
      const shown = this.#decoded(start, end)
      countName(this.names, node.path === '' ? shown : `${node.path}.${shown}`, 1)
    }
    if (learns && name === undefined) {
      const known = unlisted === UNLISTED ? UNLISTED : unlistedMember()
      node.usual!.note(bytes, start, end, known)
    }
    return this.#member(p, unlisted, scope, depth, object)
  }

  #derived(node: ShapeNode, scope: number, object: number): void {
    this.#op(Op.derived, node.id, scope, 0)
    for (const [index, container] of node.tree!.containers.entries())
      if (container.node?.lastSeen !== object) this.#op(Op.derivedContainer, node.id, scope, index)
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
    if (!node.emitted || node.namesField < 0) return this.#value(p, node.item!, inner, depth)
    const kind = start === end ? SlotKind.nothing : escaped ? SlotKind.escaped : SlotKind.text
    const slot =
      kind === SlotKind.nothing
        ? block.addSlot(start - 1, end + 1, kind, inner)
        : block.addSlot(start, end, kind, inner)
    block.addToField(node.namesField, slot)
    const at = this.opCount
    this.#op(Op.mapName, slot, 0, 0)
    p = this.#value(p, node.item!, inner, depth)
    this.ops[(at << 2) + 2] = this.opCount
    return p
  }

  #child(node: ShapeNode, hash: number, start: number, end: number, name: string | undefined) {
    const child = node.byHash.get(hash)
    if (child === undefined) return undefined
    if (name !== undefined) return child.name === name ? child : node.children.get(name)
    const expected = child.name
    const bytes = this.#bytes
    let same = expected.length === end - start
    for (let i = 0; same && i < expected.length; i++) same = expected.charCodeAt(i) === bytes[start + i]
    return same ? child : node.children.get(this.#block.source.slice(start, end))
  }

  /** Notes a name that the shape does not know. */
  #addName(hash: number, start: number, end: number, name: string | undefined): void {
    const index = this.#nameCount++
    if (index === this.#nameHash.length) {
      this.#nameHash = doubled(this.#nameHash)
      this.#nameStart = doubled(this.#nameStart)
      this.#nameEnd = doubled(this.#nameEnd)
    }
    this.#nameHash[index] = hash
    this.#nameStart[index] = name === undefined ? start : -1
    this.#nameEnd[index] = end
    if (name !== undefined) this.#names[index] = name
  }

  /** Whether the name noted last is among those of its object, which begin at `from`. */
  #isDuplicate(from: number): boolean {
    const index = this.#nameCount - 1
    const hashes = this.#nameHash
    const hash = hashes[index]
    if (index - from > 64) return this.#isDuplicateOfMany(from, index)
    for (let i = from; i < index; i++)
      if (hashes[i] === hash && this.#nameAt(i) === this.#nameAt(index)) return true
    return false
  }

  readonly #many: { from: number; names: Set<string> }[] = []

  /** A large object: a set instead of a comparison with each. */
  #isDuplicateOfMany(from: number, index: number): boolean {
    let many = this.#many.at(-1)
    while (many !== undefined && many.from > from) {
      this.#many.pop()
      many = this.#many.at(-1)
    }
    if (many === undefined || many.from !== from || index - from === 65) {
      if (many?.from === from) this.#many.pop()
      many = { from, names: new Set() }
      for (let i = from; i < index; i++) many.names.add(this.#nameAt(i))
      this.#many.push(many)
    }
    const name = this.#nameAt(index)
    if (many.names.has(name)) return true
    many.names.add(name)
    return false
  }

  #nameAt(index: number): string {
    const start = this.#nameStart[index]!
    return start < 0 ? this.#names[index]! : this.#block.source.slice(start, this.#nameEnd[index]!)
  }

  /** From behind the opening quote or later, to the closing quote. */
  #string(p: number): number {
    const bytes = this.#bytes
    for (;;) {
      let byte = bytes[p]!
      while (CLASS[byte] === 0) byte = bytes[++p]!
      if (byte === 0x22) return p >= this.#end ? this.#fail(p) : p
      if (byte !== 0x5c) return this.#fail(p)
      p = this.#escape(p)
      if (p < 0) return p
    }
  }

  /** One escape, from its backslash. A surrogate must stand in its pair. */
  #escape(p: number): number {
    const bytes = this.#bytes
    const letter = bytes[p + 1]!
    if (letter !== 0x75) {
      const known =
        letter === 0x22 ||
        letter === 0x5c ||
        letter === 0x2f ||
        letter === 0x62 ||
        letter === 0x66 ||
        letter === 0x6e ||
        letter === 0x72 ||
        letter === 0x74
      return known && p + 1 < this.#end ? p + 2 : this.#fail(p + 1)
    }
    const unit = this.#hex(p + 2)
    if (unit < 0) return -1
    if (unit < 0xd800 || unit > 0xdfff) return p + 6
    if (unit > 0xdbff) return this.#fail(p, 'json-lone-surrogate')
    if (bytes[p + 6] !== 0x5c || bytes[p + 7] !== 0x75) return this.#fail(p, 'json-lone-surrogate')
    const low = this.#hex(p + 8)
    if (low < 0) return -1
    return low >= 0xdc00 && low <= 0xdfff ? p + 12 : this.#fail(p, 'json-lone-surrogate')
  }

  #hex(p: number): number {
    const bytes = this.#bytes
    let unit = 0
    for (let i = 0; i < 4; i++) {
      const digit = HEX[bytes[p + i]!]!
      if (digit < 0 || p + i >= this.#end) return this.#fail(p + i)
      unit = unit * 16 + digit
    }
    return unit
  }

  #decoded(start: number, end: number): string {
    const bytes = this.#block.source.slice(start, end)
    return this.#block.ascii ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
  }

  /** One value of any kind, as `node` wants it; gives the position behind it. */
  #value(p: number, node: ShapeNode, scope: number, depth: number): number {
    const byte = this.#bytes[p]!
    const { kind } = node
    if (byte === 0x22) {
      const start = ++p
      const bytes = this.#bytes
      let inside = bytes[p]!
      while (CLASS[inside] === 0) inside = bytes[++p]!
      const escaped = inside !== 0x22
      if (escaped) {
        p = this.#string(p)
        if (p < 0) return p
      } else if (p >= this.#end) return this.#fail(p)
      if (kind === 'unlisted') return p + 1
      if (kind === 'scalar' || kind === 'subtree') {
        if (p === start) this.#take(node, start - 1, p + 1, SlotKind.nothing, scope)
        else this.#take(node, start, p, escaped ? SlotKind.escaped : SlotKind.text, scope)
      } else this.#shapeCode ??= 'scalar-for-container'
      return p + 1
    }
    if (byte === 0x7b || byte === 0x5b) {
      if (p >= this.#end) return this.#fail(p)
      return this.#container(p, byte === 0x7b, node, scope, depth)
    }
    const start = p
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      p = this.#number(p)
      if (p < 0) return p
      if (kind === 'scalar' || kind === 'subtree') this.#take(node, start, p, SlotKind.number, scope)
      else if (kind !== 'unlisted') this.#shapeCode ??= 'scalar-for-container'
      return p
    }
    if (byte === 0x6e) {
      p = this.#word(p, 'null')
      if (p < 0 || kind === 'unlisted') return p
      if (kind === 'scalar' || kind === 'subtree') this.#take(node, start, p, SlotKind.nothing, scope)
      else if (node.emitted) this.#op(Op.nullContainer, node.id, scope, 0)
      return p
    }
    if (byte !== 0x74 && byte !== 0x66) return this.#fail(p)
    p = this.#word(p, byte === 0x74 ? 'true' : 'false')
    if (p < 0) return p
    if (kind === 'scalar' || kind === 'subtree') this.#take(node, start, p, SlotKind.boolean, scope)
    else if (kind !== 'unlisted') this.#shapeCode ??= 'scalar-for-container'
    return p
  }

  #container(p: number, isObject: boolean, node: ShapeNode, scope: number, depth: number): number {
    const { kind } = node
    if (kind === 'unlisted') {
      return isObject
        ? this.#members(p + 1, UNLISTED, scope, depth + 1)
        : this.#elements(p + 1, UNLISTED, scope, depth + 1)
    }
    const fits = isObject ? kind === 'object' || kind === 'map' : kind === 'array'
    if (fits) {
      if (node.emitted && node.literal !== '') this.#op(Op.name, node.id, 0, 0)
      return isObject
        ? this.#members(p + 1, node, scope, depth + 1)
        : this.#elements(p + 1, node, scope, depth + 1)
    }
    if (kind === 'scalar') this.#shapeCode ??= 'container-for-scalar'
    else if (kind !== 'subtree') this.#shapeCode ??= 'scalar-for-container'
    const start = p
    p = this.#container(p, isObject, UNLISTED, scope, depth)
    if (p >= 0 && kind === 'subtree') this.#take(node, start, p, SlotKind.subtree, scope)
    return p
  }

  #elements(p: number, node: ShapeNode, scope: number, depth: number): number {
    if (depth > MAX_DEPTH) return this.#fail(p, 'json-too-deep')
    const bytes = this.#bytes
    const block = this.#block
    const item = node.item ?? UNLISTED
    if (node.emitted) this.#op(Op.openArray, 0, 0, 0)
    if (bytes[p]! <= 0x20) p = this.#space(p)
    if (bytes[p] === 0x5d && p < this.#end) p++
    else
      for (;;) {
        const inner = item.kind === 'unlisted' ? scope : block.addScope(scope, block.scopeDepth[scope]! + 1)
        p = this.#value(p, item, inner, depth)
        if (p < 0) return p
        let byte = bytes[p]!
        if (byte <= 0x20) {
          p = this.#space(p)
          byte = bytes[p]!
        }
        if (byte === 0x2c) {
          if (bytes[++p]! <= 0x20) p = this.#space(p)
        } else if (byte === 0x5d) {
          if (p >= this.#end) return this.#fail(p)
          p++
          break
        } else return this.#fail(p)
      }
    if (node.emitted) this.#op(Op.closeArray, 0, 0, 0)
    return p
  }

  #number(p: number): number {
    const bytes = this.#bytes
    let byte = bytes[p]!
    if (byte === 0x2d) byte = bytes[++p]!
    if (byte === 0x30) byte = bytes[++p]!
    else {
      if (byte < 0x31 || byte > 0x39) return this.#fail(p)
      do byte = bytes[++p]!
      while (byte >= 0x30 && byte <= 0x39)
    }
    if (byte === 0x2e) {
      byte = bytes[++p]!
      if (byte < 0x30 || byte > 0x39) return this.#fail(p)
      do byte = bytes[++p]!
      while (byte >= 0x30 && byte <= 0x39)
    }
    if (byte === 0x65 || byte === 0x45) {
      byte = bytes[++p]!
      if (byte === 0x2b || byte === 0x2d) byte = bytes[++p]!
      if (byte < 0x30 || byte > 0x39) return this.#fail(p)
      do byte = bytes[++p]!
      while (byte >= 0x30 && byte <= 0x39)
    }
    return p > this.#end ? this.#fail(this.#end) : p
  }

  #word(p: number, word: string): number {
    for (let i = 0; i < word.length; i++)
      if (this.#bytes[p + i] !== word.charCodeAt(i) || p + i >= this.#end) return this.#fail(p + i)
    return p + word.length
  }

  /** Notes a listed value: for its own field, for derived ones, for the watches. */
  #take(node: ShapeNode, start: number, end: number, kind: number, scope: number): void {
    const block = this.#block
    let slot = -1
    if (node.field >= 0) {
      slot = block.addSlot(start, end, kind, scope)
      block.addToField(node.field, slot)
      if (node.literal === '') this.#op(Op.value, slot, 0, 0)
      else this.#op(Op.member, node.id, slot, 0)
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
