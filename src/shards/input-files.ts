/** Which files a manifest is of: those that are named, and those below folders that are. */
import { LetheError } from '../errors.ts'
import { filesBelow, isFolder } from '../files/input-folder.ts'
import { isObjectName } from '../files/objects/object-name.ts'

/** Files of a folder stand where it is named. @throws LetheError what `filesBelow` throws, and where one is no file of a file system */
export function inputFilesOf(names: readonly string[], isFormatStated: boolean): readonly string[] {
  const files = names.flatMap((name) => {
    if (name === '-')
      throw new LetheError(
        'bad-option',
        'standard input is no file that several machines can read',
        'name files',
      )
    if (isObjectName(name))
      throw new LetheError(
        'bad-option',
        `${name} is an object, and a manifest is of files on a file system`,
        'mount the bucket, or run `lethe batch` over it',
      )
    return isFolder(name) ? filesBelow(name, isFormatStated).map(({ file }) => file) : [name]
  })
  if (files.length === 0)
    throw new LetheError('bad-option', 'no file is there to read', 'name files, or a folder with some')
  return files
}
