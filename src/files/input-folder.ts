/** A folder as an input: the files below it that hold records, as objects below a prefix are found. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import { formatByName } from './input.ts'

/** More inputs than this are no batch. */
export const MOST_INPUTS = 100_000

export interface FileBelow {
  readonly file: string
  /** Its name below the folder, with `/` in it. */
  readonly below: string
}

export function isFolder(name: string): boolean {
  if (name === '-') return false
  try {
    return statSync(name).isDirectory()
  } catch {
    // What reads it says what is wrong with it.
    return false
  }
}

/**
 * The files in the order of their names. Hidden ones, those whose names begin with an underscore, as marks of other systems do, and
 * sidecars are no data; so are folders of such names.
 * @throws LetheError where a file tells no format by its name, or a link is there: records could be left out unseen
 */
export function filesBelow(folder: string, isFormatStated: boolean): readonly FileBelow[] {
  const files: FileBelow[] = []
  gather(folder, '', isFormatStated, files)
  if (files.length === 0)
    throw new LetheError('file-missing', `no file with records lies below ${folder}`, 'correct the name')
  return files.sort((a, b) => Buffer.compare(Buffer.from(a.below), Buffer.from(b.below)))
}

function gather(folder: string, above: string, isFormatStated: boolean, files: FileBelow[]): void {
  for (const entry of entriesOf(folder)) {
    const { name } = entry
    const file = join(folder, name)
    if (/^[._]/.test(name) || name.endsWith('.lethe.json')) continue
    if (entry.isDirectory()) {
      gather(file, `${above}${name}/`, isFormatStated, files)
      continue
    }
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
    files.push({ file, below: `${above}${name}` })
    if (files.length > MOST_INPUTS)
      throw new LetheError(
        'bad-option',
        `more than ${MOST_INPUTS} files lie below ${folder}`,
        'name a folder below it, and run several batches',
      )
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    throw fileError(folder, error)
  }
}
