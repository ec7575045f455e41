/** Who was kept, and who was not: measures over groups of data subjects. */

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Quantile of the standard normal distribution for 95 %. */
const Z_95 = 1.959963984540054

/** The interval of E. B. Wilson (1927) for a share of `hits` among `of`, at 95 %; from 0 to 1 where there are none. */
export function wilson(hits: number, of: number, z: number = Z_95): Interval {
  if (of === 0) return { low: 0, high: 1 }
  const share = hits / of
  const weight = 1 + (z * z) / of
  const middle = (share + (z * z) / (2 * of)) / weight
  const half = (z / weight) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}

/** What came in of a group, and what was published of it. */
export interface GroupCounts {
  /** null: those without a value. */
  readonly name: string | null
  readonly read: number
  readonly published: number
}

export interface GroupBalance extends GroupCounts {
  /** Share published of what was read. */
  readonly retention: number
  readonly interval: Interval
  /** Retention in relation to that of the group which has the highest one, among groups that are large enough. */
  readonly ratio: number
  /** The group's share among what is published, in relation to its share among what was read. */
  readonly representation: number
  /** Share lost, in relation to the share lost of all; 1 where nothing was lost. */
  readonly lossRatio: number
  /** Whether its ratio lies below the limit, and it is large enough to say so. */
  readonly isFlagged: boolean
}

/** The four-fifths rule of the Uniform Guidelines on Employee Selection Procedures, 1978, 29 CFR 1607.4 D. */
export const FOUR_FIFTHS = 0.8
/** Smaller groups are too few for a share to mean much. */
export const SMALLEST_JUDGED = 30

/** Retention by group, the lowest ratio first. Groups of which nothing was read have none. */
export function balanceOf<Group extends GroupCounts>(
  groups: readonly Group[],
  limit: number = FOUR_FIFTHS,
  smallest: number = SMALLEST_JUDGED,
): readonly (Group & GroupBalance)[] {
  const there = groups.filter(({ read }) => read > 0)
  const read = there.reduce((sum, group) => sum + group.read, 0)
  const published = there.reduce((sum, group) => sum + group.published, 0)
  const judged = there.filter((group) => group.read >= smallest)
  const best = Math.max(0, ...(judged.length > 0 ? judged : there).map((one) => one.published / one.read))
  const lost = 1 - published / read
  return there
    .map((group) => {
      const retention = group.published / group.read
      const ratio = best === 0 ? 1 : retention / best
      return {
        ...group,
        retention,
        interval: wilson(group.published, group.read),
        ratio,
        representation: published === 0 ? 0 : group.published / published / (group.read / read),
        lossRatio: lost === 0 ? 1 : (1 - retention) / lost,
        isFlagged: group.read >= smallest && ratio < limit,
      }
    })
    .sort((a, b) => a.ratio - b.ratio)
}
