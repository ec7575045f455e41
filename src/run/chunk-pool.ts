/**
 * Who de-identifies chunks: this thread, and others beside it. A thread of its own takes half a second until it is
 * as fast as one that runs already, so this one does not only wait for the others.
 */

import { Threads } from '../engine/threads.ts'
import type { Input } from '../files/input.ts'
import type { ClassPart } from '../groups/class-count.ts'
import type { GroupsPart } from '../groups/subject-groups.ts'
import type { SketchPart } from '../measures/khyperloglog.ts'
import type { Plan } from '../policy/plan.ts'
import type { Chunk, ChunkDone, ChunkJob, ChunkSetup, RewrittenChunk } from './chunk.ts'
import type { ChunkRewriter } from './chunk-work.ts'
import { THREAD } from './thread-entry.ts'

type ChunkThreads = Threads<ChunkSetup, ChunkJob, ChunkDone>

export interface Pool {
  /** How many chunks it works on at once. */
  readonly size: number
  /** De-identifies a chunk; its memory belongs to the pool from then on. Any number may be waiting. */
  rewrite(chunk: Chunk): Promise<RewrittenChunk>
  /** De-identifies a chunk that is waiting here and now; false where none waits. */
  help(): boolean
  /** The data subjects behind what was published so far, as each thread counted them. Nothing may be waiting. */
  groups(): Promise<readonly GroupsPart[]>
  /** The same of the classes of what was published, where they are counted. */
  classes(): Promise<readonly ClassPart[]>
  /** What each thread sketched, by side. Nothing may be waiting. */
  sketches(): Promise<readonly (readonly SketchPart[])[]>
}

/** Threads that load what they need before there is a plan to give them. */
export interface PreparedPool {
  /** To be called once. */
  open(plan: Plan, setup: ChunkSetup): Promise<Pool>
  close(): Promise<void>
  /** Threads of the same number, for another pass over the inputs. */
  another(): PreparedPool
}

/** Inputs so small that starting threads would take longer than the work. */
const SMALL_BYTES = 1 << 20

/** Starts the threads that these inputs are worth, so that `workers` work, this one among them. */
export function preparePool(inputs: readonly Input[], workers: number): PreparedPool {
  const isSmall = inputs.every(
    (input) => input.compression === 'none' && (input.size ?? Number.POSITIVE_INFINITY) <= SMALL_BYTES,
  )
  const threads: ChunkThreads = new Threads(THREAD, isSmall ? 0 : workers - 1, {
    maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
  })
  return {
    async open(plan, setup) {
      threads.begin(setup)
      // Not before the threads load it too.
      const { rewriterOf } = await import('./chunk-work.ts')
      return new SharedPool(rewriterOf(plan, setup), threads)
    },
    close: () => threads.close(),
    another: () => preparePool(inputs, workers),
  }
}

interface Waiting {
  readonly chunk: Chunk
  readonly resolve: (done: RewrittenChunk) => void
  readonly reject: (error: Error) => void
}

/** Chunks that a thread has at once: the next is there when one is done, whatever this thread does meanwhile. */
const CHUNKS_AHEAD = 2

/** Megabytes of new objects a thread keeps before it collects: enough for two chunks, so that memory stays low. */
const YOUNG_GENERATION_MB = 32

class SharedPool implements Pool {
  readonly size: number
  readonly #own: ChunkRewriter
  readonly #threads: ChunkThreads
  readonly #queue: Waiting[] = []

  constructor(own: ChunkRewriter, threads: ChunkThreads) {
    this.#own = own
    this.#threads = threads
    this.size = threads.size + 1
    threads.onFree = () => this.#next()
    threads.onFailure = (error) => {
      for (const waiting of this.#queue.splice(0)) waiting.reject(error)
    }
  }

  rewrite(chunk: Chunk): Promise<RewrittenChunk> {
    return new Promise((resolve, reject) => {
      if (this.#threads.failure !== undefined) reject(this.#threads.failure)
      else {
        this.#queue.push({ chunk, resolve, reject })
        this.#next()
      }
    })
  }

  #next(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const { chunk, resolve, reject } = first
      const memory = chunk.memory === undefined ? [] : [chunk.memory]
      const done = this.#threads.offer({ chunk }, [chunk.bytes.buffer, ...memory], CHUNKS_AHEAD)
      if (done === undefined) return
      this.#queue.shift()
      done.then((answer) => resolve((answer as { readonly rewritten: RewrittenChunk }).rewritten), reject)
    }
  }

  help(): boolean {
    const waiting = this.#queue.shift()
    if (waiting === undefined) return false
    try {
      waiting.resolve(this.#own.rewrite(waiting.chunk))
    } catch (error) {
      waiting.reject(error as Error)
    }
    return true
  }

  async groups(): Promise<readonly GroupsPart[]> {
    const others = await this.#threads.giveEach({ counts: 'groups' })
    const parts = others.map((answer) => ('groups' in answer ? answer.groups : undefined))
    return [this.#own.groups(), ...parts].filter((part) => part !== undefined)
  }

  async classes(): Promise<readonly ClassPart[]> {
    const others = await this.#threads.giveEach({ counts: 'classes' })
    const parts = others.map((answer) => ('classes' in answer ? answer.classes : undefined))
    return [this.#own.classes(), ...parts].filter((part) => part !== undefined)
  }

  async sketches(): Promise<readonly (readonly SketchPart[])[]> {
    const others = await this.#threads.giveEach({ counts: 'sketches' })
    return [this.#own.sketches(), ...others.map((answer) => ('sketches' in answer ? answer.sketches : []))]
  }
}
