/** The inputs of a batch, one after the other, cut into what the pipeline carries; the header of each output with them. */
import { LetheError } from '../errors.ts'
import { Digester, digestOf, type FileDigest } from '../files/digest.ts'
import { type FilePart, headBytes, textOfHead } from '../files/file-part.ts'
import { type Input, openInput } from '../files/input.ts'
import { JsonSplitter } from '../files/json-splitter.ts'
import { takeLead } from '../files/lead.ts'
import { byteOrderMark } from '../files/magic.ts'
import { copyOf } from '../files/objects/object-copy.ts'
import type { StoredObject } from '../files/objects/object-store.ts'
import type { Output } from '../files/sink.ts'
import { LineSplitter, linesOf, type Piece, type SplitOptions, type Splitter } from '../files/splitter.ts'
import type { InputForm } from '../policy/input-form.ts'
import type { Plan } from '../policy/plan.ts'
import { columnsOfJson } from '../record/columns/planned-columns.ts'
import { resolveColumns } from '../record/csv/csv-columns.ts'
import type { CsvDialect } from '../record/csv/csv-dialect.ts'
import { headerLine } from '../record/csv/csv-text.ts'
import { refuseMissing } from '../record/csv/missing-columns.ts'
import type { Spares } from '../record/spares.ts'
import { refuseTags } from './check-tags.ts'
import type { Layout } from './chunk.ts'
import { type LeavingRecords, type LeavingRows, refuseColumnPaths, runShape } from './engines.ts'
import type { Batch, Picked } from './input-batch.ts'
import { leavingRecords, leavingRows } from './leaving.ts'
import type { OpenParquet } from './parquet-source.ts'
import { selectedRecords } from './selected-records.ts'
import { dialectOf, splitterOf, tableHead } from './table-head.ts'
import { checkWidth, headerError, readHeader, type TableHeader } from './table-header.ts'

type Table = Layout & { format: 'csv' }

const LF = 0x0a

const isUnclosed = (piece: Piece): boolean => piece.kind === 'rejected' && piece.code === 'csv-quote-unclosed'

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
  /** Whether Parquet that is made of Parquet has the columns of the input, as they are. Default: those that the plan makes of them. */
  readonly keepsColumns?: boolean
  /** Whether to compute the digests of the inputs. */
  readonly digests: boolean
  /** Whether names that no rule names are counted one by one. Default: not. */
  readonly showNames?: boolean
  /** Of each input the records that are to be read; undefined: all. */
  readonly only?: readonly Picked[] | undefined
}

/** An input that was opened. */
interface Opened {
  readonly dialect: CsvDialect
  /** What stands before the table, or before the records of a part. */
  readonly lines: number
  readonly bytes: number
  /** Whether its text was decoded from another encoding than UTF-8. */
  readonly isDecoded: boolean
  /** Of a part that does not begin its file: the first row of the file. */
  readonly first?: TableHeader | undefined
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
      refuseTags(this.#run.plan, input.name)
      if (input.format !== 'csv') refuseColumnPaths(this.#run.plan, input.name)
      const batches =
        input.format === 'parquet' ? this.#parquet(index, input) : await this.#text(index, input)
      const picked = this.#run.only?.[index]
      if (picked === undefined) yield* batches
      else yield* selectedRecords(batches, picked, input.name)
    }
  }

  async #text(index: number, input: Input): Promise<AsyncGenerator<Batch>> {
    const opened = await this.#open(index, input)
    return input.format === 'csv' ? this.#csv(index, input, opened) : this.#json(index, input, opened)
  }

  async *#parquet(index: number, input: Input): AsyncGenerator<Batch> {
    const { plan, outputs, chunkBytes, maxRecordBytes, form, escapeFormulas, digests } = this.#run
    const output = outputs[index]!
    // Loaded where a run reads such files.
    const { openParquet } = await import('./parquet-source.ts')
    const copy = input.object === undefined ? undefined : await this.#copy(index, input.object)
    const opened = openParquet(plan, input, output, form.delimiter, copy)
    try {
      if (digests && copy === undefined)
        this.#hears.ended(index, await digestOf(input.name, (bytes) => this.#hears.read(index, bytes)))
      let layout: Layout = {
        format: 'ndjson',
        told: input.told,
        leaves: this.#leavingColumns(opened, output, input.name),
      }
      if (opened.table !== undefined) {
        const { header, delimiter } = opened.table
        const style = { delimiter, lineBreak: '\n' as const, escapeFormulas }
        layout = { format: 'csv', told: input.told, header, style, input: input.name }
        await this.#openTable(index, input, layout)
      }
      const pieces = opened.pieces({
        chunkBytes,
        maxRecordBytes,
        allocate: (bytes) => this.#spares.take(bytes),
        // With digests, and of objects, all bytes were read before.
        onRead: (bytes) => {
          if (!digests && copy === undefined) this.#hears.read(index, bytes)
        },
      })
      const { unlisted } = opened
      for await (const piece of pieces) {
        if (piece.kind === 'rejected') yield { input: index, headerLines: 0, rejected: piece }
        else {
          const { bytes, length, offset, recordLines } = piece
          const chunk = { layoutId: index, layout, bytes, length, offset }
          yield { input: index, headerLines: 0, chunk, recordLines, unlisted }
        }
      }
    } finally {
      opened.close()
    }
  }

  #leavingColumns(opened: OpenParquet, output: Output, input: string): LeavingRecords {
    const { plan, keepsColumns } = this.#run
    if (keepsColumns !== true || output.openColumns === undefined) {
      const targets = output.openColumns === undefined ? undefined : opened.targets()
      return leavingRecords(plan, output, targets, input)
    }
    const columns = opened.columns()
    output.openColumns(columns, input)
    return { columns }
  }

  async #copy(index: number, object: StoredObject): Promise<number> {
    const digester = this.#run.digests ? new Digester() : undefined
    const copy = await copyOf(object, (data) => {
      digester?.add(data)
      this.#hears.read(index, data.length)
    })
    if (digester !== undefined) this.#hears.ended(index, digester.end())
    return copy
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
    const { part } = input
    if (part !== undefined && part.from > 0) return this.#openPart(input, part, text, onEnd, options)
    if (input.format !== 'csv') {
      const splitter =
        input.format === 'ndjson' ? new LineSplitter(options) : new JsonSplitter(input.name, options)
      const pieces = this.#cut(input, text, splitter, onEnd)
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
    const pieces = this.#cut(input, lead.text, splitterOf(dialect, options), onEnd)
    return { dialect, lines: lead.lines, bytes: lead.bytes, isDecoded, pieces }
  }

  /** What stands before the records of the file is read from its beginning. */
  async #openPart(
    input: Input,
    part: FilePart,
    text: AsyncGenerator<Uint8Array>,
    onEnd: () => void,
    options: SplitOptions,
  ): Promise<Opened> {
    const { lines, from } = part
    const head = await headBytes(input, part)
    const bytes = from - (byteOrderMark(head)?.length ?? 0)
    if (input.format !== 'csv') {
      const pieces = this.#cut(input, text, new LineSplitter(options), onEnd)
      return { dialect: { delimiter: ',' }, lines, bytes, isDecoded: false, pieces }
    }
    const found = await tableHead(input, textOfHead(head), this.#run.form, options.maxRecordBytes)
    if (found === undefined)
      throw new LetheError(
        'cut-misplaced',
        `${input.name}: the manifest cuts it, and what it says to stand before the records is no first row`,
        'make a new manifest',
      )
    const { dialect, first } = found
    const pieces = this.#cut(input, text, splitterOf(dialect, options), onEnd)
    return { dialect, lines, bytes, isDecoded: false, first, pieces }
  }

  async *#cut(
    { name, part }: Input,
    text: AsyncIterable<Uint8Array>,
    splitter: Splitter,
    onEnd: () => void,
  ): AsyncGenerator<Piece> {
    const { chunkBytes } = this.#run
    let last = LF
    // What a read gives may be more than one chunk.
    for await (const data of text) {
      last = data.at(-1) ?? last
      for (let at = 0; at < data.length; at += chunkBytes)
        yield* splitter.push(data.subarray(at, at + chunkBytes))
    }
    onEnd()
    const rest = splitter.end()
    // Rows behind such a cut would begin within a cell.
    if (part?.isLast === false && (last !== LF || rest.some(isUnclosed)))
      throw new LetheError(
        'cut-misplaced',
        `${name}: the manifest cuts it at byte ${part.to}, where no record ends`,
        'make a new manifest',
      )
    yield* rest
  }

  /** Whatever the file was, its chunks hold a record a line. */
  async *#json(index: number, input: Input, opened: Opened): AsyncGenerator<Batch> {
    const { isDecoded, pieces } = opened
    const { plan, outputs } = this.#run
    const output = outputs[index]!
    const targets = output.openColumns === undefined ? undefined : columnsOfJson(plan)
    const layout: Layout = {
      format: 'ndjson',
      isDecoded,
      told: input.told,
      leaves: leavingRecords(plan, output, targets, input.name),
    }
    let headerLines = opened.lines
    for await (const piece of pieces) {
      if (piece.kind === 'rejected') yield { input: index, headerLines, rejected: piece }
      else {
        const { bytes, length, offset, recordLines } = piece
        const chunk = { layoutId: index, layout, bytes, length, offset: opened.bytes + offset }
        yield { input: index, headerLines, chunk, recordLines }
      }
      headerLines = 0
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
      const escapes = escapeFormulas && this.#run.outputs[index]!.openColumns === undefined
      const style = { ...dialect, lineBreak: first ?? lineBreak, escapeFormulas: escapes }
      layout = { format: 'csv', isDecoded, told: input.told, header: names, style, input: input.name }
      layout = { ...layout, leaves: await this.#openTable(index, input, layout) }
    }
    if (opened.first !== undefined) await open(form.header ?? opened.first.names, opened.first.lineBreak)
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

  /** Resolves the header, and writes the output's once; says as what rows leave. */
  async #openTable(index: number, input: Input, layout: Table): Promise<LeavingRows> {
    const { plan, outputs } = this.#run
    const output = outputs[index]!
    const { header, style } = layout
    const columns = resolveColumns(plan, runShape(plan), header, input.name)
    refuseMissing(plan, header, columns, input.name)
    const { names, leaves } = leavingRows(plan, output, columns.output, input.name)
    if (output.openColumns !== undefined) return leaves
    const line = headerLine(names, style)
    const before = this.#tables.get(output)
    if (before === undefined) {
      this.#tables.set(output, layout)
      if (output.openHeader === undefined) await output.append(line)
      else output.openHeader(line)
      return leaves
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
    return leaves
  }
}
