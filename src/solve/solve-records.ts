/** The records of a search, as distinct tuples of values with how often they occur, and whose they are. */
import type { LatticeColumn } from './lattice.ts'

export interface SolveRecords {
  readonly columns: readonly LatticeColumn[]
  /** Distinct tuples. */
  readonly count: number
  /** By column, by tuple: its value. */
  readonly tuples: readonly Int32Array[]
  /** By tuple: how many records have it. */
  readonly records: Int32Array
  /** By tuple: subjects that have this one only. */
  readonly single: Int32Array
  /** Subjects with several tuples. */
  readonly several: Shared
  /** By sensitive column. */
  readonly sensitive: readonly SensitiveCells[]
  /** By field that parts people into groups. */
  readonly groups: readonly GroupCells[]
  /** Records that leave at no node. */
  readonly withheld: number
}

/** What subjects with several tuples have, subject by subject. */
export interface Shared {
  /** By entry: a number of the subject, ascending. */
  readonly subjects: Int32Array
  /** By entry: the tuple, each once for a subject. */
  readonly tuples: Int32Array
}

/** How often a sensitive value occurs with a tuple. */
export interface SensitiveCells {
  /** Of subjects with one tuple: by cell the tuple, the value, and subjects that have it there. */
  readonly tuples: Int32Array
  readonly values: Int32Array
  readonly counts: Int32Array
  /** Of subjects with several tuples: by entry the subject (ascending), the tuple and the value. */
  readonly several: Shared & { readonly values: Int32Array }
  /** Codes are below. */
  readonly domain: number
}

/** How many records of a group have a tuple. */
export interface GroupCells {
  readonly tuples: Int32Array
  readonly groups: Int32Array
  readonly counts: Int32Array
  /** By group: records and subjects that were read, those that never leave among them. */
  readonly read: Int32Array
  readonly subjects: Int32Array
}

/** Whether a subject has more than one tuple, so that classes do not add up. */
export const hasSeveral = ({ several, sensitive }: SolveRecords): boolean =>
  several.subjects.length > 0 || sensitive.some((cells) => cells.several.subjects.length > 0)
