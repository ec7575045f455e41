/** Lines of a file that may be large, with the digest of its bytes. */
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { fileError, LetheError } from '../errors.ts'
import { refuseExposed } from '../keys/secret-file.ts'

const PART_BYTES = 1 << 20
const MOST_LINE_BYTES = 1 << 16
const LF = 0x0a

export interface FileLines {
  /** SHA-256 of the bytes, lower-case hex. */
  readonly sha256: string
  readonly bytes: number
  readonly lines: number
  /** Whether the last line ends with a line break, as every line that was written whole does. */
  readonly isWhole: boolean
}

/**
 * Gives each line to `take`, without its line break, with its number from 1. `isPrivate`: it holds identifiers, so that a
 * file that others may read is refused.
 * @throws LetheError: io where it cannot be read, usage where it is no regular file, open to others, or not UTF-8
 */
export function readLines(
  file: string,
  isPrivate: boolean,
  take: (line: string, number: number) => void,
): FileLines {
  let descriptor: number
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw fileError(`the list ${file}`, error)
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile())
      throw new LetheError('not-a-file', `the list ${file} is not a regular file`, 'name a file')
    if (isPrivate) refuseExposed(file, stats, 'lists of identifiers')
    return readAll(descriptor, file, take)
  } finally {
    closeSync(descriptor)
  }
}

function readAll(descriptor: number, file: string, take: (line: string, number: number) => void): FileLines {
  const hash = createHash('sha256')
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const part = Buffer.allocUnsafe(PART_BYTES)
  let rest = Buffer.alloc(0)
  let number = 0
  let bytes = 0
  const line = (from: Uint8Array): void => {
    number++
    let text: string
    try {
      text = decoder.decode(from)
    } catch {
      throw invalid(file, number, 'it is not UTF-8')
    }
    // A mark stands before the first line alone.
    if (number === 1) text = text.replace(/^\ufeff/, '')
    take(text.endsWith('\r') ? text.slice(0, -1) : text, number)
  }
  for (;;) {
    const read = readSync(descriptor, part)
    if (read === 0) break
    bytes += read
    const fresh = part.subarray(0, read)
    hash.update(fresh)
    const all = rest.length === 0 ? fresh : Buffer.concat([rest, fresh])
    let start = 0
    for (let end = all.indexOf(LF); end >= 0; end = all.indexOf(LF, start)) {
      line(all.subarray(start, end))
      start = end + 1
    }
    rest = Buffer.from(all.subarray(start))
    if (rest.length > MOST_LINE_BYTES) throw invalid(file, number + 1, 'the line is longer than 64 KiB')
  }
  if (rest.length > 0) line(rest)
  return { sha256: hash.digest('hex'), bytes, lines: number, isWhole: rest.length === 0 }
}

/** Quotes nothing of the line: it may hold an identifier. */
export const invalid = (file: string, line: number, what: string, way?: string): LetheError =>
  new LetheError('list-invalid', `${file}:${line}: ${what}; nothing was read`, way)
