/** Files of data sets: what parts them stands in the names of folders, and in no row. */
import { resolve } from 'node:path'
import { LetheError } from '../errors.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { readPartitionFolder } from '../record/partition/partition-path.ts'

/**
 * Holds that rows of the files have the fields of these output paths. A field that only a folder's name tells would count as
 * absent, and its records as less alike than they are.
 * @throws LetheError (bad-option)
 */
export function refuseParted(files: readonly string[], paths: Iterable<string>): void {
  const wanted = new Set(paths)
  for (const file of files) {
    const parts = foldersOf(file).flatMap((name) => readPartitionFolder(name)?.label ?? [])
    const parted = parts.find((label) => wanted.has(label))
    if (parted !== undefined)
      throw new LetheError(
        'bad-option',
        `${file}: the field ${parted} stands in the name of a folder, and in no row: without it records would look more alike than they are; nothing was measured`,
        'measure the inputs of the batch instead (without --side output), or name with --over fields that rows hold',
      )
  }
}

/** The names of the folders that a file or an object lies in, from the top. */
const foldersOf = (file: string): readonly string[] =>
  (isObjectName(file) ? file : resolve(file)).split(/[/\\]/).slice(0, -1)
