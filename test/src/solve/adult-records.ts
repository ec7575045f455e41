/** The census records known as Adult as a search sees them: every column from its values to the top of ARX's hierarchy. */
import { classesOf } from '../../../src/measures/classes.ts'
import { type Closeness, hierarchicalCloseness } from '../../../src/measures/diversity.ts'
import { entropyLoss } from '../../../src/measures/utility.ts'
import type { LatticeColumn } from '../../../src/solve/lattice.ts'
import type { SolveRecords } from '../../../src/solve/solve-records.ts'
import type { Adult } from '../measures/adult.ts'

/** Records of some columns; `sensitive` and `by`: columns whose values are counted. */
export function adultRecords(
  { codes, shares, domain, levels, length }: Adult,
  over: readonly number[],
  { sensitive, by }: { readonly sensitive?: number; readonly by?: number } = {},
): SolveRecords {
  const firstOf = (of: Int32Array, count: number): Int32Array => {
    const first = new Int32Array(count)
    for (let record = length - 1; record >= 0; record--) first[of[record]!] = record
    return first
  }
  const columns = over.map((column): LatticeColumn => {
    const values = codes(column, 0)
    const count = Math.max(...values) + 1
    const first = firstOf(values, count)
    const heights = [...Array(levels(column)[0]!.length + 1).keys()]
    const at = <Whole extends ArrayLike<number>>(whole: Whole) =>
      Array.from(first, (record) => whole[record]!)
    return {
      codes: heights.map((height) => Int32Array.from(at(codes(column, height)))),
      shares: heights.map((height) => Float64Array.from(at(shares(column, height)))),
      loses: new Uint8Array(count).fill(1),
      domain: domain(column),
      bits: heights.map((height) => {
        const pairs = classesOf([values, codes(column, height)], length)
        const pair = firstOf(pairs.of, pairs.records.length)
        return entropyLoss({
          inputs: pair.map((record) => values[record]!),
          outputs: pair.map((record) => codes(column, height)[record]!),
          counts: pairs.records,
        })
      }),
      withheld: 0,
    }
  })
  const { of, records } = classesOf(
    over.map((column) => codes(column, 0)),
    length,
  )
  const first = firstOf(of, records.length)
  const cellsOf = (column: number) => {
    const values = codes(column, 0)
    const pairs = classesOf([of, values], length)
    const pair = firstOf(pairs.of, pairs.records.length)
    return {
      tuples: pair.map((record) => of[record]!),
      values: pair.map((record) => values[record]!),
      counts: pairs.records,
      domain: Math.max(...values) + 1,
    }
  }
  const none = new Int32Array(0)
  const several = { subjects: none, tuples: none }
  return {
    columns,
    count: records.length,
    tuples: over.map((column) => first.map((record) => codes(column, 0)[record]!)),
    records,
    single: records,
    several,
    sensitive:
      sensitive === undefined ? [] : [{ ...cellsOf(sensitive), several: { ...several, values: none } }],
    groups: (by === undefined ? [] : [by]).map((column) => {
      const { tuples, values, counts, domain: most } = cellsOf(column)
      const read = new Int32Array(most)
      for (let cell = 0; cell < values.length; cell++) read[values[cell]!]! += counts[cell]!
      return { tuples, groups: values, counts, read, subjects: read }
    }),
    withheld: 0,
  }
}

export const closenessOf = ({ levels }: Adult, column: number): Closeness =>
  hierarchicalCloseness(levels(column))
