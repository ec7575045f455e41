/** CRC-32C (Castagnoli), which guards Kafka's record batches; eight bytes a step. Node has CRC-32 only. */

const TABLES: readonly Uint32Array[] = makeTables()

function makeTables(): readonly Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    tables[0]![byte] = crc >>> 0
  }
  for (let byte = 0; byte < 256; byte++)
    for (let table = 1; table < 8; table++) {
      const before = tables[table - 1]![byte]!
      tables[table]![byte] = (before >>> 8) ^ tables[0]![before & 255]!
    }
  return tables
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]

/** The checksum of `bytes` from `from` up to `to`, unsigned. */
export function crc32c(bytes: Uint8Array, from: number = 0, to: number = bytes.length): number {
  let crc = -1
  let at = from
  for (const last = to - 8; at <= last; at += 8) {
    crc =
      T7[(crc ^ bytes[at]!) & 255]! ^
      T6[((crc >>> 8) ^ bytes[at + 1]!) & 255]! ^
      T5[((crc >>> 16) ^ bytes[at + 2]!) & 255]! ^
      T4[(crc >>> 24) ^ bytes[at + 3]!]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!
  }
  for (; at < to; at++) crc = T0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}
