/** Which files a manifest is of: those that are named, and those below folders that are. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import { formatByName } from '../files/input.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { sidecarName } from '../lifecycle/sidecar.ts'

const SIDECAR = sidecarName('')

/**
 * The files in the order of their names: those of a folder stand where it is named. Hidden files, those whose names begin with an
 * underscore, as marks of other systems do, and sidecars are no data.
 * @throws LetheError where a file below a folder tells no format by its name, or a link is there: records could be left out unseen
 */
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
    try {
      return statSync(name).isDirectory() ? filesBelow(name, isFormatStated) : [name]
    } catch (error) {
      throw error instanceof LetheError ? error : fileError(name, error)
    }
  })
  if (files.length === 0)
    throw new LetheError('bad-option', 'no file is there to read', 'name files, or a folder with some')
  return files
}

function filesBelow(folder: string, isFormatStated: boolean): string[] {
  const isPassed = (name: string): boolean => /^[._]/.test(name)
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): string[] => {
      const { name } = entry
      const file = join(folder, name)
      if (isPassed(name) || name.endsWith(SIDECAR)) return []
      if (entry.isDirectory()) return filesBelow(file, isFormatStated)
      if (!entry.isFile())
        throw new LetheError(
          'not-a-file',
          `${file} is a link, a pipe or a device, and is not followed`,
          'name the file itself, or take it out of the folder',
        )
      if (!isFormatStated && formatByName(name).format === undefined)
        throw new LetheError(
          'format-unknown',
          `${file}: the name does not tell a format`,
          'say --format csv, json, ndjson or parquet; or name the files one by one; or take it out of the folder',
        )
      return [file]
    })
}
