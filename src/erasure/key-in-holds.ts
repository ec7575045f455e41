/** Whether a match key can be taken out of use: legal holds on subjects tell rows by it. */
import { LetheError } from '../errors.ts'
import { checkValueOf } from '../keys/keyring.ts'
import type { Keyset } from '../keys/keyset.ts'
import { readHolds } from '../lifecycle/holds-file.ts'
import { stateOf } from '../lifecycle/legal-hold.ts'

/**
 * Looks at files of holds. A hold that has expired, or was released, needs no key.
 * @throws LetheError (usage) where one in force tells its subjects by the key, or the keys are of tokens; what `readHolds` throws
 */
export function refuseHeldUnder(
  { use, keys }: Keyset,
  id: string,
  files: readonly string[],
  now: number,
): void {
  if (files.length > 0 && use === 'token')
    throw new LetheError('bad-option', '--holds is for match keys, and these are keys of tokens')
  const key = keys.find((one) => one.id === id)
  if (key === undefined) return
  const check = checkValueOf(key)
  for (const file of files) {
    const held = readHolds(file).filter(
      (hold) => stateOf(hold, now) === 'in force' && hold.subjects?.matchKeys[id] === check,
    )
    if (held.length > 0)
      throw new LetheError(
        'key-change-refused',
        `${file} has legal holds on subjects who are told by ${id}: ${held.map((hold) => hold.id).join(', ')}; without the key nothing that they may hold could be deleted`,
        'keep the key until these holds are released, or add them again under another key and release these',
      )
  }
}
