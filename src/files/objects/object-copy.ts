/** A copy of an object that no name leads to, for formats that are read from their end. It is gone when it is closed, or the process ends. */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, unlinkSync, write } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LetheError } from '../../errors.ts'
import { printObjectName } from './object-name.ts'
import { objectBytes } from './object-reader.ts'
import type { StoredObject } from './object-store.ts'
import { openStore } from './open-store.ts'

const writeTo = promisify(write)

/**
 * All bytes of an object as an open file, which the caller closes. `onRead` sees them as they come.
 * @throws LetheError (io) `file-unwritable` where the folder for temporary files has no room; what the store throws
 */
export async function copyOf(object: StoredObject, onRead: (data: Uint8Array) => void): Promise<number> {
  const store = await openStore()
  const fd = withoutName(object)
  try {
    for await (const data of objectBytes(store, object)) {
      onRead(data)
      for (let at = 0; at < data.length; ) at += await written(fd, data, at, object)
    }
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function withoutName(object: StoredObject): number {
  const path = join(tmpdir(), `lethe-${randomBytes(12).toString('hex')}`)
  try {
    const fd = openSync(path, 'wx+', 0o600)
    unlinkSync(path)
    return fd
  } catch (error) {
    throw noRoom(object, error)
  }
}

async function written(fd: number, data: Uint8Array, at: number, object: StoredObject): Promise<number> {
  try {
    return (await writeTo(fd, data, at, data.length - at)).bytesWritten
  } catch (error) {
    throw noRoom(object, error)
  }
}

const noRoom = (object: StoredObject, error: unknown): LetheError =>
  new LetheError(
    'file-unwritable',
    `${printObjectName(object)} is read from its end, and the folder for temporary files cannot hold its ${object.size} bytes (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    'set TMPDIR to a folder of a disk with room',
  )
