/**
 * Statements that erase tokens from tables downstream, as text: nothing runs them. Deleting rows leaves them in older
 * files and snapshots, so each dialect says what takes those away too.
 */
import { LetheError } from '../errors.ts'
import { parsePath } from '../policy/path.ts'
import type { ErasureOrder, SubjectForm } from './erasure-order.ts'

export const DIALECTS = ['delta', 'iceberg', 'snowflake', 'bigquery'] as const
export type Dialect = (typeof DIALECTS)[number]

export interface Table {
  readonly dialect: Dialect
  /** Its name in its parts, outermost first. */
  readonly parts: readonly string[]
}

/** `DIALECT:a.b.c`; undefined for anything else. */
export function parseTable(text: string): Table | undefined {
  const at = text.indexOf(':')
  const dialect = DIALECTS.find((one) => one === text.slice(0, at))
  const parts = text.slice(at + 1).split('.')
  const isName = (part: string): boolean => part !== '' && part.length < 256 && !/[\p{Cc}`"\\]/u.test(part)
  return dialect !== undefined && parts.length <= 4 && parts.every(isName) ? { dialect, parts } : undefined
}

/** Values in one statement: more make some systems slow. */
const MOST_VALUES = 1000

/** A text literal: all four take these escapes in single quotes. */
const literal = (text: string): string =>
  `'${text.replace(/[\\'\p{Cc}]/gu, (sign) =>
    sign === '\\' || sign === "'" ? `\\${sign}` : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )}'`

function name(dialect: Dialect, parts: readonly string[]): string {
  if (dialect === 'bigquery') return `\`${parts.join('.')}\``
  // Snowflake folds bare names to upper case, and quoted ones not.
  if (dialect === 'snowflake')
    return parts.map((part) => (/^[A-Za-z_][A-Za-z0-9_$]*$/.test(part) ? part : `"${part}"`)).join('.')
  return parts.map((part) => `\`${part}\``).join('.')
}

const column = (dialect: Dialect, parts: readonly string[]): string => {
  if (dialect === 'bigquery') return parts.map((part) => `\`${part}\``).join('.')
  // Below the first, a member of a VARIANT, by its exact name.
  if (dialect === 'snowflake' && parts.length > 1)
    return `${name(dialect, [parts[0]!])}:${parts
      .slice(1)
      .map((part) => `"${part}"`)
      .join('.')}`
  return name(dialect, parts)
}

const comment = (text: string): string => `-- ${text.replace(/[\r\n\u2028\u2029\u0085]/g, ' ')}`

/** Output paths that hold tokens of subjects. */
const fieldsOf = (finders: ErasureOrder['searches'][number]['finders']): string[] => [
  ...new Set(finders.filter(({ by }) => by.includes('token')).map(({ field }) => field)),
]

/** `columns`: by output path, the column that it became, where that has another name. */
export function sqlOf(
  order: Pick<ErasureOrder, 'hash' | 'searches' | 'subjects'>,
  tables: readonly Table[],
  columns: ReadonlyMap<string, string>,
): string {
  const finders = order.searches.flatMap((search) => search.finders)
  const fields = fieldsOf(finders)
  for (const field of columns.keys())
    if (!fields.includes(field))
      throw new LetheError(
        'bad-option',
        `--column names ${field}, by which no subject is found`,
        `one of ${fields.join(', ')}`,
      )
  const lists = new Set(finders.filter(({ split }) => split !== null).map(({ field }) => field))
  const tokens = [...new Set(order.subjects.flatMap((one: SubjectForm) => one.tokens))]
  const lines = [
    comment(`Erasure order ${order.hash}: ${order.subjects.length} subjects, ${tokens.length} tokens.`),
    comment('Nothing ran these statements. Look at them, and run them with rights of their own.'),
  ]
  if (finders.some(({ by }) => by.some((one) => one !== 'token')))
    lines.push(
      comment('Some outputs hold identifiers, or tokens without a key: these are not named here, and stay.'),
    )
  const byPolicy = new Set(order.searches.map((search) => JSON.stringify(fieldsOf(search.finders).sort())))
  if (byPolicy.size > 1)
    lines.push(
      comment(
        'The order is of several policies, whose fields differ: take out the statements of columns that a table does not have.',
      ),
    )
  for (const table of tables) lines.push('', ...statements(table, fields, lists, tokens, columns))
  return `${lines.join('\n')}\n`
}

function statements(
  { dialect, parts }: Table,
  fields: readonly string[],
  lists: ReadonlySet<string>,
  tokens: readonly string[],
  columns: ReadonlyMap<string, string>,
): readonly string[] {
  const table = name(dialect, parts)
  const type = dialect === 'snowflake' ? 'VARCHAR' : 'STRING'
  const lines = [comment(`${dialect}: ${parts.join('.')}`)]
  for (const field of fields) {
    const named = columns.get(field)
    const { segments } = parsePath(field)
    const names = segments.flatMap((one) => (one.kind === 'name' ? [one.name] : []))
    const isWritable = !lists.has(field) && names.every((part) => !/[\p{Cc}`"\\]/u.test(part))
    if ((named === undefined && names.length < segments.length) || !isWritable) {
      lines.push(comment(`${field} holds several values: write its condition by hand, or name its column.`))
      continue
    }
    const place = `CAST(${column(dialect, named === undefined ? names : [named])} AS ${type})`
    for (let at = 0; at < tokens.length; at += MOST_VALUES) {
      const values = tokens.slice(at, at + MOST_VALUES).map(literal)
      lines.push(`DELETE FROM ${table} WHERE ${place} IN (${values.join(', ')});`)
    }
  }
  return [...lines, ...behind(dialect, parts, table)]
}

/** What takes the deleted rows out of older files and snapshots. */
function behind(dialect: Dialect, parts: readonly string[], table: string): readonly string[] {
  const own = literal(parts.join('.'))
  switch (dialect) {
    case 'delta':
      return [
        comment('Deletion vectors only mark rows: PURGE rewrites the files that hold them.'),
        `REORG TABLE ${table} APPLY (PURGE);`,
        comment(
          'Run this once more when the retention of deleted files is over (7 days unless set): until then the rows are in older files.',
        ),
        `VACUUM ${table};`,
        comment('Clones and copies of the table keep the rows.'),
      ]
    case 'iceberg': {
      const catalog = name(dialect, [parts.length > 2 ? parts[0]! : 'spark_catalog'])
      const inside = parts.length > 2 ? literal(parts.slice(1).join('.')) : own
      return [
        comment(
          'Rewrites the data files that deletes only mark; then older snapshots, and what they alone need, go.',
        ),
        `CALL ${catalog}.system.rewrite_data_files(table => ${inside}, options => map('delete-file-threshold', '1'));`,
        `CALL ${catalog}.system.expire_snapshots(table => ${inside}, older_than => current_timestamp(), retain_last => 1);`,
        `CALL ${catalog}.system.remove_orphan_files(table => ${inside});`,
        comment('Tags and branches keep their snapshots.'),
      ]
    }
    case 'snowflake':
      return [
        comment(
          'Time Travel keeps the rows for the retention of the table. 0 ends it; set it back afterwards.',
        ),
        `ALTER TABLE ${table} SET DATA_RETENTION_TIME_IN_DAYS = 0;`,
        comment(
          'Fail-safe keeps the rows of permanent tables for 7 days more, and no statement ends it. Clones keep them.',
        ),
      ]
    case 'bigquery':
      return [
        comment(
          'Time travel keeps the rows for 2 to 7 days (max_time_travel_hours of the dataset), and fail-safe for 7 more.',
        ),
        comment(
          'Snapshots and clones of the table keep them: find them, and drop them by DROP SNAPSHOT TABLE.',
        ),
        ...(parts.length < 2
          ? []
          : [`ALTER SCHEMA ${name(dialect, parts.slice(0, -1))} SET OPTIONS (max_time_travel_hours = 48);`]),
      ]
  }
}
