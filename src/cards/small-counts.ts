/** Counts as cards show them: those of few records are not told, as a count of few may speak of one person. */

/** Counts below this are not told, nor what they could be worked out from. */
export const SMALLEST_COUNT = 10

/** Whether a count may speak of one person. */
export const isSmall = (count: number): boolean => count > 0 && count < SMALLEST_COUNT

/** With a comma between thousands; in words where it is small. */
export function shownCount(count: number): string {
  return isSmall(count) ? `fewer than ${SMALLEST_COUNT}` : exact(count)
}

const exact = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

export const shownShare = (share: number): string => `${(100 * share).toFixed(1)} %`

export interface WithheldCounts {
  /** Records that were read; undefined where it would tell a count that is small. */
  readonly read: number | undefined
  /** By reason, as text. */
  readonly reasons: readonly (readonly [reason: string, count: string])[]
}

/** What was read and withheld. With all counts but one, the last follows: so where one is small, the sum is not told. */
export function withheldCounts({
  in: read,
  suppressed,
  deadLettered,
}: {
  readonly in: number
  readonly suppressed: Readonly<Record<string, number>>
  readonly deadLettered: Readonly<Record<string, number>>
}): WithheldCounts {
  const all = [
    ...Object.entries(suppressed),
    ...Object.entries(deadLettered).map(([code, count]) => [`dead letters: ${code}`, count] as const),
  ]
  return {
    read: all.some(([, count]) => isSmall(count)) ? undefined : read,
    reasons: all.map(([reason, count]) => [reason, shownCount(count)]),
  }
}
