/** Reads ledgers from the disk: each with the sealed segments beside it. */
import { existsSync, realpathSync } from 'node:fs'
import { fileError, LetheError } from '../errors.ts'
import { readRegular } from '../files/whole-file.ts'
import { sealedSegments } from './segments.ts'
import type { LedgerFile } from './verify-chains.ts'

/**
 * The files, and the sealed segments beside them, each once, oldest first. A ledger whose open segment is gone is still read.
 * @throws LetheError (io) where one cannot be read; (usage) where one is no regular file
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
    return readRegular(file)
  } catch (error) {
    if (error instanceof LetheError) throw error
    throw fileError(file, error)
  }
}
