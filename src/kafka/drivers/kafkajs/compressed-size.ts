/**
 * What compressed bytes will take once decompressed, read from their headers, and for lz4 from their blocks where
 * need be. Bytes that make no sense give some number: the decompressor judges them.
 */

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER = XERIAL.length + 8

/** The raw blocks: one as librdkafka writes it, or many under the headers of Java's xerial stream. */
export function snappyParts(bytes: Buffer): readonly Buffer[] {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return [bytes]
  const parts: Buffer[] = []
  let at = XERIAL_HEADER
  while (at + 4 <= bytes.length) {
    // Streams may follow one another, each with a header.
    if (bytes.subarray(at, at + XERIAL.length).equals(XERIAL)) {
      at += XERIAL_HEADER
      continue
    }
    const length = bytes.readUInt32BE(at)
    at += 4
    // A part that is cut off is left to fail.
    parts.push(bytes.subarray(at, at + length))
    at += length
  }
  return parts
}

/** A raw block begins with its size. */
export function snappySize(block: Buffer): number {
  let size = 0
  for (let at = 0, factor = 1; at < block.length && at < 5; at++, factor *= 128) {
    size += (block[at]! & 0x7f) * factor
    if (block[at]! < 0x80) break
  }
  return size
}

const LZ4_MAGIC = 0x184d2204

/** Frames of lz4; counts no further than past `enough`. */
export function lz4FrameSize(bytes: Buffer, enough: number): number {
  let exact = false
  let size = 0
  const measure = (): void => {
    size = 0
    let at = 0
    while (at + 7 <= bytes.length && bytes.readUInt32LE(at) === LZ4_MAGIC && size <= enough) {
      const flags = bytes[at + 4]!
      const blockSize = 1 << (8 + 2 * ((bytes[at + 5]! >> 4) & 7))
      at += 7 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0)
      while (at + 4 <= bytes.length && size <= enough) {
        const word = bytes.readUInt32LE(at)
        at += 4
        if (word === 0) break
        const length = word & 0x7fffffff
        if (word >>> 31 === 1) size += length
        else if (exact) size += lz4BlockSize(bytes.subarray(at, at + length))
        else size += Math.min(blockSize, length * 255)
        at += length + (flags & 16 ? 4 : 0)
      }
      if (flags & 4) at += 4
    }
  }
  measure()
  if (size > enough) {
    // Blocks may be far from full: only now is it worth counting.
    exact = true
    measure()
  }
  return size
}

/** Adds up the literals and matches of one block. */
function lz4BlockSize(block: Buffer): number {
  let size = 0
  let at = 0
  const length = (nibble: number): number => {
    let sum = nibble
    if (nibble === 15) {
      let byte = 255
      while (byte === 255 && at < block.length) {
        byte = block[at++]!
        sum += byte
      }
    }
    return sum
  }
  while (at < block.length) {
    const token = block[at++]!
    const literals = length(token >> 4)
    size += literals
    at += literals + 2
    if (at <= block.length) size += length(token & 15) + 4
  }
  return size
}

const ZSTD_MAGIC = 0xfd2fb528

/** What the header of the first frame says; undefined where it does not, as Java's stream. */
export function zstdFrameSize(bytes: Buffer): number | undefined {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== ZSTD_MAGIC) return undefined
  const descriptor = bytes[4]!
  const single = (descriptor & 32) !== 0
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!
  if (sizeBytes === 0 || at + sizeBytes > bytes.length) return undefined
  if (sizeBytes === 8) return Number(bytes.readBigUInt64LE(at))
  return bytes.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0)
}
