/** How many records may become dead letters before a run is not worth finishing. */

export type DeadLetterLimit =
  | { readonly kind: 'count'; readonly most: number }
  /** Share of the records seen, from 0 to 1. */
  | { readonly kind: 'share'; readonly most: number }

export const DEFAULT_DEAD_LETTER_LIMIT: DeadLetterLimit = { kind: 'share', most: 0.01 }

/** Records that must be seen before a share is judged: of fewer, one bad record would be a large share. */
export const SHARE_NEEDS_RECORDS = 1000

/** Reads `100` or `0.5%`; undefined for anything else. */
export function parseDeadLetterLimit(text: string): DeadLetterLimit | undefined {
  if (/^\d{1,15}$/.test(text)) return { kind: 'count', most: Number(text) }
  const percent = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text)?.[1]
  if (percent === undefined || Number(percent) > 100) return undefined
  return { kind: 'share', most: Number(percent) / 100 }
}

/**
 * Watches a run record by record, so that the verdict does not depend on how the records were grouped. A share is
 * judged at every dead letter once enough records are seen, and at the record that makes them enough.
 */
export class LimitWatch {
  readonly #limit: DeadLetterLimit
  #dead = 0

  constructor(limit: DeadLetterLimit) {
    this.#limit = limit
  }

  /** Takes the records `before + 1 … after`, of which those in `dead` (ordinals, ascending) died; true: too many. */
  takes(before: number, after: number, dead: Iterable<number>): boolean {
    let over = false
    if (this.#limit.kind === 'count') {
      for (const _ of dead) this.#dead++
      return this.#dead > this.#limit.most
    }
    const threshold = SHARE_NEEDS_RECORDS
    let crossed = before >= threshold
    for (const ordinal of dead) {
      if (!crossed && ordinal > threshold) {
        crossed = true
        over ||= this.#isOver(threshold)
      }
      this.#dead++
      if (ordinal >= threshold) {
        crossed = true
        over ||= this.#isOver(ordinal)
      }
    }
    if (!crossed && after >= threshold) over ||= this.#isOver(threshold)
    return over
  }

  #isOver(records: number): boolean {
    return this.#dead > this.#limit.most * records
  }
}
