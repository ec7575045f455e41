/** What stands where a run is going to write: a summary or a list of dead letters of an earlier run. */
import { closeSync, openSync, readSync } from 'node:fs'
import { LetheError } from '../errors.ts'
import { fileDeadLetterForm } from '../forms/dead-letters.ts'
import {
  describeVersionNotRaised,
  isVersionNotRaised,
  parsePolicyLabel,
  RAISE_VERSION,
  type SeenPolicy,
  VERSION_NOT_RAISED,
} from '../policy/seen.ts'
import { readSummary } from './read-summary.ts'

/** Longer than a line of the list can be. */
const LINE_BYTES = 4096

/** Warnings where an earlier run was made by another policy of the same name and version than `now`. */
export function versionWarnings(
  now: SeenPolicy,
  files: { readonly summary?: string | undefined; readonly deadLetter?: string | undefined },
): string[] {
  const { summary, deadLetter } = files
  const seen = [
    {
      what: 'the summary',
      file: summary,
      policy: summary === undefined ? undefined : policyOfSummary(summary),
    },
    {
      what: 'the dead letters',
      file: deadLetter,
      policy: deadLetter === undefined ? undefined : policyOfList(deadLetter),
    },
  ]
  return seen.flatMap(({ what, file, policy }) =>
    policy === undefined || !isVersionNotRaised(now, policy)
      ? []
      : [
          `${VERSION_NOT_RAISED}: ${describeVersionNotRaised(now, `in ${what} that stood at ${file}`)}; ${RAISE_VERSION}`,
        ],
  )
}

/** Whatever else stands there is nothing to compare with: it is overwritten, as it was before. */
function policyOfSummary(file: string): SeenPolicy | undefined {
  try {
    return readSummary(file).policy
  } catch (error) {
    if (error instanceof LetheError) return undefined
    throw error
  }
}

function policyOfList(file: string): SeenPolicy | undefined {
  let fd: number | undefined
  try {
    fd = openSync(file, 'r')
    const bytes = Buffer.alloc(LINE_BYTES)
    const [line] = bytes.toString('utf8', 0, readSync(fd, bytes, 0, LINE_BYTES, 0)).split('\n', 1)
    return parsePolicyLabel(fileDeadLetterForm.parse(JSON.parse(line!)).policy)
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
