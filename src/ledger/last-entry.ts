/** Looks for an entry from the end of a ledger on. */
import { statSync } from 'node:fs'
import { type LedgerEntry, linesOf, readEntry } from './entry.ts'
import { readWhole } from './read-ledgers.ts'
import { sealedSegments } from './segments.ts'

/** The newest entry that `isIt`; undefined where there is none. Nothing is verified. @throws LetheError (io) */
export function lastEntryOf(file: string, isIt: (entry: LedgerEntry) => boolean): LedgerEntry | undefined {
  const files = [...sealedSegments(file).map((one) => one.file), ...(isFile(file) ? [file] : [])]
  for (const name of files.reverse()) {
    const entries = [...linesOf(readWhole(name))].map(({ bytes }) => readEntry(bytes))
    const found = entries.findLast((entry) => entry !== undefined && isIt(entry))
    if (found !== undefined) return found
  }
  return undefined
}

/** A device would be read for ever. */
const isFile = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() === true
