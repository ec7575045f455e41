/** Reads what a shard wrote beside its outputs. */
import { wholeOf } from '../files/by-name.ts'
import { summaryForm } from '../forms/summaries.ts'
import type { Summary } from '../run/account/account-view.ts'

const MOST_BYTES = 64 << 20

/** Undefined where none is there. @throws LetheError (io) where it cannot be read */
export async function readShardSummary(name: string): Promise<Summary | 'malformed' | undefined> {
  const bytes = await wholeOf(name, MOST_BYTES)
  if (bytes === undefined) return undefined
  if (bytes === 'too-large') return 'malformed'
  try {
    const parsed = summaryForm.safeParse(JSON.parse(bytes.toString('utf8')))
    return parsed.success ? parsed.data : 'malformed'
  } catch {
    return 'malformed'
  }
}
