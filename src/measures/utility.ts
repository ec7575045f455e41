/** What records lost on their way from an input to an output: measures of columns, and of classes. */
import type { Column } from './classes.ts'

/**
 * Discernibility (R. J. Bayardo and R. Agrawal, 2005): each record costs as many as it can't be told from; a suppressed one
 * costs as many as there are.
 * @param records by class: records that were published
 */
export function discernibility(records: ArrayLike<number>, suppressed: number): number {
  let squares = 0
  let published = 0
  for (let i = 0; i < records.length; i++) {
    squares += records[i]! * records[i]!
    published += records[i]!
  }
  return squares + (published + suppressed) * suppressed
}

/** Average size of classes (K. LeFevre et al., 2006, without the division by k); suppressed records are one class. */
export function averageClassSize(records: ArrayLike<number>, suppressed: number): number {
  let published = 0
  for (let i = 0; i < records.length; i++) published += records[i]!
  const classes = records.length + (suppressed > 0 ? 1 : 0)
  return classes === 0 ? 0 : (published + suppressed) / classes
}

/** How many records have which input value and which output value: one column, both sides. */
export interface Joint {
  /** By pair: the code of the input. */
  readonly inputs: Column
  /** By pair: the code of the output; a suppressed cell has a code of its own. */
  readonly outputs: Column
  /** By pair: records, 1 or more. */
  readonly counts: Column
}

/**
 * Non-uniform entropy (A. Gionis and T. Tassa, 2009), in bits, added up over all records: what the input value says and
 * the output value no longer does; records × H(input | output). 0 where values are one to one.
 */
export function entropyLoss({ outputs, counts }: Joint): number {
  const perOutput = sums(outputs, counts)
  let loss = 0
  for (let i = 0; i < counts.length; i++)
    loss += counts[i]! * Math.log2(perOutput.get(outputs[i]!)! / counts[i]!)
  return loss
}

/** H(input) × records: the most that can be lost. */
export function entropyOf({ inputs, counts }: Joint): number {
  const perInput = sums(inputs, counts)
  let all = 0
  for (const count of perInput.values()) all += count
  let entropy = 0
  for (const count of perInput.values()) entropy += count * Math.log2(all / count)
  return entropy
}

function sums(keys: Column, counts: Column): Map<number, number> {
  const sum = new Map<number, number>()
  for (let i = 0; i < keys.length; i++) sum.set(keys[i]!, (sum.get(keys[i]!) ?? 0) + counts[i]!)
  return sum
}

/**
 * Loss of a column, from 0 to 1, as ARX counts it (after V. Iyengar, 2002): how much of its domain a value stands for, on
 * average, where a value of the input stands for itself alone. It is the mean of the normalized certainty penalty of
 * categories (J. Xu et al., 2006), (leaves − 1) / (all leaves − 1).
 * @param shares the sum over all records of the share of the domain that the output stands for: 1 / domain for what is
 * unchanged, 1 for what is suppressed
 * @param domain how many values there are
 */
export function columnLoss(shares: number, records: number, domain: number): number {
  if (records === 0 || domain <= 1) return 0
  const least = records / domain
  return Math.max(0, (shares - least) / (records - least))
}

/** Loss of several columns: their geometric mean, as ARX takes it: ∏(1 + x)^(1/m) − 1. */
export function combinedLoss(losses: readonly number[]): number {
  let logs = 0
  for (const loss of losses) logs += Math.log1p(loss)
  return losses.length === 0 ? 0 : Math.expm1(logs / losses.length)
}
