/** Who de-identifies chunks: worker threads, or this thread where the input is too small to be worth starting one. */
import { Worker } from 'node:worker_threads'
import type { Plan } from '../policy/plan.ts'
import type { Chunk, RewrittenChunk, ThreadSetup } from './chunk.ts'
import type { Input } from './input.ts'

export interface Pool {
  /** How many chunks it works on at once. */
  readonly size: number
  /** De-identifies a chunk; its bytes belong to the pool from then on. Any number may be waiting. */
  rewrite(chunk: Chunk): Promise<RewrittenChunk>
}

/** Threads that load what they need before there is a plan to give them. */
export interface PreparedPool {
  /** To be called once. */
  open(plan: Plan, setup: ThreadSetup): Promise<Pool>
  close(): Promise<void>
}

/** Inputs so small that starting threads would take longer than the work. */
const SMALL_BYTES = 1 << 20

/** Starts the threads that these inputs are worth, `workers` at most. */
export function preparePool(inputs: readonly Input[], workers: number): PreparedPool {
  const isSmall = inputs.every(
    (input) => !input.gzip && (input.size ?? Number.POSITIVE_INFINITY) <= SMALL_BYTES,
  )
  if (isSmall) return { open: inlinePool, close: async () => {} }
  const threads = new ThreadPool(workers)
  return {
    open: async (_, setup) => {
      threads.begin(setup)
      return threads
    },
    close: () => threads.close(),
  }
}

async function inlinePool(plan: Plan, setup: ThreadSetup): Promise<Pool> {
  const { ChunkRewriter } = await import('./chunk.ts')
  const rewriter = new ChunkRewriter(plan, setup.options)
  return { size: 1, rewrite: async (chunk) => rewriter.rewrite(chunk) }
}

/** What a thread answers: a chunk, or the text of a defect (never a foreign message, which may quote data). */
export type Answer =
  | { readonly done: RewrittenChunk }
  | { readonly defect: { readonly kind: string; readonly places: string } }

interface Waiting {
  readonly chunk: Chunk
  readonly resolve: (done: RewrittenChunk) => void
  readonly reject: (error: Error) => void
}

/** Megabytes of new objects a thread keeps before it collects: enough for two chunks, so that memory stays low. */
const YOUNG_GENERATION_MB = 32

/** `size` worker threads, which wait for `begin`. Chunks are answered as they are done; order is the caller's concern. */
class ThreadPool implements Pool {
  readonly size: number
  readonly #threads: Worker[] = []
  readonly #idle: Worker[] = []
  readonly #queue: Waiting[] = []
  readonly #working = new Map<Worker, Waiting>()
  #failure: Error | undefined
  #closing = false

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
      this.#idle.push(thread)
    }
  }

  /** Tells the threads what to compile. */
  begin(setup: ThreadSetup): void {
    for (const thread of this.#threads) thread.postMessage(setup)
  }

  rewrite(chunk: Chunk): Promise<RewrittenChunk> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure)
      else {
        this.#queue.push({ chunk, resolve, reject })
        this.#next()
      }
    })
  }

  #next(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const thread = this.#idle.pop()!
      const waiting = this.#queue.shift()!
      this.#working.set(thread, waiting)
      thread.postMessage(waiting.chunk, [waiting.chunk.bytes.buffer])
    }
  }

  #settle(thread: Worker, answer: Answer): void {
    const waiting = this.#working.get(thread)
    if (waiting === undefined) return
    if ('defect' in answer) {
      this.#fail(new ThreadDefect(answer.defect.kind, answer.defect.places))
      return
    }
    this.#working.delete(thread)
    this.#idle.push(thread)
    waiting.resolve(answer.done)
    this.#next()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const waiting of [...this.#working.values(), ...this.#queue]) waiting.reject(this.#failure)
    this.#working.clear()
    this.#queue.length = 0
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#threads.map((thread) => thread.terminate()))
  }
}

/** A defect in a thread: the kind of the error and where it arose, without its message. */
export class ThreadDefect extends Error {
  constructor(kind: string, places: string) {
    super('a worker thread broke')
    this.name = kind
    this.stack = `${this.name}: ${this.message}\n${places}`
  }
}
