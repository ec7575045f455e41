/** Record batches, magic 2, as they are sent. Sizes are known before anything is written, so that sends can be split. */
import type { OutputRecord } from '../../record.ts'
import { COMPRESSIONS, type Compression, compress } from './codecs.ts'
import { crc32c } from './crc32c.ts'

/** What stands before the records of a batch. */
export const BATCH_OVERHEAD = 61

export interface ProducerState {
  readonly producerId: number
  readonly epoch: number
  /** Of the first record. */
  readonly sequence: number
}

/** Zigzag, which puts the sign last; exact up to 53 bits. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)

function varintSize(value: number): number {
  let size = 1
  for (let rest = zigzag(value); rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

const pieceSize = (length: number): number => varintSize(length) + length
const bytesSize = (bytes: Uint8Array | null): number => (bytes === null ? 1 : pieceSize(bytes.length))

function bodySize({ key, value, headers }: OutputRecord, offsetDelta: number, timeDelta: number): number {
  let size = 1 + varintSize(timeDelta) + varintSize(offsetDelta) + bytesSize(key) + bytesSize(value)
  size += varintSize(headers.length)
  for (const header of headers)
    for (const name in header)
      size += pieceSize(Buffer.byteLength(name)) + pieceSize(Buffer.byteLength(header[name]!))
  return size
}

/** Times and places in a batch take 10 and 5 bytes at most. */
const MOST_DELTAS = 13

/** What a record adds to a batch at most, uncompressed. */
export function mostBytes(record: OutputRecord): number {
  return pieceSize(bodySize(record, 0, 0) + MOST_DELTAS)
}

class Writer {
  readonly bytes: Buffer
  at: number
  constructor(size: number, from: number) {
    this.bytes = Buffer.allocUnsafe(size)
    this.at = from
  }
  varint(value: number): void {
    let rest = zigzag(value)
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[this.at++] = (rest % 128) | 128
    this.bytes[this.at++] = rest
  }
  piece(piece: Uint8Array | null): void {
    this.varint(piece === null ? -1 : piece.length)
    if (piece === null) return
    this.bytes.set(piece, this.at)
    this.at += piece.length
  }
  text(text: string): void {
    this.varint(Buffer.byteLength(text))
    this.at += this.bytes.write(text, this.at)
  }
}

/** One batch of these records, in their order. `now`: for those that have no time. */
export async function writeBatch(
  records: readonly OutputRecord[],
  compression: Compression,
  now: number,
): Promise<Buffer> {
  const times = records.map(({ timestamp }) => timestamp ?? now)
  const first = times[0]!
  const sizes = records.map((record, i) => bodySize(record, i, times[i]! - first))
  const total = sizes.reduce((sum, size) => sum + pieceSize(size), BATCH_OVERHEAD)
  const writer = new Writer(total, BATCH_OVERHEAD)
  for (const [i, { key, value, headers }] of records.entries()) {
    writer.varint(sizes[i]!)
    writer.bytes[writer.at++] = 0
    writer.varint(times[i]! - first)
    writer.varint(i)
    writer.piece(key)
    writer.piece(value)
    writer.varint(headers.length)
    for (const header of headers)
      for (const name in header) {
        writer.text(name)
        writer.text(header[name]!)
      }
  }
  const plain = writer.bytes
  const bytes =
    compression === 'none'
      ? plain
      : Buffer.concat([
          plain.subarray(0, BATCH_OVERHEAD),
          await compress(compression, plain.subarray(BATCH_OVERHEAD)),
        ])
  bytes.fill(0, 0, BATCH_OVERHEAD)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt32BE(-1, 12)
  bytes[16] = 2
  bytes.writeInt16BE(COMPRESSIONS.indexOf(compression), 21)
  bytes.writeInt32BE(records.length - 1, 23)
  bytes.writeBigInt64BE(BigInt(first), 27)
  bytes.writeBigInt64BE(BigInt(times.reduce((most, time) => Math.max(most, time), first)), 35)
  bytes.writeInt32BE(records.length, 57)
  return bytes
}

/** Puts in who sends the batch, and the checksum. May be done again for another sender. */
export function stamp(batch: Buffer, { producerId, epoch, sequence }: ProducerState): void {
  batch.writeBigInt64BE(BigInt(producerId), 43)
  batch.writeInt16BE(epoch, 51)
  batch.writeInt32BE(sequence, 53)
  batch.writeUInt32BE(crc32c(batch, 21), 17)
}
