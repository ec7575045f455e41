/** Reads the small tables that a policy names (hierarchies, lists): CSV as RFC 4180 writes it, without a header. */

/** Where a text stops being CSV; the line counts from 1. */
export class TableError extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/**
 * The rows of a CSV text; the newline at its end opens no row, and a leading BOM is skipped. Rows end in LF or
 * CRLF. `delimiter` is one character. Throws `TableError` for a quote where RFC 4180 has none, for one that
 * never closes, and for a CR on its own.
 */
export function readTable(text: string, delimiter: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let line = 1
  let at = text.startsWith('\ufeff') ? 1 : 0
  while (at < text.length) {
    let field: string
    if (text[at] === '"') {
      const start = line
      field = ''
      for (at++; ; at++) {
        const quote = text.indexOf('"', at)
        if (quote < 0) throw new TableError(start, 'a quoted field never closes')
        const part = text.slice(at, quote)
        field += part
        for (const c of part) if (c === '\n') line++
        at = quote + 1
        if (text[at] !== '"') break
        field += '"'
      }
    } else {
      const start = at
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') {
        if (text[at] === '"') throw new TableError(line, 'a quote stands inside a field that is not quoted')
        at++
      }
      field = text.slice(start, at)
    }
    row.push(field)
    if (text[at] === delimiter) {
      at++
      if (at < text.length) continue
      row.push('')
    } else if (at < text.length) {
      if (text[at] === '\r') at++
      if (text[at] !== '\n') {
        const message =
          text[at - 1] === '\r' ? 'a CR stands without its LF' : 'something follows a closing quote'
        throw new TableError(line, message)
      }
      at++
      line++
    }
    rows.push(row)
    row = []
  }
  return rows
}
