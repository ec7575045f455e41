/** CSV cells as RFC 4180 writes them. */
import type { CsvDialect } from './csv-dialect.ts'

/** How rows are read, and how they are written: as RFC 4180 does, with the delimiter that they came with. */
export interface CsvStyle extends CsvDialect {
  readonly lineBreak: '\n' | '\r\n'
  /** Put `'` before cells that a spreadsheet would run as a formula (OWASP, CSV injection). Changes values. */
  readonly escapeFormulas: boolean
}

const FORMULA = /^[=+\-@\t\r\n]/

/** Gives the function that writes a text as a cell, with quotes only where they are needed. */
export function cellWriter(style: CsvStyle): (text: string) => string {
  const careful = new RegExp(`["\\r\\n${style.delimiter.replace(/[\]\\^-]/, '\\$&')}]`)
  const quote = (text: string): string => (careful.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return style.escapeFormulas ? (text) => quote(FORMULA.test(text) ? `'${text}` : text) : quote
}

/** The header line, with its line break, in UTF-8. */
export function headerLine(names: readonly string[], style: CsvStyle): Uint8Array {
  const write = cellWriter(style)
  return Buffer.from(names.map(write).join(style.delimiter) + style.lineBreak, 'utf8')
}
