/** Which file of a run a file is, by size and SHA-256. */
import type { FileDigest } from '../files/digest.ts'
import type { ReadSummary } from '../forms/summaries.ts'

export interface Match {
  readonly kind: 'output' | 'dead-letters' | 'input'
  /** Number of the output or input, from 1; 0 for the list of dead letters. */
  readonly number: number
}

/** The files of the run that hold these bytes: several where they are equal, an empty output say. */
export function matchesOf({ bytes, sha256 }: FileDigest, summary: ReadSummary): readonly Match[] {
  const isIt = (one: { readonly bytes: number; readonly sha256?: string | undefined } | undefined): boolean =>
    one?.bytes === bytes && one.sha256 === sha256
  return [
    ...(summary.outputs ?? []).filter(isIt).map((one): Match => ({ kind: 'output', number: one.output })),
    ...(isIt(summary.deadLetterFile) ? [{ kind: 'dead-letters', number: 0 } as const] : []),
    ...summary.inputs.filter(isIt).map((one): Match => ({ kind: 'input', number: one.input })),
  ]
}

/** Whether the bytes are what the run published, and not what it read. An input that equals an output is both. */
export function isPublished(matches: readonly Match[]): boolean {
  return matches.some(({ kind }) => kind !== 'input')
}
