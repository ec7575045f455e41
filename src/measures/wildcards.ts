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
 * By record: how many records are equal to it in all columns, itself included; with `subjects`, whose each record is, how many of these.
 * @throws LetheError `measure-too-large` where too many different sets of cells are suppressed to be compared
 */
export function frequencies(
  columns: readonly Column[],
  length: number,
  subjects?: Column,
): Int32Array<ArrayBuffer> {
  const width = columns.length
  const table = new TupleTable(width)
  const tuple = new Int32Array(width)
  const of = new Int32Array(length)
  for (let record = 0; record < length; record++) {
    for (let column = 0; column < width; column++) tuple[column] = columns[column]![record]!
    of[record] = table.put(tuple)
  }
  const counts = new Int32Array(table.count)
  const records = subjects && recordsOf(subjects)
  // Of subjects with several records, by combination: one of them may match by more than one, and counts once.
  const again: number[][] = Array.from({ length: records === undefined ? 0 : table.count }, () => [])
  for (let record = 0; record < length; record++)
    if (records === undefined || records.get(subjects![record]!) === 1) counts[of[record]!]!++
    else again[of[record]!]!.push(subjects![record]!)
  const groups = byPattern(table)
  const steps = new Steps(table.count)
  steps.take(groups.length * table.count)
  const total = new Int32Array(table.count)
  for (const one of groups) {
    for (const other of groups) addMatches(table, counts, one, other, total)
    if (again.length > 0) addSubjects(table, again, one, groups, total, steps)
  }
  return of.map((index) => total[index]!)
}

/** What may still be compared. */
class Steps {
  readonly #combinations: number
  #left = MOST_STEPS

  constructor(combinations: number) {
    this.#combinations = combinations
  }

  take(steps: number): void {
    this.#left -= steps
    if (this.#left < 0)
      throw new LetheError(
        'measure-too-large',
        `suppressed cells stand in too many different sets of columns, over ${this.#combinations} combinations, to be compared`,
        'count suppressed cells as a value of their own: --suppressed category',
      )
  }
}

function recordsOf(subjects: Column): ReadonlyMap<number, number> {
  const records = new Map<number, number>()
  for (const subject of subjects) records.set(subject, (records.get(subject) ?? 0) + 1)
  return records
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
  const { find, count } = sharedOf(table, one, other)
  const sums = new Float64Array(count)
  for (const index of other.members) sums[find(index)]! += counts[index]!
  for (const index of one.members) total[index]! += sums[find(index)] ?? 0
}

/** Adds to them the subjects who have several records, each once, whichever of them match. */
function addSubjects(
  table: TupleTable,
  again: readonly (readonly number[])[],
  one: Group,
  groups: readonly Group[],
  total: Int32Array,
  steps: Steps,
): void {
  const others = groups.map((other) => {
    const { find, count } = sharedOf(table, one, other)
    const whose: number[][] = Array.from({ length: count }, () => [])
    for (const index of other.members) for (const subject of again[index]!) whose[find(index)]!.push(subject)
    return { find, whose }
  })
  for (const index of one.members) {
    const matching = new Set<number>()
    for (const { find, whose } of others) {
      const there = whose[find(index)] ?? []
      steps.take(there.length)
      for (const subject of there) matching.add(subject)
    }
    total[index]! += matching.size
  }
}

/** What combinations have in the columns that neither suppresses, as numbers; `count`: of how many `other` has. */
function sharedOf(table: TupleTable, one: Group, other: Group) {
  const places = [...one.pattern.keys()].filter((place) => !one.pattern[place] && !other.pattern[place])
  const shared = new TupleTable(places.length, other.members.length)
  const tuple = new Int32Array(places.length)
  const find = (index: number): number => {
    for (let i = 0; i < places.length; i++) tuple[i] = table.at(index, places[i]!)
    return shared.put(tuple)
  }
  for (const index of other.members) find(index)
  return { find, count: shared.count }
}
