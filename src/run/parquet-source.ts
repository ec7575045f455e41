/** A Parquet file as an input of a batch: which columns the plan reads, and their rows as text. */
import { LetheError } from '../errors.ts'
import { formatByName, type Input } from '../files/input.ts'
import { treeOfFile, typeAt, typeOfElement } from '../files/parquet/column-types.ts'
import { ParquetFile } from '../files/parquet/parquet-file.ts'
import { parquetRows, type RowOptions } from '../files/parquet/rows.ts'
import { type ColumnSelection, cellsOf, hasPath, select } from '../files/parquet/selection.ts'
import type { Output } from '../files/sink.ts'
import type { Piece } from '../files/splitter.ts'
import { parsePath, printSegments } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import { type ColumnTarget, columnsOfJson } from '../record/columns/planned-columns.ts'
import { missingPaths } from '../record/csv/missing-columns.ts'
import { runShape } from './engines.ts'

export interface OpenParquet {
  /** What the plan makes of its columns, where typed columns are written. */
  readonly targets: () => readonly ColumnTarget[]
  /** Its columns as they are. */
  readonly columns: () => GroupColumn
  /** Where the output is CSV: the columns that are read. */
  readonly table: { readonly header: readonly string[]; readonly delimiter: string } | undefined
  /** What no rule names: it is not read. */
  readonly unlisted: readonly string[]
  pieces(options: Omit<RowOptions, 'table'>): AsyncGenerator<Piece>
  close(): void
}

/**
 * Opens a file. `output`: what it is written to, whose name tells whether that is CSV; `copy`: the file, where it is open already.
 * @throws LetheError where it is no Parquet file that Lethe reads, or its columns do not fit the policy
 */
export function openParquet(
  plan: Plan,
  input: Input,
  output: Pick<Output, 'name' | 'openColumns'>,
  stated: string | undefined,
  copy?: number,
): OpenParquet {
  const { name } = input
  const file = ParquetFile.open(name, copy)
  try {
    const shape = runShape(plan)
    const selection = select(file.root, shape)
    refuseUnfit(plan, file, selection, shape.watchOf.keys())
    const byName = formatByName(output.name)
    const delimiter = stated ?? (byName.tab ? '\t' : ',')
    const isCsv = byName.format === 'csv' && output.openColumns === undefined
    const cells = isCsv ? cellsOf(selection.root) : undefined
    if (isCsv && cells === undefined)
      throw new LetheError(
        'columns-mismatch',
        `${name}: the policy names a list, a map or a group of columns, which no cell of CSV holds`,
        'write NDJSON: -o FILE.ndjson',
      )
    const header = cells?.map(({ names }) => printSegments(names.map((one) => ({ kind: 'name', name: one }))))
    return {
      targets: () => targetsOf(plan, file, selection),
      columns: () => treeOfFile(file.root, (column) => hasBounds(file, column)),
      table: header && { header, delimiter },
      unlisted: selection.unlisted.map(({ path }) => path),
      pieces: (options) =>
        parquetRows(file, selection.root, { ...options, table: cells && { cells, delimiter } }),
      close: () => file.close(),
    }
  } catch (error) {
    file.close()
    throw error
  }
}

/** Whether the least and the largest values of a column may stand beside it, in any row group. What they are is not read. */
const hasBounds = ({ groups }: ParquetFile, column: number): boolean =>
  groups.some(({ group }) => group.columns[column]?.meta_data?.statistics !== undefined)

/** The policy's own fields by the types that the file states, and what its patterns match of the file. */
function targetsOf(plan: Plan, file: ParquetFile, { taken }: ColumnSelection): ColumnTarget[] {
  const listed = columnsOfJson(
    { ...plan, fields: plan.fields.filter(({ path }) => !path.isPattern) },
    (from) => typeAt(file.root, from),
  )
  const matched = taken.flatMap(({ segments, field, node }): ColumnTarget[] => {
    const planned = plan.fields[field]!
    return planned.path.isPattern ? [{ segments, field: planned, source: typeOfElement(node.element) }] : []
  })
  return [...listed, ...matched]
}

function refuseUnfit(
  plan: Plan,
  { name, root, columns }: ParquetFile,
  { unlisted }: ColumnSelection,
  watched: Iterable<string>,
): void {
  if (plan.unlisted === 'reject' && unlisted.length > 0) {
    const places = unlisted.map(({ column }) => column + 1).join(', ')
    throw new LetheError(
      'columns-mismatch',
      `${name}: the policy does not name ${unlisted.length === 1 ? 'column' : 'columns'} ${places} of its ${columns}, and says \`unlisted: reject\``,
      'name every column in `fields:` (with `drop` where it must not leave)',
    )
  }
  const taken = (path: string): boolean => {
    const names = parsePath(path).segments.flatMap((one) => (one.kind === 'name' ? [one.name] : []))
    return hasPath(root, names)
  }
  const missing = missingPaths(plan, watched, { has: taken })
  if (missing.length > 0)
    throw new LetheError(
      'columns-mismatch',
      `${name}: the file lacks ${missing.length === 1 ? 'a column' : `${missing.length} columns`} that the policy names: ${missing.join(', ')}`,
      `where files may lack it, say so in \`optional: [${missing.join(', ')}]\` of the policy`,
    )
}
