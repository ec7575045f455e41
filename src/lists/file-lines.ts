/** Lines of a file that may be large, with the digest of its bytes. */
import { isAscii } from 'node:buffer'
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { fileError, LetheError } from '../errors.ts'
import { refuseExposed } from '../keys/secret-file.ts'

const PART_BYTES = 1 << 20
const MOST_LINE_BYTES = 1 << 20
const LF = 0x0a
const CR = 0x0d

export interface FileLines {
  /** SHA-256 of the bytes, lower-case hex. */
  readonly sha256: string
  readonly bytes: number
  readonly lines: number
  /** Whether the last line ends with a line break, as every line that was written whole does. */
  readonly isWhole: boolean
}

/** What a file is called in errors, and what to do where it is not there. */
export interface LinesOf {
  readonly what: string
  readonly missing?: string
  /** Of a file to which lines are appended whole: what to do where the last one was cut short, so that it cannot be read. */
  readonly torn?: string
}

const LIST: LinesOf = { what: 'the list' }

/** A list under match keys. */
export const MATCH_LIST: LinesOf = {
  ...LIST,
  torn: 'take the file as it was written, or do again what was cut short, such as `lethe forget apply`: it takes that line off',
}

/** A consent table. */
export const TABLE_FILE: LinesOf = {
  what: 'the consent table',
  missing: 'name the file that `lethe consent create` made',
  torn: 'take the file as it was written, or say again what was cut short, with `lethe consent`: it takes that line off',
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
  { what, missing, torn }: LinesOf = LIST,
): FileLines {
  let descriptor: number
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code, message, suggestion } = fileError(`${what} ${file}`, error)
    throw new LetheError(code, message, code === 'file-missing' ? missing : suggestion)
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile())
      throw new LetheError('not-a-file', `${what} ${file} is not a regular file`, 'name a file')
    if (isPrivate) refuseExposed(file, stats, 'lists of identifiers')
    return readAll(descriptor, file, take, torn)
  } finally {
    closeSync(descriptor)
  }
}

function readAll(
  descriptor: number,
  file: string,
  take: (line: string, number: number) => void,
  torn: string | undefined,
): FileLines {
  const hash = createHash('sha256')
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const part = Buffer.allocUnsafe(PART_BYTES)
  let rest = Buffer.alloc(0)
  let number = 0
  let bytes = 0
  const refuseLong = (length: number, line: number): void => {
    if (length > MOST_LINE_BYTES) throw invalid(file, line, 'the line is longer than 1 MiB')
  }
  const line = (from: Uint8Array): void => {
    number++
    refuseLong(from.length, number)
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
    const whole = all.lastIndexOf(LF) + 1
    let start = 0
    if (number > 0 && isAscii(all.subarray(0, whole))) {
      // Each byte is a character: decoded at once, and told apart as text.
      const text = all.toString('latin1', 0, whole)
      for (; start < whole; ) {
        const end = text.indexOf('\n', start)
        number++
        refuseLong(end - start, number)
        take(text.slice(start, text.charCodeAt(end - 1) === CR && end > start ? end - 1 : end), number)
        start = end + 1
      }
    } else
      for (let end = all.indexOf(LF); end >= 0; end = all.indexOf(LF, start)) {
        line(all.subarray(start, end))
        start = end + 1
      }
    rest = Buffer.from(all.subarray(start))
    refuseLong(rest.length, number + 1)
  }
  if (rest.length > 0) {
    try {
      line(rest)
    } catch (error) {
      if (torn === undefined || number === 1 || !(error instanceof LetheError)) throw error
      throw invalid(file, number, 'the last line is cut short: what it said is missing', torn)
    }
  }
  return { sha256: hash.digest('hex'), bytes, lines: number, isWhole: rest.length === 0 }
}

/** Quotes nothing of the line: it may hold an identifier. */
export const invalid = (file: string, line: number, what: string, way?: string): LetheError =>
  new LetheError('list-invalid', `${file}:${line}: ${what}; nothing was read`, way)
