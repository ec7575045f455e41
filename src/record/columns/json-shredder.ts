/**
 * Takes records of JSON apart into columns (Dremel: Melnik et al., 2010). What is read was written here: objects that are JSON,
 * whose members the tree of columns has. A record that does not fit adds nothing.
 */
import { encodeBytes } from '../byte-text.ts'
import { behindValue } from '../json/json-skip.ts'
import { type ColumnNode, type ColumnType, type GroupColumn, leavesOfTree } from './column-tree.ts'
import { ColumnValues } from './column-values.ts'
import { NothingTexts } from './nothing-texts.ts'
import { type PutText, putterOf } from './value-of-text.ts'

const LF = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d

interface Node {
  readonly kind: ColumnNode['kind']
  /** Level from which on it is there; of what lists and maps hold, one level more. */
  readonly def: number
  /** Of a list or map: level of what it holds behind the first. */
  readonly rep: number
  /** Columns `[first, end)` that it spans. */
  readonly first: number
  readonly end: number
  readonly isRaw: boolean
  /** Whether a text of nothing is a value of it. */
  readonly isText: boolean
  readonly put: PutText | undefined
  /** Of a group its members, of a list its element, of a map key and value. */
  readonly children: readonly Node[]
  /** Of a group: `name"`, as bytes, of each member. */
  readonly names: readonly Uint8Array[]
  readonly byName: ReadonlyMap<string, number>
  /** Which member stood behind each member last, and, behind those, which stood first. */
  readonly follows: Int32Array
  /** In which object of this group each member was met last. */
  readonly met: Float64Array
  objects: number
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d

export class JsonShredder {
  readonly columns: readonly ColumnValues[]
  readonly #root: Node
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  /** Texts without their escapes. */
  #plain = new Uint8Array(256)
  /** Where the last string stands, without its escapes. */
  #text: Uint8Array = this.#plain
  #from = 0
  #to = 0

  readonly #nothings: NothingTexts

  /** `nulls`: words that stand for nothing, null where a column cannot hold them. */
  constructor(tree: GroupColumn, nulls: readonly string[] = []) {
    this.#nothings = new NothingTexts(nulls)
    this.columns = leavesOfTree(tree).map((leaf) => new ColumnValues(leaf))
    this.#root = nodeOf(tree, 0, 0, { next: 0 })
  }

  /** Takes the record that begins at `start`; false, and nothing added, where it does not fit. */
  add(bytes: Uint8Array, start: number): boolean {
    this.#bytes = bytes
    this.#at = start
    for (const column of this.columns) column.mark()
    this.#space()
    const fits = this.#bytes[this.#at] === OPEN && this.#group(this.#root, 0)
    if (!fits) {
      for (const column of this.columns) column.back()
      // Within a record there is no line break.
      this.#at = bytes.indexOf(LF, start)
    }
    return fits
  }

  /** Where the record ended. */
  get end(): number {
    return this.#at
  }

  #space(): void {
    while (isSpace(this.#bytes[this.#at]!)) this.#at++
  }

  #nulls(node: Node, rep: number, def: number): void {
    for (let column = node.first; column < node.end; column++) this.columns[column]!.level(rep, def)
  }

  /** A value from `#at` on; `outer`: level of what it stands in. */
  #value(node: Node, rep: number, outer: number): boolean {
    this.#space()
    const byte = this.#bytes[this.#at]
    if (byte === 0x6e) {
      this.#at += 4
      this.#nulls(node, rep, outer)
      return true
    }
    if (node.kind === 'leaf') return this.#leaf(node, rep, outer)
    if (node.kind === 'struct') return byte === OPEN && this.#group(node, rep)
    if (node.kind === 'map') return byte === OPEN && this.#map(node, rep)
    // One value may stand in place of a list of it.
    return byte === OPEN_LIST ? this.#list(node, rep) : this.#value(node.children[0]!, rep, node.def + 1)
  }

  #group(node: Node, rep: number): boolean {
    const { children, met, follows } = node
    const object = ++node.objects
    let before = children.length
    this.#at++
    for (;;) {
      this.#space()
      const byte = this.#bytes[this.#at]
      if (byte === CLOSE) break
      if (byte === COMMA) {
        this.#at++
        continue
      }
      if (byte !== QUOTE) return false
      const expected = follows[before]!
      const member = this.#isMember(node, expected) ? expected : this.#member(node)
      if (member < 0 || met[member] === object) return false
      follows[before] = member
      before = member
      met[member] = object
      if (!this.#value(children[member]!, rep, node.def)) return false
    }
    this.#at++
    for (let member = 0; member < children.length; member++)
      if (met[member] !== object) this.#nulls(children[member]!, rep, node.def)
    return true
  }

  /** Whether the name of this member stands here; then goes behind its colon. */
  #isMember({ names }: Node, member: number): boolean {
    const name = names[member]
    if (name === undefined) return false
    const bytes = this.#bytes
    const at = this.#at + 1
    for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false
    this.#at = at + name.length
    return this.#colon()
  }

  #colon(): boolean {
    this.#space()
    if (this.#bytes[this.#at] !== COLON) return false
    this.#at++
    return true
  }

  #member(node: Node): number {
    this.#string()
    const text = this.#text
    const name = Buffer.from(text.buffer, text.byteOffset + this.#from, this.#to - this.#from)
    const member = node.byName.get(name.toString('latin1'))
    return member !== undefined && this.#colon() ? member : -1
  }

  #list(node: Node, rep: number): boolean {
    const [item] = node.children as readonly [Node]
    let count = 0
    this.#at++
    for (;;) {
      this.#space()
      const byte = this.#bytes[this.#at]
      if (byte === CLOSE_LIST) break
      if (byte === COMMA) {
        this.#at++
        continue
      }
      if (byte === undefined) return false
      if (!this.#value(item, count++ === 0 ? rep : node.rep, node.def + 1)) return false
    }
    this.#at++
    if (count === 0) this.#nulls(node, rep, node.def)
    return true
  }

  #map(node: Node, rep: number): boolean {
    const [key, value] = node.children as readonly [Node, Node]
    const names = this.columns[key.first]!
    let count = 0
    this.#at++
    for (;;) {
      this.#space()
      const byte = this.#bytes[this.#at]
      if (byte === CLOSE) break
      if (byte === COMMA) {
        this.#at++
        continue
      }
      if (byte !== QUOTE) return false
      const level = count++ === 0 ? rep : node.rep
      this.#string()
      names.level(level, key.def)
      if (!key.put!(names, this.#text, this.#from, this.#to) || !this.#colon()) return false
      if (!this.#value(value, level, node.def + 1)) return false
    }
    this.#at++
    if (count === 0) this.#nulls(node, rep, node.def)
    return true
  }

  #leaf(node: Node, rep: number, outer: number): boolean {
    const column = this.columns[node.first]!
    const start = this.#at
    if (node.isRaw) {
      this.#at = behindValue(this.#bytes, start)
      column.level(rep, node.def)
      return node.put!(column, this.#bytes, start, this.#at)
    }
    const byte = this.#bytes[start]
    if (byte === QUOTE) {
      this.#string()
      // An empty text says that nothing is there, and is no number.
      if (this.#from === this.#to && !node.isText) {
        column.level(rep, outer)
        return true
      }
      column.level(rep, node.def)
      return this.#put(node, column, outer, this.#text, this.#from, this.#to)
    }
    const isContainer = byte === OPEN || byte === OPEN_LIST
    if (isContainer && !node.isText) return false
    this.#at = behindValue(this.#bytes, start)
    column.level(rep, node.def)
    return this.#put(node, column, outer, this.#bytes, start, this.#at)
  }

  #put(
    node: Node,
    column: ColumnValues,
    outer: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    if (node.put!(column, bytes, start, end)) return true
    if (!this.#nothings.has(bytes, start, end)) return false
    column.toNull(outer)
    return true
  }

  /** Goes behind the string from `#at` on, and notes its text. */
  #string(): void {
    const bytes = this.#bytes
    const start = this.#at + 1
    let end = start
    while (bytes[end] !== QUOTE && bytes[end] !== BACKSLASH) end++
    this.#text = bytes
    this.#from = start
    this.#to = end
    if (bytes[end] === BACKSLASH) {
      while (bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1
      if (this.#plain.length < end - start) this.#plain = new Uint8Array((end - start) * 2)
      this.#text = this.#plain
      this.#from = 0
      this.#to = unescaped(bytes, start, end, this.#plain)
    }
    this.#at = end + 1
  }
}

const ESCAPED: Readonly<Record<number, number>> = { 98: 8, 116: 9, 110: 10, 102: 12, 114: 13 }

const unitAt = (bytes: Uint8Array, at: number): number =>
  Number.parseInt(Buffer.from(bytes.buffer, bytes.byteOffset + at, 4).toString('latin1'), 16)

/** Writes what stands in a string of JSON as UTF-8; gives how long it is. */
function unescaped(from: Uint8Array, start: number, end: number, to: Uint8Array): number {
  let length = 0
  for (let at = start; at < end; at++) {
    if (from[at] !== BACKSLASH) {
      to[length++] = from[at]!
      continue
    }
    const sign = from[++at]!
    if (sign !== 0x75) {
      to[length++] = ESCAPED[sign] ?? sign
      continue
    }
    let code = unitAt(from, at + 1)
    at += 4
    if (code >= 0xd800 && code < 0xdc00) {
      code = 0x10000 + ((code - 0xd800) << 10) + (unitAt(from, at + 3) - 0xdc00)
      at += 6
    }
    length += Buffer.from(to.buffer, to.byteOffset).write(String.fromCodePoint(code), length, 'utf8')
  }
  return length
}

const mayBeEmpty = (type: ColumnType): boolean =>
  type.as === 'text' || (type.as === 'bytes' && type.length === 0)

function nodeOf(node: ColumnNode, def: number, rep: number, columns: { next: number }): Node {
  const first = columns.next
  const nodes =
    node.kind === 'struct'
      ? node.members.map((member) => nodeOf(member, def + 1, rep, columns))
      : node.kind === 'list'
        ? [nodeOf(node.item, def + 2, rep + 1, columns)]
        : node.kind === 'map'
          ? [nodeOf(node.key, def + 1, rep + 1, columns), nodeOf(node.value, def + 2, rep + 1, columns)]
          : []
  if (node.kind === 'leaf') columns.next++
  const isGroup = node.kind === 'struct'
  return {
    kind: node.kind,
    def,
    rep: rep + 1,
    first,
    end: columns.next,
    isRaw: node.kind === 'leaf' && node.type.as === 'json',
    isText: node.kind === 'leaf' && mayBeEmpty(node.type),
    put: node.kind === 'leaf' ? putterOf(node.type) : undefined,
    children: nodes,
    names: isGroup ? node.members.map(({ name }) => Buffer.from(JSON.stringify(name).slice(1), 'utf8')) : [],
    byName: new Map(isGroup ? node.members.map(({ name }, at) => [encodeBytes(name), at]) : []),
    follows: new Int32Array(nodes.length + 1).fill(-1),
    met: new Float64Array(nodes.length),
    objects: 0,
  }
}
