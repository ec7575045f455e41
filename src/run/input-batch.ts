/** One piece of an input, between its reader and the threads. */
import type { Rejected } from '../files/splitter.ts'
import type { Chunk } from './chunk.ts'

/** What was cut out of a chunk: its lines are counted as they stand in the input. */
export interface CutLines {
  /** Physical lines of the chunk as it was. */
  readonly total: number
  /** From a line of what is left, from 0, to that of the chunk as it was. */
  readonly of: (line: number) => number
}

/** What the pipeline carries: a chunk to rewrite, or bytes that the splitter skipped. */
export type Batch =
  | {
      readonly input: number
      readonly chunk: Chunk
      readonly headerLines: number
      /** What of each record no rule names, where the input tells it once for all. */
      readonly unlisted?: readonly string[] | undefined
      /** Of JSON that is not one record a line: the line that each record begins on, from 1; of Parquet the row that it is. */
      readonly recordLines?: Float64Array | undefined
      /** Where only some of its records were asked for. */
      readonly cut?: CutLines
      /** Where records were asked for by their ordinals in the input, from 1: those of this chunk. */
      readonly ordinals?: readonly number[]
    }
  | {
      readonly input: number
      readonly rejected: Rejected
      readonly headerLines: number
      readonly ordinals?: readonly number[]
    }

/** Which records of an input are wanted: those that begin at these lines, or those of these ordinals, from 1. */
export interface Picked {
  readonly by: 'line' | 'record'
  readonly numbers: ReadonlySet<number>
}
