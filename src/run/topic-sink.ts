/** Batches whose outputs go to a topic: each is final once its driver has settled it. */
import type { Driver } from '../kafka/driver.ts'
import { BatchSettler, type SettlerOptions } from './batch-settler.ts'
import type { RouteSink } from './route-sink.ts'

export function topicSink(options: SettlerOptions & { readonly driver: Driver }): RouteSink {
  const settler = new BatchSettler(options)
  return {
    parts: (polled) => [polled],
    settle: (batch, rewriteMs) => settler.settle(batch, rewriteMs),
    turn: () => Promise.resolve(),
    finish: () => Promise.resolve(),
    discard: () => {},
    finalPositions: () => options.driver.positions(),
  }
}
