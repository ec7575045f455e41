/** De-identifies the rows of a CSV file. The header is read and written elsewhere, once a file. */
import type { Plan } from '../policy/plan.ts'
import type { Format } from './apply.ts'
import { DROPPED, SlotKind } from './block.ts'
import { decodeBytes, encodeBytes } from './byte-text.ts'
import { type CsvColumns, resolveColumns } from './csv-columns.ts'
import { type CsvStyle, cellWriter } from './csv-text.ts'
import { CsvWalker } from './csv-walker.ts'
import { BLOCK_RECORDS, type RewriteOptions, Rewriter, type Rewritten, toBytes } from './rewriter.ts'

function csvFormat(style: CsvStyle): Format {
  const write = cellWriter(style)
  return {
    text(block, slot) {
      const bytes = block.source.slice(block.slotStart[slot]!, block.slotEnd[slot]!)
      const text = block.ascii ? bytes : decodeBytes(bytes)
      return block.slotKind[slot] === SlotKind.escaped ? text.replaceAll('""', '"') : text
    },
    writeString: (text, plain) => (plain ? text : write(encodeBytes(text))),
    writeNumber: write,
    copy(block, slot) {
      const bytes = block.source.slice(block.slotStart[slot]!, block.slotEnd[slot]!)
      if (block.slotKind[slot] === SlotKind.escaped) return write(bytes.replaceAll('""', '"'))
      return style.escapeFormulas ? write(bytes) : bytes
    },
    null: '',
  }
}

export class CsvRewriter extends Rewriter {
  readonly columns: CsvColumns
  readonly #style: CsvStyle
  readonly #walker: CsvWalker
  /** Where each output column's slot stands among the slots of its row. */
  readonly #outputOffsets: readonly number[]
  /** First slot of each record of the block. */
  readonly #firstSlot: number[] = []

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
    this.#walker = new CsvWalker(style)
    const offsets = new Map<number, number>()
    let offset = 0
    for (const column of this.columns.input) {
      for (const field of column.fields) offsets.set(field, offset++)
      if (column.fields.length === 0 && column.watches.length > 0) offset++
    }
    this.#outputOffsets = this.columns.output.map((column) => offsets.get(column.field)!)
  }

  /**
   * Rewrites the rows of `bytes[0..length)`, which end with their line break or at `length`. `PADDING` bytes that
   * start with a line feed must follow.
   */
  rewrite(bytes: Uint8Array, length: number): Rewritten {
    this.openChunk(bytes)
    let out = ''
    let line = 0
    let p = 0
    while (p < length) {
      const next = this.#walker.row(bytes, p, length)
      line += this.#take(p, line)
      p = next
      if (this.block.recordCount >= BLOCK_RECORDS) out += this.#writeBlock()
    }
    out += this.#writeBlock()
    return { output: toBytes(out), deadLetters: this.deadLetters, lines: line }
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
    this.account.unlisted += this.columns.unlisted
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
      return this.#lines(start)
    }
    const scope = block.recordScope[record]!
    let quoted = false
    for (let index = 0; index < input.length; index++) {
      const column = input[index]!
      if (walker.quoted[index] === 1) quoted = true
      if (column.fields.length === 0 && column.watches.length === 0) continue
      const from = walker.starts[index]!
      const to = walker.ends[index]!
      const kind =
        from === to ? SlotKind.nothing : walker.quoted[index] === 1 ? SlotKind.escaped : SlotKind.text
      let slot = -1
      for (let i = 0; i < column.fields.length; i++) {
        slot = block.addSlot(from, to, kind, scope)
        block.addToField(column.fields[i]!, slot)
      }
      if (column.watches.length > 0) {
        if (slot < 0) slot = block.addSlot(from, to, kind, scope)
        for (const watch of column.watches) block.watched[watch]![scope] = slot + 1
      }
    }
    return quoted ? this.#lines(start) : 1
  }

  /** Physical lines of the row read last. */
  #lines(start: number): number {
    let lines = 1
    const end = Math.min(this.#walker.end, this.bytes.length)
    for (let p = this.bytes.indexOf(0x0a, start); p >= 0 && p < end; p = this.bytes.indexOf(0x0a, p + 1))
      lines++
    return lines
  }

  #writeBlock(): string {
    const { block } = this
    this.applier.run(block)
    const { delimiter, lineBreak } = this.#style
    const offsets = this.#outputOffsets
    const columns = offsets.length
    let out = ''
    for (let record = 0; record < block.recordCount; record++) {
      if (this.withheld(record)) continue
      const first = this.#firstSlot[record]!
      this.account.published++
      let row = ''
      for (let column = 0; column < columns; column++) {
        const result = block.results[first + offsets[column]!]!
        if (column > 0) row += delimiter
        if (result !== DROPPED) row += result
      }
      // A lone empty cell would read as a blank line.
      out += row === '' ? `""${lineBreak}` : row + lineBreak
    }
    this.nextBlock()
    return out
  }
}
