/** How a route gets on: a line now and then, of what was settled since the last one. */

import { type Account, sum } from '../../engine/account.ts'
import { offsetsOf, type Position, partitionKey } from '../../kafka/record.ts'
import type { Log } from '../../telemetry/log.ts'

/** Offsets between where a partition stands and its end. */
export function lagOf(
  positions: readonly Position[],
  ends: readonly Position[],
): readonly { readonly topic: string; readonly partition: number; readonly records: number }[] {
  const at = offsetsOf(positions)
  return ends.flatMap((end) => {
    const { topic, partition, offset } = end
    const position = at.get(partitionKey(end))
    return position === undefined ? [] : [{ topic, partition, records: Math.max(0, offset - position) }]
  })
}

export class StreamProgress {
  readonly #route: string
  readonly #log: Log
  readonly #positions: () => readonly Position[]
  readonly #timer: NodeJS.Timeout
  #records = 0
  #published = 0
  #suppressed = 0
  #deadLetters = 0
  /** As they were asked for last. */
  #ends: readonly Position[] = []
  #since = performance.now()

  /** `positions`: where the route stands; `every`: milliseconds. A line is left out where nothing was settled. */
  constructor(route: string, log: Log, positions: () => readonly Position[], every: number) {
    this.#route = route
    this.#log = log
    this.#positions = positions
    this.#timer = setInterval(() => this.#tell(), every).unref()
  }

  settled({ records, published, tombstones, suppressed, deadLettered }: Account): void {
    this.#records += records
    this.#published += published + tombstones
    this.#suppressed += sum(suppressed)
    this.#deadLetters += sum(deadLettered)
  }

  ends(ends: readonly Position[]): void {
    this.#ends = ends
  }

  /** Tells the rest: all lines together are the account. */
  close(): void {
    clearInterval(this.#timer)
    this.#tell()
  }

  #tell(): void {
    const now = performance.now()
    const milliseconds = now - this.#since
    this.#since = now
    if (this.#records === 0) return
    this.#log.event({
      kind: 'progress',
      route: this.#route,
      records: this.#records,
      published: this.#published,
      suppressed: this.#suppressed,
      deadLetters: this.#deadLetters,
      lag: lagOf(this.#positions(), this.#ends).reduce((all, { records }) => all + records, 0),
      milliseconds,
    })
    this.#records = 0
    this.#published = 0
    this.#suppressed = 0
    this.#deadLetters = 0
  }
}
