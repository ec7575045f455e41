/** Tells files apart by their bytes: SHA-256 (FIPS 180-4) and size. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { fileError, LetheError } from '../errors.ts'
import { isObjectName, parseObjectName } from './objects/object-name.ts'
import { objectBytes } from './objects/object-reader.ts'
import { openStore } from './objects/open-store.ts'

export interface FileDigest {
  /** Size in bytes. */
  readonly bytes: number
  /** 64 lower-case hex digits. */
  readonly sha256: string
}

export const isSameDigest = (a: FileDigest, b: FileDigest): boolean =>
  a.bytes === b.bytes && a.sha256 === b.sha256

/** Takes the bytes of a file as they pass, in order. About 1 ns of processor time a byte. */
export class Digester {
  readonly #hash = createHash('sha256')
  #bytes = 0

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#bytes += bytes.length
  }

  /** Of everything so far; nothing may be added afterwards. */
  end(): FileDigest {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}

/**
 * Reads a file or an object to its end, piece by piece; `-` is standard input. `onRead` hears how many bytes each piece has.
 * @throws LetheError (io, or usage for a folder)
 */
export async function digestOf(name: string, onRead?: (bytes: number) => void): Promise<FileDigest> {
  const digester = new Digester()
  try {
    const data = await bytesOf(name)
    for await (const piece of data) {
      digester.add(piece)
      onRead?.(piece.length)
    }
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(name === '-' ? 'standard input' : name, error)
  }
  return digester.end()
}

async function bytesOf(name: string): Promise<AsyncIterable<Buffer>> {
  if (isObjectName(name)) {
    const store = await openStore()
    return objectBytes(store, await store.look(parseObjectName(name)))
  }
  return name === '-' ? process.stdin : createReadStream(name, { highWaterMark: 1 << 20 })
}
