/**
 * Rows of Parquet that cases state: of a file beside the cases, or of columns whose types the case says. Either is read as
 * `lethe batch` reads it, so that rules see the same texts.
 */
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LetheError } from '../errors.ts'
import { inspectInput } from '../files/input.ts'
import type { CaseColumn, PolicyCase } from '../policy/cases.ts'
import type { Plan } from '../policy/plan.ts'
import { openParquet } from '../run/parquet-source.ts'
import { parquetOfRow } from '../run/stated-row.ts'
import { readJson } from './json-tree.ts'

/** Gives the row of a case as JSON. @throws LetheError where there is none, or the columns do not fit the policy */
export type CaseRow = (one: PolicyCase) => string

const MAX_ROW_BYTES = 1 << 20

/** Reads the rows of all cases that state one. `resolve`: where the files are that cases name. */
export async function readCaseRows(
  plan: Plan,
  cases: readonly PolicyCase[],
  resolve: (file: string) => string,
): Promise<CaseRow> {
  const rows = new Map<PolicyCase, string | LetheError>()
  for (const one of cases) {
    if (one.parquet === undefined) continue
    try {
      const { file, row, columns } = one.parquet
      rows.set(
        one,
        file === undefined
          ? await rowOfColumns(plan, one, columns)
          : await rowOf(plan, resolve(file), file, row),
      )
    } catch (error) {
      if (!(error instanceof LetheError)) throw error
      rows.set(one, error)
    }
  }
  return (one) => {
    const row = rows.get(one)!
    if (row instanceof LetheError) throw row
    return row
  }
}

/** The row of this number, from 1. `name`: what to call the file. */
async function rowOf(plan: Plan, path: string, name: string, row: number): Promise<string> {
  const input = inspectInput(path, 'parquet')
  const opened = openParquet(plan, { ...input, name }, { name: 'row.ndjson' }, undefined, openSync(path, 'r'))
  try {
    let rows = 0
    for await (const piece of opened.pieces({
      chunkBytes: 1 << 16,
      maxRecordBytes: MAX_ROW_BYTES,
      onRead: () => {},
    })) {
      if (piece.kind === 'rejected') {
        rows++
        if (rows === row)
          throw new LetheError(
            'file-malformed',
            `row ${row} of ${name} is a dead letter before the policy is asked: ${piece.code}`,
            'name another row',
          )
        continue
      }
      const lines = piece.recordLines!.length
      if (rows + lines >= row) return lineOf(piece.bytes, row - rows - 1)
      rows += lines
    }
    throw new LetheError(
      'file-malformed',
      `${name} has ${rows} rows, and the case names row ${row}`,
      'name one that is there',
    )
  } finally {
    opened.close()
  }
}

function lineOf(bytes: Uint8Array, line: number): string {
  let start = 0
  for (let at = 0; at < line; at++) start = bytes.indexOf(0x0a, start) + 1
  return Buffer.from(bytes.subarray(start, bytes.indexOf(0x0a, start))).toString()
}

/** The row as it stands in a file of these columns, which is made for it. */
async function rowOfColumns(
  plan: Plan,
  { name, text }: PolicyCase,
  columns: readonly CaseColumn[],
): Promise<string> {
  const label = `the input of ${JSON.stringify(name)}`
  const bytes = readJson(text) === undefined ? undefined : await parquetOfRow(text, columns)
  if (bytes === undefined)
    throw new LetheError(
      'file-malformed',
      `${label} does not fit its \`columns\`: a value is not of its type, or has no column`,
      'write values as docs/parquet.md says, and a column for each',
    )
  const folder = mkdtempSync(join(tmpdir(), 'lethe-case-'))
  try {
    const path = join(folder, 'row.parquet')
    writeFileSync(path, bytes, { mode: 0o600 })
    return await rowOf(plan, path, label, 1)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
