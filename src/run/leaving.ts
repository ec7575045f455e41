/** As what the records of an input leave: which columns its output takes, and which of their values part it. */
import { LetheError } from '../errors.ts'
import type { Output } from '../files/sink.ts'
import { printSegments } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import { columnsOfCsv } from '../record/columns/csv-columns-typed.ts'
import { type ColumnTarget, columnTree } from '../record/columns/planned-columns.ts'
import type { CsvOutputColumn } from '../record/csv/csv-columns.ts'
import { namesOf, type PartitionSplit, partitionPaths } from '../record/partition/planned-partitions.ts'
import type { LeavingRecords, LeavingRows } from './engines.ts'

function splitOf(plan: Plan, { partitions }: Output): PartitionSplit | undefined {
  if (partitions === undefined) return undefined
  const paths = partitionPaths(plan, partitions.fields)
  return {
    labels: paths.map(({ text }) => text),
    paths: paths.map(namesOf),
    cells: [],
    most: partitions.most,
  }
}

/** Of records of JSON. `targets`: what columns could take of them. Tells the output its columns. */
export function leavingRecords(
  plan: Plan,
  output: Output,
  targets: readonly ColumnTarget[] | undefined,
  input: string,
): LeavingRecords {
  const split = splitOf(plan, output)
  if (targets === undefined) return { split }
  const columns = columnTree(
    targets.filter(({ segments }) => split?.labels.includes(printSegments(segments)) !== true),
  )
  output.openColumns!(columns, input)
  return { columns, split }
}

/** Of rows of CSV, and the names of the columns that stay. Tells an output of columns which there are. */
export function leavingRows(
  plan: Plan,
  output: Output,
  written: readonly CsvOutputColumn[],
  input: string,
): { readonly names: readonly string[]; readonly leaves: LeavingRows } {
  const planned = splitOf(plan, output)
  const cells = planned?.labels.map((label) => {
    const cell = written.findIndex(({ path }) => path.text === label)
    if (cell >= 0) return cell
    throw new LetheError(
      'columns-mismatch',
      `${input}: the file lacks the column \`${label}\`, which parts the output`,
      'leave it out of --partition-by, or name a file that has it',
    )
  })
  const split = planned && { ...planned, cells: cells! }
  const rest = written.filter((_, cell) => cells?.includes(cell) !== true)
  if (rest.length === 0)
    throw new LetheError(
      'columns-mismatch',
      `${input}: all columns that leave part the output, and none is left for its files`,
      'leave one of them out of --partition-by',
    )
  const names = rest.map(({ header }) => header)
  if (output.openColumns === undefined) return { names, leaves: { split } }
  const { columns, cells: leaves } = columnsOfCsv(plan, rest, input)
  output.openColumns(columns, input)
  return { names, leaves: { columns, cells: leaves, split } }
}
