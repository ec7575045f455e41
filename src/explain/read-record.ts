/** The record that `lethe explain` is given: the first one of a file, JSON, CSV or Parquet. */
import { LetheError } from '../errors.ts'
import { formatByName, type Input, openInput } from '../files/input.ts'
import { filesBelow, isFolder } from '../files/input-folder.ts'
import { JsonSplitter } from '../files/json-splitter.ts'
import { takeLead } from '../files/lead.ts'
import { inspectInputs } from '../files/objects/inspect-objects.ts'
import { copyOf } from '../files/objects/object-copy.ts'
import type { Piece, Records } from '../files/splitter.ts'
import type { InputForm } from '../policy/input-form.ts'
import type { ChangeForm } from '../run/planned.ts'
import { firstRow, namesOf } from '../run/table-row.ts'
import { readJson } from './json-tree.ts'
import type { GivenRecord } from './run-record.ts'

const MAX_BYTES = 1 << 20

interface TextHead {
  /** The first bytes of the file, as UTF-8. */
  readonly text: Buffer
  /** The delimiter that holds where the policy states none. */
  readonly implied: string
}

/** What a file begins with; of CSV without the lines that stand above the table. Throws `LetheError`. */
async function headOf(file: string, form: InputForm, skipLines: number): Promise<TextHead> {
  const [input] = (await inspectInputs([file], 'csv')) as [Input]
  const opened = await openInput(input, form.encoding, () => {})
  const lead = await takeLead(opened.text, skipLines)
  const parts: Buffer[] = []
  let length = 0
  for await (const piece of lead.text) {
    parts.push(Buffer.from(piece))
    length += piece.length
    if (length > MAX_BYTES) break
  }
  return { text: Buffer.concat(parts), implied: lead.delimiter ?? input.delimiter ?? ',' }
}

/**
 * The first record of `named`, which may be `-` or a folder: one JSON object, on one line or several, a row of CSV under `form`, or a row of Parquet as
 * JSON.
 * `headerOf`: the file whose first row is the header of the row. Throws `LetheError` where there is none.
 */
export async function readRecord(
  named: string,
  form: InputForm,
  headerOf: string | undefined,
): Promise<GivenRecord> {
  const from = isFolder(named) ? filesBelow(named, false)[0]!.file : named
  if (formatByName(from).format === 'parquet') return { kind: 'json', text: await parquetRecord(from) }
  const name = from === '-' ? 'the standard input' : from
  // What comes through a pipe is a row of a file more often than a file.
  const { text, implied } = await headOf(from, form, from === '-' ? 0 : (form.skipLines ?? 0))
  const json = text.toString('utf8')
  if (/^\s*[[{]/.test(json)) return { kind: 'json', text: jsonRecord(json, name) }
  const isWhole = text.length <= MAX_BYTES
  const table = isWhole ? text : text.subarray(0, text.lastIndexOf(0x0a) + 1)
  let names = form.header
  if (headerOf !== undefined) {
    if (names !== undefined)
      throw new LetheError(
        'bad-option',
        '--header-of beside a header that is stated',
        'leave one of them out',
      )
    const other = await headOf(headerOf, form, form.skipLines ?? 0)
    names = namesOf(headerOf, other.text, form, other.implied)
  }
  return { kind: 'row', row: firstRow(name, table, form, { names, implied }) }
}

/** The first row, of all columns. @throws LetheError where there is none, or it has no text */
async function parquetRecord(from: string): Promise<string> {
  const [{ name, object }] = (await inspectInputs([from], 'parquet')) as [Input]
  const { firstRows } = await import('../files/parquet/first-rows.ts')
  const limits = { rows: 1, bytes: 1, rowBytes: MAX_BYTES }
  const { text, rejected } = await firstRows(name, limits, object && (await copyOf(object, () => {})))
  const [code] = rejected
  if (code !== undefined)
    throw new LetheError(
      'file-malformed',
      `${from}: its first row is a dead letter before the policy is asked: ${code}`,
      'give a file whose first row can be read, or the record as JSON',
    )
  if (text === '') throw new LetheError('file-malformed', `${from} holds no records`)
  return text
}

/** The first record: of NDJSON, of an array, or of records one behind the other, on one line or several. */
function jsonRecord(text: string, name: string): string {
  const first = text.split('\n').find((line) => line.trim() !== '') ?? ''
  const record = readJson(first) instanceof Map ? first : firstOf(text, name)
  if (record.length > MAX_BYTES)
    throw new LetheError('file-malformed', `the record of ${name} is longer than 1 MiB`, 'give one record')
  if (!record.startsWith('{'))
    throw new LetheError(
      'file-malformed',
      `${name} holds no JSON object`,
      'give one record as JSON, or a row of CSV',
    )
  return record
}

function firstOf(text: string, name: string): string {
  const splitter = new JsonSplitter(name, { chunkBytes: 1, maxRecordBytes: MAX_BYTES })
  const isRecords = (piece: Piece): piece is Records => piece.kind === 'records'
  const records = splitter.push(Buffer.from(text)).find(isRecords) ?? splitter.end().find(isRecords)
  return Buffer.from(records?.bytes.subarray(0, records.bytes.indexOf(0x0a)) ?? []).toString()
}

/** A record as a change event, where it is said to be one. Throws `LetheError` for a row of CSV. */
export function asChange(given: GivenRecord, change: ChangeForm | undefined): GivenRecord {
  if (change === undefined) return given
  if (given.kind === 'json') return { ...given, change }
  throw new LetheError(
    'bad-option',
    'a change event is JSON, and the record is a row of CSV',
    'leave --change out',
  )
}

/** A made-up row, or the event that it was inserted. */
export const sampleOf = (row: string, change: ChangeForm | undefined): GivenRecord =>
  change === undefined
    ? { kind: 'json', text: row }
    : asChange({ kind: 'json', text: `{"before":null,"after":${row},"op":"c"}` }, change)
