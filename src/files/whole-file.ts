/** Files that a command makes in one piece: drafts, cases, accounts. */
import { existsSync, realpathSync, writeFileSync } from 'node:fs'
import { LetheError, unwritable } from '../errors.ts'
import { placeOf } from './place.ts'
import { TemporaryFile } from './temporary-file.ts'

/**
 * Writes a whole file: it appears under its name with all of `text`, or what stood there stays. Where the name is a link, the
 * file that it leads to is replaced; a device or pipe is written to. Throws `LetheError` where it cannot be written.
 */
export async function writeWhole(name: string, text: string): Promise<void> {
  const { path, isFolder, isSpecial } = placeOf(name)
  if (isFolder) throw new LetheError('not-a-file', `${name} is a folder`, 'name a file')
  if (isSpecial) {
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
    output.publish()
  } finally {
    output.discard()
  }
}
