/** The files that go in: what they are by their names and first bytes, and their text, unzipped, as UTF-8. */
import { closeSync, createReadStream, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGunzip, type Gunzip } from 'node:zlib'
import { fileError, LetheError } from '../errors.ts'
import type { RecordFormat } from '../record/limits.ts'
import { bytesOfNamed } from './by-name.ts'
import { decodingOf } from './decoding.ts'
import { READ_BYTES } from './file-bytes.ts'
import { type FilePart, partText } from './file-part.ts'
import { binaryForm, byteOrderMark, compressionOf, type FileCompression, looksLikeUtf16 } from './magic.ts'
import { objectBytes } from './objects/object-reader.ts'
import type { StoredObject } from './objects/object-store.ts'
import { openStore } from './objects/open-store.ts'
import { unzstd } from './zstd-reader.ts'

export interface Input {
  /** As the user named it; `-` is standard input. */
  readonly name: string
  readonly format: RecordFormat
  /** How it is compressed; undefined where that shows only while it is read. */
  readonly compression: FileCompression | undefined
  /** What its name says of that, and its bytes do not. */
  readonly isMisnamed: boolean
  /** Delimiter that the name implies: a tab for .tsv. */
  readonly delimiter: string | undefined
  /** Size on disk in bytes; undefined for standard input. */
  readonly size: number | undefined
  /** Device and inode, to tell files apart whatever they are called; of an object its name. */
  readonly identity: string | undefined
  /** Of an object: the state that it is read in. */
  readonly object?: StoredObject | undefined
  /** Its name below the folder or the prefix that was named, with `/` in it; undefined where it was named itself. */
  readonly below?: string | undefined
  /** Values of fields that its name tells, and no record holds, by output path; null: nothing is there. */
  readonly told?: ReadonlyMap<string, string | null> | undefined
  /** Which input of the run it is, from 1, where that is not its place among those at hand. */
  readonly number?: number
  /** Where not all of it is read; `size` is that of the part then. */
  readonly part?: FilePart
}

/** Of an input: its number in the run, from 1. */
export const numberOf = (input: Pick<Input, 'number'>, index: number): number => input.number ?? index + 1

const FORMATS: Readonly<Record<string, RecordFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  parquet: 'parquet',
}

/** What a file is by its name: `events.csv.gz` is CSV, compressed. */
export function formatByName(name: string): {
  format: RecordFormat | undefined
  compression: FileCompression
  tab: boolean
} {
  const [, rest = name, ending] = /^(.*)\.(gz|zst)$/i.exec(name) ?? []
  const extension = /\.([a-z]+)$/i.exec(rest)?.[1]?.toLowerCase() ?? ''
  const compression = ending === undefined ? 'none' : /^gz$/i.test(ending) ? 'gzip' : 'zstd'
  return { format: FORMATS[extension], compression, tab: extension === 'tsv' }
}

export const identityOf = (stats: Stats): string => `${stats.dev}:${stats.ino}`

/** Looks at an input before anything is read. Throws `LetheError` where it cannot be one. */
export function inspectInput(name: string, stated: RecordFormat | undefined): Input {
  const byName = formatByName(name)
  const stats = name === '-' ? undefined : statsOf(name)
  const format = stated ?? (name === '-' ? undefined : byName.format)
  if (format === undefined)
    throw new LetheError(
      'format-unknown',
      name === '-'
        ? 'standard input has no name to tell its format by'
        : `${name}: the name does not tell a format`,
      'say --format csv, json, ndjson or parquet',
    )
  if (format === 'parquet') {
    if (stats?.isFile() === true) {
      const { size } = stats
      const identity = identityOf(stats)
      return { name, format, compression: 'none', isMisnamed: false, delimiter: undefined, size, identity }
    }
    throw new LetheError(
      'not-a-file',
      `${name === '-' ? 'standard input' : name} is read from its end, and Parquet needs a file for that`,
      'write it to a file first',
    )
  }
  if (stats?.isFile() !== true) {
    const compression = stats !== undefined && byName.compression !== 'none' ? byName.compression : undefined
    const delimiter = byName.tab ? '\t' : undefined
    const identity = stats === undefined ? identityOfStdin() : identityOf(stats)
    return { name, format, compression, isMisnamed: false, delimiter, size: undefined, identity }
  }
  const compression = stats.size === 0 ? byName.compression : compressionOf(firstBytes(name))
  return {
    name,
    format,
    compression,
    isMisnamed: compression !== byName.compression,
    delimiter: byName.tab ? '\t' : undefined,
    size: stats.size,
    identity: identityOf(stats),
  }
}

function firstBytes(name: string): Uint8Array {
  let fd: number | undefined
  try {
    fd = openSync(name, 'r')
    const bytes = Buffer.alloc(4)
    return bytes.subarray(0, readSync(fd, bytes))
  } catch (error) {
    throw inputError(name, error)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function statsOf(name: string): Stats {
  let stats: Stats
  try {
    stats = statSync(name)
  } catch (error) {
    throw inputError(name, error)
  }
  if (stats.isDirectory()) throw new LetheError('not-a-file', `${name} is a folder`, 'name the files in it')
  return stats
}

/** Of a file that standard input was redirected from. */
export function identityOfStdin(): string | undefined {
  try {
    const stats = fstatSync(0)
    return stats.isFile() ? identityOf(stats) : undefined
  } catch {
    // Closed: reading it will say so.
    return undefined
  }
}

function inputError(name: string, error: unknown): LetheError {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'Z_BUF_ERROR')
    return new LetheError(
      'input-damaged',
      `${name} is cut short: its gzip data ends early`,
      'fetch the file again',
    )
  if (code?.startsWith('Z_'))
    return new LetheError(
      'input-damaged',
      `${name} is not gzip, or is damaged (${code})`,
      'fetch the file again',
    )
  return fileError(name, error)
}

/** Bytes at the start of an input that decide whether it is text. */
const HEAD_BYTES = 4096

type Source = Pick<Input, 'name' | 'compression' | 'size' | 'isMisnamed' | 'object' | 'part'>

export interface OpenInput {
  /** The encoding that its bytes were in, by the platform's name. */
  readonly encoding: string
  /**
   * Its text in UTF-8, in order, without a byte order mark; each piece holds until the next is asked for. What is not text in
   * its encoding is the byte 0xFF; of a file in UTF-8 the bytes are as they are. Throws `LetheError` where reading or
   * unzipping fails, or the file ends before the size it had.
   */
  readonly text: AsyncGenerator<Uint8Array>
}

/**
 * Opens an input; `text` has to be read then. `stated`: its encoding, by the platform's name. `onRead` sees the bytes that
 * were taken from the disk, before they are unzipped, and all of them once the input is read to its end. Throws
 * `LetheError` where it is not text, or is in another encoding than the stated one.
 */
export async function openInput(
  input: Source,
  stated: string | undefined,
  onRead: (data: Uint8Array) => void,
): Promise<OpenInput> {
  const { part } = input
  // What its encoding is was found out when it was cut.
  if (part !== undefined && part.from > 0)
    return { encoding: 'utf-8', text: whole(input, onRead, (onTaken) => partText(input, part, onTaken)) }
  // A read that waits for a pipe could not be given up.
  const pieces = whole(input, onRead, (onTaken) =>
    input.compression !== 'none' || input.size === undefined
      ? streamed(input, onTaken)
      : bytesOfNamed(input, onTaken, 0, part?.to),
  )
  try {
    // A mark may be cut in two by a read.
    let head = Buffer.alloc(0)
    while (head.length < HEAD_BYTES) {
      const { value, done } = await pieces.next()
      if (done === true) break
      head = Buffer.concat([head, value])
    }
    const { encoding, length } = encodingOfHead(input, head, stated)
    return { encoding, text: textOf(input.name, head.subarray(length), pieces, encoding) }
  } catch (error) {
    await pieces.return(undefined)
    throw error instanceof LetheError ? error : inputError(input.name, error)
  }
}

/** Records that are missing at the end of an input are not in the account: throws where it is shorter than it was. */
async function* whole(
  { name, size = 0 }: Source,
  onRead: (data: Uint8Array) => void,
  open: (onTaken: (data: Uint8Array) => void) => AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let taken = 0
  yield* open((data) => {
    taken += data.length
    onRead(data)
  })
  if (taken >= size) return
  throw new LetheError(
    'input-changed',
    `${name} became shorter while it was read: it had ${size} bytes, and ended after ${taken}`,
    'start again when nothing writes there any more, or from a copy',
  )
}

async function* textOf(
  name: string,
  head: Uint8Array,
  pieces: AsyncGenerator<Uint8Array>,
  encoding: string,
): AsyncGenerator<Uint8Array> {
  const decoding = decodingOf(encoding)
  const decoded = (bytes: Uint8Array): Uint8Array => decoding?.push(bytes) ?? bytes
  try {
    if (head.length > 0) yield decoded(head)
    for await (const piece of pieces) yield decoded(piece)
    const rest = decoding?.end()
    if (rest !== undefined && rest.length > 0) yield rest
  } catch (error) {
    throw error instanceof LetheError ? error : inputError(name, error)
  } finally {
    await pieces.return(undefined)
  }
}

/** The encoding of a file, and how long its byte order mark is. Throws `LetheError` where it is not text that can be read. */
function encodingOfHead(
  { name, compression, size, isMisnamed }: Source,
  head: Uint8Array,
  stated: string | undefined,
): { encoding: string; length: number } {
  const isPacked = compression === 'gzip' || compression === 'zstd'
  const where = isPacked ? `${name}: what is packed in it is` : `${name}: this is`
  const binary = binaryForm(head, isPacked || size === undefined ? undefined : name)
  if (binary !== undefined)
    throw new LetheError('file-malformed', `${where} ${binary.is}, and not text`, binary.suggestion)
  // Of text no byte is a control character but tab, line break and the like; a damaged file has some soon.
  if (isMisnamed && !isPacked && stated === undefined && head.some((byte) => byte < 0x09))
    throw new LetheError(
      'input-damaged',
      `${name} is not ${formatByName(name).compression}, or is damaged: it is no text either`,
      'fetch the file again',
    )
  const mark = byteOrderMark(head)
  if (mark?.encoding === 'utf-32')
    throw new LetheError(
      'file-malformed',
      `${where} text in UTF-32`,
      'convert it first: iconv -f UTF-32 -t UTF-8 FILE',
    )
  if (mark === undefined) {
    if (stated !== undefined) return { encoding: stated, length: 0 }
    const utf16 = looksLikeUtf16(head)
    if (utf16 !== undefined)
      throw new LetheError(
        'file-malformed',
        `${where} UTF-16 without a byte order mark`,
        `say \`encoding: ${utf16}\` in \`input:\` of the policy, or convert it first: iconv -f ${utf16.toUpperCase()} -t UTF-8 FILE`,
      )
    return { encoding: 'utf-8', length: 0 }
  }
  // The label utf-16 is little-endian to the platform; to people it is UTF-16 with a mark.
  const isUtf16 = mark.encoding.startsWith('utf-16') && stated?.startsWith('utf-16') === true
  if (stated !== undefined && stated !== mark.encoding && !isUtf16)
    throw new LetheError(
      'file-malformed',
      `${where} ${mark.encoding.toUpperCase()} by its byte order mark, and not ${stated}`,
      'leave the encoding of this file out: its mark tells it',
    )
  return mark
}

/** The bytes of standard input or of a pipe, or of a compressed file as they were. */
async function* streamed(
  input: Pick<Input, 'name' | 'compression' | 'object'>,
  onRead: (data: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const raw = await rawOf(input)
  const compression = input.compression ?? (await compressionAtStart(raw))
  if (compression === 'zstd') {
    try {
      yield* unzstd(input.name, heard(raw, onRead))
    } finally {
      raw.destroy()
    }
    return
  }
  raw.on('data', onRead)
  let stream: Readable = raw
  let rest: Remainder | undefined
  if (compression === 'gzip') {
    const gunzip = createGunzip({ chunkSize: 1 << 18 })
    rest = new Remainder(raw, gunzip)
    raw.on('error', (error) => gunzip.destroy(error))
    stream = raw.pipe(gunzip)
  }
  try {
    yield* stream as AsyncIterable<Buffer>
    if (await rest?.holdsData())
      throw new LetheError(
        'input-damaged',
        `${input.name} is damaged: data stand behind zero bytes that end its gzip data`,
        'fetch the file again',
      )
  } finally {
    stream.destroy()
    raw.destroy()
  }
}

async function rawOf({ name, object }: Pick<Input, 'name' | 'object'>): Promise<Readable> {
  if (object !== undefined) {
    const bytes = objectBytes(await openStore(), object)
    return Readable.from(bytes, { objectMode: false, highWaterMark: READ_BYTES })
  }
  return name === '-' ? process.stdin : createReadStream(name, { highWaterMark: READ_BYTES })
}

async function* heard(raw: Readable, onRead: (data: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const data of raw as AsyncIterable<Buffer>) {
    onRead(data)
    yield data
  }
}

/** Looks at the first bytes that a stream gives, and puts them back. */
async function compressionAtStart(raw: Readable): Promise<FileCompression> {
  await new Promise<void>((resolve, reject) => {
    raw.once('readable', resolve)
    raw.once('end', resolve)
    raw.once('error', reject)
  })
  const first = raw.read() as Buffer | null
  if (first === null) return 'none'
  raw.unshift(first)
  return compressionOf(first)
}

/**
 * What stands behind the gzip data. Node takes one zero byte there for the end (files are padded with them) and
 * leaves out all that follows, a further member too: records would be lost unseen.
 */
class Remainder {
  readonly #raw: Readable
  readonly #gunzip: Gunzip
  #length = 0
  /** Behind the last byte that is not zero. */
  #dataEnd = 0

  constructor(raw: Readable, gunzip: Gunzip) {
    this.#raw = raw
    this.#gunzip = gunzip
    raw.on('data', (data: Buffer) => {
      const behind = data.length - trailingZeros(data)
      if (behind > 0) this.#dataEnd = this.#length + behind
      this.#length += data.length
    })
  }

  /** Reads the file to its end; whether any byte that was not unzipped is other than zero. */
  async holdsData(): Promise<boolean> {
    const raw = this.#raw
    raw.unpipe()
    raw.resume()
    if (!raw.readableEnded) await finished(raw, { writable: false })
    return this.#dataEnd > this.#gunzip.bytesWritten
  }
}

function trailingZeros(data: Uint8Array): number {
  let count = 0
  while (count < data.length && data[data.length - 1 - count] === 0) count++
  return count
}
