/**
 * Change events of files: each on its line as it is, or in the `payload` that stands beside its schema, as the JSON converter of
 * Kafka Connect writes it. A line that is null is what a file has for a tombstone.
 */
import type { Block } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import type { Codec, ScanCounts } from '../codec.ts'
import type { Format } from '../format.ts'
import type { Open } from '../wire-form.ts'
import { payloadOpening } from './payload-opening.ts'

const LF = 0x0a
const BRACE = 0x7b
const SPACE = 0x20
const FIRST_NAMES: readonly Uint8Array[] = ['"schema"', '"payload"'].map((name) => Buffer.from(name))
const NULL = Buffer.from('null')

const isSpace = (byte: number | undefined): boolean => byte === SPACE || byte === 0x09 || byte === 0x0d

/** Around another codec of JSON, which reads and writes the events. */
export class EventLines implements Codec {
  readonly format: Format
  readonly #inner: Codec
  readonly #maxRecordBytes: number
  readonly #tombstone: string
  readonly #payload: Open = payloadOpening()
  #block!: Block
  #bytes: Uint8Array = new Uint8Array(0)

  /** `tombstone`: the reason that records which are null are suppressed for. */
  constructor(inner: Codec, maxRecordBytes: number, tombstone: string) {
    this.format = inner.format
    this.#inner = inner
    this.#maxRecordBytes = maxRecordBytes
    this.#tombstone = tombstone
  }

  get next(): number {
    return this.#inner.next
  }

  get line(): number {
    return this.#inner.line
  }

  open(block: Block, bytes: Uint8Array, length: number, utf8: boolean): void {
    this.#block = block
    this.#bytes = this.#bared(bytes, length)
    if (this.#bytes !== bytes) block.open(this.#bytes, block.ascii)
    this.#inner.open(block, this.#bytes, length, utf8)
  }

  /**
   * The chunk with blanks in place of what stands around payloads, so that all else stays where it is; the chunk itself where it
   * has none. A line that is no such object, or cannot be read, stays: the codec says what is wrong with it.
   */
  #bared(bytes: Uint8Array, length: number): Uint8Array {
    let bared = bytes
    for (let start = 0; start < length; ) {
      const found = bytes.indexOf(LF, start)
      const end = found < 0 ? length : Math.min(found, length)
      const payload = this.#payloadIn(bytes, start, end)
      if (payload !== undefined) {
        if (bared === bytes) bared = bytes.slice()
        bared.fill(SPACE, start, payload.from)
        bared.fill(SPACE, payload.to, end)
      }
      start = end + 1
    }
    return bared
  }

  /** Where the payload of a line stands, if there is one beside its schema. One that is null is left where it is: it is no record. */
  #payloadIn(
    bytes: Uint8Array,
    start: number,
    end: number,
  ): { readonly from: number; readonly to: number } | undefined {
    if (end - start > this.#maxRecordBytes || !beginsWrapped(bytes, start, end)) return undefined
    const payload = this.#payload(bytes.subarray(start, end))
    if (typeof payload === 'string' || payload[0] === NULL[0]) return undefined
    const from = payload.byteOffset - bytes.byteOffset
    return { from, to: from + payload.length }
  }

  scan(): void {
    const record = this.#block.recordCount
    const start = this.next
    this.#inner.scan()
    if (this.#block.recordCount === record + 1) this.#lookForNull(record, start, this.next)
  }

  scanSpan(start: number, end: number, line: number): void {
    const record = this.#block.recordCount
    const { from, to } = this.#payloadIn(this.#bytes, start, end) ?? { from: start, to: end }
    this.#inner.scanSpan(from, to, line)
    this.#lookForNull(record, start, end)
  }

  /** Suppresses the record `[start, end)` where it is null. */
  #lookForNull(record: number, start: number, end: number): void {
    if (this.#block.recordCode[record] !== 'not-an-object') return
    const bytes = this.#bytes
    let from = start
    let to = end
    while (from < to && isSpace(bytes[from])) from++
    while (to > from && (isSpace(bytes[to - 1]) || bytes[to - 1] === LF)) to--
    if (NULL.equals(bytes.subarray(from, to))) this.#block.deny(record, this.#tombstone)
  }

  takeCounts(): ScanCounts {
    return this.#inner.takeCounts()
  }

  write(passing: Int32Array, count: number, sink: ByteSink, ends?: Int32Array): void {
    this.#inner.write(passing, count, sink, ends)
  }

  nextBlock(): void {
    this.#inner.nextBlock()
  }
}

/** Whether a line is an object whose first member is one of the two, written as converters write it. */
function beginsWrapped(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end && isSpace(bytes[at])) at++
  if (bytes[at] !== BRACE) return false
  at++
  while (at < end && isSpace(bytes[at])) at++
  return FIRST_NAMES.some((name) => name.every((byte, i) => bytes[at + i] === byte))
}
