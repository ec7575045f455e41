/** `--seal`: how the originals of a batch's dead letters are sealed. */
import { LetheError } from '../errors.ts'
import type { GateData } from '../gates/gate-data.ts'
import { subjectTokens } from '../gates/subject-token.ts'
import type { Plan } from '../policy/plan.ts'
import type { LetterSealing } from '../run/batch-run.ts'
import type { RunFiles } from '../run/run-files.ts'

const MOST_BYTES = 1 << 20

export interface SealOptions {
  /** A file of age recipients. */
  readonly seal?: string
  readonly deadLetter?: string
}

/** Undefined where nothing is sealed. @throws LetheError where the recipients cannot be read, or there is no list of dead letters */
export async function sealingOf(
  { seal, deadLetter }: SealOptions,
  plan: Plan,
  data: GateData,
  files: RunFiles,
): Promise<LetterSealing | undefined> {
  if (seal === undefined) return undefined
  if (deadLetter === undefined)
    throw new LetheError(
      'bad-option',
      '--seal puts originals into the list of dead letters, and none is named',
      'say --dead-letter FILE',
    )
  // Only where something is sealed: the package takes a while to load.
  const { parseRecipients } = await import('../sealing/key-files.ts')
  const { Sealer } = await import('../sealing/sealer.ts')
  const text = Buffer.from(files.read(seal, 'the recipients', MOST_BYTES)).toString('utf8')
  return { sealer: new Sealer(parseRecipients(text, seal)), tokens: subjectTokens(plan, data) }
}
