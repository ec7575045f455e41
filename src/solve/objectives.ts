/** What a search makes least: the loss of a node, and what is known of that of others before their classes are. */
import { columnLoss } from '../measures/utility.ts'
import type { Lattice } from './lattice.ts'
import type { NodeTable } from './node-table.ts'
import type { SolveRecords } from './solve-records.ts'

export const METRICS = [
  'loss',
  'entropy',
  'entropy-before-suppression',
  'discernibility',
  'class-squares',
] as const
export type Metric = (typeof METRICS)[number]

/** Numbers that add up, over columns, to the sum of a node: by column, by rung. */
export type Terms = readonly Float64Array[]

/** What a node costs, and what others do that it tells of. */
export interface Costs {
  /** The less, the better. */
  readonly sum: number
  /** Never above the sum of any node that this one follows from. Undefined where `least` says as much. */
  readonly finer?: Terms | undefined
  /** Never above the sum of any node that follows from this one. Undefined where `least` says as much. */
  readonly coarser?: number | undefined
}

export interface Objective {
  /** Never above the sum of any node, whatever is suppressed. */
  readonly least: Terms
  /** Whether tables have to say of each tuple in which class it is. */
  readonly needsTuples: boolean
  /**
   * @param kept by class: 1 where its records leave
   * @param grown by class: 0 where no record of it leaves at any node that this one follows from; undefined: not asked for
   */
  readonly of: (table: NodeTable, kept: Uint8Array, grown: Uint8Array | undefined) => Costs
  /** What is printed for a sum. */
  readonly shown: (sum: number) => number
}

export function objectiveOf(metric: Metric, lattice: Lattice, records: SolveRecords): Objective {
  if (metric === 'loss') return lossOf(lattice, records)
  if (metric === 'entropy') return bitsOf(lattice, records)
  if (metric === 'entropy-before-suppression') return generalizationBitsOf(lattice)
  return squaresOf(lattice, records, metric === 'discernibility')
}

/**
 * Loss as ARX counts it, the geometric mean of the columns' losses. The sum is that of the logarithms of 1 + loss.
 * A suppressed record stands for the whole domain of each column.
 */
function lossOf(lattice: Lattice, records: SolveRecords): Objective {
  const { columns } = lattice
  const byValue = columns.map((_, at) => recordsByValue(lattice, records, at))
  // By column: the sum of shares by rung, and records with a value.
  const shares = columns.map((column, at) =>
    Float64Array.from(column.shares, (rung) => sumOf(byValue[at]!, rung)),
  )
  const all = columns.map((column, at) => sumOf(byValue[at]!, column.loses) + column.withheld)
  const term = (at: number, sum: number): number =>
    Math.log1p(columnLoss(sum + columns[at]!.withheld, all[at]!, columns[at]!.domain)) / columns.length
  return {
    ...suppressing(lattice, records, (suppressed, at, rung) => {
      const { loses, shares: own } = columns[at]!
      return term(at, shares[at]![rung]! - sumOf(suppressed, own[rung]!) + sumOf(suppressed, loses))
    }),
    least: columns.map((_, at) => shares[at]!.map((sum) => term(at, sum))),
    shown: Math.expm1,
  }
}

/**
 * Non-uniform entropy in bits, as ARX adds it up: what the generalization of all records loses, and what the suppression
 * of some of them loses on top.
 */
function bitsOf(lattice: Lattice, records: SolveRecords): Objective {
  const { columns, counts } = lattice
  const byCode = columns.map((_, at) => counts[at]!.map((count) => new Float64Array(count)))
  return {
    ...suppressing(lattice, records, (suppressed, at, rung) => {
      const { codes, bits } = columns[at]!
      const tally = byCode[at]![rung]!.fill(0)
      let all = 0
      for (let value = 0; value < suppressed.length; value++) {
        tally[codes[rung]![value]!]! += suppressed[value]!
        all += suppressed[value]!
      }
      let lost = bits[rung]!
      for (const some of tally) if (some > 0) lost += some * Math.log2(all / some)
      return lost
    }),
    least: columns.map(({ bits }) => Float64Array.from(bits)),
    shown: (sum) => sum,
  }
}

/**
 * Of an objective that is a sum over columns, each of which goes by the values of suppressed records and the rung.
 * @param termOf never less where more records are suppressed
 */
function suppressing(
  { columns }: Lattice,
  { tuples, records, count }: SolveRecords,
  termOf: (suppressed: Float64Array, column: number, rung: number) => number,
): Pick<Objective, 'needsTuples' | 'of'> {
  /** By column, by value: suppressed records. */
  const suppressed = columns.map(({ loses }) => new Float64Array(loses.length))
  const withhold = (table: NodeTable, kept: Uint8Array): void => {
    for (const byValue of suppressed) byValue.fill(0)
    for (let tuple = 0; tuple < count; tuple++) {
      if (kept[table.of[tuple]!] === 1) continue
      const some = records[tuple]!
      for (let at = 0; at < suppressed.length; at++) suppressed[at]![tuples[at]![tuple]!]! += some
    }
  }
  return {
    needsTuples: true,
    of: (table, kept, grown) => {
      withhold(table, kept)
      let sum = 0
      for (let at = 0; at < columns.length; at++) sum += termOf(suppressed[at]!, at, table.levels[at]!)
      if (grown === undefined) return { sum }
      if (grown !== kept) withhold(table, grown)
      const finer = columns.map((_, at) =>
        Float64Array.from({ length: table.levels[at]! + 1 }, (_, rung) => termOf(suppressed[at]!, at, rung)),
      )
      return { sum, finer }
    },
  }
}

function recordsByValue(
  { columns }: Lattice,
  { tuples, records, count }: SolveRecords,
  at: number,
): Float64Array {
  const byValue = new Float64Array(columns[at]!.loses.length)
  for (let tuple = 0; tuple < count; tuple++) byValue[tuples[at]![tuple]!]! += records[tuple]!
  return byValue
}

/** Non-uniform entropy in bits of all records, before any is suppressed: it goes by the rungs alone. */
function generalizationBitsOf({ columns }: Lattice): Objective {
  const least = columns.map(({ bits }) => Float64Array.from(bits))
  return {
    least,
    needsTuples: false,
    of: ({ levels }) => ({ sum: least.reduce((sum, terms, at) => sum + terms[levels[at]!]!, 0) }),
    shown: (sum) => sum,
  }
}

/** Squared sizes of classes, of those that leave with a penalty for each record that does not, or of all. */
function squaresOf(lattice: Lattice, { records, withheld }: SolveRecords, isPenalized: boolean): Objective {
  const read = records.reduce((sum, some) => sum + some, 0) + withheld
  const squares = (table: NodeTable): number => {
    let sum = 0
    for (let index = 0; index < table.count; index++) sum += table.records[index]! * table.records[index]!
    return sum
  }
  const before = isPenalized ? withheld * read : 0
  return {
    least: lattice.columns.map(({ codes }) => new Float64Array(codes.length)),
    needsTuples: false,
    of: (table, kept) => {
      // A record costs no less than the class that it was in.
      const coarser = squares(table) + before
      if (!isPenalized) return { sum: coarser, coarser }
      let sum = before
      for (let index = 0; index < table.count; index++)
        sum += table.records[index]! * (kept[index] === 1 ? table.records[index]! : read)
      return { sum, coarser }
    },
    shown: (sum) => sum,
  }
}

function sumOf(weights: Float64Array, by: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * by[i]!
  return sum
}
