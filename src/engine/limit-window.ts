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

  /** The window with this batch, where it holds too many dead letters. A share is judged of a full window only. */
  crossedBy(records: number, dead: number): Batch | undefined {
    if (dead === 0) return undefined
    const all = { records: this.#records + records, dead: this.#dead + dead }
    const { kind, most } = this.#limit
    const isCrossed =
      kind === 'count' ? all.dead > most : all.records >= this.#window && all.dead > most * all.records
    return isCrossed ? all : undefined
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
