/** The host's side of csv.as.ts: scans the usual rows of a chunk into a block, and writes a block's rows. */
import { type Memory, WasmModule } from '../../../transforms/wasm.ts'
import type { Block } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import { type CsvColumns, slotsOf } from '../csv/csv-columns.ts'
import type { CsvStyle } from '../csv/csv-text.ts'
import { CSV_WASM } from './csv.wasm.ts'
import { aligned, FIRST_FREE, type Global, KernelMemory, OUTPUT_BYTES, READ_AHEAD } from './memory.ts'

const csv = new WasmModule(CSV_WASM)

interface Exports {
  readonly memory: Memory
  readonly next: Global
  readonly line: Global
  readonly written: Global
  setup(
    delimiter: number,
    columns: number,
    copies: number,
    starts: number,
    ends: number,
    kinds: number,
    records: number,
    lines: number,
  ): void
  scan(
    base: number,
    from: number,
    length: number,
    line: number,
    record: number,
    most: number,
    maxBytes: number,
  ): number
  write(
    row: number,
    rows: number,
    firsts: number,
    offsets: number,
    width: number,
    kinds: number,
    starts: number,
    ends: number,
    input: number,
    arena: number,
    output: number,
    limit: number,
    crlf: boolean,
  ): number
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
  readonly #offsets: number
  readonly #width: number
  readonly #input: number
  readonly #crlf: boolean
  #length = 0
  #outputBytes = OUTPUT_BYTES
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
    this.#width = offsets.length
    this.#crlf = style.lineBreak === '\r\n'
    let at = FIRST_FREE
    const take = (numbers: number): number => {
      const from = at
      at = aligned(at + numbers * 4)
      return from
    }
    const copiesAt = take(copies.length)
    this.#offsets = take(offsets.length)
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
    this.#memory.put(this.#offsets, Int32Array.from(offsets), offsets.length)
    exports.setup(
      style.delimiter.charCodeAt(0),
      copies.length,
      copiesAt,
      this.#starts,
      this.#ends,
      this.#kinds,
      this.#records,
      this.#lines,
    )
  }

  /**
   * @param offsets where each output column's slot stands among the slots of its row
   * @param rows so many a block holds at most
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
    if (!this.#memory.ensure(this.#input + length + READ_AHEAD)) return false
    this.#memory.bytes.set(bytes.subarray(0, length + 1), this.#input)
    return true
  }

  /**
   * Adds rows to the block, from `from` on, until it is full or a row is not common; gives how many. `from` stands
   * in line `line` of the chunk.
   */
  scan(block: Block, from: number, line: number, maxBytes: number): number {
    const exports = this.#exports
    const record = block.recordCount
    const rows = exports.scan(this.#input, from, this.#length, line, record, this.#rows - record, maxBytes)
    this.next = exports.next.value
    this.line = exports.line.value
    if (rows === 0) return 0
    const slots = rows * this.slotsPerRow
    const memory = this.#memory
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
   * Appends to `sink` the rows whose first slots are `firsts[0..rows)`; gives how many it wrote, which is fewer where
   * there is no memory left.
   */
  write(block: Block, firsts: Int32Array, rows: number, sink: ByteSink): number {
    const exports = this.#exports
    const memory = this.#memory
    const firstsAt = aligned(this.#input + this.#length + READ_AHEAD)
    const results = memory.putResults(block, firstsAt + rows * 4, this.#outputBytes)
    if (results === undefined) return 0
    const { kinds, starts, ends, arena, output } = results
    memory.put(firstsAt, firsts, rows)
    let row = 0
    while (row < rows) {
      const next = exports.write(
        row,
        rows,
        firstsAt,
        this.#offsets,
        this.#width,
        kinds,
        starts,
        ends,
        this.#input,
        arena,
        output,
        output + this.#outputBytes,
        this.#crlf,
      )
      sink.append(memory.bytes.subarray(output, output + exports.written.value))
      if (next === row) {
        if (!memory.ensure(output + this.#outputBytes * 2)) return row
        this.#outputBytes *= 2
      }
      row = next
    }
    return row
  }
}
