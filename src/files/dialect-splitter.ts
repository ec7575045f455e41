/** Cuts CSV in which quotes are escaped by backslashes, or lines are comments; byte by byte, as few files are like that. */
import type { CsvDialect } from '../record/csv/csv-dialect.ts'
import { LineSplitter, type SplitOptions } from './splitter.ts'

const LF = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const NONE = -1

type State = 'row' | 'cell' | 'bare' | 'quoted' | 'escape' | 'quote' | 'comment'

export class DialectSplitter extends LineSplitter {
  readonly #delimiter: number
  readonly #escape: number
  readonly #comment: number
  /** Of the byte that comes next: at the start of a row or cell, in one, in quotes, behind a backslash or a quote there. */
  #state: State = 'row'

  constructor(options: SplitOptions, { delimiter, escape: escapes, comment }: CsvDialect) {
    super(options)
    this.#delimiter = delimiter.charCodeAt(0)
    this.#escape = escapes === 'backslash' ? BACKSLASH : NONE
    this.#comment = comment?.charCodeAt(0) ?? NONE
  }

  protected override isOpen(): boolean {
    return this.#state === 'quoted' || this.#state === 'escape'
  }

  override lastEnd(data: Uint8Array): number {
    let last = -1
    for (let at = 0; at < data.length; at++) if (this.#endsRow(data[at]!)) last = at + 1
    return last
  }

  override firstEnd(data: Uint8Array): number {
    for (let at = 0; at < data.length; at++) if (this.#endsRow(data[at]!)) return at + 1
    return -1
  }

  #endsRow(byte: number): boolean {
    switch (this.#state) {
      case 'comment':
        if (byte === LF) this.#state = 'row'
        return byte === LF
      case 'quoted':
        if (byte === QUOTE) this.#state = 'quote'
        else if (byte === this.#escape) this.#state = 'escape'
        return false
      case 'escape':
        this.#state = 'quoted'
        return false
      case 'quote':
        // Two quotes are one, and the field goes on.
        if (byte === QUOTE) {
          this.#state = 'quoted'
          return false
        }
        break
      case 'row':
        if (byte === this.#comment) {
          this.#state = 'comment'
          return false
        }
    }
    const isStart = this.#state === 'row' || this.#state === 'cell'
    this.#state =
      byte === LF ? 'row' : byte === this.#delimiter ? 'cell' : isStart && byte === QUOTE ? 'quoted' : 'bare'
    return byte === LF
  }
}
