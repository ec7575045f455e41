/**
 * Worker threads that all do the same work: each is told once what to make ready, then answers its jobs in their order. One
 * class for files, which want the thread that has the fewest jobs, and for streams, which have one thread.
 */
import { parentPort, type ResourceLimits, type Transferable, Worker } from 'node:worker_threads'
import { attempt, attemptLater, type Broken, errorOf } from './defect.ts'

/** What a thread answers: that it is ready, what came of a job, or a defect (never a foreign message, which may quote data). */
type Answer<Done> = { readonly ready: true } | { readonly done: Done } | Broken

type Message<Setup, Job> = { readonly setup: Setup } | { readonly job: Job }

interface Waiting<Done> {
  readonly resolve: (done: Done) => void
  readonly reject: (error: Error) => void
}

export class Threads<Setup, Job, Done> {
  readonly size: number
  readonly #threads: Worker[] = []
  /** Of each thread, who waits for its answers, in the order of the jobs. */
  readonly #waiting = new Map<Worker, Waiting<Done>[]>()
  readonly #ready = new Set<Worker>()
  #closing = false
  #failure: Error | undefined
  /** A thread is ready, or has answered. */
  onFree: () => void = () => {}
  /** A thread has failed, and with it all: once. */
  onFailure: (error: Error) => void = () => {}

  /** @param entry the file that calls `serve`, for threads of this setup */
  constructor(entry: URL, size: number, resourceLimits: ResourceLimits = {}) {
    this.size = size
    for (let index = 0; index < size; index++) {
      const thread = new Worker(entry, {
        resourceLimits,
        // Its own messages go nowhere: a thread has nothing to say that is not in its answers.
        stdout: true,
        stderr: true,
      })
      thread.on('message', (answer: Answer<Done>) => this.#settle(thread, answer))
      thread.on('error', (error) => this.#fail(error))
      thread.on('messageerror', (error) => this.#fail(error))
      thread.on('exit', (code) => this.#fail(new Error(`a worker thread ended with code ${code}`)))
      this.#threads.push(thread)
      this.#waiting.set(thread, [])
    }
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  /** Tells the threads what to make ready: not as `workerData`, which would stay, and may hold lists and keys. */
  begin(setup: Setup): void {
    for (const thread of this.#threads) this.#post(thread, { setup }, [])
  }

  /** Gives a job to the ready thread that has the fewest; undefined if all have `most`, or none is ready. */
  offer(job: Job, transfer: readonly Transferable[], most: number): Promise<Done> | undefined {
    let best: Worker | undefined
    let fewest = most
    for (const thread of this.#ready) {
      const { length } = this.#waiting.get(thread)!
      if (length < fewest) {
        best = thread
        fewest = length
      }
    }
    return best === undefined ? undefined : this.#give(best, job, transfer)
  }

  /** Gives a job to the first thread, ready or not. */
  give(job: Job, transfer: readonly Transferable[]): Promise<Done> {
    return this.#give(this.#threads[0]!, job, transfer)
  }

  /** Gives the job to each thread that is ready. Rejects where one has failed: its answer would be missing. */
  async giveEach(job: Job): Promise<Done[]> {
    if (this.#failure !== undefined) throw this.#failure
    return await Promise.all([...this.#ready].map((thread) => this.#give(thread, job, [])))
  }

  #give(thread: Worker, job: Job, transfer: readonly Transferable[]): Promise<Done> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure)
        return
      }
      this.#post(thread, { job }, transfer)
      // Only what was posted is answered: one too many, and each gets the answer of another.
      this.#waiting.get(thread)!.push({ resolve, reject })
    })
  }

  #post(thread: Worker, message: Message<Setup, Job>, transfer: readonly Transferable[]): void {
    thread.postMessage(message, transfer)
  }

  #settle(thread: Worker, answer: Answer<Done>): void {
    if ('defect' in answer || 'refusal' in answer) {
      this.#fail(errorOf(answer))
      return
    }
    if ('ready' in answer) this.#ready.add(thread)
    else this.#waiting.get(thread)!.shift()?.resolve(answer.done)
    this.onFree()
  }

  #fail(error: Error): void {
    if (this.#closing || this.#failure !== undefined) return
    this.#failure = error
    this.#ready.clear()
    for (const waiting of this.#waiting.values()) for (const { reject } of waiting.splice(0)) reject(error)
    this.onFailure(error)
  }

  /** Ends the threads. Jobs that still wait never settle. */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#threads.map((thread) => thread.terminate()))
  }
}

/** What a thread gives back, and which memory goes with it. */
export interface Answered<Done> {
  readonly done: Done
  readonly transfer: readonly Transferable[]
}

/** In a thread: makes ready what its first message says, then answers the others. */
export function serve<Setup, Job, Done>(make: (setup: Setup) => Promise<(job: Job) => Answered<Done>>): void {
  const port = parentPort!
  const answer = (message: Answer<Done>, transfer: readonly Transferable[] = []): void =>
    port.postMessage(message, transfer)
  port.once('message', async ({ setup }: { readonly setup: Setup }) => {
    // Jobs may come before it is ready, and are done then, in their order.
    const early: Job[] = []
    const wait = ({ job }: { readonly job: Job }): void => void early.push(job)
    port.on('message', wait)
    const made = await attemptLater(() => make(setup))
    port.off('message', wait)
    if (!('done' in made)) {
      answer(made)
      return
    }
    const work = (job: Job): void => {
      const result = attempt(() => made.done(job))
      if (!('done' in result)) answer(result)
      else answer({ done: result.done.done }, result.done.transfer)
    }
    answer({ ready: true })
    early.forEach(work)
    port.on('message', ({ job }: { readonly job: Job }) => work(job))
  })
}
