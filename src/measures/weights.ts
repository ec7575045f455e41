/**
 * Weights for training: with them, what is published has the shares of groups that was read. They are functions of what
 * leaves, so they tell nothing that the records do not.
 */
import { LetheError } from '../errors.ts'
import type { Column } from './classes.ts'
import type { MeasuredRecords } from './measured-records.ts'
import { TupleTable } from './tuple-table.ts'

/** Published records that are equal in all fields that the weights are made over. */
export interface WeightCell {
  /** By field: the text that leaves; null where nothing does. */
  readonly values: readonly (string | null)[]
  readonly published: number
  /** Share among what was read in relation to that among what is published. */
  readonly weight: number
}

export interface Weights {
  /** The largest weight first; those of fewer subjects than may be told stand together in `small`. */
  readonly cells: readonly WeightCell[]
  readonly small?: { readonly cells: number; readonly published: number; readonly weight: number } | undefined
  /** Records that were read, and of which nothing that leaves tells: no weight brings them back. */
  readonly unrepresented: number
  /** (Σw)² / Σw² (L. Kish, 1965): as many records of equal weight say as much. */
  readonly effective: number
}

export interface RecordWeights {
  readonly weights: Weights
  /** By published record, in their order. Their mean is 1. */
  readonly ofRecords: Float64Array
}

/** More cells are no groups of people. */
const MOST_CELLS = 1000

/**
 * Weights over `columns`, the joint distribution of what leaves of them. A record that was withheld counts for the cells
 * in which published records with the same values as they came are, in their proportion.
 * @param smallest cells of fewer subjects have one weight together; of fewer records, where each record counts as one
 * @throws LetheError (usage) where there are too many cells
 */
export function weightsOf(
  records: MeasuredRecords,
  columns: readonly number[],
  { smallestGroup, hasSubjects }: { readonly smallestGroup: number; readonly hasSubjects: boolean },
): RecordWeights {
  const all = records.which('all')
  const published = records.which('published')
  const leaves = cellsOf(columns.map((column) => records.outputs(column, published)))
  if (leaves.table.count > MOST_CELLS)
    throw new LetheError(
      'bad-option',
      `--weights: the fields of --by leave in more than ${MOST_CELLS} combinations`,
      'name fewer fields, or fields with fewer values',
    )
  const whose = hasSubjects ? records.subjectsOf(published) : undefined
  const groupOf = grouped(leaves, whose, smallestGroup)
  const { mass, unrepresented } = massOf(records, columns, all, published, leaves.of, groupOf)
  const counts = new Float64Array(mass.length)
  for (const cell of leaves.of) counts[groupOf[cell]!]!++
  const represented = all.length - unrepresented
  const weightOf = Float64Array.from(mass, (of, group) =>
    counts[group] === 0 ? 0 : of / represented / (counts[group]! / published.length),
  )
  const ofRecords = Float64Array.from(leaves.of, (cell) => weightOf[groupOf[cell]!]!)
  return {
    weights: {
      ...viewOf(records, columns, leaves.table, groupOf, counts, weightOf),
      unrepresented,
      effective: effectiveOf(ofRecords),
    },
    ofRecords,
  }
}

interface Cells {
  readonly table: TupleTable
  /** By record: its cell. */
  readonly of: Int32Array
}

function cellsOf(columns: readonly Column[]): Cells {
  const table = new TupleTable(columns.length)
  const tuple = new Int32Array(columns.length)
  const of = Int32Array.from(columns[0] ?? [], (_, record) => {
    columns.forEach((column, i) => {
      tuple[i] = column[record]!
    })
    return table.put(tuple)
  })
  return { table, of }
}

/** By cell: 0 of those that are too small to stand alone, which go together; others count up from 1. */
function grouped({ table, of }: Cells, whose: Int32Array | undefined, smallest: number): Int32Array {
  const subjects = Array.from({ length: table.count }, () => new Set<number>())
  of.forEach((cell, record) => {
    if (subjects[cell]!.size < smallest) subjects[cell]!.add(whose?.[record] ?? record)
  })
  let next = 0
  return Int32Array.from(subjects, ({ size }) => (size < smallest ? 0 : ++next))
}

/** How many of the records that were read each group stands for. */
function massOf(
  records: MeasuredRecords,
  columns: readonly number[],
  all: Int32Array,
  published: Int32Array,
  cellOf: Int32Array,
  groupOf: Int32Array,
): { readonly mass: Float64Array; readonly unrepresented: number } {
  const came = cellsOf(columns.map((column) => records.inputs(column, all)))
  const read = new Float64Array(came.table.count)
  for (const input of came.of) read[input]!++
  const groups = groupOf.reduce((most, group) => Math.max(most, group + 1), 1)
  const pairs = new Map<number, Map<number, number>>()
  let at = 0
  published.forEach((record, i) => {
    while (all[at] !== record) at++
    const to = pairs.get(came.of[at]!) ?? new Map<number, number>()
    const group = groupOf[cellOf[i]!]!
    to.set(group, (to.get(group) ?? 0) + 1)
    pairs.set(came.of[at]!, to)
  })
  const mass = new Float64Array(groups)
  let unrepresented = 0
  read.forEach((count, input) => {
    const to = pairs.get(input)
    if (to === undefined) {
      unrepresented += count
      return
    }
    let sum = 0
    for (const published of to.values()) sum += published
    for (const [group, published] of to) mass[group]! += (count * published) / sum
  })
  return { mass, unrepresented }
}

function viewOf(
  records: MeasuredRecords,
  columns: readonly number[],
  table: TupleTable,
  groupOf: Int32Array,
  counts: Float64Array,
  weightOf: Float64Array,
): Pick<Weights, 'cells' | 'small'> {
  const texts = columns.map((column) => {
    const byCode: (string | null)[] = [null]
    for (const [text, code] of records.columns[column]!.outputs.entries()) byCode[code] = text
    return byCode
  })
  const cells: WeightCell[] = []
  let small = 0
  groupOf.forEach((group, cell) => {
    if (group === 0) {
      small++
      return
    }
    const values = texts.map((byCode, i) => byCode[table.at(cell, i)] ?? null)
    cells.push({ values, published: counts[group]!, weight: weightOf[group]! })
  })
  return {
    cells: cells.sort((a, b) => b.weight - a.weight),
    ...(small === 0 ? {} : { small: { cells: small, published: counts[0]!, weight: weightOf[0]! } }),
  }
}

function effectiveOf(weights: Float64Array): number {
  let [sum, squares] = [0, 0]
  for (const weight of weights) {
    sum += weight
    squares += weight * weight
  }
  return squares === 0 ? 0 : (sum * sum) / squares
}
