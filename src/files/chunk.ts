/** One chunk of records to de-identify, and what came of it: what travels to and from a worker thread. */

import type { Account } from '../engine/account.ts'
import type { DeadLetter, Engine, EngineOptions } from '../engine/engine.ts'
import { GroupCount } from '../engine/group-count.ts'
import type { GroupsKey, GroupsPart, SubjectGroups } from '../groups/subject-groups.ts'
import type { PlanSetup } from '../pipeline/compile-again.ts'
import type { Plan } from '../policy/plan.ts'
import type { CsvStyle } from '../record/csv/csv-text.ts'
import { csvEngine, jsonEngine } from '../run/engines.ts'

/** How the records of one input are to be read and written. */
export type Layout =
  | { readonly format: 'ndjson' }
  | {
      readonly format: 'csv'
      /** Column names, checked. */
      readonly header: readonly string[]
      readonly style: CsvStyle
      /** What to call the input in errors. */
      readonly input: string
    }

export interface Chunk {
  /** One number for each layout that differs. */
  readonly layoutId: number
  readonly layout: Layout
  /** `bytes[0..length)`, then room to read; it is handed over, not shared. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly length: number
  /** Of its first byte in its input, unzipped and without a byte order mark. */
  readonly offset: number
  /** Memory to write the output into, if it is enough. */
  readonly memory?: ArrayBuffer | undefined
}

export interface RewrittenChunk {
  /** The chunk's memory, which nobody needs any more. */
  readonly spare?: ArrayBuffer | undefined
  readonly output: Uint8Array
  readonly deadLetters: readonly DeadLetter[]
  readonly lines: number
  readonly account: Account
}

/** What a thread needs to do as its parent. */
export interface ThreadSetup extends PlanSetup {
  readonly options: EngineOptions
  /** Where groups are counted: the key of the run. */
  readonly groupsKey?: GroupsKey | undefined
}

/** Turns chunks into outputs, with one rewriter for each layout. */
export class ChunkRewriter {
  readonly #plan: Plan
  readonly #options: EngineOptions
  readonly #groups: SubjectGroups | undefined
  readonly #rewriters = new Map<number, Engine>()

  constructor(plan: Plan, options: EngineOptions, groupsKey: GroupsKey | undefined) {
    this.#plan = plan
    const count = groupsKey === undefined ? undefined : new GroupCount(plan, groupsKey)
    this.#groups = count?.groups
    this.#options = count === undefined ? options : { ...options, groups: count }
  }

  rewrite(chunk: Chunk): RewrittenChunk {
    let rewriter = this.#rewriters.get(chunk.layoutId)
    if (rewriter === undefined) {
      const { layout } = chunk
      rewriter =
        layout.format === 'ndjson'
          ? jsonEngine(this.#plan, this.#options)
          : csvEngine(this.#plan, layout.header, layout.input, layout.style, this.#options)
      this.#rewriters.set(chunk.layoutId, rewriter)
    }
    rewriter.memory = chunk.memory
    const { output, deadLetters, lines } = rewriter.rewrite(chunk.bytes, chunk.length, chunk.offset)
    return { spare: chunk.bytes.buffer, output, deadLetters, lines, account: rewriter.takeAccount() }
  }

  /** The data subjects behind what was published, if they are counted. */
  groups(): GroupsPart | undefined {
    return this.#groups?.part()
  }
}
