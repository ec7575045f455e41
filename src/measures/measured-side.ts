/** Risk and diversity of one side of a measure: records as they came, or as they leave. */
import { type Column, classesOf, distinctPer } from './classes.ts'
import {
  distinctDiversity,
  entropyDiversity,
  equalCloseness,
  type Histograms,
  hierarchicalCloseness,
  histogramsOf,
} from './diversity.ts'
import { type JournalistRisk, journalistRisk, type Risk, riskOf } from './risk.ts'
import { TupleTable } from './tuple-table.ts'
import { NOTHING } from './value-codes.ts'
import { frequencies, WILDCARD } from './wildcards.ts'

export interface SideRecords {
  /** The quasi-identifiers. */
  readonly columns: readonly Column[]
  readonly sensitive: readonly SensitiveColumn[]
  readonly length: number
  /** Whose each record is; undefined: each record counts as a subject. */
  readonly subjects: Column | undefined
}

export interface SensitiveColumn {
  readonly codes: Column
  /** By code: its ancestors from level 1 to the top, where a hierarchy says them. */
  readonly levels: readonly (readonly number[])[] | undefined
}

export interface SideOptions {
  /** Classes of fewer subjects are at risk. */
  readonly k: number
  /** Whether a value that is not there may have been any (as sdcMicro counts) or is one of its own (as ARX does). */
  readonly nothing: 'category' | 'wildcard'
}

/** The population that records are a sample of: the same columns, with the same codes. */
export type Population = Pick<SideRecords, 'columns' | 'length' | 'subjects'>

/** How many subjects are in classes of up to this size: `to` is left out of the last. */
export interface SizeBand {
  readonly from: number
  readonly to?: number | undefined
  readonly classes: number
  readonly subjects: number
}

export interface Diversity {
  /** Distinct values in a class: the least. */
  readonly distinct: number
  /** e^entropy of the values of a class: the least. */
  readonly entropy: number
  /** Distance of the values of a class to those of all, every two values being equally far: the largest. */
  readonly equalDistance: number
  /** The same over the levels of the field's hierarchy, where it has one. */
  readonly hierarchicalDistance?: number | undefined
}

/** What one column tells apart. */
export interface Separation {
  readonly values: number
  /** Distinct values in relation to records (R. Motwani and Y. Xu, 2007). */
  readonly distinction: number
  /** Share of pairs of records that differ in it. */
  readonly separation: number
}

export interface SideFigures {
  readonly records: number
  readonly risk: Risk
  /** Where the population is known that the records are a sample of. */
  readonly journalist?: JournalistRisk | undefined
  readonly sizes: readonly SizeBand[]
  /** By column. */
  readonly columns: readonly Separation[]
  /** By sensitive column. */
  readonly diversity: readonly Diversity[]
  /** By class of equal records: how many. */
  readonly classRecords: Int32Array
}

const BANDS = [1, 2, 5, 10, 20, 50, 100, 1000]

export function measureSide(
  records: SideRecords,
  options: SideOptions,
  population?: Population,
): SideFigures {
  const { columns, length, subjects, sensitive } = records
  const classes = classesOf(columns, length, subjects)
  const { sizes, members } =
    options.nothing === 'category'
      ? { sizes: classes.sizes, members: classes.sizes }
      : overlapping(records, classes.of)
  return {
    records: length,
    risk: riskOf(sizes, 1 / options.k, members),
    ...(population === undefined
      ? {}
      : { journalist: journalistRisk(classes.sizes, populationSizes(classes.sizes, records, population)) }),
    sizes: bandsOf(sizes, members),
    columns: columns.map((column) => separationOf(column, length)),
    diversity: sensitive.map(({ codes, levels }) =>
      diversityOf(histogramsOf(classes.of, classes.sizes.length, codes, subjects), levels),
    ),
    classRecords: classes.records,
  }
}

/** Sizes in subjects where what is not there matches every value: one entry for each distinct subject of a class. */
function overlapping(
  { columns, length, subjects }: SideRecords,
  of: Int32Array,
): { readonly sizes: Int32Array; readonly members: Int32Array } {
  const table = new TupleTable(2, length)
  const pair = new Int32Array(2)
  const first: number[] = []
  for (let record = 0; record < length; record++) {
    pair[0] = of[record]!
    pair[1] = subjects?.[record] ?? record
    if (table.put(pair) === first.length) first.push(record)
  }
  const own = columns.map((column) =>
    Int32Array.from(first, (record) => (column[record] === NOTHING ? WILDCARD : column[record]!)),
  )
  const whose = subjects && Int32Array.from(first, (record) => subjects[record]!)
  const sizes = frequencies(own, first.length, whose)
  return { sizes, members: new Int32Array(sizes.length).fill(1) }
}

/** By class of the records: how many subjects of the population are in it, and never fewer than of the records. */
function populationSizes(
  sizes: Int32Array,
  { columns, length }: SideRecords,
  population: Population,
): Int32Array<ArrayBuffer> {
  // The records come first, so that their classes have the first numbers.
  const both = columns.map((column, i) => {
    const all = new Int32Array(length + population.length)
    all.set(column)
    all.set(population.columns[i]!, length)
    return all
  })
  const of = classesOf(both, length + population.length).of.subarray(length)
  const classes = of.reduce((most, index) => Math.max(most, index + 1), sizes.length)
  const subjects = population.subjects ?? Int32Array.from(of.keys())
  const inPopulation = distinctPer(of, classes, subjects)
  return sizes.map((size, i) => Math.max(size, inPopulation[i]!))
}

function bandsOf(sizes: ArrayLike<number>, members: ArrayLike<number>): SizeBand[] {
  const bands = BANDS.map(() => ({ classes: 0, subjects: 0 }))
  for (let i = 0; i < sizes.length; i++) {
    const band = bands[BANDS.findLastIndex((from) => from <= sizes[i]!)]!
    band.classes += members[i]! / sizes[i]!
    band.subjects += members[i]!
  }
  return bands.map((band, i) => {
    const next = BANDS[i + 1]
    return { from: BANDS[i]!, ...(next === undefined ? {} : { to: next - 1 }), ...band }
  })
}

export function separationOf(column: Column, length: number): Separation {
  const { records } = classesOf([column], length)
  let equal = 0
  for (const size of records) equal += (size * (size - 1)) / 2
  const pairs = (length * (length - 1)) / 2
  return {
    values: records.length,
    distinction: length === 0 ? 0 : records.length / length,
    separation: pairs === 0 ? 0 : 1 - equal / pairs,
  }
}

function diversityOf(histograms: Histograms, levels: SensitiveColumn['levels']): Diversity {
  const least = (values: Float64Array): number => (values.length === 0 ? 0 : Math.min(...minMax(values)))
  const most = (values: Float64Array): number => (values.length === 0 ? 0 : Math.max(...minMax(values)))
  return {
    distinct: least(distinctDiversity(histograms)),
    entropy: least(entropyDiversity(histograms)),
    equalDistance: most(equalCloseness(histograms)),
    ...(levels === undefined
      ? {}
      : { hierarchicalDistance: most(hierarchicalCloseness(levels)(histograms)) }),
  }
}

/** Without a call of a million arguments. */
function minMax(values: Float64Array): [number, number] {
  let [min, max] = [values[0]!, values[0]!]
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return [min, max]
}
