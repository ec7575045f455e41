/** The bytes of an object, block by block, each asked for in the state that the object had when it was looked at. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../errors.ts'
import { printObjectName } from './object-name.ts'
import { CutShort, type ObjectStore, type StoredObject } from './object-store.ts'

/** Bytes of a request, which are held as a whole: a slow reader keeps no connection open. */
const BLOCK_BYTES = 8 << 20
/** Blocks that are fetched while the reader works. */
const AHEAD = 2
/** A block may be cut short so often; each time it goes on where it ended. */
const MOST_CUTS = 5
const FIRST_WAIT_MS = 200

/**
 * The bytes of an object in `[from, end)`, or to its end, in order; each piece is the reader's.
 * @throws LetheError (io): `input-changed` where the object is another meanwhile, and what the store throws
 */
export async function* objectBytes(
  store: ObjectStore,
  object: StoredObject,
  from = 0,
  end: number = object.size,
): AsyncGenerator<Buffer> {
  const ended = new AbortController()
  const blocks: Promise<Buffer>[] = []
  let asked = from
  const ask = (): void => {
    if (asked >= end) return
    const to = Math.min(asked + BLOCK_BYTES, end)
    const block = readBlock(store, object, asked, to, ended.signal)
    // A failure is thrown when its turn comes.
    block.catch(() => {})
    blocks.push(block)
    asked = to
  }
  try {
    for (let at = 0; at <= AHEAD; at++) ask()
    for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
      const bytes = await block
      ask()
      yield bytes
    }
  } finally {
    ended.abort()
  }
}

/** Bytes `from` up to `to`. */
async function readBlock(
  store: ObjectStore,
  object: StoredObject,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const block = Buffer.allocUnsafe(to - from)
  let length = 0
  for (let cuts = 0; ; ) {
    try {
      for await (const piece of store.read(object, from + length, to, signal)) {
        if (piece.length > block.length - length)
          throw new LetheError(
            'store-refused',
            `${printObjectName(object)}: the object store sent more bytes than were asked for`,
            'it does not do what S3 does: read a copy of the object',
          )
        block.set(piece, length)
        length += piece.length
      }
    } catch (error) {
      if (!(error instanceof CutShort)) throw error
    }
    if (length === block.length) return block
    if (++cuts === MOST_CUTS)
      throw new LetheError(
        'store-unavailable',
        `${printObjectName(object)}: the object store ended the answer early, ${MOST_CUTS} times, the last time at byte ${from + length} of ${object.size}`,
        'run it again later',
      )
    await sleep(FIRST_WAIT_MS * 2 ** cuts * (0.5 + Math.random() / 2), undefined, { signal })
  }
}
