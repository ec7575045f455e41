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
  /** What else made its rows; files of before lack it. */
  readonly made?: RangeMade | undefined
  /** Rows that retention or erasure deleted since, and the hash of the work order that did so last. */
  readonly deleted?: number | undefined
  readonly order?: string | undefined
}

export interface RangeMade {
  /** Between which instants retention was judged, ms since 1970. */
  readonly judged: { readonly from: number; readonly until: number }
  /** Check values of the keys that its tokens are under, by id. */
  readonly keyChecks: Readonly<Record<string, string>>
  /** Where rows have the event time; absent where no field tells it. */
  readonly time?:
    | { readonly field: string; readonly form: 'interval' | 'as-read'; readonly utc: boolean }
    | undefined
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
  if (note['deleted'] !== undefined && !isCount('deleted')) return undefined
  if (note['order'] !== undefined && !/^[0-9a-f]{64}$/.test(String(note['order']))) return undefined
  if (note['made'] !== undefined && !isMade(note['made'])) return undefined
  const { first, next, records, rows, suppressed, tombstones, deadLetters, deleted } =
    note as unknown as RangeNote
  const adds = records === rows + suppressed + tombstones + deadLetters + (deleted ?? 0)
  return next > first && records <= next - first && adds ? (note as unknown as RangeNote) : undefined
}

function isMade(value: unknown): boolean {
  const { judged, keyChecks, time } = Object(value) as Readonly<Record<string, unknown>>
  const { from, until } = Object(judged) as Readonly<Record<string, unknown>>
  const areTexts =
    typeof keyChecks === 'object' && keyChecks !== null && Object.values(keyChecks).every(isText)
  return (
    Number.isSafeInteger(from) &&
    Number.isSafeInteger(until) &&
    areTexts &&
    (time === undefined || isTime(time))
  )
}

function isTime(value: unknown): boolean {
  const { field, form, utc } = Object(value) as Readonly<Record<string, unknown>>
  return isText(field) && (form === 'interval' || form === 'as-read') && typeof utc === 'boolean'
}

const isText = (value: unknown): boolean => typeof value === 'string'

export const damaged = (file: string, what: string, way: string): LetheError =>
  new LetheError('dataset-damaged', `${file}: ${what}`, way)
