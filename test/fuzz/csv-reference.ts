/**
 * What RFC 4180 and the policy make of a CSV text, the slow and plain way: byte by byte, then cell by cell.
 * Independent of the walker, the splitter, the kernel and the writer.
 */
import { isUtf8 } from 'node:buffer'
import type { RecordCode } from '../../src/errors.ts'

export interface CsvRow {
  /** Physical line that it begins on, from 1. */
  readonly line: number
  /** The cells without their quotes, or why there are none. */
  readonly cells: readonly string[] | RecordCode
  readonly isBlank: boolean
}

const QUOTE = 0x22
const CR = 0x0d
const LF = 0x0a

/**
 * The rows of `bytes`. A quote opens a cell only at its start; a quote that never closes makes each physical line from
 * the start of its row a dead letter.
 */
export function readRows(bytes: Uint8Array, delimiter: string, columns: number): CsvRow[] {
  const separator = delimiter.charCodeAt(0)
  const rows: CsvRow[] = []
  let p = 0
  let line = 1
  while (p < bytes.length) {
    const start = p
    const firstLine = line
    const cells: Uint8Array[] = []
    let isBad = false
    let isOpen = false
    for (;;) {
      const cell: number[] = []
      if (bytes[p] === QUOTE) {
        p++
        isOpen = true
        while (p < bytes.length) {
          const byte = bytes[p++]!
          if (byte === QUOTE) {
            if (bytes[p] !== QUOTE) {
              isOpen = false
              break
            }
            p++
          }
          if (byte === LF) line++
          cell.push(byte)
        }
        if (isOpen) break
        if (!endsCell(bytes, p, separator)) isBad = true
      }
      while (!endsCell(bytes, p, separator)) {
        const byte = bytes[p++]!
        if (byte === QUOTE || byte === CR) isBad = true
        cell.push(byte)
      }
      cells.push(Uint8Array.from(cell))
      if (p >= bytes.length || bytes[p] !== separator) break
      p++
    }
    if (isOpen) {
      const lines = linesOf(bytes.subarray(start))
      for (let n = 0; n < lines; n++)
        rows.push({ line: firstLine + n, cells: 'csv-quote-unclosed', isBlank: false })
      return rows
    }
    const row = bytes.subarray(start, p)
    const isBlank = row.length === 0 && columns > 1
    rows.push({
      line: firstLine,
      isBlank,
      cells: isBad
        ? 'csv-syntax'
        : cells.length !== columns
          ? 'csv-ragged'
          : isUtf8(row)
            ? cells.map((cell) => Buffer.from(cell).toString())
            : 'bad-utf8',
    })
    p += bytes[p] === CR ? 2 : 1
    line++
  }
  return rows
}

/** At the end, a separator, a line feed, or the two bytes of a line break. */
function endsCell(bytes: Uint8Array, p: number, separator: number): boolean {
  if (p >= bytes.length) return true
  const byte = bytes[p]
  return byte === separator || byte === LF || (byte === CR && bytes[p + 1] === LF)
}

function linesOf(bytes: Uint8Array): number {
  let lines = 0
  for (const byte of bytes) if (byte === LF) lines++
  return lines + (bytes.at(-1) === LF ? 0 : 1)
}

/** A row as it is written: quotes only where they are needed, and around nothing where it stands alone. */
export function writeRow(cells: readonly string[], delimiter: string, lineBreak: string): string {
  const text = cells
    .map((cell) =>
      [delimiter, '"', '\n', '\r'].some((c) => cell.includes(c)) ? `"${cell.replaceAll('"', '""')}"` : cell,
    )
    .join(delimiter)
  return `${text === '' ? '""' : text}${lineBreak}`
}
