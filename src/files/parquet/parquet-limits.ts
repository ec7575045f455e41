/** How much of a Parquet file is held at once, and what is wrong with one that asks for more. */
import { LetheError } from '../../errors.ts'

/** Longer footers are refused. */
export const MOST_FOOTER_BYTES: number = 16 << 20
/** Values of a footer, of which a struct counts eight: so many objects are made of it at most. */
export const MOST_FOOTER_VALUES: number = 1 << 23
/** The same of the header of a page. */
export const MOST_HEADER_VALUES: number = 1 << 10
/** Groups and columns of a schema. */
export const MOST_ELEMENTS = 20_000
/** Groups nest no deeper. */
export const MOST_DEPTH = 64
/** Longer headers of pages are damaged: statistics in them are short. */
export const MOST_HEADER_BYTES: number = 1 << 20
/** Values of one page. */
export const MOST_PAGE_VALUES: number = 1 << 24
/** Unpacked pages and dictionaries of all columns that are read, at once. */
export const MOST_HELD_BYTES: number = 256 << 20
/** Values that lists and maps of one row may have, in all columns that are read. */
export const MOST_ROW_VALUES: number = 1 << 24

/** What is wrong with a file, which is said where its name is known. */
export class ParquetFault extends Error {
  readonly code: 'input-damaged' | 'file-malformed' | 'file-too-large'
  readonly suggestion: string
  constructor(code: ParquetFault['code'], message: string, suggestion: string) {
    super(message)
    this.code = code
    this.suggestion = suggestion
  }
}

export const damaged = (what: string): ParquetFault =>
  new ParquetFault('input-damaged', `the file is damaged: ${what}`, 'fetch the file again')

export const unsupported = (what: string): ParquetFault =>
  new ParquetFault('file-malformed', what, 'write the file again without it, or export it as NDJSON')

export const tooLarge = (what: string): ParquetFault =>
  new ParquetFault('file-too-large', what, 'write the file again with smaller pages and row groups')

/** The error of a file. Texts of libraries may quote data, and are not shown. */
export function faultOf(name: string, error: unknown): unknown {
  if (error instanceof ParquetFault)
    return new LetheError(error.code, `${name}: ${error.message}`, error.suggestion)
  if (error instanceof LetheError || (error as NodeJS.ErrnoException)?.syscall !== undefined) return error
  return new LetheError(
    'input-damaged',
    `${name}: the file is damaged: it cannot be decoded`,
    'fetch the file again',
  )
}
