/** Reads a summary of `lethe batch` back, as far as it is needed to compare with it. */
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { fileError, LetheError } from '../../errors.ts'
import type { SeenPolicy } from '../../policy/seen.ts'

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const file = z.object({ bytes: z.int().min(0), sha256: digest })

interface WrittenFile {
  readonly bytes: number
  readonly sha256: string
}

export interface ReadSummary {
  readonly status: string
  readonly dryRun: boolean
  readonly policy: SeenPolicy
  /** Without a digest where an input was not read to its end, or by 0.1.0. */
  readonly inputs: readonly {
    readonly input: number
    readonly bytes: number
    readonly sha256?: string | undefined
  }[]
  /** Undefined where 0.1.0 wrote the summary. */
  readonly outputs?: readonly (WrittenFile & { readonly output: number })[] | undefined
  readonly deadLetterFile?: WrittenFile | undefined
}

/** Members that are not needed may be whatever they are: later versions add to them. */
const schema: z.ZodType<ReadSummary> = z.object({
  lethe: z.literal('summary'),
  v: z.literal(1),
  status: z.string(),
  dryRun: z.boolean(),
  policy: z.object({ name: z.string(), version: z.int(), fingerprint: digest }),
  inputs: z.array(z.object({ input: z.int(), bytes: z.int().min(0), sha256: digest.optional() })),
  outputs: z.array(file.extend({ output: z.int() })).optional(),
  deadLetterFile: file.optional(),
})

/** Options of rules are in it, and a list of categories may be long. */
const MOST_BYTES = 64 << 20

/**
 * @throws LetheError: io where it cannot be read, usage where it is no summary of `lethe batch`. Nothing that the file
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
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const isOfStream =
    typeof json === 'object' && json !== null && 'lethe' in json && json.lethe === 'stream-summary'
  throw new LetheError(
    'file-malformed',
    isOfStream
      ? `${name} is the summary of a stream, which writes no files`
      : `${name} is no summary of \`lethe batch\` that this version reads`,
    'name what `lethe batch --summary` wrote',
  )
}
