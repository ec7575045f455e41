/** From records to what a search goes by: distinct tuples, with how often they occur and whose they are. */
import { distinctPer } from '../measures/classes.ts'
import { TupleTable } from '../measures/tuple-table.ts'
import type { LatticeColumn } from './lattice.ts'
import type { GroupCells, SensitiveCells, Shared, SolveRecords } from './solve-records.ts'

/** Records that were read; all columns have one entry for each. */
export interface RecordRows {
  readonly columns: readonly LatticeColumn[]
  /** By column, by record: its value. */
  readonly values: readonly Int32Array[]
  /** By record: whose it is; undefined where each record counts as one. */
  readonly subjects: Int32Array | undefined
  /** By sensitive column, by record. */
  readonly sensitive: readonly Int32Array[]
  /** By grouping, by record: its group. */
  readonly groups: readonly Int32Array[]
  /** By record: 1 where it leaves, before classes are judged. */
  readonly leaves: Uint8Array
}

export function collect({ columns, values, subjects, sensitive, groups, leaves }: RecordRows): SolveRecords {
  const which = Int32Array.from(leaves.keys()).filter((record) => leaves[record] === 1)
  const table = new TupleTable(columns.length, which.length)
  const tuple = new Int32Array(columns.length)
  const tupleOf = new Int32Array(leaves.length).fill(-1)
  for (const record of which) {
    for (let column = 0; column < columns.length; column++) tuple[column] = values[column]![record]!
    tupleOf[record] = table.put(tuple)
  }
  const records = new Int32Array(table.count)
  for (const record of which) records[tupleOf[record]!]!++
  const subjectOf = subjects ?? Int32Array.from(leaves.keys())
  const whose = wholeSubjects(which, tupleOf, subjectOf)
  const single = new Int32Array(table.count)
  for (const at of whose.single.values()) single[at]!++
  return {
    columns,
    count: table.count,
    tuples: columns.map((_, column) =>
      Int32Array.from({ length: table.count }, (_, index) => table.at(index, column)),
    ),
    records,
    single: subjects === undefined ? records : single,
    several: sharedOf(whose.several),
    sensitive: sensitive.map((codes) => sensitiveCells(codes, which, tupleOf, subjectOf, whose.single)),
    groups: groups.map((codes) => groupCells(codes, which, tupleOf, subjects)),
    withheld: leaves.length - which.length,
  }
}

interface Whose {
  /** Subject to its only tuple. */
  readonly single: ReadonlyMap<number, number>
  /** Subject to its tuples. */
  readonly several: ReadonlyMap<number, ReadonlySet<number>>
}

function wholeSubjects(which: Int32Array, tupleOf: Int32Array, subjectOf: Int32Array): Whose {
  const single = new Map<number, number>()
  const several = new Map<number, Set<number>>()
  for (const record of which) {
    const [subject, tuple] = [subjectOf[record]!, tupleOf[record]!]
    const more = several.get(subject)
    const first = single.get(subject)
    if (more !== undefined) more.add(tuple)
    else if (first === undefined) single.set(subject, tuple)
    else if (first !== tuple) {
      several.set(subject, new Set([first, tuple]))
      single.delete(subject)
    }
  }
  return { single, several }
}

function sharedOf(several: Whose['several']): Shared {
  const subjects: number[] = []
  const tuples: number[] = []
  let number = 0
  for (const own of several.values()) {
    for (const tuple of own) {
      subjects.push(number)
      tuples.push(tuple)
    }
    number++
  }
  return { subjects: Int32Array.from(subjects), tuples: Int32Array.from(tuples) }
}

/** A subject counts once for each value that it has with a tuple. */
function sensitiveCells(
  codes: Int32Array,
  which: Int32Array,
  tupleOf: Int32Array,
  subjectOf: Int32Array,
  single: Whose['single'],
): SensitiveCells {
  const seen = new TupleTable(3, which.length)
  const cells = new TupleTable(2, which.length)
  const triple = new Int32Array(3)
  const counts: number[] = []
  const several = new Map<number, [tuple: number, value: number][]>()
  let domain = 0
  for (const record of which) {
    triple[0] = tupleOf[record]!
    triple[1] = codes[record]!
    triple[2] = subjectOf[record]!
    domain = Math.max(domain, triple[1] + 1)
    const before = seen.count
    if (seen.put(triple) !== before) continue
    if (single.has(triple[2])) {
      const at = cells.put(triple.subarray(0, 2))
      counts[at] = (counts[at] ?? 0) + 1
    } else {
      const own = several.get(triple[2]) ?? []
      own.push([triple[0], triple[1]])
      several.set(triple[2], own)
    }
  }
  const entries = [...several.values()].flatMap((own, subject) =>
    own.map(([tuple, value]) => [subject, tuple, value] as const),
  )
  return {
    tuples: Int32Array.from(counts, (_, at) => cells.at(at, 0)),
    values: Int32Array.from(counts, (_, at) => cells.at(at, 1)),
    counts: Int32Array.from(counts),
    several: {
      subjects: Int32Array.from(entries, ([subject]) => subject),
      tuples: Int32Array.from(entries, ([, tuple]) => tuple),
      values: Int32Array.from(entries, ([, , value]) => value),
    },
    domain,
  }
}

function groupCells(
  codes: Int32Array,
  which: Int32Array,
  tupleOf: Int32Array,
  subjects: Int32Array | undefined,
): GroupCells {
  const groups = codes.reduce((most, code) => Math.max(most, code + 1), 0)
  const read = new Int32Array(groups)
  for (const code of codes) read[code]!++
  const cells = new TupleTable(2, which.length)
  const pair = new Int32Array(2)
  const counts: number[] = []
  for (const record of which) {
    pair[0] = tupleOf[record]!
    pair[1] = codes[record]!
    const at = cells.put(pair)
    counts[at] = (counts[at] ?? 0) + 1
  }
  return {
    tuples: Int32Array.from(counts, (_, at) => cells.at(at, 0)),
    groups: Int32Array.from(counts, (_, at) => cells.at(at, 1)),
    counts: Int32Array.from(counts),
    read,
    subjects: subjects === undefined ? read : distinctPer(codes, groups, subjects),
  }
}
