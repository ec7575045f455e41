/** One row of CSV, to see what becomes of it: for `lethe explain` and `lethe test`. */
import type { Account } from '../engine/account.ts'
import type { RecordOutcome } from '../engine/outcome.ts'
import { LetheError } from '../errors.ts'
import type { InputForm } from '../policy/input-form.ts'
import { type Path, pathOf } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import { padded } from '../record/codec.ts'
import { resolveColumns } from '../record/csv/csv-columns.ts'
import { type CsvDialect, quotedText } from '../record/csv/csv-dialect.ts'
import { headerLine } from '../record/csv/csv-text.ts'
import { CsvWalker } from '../record/csv/csv-walker.ts'
import { refuseMissing } from '../record/csv/missing-columns.ts'
import { csvEngine, type RunEngineOptions, runShape } from './engines.ts'
import { checkWidth, readHeader, type TableHeader } from './table-header.ts'

export interface TableRow {
  readonly header: readonly string[]
  readonly dialect: CsvDialect
  /** As it was written, in UTF-8, without its line break. */
  readonly bytes: Uint8Array
  /** Whether more rows follow. */
  readonly hasMore: boolean
  /** What to call its file in errors. */
  readonly name: string
}

/** A cell, by the path that it is of. */
export type Cells = readonly (readonly [path: Path, text: string])[]

export interface RowOutcome {
  readonly outcome: RecordOutcome
  readonly account: Account
  /** The cells that leave; none where the row does not. */
  readonly after: Cells
  /** Header and row that leave, in UTF-8. */
  readonly published: string | undefined
}

const dialectOf = (
  { delimiter, quote, escape: escapes, comment }: InputForm,
  implied: string,
): CsvDialect => ({
  delimiter: delimiter ?? implied,
  quote,
  escape: escapes,
  comment,
})

function firstOf(
  name: string,
  text: Uint8Array,
  dialect: CsvDialect,
  row: 'header' | 'row',
): TableHeader | undefined {
  const bytes = padded(text) as Uint8Array<ArrayBuffer>
  return readHeader(name, dialect, { kind: 'records', bytes, length: text.length, offset: 0 }, 1, row)
}

/**
 * The first row of a table, behind its header where `names` does not give one. `text`: the table in UTF-8; `implied`: the
 * delimiter where the form states none. Throws `LetheError` where there is no row, or no header.
 */
export function firstRow(
  name: string,
  text: Uint8Array,
  form: InputForm,
  { names, implied }: { readonly names: readonly string[] | undefined; readonly implied: string },
): TableRow {
  const dialect = dialectOf(form, implied)
  const bytes = padded(text)
  const first = firstOf(name, text, dialect, names === undefined ? 'header' : 'row')
  if (first === undefined)
    throw new LetheError('file-malformed', `${name} holds no row`, 'give one row of CSV, or one JSON object')
  if (names !== undefined) checkWidth(name, names, first)
  const at = names === undefined ? first.bytes : 0
  const walker = new CsvWalker(dialect)
  let [start, end] = [at, at]
  do {
    start = end
    if (start >= text.length)
      throw new LetheError(
        'header-invalid',
        `${name} holds one line, and nothing says what its columns are`,
        'give its header above it, or name its columns: `header:` in `input:` of the policy, or --header',
      )
    end = Math.min(walker.row(bytes, start, text.length), text.length)
  } while (walker.isComment || walker.end === start)
  return {
    header: names ?? first.names,
    dialect,
    bytes: text.slice(start, Math.min(walker.end, text.length)),
    hasMore: text.subarray(end).some((byte) => byte !== 0x0a && byte !== 0x0d),
    name,
  }
}

/** The names in the first row of a table. Throws `LetheError` where there is none. */
export function namesOf(name: string, text: Uint8Array, form: InputForm, implied: string): readonly string[] {
  const read = firstOf(name, text, dialectOf(form, implied), 'header')
  if (read === undefined)
    throw new LetheError('header-invalid', `${name} holds no header`, 'name another file')
  return read.names
}

function cellsOf(bytes: Uint8Array, dialect: CsvDialect): string[] {
  const walker = new CsvWalker(dialect)
  const decoded = quotedText(dialect)
  walker.row(padded(bytes), 0, bytes.length)
  return Array.from({ length: walker.fields }, (_, field) => {
    const text = Buffer.from(bytes.subarray(walker.starts[field]!, walker.ends[field]!)).toString('utf8')
    return walker.quoted[field] === 1 ? decoded(text) : text
  })
}

/** The path of a column: that of its rule, or what its name says where one rule takes several columns. */
function pathOfColumn(path: Path, header: string): Path {
  if (path.segments.every(({ kind }) => kind === 'name')) return path
  const names = header.trim().split('.')
  return pathOf((names.includes('') ? [header] : names).map((name) => ({ kind: 'name', name })))
}

/** The cells of a row that the plan reads. Throws `LetheError` where its header does not fit the policy. */
export function cellsBefore(plan: Plan, { header, dialect, bytes, name }: TableRow): Cells {
  const shape = runShape(plan)
  const columns = resolveColumns(plan, shape, header, name)
  refuseMissing(plan, header, columns, name)
  const cells = cellsOf(bytes, dialect)
  return columns.input.flatMap(({ fields, watches, carrier }, index): Cells => {
    if (carrier !== undefined) return [[carrier.path, cells[index] ?? '']]
    const [field, watch] = [fields[0], watches[0]]
    const path =
      field !== undefined
        ? plan.fields[field]!.from
        : watch === undefined
          ? undefined
          : shape.watches[watch]!.path
    return path === undefined ? [] : [[pathOfColumn(path, header[index]!), cells[index] ?? '']]
  })
}

/** What becomes of a row. Throws `LetheError` where its header does not fit the policy. */
export function deidentifyRow(plan: Plan, row: TableRow, options: RunEngineOptions): RowOutcome {
  const { header, dialect, bytes, name } = row
  const style = { ...dialect, lineBreak: '\n', escapeFormulas: false } as const
  const engine = csvEngine(plan, header, name, style, options)
  const outcome = engine.one(bytes)
  if (outcome.kind !== 'publish') return { outcome, account: engine.account, after: [], published: undefined }
  const { output } = resolveColumns(plan, runShape(plan), header, name)
  const written = Buffer.from(outcome.value).toString('utf8')
  const cells = cellsOf(outcome.value, { delimiter: dialect.delimiter })
  return {
    outcome,
    account: engine.account,
    after: output.map(({ path, header: column }, i) => [pathOfColumn(path, column), cells[i] ?? '']),
    published: `${Buffer.from(
      headerLine(
        output.map((column) => column.header),
        style,
      ),
    ).toString('utf8')}${written}`,
  }
}
