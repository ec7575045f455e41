/** What `generalize.number` divides the numbers into. */
import type { Decimal } from '../decimal.ts'

/** Intervals `[origin + k × width, origin + (k + 1) × width)`, cut at `bottom` and `top` where they are given. */
export interface WidthIntervals {
  readonly width: Decimal
  readonly origin: Decimal
  /** Values from here on are one interval. On a start of an interval. */
  readonly top: Decimal | undefined
  /** Values below are one interval. On a start of an interval. */
  readonly bottom: Decimal | undefined
}

/** Intervals between neighbours of `edges`, which ascend, and one below the first and one from the last on. */
export interface EdgeIntervals {
  readonly edges: readonly Decimal[]
}

export type Intervals = WidthIntervals | EdgeIntervals
