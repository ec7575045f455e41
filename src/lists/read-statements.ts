/** Reads statements of consent from CSV, for `lethe consent import`. No error quotes a cell: it may hold a subject. */
import { LetheError } from '../errors.ts'
import { checkTaxonomyKey, DATA_USES } from '../policy/fideslang.ts'
import { readTable, TableError } from '../policy/table.ts'
import { CONSENT_TEXT, instantOf } from './consent-history.ts'
import type { SubjectStatement } from './consent-writer.ts'
import { readLines } from './file-lines.ts'

const COLUMNS = ['subject', 'purpose', 'state', 'from', 'until', 'source', 'notice'] as const
const NEEDED: readonly string[] = COLUMNS.slice(0, 4)

/** @throws LetheError (usage) where a row is no statement, at FILE:LINE; (io) where the file cannot be read */
export function readStatements(file: string): readonly SubjectStatement[] {
  const lines: string[] = []
  readLines(file, true, (line) => void lines.push(line), { what: 'the file of statements' })
  const wrong = (line: number, why: string): LetheError =>
    new LetheError(
      'consent-invalid',
      `${file}:${line}: ${why}; nothing was written`,
      'columns subject, purpose, state, from (RFC 3339 in UTC), and until, source, notice',
    )
  let rows: string[][]
  try {
    rows = readTable(`${lines.join('\n')}\n`, ',')
  } catch (error) {
    if (!(error instanceof TableError)) throw error
    throw wrong(error.line, error.message)
  }
  const [header = [], ...others] = rows
  const names = header.map((name) => name.trim().toLowerCase())
  const other = names.find((name) => !(COLUMNS as readonly string[]).includes(name))
  const missing = NEEDED.find((name) => !names.includes(name))
  if (missing !== undefined || other !== undefined || new Set(names).size < names.length)
    throw wrong(
      1,
      missing === undefined
        ? 'a column is none of a statement, or is there twice'
        : `the column ${missing} is missing`,
    )
  return others.flatMap((cells, index): SubjectStatement[] => {
    const line = index + 2
    if (cells.length === 1 && cells[0]!.trim() === '') return []
    if (cells.length !== names.length)
      throw wrong(line, `it has ${cells.length} cells, and the header ${names.length}`)
    const of = (name: (typeof COLUMNS)[number]): string | undefined => {
      const at = names.indexOf(name)
      return at < 0 || cells[at] === '' ? undefined : cells[at]
    }
    const [subject, purpose, state, until] = [of('subject'), of('purpose'), of('state'), of('until')]
    const [from, end] = [instantOf(of('from')), until === undefined ? undefined : instantOf(until)]
    if (subject === undefined) throw wrong(line, 'it names no subject')
    if (purpose === undefined || !checkTaxonomyKey(purpose, DATA_USES).ok)
      throw wrong(
        line,
        'its column purpose is not a data use of Fideslang (such as train_ai_system), nor below one',
      )
    if (state !== 'granted' && state !== 'withdrawn')
      throw wrong(line, 'its column state is neither granted nor withdrawn')
    if (from === undefined || (until !== undefined && end === undefined))
      throw wrong(
        line,
        `its column ${from === undefined ? 'from' : 'until'} is no time in UTC, written as 2026-01-31T12:00:00Z`,
      )
    for (const text of [of('source'), of('notice')])
      if (text !== undefined && !CONSENT_TEXT.test(text))
        throw wrong(line, 'its column source or notice is too long, or holds quotes')
    const statement = { state, from, until: end, source: of('source'), notice: of('notice') } as const
    return [{ subject, purpose, statement, where: `${file}:${line}` }]
  })
}
