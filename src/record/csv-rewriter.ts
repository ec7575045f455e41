/** De-identifies the rows of a CSV file. The header is read and written elsewhere, once a file. */
import type { Plan } from '../policy/plan.ts'
import { countName, newNames } from './account.ts'
import { type Block, ResultKind, SlotKind } from './block.ts'
import { type CsvColumns, resolveColumns, slotsOf } from './csv-columns.ts'
import { type CsvStyle, cellWriter } from './csv-text.ts'
import { CsvWalker } from './csv-walker.ts'
import type { Format } from './format.ts'
import { CsvKernel } from './kernel/csv-kernel.ts'
import { BLOCK_RECORDS, type RewriteOptions, Rewriter, type Rewritten } from './rewriter.ts'

function csvFormat(style: CsvStyle): Format {
  const write = cellWriter(style)
  // A plain result needs no quotes, unless the delimiter is a character that it may hold.
  const delimiterIsPlain = /[A-Za-z0-9._\-:+@/*=]/.test(style.delimiter)
  const special = new Uint8Array(256)
  for (const character of `"\r\n${style.delimiter}`) special[character.charCodeAt(0)] = 1
  const text = (block: Block, slot: number): string => {
    const raw = block.decode(block.slotStart[slot]!, block.slotEnd[slot]!)
    return block.slotKind[slot] === SlotKind.escaped ? raw.replaceAll('""', '"') : raw
  }
  return {
    text,
    writeString: (result, plain) => (plain && !delimiterIsPlain ? result : write(result)),
    writeNumber: write,
    read: (written) => written.slice(1, -1).replaceAll('""', '"'),
    copy(block, slot) {
      // A cell that stood in quotes may do without them; one that a spreadsheet would run may not.
      if (block.slotKind[slot] === SlotKind.escaped || style.escapeFormulas)
        block.setText(slot, write(text(block, slot)))
      else block.setSource(slot, block.slotStart[slot]!, block.slotEnd[slot]!)
    },
    null: '',
    refusesLineBreaks: true,
    takesBytes: !style.escapeFormulas && !delimiterIsPlain,
    special,
    quoteBytes: 0,
  }
}

export class CsvRewriter extends Rewriter {
  readonly columns: CsvColumns
  readonly #style: CsvStyle
  readonly #header: readonly string[]
  readonly #showNames: boolean
  readonly #walker: CsvWalker
  /** Where each output column's slot stands among the slots of its row. */
  readonly #outputOffsets: readonly number[]
  /** First slot of each record of the block, and of those that are published. */
  readonly #firstSlot = new Int32Array(BLOCK_RECORDS)
  readonly #firsts = new Int32Array(BLOCK_RECORDS)
  /** The records that are published. */
  readonly #passing = new Int32Array(BLOCK_RECORDS)
  readonly #kernel: CsvKernel | undefined
  /** The kernel, where it has the chunk at hand. */
  #usable: CsvKernel | undefined

  /** `header`: the input's column names, checked; `input`: what to call the input in errors. */
  constructor(
    plan: Plan,
    header: readonly string[],
    input: string,
    style: CsvStyle,
    options: RewriteOptions,
  ) {
    super(plan, csvFormat(style), options)
    this.columns = resolveColumns(plan, this.shape, header, input)
    this.#style = style
    this.#header = header
    this.#showNames = options.showNames === true
    this.#walker = new CsvWalker(style)
    const offsets = new Map<number, number>()
    let offset = 0
    for (const column of this.columns.input) {
      for (const [index, field] of column.fields.entries()) offsets.set(field, offset + index)
      offset += slotsOf(column)
    }
    this.#outputOffsets = this.columns.output.map((column) => offsets.get(column.field)!)
    this.#kernel =
      options.kernels === false
        ? undefined
        : CsvKernel.open(this.columns, this.#outputOffsets, style, BLOCK_RECORDS)
  }

  /**
   * Rewrites the rows of `bytes[0..length)`, which end with their line break or at `length`. `PADDING` bytes that
   * start with a line feed must follow. `offset`: of the chunk's first byte in its input.
   */
  rewrite(bytes: Uint8Array, length: number, offset: number = 0): Rewritten {
    this.openChunk(bytes, offset)
    // Where bytes are no UTF-8, each row has to be asked.
    this.#usable = this.utf8 && this.#kernel?.open(bytes, length) ? this.#kernel : undefined
    let line = 0
    let p = 0
    while (p < length) {
      if (this.#usable !== undefined && this.#scan(this.#usable, p, line)) {
        p = this.#usable.next
        line = this.#usable.line
      } else {
        const next = this.#walker.row(bytes, p, length)
        line += this.#take(p, line)
        p = next
      }
      if (this.block.recordCount >= BLOCK_RECORDS) this.#writeBlock()
    }
    this.#writeBlock()
    this.#countNames()
    return { output: this.takeOutput(), deadLetters: this.deadLetters, lines: line }
  }

  /** Lets the kernel take the rows from `p` on that are as usual; false if the first is not. */
  #scan(kernel: CsvKernel, p: number, line: number): boolean {
    const { block, account } = this
    const record = block.recordCount
    const slot = block.slotCount
    const rows = kernel.scan(block, p, line, this.maxRecordBytes)
    if (rows === 0) return false
    const step = kernel.slotsPerRow
    account.records += rows
    account.unlisted += this.columns.unlisted.length * rows
    for (let row = 0; row < rows; row++) this.#firstSlot[record + row] = slot + row * step
    let first = slot
    for (const column of this.columns.input) {
      for (const [index, field] of column.fields.entries())
        block.addManyToField(field, first + index, step, rows)
      first += slotsOf(column)
      // The last of a column's slots is the one that is watched.
      for (const watch of column.watches) {
        const list = block.watched[watch]!
        for (let row = 0; row < rows; row++) list[record + row] = first + row * step
      }
    }
    return true
  }

  /** Notes the row that the walker has just read; gives the number of physical lines it covers. */
  #take(start: number, line: number): number {
    const walker = this.#walker
    const { block } = this
    const { input } = this.columns
    if (walker.end === start && input.length > 1) {
      this.account.blank++
      return 1
    }
    const record = block.addRecord(line)
    this.account.records++
    const firstSlot = block.slotCount
    this.#firstSlot[record] = firstSlot
    const code =
      walker.end - start > this.maxRecordBytes
        ? 'record-too-large'
        : (walker.code ??
          (walker.fields !== input.length
            ? 'csv-ragged'
            : this.isUtf8(start, walker.end)
              ? undefined
              : 'bad-utf8'))
    if (code !== undefined) {
      block.fail(record, code, -1)
      return walker.lines
    }
    this.account.unlisted += this.columns.unlisted.length
    const scope = block.recordScope[record]!
    const { starts, ends, quoted } = walker
    for (let index = 0; index < input.length; index++) {
      const column = input[index]!
      const { fields, watches } = column
      if (fields.length === 0 && watches.length === 0) continue
      const from = starts[index]!
      const to = ends[index]!
      const kind = from === to ? SlotKind.nothing : quoted[index] === 1 ? SlotKind.escaped : SlotKind.text
      let slot = -1
      for (let i = 0; i < fields.length; i++) {
        slot = block.addSlot(from, to, kind, scope)
        block.addToField(fields[i]!, slot)
      }
      if (watches.length > 0) {
        if (slot < 0) slot = block.addSlot(from, to, kind, scope)
        for (const watch of watches) block.watched[watch]![scope] = slot + 1
      }
    }
    return walker.lines
  }

  #countNames(): void {
    if (!this.#showNames) return
    this.account.unlistedNames ??= newNames()
    for (const index of this.columns.unlisted)
      countName(this.account.unlistedNames, this.#header[index]!, this.account.records)
  }

  #writeBlock(): void {
    this.eachPart((from, to) => this.#writeRows(from, to))
    this.nextBlock()
  }

  #writeRows(from: number, to: number): void {
    const { block, sink } = this
    let rows = 0
    for (let record = from; record < to; record++) {
      if (this.withheld(record)) continue
      this.#passing[rows] = record
      this.#firsts[rows++] = this.#firstSlot[record]!
    }
    let row = 0
    if (this.#usable !== undefined) {
      row = this.#usable.write(block, this.#firsts, rows, sink)
      this.account.published += row
    }
    // Without the kernel, and where it has no memory left.
    for (; row < rows; row++) this.#writeRow(this.#firsts[row]!)
    this.quasiIdentifiers?.take(block, from, to, this.#passing, rows)
  }

  /** Writes the row whose first slot is `first`. */
  #writeRow(first: number): void {
    const { block, sink } = this
    const began = sink.length
    for (const [column, offset] of this.#outputOffsets.entries()) {
      if (column > 0) sink.text(this.#style.delimiter)
      const slot = first + offset
      const kind = block.resultKind[slot]
      if (kind === ResultKind.dropped) continue
      const source = kind === ResultKind.source ? block.bytes : block.arena.bytes
      sink.copy(source, block.resultStart[slot]!, block.resultEnd[slot]!)
    }
    // A lone empty cell would read as a blank line.
    if (sink.length === began) sink.text('""')
    sink.text(this.#style.lineBreak)
    this.account.published++
  }
}
