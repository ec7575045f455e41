/** Unpacks zstd data as a stream: all frames, checksums too. */
import { setImmediate } from 'node:timers/promises'
import { loadZstd, newDecompressor } from './zstd.ts'
import { ZstdFrames, zstdDamage } from './zstd-frames.ts'

/** The text of `raw`. Throws `LetheError` where the data are damaged, are cut short, or need more memory than they may. */
export async function* unzstd(
  name: string,
  raw: AsyncIterable<Uint8Array> | readonly Uint8Array[],
): AsyncGenerator<Uint8Array> {
  await loadZstd()
  const unpacker = newDecompressor()
  let isBroken = false
  // A failure is told by the call that met it, too.
  unpacker.on('error', () => {
    isBroken = true
  })
  // Driven by hand, a block a call: as a stream it would run ahead of its reader by any number of blocks.
  let parts: Uint8Array[] = []
  unpacker.push = (part: Uint8Array) => parts.push(part) > 0
  // A stream is made ready behind the turn that makes it.
  await setImmediate()
  try {
    for await (const block of new ZstdFrames(name, raw).blocks()) {
      unpacker._transform(block, 'latin1', (error) => {
        if (error) isBroken = true
      })
      if (isBroken) throw zstdDamage(name, 'its blocks or their checksum are wrong')
      yield* parts
      parts = []
    }
  } finally {
    unpacker.destroy()
  }
}
