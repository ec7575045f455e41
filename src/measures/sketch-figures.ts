/**
 * What a sketch says, and how far off each figure may be. Combinations are a simple random sample of all, without replacement; a class that is
 * counted by registers has an error of its own (W. Cochran, "Sampling Techniques", 1977, chapters 3 and 6, for shares and
 * ratios; Z. Bar-Yossef et al., 2002, for how many there are).
 */
import { REGISTER_ERROR } from './hyperloglog.ts'
import { type ClassSample, EXACT } from './khyperloglog.ts'

export interface Estimate {
  readonly value: number
  /** Standard deviation; 0 where the value is exact. */
  readonly error: number
}

/** Classes of so many subjects: of all classes, which share. `to` is left out of the last. */
export interface SizeShare extends Estimate {
  readonly from: number
  readonly to?: number | undefined
}

export interface SketchFigures {
  /** Combinations that the figures are drawn from. */
  readonly kept: number
  /** Whether there are more. */
  readonly sampled: boolean
  readonly combinations: Estimate
  /** Data subjects, each once for each combination that it was seen under. */
  readonly subjects: Estimate
  /** Share of combinations that one subject has alone. */
  readonly unique: Estimate
  /** Share of combinations that fewer than `k` subjects have. */
  readonly small: Estimate
  /** Share of subjects in classes of fewer than `k`. */
  readonly atRisk: Estimate
  /** Success of one who links all subjects: classes / subjects. */
  readonly marketer: Estimate
  /** The smallest class that was drawn; the smallest of all is no larger. */
  readonly smallestSeen: number
  readonly sizes: readonly SizeShare[]
}

/** A threshold up to which classes are counted one by one. */
export const MOST_THRESHOLD: number = EXACT + 1
const BANDS = [1, 2, 5, 10, 20, 50]

/** `k`: classes of fewer subjects are at risk; 2 to `MOST_THRESHOLD`. */
export function sketchFigures(sample: ClassSample, k: number): SketchFigures {
  const { sizes } = sample
  const shareWithin = (from: number, below: number): Estimate =>
    share(sample, (size) => size >= from && size < below)
  return {
    kept: sizes.length,
    sampled: sample.chance < 1,
    combinations: cardinality(sample),
    subjects: subjectsOf(sample),
    unique: uniqueness(sample, 1),
    small: uniqueness(sample, k - 1),
    atRisk: ratio(
      sample,
      (size) => (size < k ? size : 0),
      (size) => size,
      k - 1,
    ),
    marketer: ratio(
      sample,
      () => 1,
      (size) => size,
      1,
    ),
    smallestSeen: Math.round(sizes.reduce((least, size) => Math.min(least, size), sizes[0] ?? 0)),
    sizes: BANDS.map((from, i) => {
      const next = BANDS[i + 1]
      const found = shareWithin(from, next ?? Number.POSITIVE_INFINITY)
      return { from, ...(next === undefined ? {} : { to: next - 1 }), ...found }
    }),
  }
}

/** How many combinations there are. */
export function cardinality({ k, chance, sizes }: ClassSample): Estimate {
  if (chance === 1) return { value: sizes.length, error: 0 }
  const value = (k - 1) / chance
  return { value, error: value / Math.sqrt(k - 2) }
}

/** Share of the combinations that at most `most` subjects have (reidentification potential in Presto). */
export const uniqueness = (sample: ClassSample, most: number): Estimate =>
  share(sample, (size) => size <= most)

function share({ chance, sizes }: ClassSample, isOf: (size: number) => boolean): Estimate {
  const n = sizes.length
  if (n === 0) return { value: 0, error: 0 }
  let found = 0
  for (const size of sizes) if (isOf(size)) found++
  // That none was drawn, or all were, does not show that there are none, or no others.
  const assumed = (found + 1) / (n + 2)
  return { value: found / n, error: Math.sqrt((assumed * (1 - assumed) * (1 - chance)) / n) }
}

/** Σ of `part` in relation to Σ of `whole`, over all combinations; `unseen`: what one class more could add to the part. */
function ratio(
  { chance, sizes }: ClassSample,
  part: (size: number) => number,
  whole: (size: number) => number,
  unseen: number,
): Estimate {
  let [above, below] = [0, 0]
  for (const size of sizes) {
    above += part(size)
    below += whole(size)
  }
  if (below === 0) return { value: 0, error: 0 }
  const value = above / below
  let squares = unseen ** 2
  let counting = 0
  for (const size of sizes) {
    squares += (part(size) - value * whole(size)) ** 2
    if (size > EXACT) counting += (REGISTER_ERROR * whole(size)) ** 2
  }
  const variance = (1 - chance) * squares + value ** 2 * counting
  return { value, error: Math.sqrt(variance) / below }
}

function subjectsOf(sample: ClassSample): Estimate {
  const { chance, sizes } = sample
  const all = cardinality(sample)
  const n = sizes.length
  if (n === 0) return { value: 0, error: 0 }
  let sum = 0
  let counting = 0
  for (const size of sizes) {
    sum += size
    if (size > EXACT) counting += (REGISTER_ERROR * size) ** 2
  }
  const mean = sum / n
  let spread = 0
  for (const size of sizes) spread += (size - mean) ** 2
  const ofMean = n < 2 ? 0 : ((1 - chance) * spread) / (n - 1) / n + counting / n ** 2
  const variance = all.value ** 2 * ofMean + mean ** 2 * all.error ** 2
  return { value: all.value * mean, error: Math.sqrt(n < 2 ? counting : variance) }
}

/** Whether the limit lies within two standard deviations: then an estimate says neither that it is met nor that it is not. */
export const isTooClose = ({ value, error }: Estimate, limit: number): boolean =>
  Math.abs(value - limit) <= 2 * error
