/** Reads what a shard wrote beside its outputs. */
import { readFileSync, statSync } from 'node:fs'
import { fileError } from '../errors.ts'
import { summaryForm } from '../forms/summaries.ts'
import type { Summary } from '../run/account/account-view.ts'

const MOST_BYTES = 64 << 20

/** Undefined where none is there. @throws LetheError (io) where it cannot be read */
export function readShardSummary(name: string): Summary | 'malformed' | undefined {
  let text: string
  try {
    if (statSync(name).size > MOST_BYTES) return 'malformed'
    text = readFileSync(name, 'utf8')
  } catch (error) {
    // What is in the place of its folder is told when that is made.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw fileError(name, error)
  }
  try {
    const parsed = summaryForm.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : 'malformed'
  } catch {
    return 'malformed'
  }
}
