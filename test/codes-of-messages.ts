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
