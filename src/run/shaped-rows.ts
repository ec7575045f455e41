/** Published values as rows: lines of JSON, or frames of columns. */
import type { OutcomeBatch } from '../engine/outcome-batch.ts'
import type { DatasetFormat } from '../kafka/pipeline-file/pipeline.ts'
import type { Plan } from '../policy/plan.ts'
import { ByteSink } from '../record/byte-sink.ts'
import { writeFrame } from '../record/columns/column-frame.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import { JsonShredder } from '../record/columns/json-shredder.ts'
import { columnsOfJson, columnTree } from '../record/columns/planned-columns.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BLANK = 0x20

/**
 * The values of a batch that are published, each on a line of its own. A producer may write JSON over several lines: a line break in
 * it is a blank between tokens (RFC 8259, 2), as one in a string is escaped, and leaves as one.
 */
export function rowsOf(outcomes: OutcomeBatch): Buffer {
  const values: Uint8Array[] = []
  let length = 0
  for (let index = 0; index < outcomes.length; index++) {
    if (outcomes.kind(index) !== 'publish') continue
    const value = outcomes.value(index)
    if (value === null) throw new Error('what is published has no value')
    values.push(value)
    length += value.length + 1
  }
  const rows = Buffer.allocUnsafe(length)
  let at = 0
  for (const value of values) {
    rows.set(value, at)
    if (value.includes(LINE_FEED) || value.includes(CARRIAGE_RETURN)) joinLines(rows, at, at + value.length)
    at += value.length
    rows[at++] = LINE_FEED
  }
  return rows
}

function joinLines(rows: Buffer, from: number, to: number): void {
  for (let at = from; at < to; at++)
    if (rows[at] === LINE_FEED || rows[at] === CARRIAGE_RETURN) rows[at] = BLANK
}

/** Published values of batches as what the format of a data set takes. */
export interface RowShaper {
  /** The columns of its files; undefined: they have none. */
  readonly columns: GroupColumn | undefined
  /** The rows of a batch; `misfit` is called for each published record that the format has no place for, in order. */
  shape(outcomes: OutcomeBatch, misfit: (index: number) => void): Uint8Array
}

const LINES: RowShaper = { columns: undefined, shape: (outcomes) => rowsOf(outcomes) }

/** @throws LetheError (usage) where only the data say which columns there are, or a column would hold two forms */
export function rowShaper(format: DatasetFormat, plan: Plan): RowShaper {
  return format === 'ndjson' ? LINES : columnShaper(columnTree(columnsOfJson(plan)), plan.input.nulls)
}

function columnShaper(columns: GroupColumn, nulls: readonly string[] | undefined): RowShaper {
  const shredder = new JsonShredder(columns, nulls)
  const sink = new ByteSink(1 << 16)
  return {
    columns,
    shape(outcomes, misfit) {
      const lines = rowsOf(outcomes)
      let rows = 0
      let at = 0
      for (let index = 0; index < outcomes.length; index++) {
        if (outcomes.kind(index) !== 'publish') continue
        if (shredder.add(lines, at)) rows++
        else misfit(index)
        at = lines.indexOf(LINE_FEED, at) + 1
      }
      if (rows === 0) return new Uint8Array(0)
      sink.length = 0
      writeFrame(shredder.columns, rows, sink)
      return new Uint8Array(sink.bytes.subarray(0, sink.length))
    },
  }
}
