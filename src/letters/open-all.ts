/** Opens the originals of dead letters, and writes them down as they were. */
import { LetheError } from '../errors.ts'
import { placeOf } from '../files/place.ts'
import { TemporaryFile } from '../files/temporary-file.ts'
import { type Opener, UNOPENED } from '../sealing/opener.ts'
import { originalJson } from './original-json.ts'
import type { PlacedLetter } from './sealed-letters.ts'

export interface OpenAllOptions {
  /** A file, which its owner alone may read; undefined or `-`: none. */
  readonly output?: string
  /** Whether those that cannot be opened are left out. */
  readonly skipUnopened?: boolean
}

export interface OpenedLetters {
  opened: number
  unopened: number
  without: number
}

/**
 * All or nothing: where one cannot be opened, no output is left and nothing is printed.
 * @param print takes the lines once all are opened, where they go to no file
 * @throws LetheError: usage where one cannot be opened, and such are not left out; io where the output cannot be written
 */
export async function openAll(
  letters: AsyncIterable<PlacedLetter>,
  opener: Opener,
  { output, skipUnopened = false }: OpenAllOptions,
  print: (line: Uint8Array) => void,
): Promise<OpenedLetters> {
  const counts: OpenedLetters = { opened: 0, unopened: 0, without: 0 }
  const file = output === undefined || output === '-' ? undefined : privateFile(output)
  const printed: Buffer[] = []
  try {
    for await (const { where, letter, sealed } of letters) {
      if (sealed === undefined) {
        counts.without++
        continue
      }
      const original = await opener.open(sealed, JSON.stringify(letter))
      if (typeof original === 'string') {
        if (!skipUnopened)
          throw new LetheError(
            original,
            `${where}: ${UNOPENED[original]}; nothing was written`,
            '--skip-unopened leaves out those that cannot be opened, and counts them',
          )
        counts.unopened++
        continue
      }
      counts.opened++
      const line = Buffer.from(`${originalJson(letter, original)}\n`)
      if (file === undefined) printed.push(line)
      else await file.append(line)
    }
    await file?.finish()
    file?.publish()
  } finally {
    file?.discard()
  }
  for (const line of printed) print(line)
  return counts
}

function privateFile(name: string): TemporaryFile {
  const { path, isFolder, isSpecial } = placeOf(name)
  if (isFolder || isSpecial)
    throw new LetheError('not-a-file', `${name} is no regular file`, 'name a file, or leave out -o')
  return new TemporaryFile(path, undefined, name, 'owner')
}
