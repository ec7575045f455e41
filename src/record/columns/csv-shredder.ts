/** Takes rows of CSV, as they were written here, apart into columns; a row that does not fit adds nothing. */
import type { CsvStyle } from '../csv/csv-text.ts'
import { type GroupColumn, leavesOfTree } from './column-tree.ts'
import { ColumnValues } from './column-values.ts'
import { NothingTexts } from './nothing-texts.ts'
import { type PutText, putterOf } from './value-of-text.ts'

const QUOTE = 0x22
const CR = 0x0d
const LF = 0x0a

export class CsvShredder {
  readonly columns: readonly ColumnValues[]
  readonly #delimiter: Uint8Array
  /** Of each cell of a row: its column. */
  readonly #cells: readonly ColumnValues[]
  readonly #puts: readonly PutText[]
  readonly #nothings: NothingTexts
  /** Texts without their quotes. */
  #plain = new Uint8Array(256)

  /**
   * `cells`: of each cell of a row, which leaf of the tree it is. No list or map is in the tree. `nulls`: words that stand for
   * nothing, null where a column cannot hold them.
   */
  constructor(tree: GroupColumn, cells: readonly number[], style: CsvStyle, nulls: readonly string[] = []) {
    this.#nothings = new NothingTexts(nulls)
    this.columns = leavesOfTree(tree).map((leaf) => new ColumnValues(leaf))
    this.#cells = cells.map((leaf) => this.columns[leaf]!)
    this.#puts = this.#cells.map(({ leaf }) => putterOf(leaf.leaf.type))
    this.#delimiter = Buffer.from(style.delimiter, 'utf8')
  }

  /** Where the row that was taken last ended, in front of its line break. */
  end = 0

  /** Takes the row that begins at `start`; false, and nothing added, where it does not fit. */
  add(bytes: Uint8Array, start: number): boolean {
    for (const column of this.columns) column.mark()
    let at = start
    let fits = true
    for (let cell = 0; cell < this.#cells.length; cell++) {
      if (cell > 0) at += this.#delimiter.length
      const column = this.#cells[cell]!
      let [from, to, text] = [at, at, bytes]
      if (bytes[at] === QUOTE) {
        from = ++at
        let quotes = 0
        for (; at < bytes.length && (bytes[at] !== QUOTE || bytes[at + 1] === QUOTE); at++)
          if (bytes[at] === QUOTE) {
            at++
            quotes++
          }
        to = at++
        if (quotes > 0) {
          text = this.#unquoted(bytes, from, to)
          to = to - from - quotes
          from = 0
        }
      } else {
        while (at < bytes.length && !this.#endsCell(bytes, at)) at++
        to = at
      }
      const { def } = column.leaf
      // An empty cell says that nothing is there.
      if (from === to) column.level(0, def - 1)
      else {
        column.level(0, def)
        if (this.#puts[cell]!(column, text, from, to)) continue
        if (this.#nothings.has(text, from, to)) column.toNull(def - 1)
        else fits = false
      }
    }
    this.end = at
    if (!fits) for (const column of this.columns) column.back()
    return fits
  }

  #endsCell(bytes: Uint8Array, at: number): boolean {
    const byte = bytes[at]!
    if (byte === LF || byte === CR) return true
    const delimiter = this.#delimiter
    if (byte !== delimiter[0]) return false
    for (let i = 1; i < delimiter.length; i++) if (bytes[at + i] !== delimiter[i]) return false
    return true
  }

  #unquoted(bytes: Uint8Array, start: number, end: number): Uint8Array {
    if (this.#plain.length < end - start) this.#plain = new Uint8Array((end - start) * 2)
    const plain = this.#plain
    let length = 0
    for (let at = start; at < end; at++) {
      plain[length++] = bytes[at]!
      if (bytes[at] === QUOTE) at++
    }
    return plain
  }
}
