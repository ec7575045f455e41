/** The rows of a CSV file. The header is read and written elsewhere, once a file. */
import { isUtf8 } from 'node:buffer'
import type { Plan } from '../../policy/plan.ts'
import { leadsThrough } from '../../policy/read-forms.ts'
import { type Block, ResultKind, SlotKind } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import { BLOCK_RECORDS, type Codec, type CodecOptions, type ScanCounts } from '../codec.ts'
import type { Format } from '../format.ts'
import { CsvKernel } from '../kernel/csv-kernel.ts'
import { countName, newNames } from '../names.ts'
import type { Shape } from '../shape.ts'
import { type CsvColumns, slotsOf } from './csv-columns.ts'
import { quotedText } from './csv-dialect.ts'
import { type CsvStyle, cellWriter } from './csv-text.ts'
import { CsvWalker } from './csv-walker.ts'
import { InnerCells, withInner } from './inner-cells.ts'

/** In place of an offset: the value stands in the JSON of a cell, so that its slot is found by its field. */
const OF_FIELD = Number.MAX_SAFE_INTEGER

function csvFormat(style: CsvStyle): Format {
  const write = cellWriter(style)
  const decoded = quotedText(style)
  // A plain result needs no quotes, unless the delimiter is a character that it may hold.
  const delimiterIsPlain = /[A-Za-z0-9._\-:+@/*=]/.test(style.delimiter)
  const special = new Uint8Array(256)
  for (const character of `"\r\n${style.delimiter}`) special[character.charCodeAt(0)] = 1
  const text = (block: Block, slot: number): string => {
    const raw = block.decode(block.slotStart[slot]!, block.slotEnd[slot]!)
    return block.slotKind[slot] === SlotKind.escaped ? decoded(raw) : raw
  }
  // A word for nothing: it stood in quotes or not, and may need some.
  const copyWord = (block: Block, slot: number): void => {
    const [start, end] = [block.slotStart[slot]!, block.slotEnd[slot]!]
    const raw = block.decode(start, end)
    const written = write(decoded(raw))
    if (written === raw) block.setSource(slot, start, end)
    else block.setText(slot, written)
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
      else if (block.slotKind[slot] === SlotKind.nothing && block.slotStart[slot] !== block.slotEnd[slot])
        copyWord(block, slot)
      else block.setSource(slot, block.slotStart[slot]!, block.slotEnd[slot]!)
    },
    null: '',
    refusesLineBreaks: true,
    takesBytes: !style.escapeFormulas && !delimiterIsPlain,
    special,
    quoteBytes: 0,
  }
}

export class CsvCodec implements Codec {
  readonly format: Format
  next = 0
  line = 0
  readonly #columns: CsvColumns
  readonly #style: CsvStyle
  readonly #header: readonly string[]
  readonly #options: CodecOptions
  readonly #walker: CsvWalker
  /** Where each output column's slot stands among the slots of its row; `~n`: it is the nth cell that holds JSON. */
  readonly #outputOffsets: readonly number[]
  readonly #outputFields: readonly number[]
  /** Of a field that takes several columns: where their slots stand among those of their row. */
  readonly #manyOffsets: ReadonlyMap<number, readonly number[]>
  readonly #kernel: CsvKernel | undefined
  /** Undefined where no column holds JSON. */
  readonly #inner: InnerCells | undefined
  readonly #write: (text: string) => string
  /** The kernel, where it has the chunk at hand. */
  #usable: CsvKernel | undefined
  #block!: Block
  #bytes: Uint8Array = new Uint8Array(0)
  #length = 0
  #utf8 = true
  /** First slot of each record of the block, and of those to write. */
  readonly #firstSlot = new Int32Array(BLOCK_RECORDS)
  readonly #firsts = new Int32Array(BLOCK_RECORDS)
  #blank = 0
  /** Rows whose cells were met. */
  #rows = 0

  /** `shape`: of the plan; `header`: the input's column names, checked; `columns`: what the plan makes of them. */
  constructor(
    plan: Plan,
    shape: Shape,
    columns: CsvColumns,
    header: readonly string[],
    style: CsvStyle,
    options: CodecOptions,
  ) {
    const carriers = columns.input.flatMap(({ carrier }, column) =>
      carrier === undefined ? [] : [{ column, carrier }],
    )
    const csv = csvFormat(style)
    const hasInner = carriers.length > 0
    this.format = hasInner ? withInner(csv, quotedText(style), insideOf(plan)) : csv
    this.#write = cellWriter(style)
    this.#inner = hasInner
      ? new InnerCells(shape, carriers, quotedText(style), {
          rejectUnlisted: plan.unlisted === 'reject',
          showNames: options.showNames,
        })
      : undefined
    this.#columns = columns
    this.#style = style
    this.#header = header
    this.#options = options
    this.#walker = new CsvWalker(style)
    const offsets = new Map<number, number[]>()
    const firsts: number[] = []
    let offset = 0
    for (const column of columns.input) {
      firsts.push(offset)
      for (const [index, field] of column.fields.entries()) {
        const all = offsets.get(field)
        if (all === undefined) offsets.set(field, [offset + index])
        else all.push(offset + index)
      }
      offset += slotsOf(column)
    }
    this.#manyOffsets = new Map([...offsets].filter(([, all]) => all.length > 1))
    this.#outputOffsets = columns.output.map(({ field, column }) => {
      if (field < 0) return ~carriers.findIndex((one) => one.column === column)
      if (column !== undefined) return firsts[column]! + columns.input[column]!.fields.indexOf(field)
      return offsets.get(field)?.[0] ?? OF_FIELD
    })
    this.#outputFields = columns.output.map(({ field }) => field)
    this.#kernel =
      options.kernels && !hasInner
        ? CsvKernel.open(columns, this.#outputOffsets, style, BLOCK_RECORDS)
        : undefined
  }

  open(block: Block, bytes: Uint8Array, length: number, utf8: boolean): void {
    this.#block = block
    this.#bytes = bytes
    this.#length = length
    this.#utf8 = utf8
    this.next = 0
    this.line = 0
    this.#inner?.open(block)
    // Where bytes are no UTF-8, each row has to be checked.
    this.#usable = length > 0 && utf8 && this.#kernel?.open(bytes, length) ? this.#kernel : undefined
  }

  scan(): void {
    if (this.#usable !== undefined && this.#scanUsual(this.#usable)) return
    const start = this.next
    this.next = this.#walker.row(this.#bytes, start, this.#length)
    this.line += this.#row(start, this.line)
  }

  scanSpan(start: number, end: number, line: number): void {
    this.#usable = undefined
    this.#walker.row(this.#bytes, start, end)
    this.#row(start, line)
  }

  /** Lets the kernel take the rows from `next` on that it knows; false if the first is none. */
  #scanUsual(kernel: CsvKernel): boolean {
    const block = this.#block
    const record = block.recordCount
    const slot = block.slotCount
    const rows = kernel.scan(block, this.next, this.line, this.#options.maxRecordBytes)
    if (rows === 0) return false
    this.next = kernel.next
    this.line = kernel.line
    const step = kernel.slotsPerRow
    this.#rows += rows
    for (let row = 0; row < rows; row++) this.#firstSlot[record + row] = slot + row * step
    let first = slot
    for (const [field, offsets] of this.#manyOffsets)
      block.addRowsToField(
        field,
        offsets.map((offset) => slot + offset),
        step,
        rows,
      )
    for (const column of this.#columns.input) {
      for (const [index, field] of column.fields.entries())
        if (!this.#manyOffsets.has(field)) block.addManyToField(field, first + index, step, rows)
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
  #row(start: number, line: number): number {
    const walker = this.#walker
    const block = this.#block
    const { input } = this.#columns
    if (walker.isComment || (walker.end === start && input.length > 1)) {
      this.#blank++
      return 1
    }
    const record = block.addRecord(line)
    this.#firstSlot[record] = block.slotCount
    const code =
      walker.end - start > this.#options.maxRecordBytes
        ? 'record-too-large'
        : (walker.code ??
          (walker.fields !== input.length
            ? 'csv-ragged'
            : this.#utf8 || isUtf8(this.#bytes.subarray(start, walker.end))
              ? undefined
              : this.#options.notUtf8))
    if (code !== undefined) {
      block.fail(record, code, -1)
      return walker.lines
    }
    this.#rows++
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
        const derived = block.derived[fields[i]!]
        if (derived !== undefined) derived[scope] = slot + 1
      }
      if (watches.length > 0) {
        if (slot < 0) slot = block.addSlot(from, to, kind, scope)
        for (const watch of watches) block.watched[watch]![scope] = slot + 1
      }
    }
    const inner = this.#inner?.walk(record, starts, ends, quoted)
    if (inner !== undefined) block.fail(record, inner, -1)
    return walker.lines
  }

  takeCounts(): ScanCounts {
    const { unlisted } = this.#columns
    const counts: ScanCounts = {
      blank: this.#blank,
      unlisted: unlisted.length * this.#rows,
      names: undefined,
    }
    if (this.#options.showNames) {
      counts.names = newNames()
      for (const index of unlisted) countName(counts.names, this.#header[index]!, this.#rows)
    }
    this.#blank = 0
    this.#rows = 0
    if (this.#inner === undefined) return counts
    const { unlisted: members, names } = this.#inner.takeCounts()
    counts.unlisted += members
    for (const [name, count] of Object.entries(names ?? {})) countName(counts.names!, name, count)
    return counts
  }

  write(passing: Int32Array, count: number, sink: ByteSink, ends?: Int32Array): void {
    for (let i = 0; i < count; i++) this.#firsts[i] = this.#firstSlot[passing[i]!]!
    let row = 0
    // The kernel does not say where each row ends.
    if (this.#usable !== undefined && ends === undefined)
      row = this.#usable.write(this.#block, this.#firsts, count, sink)
    // Without the kernel, and where it has no memory left.
    for (; row < count; row++) {
      if (!this.#writeRow(passing[row]!, sink)) {
        this.#block.fail(passing[row]!, 'map-name-collision', -1)
        passing[row] = -1
        continue
      }
      if (ends !== undefined) ends[row] = sink.length - this.#style.lineBreak.length
    }
  }

  nextBlock(): void {
    this.#inner?.open(this.#block)
  }

  /** Writes the row of a record; false, and nothing written, if two names of a map in a cell became one. */
  #writeRow(record: number, sink: ByteSink): boolean {
    const block = this.#block
    const first = this.#firstSlot[record]!
    const began = sink.length
    for (const [column, offset] of this.#outputOffsets.entries()) {
      if (column > 0) sink.text(this.#style.delimiter)
      if (offset < 0) {
        const text = this.#inner!.textOf(record, ~offset)
        if (text === undefined) {
          sink.length = began
          return false
        }
        sink.text(this.#write(text))
        continue
      }
      const slot = offset === OF_FIELD ? this.#slotOf(this.#outputFields[column]!, record) : first + offset
      if (slot < 0) continue
      const kind = block.resultKind[slot]
      if (kind === ResultKind.dropped) continue
      const source = kind === ResultKind.source ? block.bytes : block.arena.bytes
      sink.copy(source, block.resultStart[slot]!, block.resultEnd[slot]!)
    }
    // A lone empty cell would read as a blank line.
    if (sink.length === began) sink.text('""')
    sink.text(this.#style.lineBreak)
    return true
  }

  /** The slot of a field that is made of a value in a cell's JSON; -1 where the record has none. */
  #slotOf(field: number, record: number): number {
    return this.#block.derived[field]![this.#block.recordScope[record]!]! - 1
  }
}

/** Of fields that are made of another input: whether they go into a cell that holds JSON. */
const insideOf = ({ fields, carriers }: Plan): ReadonlyMap<number, boolean> =>
  new Map(
    fields
      .filter(({ path, from }) => path.text !== from.text)
      .map(({ index, path }) => [index, carriers.some((carrier) => leadsThrough(path, carrier.path))]),
  )
