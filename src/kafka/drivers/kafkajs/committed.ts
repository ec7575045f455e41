/**
 * Which batches of a fetch were committed. The broker lists aborted transactions by where they ended; kafkajs takes
 * them for sorted by where they began, and ends one at any record whose key is four zero bytes. This is Java's rule.
 */
import { type Batch, isAbortMarker } from './record-batch.ts'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** Asked for each batch of one fetched partition, in order. */
export class CommittedBatches {
  readonly #aborted: AbortedTransaction[]
  readonly #producers = new Set<number>()
  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether the batch holds records that count: neither markers nor what was aborted. */
  has(batch: Batch): boolean {
    while (this.#aborted.length > 0 && this.#aborted[0]!.firstOffset <= batch.lastOffset)
      this.#producers.add(this.#aborted.shift()!.producerId)
    if (isAbortMarker(batch)) this.#producers.delete(batch.producerId)
    if (batch.control) return false
    return !(batch.transactional && this.#producers.has(batch.producerId))
  }
}
