/** Which values of published records came and left nothing, by group: where rules fail more for some than for others. */
import { NOTHING } from './value-codes.ts'

/** Of one field in one group. */
export interface EmptiedCount {
  /** Values that came, of records that were published. */
  values: number
  /** Those of them in whose place nothing leaves. */
  emptied: number
  /** Distinct subjects of those, up to a bound. */
  readonly subjects: Set<number>
}

/** Counts by grouping, group and field. It holds as many subjects of each count as decide whether it may be told. */
export class EmptiedTally {
  /** By grouping, by group, by field. */
  readonly #counts: EmptiedCount[][][]
  readonly #fields: number
  readonly #smallest: number

  /** `smallest`: counts of fewer subjects are not told. */
  constructor(groupings: number, fields: number, smallest: number) {
    this.#counts = Array.from({ length: groupings }, () => [])
    this.#fields = fields
    this.#smallest = smallest
  }

  /** A value of this field came; `isEmptied`: nothing leaves in its place. */
  add(groups: Int32Array, field: number, subject: number, isEmptied: boolean): void {
    for (let grouping = 0; grouping < groups.length; grouping++) {
      const count = this.#of(grouping, groups[grouping]!)[field]!
      count.values++
      if (!isEmptied) continue
      count.emptied++
      if (count.subjects.size < this.#smallest) count.subjects.add(subject)
    }
  }

  /** By field. */
  #of(grouping: number, group: number): EmptiedCount[] {
    const groups = this.#counts[grouping]!
    for (let next = groups.length; next <= group; next++)
      groups.push(
        Array.from({ length: this.#fields }, () => ({ values: 0, emptied: 0, subjects: new Set<number>() })),
      )
    return groups[group]!
  }

  /** By group, by field; `NOTHING` is a group as well. */
  of(grouping: number): readonly (readonly EmptiedCount[])[] {
    this.#of(grouping, NOTHING)
    return this.#counts[grouping]!
  }
}
