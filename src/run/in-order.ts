/** The main loop: batches in, outcomes settled in the order of the batches, and no more held than is being worked on. */
import { setImmediate } from 'node:timers/promises'

export interface OrderedWork<Batch, Done> {
  readonly batches: AsyncIterable<Batch>
  /** De-identifies one batch. Several run at once. */
  readonly deidentify: (batch: Batch) => Promise<Done>
  /** De-identifies one of the batches that wait, at once; false where none waits. */
  readonly help: () => boolean
  /** Makes a batch's outcomes final. Called in the order of the batches, one at a time. */
  readonly settle: (batch: Batch, done: Done) => Promise<void>
  /** How many batches may be between the source and `settle`. */
  readonly ahead: number
}

/**
 * Runs until the source ends. The source is asked for the next batch only when there is room: that is the whole of
 * back-pressure. The first failure of any part ends the run and is thrown; nothing is settled after it.
 */
export async function runPipeline<Batch, Done>(pipeline: OrderedWork<Batch, Done>): Promise<void> {
  const flying: { readonly batch: Batch; readonly done: Promise<Done>; isDone: boolean }[] = []
  const settleFirst = async (): Promise<void> => {
    const first = flying[0]!
    // Answers of other batches are taken in between.
    while (!first.isDone && pipeline.help()) await setImmediate()
    flying.shift()
    await pipeline.settle(first.batch, await first.done)
  }
  for await (const batch of pipeline.batches) {
    const flight = { batch, done: pipeline.deidentify(batch), isDone: false }
    const isDone = (): void => {
      flight.isDone = true
    }
    // If an earlier batch fails first, this one is not awaited.
    flight.done.then(isDone, isDone)
    flying.push(flight)
    if (flying.length >= pipeline.ahead) await settleFirst()
  }
  while (flying.length > 0) await settleFirst()
}
