/**
 * Reads the fields of Protobuf messages. They stand in any order, and as often as they like: of each message first the places of
 * its fields are found (`collect`), then their values are read in the order of the schema. Of a field that may stand once the
 * last value counts; of a message all are parts.
 */
import { doubled } from '../block.ts'
import type { ShapeNode } from '../shape-node.ts'
import { type FieldStep, Way } from '../typed/typed-program.ts'
import { MAX_TYPED_DEPTH } from '../typed/typed-walker.ts'
import { Leaf, Wire } from './proto-leaf.ts'
import { isSingle, type ProtoType } from './proto-type.ts'
import { type Grow, ProtoValues } from './proto-values.ts'

/** In the place of a first occurrence: there is none; it is there and not listed; what should hold it is malformed. */
export const NONE = -1
const SEEN = -2
export const MALFORMED = -2

const COMMA = 0x2c
const COLON = 0x3a

export class ProtoReader {
  readonly values: ProtoValues
  readonly #met: (node: ShapeNode, name: string) => void
  /** Occurrences of fields: where they stand, their wire types, and the next one of the same field, or NONE. */
  starts: Int32Array<ArrayBuffer> = new Int32Array(256)
  ends: Int32Array<ArrayBuffer> = new Int32Array(256)
  wires: Int32Array<ArrayBuffer> = new Int32Array(256)
  next: Int32Array<ArrayBuffer> = new Int32Array(256)
  count: number = 0
  /** Of the fields of each message that is being read: first and last occurrence. */
  heads: Int32Array<ArrayBuffer> = new Int32Array(256)
  tails: Int32Array<ArrayBuffer> = new Int32Array(256)
  top: number = 0
  /** What `#resolve` found. */
  resolved: number = NONE

  /** `grow`: gives the values more memory for texts; `met`: a field was met that is not listed. */
  constructor(grow: Grow, met: (node: ShapeNode, name: string) => void) {
    this.values = new ProtoValues(grow)
    this.#met = met
  }

  /** Starts a record of `bytes[start..end)`; gives its one occurrence. `most`: bytes of its texts at most. */
  begin(start: number, end: number, most: number): number {
    this.values.begin(end - start, most)
    this.count = 0
    this.top = 0
    return this.occurrence(start, end, Wire.bytes)
  }

  occurrence(start: number, end: number, wire: number): number {
    const at = this.count++
    if (at === this.starts.length) {
      this.starts = doubled(this.starts)
      this.ends = doubled(this.ends)
      this.wires = doubled(this.wires)
      this.next = doubled(this.next)
    }
    this.starts[at] = start
    this.ends[at] = end
    this.wires[at] = wire
    this.next[at] = NONE
    return at
  }

  /** The last occurrence of a list. */
  lastOf(head: number): number {
    while (head >= 0 && this.next[head] !== NONE) head = this.next[head]!
    return head
  }

  /**
   * Finds the fields of a message, whose parts are the occurrences from `head` on; gives where its heads begin, -1 where it is
   * malformed. `fields`: what becomes of them; undefined where all are wanted. `node`: where unlisted ones are counted.
   */
  collect(
    type: ProtoType,
    head: number,
    depth: number,
    fields: readonly FieldStep<ProtoType>[] | undefined,
    node: ShapeNode | undefined,
  ): number {
    const values = this.values
    const base = this.top
    const count = type.fields.length
    // Behind the fields, of each oneof the member that is there.
    this.top += count + type.oneofs
    // Each message costs a look at each of its fields, which is little, but may be many.
    if (!values.count(count >> 4)) return -1
    while (this.top > this.heads.length) {
      this.heads = doubled(this.heads)
      this.tails = doubled(this.tails)
    }
    this.heads.fill(NONE, base, this.top)
    for (let part = head; part >= 0; part = this.next[part]!) {
      const end = this.ends[part]!
      for (let p = this.starts[part]!; p < end; p = values.after) {
        if (!values.count()) return -1
        const stop = values.item(p, end, depth)
        if (stop < 0) return -1
        const at = type.positions[values.field] ?? type.byNumber.get(values.field) ?? -1
        if (at < 0) {
          if (node !== undefined) this.#met(node, `#${values.field}`)
          continue
        }
        const field = type.fields[at]!
        if (!isOfWire(field.type, values.wire)) return values.fail('payload-malformed')
        const { oneof } = field
        if (oneof >= 0) {
          const other = this.heads[base + count + oneof]!
          if (other >= 0 && other !== at) this.heads[base + other] = NONE
          this.heads[base + count + oneof] = at
        }
        if (fields !== undefined && fields[at]!.way === Way.skip) {
          if (this.heads[base + at] === NONE && node !== undefined) this.#met(node, field.name)
          this.heads[base + at] = SEEN
          continue
        }
        const found = this.occurrence(values.start, stop, values.wire)
        if (field.isLast || this.heads[base + at]! < 0) this.heads[base + at] = found
        else this.next[this.tails[base + at]!] = found
        this.tails[base + at] = found
      }
    }
    return base
  }

  /** The occurrences of one field in a message; NONE, or MALFORMED. */
  only(head: number, number: number, wire: number, depth: number): number {
    const values = this.values
    let first = NONE
    let last = NONE
    for (let part = head; part >= 0; part = this.next[part]!) {
      const end = this.ends[part]!
      for (let p = this.starts[part]!; p < end; p = values.after) {
        if (!values.count()) return MALFORMED
        const stop = values.item(p, end, depth)
        if (stop < 0) return MALFORMED
        if (values.field !== number) continue
        if (values.wire !== wire) {
          values.fail('payload-malformed')
          return MALFORMED
        }
        const found = this.occurrence(values.start, stop, values.wire)
        if (first < 0) first = found
        else this.next[last] = found
        last = found
      }
    }
    return first
  }

  /** Of a union which branch was set last, with its occurrences in `resolved`; -1 where it is malformed. */
  resolve({ branches }: ProtoType, head: number, depth: number): number {
    const values = this.values
    let field = 1
    let first = NONE
    let last = NONE
    for (let part = head; part >= 0; part = this.next[part]!) {
      const end = this.ends[part]!
      for (let p = this.starts[part]!; p < end; p = values.after) {
        if (!values.count()) return -1
        const stop = values.item(p, end, depth)
        if (stop < 0) return -1
        const branch = branches[values.field - 1]
        if (branch === undefined) continue
        if (!isOfWire(branch, values.wire)) return values.fail('payload-malformed')
        const isMore = values.field === field && first >= 0 && !isSingle(branch)
        const found = this.occurrence(values.start, stop, values.wire)
        field = values.field
        if (isMore) this.next[last] = found
        else first = found
        last = found
      }
    }
    this.resolved = first
    return field - 1
  }

  /** Elements or entries: the occurrences themselves, or those in a message of google/protobuf/struct.proto. */
  itemsOf({ isJson }: ProtoType, head: number, depth: number): number {
    return isJson ? this.only(head, 1, Wire.bytes, depth) : head
  }

  /** Writes the text of a leaf: of its last occurrence, or of what is absent the default value. */
  leaf(type: ProtoType, head: number, depth: number): boolean {
    const values = this.values
    if (head < 0) return type.leaf > Leaf.null ? this.#messageLeaf(type, head, depth) : values.initial(type)
    if (type.leaf > Leaf.null) return this.#messageLeaf(type, head, depth)
    const at = this.lastOf(head)
    const end = this.ends[at]!
    const stop = values.leaf(type, this.starts[at]!, end)
    return stop === end || (stop >= 0 && values.fail('payload-malformed') >= 0)
  }

  /** The same of a message that stands for one text. */
  #messageLeaf(type: ProtoType, head: number, depth: number): boolean {
    const values = this.values
    const mark = this.count
    const { wrapped, leaf } = type
    if (wrapped !== undefined) {
      const found = this.only(head, 1, wrapped.wire, depth)
      const isRead = found !== -2 && this.leaf(wrapped, found, depth)
      this.count = mark
      return isRead
    }
    const parts = [0, 0]
    for (const number of [1, 2]) {
      const found = this.only(head, number, Wire.varint, depth)
      if (found === MALFORMED) return false
      const at = this.lastOf(found)
      if (at < 0) continue
      values.varint(this.starts[at]!, this.ends[at]!)
      parts[number - 1] = number === 1 ? values.signed : values.low | 0
    }
    this.count = mark
    return leaf === Leaf.timestamp
      ? values.timestamp(parts[0]!, parts[1]!)
      : values.duration(parts[0]!, parts[1]!)
  }

  /** Goes over the elements of a list, packed or not: each as an occurrence of its own. */
  each(item: ProtoType, head: number, take: (element: number) => boolean): boolean {
    const values = this.values
    for (let at = head; at >= 0; ) {
      const next = this.next[at]!
      if (isSingle(item) && item.wire !== Wire.bytes && this.wires[at] === Wire.bytes) {
        const end = this.ends[at]!
        for (let p = this.starts[at]!; p < end; ) {
          const stop =
            item.wire === Wire.varint ? values.varint(p, end) : p + (item.wire === Wire.fixed64 ? 8 : 4)
          if (stop < 0) return false
          if (stop > end) return values.fail('payload-malformed') >= 0
          const mark = this.count
          if (!take(this.occurrence(p, stop, item.wire))) return false
          this.count = mark
          p = stop
        }
      } else {
        this.next[at] = NONE
        if (!take(at)) return false
      }
      at = next
    }
    return true
  }

  /** Goes over the entries of a map: of several with one key the last. `take` gets the key as bytes of a text, and the value. */
  entries(
    { key, item }: ProtoType,
    head: number,
    depth: number,
    take: (name: Uint8Array, value: number) => boolean,
  ): boolean {
    const values = this.values
    const entries = new Map<string, number>()
    for (let at = head; at >= 0; ) {
      const next = this.next[at]!
      this.next[at] = NONE
      const found = this.only(at, 1, key!.wire, depth)
      if (found === MALFORMED) return false
      const name = values.keyText(key!, this.lastOf(found), this.starts, this.ends)
      if (name === undefined) return false
      entries.set(name, at)
      at = next
    }
    for (const [name, at] of entries) {
      const mark = this.count
      const value = this.only(at, 2, item!.wire, depth)
      if (value === MALFORMED || !take(new Uint8Array(Buffer.from(name, 'latin1')), value)) return false
      this.count = mark
    }
    return true
  }

  /** Writes any value as JSON. */
  json(type: ProtoType, head: number, depth: number): boolean {
    const values = this.values
    if (isSingle(type)) return this.leaf(type, head, depth)
    if (!values.count()) return false
    if (depth >= MAX_TYPED_DEPTH) return values.fail('payload-too-deep') >= 0
    const mark = this.count
    const top = this.top
    const isRead = this.#jsonContainer(type, head, depth)
    this.count = mark
    this.top = top
    return isRead
  }

  #jsonContainer(type: ProtoType, head: number, depth: number): boolean {
    const values = this.values
    if (type.kind === 'union') {
      const branch = this.resolve(type, head, depth)
      return branch >= 0 && this.json(type.branches[branch]!, this.resolved, depth)
    }
    if (type.kind === 'record') return this.#jsonMessage(type, head, depth + 1)
    const items = this.itemsOf(type, head, depth)
    if (items === MALFORMED) return false
    let isFirst = true
    const next = (): boolean => {
      if (!isFirst && !values.punctuation(COMMA)) return false
      isFirst = false
      return true
    }
    if (type.kind === 'array')
      return (
        values.punctuation(0x5b) &&
        this.each(type.item!, items, (element) => next() && this.json(type.item!, element, depth + 1)) &&
        values.punctuation(0x5d)
      )
    return (
      values.punctuation(0x7b) &&
      this.entries(
        type,
        items,
        depth,
        (name, value) =>
          next() && values.name(name) && values.punctuation(COLON) && this.json(type.item!, value, depth + 1),
      ) &&
      values.punctuation(0x7d)
    )
  }

  #jsonMessage(type: ProtoType, head: number, depth: number): boolean {
    const values = this.values
    const base = this.collect(type, head, depth, undefined, undefined)
    if (base < 0 || !values.punctuation(0x7b)) return false
    let isFirst = true
    for (const [at, field] of type.fields.entries()) {
      const first = this.heads[base + at]!
      if (first < 0 && !field.isImplicit) continue
      if (!isFirst && !values.punctuation(COMMA)) return false
      isFirst = false
      if (!values.raw(nameOf(field.name)) || !this.json(field.type, first, depth)) return false
    }
    return values.punctuation(0x7d)
  }
}

function isOfWire(type: ProtoType, wire: number): boolean {
  if (type.kind !== 'array' || type.isJson) return wire === type.wire
  const { item } = type
  if (wire === item!.wire) return true
  return wire === Wire.bytes && isSingle(item!) && item!.wire !== Wire.bytes
}

const names = new Map<string, Uint8Array>()
const MOST_REMEMBERED = 4096
/** `"name":` */
function nameOf(name: string): Uint8Array {
  let found = names.get(name)
  if (found === undefined) {
    found = new Uint8Array(Buffer.from(`${JSON.stringify(name)}:`))
    if (names.size < MOST_REMEMBERED) names.set(name, found)
  }
  return found
}
