/** What csv.as.ts and csv-kernel.ts agree on. `npm run kernels` generates csv-layout.as.ts from it. */
import { type KernelLayout, Struct } from '../../../transforms/wasm-layout.ts'
import { ResultKind, SlotKind } from '../block.ts'
import { HEADER, RESULT_PLACES, type ResultPlace } from './memory.ts'

/** All places are addresses. */
const header = {
  /** Byte between the cells of a row. */
  delimiter: 'i32',
  /** Whether rows with quotes are common; the byte that begins a comment, or 256. */
  quotes: 'i32',
  comment: 'i32',
  /** Columns of a row. */
  columns: 'i32',
  /** For each column how many slots it takes: i32. */
  copies: 'usize',
  /** For each slot: where it starts and ends in the chunk, its kind, its record: i32 each. */
  starts: 'usize',
  ends: 'usize',
  kinds: 'usize',
  records: 'usize',
  /** For each row the physical line that it starts in: i32. */
  lines: 'usize',

  /** The chunk and its length: `input + length` is a line feed, and 64 bytes more can be read. */
  input: 'usize',
  length: 'usize',
  /** Bytes of a row, at most. */
  maxBytes: 'usize',
  /** Where `scan` stopped, from the start of the chunk, and in which line. */
  next: 'usize',
  line: 'i32',

  /** For each row that `write` may write its first slot, and for each of its cells the slot from there on: i32. */
  firsts: 'usize',
  offsets: 'usize',
  /** Cells of a row that `write` writes, and whether CR LF ends it. */
  width: 'i32',
  crlf: 'i32',
} as const

export const CsvHeader: Struct<keyof typeof header | ResultPlace> = new Struct({
  ...header,
  ...RESULT_PLACES,
})

export const layout: KernelLayout = {
  enums: { SlotKind, ResultKind },
  constants: { usize: { HEADER } },
  structs: { CsvHeader },
}
