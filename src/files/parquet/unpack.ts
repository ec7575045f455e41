/** Unpacks pages, each into as many bytes as its header says and never into more. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { snappyUncompress } from 'hyparquet/src/snappy.js'
import { loadZstd, unzstdWhole } from '../zstd.ts'
import { mostUnpacked } from '../zstd-frames.ts'
import { damaged, MOST_HELD_BYTES, ParquetFault, tooLarge, unsupported } from './parquet-limits.ts'

export type Unpack = (packed: Uint8Array, size: number) => Uint8Array

/** By the codec of a column, what unpacks its pages. */
const UNPACKERS: Readonly<Record<string, () => Promise<Unpack>>> = {
  UNCOMPRESSED: async () => (packed) => packed,
  SNAPPY: snappy,
  GZIP: async () => (packed, size) => gunzipSync(packed, { maxOutputLength: Math.max(1, size) }),
  BROTLI: async () => (packed, size) => brotliDecompressSync(packed, { maxOutputLength: Math.max(1, size) }),
  ZSTD: async () => {
    await loadZstd()
    return zstd
  },
  LZ4: async () => lz4Hadoop,
  LZ4_RAW: async () => lz4,
}

/** @throws ParquetFault where Lethe does not know the codec */
export async function unpackerOf(codec: string): Promise<Unpack> {
  const made = UNPACKERS[codec]
  if (made === undefined) throw unsupported(`its pages are packed by ${codec}, which Lethe does not read`)
  const unpack = await made()
  return (packed, size) => {
    let unpacked: Uint8Array
    try {
      unpacked = unpack(packed, size)
    } catch (error) {
      throw error instanceof ParquetFault ? error : damaged('a page cannot be unpacked')
    }
    if (unpacked.length !== size) throw damaged('a page has another length than it says')
    return unpacked
  }
}

/** The library's own is there where its binary for this machine is. */
async function snappy(): Promise<Unpack> {
  const native = await import('snappy').catch(() => undefined)
  return (packed, size) => {
    if (snappyLength(packed) !== size) throw damaged('a page has another length than it says')
    if (native !== undefined)
      return native.uncompressSync(Buffer.from(packed.buffer, packed.byteOffset, packed.length), {
        asBuffer: true,
      }) as Buffer
    const out = new Uint8Array(size)
    snappyUncompress(packed, out)
    return out
  }
}

/** What the first bytes say that the rest unpacks to. */
function snappyLength(packed: Uint8Array): number {
  let length = 0
  let scale = 1
  for (const byte of packed.subarray(0, 5)) {
    length += (byte & 0x7f) * scale
    if (byte < 0x80) return length
    scale *= 128
  }
  return -1
}

function zstd(packed: Uint8Array, size: number): Uint8Array {
  if (size === 0 && packed.length === 0) return packed
  if (mostUnpacked(packed) > MOST_HELD_BYTES + size) throw tooLarge('a page unpacks to more than it says')
  return unzstdWhole(packed)
}

/** One block of LZ4 (lz4_Block_format.md). */
function lz4(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size)
  if (lz4Into(packed, out, 0) !== size) throw damaged('a page has another length than it says')
  return out
}

function lz4Into(packed: Uint8Array, out: Uint8Array, from: number): number {
  let at = 0
  let to = from
  const longer = (length: number): number => {
    if (length < 15) return length
    for (;;) {
      const byte = packed[at++]
      if (byte === undefined) throw damaged('a page is cut short')
      length += byte
      if (byte < 255) return length
    }
  }
  while (at < packed.length) {
    const token = packed[at++]!
    const literals = longer(token >> 4)
    if (at + literals > packed.length || to + literals > out.length) throw damaged('a page is cut short')
    out.set(packed.subarray(at, at + literals), to)
    at += literals
    to += literals
    if (at === packed.length) break
    if (at + 2 > packed.length) throw damaged('a page is cut short')
    const offset = packed[at]! | (packed[at + 1]! << 8)
    at += 2
    const length = longer(token & 15) + 4
    if (offset === 0 || offset > to - from || to + length > out.length)
      throw damaged('a page refers to what is not there')
    for (let i = 0; i < length; i++, to++) out[to] = out[to - offset]!
  }
  return to - from
}

/** Frames of Hadoop around blocks: the lengths of what is unpacked and of what is packed, big endian. Others have none. */
function lz4Hadoop(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size)
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  let at = 0
  let to = 0
  while (at + 8 <= packed.length) {
    const unpacked = view.getUint32(at)
    const length = view.getUint32(at + 4)
    if (at + 8 + length > packed.length || to + unpacked > size) return lz4(packed, size)
    const made = lz4Into(packed.subarray(at + 8, at + 8 + length), out.subarray(0, to + unpacked), to)
    if (made !== unpacked) return lz4(packed, size)
    at += 8 + length
    to += made
  }
  return at === packed.length && to === size ? out : lz4(packed, size)
}
