/** Why a message of a topic becomes a dead letter, and a line of a file never does. */
import type { RecordCode } from '../src/errors.ts'

export const CODES_OF_MESSAGES: readonly RecordCode[] = [
  'value-empty',
  'schema-registry-framed',
  'tombstone-without-key',
  'key-missing',
  'key-not-utf8',
  'header-not-utf8',
  'header-repeated',
  'output-too-large',
  'output-refused',
]

/** The same, where the pipeline says how records stand in its messages. */
export const CODES_OF_FORMS: readonly RecordCode[] = [
  'not-framed',
  'key-not-framed',
  'not-json-text',
  'key-not-json',
  'key-member-unlisted',
]

/** The same, where records are change events, in objects of schema and payload. */
export const CODES_OF_CHANGES: readonly RecordCode[] = ['not-connect-json', 'not-a-change', 'change-before']

/** The same, where a schema registry says what the bytes are. */
export const CODES_OF_SCHEMAS: readonly RecordCode[] = [
  'schema-unknown',
  'schema-refused',
  'schema-incompatible',
  'schema-too-large',
  'tagged-without-rule',
  'payload-malformed',
  'payload-too-deep',
  'payload-too-large',
  'output-unwritable',
  'number-not-finite',
]
