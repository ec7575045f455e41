/** Packs pages of files that are written. */
import { snappyCompress } from 'hyparquet-writer/src/snappy.js'
import { loadZstd, zstdWhole } from '../zstd.ts'

export const PARQUET_COMPRESSIONS = ['snappy', 'zstd', 'none'] as const
export type ParquetCompression = (typeof PARQUET_COMPRESSIONS)[number]

export interface Packer {
  readonly codec: 'SNAPPY' | 'ZSTD' | 'UNCOMPRESSED'
  readonly pack: (bytes: Uint8Array) => Uint8Array
}

/** @throws LetheError (package-missing) where zstd cannot be loaded */
export async function packerOf(compression: ParquetCompression): Promise<Packer> {
  if (compression === 'none') return { codec: 'UNCOMPRESSED', pack: (bytes) => bytes }
  if (compression === 'zstd') {
    await loadZstd()
    return { codec: 'ZSTD', pack: zstdWhole }
  }
  const native = await import('snappy').catch(() => undefined)
  const pack =
    native === undefined
      ? snappyCompress
      : (bytes: Uint8Array) => native.compressSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  return { codec: 'SNAPPY', pack }
}
