/** Reads a summary of `lethe batch` back, as far as it is needed to compare with it. */
import { readFileSync, statSync } from 'node:fs'
import { fileError, LetheError } from '../errors.ts'
import { type ReadSummary, readSummaryForm } from '../forms/summaries.ts'

/** Options of rules are in it, and a list of categories may be long. */
const MOST_BYTES = 64 << 20

/**
 * @throws LetheError: io where it cannot be read, usage where it is not a summary of `lethe batch`. Nothing that the file
 *   holds is quoted.
 */
export function readSummary(name: string): ReadSummary {
  let text: string
  try {
    const stats = statSync(name)
    if (stats.size > MOST_BYTES)
      throw new LetheError(
        'file-too-large',
        `${name} is too large for a summary`,
        'name what --summary wrote',
      )
    text = readFileSync(name, 'utf8')
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(name, error)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new LetheError('file-malformed', `${name} is not JSON`, 'name what `lethe batch --summary` wrote')
  }
  const parsed = readSummaryForm.safeParse(json)
  if (parsed.success) return parsed.data
  const isOfStream =
    typeof json === 'object' && json !== null && 'lethe' in json && json.lethe === 'stream-summary'
  throw new LetheError(
    'file-malformed',
    isOfStream
      ? `${name} is the summary of a stream, which writes no files`
      : `${name} is not a summary of \`lethe batch\` that this version reads`,
    'name what `lethe batch --summary` wrote',
  )
}
