/**
 * Change events of files: each on its line as it is, or in the `payload` that stands beside its schema, as the JSON converter of
 * Kafka Connect writes it. A line that is null is what a file has for a tombstone.
 */
import type { Block } from '../block.ts'
import type { Codec } from '../codec.ts'
import { codecAround } from '../codec-around.ts'
import type { Open } from '../wire-form.ts'
import { payloadOpening } from './payload-opening.ts'

const LF = 0x0a
const BRACE = 0x7b
const SPACE = 0x20
const FIRST_NAMES: readonly Uint8Array[] = ['"schema"', '"payload"'].map((name) => Buffer.from(name))
const NULL = Buffer.from('null')

const isSpace = (byte: number | undefined): boolean => byte === SPACE || byte === 0x09 || byte === 0x0d

/** Around another codec of JSON, which reads and writes the events. `tombstone`: the reason that records which are null are suppressed for. */
export function eventLines(inner: Codec, maxRecordBytes: number, tombstone: string): Codec {
  const payloads = new Payloads(maxRecordBytes)
  let block!: Block
  let bytes: Uint8Array = new Uint8Array(0)

  /** Suppresses the record `[start, end)` where it is null. */
  const lookForNull = (record: number, start: number, end: number): void => {
    if (block.recordCode[record] !== 'not-an-object') return
    let from = start
    let to = end
    while (from < to && isSpace(bytes[from])) from++
    while (to > from && (isSpace(bytes[to - 1]) || bytes[to - 1] === LF)) to--
    if (NULL.equals(bytes.subarray(from, to))) block.deny(record, tombstone)
  }

  return codecAround(inner, {
    open(opened, given, length, utf8) {
      block = opened
      bytes = payloads.bared(given, length)
      if (bytes !== given) block.open(bytes, block.ascii)
      inner.open(block, bytes, length, utf8)
    },
    scan() {
      const record = block.recordCount
      const start = inner.next
      inner.scan()
      if (block.recordCount === record + 1) lookForNull(record, start, inner.next)
    },
    scanSpan(start, end, line) {
      const record = block.recordCount
      const { from, to } = payloads.in(bytes, start, end) ?? { from: start, to: end }
      inner.scanSpan(from, to, line)
      lookForNull(record, start, end)
    },
  })
}

class Payloads {
  readonly #maxRecordBytes: number
  readonly #payload: Open = payloadOpening()

  constructor(maxRecordBytes: number) {
    this.#maxRecordBytes = maxRecordBytes
  }

  /**
   * The chunk with blanks in place of what stands around payloads, so that all else stays where it is; the chunk itself where it
   * has none. A line that is no such object, or cannot be read, stays: the codec says what is wrong with it.
   */
  bared(bytes: Uint8Array, length: number): Uint8Array {
    let bared = bytes
    for (let start = 0; start < length; ) {
      const found = bytes.indexOf(LF, start)
      const end = found < 0 ? length : Math.min(found, length)
      const payload = this.in(bytes, start, end)
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
  in(
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
