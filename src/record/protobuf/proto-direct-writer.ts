/**
 * Writes messages of Protobuf from the operations and results that their JSON would be written of, without the JSON. What it writes
 * is what `ProtoWriter` makes of that JSON, byte by byte; records with maps, kept containers or containers of derived members are
 * left to that.
 */
import type { RecordCode } from '../../errors.ts'
import { type Block, ResultKind, SlotKind } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import { type JsonOps, Op } from '../json/json-ops.ts'
import type { Shape } from '../shape.ts'
import type { DerivedTree } from '../shape-node.ts'
import { Leaf, Wire } from './proto-leaf.ts'
import type { OutField, OutMessage } from './proto-output.ts'
import { leafOf, type ProtoWriter, Unwritable } from './proto-writer.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const DOT = 0x2e

/** The record is not written here. */
export const OTHER = 'other'
class Other extends Error {}
const other = new Other()

/** Numbers of so many digits a double holds, and so many powers of ten. */
const MOST_DIGITS = 15
const POWERS = Array.from({ length: MOST_DIGITS + 1 }, (_, exponent) => 10 ** exponent)

/** A field as it is written here. */
interface DirectField {
  readonly field: OutField
  /** The first bytes of its value: number and wire type. */
  readonly tag: Uint8Array
  /** The same where it is one; -1: they are more. */
  readonly head: number
  /** Its type, where that is one value. */
  readonly leaf: number
  readonly message: DirectMessage | undefined
  /** Whether it is one text, with one byte in front of its length. */
  readonly isText: boolean
}

interface DirectMessage {
  readonly message: OutMessage
  /** By the node of the shape; null: it has none. */
  readonly byNode: (DirectField | null | undefined)[]
  readonly byLeaf: Map<DerivedTree['leaves'][number], DirectField | null>
}

/** Varints of numbers below this are written here; longer ones and those below zero by `ProtoWriter`. */
const isVarint = (leaf: number): boolean =>
  leaf === Leaf.int64 || leaf === Leaf.uint64 || leaf === Leaf.int32 || leaf === Leaf.uint32
const MOST_INT32 = 0x7fffffff

const NO_FIELDS: DirectMessage['byNode'] = []

const newMessage = (message: OutMessage): DirectMessage => ({ message, byNode: [], byLeaf: new Map() })

export class ProtoDirectWriter {
  readonly #shape: Shape
  readonly #writer: ProtoWriter
  readonly #messages = new Map<OutMessage, DirectMessage>()
  #block!: Block
  #sink!: ByteSink
  /** Of the open containers: what is around them, and where the bytes begin whose length is not known yet; -1: none. */
  readonly #open: (DirectMessage | undefined)[] = []
  readonly #lists: (DirectField | undefined)[] = []
  readonly #starts: number[] = []

  /** `writer`: writes what is not written here. */
  constructor(shape: Shape, writer: ProtoWriter) {
    this.#shape = shape
    this.#writer = writer
  }

  /** Writes one record from operations `[from, to)`; gives why it cannot be written, and nothing is then. */
  write(
    block: Block,
    ops: JsonOps,
    from: number,
    to: number,
    root: OutMessage,
    sink: ByteSink,
  ): RecordCode | typeof OTHER | undefined {
    this.#block = block
    this.#sink = sink
    this.#writer.sink = sink
    const began = sink.length
    try {
      this.#record(ops.words, from, to, root)
      return undefined
    } catch (error) {
      sink.length = began
      if (error instanceof Unwritable) return 'output-unwritable'
      if (error === other) return OTHER
      throw error
    }
  }

  #record(words: Int32Array, from: number, to: number, root: OutMessage): void {
    const { resultKind, resultStart, resultEnd, arena } = this.#block
    const sink = this.#sink
    let depth = -1
    /** What is open: a message, or the field of a list. */
    let message: DirectMessage | undefined
    let list: DirectField | undefined
    let byNode = NO_FIELDS
    /** The field of the container that opens next. */
    let next: DirectField | undefined
    for (let at = from << 1; at < to << 1; at += 2) {
      const word = words[at]!
      const b = words[at + 1]!
      switch (word & 15) {
        case Op.member: {
          const kind = resultKind[b]
          if (kind === ResultKind.dropped) break
          const field = byNode[word >> 4] ?? this.#fieldOf(message, word >> 4)
          const length = resultEnd[b]! - resultStart[b]!
          // What rules make, mostly.
          if (kind === ResultKind.arena && field.isText && length < 128 && length > 0)
            sink.copyText(arena.bytes, arena.data, resultStart[b]!, resultEnd[b]!, field.head, 1)
          else this.#slot(field, b, false)
          break
        }
        case Op.value:
          if (resultKind[b] !== ResultKind.dropped) this.#slot(list ?? fails(), b, true)
          break
        case Op.name:
          next = byNode[word >> 4] ?? this.#fieldOf(message, word >> 4)
          break
        case Op.openObject: {
          this.#push(++depth, message, list)
          if (depth === 0) message = this.#directOf(root)
          else {
            const field = list ?? next
            if (field?.message === undefined || (field.field.form === 'list') !== (list !== undefined))
              fails()
            message = field.message
            this.#tag(field)
            // Most are short: the length takes one byte.
            sink.byte(0)
            this.#starts[depth] = sink.length
          }
          list = undefined
          byNode = message.byNode
          break
        }
        case Op.closeObject:
          this.#close(this.#starts[depth]!)
          message = this.#open[depth]
          list = this.#lists[depth--]
          byNode = message?.byNode ?? NO_FIELDS
          break
        case Op.openArray:
          if (next === undefined || next.field.form !== 'list' || list !== undefined) fails()
          this.#push(++depth, message, list)
          message = undefined
          byNode = NO_FIELDS
          list = next
          break
        case Op.closeArray:
          message = this.#open[depth]
          list = this.#lists[depth--]
          byNode = message?.byNode ?? NO_FIELDS
          break
        case Op.derived:
          this.#derived(this.#shape.nodes[word >> 4]!.tree!, message ?? fails(), b)
          break
        default:
          fails()
      }
    }
  }

  #push(depth: number, message: DirectMessage | undefined, list: DirectField | undefined): void {
    this.#open[depth] = message
    this.#lists[depth] = list
    this.#starts[depth] = -1
  }

  #directOf(message: OutMessage): DirectMessage {
    let found = this.#messages.get(message)
    if (found === undefined) {
      found = newMessage(message)
      this.#messages.set(message, found)
    }
    return found
  }

  /** A field of the message by the node whose name it has. */
  #fieldOf(message: DirectMessage | undefined, node: number): DirectField {
    if (message === undefined) fails()
    let found = message.byNode[node]
    if (found === undefined) {
      found = this.#named(message, Buffer.from(this.#shape.nodes[node]!.literal, 'latin1'))
      message.byNode[node] = found
    }
    return found ?? fails()
  }

  /** By its name as JSON writes it, with the colon. */
  #named({ message }: DirectMessage, literal: Uint8Array): DirectField | null {
    const text = Buffer.from(literal.buffer, literal.byteOffset, literal.length).toString('utf8')
    const field = message.byName.get(JSON.parse(text.slice(0, -1)) as string)
    if (field === undefined) return null
    const { type, number, form } = field
    const isMessage = type.kind === 'message'
    const isOne = !isMessage && form !== 'map' && !(type.kind === 'own' && type.type.isJson)
    const found = isOne ? leafOf(type) : -1
    const leaf = typeof found === 'number' ? found : found.leaf
    const wire =
      isMessage || leaf === Leaf.string ? Wire.bytes : leaf === Leaf.double ? Wire.fixed64 : Wire.varint
    const tag: number[] = []
    for (let rest = number * 8 + wire; ; rest = Math.floor(rest / 128)) {
      tag.push(rest > 127 ? (rest % 128) | 128 : rest)
      if (rest <= 127) break
    }
    return {
      field,
      tag: Uint8Array.from(tag),
      head: tag.length === 1 ? tag[0]! : -1,
      leaf,
      isText: leaf === Leaf.string && form === 'one' && tag.length === 1,
      message: isMessage && form !== 'map' ? this.#directOf(type.message) : undefined,
    }
  }

  /** Puts the length of what was written from `start` on in front of it. */
  #close(start: number): void {
    if (start < 0) return
    const sink = this.#sink
    const length = sink.length - start
    if (length < 128) {
      sink.bytes[start - 1] = length
      return
    }
    const more = length < 1 << 14 ? 1 : length < 1 << 21 ? 2 : length < 1 << 28 ? 3 : 4
    sink.reserve(more)
    sink.bytes.copyWithin(start + more, start, sink.length)
    sink.length += more
    let rest = length
    for (let at = start - 1; at < start + more; at++) {
      sink.bytes[at] = at < start + more - 1 ? (rest % 128) | 128 : rest
      rest = Math.floor(rest / 128)
    }
  }

  #derived({ leaves }: DerivedTree, message: DirectMessage, scope: number): void {
    const block = this.#block
    for (const leaf of leaves) {
      const slot = block.derived[leaf.field]![scope]! - 1
      if (slot < 0 || block.resultKind[slot] === ResultKind.dropped) continue
      let field = message.byLeaf.get(leaf)
      if (field === undefined) {
        field = this.#named(message, leaf.name)
        message.byLeaf.set(leaf, field)
      }
      this.#slot(field ?? fails(), slot, false)
    }
  }

  /** The result of a slot that is not dropped. */
  #slot(direct: DirectField, slot: number, isElement: boolean): void {
    const { field, leaf } = direct
    if (leaf < 0 || isElement !== (field.form === 'list')) fails()
    const block = this.#block
    const start = block.resultStart[slot]!
    const end = block.resultEnd[slot]!
    const isImplicit = field.isImplicit && !isElement
    const kind = block.resultKind[slot]
    const isSource = kind === ResultKind.source
    const bytes = isSource ? block.bytes : block.arena.bytes
    if (kind === ResultKind.arena) {
      if (leaf === Leaf.string) this.#text(direct, bytes, block.arena.data, start, end, isImplicit)
      else this.#writer.scalar(leafOf(field.type), field.number, textOf(bytes, start, end), isImplicit)
      return
    }
    const first = bytes[start]!
    if (first === QUOTE) {
      const isPlain =
        (isSource && block.slotKind[slot] === SlotKind.text) || !includes(bytes, BACKSLASH, start, end)
      const data = isSource ? block.data : block.arena.data
      if (leaf === Leaf.string && isPlain) this.#text(direct, bytes, data, start + 1, end - 1, isImplicit)
      else {
        const text = isPlain
          ? textOf(bytes, start + 1, end - 1)
          : (JSON.parse(textOf(bytes, start, end)) as string)
        this.#writer.scalar(leafOf(field.type), field.number, text, isImplicit)
      }
      return
    }
    // Null is not there.
    if (first === 0x6e) return
    if (first === 0x7b || first === 0x5b) fails()
    if (isVarint(leaf) && this.#whole(direct, bytes, start, end, isImplicit)) return
    if (leaf === Leaf.double && this.#decimal(direct, bytes, start, end, isImplicit)) return
    this.#writer.scalar(leafOf(field.type), field.number, textOf(bytes, start, end), isImplicit)
  }

  #text(
    direct: DirectField,
    bytes: Uint8Array,
    data: DataView,
    start: number,
    end: number,
    isImplicit: boolean,
  ): void {
    if (start === end && isImplicit) return
    const { head } = direct
    if (head >= 0 && end - start < 128) {
      this.#sink.copyText(bytes, data, start, end, head, 1)
      return
    }
    this.#tag(direct)
    this.#varint(end - start)
    this.#sink.copyText(bytes, data, start, end)
  }

  #tag({ tag, head }: DirectField): void {
    if (head >= 0) {
      this.#sink.byte(head)
      return
    }
    for (let at = 0; at < tag.length; at++) this.#sink.byte(tag[at]!)
  }

  #varint(value: number): void {
    const sink = this.#sink
    let rest = value
    for (; rest > MOST_INT32; rest = Math.floor(rest / 128)) sink.byte((rest % 128) | 128)
    for (; rest > 127; rest >>>= 7) sink.byte((rest & 127) | 128)
    sink.byte(rest)
  }

  /** False, and nothing written, where it is no short number from 0 on. */
  #whole(direct: DirectField, bytes: Uint8Array, start: number, end: number, isImplicit: boolean): boolean {
    if (end - start > MOST_DIGITS || end === start) return false
    let value = 0
    for (let p = start; p < end; p++) {
      const digit = bytes[p]! - 0x30
      if (digit < 0 || digit > 9) return false
      value = value * 10 + digit
    }
    const { leaf } = direct
    if (value > MOST_INT32 && (leaf === Leaf.int32 || leaf === Leaf.uint32)) return false
    if (value === 0 && isImplicit) return true
    this.#tag(direct)
    this.#varint(value)
    return true
  }

  /** The same of a decimal: both of its parts fit a double, so that their quotient is the double that it means. */
  #decimal(direct: DirectField, bytes: Uint8Array, start: number, end: number, isImplicit: boolean): boolean {
    const isBelow = bytes[start] === MINUS
    let value = 0
    let digits = 0
    let point = -1
    for (let p = isBelow ? start + 1 : start; p < end; p++) {
      const byte = bytes[p]!
      if (byte === DOT && point < 0 && digits > 0) point = digits
      else {
        const digit = byte - 0x30
        if (digit < 0 || digit > 9 || ++digits > MOST_DIGITS) return false
        value = value * 10 + digit
      }
    }
    if (digits === 0 || point === digits) return false
    if (point >= 0) value /= POWERS[digits - point]!
    if (value === 0 && isImplicit) return true
    this.#tag(direct)
    const sink = this.#sink
    sink.reserve(8)
    sink.data.setFloat64(sink.length, isBelow ? -value : value, true)
    sink.length += 8
    return true
  }
}

/** The record is left to `ProtoWriter`. */
function fails(): never {
  throw other
}

function includes(bytes: Uint8Array, byte: number, start: number, end: number): boolean {
  for (let p = start; p < end; p++) if (bytes[p] === byte) return true
  return false
}

const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
