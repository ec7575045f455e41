/** Files of data sets: what parts them stands in the names of folders, and in no row. */
import { resolve } from 'node:path'
import type { Input } from '../files/input.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { readPartitionFolder } from '../record/partition/partition-path.ts'

/**
 * The inputs with what their folders tell of the fields of these output paths. Of two folders of one field the inner one counts. Without it
 * the field would count as absent, and records as more alike than they are.
 */
export function withFolders(inputs: readonly Input[], paths: ReadonlySet<string>): Input[] {
  return inputs.map((input) => {
    const told = new Map<string, string | null>()
    for (const name of foldersOf(input.name)) {
      const folder = readPartitionFolder(name)
      if (folder !== undefined && paths.has(folder.label)) told.set(folder.label, folder.value)
    }
    return told.size === 0 ? input : { ...input, told }
  })
}

/** The fields that folders tell of any of the inputs. */
export const toldFields = (inputs: readonly Input[]): ReadonlySet<string> =>
  new Set(inputs.flatMap(({ told }) => [...(told?.keys() ?? [])]))

/** The names of the folders that a file or an object lies in, from the top. */
const foldersOf = (file: string): readonly string[] =>
  (isObjectName(file) ? file : resolve(file)).split(/[/\\]/).slice(0, -1)
