/**
 * Up to which offset a partition may be deleted. A broker deletes all that lies before one offset, so that is the first record that
 * has to stay: those behind it that are too old stay too.
 */
import type { PartitionSurvey } from './topic-order.ts'

export type RecordVerdict = 'too old' | 'young' | 'held' | 'undated' | 'foreign' | 'otherVersion'

export class OffsetChoice {
  readonly #partition: number
  readonly #start: number
  readonly #end: number
  #firstKept: number | undefined
  #keptAs: RecordVerdict | undefined
  #deleted = 0
  #behind = 0

  /** The log from `start` on; `end` is the offset behind its last record. */
  constructor(partition: number, start: number, end: number) {
    this.#partition = partition
    this.#start = start
    this.#end = end
  }

  /** The next record of the partition, in the order of offsets. */
  add(offset: number, verdict: RecordVerdict): void {
    if (verdict !== 'too old') {
      this.#firstKept ??= offset
      this.#keptAs ??= verdict
    } else if (this.#firstKept === undefined) this.#deleted++
    else this.#behind++
  }

  /** Of the records that are too old, those behind one that stays. */
  get behind(): number {
    return this.#behind
  }

  /** The first record that has to stay, and why. */
  get firstKept(): { readonly offset: number; readonly verdict: RecordVerdict } | undefined {
    return this.#firstKept === undefined ? undefined : { offset: this.#firstKept, verdict: this.#keptAs! }
  }

  survey(): PartitionSurvey {
    const before = this.#deleted === 0 ? this.#start : (this.#firstKept ?? this.#end)
    return { partition: this.#partition, start: this.#start, end: this.#end, before, deleted: this.#deleted }
  }
}
