/** One chunk of records to de-identify, and what came of it: what travels to and from a worker thread. */

import type { Account } from '../engine/account.ts'
import type { ClassPassSetup } from '../engine/class-pass.ts'
import type { DeadLetter, ToldValues } from '../engine/engine.ts'
import type { ClassPart } from '../groups/class-count.ts'
import type { GroupsKey, GroupsPart } from '../groups/subject-groups.ts'
import type { SketchPart } from '../measures/khyperloglog.ts'
import type { CsvStyle } from '../record/csv/csv-text.ts'
import type { PlanSetup } from './compile-again.ts'
import type { LeavingRecords, LeavingRows, RunEngineOptions } from './engines.ts'
import type { SketchSetup } from './sketching.ts'

/** How the records of one input are to be read and written. */
export type Layout =
  | {
      readonly format: 'ndjson'
      readonly isDecoded?: boolean
      /** Values that no record holds, for what observes. */
      readonly told?: ToldValues | undefined
      readonly leaves?: LeavingRecords | undefined
    }
  | {
      readonly format: 'csv'
      /** Whether its text was decoded: then 0xFF stands for what is none in its encoding. */
      readonly isDecoded?: boolean
      readonly told?: ToldValues | undefined
      /** Column names, checked. */
      readonly header: readonly string[]
      readonly style: CsvStyle
      /** What to call the input in errors. */
      readonly input: string
      readonly leaves?: LeavingRows | undefined
    }

export interface Chunk {
  /** Of its input: chunks of one number have one layout. */
  readonly layoutId: number
  readonly layout: Layout
  /** `bytes[0..length)`, then room to read; it is handed over, not shared. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly length: number
  /** Of its first byte in its input, unzipped, in UTF-8 and without a byte order mark. */
  readonly offset: number
  /** Memory to write the output into, if it is enough. */
  readonly memory?: ArrayBuffer | undefined
}

export interface RewrittenChunk {
  /** The chunk's memory, which is free again. */
  readonly spare?: ArrayBuffer | undefined
  readonly output: Uint8Array
  readonly deadLetters: readonly DeadLetter[]
  /** Where they are sealed: the bytes of the records of the first dead letters. */
  readonly originals?: readonly Uint8Array[] | undefined
  readonly lines: number
  readonly account: Account
}

/** What a thread needs to do as its parent. */
export interface ChunkSetup extends PlanSetup {
  readonly kind: 'chunks'
  readonly options: Omit<RunEngineOptions, 'data'>
  /** Where groups are counted: the key of the run. */
  readonly groupsKey?: GroupsKey | undefined
  /** Where the run is sketched. */
  readonly sketch?: SketchSetup | undefined
  /** Whether the originals of dead letters are sealed. */
  readonly seals?: boolean
  /** Where the policy states a crowd: what the pass is told, or that nothing judges it. */
  readonly crowd?: ClassPassSetup | 'unjudged' | undefined
}

/** A job of a thread: a chunk, or what it counted. */
export type ChunkJob = { readonly chunk: Chunk } | { readonly counts: 'groups' | 'classes' | 'sketches' }

export type ChunkDone =
  | { readonly rewritten: RewrittenChunk }
  | { readonly groups: GroupsPart | undefined }
  | { readonly classes: ClassPart | undefined }
  | { readonly sketches: readonly SketchPart[] }
