/**
 * How likely it is that data subjects are found again in records, from the sizes of their equivalence classes: the
 * attacker models of K. El Emam, "Guide to the De-Identification of Personal Health Information", 2013, ch. 16 and 17.
 */

export interface Risk {
  /** Data subjects, counted in each class that they appear in; 0 where there is no record. */
  readonly subjects: number
  /** Classes; where suppressed cells match all values, the sum of the subjects' own risks. */
  readonly classes: number
  /** The size of the smallest class ("k-anonymity"); 0 where there is none. */
  readonly k: number
  /** Share of subjects that stand alone in their class. */
  readonly unique: number
  /** Share of subjects whose own risk, 1 / size of the class, is above the threshold. */
  readonly atRisk: number
  /** Prosecutor risk, of one who knows that the subject is among the records: the highest one, 1 / k. */
  readonly highest: number
  /** Mean of the prosecutor risk over all subjects; the success of a marketer who links them all. */
  readonly average: number
}

/**
 * @param sizes by class: distinct data subjects, 1 or more
 * @param threshold of the risk of one subject, above 0 and up to 1; for classes of k: 1 / k
 * @param members by class: subjects that see this size, where classes overlap; else all of it
 */
export function riskOf(
  sizes: ArrayLike<number>,
  threshold: number,
  members: ArrayLike<number> = sizes,
): Risk {
  let subjects = 0
  let classes = 0
  let unique = 0
  let atRisk = 0
  let k = 0
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i]!
    const count = members[i]!
    subjects += count
    classes += count / size
    if (k === 0 || size < k) k = size
    if (size === 1) unique += count
    if (1 / size > threshold) atRisk += count
  }
  if (subjects === 0) return { subjects, classes, k, unique, atRisk, highest: 0, average: 0 }
  return {
    subjects,
    classes,
    k,
    unique: unique / subjects,
    atRisk: atRisk / subjects,
    highest: 1 / k,
    average: classes / subjects,
  }
}

export interface JournalistRisk {
  readonly highest: number
  readonly average: number
}

/**
 * The risk where the attacker knows no more than that the subject is in a population, of which the records are a sample.
 * @param sample by class: subjects among the records, 1 or more
 * @param population by class: subjects in the population, not below those of the sample
 */
export function journalistRisk(sample: ArrayLike<number>, population: ArrayLike<number>): JournalistRisk {
  const classes = sample.length
  let inSample = 0
  let inPopulation = 0
  let sum = 0
  let highest = 0
  for (let i = 0; i < classes; i++) {
    inSample += sample[i]!
    inPopulation += population[i]!
    sum += sample[i]! / population[i]!
    highest = Math.max(highest, 1 / population[i]!)
  }
  if (classes === 0) return { highest: 0, average: 0 }
  return { highest, average: Math.max(classes / inPopulation, sum / inSample) }
}
