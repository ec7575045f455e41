/** Reads files that hold secrets. What is in them is in no error. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { LetheError } from '../errors.ts'

/** Room for hundreds of keys; whatever is larger is something else. */
const MAX_FILE_BYTES = 1024 * 1024

/** Read, write or search by others; write by the group. */
const EXPOSED_MODE = 0o027

/**
 * Reads a file; `what` it should be is for messages, e.g. `a keyset file`.
 * @throws LetheError (usage) if it is not a regular file, or too large; the system's error if it cannot be read
 */
export function readSecretFile(file: string, what: string): { text: string; stats: Stats } {
  // Not blocking: a named pipe without a writer would block the command forever.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    // Of the open file, so that it cannot be exchanged between the check and the reading.
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new LetheError('not-a-file', `${file} is not a regular file`, `name ${what}`)
    return { text: readText(descriptor, file, what), stats }
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Refuses a file that others may read or write, or that its group may write; `what` such files are is for the
 * message, e.g. `key files`; `suggestion` is what to do where another mode would not help.
 * @throws LetheError (usage)
 */
export function refuseExposed(
  file: string,
  stats: Stats,
  what: string,
  suggestion: string = `chmod 600 ${file}`,
): void {
  if (process.platform === 'win32' || (stats.mode & EXPOSED_MODE) === 0) return
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
  throw new LetheError(
    'secret-file-open',
    `${file} has mode ${mode}: ${what} may not be open to others, nor be written by the group`,
    suggestion,
  )
}

function readText(descriptor: number, file: string, what: string): string {
  const bytes = Buffer.alloc(MAX_FILE_BYTES + 1)
  let length = 0
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null)
    if (count === 0) break
    length += count
  }
  if (length > MAX_FILE_BYTES) throw new LetheError('file-too-large', `${file} is too large for ${what}`)
  const text = bytes.toString('utf8', 0, length)
  bytes.fill(0, 0, length)
  return text
}
