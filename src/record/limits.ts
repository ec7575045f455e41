/** What is known of records before any is read: their formats, and how long they may be. */

/** What a file of text is: a record a line, an array of records or values one behind the other, or CSV. */
export type TextFormat = 'ndjson' | 'json' | 'csv'

/** What a file is. */
export type RecordFormat = TextFormat | 'parquet'

/** Longer records are dead letters, unless another limit is set. */
export const DEFAULT_MAX_RECORD_BYTES: number = 1 << 20

const LEAST_RESULT_BYTES = 1 << 24
const MOST_RESULT_BYTES = 1 << 29

/**
 * How many bytes the rules may make of one record that is not longer than `maxRecordBytes`: 16 MiB, or four times as
 * much as a record may have, and at most so much that two of them fit in a memory with 31-bit addresses.
 */
export function maxResultBytes(maxRecordBytes: number): number {
  return Math.min(MOST_RESULT_BYTES, Math.max(LEAST_RESULT_BYTES, 4 * maxRecordBytes))
}
