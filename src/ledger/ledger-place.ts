/** Whether a ledger can be written where it is to stand, asked without writing to it. */
import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { LetheError } from '../errors.ts'

export interface LedgerPlace {
  readonly file: string
  readonly signingKey: string
  /** A file of heads; undefined where there is none, or heads stand elsewhere. */
  readonly anchor: string | undefined
}

/** What would keep the first entry from being written on this machine. Reads no secret. */
export function placeTroubles({ file, signingKey, anchor }: LedgerPlace): readonly LetheError[] {
  const troubles = [folderTrouble('the ledger', file)]
  if (anchor !== undefined) troubles.push(folderTrouble('the anchor of the ledger', anchor))
  if (kindOf(signingKey) !== 'file')
    troubles.push(
      new LetheError(
        'ledger-unwritable',
        `the signing key ${signingKey} of the ledger is not there`,
        'make one with `lethe signing-key create FILE`',
      ),
    )
  return troubles.filter((one) => one !== undefined)
}

/** A file is written where it is, and where it is not, it is made; its lock is a file beside it. */
function folderTrouble(what: string, file: string): LetheError | undefined {
  const folder = dirname(file)
  const trouble = (why: string, way: string): LetheError => new LetheError('ledger-unwritable', why, way)
  if (kindOf(folder) !== 'folder')
    return trouble(`the folder ${folder} of ${what} is not there`, 'make it, for the account that runs Lethe')
  if (!mayWrite(folder))
    return trouble(
      `this account may not write into the folder ${folder} of ${what}`,
      'set the rights of the folder',
    )
  const kind = kindOf(file)
  if (kind === 'other' || kind === 'folder') return trouble(`${what} ${file} is no file`, 'name another')
  if (kind === 'file' && !mayWrite(file))
    return trouble(`this account may not write to ${what} ${file}`, 'set the rights of the file')
  return undefined
}

function kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
  try {
    const stats = statSync(path)
    return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other'
  } catch {
    return undefined
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
