/** What a manifest is of: files and objects that are named, and those below folders and prefixes that are. */
import { LetheError } from '../errors.ts'
import { type Input, inspectInput } from '../files/input.ts'
import { filesBelow, isFolder } from '../files/input-folder.ts'
import { inspectInputs } from '../files/objects/inspect-objects.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import type { RecordFormat } from '../record/limits.ts'

/**
 * The inputs of a manifest; files of a folder, or objects below a prefix, stand where it is named.
 * @throws LetheError where one cannot be an input, and what `filesBelow` throws
 */
export async function manifestInputs(
  names: readonly string[],
  format: RecordFormat | undefined,
): Promise<readonly Input[]> {
  const inputs: Input[] = []
  for (const name of names)
    if (isObjectName(name)) inputs.push(...(await inspectInputs([name], format)))
    else for (const file of filesOf(name, format !== undefined)) inputs.push(inspectInput(file, format))
  if (inputs.length === 0)
    throw new LetheError('bad-option', 'no file is there to read', 'name files, or a folder with some')
  return inputs
}

function filesOf(name: string, isFormatStated: boolean): readonly string[] {
  if (name === '-')
    throw new LetheError(
      'bad-option',
      'standard input is no file that several machines can read',
      'name files',
    )
  return isFolder(name) ? filesBelow(name, isFormatStated).map(({ file }) => file) : [name]
}
