/**
 * A thread that rewrites batches, while this one talks to the client: reading, rewriting and writing take about a third
 * of a record's time each, and node-rdkafka works on this thread only.
 */
import type { Account } from '../engine/account.ts'
import { OutcomeBatch } from '../engine/outcome-batch.ts'
import { Threads } from '../engine/threads.ts'
import type { GroupsPart, Limits } from '../groups/subject-groups.ts'
import type { PackedRecords } from '../kafka/packed-records.ts'
import type { SketchPart } from '../measures/khyperloglog.ts'
import type { SchemaNews } from '../record/schema-text.ts'
import type { BatchSetup, Done, Job, RouteSetup } from './batch-job.ts'
import { type GateState, type TableOffset, UNCHANGING } from './gate-state.ts'
import { Sampling } from './sampling.ts'
import { THREAD } from './thread-entry.ts'

export interface RewrittenBatch {
  readonly outcomes: OutcomeBatch
  readonly account: Account
  /** The data subjects behind what is published, where they are counted. */
  readonly groups: GroupsPart | undefined
  /** By side, what was sketched of it. */
  readonly sketches?: readonly SketchPart[] | undefined
  /** Milliseconds that it took. */
  readonly took: number
  /** Up to where the topics of consent tables were read when it was judged, at least. */
  readonly tables: readonly TableOffset[]
  /** The instant that retention was judged at, ms since 1970. */
  readonly judgedAt: number
}

/** De-identifies the batches of one route. */
export interface BatchRewriter {
  /**
   * What becomes of each record, retention judged at `now` (ms since the epoch). Never rejects for what a record holds.
   * Until it resolves, the values of `records` are not there to be looked at.
   */
  rewrite(records: PackedRecords, now: number): Promise<RewrittenBatch>
  /** These are not needed any more: their memory may hold others. */
  release(records: PackedRecords, outcomes: OutcomeBatch): void
}

export class RewritingThread {
  readonly #thread: Threads<BatchSetup, Job, Done>

  readonly #state: GateState

  constructor(routes: readonly RouteSetup[], state: GateState = UNCHANGING) {
    this.#state = state
    this.#thread = new Threads(THREAD, 1)
    this.#thread.begin({ kind: 'batches', routes })
  }

  /**
   * The rewriter of the route of this number; `limits` says what of the groups need not be counted any more, `schemas` what
   * messages may name from now on; `sketchLimits` what of the sketches at an instant need not be kept.
   */
  route(
    route: number,
    limits: () => Limits | undefined = () => undefined,
    schemas: () => SchemaNews | undefined = () => undefined,
    sketchLimits: (now: number) => readonly number[] | undefined = () => undefined,
  ): BatchRewriter {
    let memory: ArrayBuffer | undefined
    const sampling = new Sampling()
    return {
      rewrite: async (records, now) => {
        const looked = sampling.of(records)
        const { offsets } = this.#state
        const moved = this.#state.takeMoved()
        const job: Job = {
          route,
          now,
          messages: records.parts(),
          looked,
          memory,
          limits: limits(),
          sketchLimits: sketchLimits(now),
          schemas: schemas(),
          moved,
        }
        // Gone with the job; what is not settled does not bring it back.
        memory = undefined
        const { outcomes, account, groups, sketches, took, lines } = await this.#thread.give(job, [
          job.messages.lines.buffer,
          ...(job.memory === undefined ? [] : [job.memory]),
        ])
        records.takeBack(lines)
        return {
          outcomes: OutcomeBatch.from(outcomes),
          account,
          groups,
          sketches,
          took,
          tables: offsets,
          judgedAt: now,
        }
      },
      release: (records, outcomes) => {
        records.release()
        memory = outcomes.release()
      },
    }
  }

  /** Work that still waits for it never settles. */
  close(): Promise<void> {
    return this.#thread.close()
  }
}
