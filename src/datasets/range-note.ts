/** What a file of a data set says of itself: which offsets it covers, and what became of their records. */
import { LetheError } from '../errors.ts'
import type { RangeStart } from './range-name.ts'

export interface RangeNote extends RangeStart {
  readonly v: 1
  /** `pipeline/route`. */
  readonly owner: string
  /** The offset behind the last one that the file covers. */
  readonly next: number
  /** Records that were read; offsets may be missing, as those of control records and of what compaction removed. */
  readonly records: number
  /** Rows of the file: records that were published. */
  readonly rows: number
  readonly suppressed: number
  readonly tombstones: number
  readonly deadLetters: number
  /** `name@version#fingerprint`. */
  readonly policy: string
}

const COUNTS = [
  'partition',
  'first',
  'next',
  'records',
  'rows',
  'suppressed',
  'tombstones',
  'deadLetters',
] as const
const TEXTS = ['topic', 'owner', 'policy'] as const

/** The note in a text of JSON; undefined where it is none. */
export function readNote(text: string): RangeNote | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const note = value as Readonly<Record<string, unknown>>
  if (note['v'] !== 1) return undefined
  const isCount = (name: string): boolean => Number.isSafeInteger(note[name]) && (note[name] as number) >= 0
  if (!COUNTS.every(isCount) || !TEXTS.every((name) => typeof note[name] === 'string')) return undefined
  const { first, next, records, rows, suppressed, tombstones, deadLetters } = note as unknown as RangeNote
  const adds = records === rows + suppressed + tombstones + deadLetters
  return next > first && records <= next - first && adds ? (note as unknown as RangeNote) : undefined
}

export const damaged = (file: string, what: string, way: string): LetheError =>
  new LetheError('dataset-damaged', `${file}: ${what}`, way)
