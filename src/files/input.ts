/** The files that go in: what they are by their names, and their bytes, unzipped and without a byte order mark. */
import { createReadStream, fstatSync, type Stats, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGunzip, type Gunzip } from 'node:zlib'
import { fileError, LetheError } from '../errors.ts'
import type { RecordFormat } from '../record/limits.ts'

export interface Input {
  /** As the user named it; `-` is standard input. */
  readonly name: string
  readonly format: RecordFormat
  readonly gzip: boolean
  /** Delimiter that the name implies: a tab for .tsv. */
  readonly delimiter: string | undefined
  /** Size on disk in bytes; undefined for standard input. */
  readonly size: number | undefined
  /** Device and inode, to tell files apart whatever they are called. */
  readonly identity: string | undefined
}

const FORMATS: Readonly<Record<string, RecordFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
}

/** What a file is by its name: `events.csv.gz` is CSV, compressed. */
export function formatByName(name: string): {
  format: RecordFormat | undefined
  gzip: boolean
  tab: boolean
} {
  const gzip = /\.gz$/i.test(name)
  const extension = /\.([a-z]+)$/i.exec(gzip ? name.slice(0, -3) : name)?.[1]?.toLowerCase() ?? ''
  return { format: FORMATS[extension], gzip, tab: extension === 'tsv' }
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
      'say --format csv or --format ndjson',
    )
  if (stats === undefined)
    return { name, format, gzip: false, delimiter: undefined, size: undefined, identity: identityOfStdin() }
  const delimiter = byName.tab ? '\t' : undefined
  const size = stats.isFile() ? stats.size : undefined
  return { name, format, gzip: byName.gzip, delimiter, size, identity: identityOf(stats) }
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
      'fetch the file again; where it is not compressed, its name must not end in .gz',
    )
  return fileError(name, error)
}

const READ_BYTES = 1 << 20

/**
 * The bytes of an input, in order, without one leading byte order mark; each piece holds until the next is asked for.
 * `onRead` sees the bytes that were taken from the disk, before they are unzipped, and all of them once the input is
 * read to its end. Throws `LetheError` where reading or unzipping fails.
 */
export async function* readInput(
  input: Input,
  onRead: (data: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  // The mark may be cut in two by a read.
  let head: Uint8Array | undefined = new Uint8Array(0)
  try {
    // A read that waits for a pipe could not be given up.
    const pieces = input.gzip || input.size === undefined ? streamed(input, onRead) : read(input, onRead)
    for await (const data of pieces) {
      if (head === undefined) yield data
      else {
        head = Buffer.concat([head, data])
        if (head.length < MARK.length) continue
        refuseOtherForms(input, head)
        yield withoutMark(head)
        head = undefined
      }
    }
    if (head !== undefined && head.length > 0) yield withoutMark(head)
  } catch (error) {
    throw error instanceof LetheError ? error : inputError(input.name, error)
  }
}

/** The bytes of a regular file. Each piece holds until the next is asked for. */
async function* read(input: Input, onRead: (data: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  const file = await open(input.name)
  try {
    // One is filled while the other is worked on.
    let buffer = new Uint8Array(READ_BYTES)
    let other = new Uint8Array(READ_BYTES)
    let reading = file.read(buffer, 0, buffer.length, null)
    for (;;) {
      const { bytesRead } = await reading
      if (bytesRead === 0) return
      const data = buffer.subarray(0, bytesRead)
      ;[buffer, other] = [other, buffer]
      reading = file.read(buffer, 0, buffer.length, null)
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

/** The bytes of standard input or of a pipe, or of a compressed file as they were. */
async function* streamed(input: Input, onRead: (data: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  const raw: Readable =
    input.name === '-' ? process.stdin : createReadStream(input.name, { highWaterMark: READ_BYTES })
  raw.on('data', onRead)
  let stream: Readable = raw
  let rest: Remainder | undefined
  if (input.gzip) {
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

/** What begins like this is no text in UTF-8, nor compressed text by its name. */
const OTHER_FORMS: readonly (readonly [bytes: readonly number[], is: string, suggestion: string])[] = [
  [[0x1f, 0x8b], 'is compressed with gzip', 'give it a name that ends in .gz, or unpack it first (gzip -dc)'],
  [
    [0x50, 0x4b, 0x03],
    'is a ZIP archive, or a spreadsheet',
    'unpack it, or export the sheet as CSV in UTF-8',
  ],
  [[0xff, 0xfe], 'is text in UTF-16', 'convert it first, e.g. with iconv -f UTF-16 -t UTF-8'],
  [[0xfe, 0xff], 'is text in UTF-16', 'convert it first, e.g. with iconv -f UTF-16 -t UTF-8'],
]

/** Every record of such a file would be a dead letter, and its header would be called damaged. */
function refuseOtherForms(input: Input, head: Uint8Array): void {
  const form = OTHER_FORMS.find(([bytes]) => bytes.every((byte, index) => head[index] === byte))
  if (form === undefined) return
  const inside = input.gzip ? 'what is packed in it ' : ''
  throw new LetheError('file-malformed', `${input.name}: ${inside}${form[1]}, and not text in UTF-8`, form[2])
}

const MARK = [0xef, 0xbb, 0xbf]

const withoutMark = (bytes: Uint8Array): Uint8Array =>
  MARK.every((byte, index) => bytes[index] === byte) ? bytes.subarray(MARK.length) : bytes
