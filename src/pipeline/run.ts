/** The main loop: batches in, outcomes settled in the order of the batches, and no more held than is being worked on. */

export interface Pipeline<Batch, Done> {
  readonly batches: AsyncIterable<Batch>
  /** De-identifies one batch. Several run at once. */
  readonly deidentify: (batch: Batch) => Promise<Done>
  /** Makes a batch's outcomes final. Called in the order of the batches, one at a time. */
  readonly settle: (batch: Batch, done: Done) => Promise<void>
  /** How many batches may be between the source and `settle`. */
  readonly ahead: number
}

/**
 * Runs until the source ends. The source is asked for the next batch only when there is room: that is the whole of
 * back-pressure. The first failure of any part ends the run and is thrown; nothing is settled after it.
 */
export async function runPipeline<Batch, Done>(pipeline: Pipeline<Batch, Done>): Promise<void> {
  const flying: { batch: Batch; done: Promise<Done> }[] = []
  const settleFirst = async (): Promise<void> => {
    const { batch, done } = flying.shift()!
    await pipeline.settle(batch, await done)
  }
  for await (const batch of pipeline.batches) {
    const done = pipeline.deidentify(batch)
    // If an earlier batch fails first, nobody awaits this one.
    done.catch(() => {})
    flying.push({ batch, done })
    if (flying.length >= pipeline.ahead) await settleFirst()
  }
  while (flying.length > 0) await settleFirst()
}
