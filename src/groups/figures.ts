/** From the sample of combinations and subjects to figures, and how far these may be off. */
import { HASHES } from './keyed-hash.ts'

/** Groups below this size are counted by size; groups of this size or larger are counted as large. */
export const LARGEST = 10
const SIZES = { alone: 2, fewerThan5: 5, fewerThan10: LARGEST } as const

export interface Share {
  /** From 0 to 1. */
  readonly share: number
  /** Standard deviation of the estimate; 0 where it is exact. */
  readonly error: number
}

export interface Figures {
  readonly records: number
  /** Records that name no subject, though the policy does: all of them count as one. */
  readonly withoutSubject: number
  /** How many data subjects, and how many combinations, there are; never more than records. */
  readonly subjects: number
  readonly combinations: number
  /** Whether any of these figures comes from a sample: there are more combinations or subjects than are kept. */
  readonly estimated: boolean
  /**
   * Subjects that share their combination with no other, in relation to all subjects; and those that share it with fewer than 4
   * and fewer than 9 others. A subject that appears under several combinations counts under each of them: the share of
   * subjects that stand alone at least once is no larger than this.
   */
  readonly alone: Share
  readonly fewerThan5: Share
  readonly fewerThan10: Share
}

export interface GroupSample {
  /** How many combinations and subjects are kept. */
  readonly kept: number
  /** Hashes of the combinations kept, and how many subjects each has, up to `LARGEST`. */
  readonly combinations: Float64Array
  readonly sizes: Uint8Array
  /** How many subjects there are, or the hashes of those kept. */
  readonly subjects: number | Float64Array
  readonly records: number
  readonly withoutSubject: number
}

interface Estimate {
  readonly value: number
  readonly variance: number
}

export function figuresOf(sample: GroupSample): Figures {
  const { kept, combinations, sizes, records, withoutSubject } = sample
  // A record names one subject and shows one combination.
  const subjects = atMost(records, subjectsOf(sample))
  const shown = atMost(records, distinct(combinations, kept))
  const share = (below: number): Share => {
    const inSmall = subjectsIn(combinations, sizes, kept, below)
    if (subjects.value === 0) return { share: 0, error: 0 }
    const ratio = inSmall.value / subjects.value
    // Of a quotient, to the first order; both samples are independent, because their keys are.
    const variance = inSmall.variance + ratio * ratio * subjects.variance
    return { share: Math.min(1, ratio), error: Math.sqrt(variance) / subjects.value }
  }
  return {
    records,
    withoutSubject,
    subjects: Math.round(subjects.value),
    combinations: Math.round(shown.value),
    estimated: subjects.variance > 0 || shown.variance > 0,
    alone: share(SIZES.alone),
    fewerThan5: share(SIZES.fewerThan5),
    fewerThan10: share(SIZES.fewerThan10),
  }
}

function subjectsOf({ subjects, kept }: GroupSample): Estimate {
  return typeof subjects === 'number' ? { value: subjects, variance: 0 } : distinct(subjects, kept)
}

const atMost = (most: number, { value, variance }: Estimate): Estimate => ({
  value: Math.min(most, value),
  variance,
})

/** How many distinct things there are, from the smallest of their hashes (Z. Bar-Yossef et al., 2002; K. Beyer et al., 2007). */
function distinct(hashes: Float64Array, kept: number): Estimate {
  if (hashes.length < kept) return { value: hashes.length, variance: 0 }
  const value = (kept - 1) / (largest(hashes) / HASHES)
  return { value, variance: (value * value) / (kept - 2) }
}

/**
 * How many subjects are in groups of fewer than `below`. Those kept but the last are a fair sample of all combinations, each
 * of them in it with a chance that the last one's hash tells: an estimator of Horvitz and Thompson (Cohen and Kaplan,
 * 2007). Both the value and the variance are unbiased, but for what is added to the variance: the square of one more
 * group, because a sample without any small group does not show that there is none.
 */
function subjectsIn(hashes: Float64Array, sizes: Uint8Array, kept: number, below: number): Estimate {
  const isAll = hashes.length < kept
  const last = isAll ? HASHES : largest(hashes)
  const chance = last / HASHES
  let sum = 0
  let squares = (below - 1) ** 2
  for (const [index, hash] of hashes.entries()) {
    const size = sizes[index]!
    if (size >= below || hash === last) continue
    sum += size
    squares += size * size
  }
  return { value: sum / chance, variance: ((1 - chance) / chance ** 2) * squares }
}

const largest = (hashes: Float64Array): number => hashes.reduce((most, hash) => Math.max(most, hash), 0)
