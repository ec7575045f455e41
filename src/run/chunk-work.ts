/** The work of a thread on files: chunks to outputs. */
import type { Engine } from '../engine/engine.ts'
import { GroupCount } from '../engine/group-count.ts'
import type { Answered } from '../engine/threads.ts'
import type { GroupsKey, GroupsPart, SubjectGroups } from '../groups/subject-groups.ts'
import type { Plan } from '../policy/plan.ts'
import type { Chunk, ChunkDone, ChunkJob, ChunkSetup, RewrittenChunk } from './chunk.ts'
import { compileAgain } from './compile-again.ts'
import { gateDataOf } from './configuration.ts'
import { csvEngine, jsonEngine, type RunEngineOptions } from './engines.ts'

/** Turns chunks into outputs, with one rewriter for each layout. */
export class ChunkRewriter {
  readonly #plan: Plan
  readonly #options: RunEngineOptions
  readonly #groups: SubjectGroups | undefined
  readonly #engines = new Map<number, Engine>()

  constructor(plan: Plan, options: RunEngineOptions, groupsKey: GroupsKey | undefined) {
    this.#plan = plan
    const count = groupsKey === undefined ? undefined : new GroupCount(plan, groupsKey)
    this.#groups = count?.groups
    this.#options = count === undefined ? options : { ...options, groups: count }
  }

  rewrite(chunk: Chunk): RewrittenChunk {
    let engine = this.#engines.get(chunk.layoutId)
    if (engine === undefined) {
      const { layout } = chunk
      const options = { ...this.#options, isDecoded: layout.isDecoded }
      engine =
        layout.format === 'ndjson'
          ? jsonEngine(this.#plan, options)
          : csvEngine(this.#plan, layout.header, layout.input, layout.style, options)
      this.#engines.set(chunk.layoutId, engine)
    }
    engine.memory = chunk.memory
    const { output, deadLetters, lines } = engine.rewrite(chunk.bytes, chunk.length, chunk.offset)
    return { spare: chunk.bytes.buffer, output, deadLetters, lines, account: engine.takeAccount() }
  }

  /** The data subjects behind what was published, if they are counted. */
  groups(): GroupsPart | undefined {
    return this.#groups?.part()
  }
}

/** What does the chunks of a run, in this thread or another. */
export const rewriterOf = (plan: Plan, { options, configuration, groupsKey }: ChunkSetup): ChunkRewriter =>
  new ChunkRewriter(plan, { ...options, data: gateDataOf(configuration) }, groupsKey)

/** Compiles the plan of a run, in a thread, and gives what does its jobs. */
export function chunkWork(setup: ChunkSetup): (job: ChunkJob) => Answered<ChunkDone> {
  const rewriter = rewriterOf(compileAgain(setup).plan, setup)
  return (job) => {
    if ('counts' in job) return { done: { groups: rewriter.groups() }, transfer: [] }
    const rewritten = rewriter.rewrite(job.chunk)
    return {
      done: { rewritten },
      transfer: [rewritten.output.buffer as ArrayBuffer, job.chunk.bytes.buffer],
    }
  }
}
