/** The inputs of a batch, one after the other, cut into what the pipeline carries; the header of each output with them. */
import { LetheError } from '../errors.ts'
import { DialectSplitter } from '../files/dialect-splitter.ts'
import { Digester, type FileDigest } from '../files/digest.ts'
import { type Input, openInput } from '../files/input.ts'
import { JsonSplitter } from '../files/json-splitter.ts'
import { takeLead } from '../files/lead.ts'
import type { Output } from '../files/sink.ts'
import {
  CsvSplitter,
  LineSplitter,
  linesOf,
  type Piece,
  type SplitOptions,
  type Splitter,
} from '../files/splitter.ts'
import type { InputForm } from '../policy/input-form.ts'
import type { Plan } from '../policy/plan.ts'
import { resolveColumns } from '../record/csv/csv-columns.ts'
import type { CsvDialect } from '../record/csv/csv-dialect.ts'
import { headerLine } from '../record/csv/csv-text.ts'
import { refuseMissing } from '../record/csv/missing-columns.ts'
import type { Spares } from '../record/spares.ts'
import type { Layout } from './chunk.ts'
import { refuseColumnPaths, runShape } from './engines.ts'
import type { Batch, Picked } from './input-batch.ts'
import { selectedRecords } from './selected-records.ts'
import { checkWidth, headerError, readHeader } from './table-header.ts'

type Table = Layout & { format: 'csv' }

/** Events of inputs while they are read, by the position of the input. */
export interface Hears {
  read(input: number, bytes: number): void
  ended(input: number, digest: FileDigest): void
}

export interface BatchInputs {
  readonly plan: Plan
  readonly inputs: readonly Input[]
  /** The output of each input; several may share one. */
  readonly outputs: readonly Output[]
  readonly chunkBytes: number
  readonly maxRecordBytes: number
  /** How the inputs are to be read. */
  readonly form: InputForm
  readonly escapeFormulas: boolean
  /** Whether to compute the digests of the inputs. */
  readonly digests: boolean
  /** Of each input the records that are to be read; undefined: all. */
  readonly only?: readonly Picked[] | undefined
}

/** An input that was opened. */
interface Opened {
  readonly dialect: CsvDialect
  /** What stands before the table. */
  readonly lines: number
  readonly bytes: number
  /** Whether its text was decoded from another encoding than UTF-8. */
  readonly isDecoded: boolean
  readonly pieces: AsyncGenerator<Piece>
}

export class BatchSource {
  readonly #run: BatchInputs
  readonly #spares: Spares
  readonly #hears: Hears
  /** The first table written to each output. */
  readonly #tables = new Map<Output, Table>()

  constructor(run: BatchInputs, spares: Spares, hears: Hears) {
    this.#run = run
    this.#spares = spares
    this.#hears = hears
  }

  async *batches(): AsyncGenerator<Batch> {
    for (const [index, input] of this.#run.inputs.entries()) {
      if (input.format !== 'csv') refuseColumnPaths(this.#run.plan, input.name)
      const opened = await this.#open(index, input)
      const batches = input.format === 'csv' ? this.#csv(index, input, opened) : this.#json(index, opened)
      const picked = this.#run.only?.[index]
      if (picked === undefined) yield* batches
      else yield* selectedRecords(batches, picked, input.name)
    }
  }

  async #open(index: number, input: Input): Promise<Opened> {
    const { form, digests } = this.#run
    const digester = digests ? new Digester() : undefined
    const onRead = (data: Uint8Array): void => {
      digester?.add(data)
      this.#hears.read(index, data.length)
    }
    const { encoding, text } = await openInput(input, form.encoding, onRead)
    const onEnd = (): void => {
      if (digester !== undefined) this.#hears.ended(index, digester.end())
    }
    const isDecoded = encoding !== 'utf-8'
    const { chunkBytes, maxRecordBytes } = this.#run
    const allocate = (bytes: number) => this.#spares.take(bytes)
    const options = { chunkBytes, maxRecordBytes, allocate }
    if (input.format !== 'csv') {
      const splitter =
        input.format === 'ndjson' ? new LineSplitter(options) : new JsonSplitter(input.name, options)
      const pieces = this.#cut(text, splitter, onEnd)
      return { dialect: { delimiter: ',' }, lines: 0, bytes: 0, isDecoded, pieces }
    }
    const lead = await takeLead(text, form.skipLines ?? 0)
    // A file of no bytes has no lines to skip; any other could have lost rows.
    if (lead.lines > 0 && lead.lines < (form.skipLines ?? 0))
      throw new LetheError(
        'header-invalid',
        `${input.name}: it ends with line ${lead.lines}, and skipLines is ${form.skipLines}`,
        'correct skipLines: it counts the lines above the header, or above the first row',
      )
    const dialect = dialectOf(input, form, lead.delimiter)
    const pieces = this.#cut(lead.text, splitterOf(dialect, options), onEnd)
    return { dialect, lines: lead.lines, bytes: lead.bytes, isDecoded, pieces }
  }

  async *#cut(text: AsyncIterable<Uint8Array>, splitter: Splitter, onEnd: () => void): AsyncGenerator<Piece> {
    const { chunkBytes } = this.#run
    // What a read gives may be more than one chunk.
    for await (const data of text)
      for (let at = 0; at < data.length; at += chunkBytes)
        yield* splitter.push(data.subarray(at, at + chunkBytes))
    onEnd()
    yield* splitter.end()
  }

  /** Whatever the file was, its chunks hold a record a line. */
  async *#json(index: number, { isDecoded, pieces }: Opened): AsyncGenerator<Batch> {
    const layout: Layout = { format: 'ndjson', isDecoded }
    for await (const piece of pieces) {
      if (piece.kind === 'rejected') yield { input: index, headerLines: 0, rejected: piece }
      else {
        const { bytes, length, offset, recordLines } = piece
        const chunk = { layoutId: index, layout, bytes, length, offset }
        yield { input: index, headerLines: 0, chunk, recordLines }
      }
    }
  }

  async *#csv(index: number, input: Input, opened: Opened): AsyncGenerator<Batch> {
    const { dialect, isDecoded } = opened
    const { form, escapeFormulas } = this.#run
    let layout: Table | undefined
    // Lines that belong to no record, and were told with none yet.
    let headerLines = opened.lines
    const open = async (names: readonly string[], lineBreak: '\n' | '\r\n'): Promise<void> => {
      // One output has one newline style: that of its first input.
      const first = this.#tables.get(this.#run.outputs[index]!)?.style.lineBreak
      const style = { ...dialect, lineBreak: first ?? lineBreak, escapeFormulas }
      layout = { format: 'csv', isDecoded, header: names, style, input: input.name }
      await this.#openTable(index, input, layout)
    }
    for await (const piece of opened.pieces) {
      if (piece.kind === 'rejected') {
        if (layout === undefined && form.header === undefined)
          throw headerError(input.name, piece.code, headerLines + 1)
        yield { input: index, headerLines, rejected: piece }
        headerLines = 0
        continue
      }
      let { bytes, length } = piece
      let offset = opened.bytes + piece.offset
      if (layout === undefined) {
        const first = form.header === undefined ? 'header' : 'row'
        const header = readHeader(input.name, dialect, piece, headerLines + 1, first)
        if (form.header !== undefined) {
          if (header !== undefined) checkWidth(input.name, form.header, header)
          await open(form.header, header?.lineBreak ?? '\n')
        } else {
          headerLines += header?.lines ?? linesOf(bytes.subarray(0, length))
          // Nothing but comments so far.
          if (header === undefined) continue
          await open(header.names, header.lineBreak)
          length -= header.bytes
          bytes = bytes.slice(header.bytes)
          offset += header.bytes
        }
      }
      yield {
        input: index,
        headerLines,
        chunk: { layoutId: index, layout: layout!, bytes, length, offset },
      }
      headerLines = 0
    }
  }

  /** Resolves the header, and writes the output's once. */
  async #openTable(index: number, input: Input, layout: Table): Promise<void> {
    const { plan, outputs } = this.#run
    const output = outputs[index]!
    const { header, style } = layout
    const columns = resolveColumns(plan, runShape(plan), header, input.name)
    refuseMissing(plan, header, columns, input.name)
    const before = this.#tables.get(output)
    if (before === undefined) {
      this.#tables.set(output, layout)
      const names = columns.output.map((column) => column.header)
      await output.append(headerLine(names, style))
      return
    }
    const what =
      before.style.delimiter !== style.delimiter
        ? 'delimiter'
        : before.header.length !== header.length || before.header.some((name, at) => name !== header[at])
          ? 'header'
          : undefined
    if (what !== undefined)
      throw new LetheError(
        'output-conflict',
        `${input.name}: its ${what} differs from that of the input before it, and both go into ${output.name}`,
        'write to a folder (-o folder/), one output for each input',
      )
  }
}

/** How the rows of a file are written: as policy and options say, then as the file itself, then as its name. */
function dialectOf(input: Input, form: InputForm, separator: string | undefined): CsvDialect {
  const { delimiter, quote, comment } = form
  if (separator !== undefined && delimiter !== undefined && separator !== delimiter)
    throw new LetheError(
      'file-malformed',
      `${input.name}: its line \`sep=\` names another delimiter than the policy or --delimiter`,
      'leave the delimiter out: the line tells it',
    )
  return { delimiter: delimiter ?? separator ?? input.delimiter ?? ',', quote, escape: form.escape, comment }
}

function splitterOf(dialect: CsvDialect, options: SplitOptions): LineSplitter {
  if (dialect.quote === 'none') return new LineSplitter(options)
  return dialect.escape === undefined && dialect.comment === undefined
    ? new CsvSplitter(options, dialect.delimiter)
    : new DialectSplitter(options, dialect)
}
