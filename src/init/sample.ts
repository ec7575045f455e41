/** A sample of the data, as `lethe init` looks at it. */
import type { InputForm } from '../policy/input-form.ts'
import type { RecordFormat } from '../record/limits.ts'

export type SampleFormat = RecordFormat

export interface SampleOptions {
  /** Path of a file, or `-` for stdin. */
  readonly from: string
  /** Undefined: by the file's name, else by its first character. */
  readonly format: SampleFormat | undefined
  /** The most records that are read. */
  readonly rows: number
  /** What is known of how it is written; the rest is found. */
  readonly form: Omit<InputForm, 'nulls'>
  /** CSV only: the first row is a header, though it looks like data. */
  readonly trustHeader?: boolean | undefined
}

export interface Sample {
  readonly format: SampleFormat
  /** Of CSV: the names of its columns. */
  readonly header: readonly string[]
  /** Of CSV: rows as long as the header; else objects. */
  readonly records: readonly (readonly string[] | object)[]
  /** Records that could not be read: ragged rows, stray quotes, what is no JSON object. */
  readonly unreadable: number
  /** Where neither UTF-8 nor a byte order mark tells it. */
  readonly encoding?: string | undefined
  /** Of CSV: how its rows are written. */
  readonly table?: TableForm
}

/** What was found of the form, for `input:`, and how often. */
export interface TableForm {
  readonly delimiter: string
  readonly quote?: 'none' | undefined
  readonly escape?: 'backslash' | undefined
  readonly comment?: string | undefined
  readonly skipLines?: number | undefined
  /** The names of the columns, where the file has none. */
  readonly header?: readonly string[] | undefined
  /** Why the first row is no header, where that was found. */
  readonly noHeader?: string | undefined
  readonly comments: number
  /** Cells that hold quotes which enclose nothing. */
  readonly strayQuotes: number
  readonly mayEscape: boolean
}

export function label(from: string): string {
  return from === '-' ? 'the standard input' : from
}
