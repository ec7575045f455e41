/** zstd, by a library that is loaded when a file needs it: Node.js has its own only since 22.15. */
import type { Transform } from 'node:stream'
import { LetheError } from '../errors.ts'

type Library = typeof import('@cloudpss/zstd/napi')

/** Where zstd itself sets it: four times as fast as the highest levels, a tenth larger. */
const LEVEL = 3

let library: Library | undefined

/** @throws LetheError (usage) where the library is not there, or has no binary for this machine */
export async function loadZstd(): Promise<void> {
  try {
    library ??= await import('@cloudpss/zstd/napi')
  } catch {
    throw new LetheError(
      'package-missing',
      'zstd needs the package @cloudpss/zstd, which cannot be loaded here',
      'npm install @cloudpss/zstd, or use gzip',
    )
  }
}

/** `loadZstd` was awaited. */
export const newCompressor = (): Transform => new library!.Compressor(LEVEL)
export const newDecompressor = (): Transform => new library!.Decompressor()

/** Unpacks data that are there as a whole; the caller knows how much they can be. `loadZstd` was awaited. */
export const unzstdWhole = (packed: Uint8Array): Uint8Array => library!.decompress(packed)

/** Packs data that are there as a whole. `loadZstd` was awaited. */
export const zstdWhole = (bytes: Uint8Array): Uint8Array =>
  library!.compress(bytes as Uint8Array<ArrayBuffer>, LEVEL)
