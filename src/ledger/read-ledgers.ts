/** Reads ledgers from the disk: each with the sealed segments beside it. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { fileError } from '../errors.ts'
import { sealedSegments } from './segments.ts'
import type { LedgerFile } from './verify-chains.ts'

/**
 * The files, and the sealed segments beside them, each once, oldest first. A ledger whose open segment is gone is still read.
 * @throws LetheError (io) where one cannot be read
 */
export function readLedgers(names: readonly string[]): readonly LedgerFile[] {
  const seen = new Set<string>()
  return names.flatMap((name) => {
    const sealed = sealedSegments(name).map(({ file }) => file)
    const files = sealed.length > 0 && !existsSync(name) ? sealed : [...sealed, name]
    return files.flatMap((file) => {
      const bytes = readWhole(file)
      const path = realpathSync(file)
      if (seen.has(path)) return []
      seen.add(path)
      return [{ file, bytes }]
    })
  })
}

export function readWhole(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw fileError(file, error)
  }
}
