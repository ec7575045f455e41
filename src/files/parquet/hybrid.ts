/** Numbers of a page that are packed in bits: levels, indexes of dictionaries, deltas (Encodings.md of the format). */
import { damaged } from './parquet-limits.ts'

/** A place in the bytes of a page. */
export interface PagePlace {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
}

/** A number of up to 32 bits in base 128. */
export function readCount(place: PagePlace): number {
  let count = 0
  for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
    if (place.at >= place.end) throw damaged('a page is cut short')
    const byte = place.bytes[place.at++]!
    count += (byte & 0x7f) * scale
    if (byte < 0x80) return count
  }
  throw damaged('a length in a page is too large')
}

/** A number of up to 64 bits, zigzag, in base 128. */
export function readLong(place: PagePlace): bigint {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (place.at >= place.end) throw damaged('a page is cut short')
    const byte = place.bytes[place.at++]!
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
  }
  throw damaged('a number in a page is too long')
}

/** Fills `out` from runs and packed numbers of `width` bits, at most 32. */
export function readHybrid(place: PagePlace, width: number, out: Uint8Array | Int32Array): void {
  if (width > 32) throw damaged('numbers of a page have more than 32 bits')
  if (width === 0) {
    out.fill(0)
    return
  }
  const { bytes, end } = place
  let seen = 0
  while (seen < out.length) {
    const head = readCount(place)
    if ((head & 1) === 0) {
      const count = Math.min(Math.floor(head / 2), out.length - seen)
      if (count === 0) throw damaged('a page has a run of nothing')
      const length = (width + 7) >> 3
      if (place.at + length > end) throw damaged('a page is cut short')
      let value = 0
      for (let i = 0; i < length; i++) value |= bytes[place.at++]! << (8 * i)
      out.fill(value, seen, seen + count)
      seen += count
      continue
    }
    const groups = Math.floor(head / 2)
    const count = Math.min(groups * 8, out.length - seen)
    if (count === 0) throw damaged('a page has a run of nothing')
    // What stands behind the last value need not be there.
    if (place.at + Math.ceil((count * width) / 8) > end) throw damaged('a page is cut short')
    unpack(bytes, place.at, width, out, seen, count)
    place.at = Math.min(end, place.at + groups * width)
    seen += count
  }
}

function unpack(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Uint8Array | Int32Array,
  from: number,
  count: number,
): void {
  if (width > 24) {
    unpackWide(bytes, at, width, out, from, count)
    return
  }
  const mask = (1 << width) - 1
  let data = 0
  let bits = 0
  for (let i = from; i < from + count; i++) {
    while (bits < width) {
      data |= bytes[at++]! << bits
      bits += 8
    }
    out[i] = data & mask
    data >>>= width
    bits -= width
  }
}

function unpackWide(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Uint8Array | Int32Array,
  from: number,
  count: number,
): void {
  let bit = at * 8
  for (let i = from; i < from + count; i++) {
    let value = 0
    for (let b = 0; b < width; b++, bit++) value |= ((bytes[bit >> 3]! >> (bit & 7)) & 1) << b
    out[i] = value
  }
}

/** Deltas, packed in blocks: fills `out` with what they add up to, and goes behind them. */
export function readDeltas(place: PagePlace, out: Int32Array | BigInt64Array): void {
  const blockSize = readCount(place)
  const miniblocks = readCount(place)
  const total = readCount(place)
  const perMiniblock = blockSize / miniblocks
  if (blockSize > 1 << 20 || !Number.isInteger(perMiniblock) || perMiniblock % 8 !== 0 || perMiniblock === 0)
    throw damaged('a page has deltas in blocks of a wrong size')
  if (total !== out.length) throw damaged('a page has another number of values than it says')
  let value = readLong(place)
  let seen = 0
  const put =
    out instanceof Int32Array
      ? () => {
          out[seen++] = Number(BigInt.asIntN(32, value))
        }
      : () => {
          out[seen++] = value
        }
  if (total > 0) put()
  while (seen < total) {
    const least = readLong(place)
    const widths = place.at
    place.at += miniblocks
    if (place.at > place.end) throw damaged('a page is cut short')
    for (let mini = 0; mini < miniblocks && seen < total; mini++) {
      const width = place.bytes[widths + mini]!
      if (width > 64) throw damaged('deltas of a page have more than 64 bits')
      const from = place.at * 8
      place.at += (perMiniblock * width) / 8
      if (place.at > place.end) throw damaged('a page is cut short')
      for (let i = 0; i < perMiniblock && seen < total; i++) {
        value = BigInt.asIntN(64, value + least + bitsAt(place.bytes, from + i * width, width))
        put()
      }
    }
  }
}

function bitsAt(bytes: Uint8Array, bit: number, width: number): bigint {
  if (width === 0) return 0n
  if (width <= 24) {
    const at = bit >> 3
    const data =
      bytes[at]! | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
    return BigInt((data >>> (bit & 7)) & ((1 << width) - 1))
  }
  let value = 0n
  for (let b = 0; b < width; b++)
    if ((bytes[(bit + b) >> 3]! >> ((bit + b) & 7)) & 1) value |= 1n << BigInt(b)
  return value
}
