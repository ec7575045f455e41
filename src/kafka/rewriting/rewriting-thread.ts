/**
 * A thread that rewrites batches, while this one talks to the client: reading, rewriting and writing take about a third
 * of a record's time each, and node-rdkafka works on this thread only.
 */
import { Worker } from 'node:worker_threads'
import type { Account } from '../../engine/account.ts'
import { OutcomeBatch } from '../../engine/outcome-batch.ts'
import type { GroupsPart, Limits } from '../../groups/subject-groups.ts'
import { Defect } from '../../pipeline/defect.ts'
import type { PackedRecords } from '../packed-records.ts'
import type { Answer, Done, Job, RouteSetup } from './job.ts'
import { Sampling } from './sampling.ts'

export interface Rewritten {
  readonly outcomes: OutcomeBatch
  readonly account: Account
  /** The data subjects behind what is published, where they are counted. */
  readonly groups: GroupsPart | undefined
  /** Milliseconds that it took. */
  readonly took: number
}

/** De-identifies the batches of one route. */
export interface BatchRewriter {
  /**
   * What becomes of each record, retention judged at `now` (ms since the epoch). Never rejects for what a record holds.
   * Until it resolves, the values of `records` are not there to be looked at.
   */
  rewrite(records: PackedRecords, now: number): Promise<Rewritten>
  /** Nobody looks at these any more: their memory may hold others. */
  release(records: PackedRecords, outcomes: OutcomeBatch): void
}

interface Waiting {
  readonly resolve: (done: Done) => void
  readonly reject: (error: Error) => void
}

export class RewritingThread {
  readonly #thread: Worker
  /** In the order of the jobs, which is that of the answers. */
  readonly #waiting: Waiting[] = []
  #failure: Error | undefined
  #closing = false

  constructor(routes: readonly RouteSetup[]) {
    this.#thread = new Worker(new URL('./thread.js', import.meta.url), {
      // Its own messages go nowhere: a thread has nothing to say that is not in its answers.
      stdout: true,
      stderr: true,
    })
    // Not as `workerData`, which would stay: it holds the lists that policies name.
    this.#thread.postMessage(routes)
    this.#thread.on('message', (answer: Answer) => {
      if ('defect' in answer) this.#fail(new Defect(answer.defect))
      else this.#waiting.shift()?.resolve(answer.done)
    })
    this.#thread.on('error', (error) => this.#fail(error))
    this.#thread.on('exit', (code) => this.#fail(new Error(`the rewriting thread ended with code ${code}`)))
  }

  /** The rewriter of the route of this number; `limits` says what of the groups need not be counted any more. */
  route(route: number, limits: () => Limits | undefined = () => undefined): BatchRewriter {
    let memory: ArrayBuffer | undefined
    const sampling = new Sampling()
    return {
      rewrite: async (records, now) => {
        const looked = sampling.of(records)
        const job: Job = { route, now, messages: records.parts(), looked, memory, limits: limits() }
        // Gone with the job; what is not settled does not bring it back.
        memory = undefined
        const { outcomes, account, groups, took, lines } = await this.#do(job)
        records.takeBack(lines)
        return { outcomes: OutcomeBatch.from(outcomes), account, groups, took }
      },
      release: (records, outcomes) => {
        records.release()
        memory = outcomes.release()
      },
    }
  }

  #do(job: Job): Promise<Done> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure)
        return
      }
      const handedOver = [job.messages.lines.buffer, ...(job.memory === undefined ? [] : [job.memory])]
      this.#thread.postMessage(job, handedOver)
      // Only what was posted is answered: one too many, and each gets the answer of another.
      this.#waiting.push({ resolve, reject })
    })
  }

  #fail(error: Error): void {
    if (this.#closing) return
    this.#failure ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }

  /** What waits for it waits for ever. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#thread.terminate()
  }
}
