/**
 * Equivalence classes: the records that are equal in all quasi-identifiers. A class counts data subjects, each once,
 * however many of its records are theirs.
 */
import { TupleTable } from './tuple-table.ts'

/** One column of records: a code for each value, equal codes for equal values. */
export type Column = Int32Array

export interface Classes {
  /** By record: the index of its class. */
  readonly of: Int32Array<ArrayBuffer>
  /** By class: how many distinct data subjects it has. */
  readonly sizes: Int32Array<ArrayBuffer>
  /** By class: how many records it has. */
  readonly records: Int32Array<ArrayBuffer>
}

/**
 * The classes of records over columns of equal length.
 * @param subjects whose each record is, as codes; without it, each record is a subject
 */
export function classesOf(columns: readonly Column[], length: number, subjects?: Column): Classes {
  const table = new TupleTable(columns.length)
  const tuple = new Int32Array(columns.length)
  const of = new Int32Array(length)
  for (let record = 0; record < length; record++) {
    for (let column = 0; column < columns.length; column++) tuple[column] = columns[column]![record]!
    of[record] = table.put(tuple)
  }
  const records = new Int32Array(table.count)
  for (const index of of) records[index]!++
  return { of, records, sizes: subjects === undefined ? records : distinctPer(of, table.count, subjects) }
}

/** By class: how many different codes its records have. */
export function distinctPer(of: Int32Array, classes: number, codes: Column): Int32Array<ArrayBuffer> {
  const pairs = new TupleTable(2, of.length)
  const pair = new Int32Array(2)
  const distinct = new Int32Array(classes)
  for (let record = 0; record < of.length; record++) {
    pair[0] = of[record]!
    pair[1] = codes[record]!
    const before = pairs.count
    if (pairs.put(pair) === before) distinct[pair[0]]!++
  }
  return distinct
}
