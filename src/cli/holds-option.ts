/** `--holds FILE` or `--no-holds`: a command that deletes is told one of the two. */
import type { Command } from 'commander'
import { LetheError } from '../errors.ts'
import { readHolds } from '../lifecycle/holds-file.ts'
import type { Hold } from '../lifecycle/legal-hold.ts'

export interface HoldsOptions {
  /** The file; false where --no-holds is said. */
  readonly holds?: string | boolean
}

export const addHoldsOptions = (command: Command): Command =>
  command
    .option('--holds <file>', 'the file of legal holds, of lethe hold')
    .option('--no-holds', 'there are no legal holds')

/** @throws LetheError (usage) where neither is said, or the file is not as it has to be */
export function holdsOf({ holds }: HoldsOptions): readonly Hold[] {
  if (holds === false) return []
  if (typeof holds === 'string') return readHolds(holds)
  throw new LetheError(
    'bad-option',
    'it is not said what is under legal hold; nothing was deleted',
    'say --holds FILE, or --no-holds where there are none',
  )
}
