/**
 * How many records each record can be told from, where a suppressed cell may have been any value: it is equal to every
 * other one, as sdcMicro counts (`freqCalc`). Where it is a value of its own, as ARX counts, `classesOf` says it.
 */
import { LetheError } from '../errors.ts'
import type { Column } from './classes.ts'
import { TupleTable } from './tuple-table.ts'

/** A suppressed cell. */
export const WILDCARD = -1

/** Combinations that are compared, at most: some seconds. */
const MOST_STEPS = 200_000_000

/**
 * By record: how many records are equal to it in all columns, itself included.
 * @throws LetheError `usage` where too many different sets of cells are suppressed to be compared
 */
export function frequencies(columns: readonly Column[], length: number): Int32Array<ArrayBuffer> {
  const width = columns.length
  const table = new TupleTable(width)
  const tuple = new Int32Array(width)
  const of = new Int32Array(length)
  for (let record = 0; record < length; record++) {
    for (let column = 0; column < width; column++) tuple[column] = columns[column]![record]!
    of[record] = table.put(tuple)
  }
  const counts = new Int32Array(table.count)
  for (const index of of) counts[index]!++
  const groups = byPattern(table)
  if (groups.length * table.count > MOST_STEPS)
    throw new LetheError(
      'measure-too-large',
      `suppressed cells stand in ${groups.length} different sets of columns, over ${table.count} combinations: too many to compare`,
      'count suppressed cells as a value of their own: --suppressed category',
    )
  const total = new Int32Array(table.count)
  for (const one of groups) for (const other of groups) addMatches(table, counts, one, other, total)
  return of.map((index) => total[index]!)
}

interface Group {
  /** By column: whether its cells are suppressed. */
  readonly pattern: readonly boolean[]
  readonly members: number[]
}

/** The combinations, by which of their cells are suppressed. */
function byPattern(table: TupleTable): Group[] {
  const groups = new Map<string, Group>()
  for (let index = 0; index < table.count; index++) {
    const pattern = Array.from({ length: table.width }, (_, place) => table.at(index, place) === WILDCARD)
    const key = pattern.map(Number).join('')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { pattern, members: [index] })
    else group.members.push(index)
  }
  return [...groups.values()]
}

/** Adds to the combinations of `one` the records of `other` that are equal in the columns that neither suppresses. */
function addMatches(
  table: TupleTable,
  counts: Int32Array,
  one: Group,
  other: Group,
  total: Int32Array,
): void {
  const places = [...one.pattern.keys()].filter((place) => !one.pattern[place] && !other.pattern[place])
  const shared = new TupleTable(places.length, other.members.length)
  const sums: number[] = []
  const tuple = new Int32Array(places.length)
  const find = (index: number): number => {
    for (let i = 0; i < places.length; i++) tuple[i] = table.at(index, places[i]!)
    return shared.put(tuple)
  }
  for (const index of other.members) {
    const at = find(index)
    sums[at] = (sums[at] ?? 0) + counts[index]!
  }
  for (const index of one.members) total[index]! += sums[find(index)] ?? 0
}
