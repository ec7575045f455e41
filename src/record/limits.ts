/** What is known of records before any is read: their formats, and how long they may be. */

/** Whether a file is newline-delimited JSON or CSV. */
export type RecordFormat = 'ndjson' | 'csv'

/** Longer records are dead letters, unless another limit is set. */
export const DEFAULT_MAX_RECORD_BYTES: number = 1 << 20
