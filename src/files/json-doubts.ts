/** Why a JSON file cannot be cut into records any further: what is told of it, by place, without a word of the file. */
import { type ErrorCode, LetheError } from '../errors.ts'

const BOUNDS = ', so it is not known where the record ends'

export type Doubt =
  | 'array-cut-short'
  | 'record-cut-short'
  | 'comma-missing'
  | 'no-comma'
  | 'comma-trailing'
  | 'record-missing'
  | 'behind-array'
  | 'comma-outside'
  | 'no-value'
  | 'string-open'
  | 'bracket-differs'
  | 'sign-missing'
  | 'too-deep'

/** What is wrong, and whether the file is damaged. */
const DOUBTS: Readonly<Record<Doubt, readonly [is: string, damaged?: 'damaged']>> = {
  'array-cut-short': ['the file ends before its array does: records are missing', 'damaged'],
  'record-cut-short': ['the file ends in the middle of a record of its array', 'damaged'],
  'comma-missing': ['a comma is missing between two records of the array'],
  'no-comma': ['what follows a record of the array is neither a comma nor the end of the array'],
  'comma-trailing': ['a comma stands before the end of the array, and no record follows it'],
  'record-missing': ['a comma stands where a record of the array must begin'],
  'behind-array': ['something follows the end of the array'],
  'comma-outside': ['a comma stands between records, and no array was opened'],
  'no-value': ['what begins here is no JSON value'],
  'string-open': [`a line break stands in a string${BOUNDS}`],
  'bracket-differs': [`a bracket is closed here that is not the one open${BOUNDS}`],
  'sign-missing': [`a comma, colon, quote or bracket is missing before this${BOUNDS}`],
  'too-deep': [`more than 1,048,576 brackets are open${BOUNDS}`],
}

export interface JsonPlace {
  /** From 1. */
  readonly line: number
  /** In bytes of the text in UTF-8, from 1. */
  readonly column: number
  /** The ordinal of the record at hand, from 1. */
  readonly record: number
}

/** `begins`: the line on which the record at hand begins, where it is another one. */
export function doubtError(
  input: string,
  doubt: Doubt,
  { line, column, record }: JsonPlace,
  begins: number,
  isArray: boolean,
): LetheError {
  const [is, damaged] = DOUBTS[doubt]
  const since = begins === line ? '' : ` (which begins on line ${begins})`
  const code: ErrorCode = damaged === undefined ? 'file-malformed' : 'input-damaged'
  const correct = isArray
    ? 'correct the file there'
    : 'correct the file there; where each line is a record, say --format ndjson'
  return new LetheError(
    code,
    `${input}: line ${line}, column ${column}, record ${record}${since}: ${is}`,
    damaged === undefined ? correct : 'fetch or export the file again',
  )
}
