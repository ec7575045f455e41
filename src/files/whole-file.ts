/** Files that a command makes in one piece: drafts, cases, accounts. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { fileError, LetheError, unwritable } from '../errors.ts'
import { placeOf } from './place.ts'
import { TemporaryFile } from './temporary-file.ts'

/**
 * Writes a whole file: it appears under its name with all of `text`, or what stood there stays. Where the name is a link, the
 * file that it leads to is replaced; a device or pipe is written to. Throws `LetheError` where it cannot be written.
 * `recorded`: is awaited once all is written, before it appears; where it throws, nothing does.
 */
export async function writeWhole(
  name: string,
  text: string,
  recorded: () => Promise<void> = async () => {},
): Promise<void> {
  const { path, isFolder, isSpecial } = placeOf(name)
  if (isFolder) throw new LetheError('not-a-file', `${name} is a folder`, 'name a file')
  if (isSpecial) {
    await recorded()
    try {
      writeFileSync(path, text)
      return
    } catch (error) {
      throw unwritable(name, error)
    }
  }
  const output = new TemporaryFile(existsSync(path) ? realpathSync(path) : path, undefined, name)
  try {
    await output.append(Buffer.from(text))
    await output.finish()
    await recorded()
    output.publish()
  } finally {
    output.discard()
  }
}

/** The text of a file that lines are added to; empty where it is not there. Throws `LetheError` where it cannot be read. */
export function readIfThere(file: string): string {
  try {
    return readRegular(file).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    if (error instanceof LetheError) throw error
    throw fileError(file, error)
  }
}

/**
 * All of a file. A named pipe without a writer is not waited for, and a device, which may have no end, is not read.
 * @throws LetheError (usage) `not-a-file` where it is no regular file; the system's error where it cannot be read
 */
export function readRegular(file: string): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(descriptor).isFile())
      throw new LetheError('not-a-file', `${file} is not a regular file`, 'name a file')
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
