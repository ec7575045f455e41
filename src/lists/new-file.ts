/** Files of lists and consent tables: made whole, and appended to. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { existsAlready, unwritable } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'

/**
 * Makes a file that holds its first line, mode 0600: it appears whole under its name, and never takes another's place.
 * @throws LetheError (usage) where the file exists, (io) where it cannot be written, `file-busy`
 */
export async function createFile(file: string, firstLine: string): Promise<void> {
  const release = await takeLock(file)
  const temporary = join(dirname(file), `.${basename(file)}.made`)
  try {
    // Under the lock: what stands there is of a process that was killed.
    rmSync(temporary, { force: true })
    append(openSync(temporary, 'wx', 0o600), [firstLine])
    // A name that is taken refuses the link.
    linkSync(temporary, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existsAlready(file)
    throw unwritable(file, error)
  } finally {
    rmSync(temporary, { force: true })
    release()
  }
}

/** Appends lines that are on disk when the call returns. @throws LetheError (io) */
export function appendLines(file: string, lines: readonly string[], suggestion?: string): void {
  try {
    append(openSync(file, 'a'), lines)
  } catch (error) {
    throw unwritable(file, error, suggestion)
  }
}

function append(descriptor: number, lines: readonly string[]): void {
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Longer than any line that `file-lines.ts` reads. */
const TAIL_BYTES = (1 << 20) + 2

/**
 * Cuts off what stands behind the last line break: a line of an append that did not end, which was never acknowledged.
 * @returns whether there was something
 */
export function cutTail(file: string): boolean {
  if (!existsSync(file)) return false
  const descriptor = openSync(file, 'r+')
  try {
    const { size } = fstatSync(descriptor)
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
    readSync(descriptor, tail, 0, tail.length, size - tail.length)
    const end = tail.lastIndexOf(0x0a)
    const over = end < 0 ? 0 : tail.length - end - 1
    if (over > 0) {
      ftruncateSync(descriptor, size - over)
      fsyncSync(descriptor)
    }
    return over > 0
  } finally {
    closeSync(descriptor)
  }
}
