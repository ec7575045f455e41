/**
 * The seam between bytes and blocks. A codec finds the listed values of records and writes records from the results of the
 * rules. The engine drives it, block by block: of files the codec finds where records end, of messages it is told. It knows
 * no rules, gates or accounts.
 */
import type { Block } from './block.ts'
import type { ByteSink } from './byte-sink.ts'
import type { Format } from './format.ts'

/** Records a block holds at most: enough for the transforms' kernels, few enough to stay in the cache. */
export const BLOCK_RECORDS = 512

/** Room to read behind the last record: codecs look a few bytes ahead. */
export const PADDING = 16

/** The bytes, ended by a line break and followed by room to read. */
export function padded(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length + PADDING).fill(0x0a, bytes.length)
  copy.set(bytes)
  return copy
}

/** What a codec met since it was asked last, beside the records in the block. */
export interface ScanCounts {
  /** Blank lines and comments: no records. */
  blank: number
  /** Members or columns that no rule names, as often as they were met. */
  unlisted: number
  /** How often each of them was met, by path; only where names are asked for. */
  names: Record<string, number> | undefined
}

export interface CodecOptions {
  /** Bytes; a longer record fails with `record-too-large`. */
  readonly maxRecordBytes: number
  /** Why a record fails that is not UTF-8. */
  readonly notUtf8: 'bad-utf8' | 'bad-encoding'
  /** Whether to count the names that no rule names. They are values of the data. */
  readonly showNames: boolean
  /** Whether WebAssembly kernels may scan and write common records. What comes out is the same. */
  readonly kernels: boolean
}

export interface Codec {
  readonly format: Format
  /**
   * Takes a chunk. `bytes[0..length)` holds whole records, each ended by its line break or, the last one, by `length`;
   * `PADDING` bytes that start with a line feed follow. Other records may stand behind, for `scanSpan`.
   * `utf8`: all of it is UTF-8; if not, each record has to be checked.
   */
  open(block: Block, bytes: Uint8Array, length: number, utf8: boolean): void
  /** Where `scan` goes on: the next record's first byte, and its physical line in the chunk, from 0. */
  readonly next: number
  readonly line: number
  /** Adds records of the chunk to the block, from `next` on: at least one line, and no more records than the block takes. */
  scan(): void
  /** Adds the record `[start, end)` of the chunk, which may span lines, to the block. `line`: what to call its line. */
  scanSpan(start: number, end: number, line: number): void
  /**
   * The same for many, of a codec that takes many at once: the records `[starts[at], ends[at])` and some behind it, each in a line of
   * its own; gives how many. All records of a chunk stand in order in the two arrays.
   */
  scanSpans?(starts: Int32Array, ends: Int32Array, at: number, line: number): number
  /** What was met since the last call. */
  takeCounts(): ScanCounts
  /**
   * Appends the first `count` of the records `passing` to `sink`, each ended as the format says. A record that cannot be
   * written is marked as failed in the block, its place in `passing` becomes -1, and nothing of it is written.
   * `ends`: where each written record ends in the sink, without what ends it, at its place of `passing`.
   */
  write(passing: Int32Array, count: number, sink: ByteSink, ends?: Int32Array): void
  /** The block was written, and is empty. */
  nextBlock(): void
  /** The last block of the chunk was written: appends what was held back of it. */
  flush?(sink: ByteSink): void
}
