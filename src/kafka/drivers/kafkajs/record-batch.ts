/**
 * Kafka's record batches, magic 2, as a fetch brings them. kafkajs has a decoder; this one keeps what that one loses:
 * batches that compaction left empty (a reader would stand still before them), the order of headers, an unknown
 * codec (taken for no compression there), the checksum, and whatever is too much for one call's arguments.
 */
import type { Header, InputRecord } from '../../record.ts'
import { decompress } from './codecs.ts'
import { crc32c } from './crc32c.ts'

export class BatchError extends Error {
  readonly code: 'batch-corrupt' | 'batch-format-old'
  constructor(code: BatchError['code']) {
    super(code)
    this.code = code
  }
}

const corrupt = (): BatchError => new BatchError('batch-corrupt')

export interface Batch {
  readonly baseOffset: number
  /** Of the last record, also where compaction took it. */
  readonly lastOffset: number
  readonly codec: number
  readonly transactional: boolean
  readonly control: boolean
  readonly producerId: number
  readonly baseTimestamp: number
  /** The time of appending, which then holds for every record; undefined: each has its own. */
  readonly appended: number | undefined
  readonly count: number
  /** The records, perhaps compressed. */
  readonly body: Buffer
}

/** Offset and length stand before what the length counts. */
const PREFIX = 12
const HEADER = 61
const CRC_FROM = 21

/** Exact below 2^53, as every offset and time is. */
const readInt64 = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)

/**
 * The whole batches of a fetch; a last one that is cut off is left out, as it comes again.
 * @throws BatchError
 */
export function* readBatches(set: Buffer): Generator<Batch> {
  let at = 0
  while (at + HEADER <= set.length) {
    const size = PREFIX + set.readInt32BE(at + 8)
    if (set[at + 16]! < 2) throw new BatchError('batch-format-old')
    if (set[at + 16] !== 2 || size < HEADER) throw corrupt()
    if (at + size > set.length) return
    const bytes = set.subarray(at, at + size)
    if (crc32c(bytes, CRC_FROM) !== bytes.readUInt32BE(17)) throw corrupt()
    const attributes = bytes.readInt16BE(21)
    const baseOffset = readInt64(bytes, 0)
    yield {
      baseOffset,
      lastOffset: baseOffset + bytes.readInt32BE(23),
      codec: attributes & 7,
      transactional: (attributes & 16) !== 0,
      control: (attributes & 32) !== 0,
      producerId: readInt64(bytes, 43),
      baseTimestamp: readInt64(bytes, 27),
      appended: attributes & 8 ? readInt64(bytes, 35) : undefined,
      count: bytes.readInt32BE(57),
      body: bytes.subarray(HEADER),
    }
    at += size
  }
}

/** Reads varints from a batch's records; whatever runs over the end is corrupt. */
class Cursor {
  readonly bytes: Buffer
  at = 0
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
  /** Zigzag, as a double: exact up to 53 bits. */
  varint(): number {
    let value = 0
    for (let factor = 1, read = 0; read < 10; read++, factor *= 128) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) throw corrupt()
      value += (byte & 127) * factor
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw corrupt()
  }
  /** A length and so many bytes; null where the length is -1. */
  piece(): Buffer | null {
    const length = this.varint()
    if (length === -1) return null
    const end = this.at + length
    if (length < 0 || end > this.bytes.length) throw corrupt()
    const piece = this.bytes.subarray(this.at, end)
    this.at = end
    return piece
  }
}

function readHeaders(cursor: Cursor): readonly Header[] | undefined {
  const count = cursor.varint()
  if (count === 0) return undefined
  if (count < 0) throw corrupt()
  const headers: Header[] = []
  for (let i = 0; i < count; i++) {
    const name = cursor.piece()
    if (name === null) throw corrupt()
    headers.push({ name: name.toString(), value: cursor.piece() ?? Buffer.alloc(0) })
  }
  return headers
}

/**
 * Decompresses a batch, and gives its records one by one.
 * @throws CompressionError; BatchError here, or while the records are read
 */
export async function openBatch(
  batch: Batch,
  topic: string,
  partition: number,
): Promise<Iterator<InputRecord>> {
  const body = batch.codec === 0 ? batch.body : await decompress(batch.codec, batch.body)
  return readRecords(batch, body, topic, partition)
}

function* readRecords(batch: Batch, body: Buffer, topic: string, partition: number): Generator<InputRecord> {
  const cursor = new Cursor(body)
  for (let i = 0; i < batch.count; i++) {
    const length = cursor.varint()
    const end = cursor.at + length
    // The attributes of a record, of which there are none.
    cursor.at++
    const timestamp = cursor.varint() + batch.baseTimestamp
    const offset = batch.baseOffset + cursor.varint()
    const key = cursor.piece()
    const value = cursor.piece()
    const headers = readHeaders(cursor)
    if (cursor.at !== end) throw corrupt()
    yield { topic, partition, offset, key, value, headers, timestamp: batch.appended ?? timestamp }
  }
}

/** Whether a control batch says that its producer's transaction was aborted. */
export function isAbortMarker(batch: Batch): boolean {
  if (!batch.control || batch.count === 0) return false
  const cursor = new Cursor(batch.body)
  cursor.varint()
  cursor.at++
  cursor.varint()
  cursor.varint()
  const key = cursor.piece()
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0
}
