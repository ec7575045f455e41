/** Reads the first records of a file for `lethe init`: CSV or NDJSON, plain or gzip, at most 16 MiB of text. */
import { createReadStream } from 'node:fs'
import { constants, createGunzip } from 'node:zlib'
import { fileError, LetheError } from '../errors.ts'
import { decodingOf } from '../files/decoding.ts'
import { separatorIn } from '../files/lead.ts'
import { binaryForm, byteOrderMark, likelyEncoding, looksLikeUtf16 } from '../files/magic.ts'

export type SampleFormat = 'csv' | 'ndjson'

export interface SampleOptions {
  /** Path of a file, or `-` for stdin. */
  readonly from: string
  /** Undefined: by the file's name, else by its first character. */
  readonly format: SampleFormat | undefined
  /** At most so many records. */
  readonly rows: number
  /** CSV only; undefined: the one of `, ; tab |` that the first row has most of. */
  readonly delimiter: string | undefined
  /** Undefined: by its byte order mark, else UTF-8, else what is likely. */
  readonly encoding?: string | undefined
}

export interface Sample {
  readonly format: SampleFormat
  /** Of CSV: the cells of the first row. */
  readonly header: readonly string[]
  readonly delimiter: string
  /** Of CSV: rows as long as the header. Of NDJSON: objects. */
  readonly records: readonly (readonly string[] | object)[]
  /** Records that could not be read: ragged rows, stray quotes, lines that are no JSON object. */
  readonly unreadable: number
  /** Where neither UTF-8 nor a byte order mark tells it. */
  readonly encoding?: string | undefined
}

const MAX_BYTES = 16 * 1024 * 1024

/** Throws `LetheError` where there is nothing to read: a missing file, text that is not UTF-8, no record at all. */
export async function readSample(options: SampleOptions): Promise<Sample> {
  const { bytes, cut } = await head(options.from)
  const binary = binaryForm(bytes, options.from === '-' ? undefined : options.from)
  if (binary !== undefined)
    throw new LetheError(
      'file-malformed',
      `${label(options.from)}: this is ${binary.is}, and not text`,
      binary.suggestion,
    )
  const { text, encoding } = decode(bytes, cut, options.encoding)
  const format = options.format ?? formatOf(options.from, text)
  if (text.trim() === '') throw new LetheError('file-malformed', `${label(options.from)} holds no records`)
  const sample = format === 'csv' ? csvSample(text, cut, options) : ndjsonSample(text, cut, options)
  return { ...sample, encoding }
}

export function label(from: string): string {
  return from === '-' ? 'the standard input' : from
}

/** The first bytes, unpacked where they are gzip; `cut` where there is more. */
async function head(from: string): Promise<{ bytes: Buffer; cut: boolean }> {
  try {
    const raw = await take(from === '-' ? process.stdin : createReadStream(from))
    if (raw.bytes[0] !== 0x1f || raw.bytes[1] !== 0x8b) return raw
    // Of a file that was not read to its end, the packed end is missing as a matter of course.
    const gunzip = createGunzip(raw.cut ? { finishFlush: constants.Z_SYNC_FLUSH } : {})
    gunzip.end(raw.bytes)
    const unpacked = await take(gunzip)
    return { bytes: unpacked.bytes, cut: raw.cut || unpacked.cut }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_'))
      throw new LetheError('input-damaged', `${label(from)} is not a whole gzip file`)
    throw fileError(label(from), error)
  }
}

async function take(stream: AsyncIterable<Buffer>): Promise<{ bytes: Buffer; cut: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= MAX_BYTES) return { bytes: Buffer.concat(chunks), cut: true }
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

function formatOf(from: string, text: string): SampleFormat {
  if (/\.(?:csv|tsv)(?:\.gz)?$/i.test(from)) return 'csv'
  if (/\.(?:ndjson|jsonl|json)(?:\.gz)?$/i.test(from)) return 'ndjson'
  return /^\s*[{[]/.test(text) ? 'ndjson' : 'csv'
}

function ndjsonSample(text: string, cut: boolean, { rows, from }: SampleOptions): Sample {
  if (/^\s*\[/.test(text)) {
    const way = `write one record a line, e.g. jq -c '.[]' ${from === '-' ? '' : from}`.trimEnd()
    throw new LetheError(
      'file-malformed',
      `${label(from)} begins with a JSON array; NDJSON has one object a line`,
      way,
    )
  }
  const lines = text.split('\n')
  if (cut) lines.pop()
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
    const way = 'a record is one JSON object on one line; for CSV say --format csv'
    throw new LetheError('file-malformed', `no line of ${label(from)} is a JSON object`, way)
  }
  return { format: 'ndjson', header: [], delimiter: ',', records, unreadable }
}

function parseLine(line: string): object | undefined {
  try {
    const value = JSON.parse(line) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function csvSample(text: string, cut: boolean, { rows, delimiter, from }: SampleOptions): Sample {
  const separator = separatorIn(text)
  const body = text.slice(separator?.length ?? 0)
  const by =
    delimiter ?? separator?.delimiter ?? (/\.tsv(?:\.gz)?$/i.test(from) ? '\t' : likelyDelimiter(text))
  const table = csvRows(body, by, rows + 1, cut)
  const header = table.shift()
  if (header === undefined)
    throw new LetheError('file-malformed', `the first row of ${label(from)} is not CSV`)
  const records = table.filter((row): row is string[] => row?.length === header.length)
  if (records.length === 0 && table.length > 0)
    throw new LetheError(
      'file-malformed',
      `no row of ${label(from)} is as long as its first one, which has ${header.length} columns`,
      'leave out what stands above the header, or say --delimiter; the policy reads such a file with `skipLines` in `input`',
    )
  return { format: 'csv', header, delimiter: by, records, unreadable: table.length - records.length }
}

function likelyDelimiter(text: string): string {
  const firstLine = text
    .slice(0, 65_536)
    .split('\n', 1)[0]!
    .replace(/"[^"]*"/g, '')
  const count = (by: string) => firstLine.split(by).length
  return [',', ';', '\t', '|'].reduce((best, by) => (count(by) > count(best) ? by : best))
}

/** RFC 4180. A row with a quote where none may stand, or bytes that are not UTF-8, is undefined. */
function csvRows(text: string, delimiter: string, limit: number, cut: boolean): (string[] | undefined)[] {
  const rows: (string[] | undefined)[] = []
  let at = 0
  while (at < text.length && rows.length < limit) {
    const row: string[] = []
    let sound = true
    for (;;) {
      let value = ''
      if (text[at] === '"') {
        let from = at + 1
        for (;;) {
          const close = text.indexOf('"', from)
          if (close < 0) return cut ? rows : [...rows, undefined]
          value += text.slice(from, close)
          from = close + 1
          if (text[from] !== '"') break
          value += '"'
          from++
        }
        at = from
        const next = text[at]
        if (next !== undefined && next !== delimiter && next !== '\n' && next !== '\r') sound = false
      }
      const start = at
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at++
      let bare = text.slice(start, at)
      if (text[at] === '\n' || at === text.length) bare = bare.replace(/\r$/, '')
      if (bare.includes('"')) sound = false
      row.push(value + bare)
      if (text[at] === delimiter) at++
      else break
    }
    // The last row of a text that was cut may be half a row.
    if (at >= text.length && cut) break
    at++
    if (row.length === 1 && row[0] === '') continue
    rows.push(sound && !row.some((cell) => cell.includes('\ufffd')) ? row : undefined)
  }
  return rows
}
