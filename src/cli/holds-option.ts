/** `--holds FILE` or `--no-holds`: a command that deletes is told one of the two. */

import type { Command } from 'commander'
import { tellingHolds } from '../erasure/telling-holds.ts'
import { LetheError } from '../errors.ts'
import { loadMatchKeys, type MatchKeys } from '../keys/match-keys.ts'
import { readHolds } from '../lifecycle/holds-file.ts'
import type { HeldSetting } from '../lifecycle/may-delete.ts'
import { matchKeysFile } from '../run/named-key-files.ts'

export interface HoldsOptions {
  /** The file; false where --no-holds is said. */
  readonly holds?: string | boolean
}

export const addHoldsOptions = (command: Command): Command =>
  command
    .option('--holds <file>', 'the file of legal holds, of lethe hold')
    .option('--no-holds', 'there are no legal holds')

/**
 * What is held, and how it is looked at again.
 * @throws LetheError (usage) where neither is said, or the file is not as it has to be
 */
export function heldOf({ holds }: HoldsOptions): HeldSetting {
  if (holds === false) return { holds: [] }
  if (typeof holds === 'string') return { holds: readHolds(holds), lookAgain: () => readHolds(holds) }
  throw new LetheError(
    'bad-option',
    'it is not said what is under legal hold; nothing was deleted',
    'say --holds FILE, or --no-holds where there are none',
  )
}

export interface MatchKeysOption {
  readonly matchKeys?: string
}

export function matchKeysOf(options: MatchKeysOption): MatchKeys | undefined {
  const file = matchKeysFile(options)
  return file === undefined ? undefined : loadMatchKeys(file)
}

/** The same for rows of files, of which holds by subject ask whose they are. @throws what `heldOf` and `tellingHolds` throw */
export function heldRowsOf(options: HoldsOptions, matchKeys: () => MatchKeys | undefined): HeldSetting {
  const { holds, lookAgain } = heldOf(options)
  const isAsked = holds.some(({ subjects }) => subjects !== undefined)
  return { holds: isAsked ? tellingHolds(holds, matchKeys(), Date.now()) : holds, lookAgain }
}
