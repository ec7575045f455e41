/** The end of a file, without reading all of it. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { fileError } from '../errors.ts'

export interface Tail {
  readonly bytes: Uint8Array
  /** Size of the file in bytes. */
  readonly size: number
  /** Whether `bytes` are all of it. */
  readonly isWhole: boolean
}

/** The last `most` bytes of a file; undefined where there is none. @throws LetheError (io) where it cannot be read */
export function readTail(file: string, most: number): Tail | undefined {
  let descriptor: number
  try {
    // A pipe is not waited for; it has no size, and nothing of it is read.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fileError(file, error)
  }
  try {
    const { size } = fstatSync(descriptor)
    const bytes = Buffer.alloc(Math.min(size, most))
    let read = 0
    while (read < bytes.length) {
      const count = readSync(descriptor, bytes, read, bytes.length - read, size - bytes.length + read)
      if (count === 0) break
      read += count
    }
    return { bytes: bytes.subarray(0, read), size, isWhole: size <= most }
  } catch (error) {
    throw fileError(file, error)
  } finally {
    closeSync(descriptor)
  }
}
