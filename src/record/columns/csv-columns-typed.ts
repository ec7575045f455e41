/** The typed columns of a table: those that leave, each at its output path, and which cell of a row goes where. */
import { LetheError } from '../../errors.ts'
import type { Segment } from '../../policy/path.ts'
import type { Plan } from '../../policy/plan.ts'
import type { CsvOutputColumn } from '../csv/csv-columns.ts'
import { type GroupColumn, leavesOfTree } from './column-tree.ts'
import { columnTree } from './planned-columns.ts'

/** @throws LetheError where two columns would be one, or one has no place */
export function columnsOfCsv(
  plan: Plan,
  output: readonly CsvOutputColumn[],
  input: string,
): { readonly columns: GroupColumn; readonly cells: readonly number[] } {
  const placed = output.map(({ path, field, header }) => {
    // What is no member of a record is a column by its own name.
    const isNested =
      path.isColumn !== true && path.isPattern !== true && path.segments.every(({ kind }) => kind === 'name')
    const segments: readonly Segment[] = isNested ? path.segments : [{ kind: 'name', name: header }]
    return { segments, field: field < 0 ? undefined : plan.fields[field]! }
  })
  const names = placed.map(({ segments }) =>
    JSON.stringify(segments.map((one) => (one.kind === 'name' ? one.name : ''))),
  )
  const twin = names.findIndex((name, at) => names.indexOf(name) < at)
  if (twin >= 0)
    throw new LetheError(
      'columns-mismatch',
      `${input}: two columns of the output would be one, at \`${output[twin]!.path.text}\``,
      'give one of the fields another path',
    )
  const columns = columnTree(placed)
  const leaves = leavesOfTree(columns).map(({ path }) => JSON.stringify(path))
  return { columns, cells: names.map((name) => leaves.indexOf(name)) }
}
