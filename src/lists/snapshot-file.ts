/**
 * A snapshot of a consent table, so that a start need not read all of its topic: tokens and times, as the table holds them in
 * memory, and no identifier. The format, with numbers as the processor has them:
 *
 *     a line of JSON        what it is of: see `SnapshotHeader`
 *     parts                 4 bytes kind, 4 bytes length, and so many bytes; the last one is of kind 0 and has none
 *     32 bytes              HMAC-SHA-256 of all bytes before, under the key that HKDF derives for use `snapshot` and the purpose
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { closeSync, constants, existsSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { endianness } from 'node:os'
import { takeLock } from '../files/lock-file.ts'
import { placeOf } from '../files/place.ts'
import { discardParts, TemporaryFile } from '../files/temporary-file.ts'
import type { ConsentHeader } from './consent-file.ts'
import type { PartTaker, TablePart } from './consent-table.ts'

/** A match key: its id, and the value that tells one key of that id from another. */
export interface CheckedKey {
  readonly id: string
  readonly check: string
}

/** What a snapshot is of. A reader compares all of it. */
export interface SnapshotHeader extends ConsentHeader {
  /** The version of Lethe that wrote it: another one may read a record otherwise. */
  readonly by: string
  readonly table: string
  readonly purpose: string
  readonly cluster: string
  readonly topic: string
  /** The id that the brokers gave the topic. */
  readonly topicId: string
  /** Where the log began, and up to where it was read, in partition 0. */
  readonly begin: number
  readonly offset: number
  /** What was written before this instant, ms since the epoch, is in it. */
  readonly at: number
  /** The match keys that records of the topic name. */
  readonly keys: readonly CheckedKey[]
  /** Subjects, and doubles of longer histories: about how much room is needed. */
  readonly subjects: number
  readonly intervals: number
  /** The key of the MAC. */
  readonly key: CheckedKey
}

/** Why one is not used. */
export type SnapshotFault =
  | 'no-snapshot'
  | 'cut-short'
  | 'changed'
  | 'unreadable'
  | 'other-version'
  | 'other-key'
  | 'other-table'
  | 'other-topic'
  | 'outside-log'
  | 'too-old'

export class SnapshotError extends Error {
  readonly fault: SnapshotFault
  constructor(fault: SnapshotFault) {
    super(`a snapshot is not used: ${fault}`)
    this.fault = fault
  }
}

const MAGIC = '{"lethe":"snapshot","v":1,'
/** A number whose bytes tell in which order the processor has them. */
const ORDER = endianness()
const MOST_HEADER_BYTES = 1 << 16
/** A pipe of that name is no snapshot, and is not waited for. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK
const PART_BYTES = 1 << 20
const PART_HEAD_BYTES = 8
const MAC_BYTES = 32
const END = 0
const LF = 0x0a

/**
 * Writes a snapshot in the place of the one before, mode 0600; a file that is none is left alone.
 * @param parts are taken one by one, while other work goes on
 * @throws SnapshotError (`no-snapshot`) where another file stands there; LetheError: io, and `file-busy` where another process writes it
 */
export async function writeSnapshot(
  file: string,
  header: SnapshotHeader,
  key: Uint8Array,
  parts: (bytes: number) => Iterable<TablePart>,
  stop: AbortSignal,
): Promise<void> {
  const { path } = placeOf(file)
  const release = await takeLock(path, { waitMs: 0 })
  try {
    if (existsSync(path) && !isSnapshot(path)) throw new SnapshotError('no-snapshot')
    // Of a process that was killed: who writes has the lock.
    discardParts(path)
    const output = new TemporaryFile(path, undefined, file, 'owner')
    try {
      const mac = createHmac('sha256', key)
      const append = async (bytes: Uint8Array): Promise<void> => {
        stop.throwIfAborted()
        mac.update(bytes)
        await output.append(bytes)
      }
      await append(Buffer.from(`${MAGIC}${JSON.stringify({ order: ORDER, ...header }).slice(1)}\n`))
      for (const { kind, bytes } of parts(PART_BYTES)) {
        await append(partHead(kind, bytes.length))
        await append(bytes)
      }
      await append(partHead(END, 0))
      await output.append(mac.digest())
      await output.finish()
      output.publish()
    } finally {
      output.discard()
    }
  } finally {
    release()
  }
}

function partHead(kind: number, length: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(kind, length).buffer)
}

/** Whether a file begins as one does; an empty file may become one. */
export function isSnapshot(file: string): boolean {
  const start = Buffer.alloc(MAGIC.length)
  const descriptor = openSync(file, READ)
  try {
    const read = readSync(descriptor, start)
    return read === 0 || start.toString('latin1') === MAGIC
  } finally {
    closeSync(descriptor)
  }
}

/** What is made of a snapshot's header, before its parts are read. */
export interface SnapshotReader {
  /** @throws SnapshotError where it is of something else */
  readonly check: (header: SnapshotHeader) => { readonly key: Uint8Array; readonly taker: PartTaker }
}

/**
 * Reads a snapshot; undefined where there is none. What the taker was given counts only once this has returned: before, it is not
 * known whether anybody changed it.
 * @throws SnapshotError where it cannot be used
 */
export async function readSnapshot(
  file: string,
  { check }: SnapshotReader,
): Promise<{ readonly header: SnapshotHeader; readonly taker: PartTaker } | undefined> {
  let handle: FileHandle
  try {
    handle = await open(file, READ)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new SnapshotError('unreadable')
  }
  try {
    return await readWhole(handle, check)
  } catch (error) {
    if (error instanceof SnapshotError) throw error
    throw new SnapshotError('unreadable')
  } finally {
    await handle.close()
  }
}

async function readWhole(handle: FileHandle, check: SnapshotReader['check']) {
  const stats = await handle.stat()
  if (!stats.isFile()) throw new SnapshotError('no-snapshot')
  const first = Buffer.alloc(Math.min(MOST_HEADER_BYTES, stats.size))
  await readInto(handle, first, 0)
  const end = first.indexOf(LF)
  const { header, order } = parseHeader(first, end)
  if (order !== ORDER) throw new SnapshotError('other-version')
  // Room is made for what the file can hold, whatever the header says.
  if (header.subjects * 16 > stats.size || header.intervals * 8 > stats.size)
    throw new SnapshotError('cut-short')
  const { key, taker } = check(header)
  const mac = createHmac('sha256', key).update(first.subarray(0, end + 1))
  let at = end + 1
  const head = new Uint32Array(2)
  const part = new Uint8Array(PART_BYTES)
  for (;;) {
    at = await readInto(handle, new Uint8Array(head.buffer), at)
    mac.update(new Uint8Array(head.buffer))
    const [kind, length] = [head[0]!, head[1]!]
    if (length > PART_BYTES || length % PART_HEAD_BYTES !== 0 || kind > 2 || (kind === END && length > 0))
      throw new SnapshotError('changed')
    if (kind === END) break
    const bytes = part.subarray(0, length)
    at = await readInto(handle, bytes, at)
    mac.update(bytes)
    taker.take(kind, bytes)
  }
  const stated = Buffer.alloc(MAC_BYTES)
  at = await readInto(handle, stated, at)
  if (at !== stats.size || !timingSafeEqual(stated, mac.digest())) throw new SnapshotError('changed')
  return { header, taker }
}

/** Fills `into` from the place `at`, and gives the place behind it. */
async function readInto(handle: FileHandle, into: Uint8Array, at: number): Promise<number> {
  let filled = 0
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, at + filled)
    if (bytesRead === 0) throw new SnapshotError('cut-short')
    filled += bytesRead
  }
  return at + filled
}

/** The form alone: what a MAC has not yet vouched for may say anything. */
function parseHeader(
  bytes: Buffer,
  end: number,
): { readonly header: SnapshotHeader; readonly order: unknown } {
  const start = bytes.toString('latin1', 0, MAGIC.length)
  if (!MAGIC.startsWith(start)) throw new SnapshotError('no-snapshot')
  if (end < 0) throw new SnapshotError('cut-short')
  let read: Readonly<Record<string, unknown>>
  try {
    read = Object(JSON.parse(bytes.toString('utf8', 0, end)))
  } catch {
    throw new SnapshotError('changed')
  }
  const header = read as unknown as SnapshotHeader & { readonly order: unknown }
  const counts = [header.begin, header.offset, header.at, header.subjects, header.intervals]
  const keys = [header.key, ...(Array.isArray(header.keys) ? header.keys : [undefined])]
  const isForm =
    counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
    keys.every((key) => typeof key?.id === 'string' && typeof key.check === 'string')
  if (!isForm) throw new SnapshotError('changed')
  return { header, order: header.order }
}
