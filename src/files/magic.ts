/** What a file is by its first bytes, whatever its name says. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isZstd } from './zstd-frames.ts'

export type FileCompression = 'none' | 'gzip' | 'zstd'

/** How a file is compressed, by its first four bytes. */
export function compressionOf(head: Uint8Array): FileCompression {
  if (begins(head, [0x1f, 0x8b])) return 'gzip'
  return isZstd(head) ? 'zstd' : 'none'
}

/** Byte order marks: the longer ones first, since one begins another. */
const MARKS: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ['utf-32', [0xff, 0xfe, 0x00, 0x00]],
  ['utf-32', [0x00, 0x00, 0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
]

const begins = (head: Uint8Array, bytes: readonly number[]): boolean =>
  bytes.every((byte, at) => head[at] === byte)

/** What a byte order mark says, and how long it is. */
export function byteOrderMark(head: Uint8Array): { encoding: string; length: number } | undefined {
  const found = MARKS.find(([, bytes]) => begins(head, bytes))
  return found && { encoding: found[0], length: found[1].length }
}

const ascii = (text: string): readonly number[] => [...text].map((sign) => sign.charCodeAt(0))

/** What begins like this is not text. */
const BINARY: readonly (readonly [bytes: readonly number[], is: string, suggestion: string])[] = [
  [[0x1f, 0x8b], 'gzip', 'unpack it first: gzip -dc FILE'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd', 'unpack it first: zstd -dc FILE'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz', 'unpack it first: xz -dc FILE'],
  [ascii('BZh'), 'bzip2', 'unpack it first: bzip2 -dc FILE'],
  [ascii('PAR1'), 'Parquet', 'name it .parquet, or say --format parquet'],
  [ascii('Obj\u0001'), 'an Avro file', 'export it as CSV or NDJSON'],
  [ascii('SQLite format 3'), 'an SQLite database', 'export the table as CSV'],
  [ascii('%PDF-'), 'a PDF document', 'export the data as CSV'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'a spreadsheet or another Office file', 'export the sheet as CSV'],
]

export interface Other {
  /** `this is …` */
  readonly is: string
  readonly suggestion: string
}

/** What a file is that is not text; undefined where it may be text. `file`: where it lies, if it can be read anywhere. */
export function binaryForm(head: Uint8Array, file: string | undefined): Other | undefined {
  if (begins(head, [0x50, 0x4b, 0x03, 0x04])) return zipForm(head, file)
  const found = BINARY.find(([bytes]) => begins(head, bytes))
  return found && { is: found[1], suggestion: found[2] }
}

function zipForm(head: Uint8Array, file: string | undefined): Other {
  // The parts of an Office document begin with one of these.
  if (/^PK..{26}(?:\[Content_Types\]|_rels\/|mimetype)/s.test(Buffer.from(head).toString('latin1')))
    return {
      is: 'a spreadsheet or another Office file (ZIP)',
      suggestion: 'export the sheet as CSV in UTF-8',
    }
  const files = file === undefined ? undefined : zippedFiles(file)
  if (files === 1) return { is: 'a ZIP of one file', suggestion: 'unpack it first: unzip -p FILE' }
  return {
    is: files === undefined ? 'a ZIP archive' : `a ZIP of ${files} files`,
    suggestion: 'unpack it first (unzip), or export the sheet as CSV in UTF-8 where it is one',
  }
}

const END_OF_ZIP = Buffer.from('PK\x05\x06', 'latin1')
/** The record at the end, and the longest comment behind it. */
const END_BYTES = 22 + 0xffff

/** How many files an archive says that it holds: the record at its end does (APPNOTE.TXT 4.3.16). */
function zippedFiles(file: string): number | undefined {
  let fd: number | undefined
  try {
    fd = openSync(file, 'r')
    const { size } = fstatSync(fd)
    const end = Buffer.alloc(Math.min(size, END_BYTES))
    readSync(fd, end, 0, end.length, size - end.length)
    const at = end.lastIndexOf(END_OF_ZIP)
    return at < 0 || at + 12 > end.length ? undefined : end.readUInt16LE(at + 10)
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** UTF-16 without its mark: of text, half of the bytes are mostly zero. Undefined where it does not look like that. */
export function looksLikeUtf16(head: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const zeros = [0, 0]
  const length = Math.min(head.length, 1024) & ~1
  for (let at = 0; at < length; at++) if (head[at] === 0) zeros[at & 1]!++
  const [even, odd] = zeros as [number, number]
  if (odd * 4 > length && even * 8 < odd) return 'utf-16le'
  return even * 4 > length && odd * 8 < even ? 'utf-16be' : undefined
}

/** This many bytes beyond ASCII in a row occur in almost no word of a language of Western Europe: `größe` has two. */
const RUN = 3

/**
 * The likely encoding of bytes that are no UTF-8; undefined where it may be one of many. In languages of Western Europe
 * letters beyond ASCII stand alone or in pairs; in others most stand among their like.
 */
export function likelyEncoding(bytes: Uint8Array): string | undefined {
  let high = 0
  let inRuns = 0
  let run = 0
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at]! >= 0x80) run++
    else {
      high += run
      if (run >= RUN) inRuns += run
      run = 0
    }
  }
  return inRuns * 2 > high ? undefined : 'windows-1252'
}
