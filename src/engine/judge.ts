/** Runs one gate over a block: gives it the values of records, and marks its verdicts in the block. */
import type { DeadLetterCode } from '../errors.ts'
import type { Block } from '../record/block.ts'
import type { Shape } from '../record/shape.ts'
import type { Gate, JudgedRecords } from './gate.ts'
import type { WatchedTexts } from './watched-texts.ts'

export class Judge implements JudgedRecords {
  from = 0
  to = 0
  readonly #gate: Gate
  readonly #watched: WatchedTexts
  /** By place in `reads`: the watch. */
  readonly #watches: readonly number[]
  #block!: Block

  constructor(gate: Gate, shape: Shape, watched: WatchedTexts) {
    this.#gate = gate
    this.#watched = watched
    this.#watches = gate.reads.map((path) => shape.watchOf.get(path.text)!)
  }

  /** Has the records `[from, to)` judged. */
  judge(block: Block, from: number, to: number, now: number): void {
    this.#block = block
    this.from = from
    this.to = to
    this.#gate.judge(this, now)
  }

  isOut(record: number): boolean {
    return this.#block.recordOut[record] !== 0
  }

  text(record: number, read: number): string | undefined {
    return this.#watched.text(this.#block, this.#watches[read]!, this.#block.recordScope[record]!)
  }

  texts(record: number, read: number): readonly string[] {
    return this.#watched.all(this.#block, this.#watches[read]!, record)
  }

  setStep(record: number, steps: number): void {
    this.#block.recordStep[record] = steps
  }

  suppress(record: number, reason: string): void {
    if (!this.isOut(record)) this.#block.suppress(record, reason)
  }

  fail(record: number, code: DeadLetterCode): void {
    if (!this.isOut(record)) this.#block.fail(record, code, -1)
  }
}
