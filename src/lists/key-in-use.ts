/** Whether a match key can be taken out of use. */
import { LetheError } from '../errors.ts'
import type { Keyset } from '../keys/keyset.ts'
import { parseConsentHeader, parseConsentLine } from './consent-file.ts'
import { readLines } from './file-lines.ts'
import { keysOfList } from './list-writer.ts'

/** What is told of lists when a key is disabled. */
export interface MatchKeyUse {
  /** Files of lists to look at. */
  readonly list?: readonly string[]
  /** No list has entries under the key. */
  readonly unused?: true
}

/** A match key without which entries would match no record stays. @throws LetheError (usage) */
export function refuseInUse({ use }: Keyset, id: string, { list = [], unused }: MatchKeyUse): void {
  if (use === 'token') {
    if (list.length > 0 || unused === true)
      throw new LetheError(
        'bad-option',
        '--list and --unused are for match keys, and these are keys of tokens',
      )
    return
  }
  if (list.length === 0 && unused !== true)
    throw new LetheError(
      'key-change-refused',
      `${id} is a match key: subjects on lists and in consent tables are told by it, and without it they would match no record`,
      'name every list and table: --list FILE (may be repeated), or say --unused where there is none',
    )
  for (const file of list) {
    const entries = entriesUnder(file, id)
    if (entries > 0)
      throw new LetheError(
        'key-change-refused',
        `${file} has ${entries} entries under ${id}: they would match no record`,
        'keep the key; it is no risk to tokens, and promote decides which key new entries get',
      )
  }
}

/** How many subjects of a list or a consent table are told by the key. @throws LetheError what reading one throws */
function entriesUnder(file: string, id: string): number {
  const subjects = new Set<string>()
  let isTable = false
  readLines(file, false, (line, number) => {
    if (number === 1) isTable = parseConsentHeader(line) !== undefined
    if (!isTable) return
    const read = parseConsentLine(line, Number.POSITIVE_INFINITY)
    if (read.kind === 'record' && read.key === id) subjects.add(read.token.toString('hex'))
  })
  return isTable ? subjects.size : (keysOfList(file).get(id)?.entries ?? 0)
}
