/** Takes the cells of partitions out of rows of CSV as they were written here: what is left is the row without them. */
import type { ByteSink } from '../byte-sink.ts'
import type { CsvStyle } from '../csv/csv-text.ts'
import type { RecordCut } from './partition-codec.ts'

const QUOTE = 0x22
const CR = 0x0d
const LF = 0x0a

export class CsvCut implements RecordCut {
  readonly values: (string | null)[] = []
  end = 0
  readonly #cells: readonly number[]
  readonly #delimiter: Buffer
  readonly #lineBreak: Uint8Array

  /** `cells`: which cell of a row each value is, from 0. */
  constructor(cells: readonly number[], style: CsvStyle) {
    this.#cells = cells
    this.#delimiter = Buffer.from(style.delimiter, 'utf8')
    this.#lineBreak = Buffer.from(style.lineBreak, 'utf8')
  }

  take(bytes: Uint8Array, start: number, out: ByteSink): void {
    const row = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const began = out.length
    let at = start
    let kept = 0
    for (let cell = 0; ; cell++) {
      const from = at
      at = this.#behindCell(row, from)
      const value = this.#cells.indexOf(cell)
      if (value >= 0) this.values[value] = textOf(row.toString('utf8', from, at))
      else {
        if (kept++ > 0) out.append(this.#delimiter)
        out.copy(bytes, from, at)
      }
      if (at >= row.length || row[at] === LF || row[at] === CR) break
      at += this.#delimiter.length
    }
    // A lone empty cell would read as a blank line.
    if (out.length === began) out.append(EMPTY)
    out.append(this.#lineBreak)
    this.end = at + this.#lineBreak.length
  }

  #behindCell(row: Buffer, at: number): number {
    if (row[at] === QUOTE) {
      for (at++; at < row.length && (row[at] !== QUOTE || row[at + 1] === QUOTE); at++)
        if (row[at] === QUOTE) at++
      return at + 1
    }
    while (at < row.length && row[at] !== LF && row[at] !== CR && !this.#isDelimiter(row, at)) at++
    return at
  }

  #isDelimiter(row: Buffer, at: number): boolean {
    const delimiter = this.#delimiter
    return (
      row[at] === delimiter[0] &&
      (delimiter.length === 1 || delimiter.equals(row.subarray(at, at + delimiter.length)))
    )
  }
}

const EMPTY = Buffer.from('""', 'latin1')

const textOf = (cell: string): string =>
  cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
