/** Reads the first records of a file for `lethe init`: CSV, NDJSON or JSON, plain, gzip or zstd, at most 16 MiB of text. */
import { createReadStream } from 'node:fs'
import { constants, createGunzip } from 'node:zlib'
import { fileError, LetheError } from '../errors.ts'
import { decodingOf } from '../files/decoding.ts'
import { formatByName, type Input } from '../files/input.ts'
import { JsonSplitter } from '../files/json-splitter.ts'
import { binaryForm, byteOrderMark, compressionOf, likelyEncoding, looksLikeUtf16 } from '../files/magic.ts'
import { inspectInputs } from '../files/objects/inspect-objects.ts'
import { copyOf } from '../files/objects/object-copy.ts'
import { isObjectName, parseObjectName } from '../files/objects/object-name.ts'
import { objectBytes } from '../files/objects/object-reader.ts'
import { openStore } from '../files/objects/open-store.ts'
import { unzstd } from '../files/zstd-reader.ts'
import { levelsOf } from '../record/json/json-text.ts'
import { MAX_DEPTH } from '../record/json/json-walker.ts'
import type { TextFormat } from '../record/limits.ts'
import { csvSample } from './csv-sample.ts'
import { label, type Sample, type SampleFormat, type SampleOptions } from './sample.ts'

const MAX_BYTES = 16 * 1024 * 1024

/** Throws `LetheError` where there is nothing to read: a missing file, text that is not UTF-8, no record at all. */
export async function readSample(options: SampleOptions): Promise<Sample> {
  if ((options.format ?? formatByName(options.from).format) === 'parquet') return await parquetSample(options)
  const { bytes, cut } = await head(options.from)
  const binary = binaryForm(bytes, options.from === '-' ? undefined : options.from)
  if (binary !== undefined)
    throw new LetheError(
      'file-malformed',
      `${label(options.from)}: this is ${binary.is}, and not text`,
      binary.suggestion,
    )
  const { text, encoding } = decode(bytes, cut, options.form.encoding)
  const format = textFormat(options.format) ?? formatOf(options.from, text)
  if (text.trim() === '') throw new LetheError('file-malformed', `${label(options.from)} holds no records`)
  const implied = formatByName(options.from).tab ? '\t' : undefined
  const sample =
    format === 'csv'
      ? csvSample(label(options.from), text, { ...options, implied, isCut: cut })
      : jsonSample(text, cut, format, options)
  return { ...sample, encoding }
}

/** Rows as lines of JSON: all columns, as `lethe batch` reads them. */
async function parquetSample(options: SampleOptions): Promise<Sample> {
  const [{ name, object }] = (await inspectInputs([options.from], 'parquet')) as [Input]
  const { firstRows } = await import('../files/parquet/first-rows.ts')
  const limits = { rows: options.rows, bytes: MAX_BYTES, rowBytes: MAX_BYTES }
  const { text } = await firstRows(name, limits, object && (await copyOf(object, () => {})))
  return { ...jsonSample(text, false, 'ndjson', options), format: 'parquet' }
}

/** The first bytes, unpacked where they are gzip; `cut` where there is more. */
async function head(from: string): Promise<{ bytes: Buffer; cut: boolean }> {
  try {
    const raw = await take(await rawOf(from))
    const compression = compressionOf(raw.bytes)
    if (compression === 'none') return raw
    if (compression === 'zstd') {
      const unpacked = await take(unzstd(label(from), [raw.bytes]), raw.cut)
      return { bytes: unpacked.bytes, cut: raw.cut || unpacked.cut }
    }
    // Of a file that was not read to its end, the packed end is missing as a matter of course.
    const gunzip = createGunzip(raw.cut ? { finishFlush: constants.Z_SYNC_FLUSH } : {})
    gunzip.end(raw.bytes)
    const unpacked = await take(gunzip)
    return { bytes: unpacked.bytes, cut: raw.cut || unpacked.cut }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof LetheError) throw error
    if (code?.startsWith('Z_'))
      throw new LetheError('input-damaged', `${label(from)} is not a whole gzip file`)
    throw fileError(label(from), error)
  }
}

async function rawOf(from: string): Promise<AsyncIterable<Uint8Array>> {
  if (isObjectName(from)) {
    const store = await openStore()
    return objectBytes(store, await store.look(parseObjectName(from)))
  }
  return from === '-' ? process.stdin : createReadStream(from)
}

/** `mayFail`: of a file that was not read to its end, the packed end is missing. */
async function take(
  stream: AsyncIterable<Uint8Array>,
  mayFail = false,
): Promise<{ bytes: Buffer; cut: boolean }> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= MAX_BYTES) return { bytes: Buffer.concat(chunks), cut: true }
    }
  } catch (error) {
    if (!mayFail || length === 0) throw error
  }
  return { bytes: Buffer.concat(chunks), cut: false }
}

/** The text, and its encoding where that is not told by the bytes themselves. */
function decode(
  bytes: Buffer,
  cut: boolean,
  stated: string | undefined,
): { text: string; encoding?: string } {
  const mark = byteOrderMark(bytes)
  if (mark !== undefined && mark.encoding !== 'utf-32')
    return { text: decodeAs(mark.encoding, bytes.subarray(mark.length)) }
  if (stated !== undefined && stated !== 'utf-8') return { text: decodeAs(stated, bytes), encoding: stated }
  const utf16 = looksLikeUtf16(bytes)
  if (utf16 !== undefined) return { text: decodeAs(utf16, bytes), encoding: utf16 }
  if (!bytes.subarray(0, 4096).includes(0)) {
    try {
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: cut }) }
    } catch {
      // A broken record somewhere must not spoil the sample; a file in another encoding is broken in most.
      const text = new TextDecoder('utf-8').decode(bytes)
      const lines = text.split('\n')
      if (lines.filter((line) => line.includes('\ufffd')).length * 5 < lines.length) return { text }
      const likely = likelyEncoding(bytes)
      if (likely !== undefined) return { text: decodeAs(likely, bytes), encoding: likely }
    }
  }
  throw new LetheError(
    'file-malformed',
    'the sample is not UTF-8 text',
    'say in which encoding it is, e.g. --encoding windows-1251, or convert it first with iconv -f',
  )
}

function decodeAs(encoding: string, bytes: Buffer): string {
  const decoding = decodingOf(encoding)
  const text = decoding === undefined ? bytes : Buffer.concat([decoding.push(bytes), decoding.end()])
  return new TextDecoder('utf-8').decode(text)
}

/** Parquet was read before. */
const textFormat = (format: SampleFormat | undefined): TextFormat | undefined =>
  format === 'parquet' ? undefined : format

function formatOf(from: string, text: string): TextFormat {
  const byName = textFormat(formatByName(from).format)
  if (byName !== undefined) return byName
  if (!/^\s*[{[]/.test(text)) return 'csv'
  const [firstLine] = text.trimStart().split('\n', 1)
  return parseLine(firstLine!) === undefined ? 'json' : 'ndjson'
}

function jsonSample(
  text: string,
  cut: boolean,
  format: 'ndjson' | 'json',
  { rows, from }: SampleOptions,
): Sample {
  if (format === 'ndjson' && /^\s*\[/.test(text))
    throw new LetheError(
      'file-malformed',
      `${label(from)} begins with a JSON array; NDJSON has one object a line`,
      'say --format json, or name it .json',
    )
  const lines = format === 'ndjson' ? text.split('\n') : jsonLines(text, cut, label(from))
  if (cut && format === 'ndjson') lines.pop()
  const records: object[] = []
  let unreadable = 0
  for (const line of lines) {
    if (records.length >= rows) break
    if (line.trim() === '') continue
    const value = parseLine(line)
    if (value === undefined || line.includes('\ufffd')) unreadable++
    else records.push(value)
  }
  if (records.length === 0) {
    const way = `a record is one JSON object${format === 'ndjson' ? ' on one line' : ''}; for CSV say --format csv`
    const what = format === 'ndjson' ? 'line' : 'record'
    throw new LetheError('file-malformed', `no ${what} of ${label(from)} is a JSON object`, way)
  }
  return { format, header: [], records, unreadable }
}

/** The records of JSON that is not one record a line, each on one. Throws `LetheError` where they cannot be told apart. */
function jsonLines(text: string, cut: boolean, name: string): string[] {
  const splitter = new JsonSplitter(name, { chunkBytes: MAX_BYTES, maxRecordBytes: MAX_BYTES })
  const pieces = splitter.push(Buffer.from(text))
  // Of a text that was cut, the last record may be half a record.
  if (!cut) pieces.push(...splitter.end())
  return pieces.flatMap((piece) =>
    piece.kind === 'records' ? Buffer.from(piece.bytes.subarray(0, piece.length)).toString().split('\n') : [],
  )
}

/** The object of a line; undefined where it holds none, or nests too deep for a run. */
function parseLine(line: string): object | undefined {
  if (levelsOf(line) > MAX_DEPTH) return undefined
  try {
    const value = JSON.parse(line) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
