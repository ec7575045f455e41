/**
 * A note at the end of a file of gzip: one more member (RFC 1952, 2.2), which is empty and holds the note in its extra field (2.3.1.1). What
 * unpacks the file skips it; what unpacks the first member alone misses nothing.
 */
import type { Seekable } from '../files/seekable.ts'

/** ID1 ID2, deflate, FEXTRA, no time, no flags, unknown system. */
const HEAD = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255])
/** An empty final block (RFC 1951), the CRC-32 and the length of nothing. */
const EMPTY = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0])
/** The subfield's name, its length; behind the text its length again, to be found from the end. */
const NAME = 'LE'
const LENGTH_BYTES = 2
const AROUND = HEAD.length + LENGTH_BYTES + NAME.length + LENGTH_BYTES + LENGTH_BYTES + EMPTY.length
const MOST_TEXT_BYTES = 0xffff - NAME.length - LENGTH_BYTES * 2

const short = (value: number): Buffer => {
  const bytes = Buffer.alloc(LENGTH_BYTES)
  bytes.writeUInt16LE(value)
  return bytes
}

/** The member, to be written behind all others. */
export function noteMember(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length > MOST_TEXT_BYTES) throw new Error('a note is too long')
  const data = Buffer.concat([bytes, short(bytes.length)])
  const field = Buffer.concat([Buffer.from(NAME), short(data.length), data])
  return Buffer.concat([HEAD, short(field.length), field, EMPTY])
}

/** The text of the note at the end of a file; undefined where there is none. Throws what reading throws. */
export function readNoteMember(bytes: Seekable): string | undefined {
  const { size } = bytes
  const end = at(bytes, size - LENGTH_BYTES - EMPTY.length, LENGTH_BYTES + EMPTY.length)
  if (end === undefined || !end.subarray(LENGTH_BYTES).equals(EMPTY)) return undefined
  const length = end.readUInt16LE()
  const member = at(bytes, size - AROUND - length, AROUND + length)
  if (member === undefined) return undefined
  const from = AROUND - LENGTH_BYTES - EMPTY.length
  const text = member.toString('utf8', from, from + length)
  return length <= MOST_TEXT_BYTES && noteMember(text).equals(member) ? text : undefined
}

function at(bytes: Seekable, position: number, length: number): Buffer | undefined {
  if (position < 0) return undefined
  const read = bytes.at(position, length)
  return read.length === length ? Buffer.from(read.buffer, read.byteOffset, length) : undefined
}
