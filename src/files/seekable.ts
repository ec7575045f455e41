/** Bytes of a file at any place: what tells of itself at its end is read so. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

export interface Seekable {
  readonly size: number
  /** Bytes `[position, position + length)`; fewer where the file ends before. Throws what reading throws. */
  at(position: number, length: number): Uint8Array<ArrayBuffer>
}

/** What `look` finds in a file. @throws the system's error where it cannot be read, and what `look` throws */
export function inspectFile<T>(file: string, look: (bytes: Seekable) => T): T {
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    return look({ size, at: (position, length) => readUpTo(descriptor, position, length) })
  } finally {
    closeSync(descriptor)
  }
}

function readUpTo(descriptor: number, position: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const read = readSync(descriptor, bytes, done, length - done, position + done)
    if (read === 0) return bytes.subarray(0, done)
    done += read
  }
  return bytes
}
