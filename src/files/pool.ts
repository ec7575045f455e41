/**
 * Who de-identifies chunks: this thread, and others beside it. A thread of its own takes half a second until it is
 * as fast as one that runs already, so this one does not only wait for the others.
 */
import { Worker } from 'node:worker_threads'
import type { GroupsPart } from '../groups/subject-groups.ts'
import { Defect, type DefectPlace } from '../pipeline/defect.ts'
import type { Plan } from '../policy/plan.ts'
import type { Chunk, ChunkRewriter, RewrittenChunk, ThreadSetup } from './chunk.ts'
import type { Input } from './input.ts'
import { GROUPS } from './questions.ts'

export interface Pool {
  /** How many chunks it works on at once. */
  readonly size: number
  /** De-identifies a chunk; its memory belongs to the pool from then on. Any number may be waiting. */
  rewrite(chunk: Chunk): Promise<RewrittenChunk>
  /** De-identifies a chunk that is waiting here and now; false where none waits. */
  help(): boolean
  /** The data subjects behind what was published so far, as each thread counted them. Nothing may be waiting. */
  groups(): Promise<readonly GroupsPart[]>
}

/** Threads that load what they need before there is a plan to give them. */
export interface PreparedPool {
  /** To be called once. */
  open(plan: Plan, setup: ThreadSetup): Promise<Pool>
  close(): Promise<void>
}

/** Inputs so small that starting threads would take longer than the work. */
const SMALL_BYTES = 1 << 20

/** Starts the threads that these inputs are worth, so that `workers` work, this one among them. */
export function preparePool(inputs: readonly Input[], workers: number): PreparedPool {
  const isSmall = inputs.every(
    (input) => !input.gzip && (input.size ?? Number.POSITIVE_INFINITY) <= SMALL_BYTES,
  )
  const threads = new Threads(isSmall ? 0 : workers - 1)
  return {
    async open(plan, setup) {
      threads.begin(setup)
      // Not before the threads load it too.
      const { ChunkRewriter } = await import('./chunk.ts')
      return new SharedPool(new ChunkRewriter(plan, setup.options, setup.groupsKey), threads)
    },
    close: () => threads.close(),
  }
}

/** What a thread answers: that it is ready, a chunk, or a defect (never a foreign message, which may quote data). */
export type Answer =
  | { readonly ready: true }
  | { readonly done: RewrittenChunk }
  | { readonly groups: GroupsPart | undefined }
  | { readonly defect: DefectPlace }

interface Waiting {
  readonly chunk: Chunk
  readonly resolve: (done: RewrittenChunk) => void
  readonly reject: (error: Error) => void
}

/** Chunks that a thread has at once: the next is there when one is done, whatever this thread does meanwhile. */
const CHUNKS_AHEAD = 2

class SharedPool implements Pool {
  readonly size: number
  readonly #own: ChunkRewriter
  readonly #threads: Threads
  readonly #queue: Waiting[] = []

  constructor(own: ChunkRewriter, threads: Threads) {
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
    while (this.#queue.length > 0 && this.#threads.take(this.#queue[0]!)) this.#queue.shift()
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
    const parts = [this.#own.groups(), ...(await this.#threads.groups())]
    return parts.filter((part) => part !== undefined)
  }
}

/** Megabytes of new objects a thread keeps before it collects: enough for two chunks, so that memory stays low. */
const YOUNG_GENERATION_MB = 32

/** Worker threads, which wait for `begin`. Chunks are answered as they are done; order is the caller's concern. */
class Threads {
  readonly size: number
  readonly #threads: Worker[] = []
  /** The chunks that each thread has, in order; only threads that are ready. */
  readonly #working = new Map<Worker, Waiting[]>()
  /** Threads that were asked what they counted. */
  readonly #asked = new Map<
    Worker,
    { readonly resolve: (part: GroupsPart | undefined) => void; readonly reject: (error: Error) => void }
  >()
  #closing = false
  failure: Error | undefined
  onFree: () => void = () => {}
  onFailure: (error: Error) => void = () => {}

  constructor(size: number) {
    this.size = size
    for (let index = 0; index < size; index++) {
      const thread = new Worker(new URL('./thread.js', import.meta.url), {
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
        // Its own messages go nowhere: a thread has nothing to say that is not in its answers.
        stdout: true,
        stderr: true,
      })
      thread.on('message', (answer: Answer) => this.#settle(thread, answer))
      thread.on('error', (error) => this.#fail(error))
      thread.on('exit', (code) => {
        if (!this.#closing) this.#fail(new Error(`a worker thread ended with code ${code}`))
      })
      this.#threads.push(thread)
    }
  }

  /** Tells the threads what to compile. */
  begin(setup: ThreadSetup): void {
    for (const thread of this.#threads) thread.postMessage(setup)
  }

  /** Gives a chunk to the thread that has the fewest; false if all have enough. */
  take(waiting: Waiting): boolean {
    let best: Worker | undefined
    let fewest = CHUNKS_AHEAD
    for (const [thread, chunks] of this.#working)
      if (chunks.length < fewest) {
        best = thread
        fewest = chunks.length
      }
    if (best === undefined) return false
    this.#working.get(best)!.push(waiting)
    const { chunk } = waiting
    best.postMessage(chunk, [chunk.bytes.buffer, ...(chunk.memory === undefined ? [] : [chunk.memory])])
    return true
  }

  /** Asks the threads that have done something. */
  groups(): Promise<(GroupsPart | undefined)[]> {
    const asked = [...this.#working.keys()].map(
      (thread) =>
        new Promise<GroupsPart | undefined>((resolve, reject) => {
          this.#asked.set(thread, { resolve, reject })
          thread.postMessage(GROUPS)
        }),
    )
    return this.failure === undefined ? Promise.all(asked) : Promise.reject(this.failure)
  }

  #settle(thread: Worker, answer: Answer): void {
    if ('ready' in answer) this.#working.set(thread, [])
    else if ('defect' in answer) this.#fail(new Defect(answer.defect))
    else if ('groups' in answer) this.#asked.get(thread)?.resolve(answer.groups)
    else this.#working.get(thread)?.shift()?.resolve(answer.done)
    this.onFree()
  }

  #fail(error: Error): void {
    if (this.failure !== undefined) return
    this.failure = error
    for (const chunks of this.#working.values()) for (const waiting of chunks) waiting.reject(error)
    this.#working.clear()
    for (const { reject } of this.#asked.values()) reject(error)
    this.onFailure(error)
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#threads.map((thread) => thread.terminate()))
  }
}
