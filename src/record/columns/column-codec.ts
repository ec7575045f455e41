/** Writes the records of another codec as columns: what leaves a chunk are frames of them, which a file of columns takes. */
import type { Block } from '../block.ts'
import { ByteSink } from '../byte-sink.ts'
import type { Codec, ScanCounts } from '../codec.ts'
import type { Format } from '../format.ts'
import { writeFrame } from './column-frame.ts'
import type { ColumnValues } from './column-values.ts'

/** What takes the records apart that the codec writes. */
export interface Shredder {
  readonly columns: readonly ColumnValues[]
  /** Takes the record at `start`; false, and nothing added, where it does not fit. */
  add(bytes: Uint8Array, start: number): boolean
  /** Where the record ended, in front of its line break. */
  readonly end: number
}

const SCRATCH = 1 << 16

export class ColumnCodec implements Codec {
  readonly format: Format
  readonly #inner: Codec
  readonly #shredder: Shredder
  readonly #text = new ByteSink(SCRATCH)
  readonly #lineBreak: number
  #block!: Block
  /** Since the last frame. */
  #rows = 0

  /** `lineBreak`: how many bytes end a record of `inner`. */
  constructor(inner: Codec, shredder: Shredder, lineBreak: number) {
    this.format = inner.format
    this.#inner = inner
    this.#shredder = shredder
    this.#lineBreak = lineBreak
  }

  get next(): number {
    return this.#inner.next
  }

  get line(): number {
    return this.#inner.line
  }

  open(block: Block, bytes: Uint8Array, length: number, utf8: boolean): void {
    this.#block = block
    this.#inner.open(block, bytes, length, utf8)
  }

  scan(): void {
    this.#inner.scan()
  }

  scanSpan(start: number, end: number, line: number): void {
    this.#inner.scanSpan(start, end, line)
  }

  takeCounts(): ScanCounts {
    return this.#inner.takeCounts()
  }

  write(passing: Int32Array, count: number): void {
    const text = this.#text
    text.length = 0
    this.#inner.write(passing, count, text)
    let at = 0
    for (let index = 0; index < count; index++) {
      const record = passing[index]!
      if (record < 0) continue
      if (this.#shredder.add(text.bytes, at)) this.#rows++
      else {
        this.#block.fail(record, 'output-unwritable', -1)
        passing[index] = -1
      }
      at = this.#shredder.end + this.#lineBreak
    }
  }

  nextBlock(): void {
    this.#inner.nextBlock()
  }

  /** The chunk ends: what was taken of it becomes a frame. */
  flush(sink: ByteSink): void {
    if (this.#rows === 0) return
    writeFrame(this.#shredder.columns, this.#rows, sink)
    this.#rows = 0
  }
}
