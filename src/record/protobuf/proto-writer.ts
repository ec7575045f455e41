/**
 * Writes messages of Protobuf out of the JSON that the same records leave as, by the types of the output: what JSON has no member
 * for is not there. The JSON is written here: its syntax is not looked at again.
 */
import type { RecordCode } from '../../errors.ts'
import type { ByteSink } from '../byte-sink.ts'
import { Leaf, Wire } from './proto-leaf.ts'
import type { OutField, OutMessage, OutType } from './proto-output.ts'
import { LIST_VALUE, type ProtoType, STRUCT } from './proto-type.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const NULL = 0x6e

/** No field can hold the value. */
export class Unwritable extends Error {}

/** A double of 8 bytes, a float of 4. */
const FLOATS = new DataView(new ArrayBuffer(8))

const INTEGERS: ReadonlyMap<
  number,
  readonly [bits: number, isSigned: boolean, form: 'varint' | 'zigzag' | 'fixed']
> = new Map([
  [Leaf.int32, [32, true, 'varint']],
  [Leaf.int64, [64, true, 'varint']],
  [Leaf.uint32, [32, false, 'varint']],
  [Leaf.uint64, [64, false, 'varint']],
  [Leaf.sint32, [32, true, 'zigzag']],
  [Leaf.sint64, [64, true, 'zigzag']],
  [Leaf.fixed32, [32, false, 'fixed']],
  [Leaf.fixed64, [64, false, 'fixed']],
  [Leaf.sfixed32, [32, true, 'fixed']],
  [Leaf.sfixed64, [64, true, 'fixed']],
])

const MADE: Readonly<Record<string, number>> = {
  string: Leaf.string,
  int64: Leaf.int64,
  double: Leaf.double,
  bool: Leaf.bool,
}

export class ProtoWriter {
  #json: Uint8Array = new Uint8Array(0)
  #at = 0
  /** Where it is written to. */
  sink!: ByteSink

  /** Writes the record `json[start..)`; gives why it cannot be written, and nothing is then. */
  write(json: Uint8Array, start: number, root: OutMessage, sink: ByteSink): RecordCode | undefined {
    this.#json = json
    this.#at = start
    this.sink = sink
    const began = sink.length
    try {
      this.#fields(root)
      return undefined
    } catch (error) {
      if (!(error instanceof Unwritable)) throw error
      sink.length = began
      return 'output-unwritable'
    }
  }

  // What is read

  #byte(): number {
    let byte = this.#json[this.#at]!
    // Kept subtrees of JSON may have spaces.
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = this.#json[++this.#at]!
    return byte
  }

  /** The text that begins here, decoded. */
  #string(): string {
    const start = ++this.#at
    let isPlain = true
    for (let byte = this.#json[this.#at]!; byte !== QUOTE; byte = this.#json[++this.#at]!)
      if (byte === BACKSLASH) {
        isPlain = false
        this.#at++
      }
    const text = this.#textOf(start, this.#at++)
    return isPlain ? text : (JSON.parse(`"${text}"`) as string)
  }

  #textOf(start: number, end: number): string {
    return Buffer.from(this.#json.buffer, this.#json.byteOffset + start, end - start).toString('utf8')
  }

  /** A number or word. */
  #word(): string {
    const start = this.#at
    for (;;) {
      const byte = this.#json[this.#at]!
      if (byte === 0x2c || byte === 0x5d || byte === 0x7d || byte <= 0x20) break
      this.#at++
    }
    return this.#textOf(start, this.#at)
  }

  /** Each member of the object that begins here. */
  #members(take: (name: string) => void): void {
    if (this.#byte() !== 0x7b) throw new Unwritable()
    this.#at++
    while (this.#byte() !== 0x7d) {
      const name = this.#string()
      this.#byte()
      this.#at++
      this.#byte()
      take(name)
      if (this.#byte() === 0x2c) this.#at++
    }
    this.#at++
  }

  #elements(take: () => void): void {
    if (this.#byte() !== 0x5b) throw new Unwritable()
    this.#at++
    while (this.#byte() !== 0x5d) {
      take()
      if (this.#byte() === 0x2c) this.#at++
    }
    this.#at++
  }

  #skip(): void {
    const byte = this.#byte()
    if (byte === QUOTE) this.#string()
    else if (byte === 0x7b) this.#members(() => this.#skip())
    else if (byte === 0x5b) this.#elements(() => this.#skip())
    else this.#word()
  }

  // What is written

  #varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value)
    for (; rest > 0x7fn; rest >>= 7n) this.sink.byte(Number(rest & 0x7fn) | 0x80)
    this.sink.byte(Number(rest))
  }

  #small(value: number): void {
    let rest = value
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.sink.byte((rest % 128) | 0x80)
    this.sink.byte(rest)
  }

  #tag(number: number, wire: number): void {
    this.#small(number * 8 + wire)
  }

  /** A field that has a length, which is known behind it. */
  #sized(number: number, write: () => void): void {
    const sink = this.sink
    this.#tag(number, Wire.bytes)
    const from = sink.length
    write()
    const to = sink.length
    this.#small(to - from)
    const room = sink.length - to
    const head = sink.bytes.slice(to, sink.length)
    sink.bytes.copyWithin(from + room, from, to)
    sink.bytes.set(head, from)
  }

  #fields(message: OutMessage): void {
    this.#members((name) => {
      const field = message.byName.get(name)
      // What no rule lets leave has no field.
      if (field === undefined || this.#json[this.#at] === NULL) this.#skip()
      else this.#field(field)
    })
  }

  #field(field: OutField): void {
    const { type, number, form, isImplicit } = field
    if (form === 'list')
      this.#elements(() => {
        if (this.#byte() === NULL) this.#skip()
        else this.#value(type, number, false)
      })
    else if (form === 'map') this.#entries(field)
    else this.#value(type, number, isImplicit)
  }

  #entries({ key, type, number }: OutField): void {
    this.#members((name) => {
      if (this.#json[this.#at] === NULL) {
        this.#skip()
        return
      }
      const before = this.sink.length
      let isThere = true
      this.#sized(number, () => {
        this.scalar(leafOf(key!), 1, name, false)
        const from = this.sink.length
        this.#value(type, 2, false)
        isThere = this.sink.length > from
      })
      // An entry without a value would have the default one.
      if (!isThere) this.sink.length = before
    })
  }

  #value(type: OutType, number: number, isImplicit: boolean): void {
    if (type.kind === 'message') {
      this.#sized(number, () => this.#fields(type.message))
      return
    }
    if (type.kind === 'own' && type.type.isJson) {
      this.#sized(number, () => this.#anyOf(type.type))
      return
    }
    const byte = this.#byte()
    if (byte === 0x7b || byte === 0x5b) throw new Unwritable()
    const text = byte === QUOTE ? this.#string() : this.#word()
    this.scalar(leafOf(type), number, text, isImplicit)
  }

  /**
   * One value of a leaf, given as its text. An empty text is nothing, but for texts and bytes.
   * @throws Unwritable
   */
  scalar(type: ProtoType | number, number: number, text: string, isImplicit: boolean): void {
    const leaf = typeof type === 'number' ? type : type.leaf
    const sink = this.sink
    if (isText(leaf)) {
      if (text === '' && isImplicit) return
      const bytes = leaf === Leaf.string ? Buffer.from(text) : base64(text)
      this.#tag(number, Wire.bytes)
      this.#small(bytes.length)
      sink.append(bytes)
      return
    }
    if (text === '' && (leaf !== Leaf.wrapper || !isText((type as ProtoType).wrapped!.leaf))) return
    const integer = INTEGERS.get(leaf)
    if (integer !== undefined) {
      const [bits, isSigned, form] = integer
      if (!/^-?\d{1,20}$/.test(text)) throw new Unwritable()
      const value = BigInt(text)
      if (value !== (isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)))
        throw new Unwritable()
      if (value === 0n && isImplicit) return
      if (form !== 'fixed') {
        this.#tag(number, Wire.varint)
        this.#varint(form === 'zigzag' ? (value << 1n) ^ (value >> 63n) : value)
        return
      }
      this.#tag(number, bits === 64 ? Wire.fixed64 : Wire.fixed32)
      const rest = BigInt.asUintN(64, value)
      for (let at = 0; at < bits; at += 8) sink.byte(Number((rest >> BigInt(at)) & 0xffn))
      return
    }
    switch (leaf) {
      case Leaf.double:
      case Leaf.float: {
        const value = isNumber(text) ? Number(text) : Number.NaN
        if (!Number.isFinite(leaf === Leaf.float ? Math.fround(value) : value)) throw new Unwritable()
        if (value === 0 && isImplicit) return
        const length = leaf === Leaf.double ? 8 : 4
        if (leaf === Leaf.double) FLOATS.setFloat64(0, value, true)
        else FLOATS.setFloat32(0, value, true)
        this.#tag(number, length === 8 ? Wire.fixed64 : Wire.fixed32)
        for (let at = 0; at < length; at++) sink.byte(FLOATS.getUint8(at))
        return
      }
      case Leaf.bool:
        if (text !== 'true' && text !== 'false') throw new Unwritable()
        if (text === 'false' && isImplicit) return
        this.#tag(number, Wire.varint)
        sink.byte(text === 'true' ? 1 : 0)
        return
      case Leaf.enum: {
        const value = symbolOf(type as ProtoType, text)
        if (value === 0 && isImplicit) return
        this.#tag(number, Wire.varint)
        this.#varint(BigInt(value))
        return
      }
      case Leaf.wrapper:
        this.#sized(number, () => this.scalar((type as ProtoType).wrapped!, 1, text, true))
        return
      case Leaf.timestamp:
      case Leaf.duration: {
        const [seconds, nanos] = leaf === Leaf.timestamp ? timestampOf(text) : durationOf(text)
        this.#sized(number, () => {
          if (seconds !== 0) {
            this.#tag(1, Wire.varint)
            this.#varint(BigInt(seconds))
          }
          if (nanos !== 0) {
            this.#tag(2, Wire.varint)
            this.#varint(BigInt(nanos))
          }
        })
        return
      }
      default:
        throw new Unwritable()
    }
  }

  /** What stands for JSON (google/protobuf/struct.proto). */
  #anyOf(type: ProtoType): void {
    if (type === STRUCT)
      this.#members((name) => {
        this.#sized(1, () => {
          this.scalar(Leaf.string, 1, name, false)
          this.#sized(2, () => this.#any())
        })
      })
    else if (type === LIST_VALUE) this.#elements(() => this.#sized(1, () => this.#any()))
    else this.#any()
  }

  #any(): void {
    const byte = this.#byte()
    if (byte === QUOTE) this.scalar(Leaf.string, 3, this.#string(), false)
    else if (byte === 0x7b) this.#sized(5, () => this.#anyOf(STRUCT))
    else if (byte === 0x5b) this.#sized(6, () => this.#anyOf(LIST_VALUE))
    else {
      const word = this.#word()
      if (word === 'null') {
        this.#tag(1, Wire.varint)
        this.sink.byte(0)
      } else if (word === 'true' || word === 'false') this.scalar(Leaf.bool, 4, word, false)
      else this.scalar(Leaf.double, 2, word, false)
    }
  }
}

export const leafOf = (type: OutType): ProtoType | number => {
  if (type.kind === 'own') return type.type
  if (type.kind === 'made') return MADE[type.made]!
  throw new Unwritable()
}

const isText = (leaf: number): boolean => leaf === Leaf.string || leaf === Leaf.bytes

const isNumber = (text: string): boolean => /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)

function base64(text: string): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Unwritable()
  return Buffer.from(text, 'base64')
}

function symbolOf({ symbols }: ProtoType, text: string): number {
  for (const [number, symbol] of symbols) if (Buffer.from(symbol).toString('latin1') === text) return number
  if (!/^-?\d{1,10}$/.test(text) || Number(text) !== (Number(text) | 0)) throw new Unwritable()
  return Number(text)
}

function nanosOf(digits: string | undefined): number {
  return Number((digits ?? '').padEnd(9, '0'))
}

function timestampOf(text: string): readonly [seconds: number, nanos: number] {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text)
  const ms = found === null ? Number.NaN : Date.parse(`${found[1]}Z`)
  if (Number.isNaN(ms)) throw new Unwritable()
  return [ms / 1000, nanosOf(found![2])]
}

function durationOf(text: string): readonly [seconds: number, nanos: number] {
  const found = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text)
  if (found === null) throw new Unwritable()
  const sign = found[1] === '-' ? -1 : 1
  return [sign * Number(found[2]) + 0, sign * nanosOf(found[3]) + 0]
}
