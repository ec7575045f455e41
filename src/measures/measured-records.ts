/** The records of a measure, as codes: each with its values as they came and as they leave, and whose it is. */
import { LetheError } from '../errors.ts'
import type { GroupCodes } from './group-codes.ts'
import { NOTHING, type TextBudget, ValueCodes } from './value-codes.ts'

/** What became of a record that was read to its end. */
export interface Seen {
  /** Codes of values, by column. */
  readonly inputs: Int32Array
  readonly outputs: Int32Array
  /** Codes of its groups, by grouping. */
  readonly groups: Int32Array
  readonly subject: number
  /** Code of why it was withheld; `NOTHING` where it was published. */
  readonly fate: number
}

/** Codes of one column, by record. */
export interface MeasuredColumn {
  readonly inputs: ValueCodes
  readonly outputs: ValueCodes
}

export class MeasuredRecords {
  readonly columns: readonly MeasuredColumn[]
  readonly subjects: ValueCodes
  /** Why records were withheld, as `fateText` writes it. */
  readonly fates: ValueCodes
  /** By grouping: the names of its groups. */
  readonly groupings: readonly GroupCodes[]
  readonly #most: number
  readonly #width: number
  /** Of each record: inputs, outputs, groups, subject, fate. */
  #rows: Int32Array<ArrayBuffer>
  #count = 0
  /** Records that were not read to their end: they have no values. */
  unread = 0

  /** `most`: so many records are held. `alike`: records whose values have the same codes. */
  constructor(
    columns: number,
    groupings: readonly GroupCodes[],
    budget: TextBudget,
    most: number,
    alike?: MeasuredRecords,
  ) {
    this.columns =
      alike?.columns ??
      Array.from({ length: columns }, () => ({
        inputs: new ValueCodes(budget),
        outputs: new ValueCodes(budget),
      }))
    this.subjects = new ValueCodes(budget)
    this.fates = new ValueCodes(budget)
    this.#most = most
    this.groupings = groupings
    this.#width = columns * 2 + groupings.length + 2
    this.#rows = new Int32Array(this.#width * 1024)
  }

  get count(): number {
    return this.#count
  }

  /** @throws LetheError `measure-too-large` where there are more records than are held */
  add({ inputs, outputs, groups, subject, fate }: Seen): void {
    if (this.#count === this.#most)
      throw new LetheError(
        'measure-too-large',
        `there are more than ${this.#most} records`,
        'measure a part of the files, or raise --max-records (some 50 bytes for each record and field)',
      )
    const width = this.#width
    let at = this.#count * width
    if (at === this.#rows.length) {
      const rows = new Int32Array(Math.min(this.#rows.length * 2, this.#most * width))
      rows.set(this.#rows)
      this.#rows = rows
    }
    const rows = this.#rows
    for (const code of inputs) rows[at++] = code
    for (const code of outputs) rows[at++] = code
    for (const code of groups) rows[at++] = code
    rows[at++] = subject
    rows[at] = fate
    this.#count++
  }

  isPublished(record: number): boolean {
    return this.#rows[(record + 1) * this.#width - 1] === NOTHING
  }

  /** One column of the records that `which` names, as it came. */
  inputs(column: number, which: Int32Array): Int32Array<ArrayBuffer> {
    return this.#taken(column, which)
  }

  /** The same, as it leaves. */
  outputs(column: number, which: Int32Array): Int32Array<ArrayBuffer> {
    return this.#taken(this.columns.length + column, which)
  }

  /** The groups of records, of one grouping. */
  groupsOf(grouping: number, which: Int32Array): Int32Array<ArrayBuffer> {
    return this.#taken(this.columns.length * 2 + grouping, which)
  }

  subjectsOf(which: Int32Array): Int32Array<ArrayBuffer> {
    return this.#taken(this.#width - 2, which)
  }

  fatesOf(which: Int32Array): Int32Array<ArrayBuffer> {
    return this.#taken(this.#width - 1, which)
  }

  /** Numbers of all records, or of those that were published. */
  which(only: 'all' | 'published'): Int32Array<ArrayBuffer> {
    const which = new Int32Array(this.#count)
    let count = 0
    for (let record = 0; record < this.#count; record++)
      if (only === 'all' || this.isPublished(record)) which[count++] = record
    return which.slice(0, count)
  }

  #taken(place: number, which: Int32Array): Int32Array<ArrayBuffer> {
    const codes = new Int32Array(which.length)
    for (let i = 0; i < which.length; i++) codes[i] = this.#rows[which[i]! * this.#width + place]!
    return codes
  }
}
