/** De-identifies the rows of a CSV file. The header is read and written elsewhere, once a file. */
import type { Plan } from '../policy/plan.ts'
import { countName, newNames } from './account.ts'
import { type Block, ResultKind, SlotKind } from './block.ts'
import { type CsvColumns, resolveColumns } from './csv-columns.ts'
import { type CsvStyle, cellWriter } from './csv-text.ts'
import { CsvWalker } from './csv-walker.ts'
import type { Format } from './format.ts'
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
    copy(block, slot) {
      // A cell that stood in quotes may do without them; one that a spreadsheet would run may not.
      if (block.slotKind[slot] === SlotKind.escaped || style.escapeFormulas)
        block.setText(slot, write(text(block, slot)))
      else block.setSource(slot, block.slotStart[slot]!, block.slotEnd[slot]!)
    },
    null: '',
    takesBytes: !style.escapeFormulas && !delimiterIsPlain,
    special,
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
    this.#header = header
    this.#showNames = options.showNames === true
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
    let line = 0
    let p = 0
    while (p < length) {
      const next = this.#walker.row(bytes, p, length)
      line += this.#take(p, line)
      p = next
      if (this.block.recordCount >= BLOCK_RECORDS) this.#writeBlock()
    }
    this.#writeBlock()
    this.#countNames()
    return { output: this.takeOutput(), deadLetters: this.deadLetters, lines: line }
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
    const { block, sink } = this
    this.applier.run(block)
    const { arena, bytes, resultKind, resultStart, resultEnd, resultText } = block
    const delimiter = this.#style.delimiter.charCodeAt(0)
    const crlf = this.#style.lineBreak === '\r\n'
    const offsets = this.#outputOffsets
    const columns = offsets.length
    for (let record = 0; record < block.recordCount; record++) {
      if (this.withheld(record)) continue
      this.account.published++
      const first = this.#firstSlot[record]!
      const began = sink.length
      let out = sink.bytes
      let at = began
      for (let column = 0; column < columns; column++) {
        const slot = first + offsets[column]!
        const kind = resultKind[slot]
        let p = 0
        let end = 0
        if (kind === ResultKind.arena || kind === ResultKind.source) {
          p = resultStart[slot]!
          end = resultEnd[slot]!
        }
        // Written here and not by the sink: this is the innermost loop of all, and calls would cost more than it does.
        if (at + end - p + 1 > out.length) {
          sink.length = at
          sink.reserve(end - p + 1)
          out = sink.bytes
        }
        if (column > 0) out[at++] = delimiter
        const source = kind === ResultKind.arena ? arena.bytes : bytes
        while (p < end) out[at++] = source[p++]!
        if (kind === ResultKind.text) {
          sink.length = at
          sink.text(resultText[slot]!)
          out = sink.bytes
          at = sink.length
        }
      }
      sink.length = at
      // A lone empty cell would read as a blank line.
      if (sink.length === began) sink.text('""')
      if (crlf) sink.byte(0x0d)
      sink.byte(0x0a)
    }
    this.nextBlock()
  }
}
