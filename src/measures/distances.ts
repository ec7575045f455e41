/** How far two distributions of one column are from each other. */

/**
 * Jensen-Shannon distance with logarithms of base 2, from 0 to 1: the square root of the divergence (J. Lin, 1991; D. M.
 * Endres and J. E. Schindelin, 2003).
 * @param first, second by value: how often it occurs, in the same order; neither sums up to 0
 */
export function jensenShannon(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const all = [total(first), total(second)] as const
  let divergence = 0
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    const p = (first[i] ?? 0) / all[0]
    const q = (second[i] ?? 0) / all[1]
    const mean = (p + q) / 2
    if (p > 0) divergence += (p * Math.log2(p / mean)) / 2
    if (q > 0) divergence += (q * Math.log2(q / mean)) / 2
  }
  return Math.sqrt(Math.max(0, divergence))
}

/** A weight at a number. */
export interface Mass {
  readonly at: number
  readonly weight: number
}

/**
 * Wasserstein distance of order 1, in the unit of the numbers: the area between the two distribution functions.
 * @param first, second neither is without weight; in any order
 */
export function wasserstein(first: readonly Mass[], second: readonly Mass[]): number {
  const all = [first, second].map((masses) => masses.reduce((sum, { weight }) => sum + weight, 0))
  const steps = [
    ...first.map(({ at, weight }) => ({ at, step: weight / all[0]! })),
    ...second.map(({ at, weight }) => ({ at, step: -weight / all[1]! })),
  ].sort((a, b) => a.at - b.at)
  let between = 0
  let area = 0
  for (let i = 0; i + 1 < steps.length; i++) {
    between += steps[i]!.step
    area += Math.abs(between) * (steps[i + 1]!.at - steps[i]!.at)
  }
  return area
}

function total(counts: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < counts.length; i++) sum += counts[i]!
  return sum
}
