/** The host's side of csv.as.ts: scans the usual rows of a chunk into a block, and writes a block's rows. */
import { type Memory, WasmModule } from '../../../transforms/wasm.ts'
import type { Block } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import { type CsvColumns, slotsOf } from '../csv/csv-columns.ts'
import type { CsvStyle } from '../csv/csv-text.ts'
import { CSV_WASM } from './csv.wasm.ts'
import { CsvHeader } from './csv-layout.ts'
import { aligned, FIRST_FREE, HEADER, KernelMemory, READ_AHEAD } from './memory.ts'

const csv = new WasmModule(CSV_WASM)

const NO_BYTE = 256

interface Exports {
  readonly memory: Memory
  scan(from: number, line: number, record: number, most: number): number
  write(row: number, rows: number): number
}

export class CsvKernel {
  readonly #exports: Exports
  readonly #memory: KernelMemory
  readonly #rows: number
  readonly slotsPerRow: number
  /** Places in memory, in bytes. */
  readonly #starts: number
  readonly #ends: number
  readonly #kinds: number
  readonly #records: number
  readonly #lines: number
  readonly #input: number
  #length = 0
  /** Where the last `scan` stopped, and in which line of the chunk. */
  next = 0
  line = 0

  private constructor(
    exports: Exports,
    columns: CsvColumns,
    offsets: readonly number[],
    style: CsvStyle,
    rows: number,
  ) {
    this.#exports = exports
    this.#rows = rows
    const copies = columns.input.map(slotsOf)
    this.slotsPerRow = copies.reduce((sum, count) => sum + count, 0)
    let at = FIRST_FREE
    const take = (numbers: number): number => {
      const from = at
      at = aligned(at + numbers * 4)
      return from
    }
    const copiesAt = take(copies.length)
    const offsetsAt = take(offsets.length)
    this.#lines = take(rows)
    const slots = rows * this.slotsPerRow
    this.#starts = take(slots)
    this.#ends = take(slots)
    this.#kinds = take(slots)
    this.#records = take(slots)
    this.#input = at
    this.#memory = new KernelMemory(exports.memory)
    this.#memory.require(at)
    this.#memory.put(copiesAt, Int32Array.from(copies), copies.length)
    this.#memory.put(offsetsAt, Int32Array.from(offsets), offsets.length)
    this.#memory.set(CsvHeader, HEADER, {
      delimiter: style.delimiter.charCodeAt(0),
      quotes: style.quote === undefined && style.escape === undefined ? 1 : 0,
      comment: style.comment?.charCodeAt(0) ?? NO_BYTE,
      columns: copies.length,
      copies: copiesAt,
      starts: this.#starts,
      ends: this.#ends,
      kinds: this.#kinds,
      records: this.#records,
      lines: this.#lines,
      input: this.#input,
      offsets: offsetsAt,
      width: offsets.length,
      crlf: style.lineBreak === '\r\n' ? 1 : 0,
    })
  }

  /**
   * @param offsets where each output column's slot stands among the slots of its row
   * @param rows the most rows of a block
   * @returns undefined where the platform cannot
   */
  static open(
    columns: CsvColumns,
    offsets: readonly number[],
    style: CsvStyle,
    rows: number,
  ): CsvKernel | undefined {
    const exports = csv.open<Exports>()
    if (exports === undefined) return undefined
    try {
      return new CsvKernel(exports, columns, offsets, style, rows)
    } catch {
      // No memory for its tables.
      return undefined
    }
  }

  /** Takes a chunk: `bytes[length]` is a line feed. False where there is no memory for it. */
  open(bytes: Uint8Array, length: number): boolean {
    this.#length = length
    return this.#memory.putChunk(this.#input, bytes, length)
  }

  /**
   * Adds rows to the block, from `from` on, until it is full or a row is not common; gives how many. `from` stands
   * in line `line` of the chunk.
   */
  scan(block: Block, from: number, line: number, maxBytes: number): number {
    const memory = this.#memory
    const record = block.recordCount
    memory.set(CsvHeader, HEADER, { length: this.#length, maxBytes })
    const rows = this.#exports.scan(from, line, record, this.#rows - record)
    this.next = memory.get(CsvHeader, HEADER, 'next')
    this.line = memory.get(CsvHeader, HEADER, 'line')
    if (rows === 0) return 0
    const slots = rows * this.slotsPerRow
    block.addRecords(memory.take(this.#lines, rows))
    // The scopes of a CSV block are its records.
    const records = memory.take(this.#records, slots)
    block.addSlots(
      memory.take(this.#starts, slots),
      memory.take(this.#ends, slots),
      memory.take(this.#kinds, slots),
      records,
      records,
    )
    return rows
  }

  /**
   * Appends to `sink` the rows whose first slots are `firstSlots[0..rows)`; gives how many it wrote, which is fewer where
   * there is no memory left.
   */
  write(block: Block, firstSlots: Int32Array, rows: number, sink: ByteSink): number {
    const memory = this.#memory
    const firsts = aligned(this.#input + this.#length + READ_AHEAD)
    const results = memory.putResults(block, firsts + rows * 4)
    if (results === undefined) return 0
    const { output } = results
    memory.put(firsts, firstSlots, rows)
    memory.set(CsvHeader, HEADER, { firsts, ...results })
    let row = 0
    while (row < rows) {
      const next = this.#exports.write(row, rows)
      sink.append(memory.bytes.subarray(output, output + memory.get(CsvHeader, HEADER, 'written')))
      if (next === row) {
        const limit = memory.growOutput(output)
        if (limit === undefined) return row
        memory.set(CsvHeader, HEADER, { limit })
      }
      row = next
    }
    return row
  }
}
