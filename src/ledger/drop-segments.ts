/** Which sealed segments are so old that they may go, and the entry that keeps the chain verifiable without them. */

import { LetheError } from '../errors.ts'
import { type LedgerFact, linesOf, readEntry, type SignedEntry, sha256 } from './entry.ts'
import { readWhole } from './read-ledgers.ts'
import { sealedSegments } from './segments.ts'

export interface OldSegments {
  readonly files: readonly string[]
  /** What the ledger has to say before they go. */
  readonly fact: Omit<LedgerFact, 'state'>
}

/**
 * The sealed segments of `ledger` whose last entry was made before `before` (ms since 1970), from the oldest on; undefined where
 * there is none. @throws LetheError where one does not end with an entry
 */
export function oldSegments(ledger: string, before: number): OldSegments | undefined {
  const files: string[] = []
  let last: { readonly entry: SignedEntry; readonly hash: string } | undefined
  for (const { file } of sealedSegments(ledger)) {
    const line = [...linesOf(readWhole(file))].at(-1)?.bytes
    const entry = line === undefined ? undefined : readEntry(line)
    if (line === undefined || entry === undefined)
      throw new LetheError('ledger-damaged', `${file} does not end with an entry`, 'see `lethe audit verify`')
    if (Date.parse(entry.time) >= before) break
    files.push(file)
    last = { entry, hash: sha256(line) }
  }
  if (last === undefined) return undefined
  return {
    files,
    fact: {
      action: 'ledger.drop',
      counts: { segments: files.length, until: last.entry.sequence },
      fingerprints: { head: last.hash },
    },
  }
}
