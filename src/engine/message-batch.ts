/**
 * Messages packed into a few arrays, as they are between being read and being rewritten. An object for each of them,
 * and a view of each value and key, would live just long enough to be collected at the highest price.
 */
import { ByteSink } from '../record/byte-sink.ts'
import { PADDING } from '../record/codec.ts'
import { FRAME_BYTES, MAGIC, schemaIdAt } from '../record/wire-form.ts'
import type { Message, MessageHeader } from './message.ts'

const BRACE = 0x7b
const LF = 0x0a
/** In the place of a start: there is nothing, which is not the same as no bytes. */
const NONE = -1
const FIRST_ROOM = 256

/** Whether a value stands where kernels look for it: it begins like an object, and is one line. */
const isLine = (value: Uint8Array): boolean =>
  value[0] === BRACE && !Buffer.prototype.includes.call(value, LF)

/** Packed messages as they may be posted to a thread. */
export interface PackedMessages {
  readonly length: number
  /** Only the bytes before `linesEnd`; behind them is room. */
  readonly lines: Uint8Array<ArrayBuffer>
  readonly lineCount: number
  readonly linesEnd: number
  readonly others: Uint8Array<ArrayBuffer>
  readonly keys: Uint8Array<ArrayBuffer>
  readonly isLine: Uint8Array<ArrayBuffer>
  readonly valueStarts: Int32Array<ArrayBuffer>
  readonly valueEnds: Int32Array<ArrayBuffer>
  readonly keyStarts: Int32Array<ArrayBuffer>
  readonly keyEnds: Int32Array<ArrayBuffer>
  readonly timestamps: Float64Array<ArrayBuffer>
  readonly headers: ReadonlyMap<number, readonly MessageHeader[]>
}

const frameIn = (bytes: Uint8Array, start: number, end: number): number =>
  end - start >= FRAME_BYTES && bytes[start] === MAGIC ? schemaIdAt(bytes, start) : -1

export class MessageBatch implements Iterable<Message> {
  #length = 0
  /** Values of one line, each ended by a line break, in order; behind `linesEnd` the engine may write. */
  readonly lines: ByteSink = new ByteSink(0)
  /** How many of them there are, and where they end. */
  lineCount = 0
  linesEnd = 0
  /** The other values, each ended by a line break, and where they end; behind that the engine may write. */
  readonly #others: ByteSink = new ByteSink(0)
  #othersEnd = 0
  readonly #keys: ByteSink = new ByteSink(0)
  #isLine: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_ROOM)
  #valueStarts: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROOM)
  #valueEnds: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROOM)
  #keyStarts: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROOM)
  #keyEnds: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROOM)
  #timestamps: Float64Array<ArrayBuffer> = new Float64Array(FIRST_ROOM)
  /** Most messages have none. */
  #headers: Map<number, readonly MessageHeader[]> = new Map()

  /** `bytes`: how much is expected, keys included; `memory`: where it may be put, whatever stands there. */
  constructor(bytes: number = 0, memory?: ArrayBuffer) {
    this.lines.open(memory, bytes)
  }

  static from(parts: PackedMessages): MessageBatch {
    const packed = new MessageBatch()
    packed.#length = parts.length
    packed.lines.adopt(parts.lines, parts.linesEnd)
    packed.lineCount = parts.lineCount
    packed.linesEnd = parts.linesEnd
    packed.#others.adopt(parts.others, parts.others.length)
    packed.#othersEnd = parts.others.length
    packed.#keys.adopt(parts.keys, parts.keys.length)
    packed.#isLine = parts.isLine
    packed.#valueStarts = parts.valueStarts
    packed.#valueEnds = parts.valueEnds
    packed.#keyStarts = parts.keyStarts
    packed.#keyEnds = parts.keyEnds
    packed.#timestamps = parts.timestamps
    packed.#headers = new Map(parts.headers)
    return packed
  }

  /** What it is made of; the memory of all parts is its own. */
  parts(): PackedMessages {
    return {
      length: this.#length,
      lines: this.lines.bytes,
      lineCount: this.lineCount,
      linesEnd: this.linesEnd,
      others: this.#others.bytes.subarray(0, this.#othersEnd),
      keys: this.#keys.bytes.subarray(0, this.#keys.length),
      isLine: this.#isLine,
      valueStarts: this.#valueStarts,
      valueEnds: this.#valueEnds,
      keyStarts: this.#keyStarts,
      keyEnds: this.#keyEnds,
      timestamps: this.#timestamps,
      headers: this.#headers,
    }
  }

  /** The memory of `lines` was handed to another thread, and comes back. */
  takeBack(lines: Uint8Array<ArrayBuffer>): void {
    this.lines.adopt(lines, this.linesEnd)
  }

  static of(messages: Iterable<Message>): MessageBatch {
    const packed = new MessageBatch()
    for (const message of messages) packed.add(message)
    return packed
  }

  get length(): number {
    return this.#length
  }

  /** Copies a message, whose bytes may be anything's afterwards. */
  add({ key, value, headers, timestamp }: Message): void {
    const index = this.#length
    if (index === this.#isLine.length) this.#grow(index * 2)
    this.#length++
    this.#timestamps[index] = timestamp
    if (headers !== undefined && headers.length > 0)
      this.#headers.set(
        index,
        headers.map(({ name, value }) => ({ name, value: new Uint8Array(value) })),
      )
    this.#keyStarts[index] = NONE
    if (key !== null) {
      this.#keyStarts[index] = this.#keys.length
      this.#keys.copy(key, 0, key.length)
      this.#keyEnds[index] = this.#keys.length
    }
    this.#valueStarts[index] = NONE
    if (value === null) return
    const line = isLine(value)
    const sink = line ? this.lines : this.#others
    sink.length = line ? this.linesEnd : this.#othersEnd
    this.#isLine[index] = line ? 1 : 0
    this.#valueStarts[index] = sink.length
    sink.append(value)
    this.#valueEnds[index] = sink.length
    sink.byte(LF)
    if (line) {
      this.lineCount++
      this.linesEnd = sink.length
    } else this.#othersEnd = sink.length
  }

  #grow(room: number): void {
    const larger = <T extends Uint8Array | Int32Array | Float64Array>(made: T, from: T): T => {
      made.set(from)
      return made
    }
    this.#isLine = larger(new Uint8Array(room), this.#isLine)
    this.#valueStarts = larger(new Int32Array(room), this.#valueStarts)
    this.#valueEnds = larger(new Int32Array(room), this.#valueEnds)
    this.#keyStarts = larger(new Int32Array(room), this.#keyStarts)
    this.#keyEnds = larger(new Int32Array(room), this.#keyEnds)
    this.#timestamps = larger(new Float64Array(room), this.#timestamps)
  }

  /** Whether the value is one of `lines`. */
  isLine(index: number): boolean {
    return this.#isLine[index] === 1
  }

  isTombstone(index: number): boolean {
    return this.#valueStarts[index] === NONE
  }

  /** The id of the schema in the frame of the value; -1 where it has none. */
  valueFrame(index: number): number {
    if (this.isTombstone(index) || this.isLine(index)) return -1
    return frameIn(this.#others.bytes, this.#valueStarts[index]!, this.#valueEnds[index]!)
  }

  /** The same of the key. */
  keyFrame(index: number): number {
    return this.hasKey(index) ? frameIn(this.keys, this.keyStart(index), this.keyEnd(index)) : -1
  }

  /** Bytes of the value; 0 for a tombstone. */
  valueLength(index: number): number {
    return this.isTombstone(index) ? 0 : this.#valueEnds[index]! - this.#valueStarts[index]!
  }

  value(index: number): Uint8Array | null {
    if (this.isTombstone(index)) return null
    const { bytes } = this.isLine(index) ? this.lines : this.#others
    const start = this.#valueStarts[index]!
    // Not `subarray`: where the memory is another's by now, that would give an empty value.
    return new Uint8Array(bytes.buffer, bytes.byteOffset + start, this.#valueEnds[index]! - start)
  }

  /**
   * The values of these messages, none of which is one of `lines`, behind those of `chunk`, each ended by a line break; what stands
   * behind them may be written. `chunk`: undefined where there are no lines. `starts`: takes where each of them begins.
   */
  withOthers(indexes: readonly number[], chunk: ByteSink | undefined, starts: Int32Array): ByteSink {
    const [valueStarts, valueEnds] = [this.#valueStarts, this.#valueEnds]
    const [others, length] = [this.#others, this.#othersEnd]
    let total = 0
    for (const index of indexes) total += valueEnds[index]! - valueStarts[index]! + 1
    // Usually they are all that there are, and stand as they have to.
    const areAll = total === length
    const isAlone = areAll && chunk === undefined
    const to = isAlone ? others : (chunk ?? new ByteSink(total + PADDING))
    if (isAlone) to.length = length
    const base = isAlone ? 0 : to.length
    to.reserve(isAlone ? PADDING : total + PADDING)
    if (areAll && !isAlone) to.append(others.bytes.subarray(0, length))
    for (let at = 0; at < indexes.length; at++) {
      const start = valueStarts[indexes[at]!]!
      starts[at] = areAll ? base + start : to.length
      if (!areAll) to.copy(others.bytes, start, valueEnds[indexes[at]!]! + 1)
    }
    return to
  }

  key(index: number): Uint8Array | null {
    return this.hasKey(index) ? this.keys.subarray(this.keyStart(index), this.keyEnd(index)) : null
  }

  hasKey(index: number): boolean {
    return this.#keyStarts[index] !== NONE
  }

  /** Where the keys stand, from `keyStart` to before `keyEnd` each. */
  get keys(): Uint8Array {
    return this.#keys.bytes
  }

  keyStart(index: number): number {
    return this.#keyStarts[index]!
  }

  keyEnd(index: number): number {
    return this.#keyEnds[index]!
  }

  headers(index: number): readonly MessageHeader[] | undefined {
    return this.#headers.get(index)
  }

  timestamp(index: number): number {
    return this.#timestamps[index]!
  }

  at(index: number): Message | undefined {
    if (index < 0 || index >= this.length) return undefined
    return {
      key: this.key(index),
      value: this.value(index),
      headers: this.headers(index),
      timestamp: this.timestamp(index),
    }
  }

  *[Symbol.iterator](): Generator<Message> {
    for (let index = 0; index < this.length; index++) yield this.at(index)!
  }
}
