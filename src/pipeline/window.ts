/** How many of the last records may be dead letters before a stream is not worth going on with. */
import type { DeadLetterLimit } from './limit.ts'

interface Batch {
  readonly records: number
  readonly dead: number
}

/** Watches the last batches that make up at least `window` records. A batch that crosses the line is not added. */
export class WindowWatch {
  readonly #limit: DeadLetterLimit
  readonly #window: number
  readonly #batches: Batch[] = []
  #records = 0
  #dead = 0

  constructor(limit: DeadLetterLimit, window: number) {
    this.#limit = limit
    this.#window = window
  }

  /** Whether the window with this batch holds too many dead letters. A share is judged of a full window only. */
  wouldCross(records: number, dead: number): boolean {
    if (dead === 0) return false
    const all = this.#dead + dead
    if (this.#limit.kind === 'count') return all > this.#limit.most
    const seen = this.#records + records
    return seen >= this.#window && all > this.#limit.most * seen
  }

  add(records: number, dead: number): void {
    if (records === 0) return
    this.#batches.push({ records, dead })
    this.#records += records
    this.#dead += dead
    while (this.#records - this.#batches[0]!.records >= this.#window) {
      const oldest = this.#batches.shift()!
      this.#records -= oldest.records
      this.#dead -= oldest.dead
    }
  }
}
