/** The bytes of regular files, read ahead. */
import { open } from 'node:fs/promises'

export const READ_BYTES: number = 1 << 20

/**
 * The bytes of a regular file in `[from, to)`, or to its end. `onRead` sees each piece before it is given, while the next is
 * read. Each piece holds until the next is asked for. Throws what the system says.
 */
export async function* readBytes(
  name: string,
  onRead: (data: Uint8Array) => void,
  from: number = 0,
  to: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  const file = await open(name)
  try {
    // One is filled while the other is worked on.
    let buffer = new Uint8Array(READ_BYTES)
    let other = new Uint8Array(READ_BYTES)
    let at = from
    const next = () => file.read(buffer, 0, Math.min(buffer.length, to - at), at)
    let reading = next()
    for (;;) {
      const { bytesRead } = await reading
      if (bytesRead === 0) return
      at += bytesRead
      const data = buffer.subarray(0, bytesRead)
      ;[buffer, other] = [other, buffer]
      reading = next()
      // A failure is thrown to the next call.
      reading.catch(() => {})
      // While the disk is read.
      onRead(data)
      yield data
    }
  } finally {
    await file.close()
  }
}
