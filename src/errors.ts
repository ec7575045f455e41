/** The closed lists of codes: why a record became a dead letter, and how a command ends. */
import { FAILURE_CODES, type FailureCode } from '../transforms/transform.ts'

/** Why a record, as a whole, could not be taken. Never says what it held. */
export const RECORD_CODES = {
  'record-too-large': 'the record is longer than --max-record-bytes, or `maxRecordBytes`, allows',
  'value-empty': 'the record has a value of no bytes, which is neither JSON nor a tombstone',
  'schema-registry-framed':
    'the value is framed for a schema registry (0x00 and an id): Lethe reads JSON, so publish it without the registry serializer',
  'tombstone-without-key': 'the record has neither a value nor a key: nobody can tell what it deletes',
  'key-missing': 'the record has no key, and a compacted topic takes none without one',
  'key-not-utf8': 'the record key is not UTF-8 text',
  'header-not-utf8': 'a header that the policy names is not UTF-8 text without NUL',
  'header-repeated': 'a header that the policy names is there more than once',
  'output-too-large': 'what is left of the record is larger than the output topic takes',
  'result-too-large':
    'what the rules make of the record is longer than 16 MiB and than four times the longest record that is taken',
  'output-refused': 'the output topic refuses the record',
  'bad-utf8': 'the record is not valid UTF-8',
  'json-syntax': 'the record is not JSON as RFC 8259 writes it',
  'json-truncated': 'the JSON text ends before its value does',
  'json-trailing': 'something follows the JSON value',
  'json-duplicate-name': 'an object has two members of one name, compared after decoding escapes',
  'json-nul-in-name': 'a member name holds a NUL',
  'json-lone-surrogate': 'a string holds half of a surrogate pair',
  'json-too-deep': 'objects and arrays nest more than 64 deep',
  'not-an-object': 'the record is JSON, but not an object',
  'container-for-scalar': 'an object or array stands where the policy names a scalar',
  'scalar-for-container':
    'a scalar stands where the policy names something below it, or an array for an object',
  'unlisted-field':
    'the record holds a field that the policy does not name, and the policy says `unlisted: reject`',
  'map-name-collision': 'two names of a map became one',
  'csv-ragged': 'the row has more or fewer fields than the header',
  'csv-syntax': 'a quote or a lone carriage return stands where RFC 4180 does not allow one',
  'kept-line-break':
    'a cell that leaves as it is holds a line break, as a stray quote makes it of several rows; `lineBreaks: allow` of the rule lets it pass',
  'csv-quote-unclosed': 'a quoted field never closes',
  'event-time-missing': 'the record has no event time',
  'event-time-unparsable': 'the event time is not written as the policy says',
  'event-time-future': 'the event time lies in the future',
  'no-rule-matches': 'no `when:` of the field matches the record',
  'suspect-value':
    'a value that would leave as it is looks personal or secret, and the policy says `suspects: dead-letter`',
} as const

export type RecordCode = keyof typeof RECORD_CODES

/** Every code that a dead letter can carry. */
export type DeadLetterCode = RecordCode | FailureCode

/** One sentence for a dead letter's code. */
export function describeCode(code: DeadLetterCode): string {
  return code in RECORD_CODES ? RECORD_CODES[code as RecordCode] : FAILURE_CODES[code as FailureCode]
}

/** How a command ends: the exit codes of every `lethe` command. */
export const EXIT = {
  ok: 0,
  violations: 1,
  usage: 2,
  deadLetters: 3,
  io: 4,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/**
 * An error that a person is meant to read. The message says what is wrong and where, the suggestion what to
 * do; neither holds a value of the data. Anything else that is thrown is a defect.
 */
export class LetheError extends Error {
  readonly exitCode: ExitCode
  readonly suggestion: string | undefined
  constructor(exitCode: ExitCode, message: string, suggestion?: string) {
    super(message)
    this.exitCode = exitCode
    this.suggestion = suggestion
  }
}

/**
 * What a system error about a file means, in words; `name` is the file as the user knows it. A folder is a wrong
 * argument, the rest is input/output.
 */
export function fileError(name: string, error: unknown, verb: 'read' | 'written' = 'read'): LetheError {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EISDIR') return new LetheError(EXIT.usage, `${name} is a folder`, 'name a file')
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return verb === 'read'
      ? new LetheError(EXIT.io, `${name} does not exist`)
      : new LetheError(EXIT.io, `${name} cannot be written: its folder does not exist`, 'make it first')
  if (code === 'EACCES' || code === 'EPERM') return new LetheError(EXIT.io, `${name} may not be ${verb}`)
  return new LetheError(EXIT.io, `${name} cannot be ${verb} (${code ?? 'unknown error'})`)
}

/** A finding in a policy, keyset or cases file. Lines and columns count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** From a closed list per kind of file, e.g. `unknown-key`. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly suggestion?: string | undefined
}
