/** Where the batches of a route go, and when they are final: the port of its loop. Topics and data sets stand behind it. */

import type { Polled, Settled } from '../kafka/driver.ts'
import type { Position } from '../kafka/record.ts'
import type { RoutedBatch } from '../kafka/routed-batch.ts'
import type { RewrittenBatch } from './batch-rewriter.ts'

/** A batch, when it was judged, and how far the tables were read that it was judged by. */
export type JudgedBatch = RoutedBatch & Pick<RewrittenBatch, 'tables' | 'judgedAt'>

export interface RouteSink {
  /** The batches that what was polled is rewritten and settled in, in order. */
  parts(polled: Polled): readonly Polled[]
  /**
   * Takes a batch: it is final then, or will be. `rewriteMs`: how long it took to rewrite. `discarded`: nothing of it is, and its
   * records are polled again. Batches are given one after the other.
   * @throws LetheError
   */
  settle(batch: JudgedBatch, rewriteMs: number): Promise<Settled>
  /** Called at each turn of the loop: makes final what is due by its age. @throws LetheError */
  turn(): Promise<void>
  /** Makes final what was taken. @throws LetheError */
  finish(): Promise<void>
  /** Gives up what was taken and is not final. Never throws. */
  discard(): void
  /** Partitions owned now, each behind its last record that is final, or that need not become so. */
  finalPositions(): readonly Position[]
}
