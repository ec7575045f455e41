/** A batch run: inputs to chunks, chunks to outputs, in order, with every record accounted for. */
import { isUtf8 } from 'node:buffer'
import { type Account, addAccount, emptyAccount } from '../engine/account.ts'
import { type DeadLetterLimit, LimitWatch } from '../engine/limit.ts'
import { LetheError, type RecordCode } from '../errors.ts'
import { Digester, type FileDigest } from '../files/digest.ts'
import { type Input, readInput } from '../files/input.ts'
import type { Output } from '../files/output.ts'
import { CsvSplitter, LineSplitter, type Records, type Rejected } from '../files/splitter.ts'
import type { Figures } from '../groups/figures.ts'
import { SubjectGroups } from '../groups/subject-groups.ts'
import type { Plan } from '../policy/plan.ts'
import { checkHeader, resolveColumns } from '../record/csv/csv-columns.ts'
import { headerLine } from '../record/csv/csv-text.ts'
import { CsvWalker } from '../record/csv/csv-walker.ts'
import { Spares } from '../record/spares.ts'
import type { Chunk, Layout, RewrittenChunk } from './chunk.ts'
import type { Pool } from './chunk-pool.ts'
import { runShape } from './engines.ts'
import { runPipeline } from './in-order.ts'

export interface BatchRun {
  readonly plan: Plan
  readonly pool: Pool
  readonly inputs: readonly Input[]
  /** The output of each input; several may share one. */
  readonly outputs: readonly Output[]
  readonly deadLetterFile: Output | undefined
  readonly limit: DeadLetterLimit
  /** Whether the pool counts the data subjects behind what is published. */
  readonly countsGroups: boolean
  readonly chunkBytes: number
  readonly maxRecordBytes: number
  /** Stated delimiter; else the one that the input's name implies, else a comma. */
  readonly delimiter: string | undefined
  readonly escapeFormulas: boolean
  /** Whether to compute the digests of the inputs. */
  readonly digests: boolean
  readonly onProgress: (progress: BatchProgress) => void
}

export interface BatchProgress {
  /** Bytes read from the disk so far. */
  readonly bytes: number
  readonly records: number
}

export interface InputAccount {
  /** Records read from it. */
  records: number
  /** Bytes read from it, as they lie on the disk. */
  bytes: number
  /** Physical lines settled so far. */
  lines: number
  /** Of its bytes as they lie on the disk, where it was asked for and the input was read to its end. */
  digest?: FileDigest
}

export interface BatchResult {
  readonly account: Account
  readonly inputs: readonly InputAccount[]
  /** More dead letters than the limit allows: the outputs must not be published. */
  readonly tooManyDeadLetters: boolean
  /** Of all records that were published, where they are counted and the run came to its end. */
  readonly groups: Figures | undefined
}

/** What the pipeline carries: a chunk to rewrite, or bytes that the splitter skipped. */
type Batch =
  | { readonly input: number; readonly chunk: Chunk; readonly headerLines: number }
  | { readonly input: number; readonly rejected: Rejected }

type Table = Layout & { format: 'csv' }

class LimitReached extends Error {}

/** Outputs of so many chunks may wait to be written. */
const WRITES_BEHIND = 4

/** Larger memory than that of so many chunks, as a long record needs, is not kept. */
const SPARE_CHUNKS = 4

/** Reads and de-identifies everything; the outputs are finished but not published. */
export async function runBatch(run: BatchRun): Promise<BatchResult> {
  const { plan, pool } = run
  const account = emptyAccount(plan)
  const inputs: InputAccount[] = run.inputs.map(() => ({ records: 0, bytes: 0, lines: 0 }))
  const watch = new LimitWatch(run.limit)
  let bytes = 0
  const ahead = pool.size * 3
  const spares = new Spares(ahead + 1, run.chunkBytes * SPARE_CHUNKS)
  const outputMemory = new Spares(ahead + WRITES_BEHIND, run.chunkBytes * SPARE_CHUNKS)
  const source = new BatchSource(run, spares, {
    read: (index, read) => {
      bytes += read
      inputs[index]!.bytes += read
    },
    ended: (index, digest) => {
      inputs[index]!.digest = digest
    },
  })

  const settle = async (batch: Batch, done: RewrittenChunk): Promise<void> => {
    const before = account.records
    const own = inputs[batch.input]!
    if ('chunk' in batch) own.lines += batch.headerLines
    addAccount(account, done.account)
    own.records += done.account.records
    if (run.deadLetterFile !== undefined && done.deadLetters.length > 0)
      await run.deadLetterFile.append(deadLetterLines(plan, batch, own.lines, done))
    own.lines += done.lines
    const over = watch.takes(before, account.records, deadOrdinals(before, batch, done))
    if (over) throw new LimitReached()
    if (done.spare !== undefined) spares.give(done.spare)
    written = written.then(() => write(run.outputs[batch.input]!, done.output))
    // A failure is thrown to the next call.
    written.catch(() => {})
    writing.push(written)
    if (writing.length > WRITES_BEHIND) await writing.shift()
    run.onProgress({ bytes, records: account.records })
  }

  /** Writes under way, in order: further chunks are de-identified meanwhile. */
  const writing: Promise<void>[] = []
  let written = Promise.resolve()
  const write = async (output: Output, bytes: Uint8Array): Promise<void> => {
    if (bytes.length > 0) await output.append(bytes)
    outputMemory.give(bytes.buffer as ArrayBuffer)
  }

  let tooManyDeadLetters = false
  try {
    await runPipeline<Batch, RewrittenChunk>({
      batches: source.batches(),
      deidentify: (batch) =>
        'chunk' in batch
          ? pool.rewrite({ ...batch.chunk, memory: outputMemory.any() })
          : Promise.resolve(skipped(plan, batch.rejected)),
      help: () => pool.help(),
      settle,
      ahead,
    })
    await written
    for (const output of new Set(run.outputs)) await output.finish()
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error
    tooManyDeadLetters = true
  } finally {
    // A file that is being written to may not be closed.
    await written.catch(() => {})
  }
  await run.deadLetterFile?.finish()
  return {
    account,
    inputs,
    tooManyDeadLetters,
    groups: run.countsGroups && !tooManyDeadLetters ? await figuresOf(plan, pool) : undefined,
  }
}

/** Every chunk was settled: what the threads counted is what is published. */
async function figuresOf(plan: Plan, pool: Pool): Promise<Figures> {
  const groups = new SubjectGroups()
  for (const part of await pool.groups()) groups.merge(part)
  return groups.figures(plan.subject === undefined)
}

function skipped(plan: Plan, { code, records, lines }: Rejected): RewrittenChunk {
  const account = emptyAccount(plan)
  account.records = records
  account.deadLettered[code] = records
  return { output: new Uint8Array(0), deadLetters: [{ record: 0, line: 0, code, rule: -1 }], lines, account }
}

/** Ordinals in the run, from 1, of the records that died. */
function* deadOrdinals(before: number, batch: Batch, done: RewrittenChunk): Generator<number> {
  if ('rejected' in batch)
    for (let record = 1; record <= batch.rejected.records; record++) yield before + record
  else for (const { record } of done.deadLetters) yield before + record + 1
}

/** Coordinates, code, rule and fingerprint; never a value, nor a file's name, which may be one. */
function deadLetterLines(plan: Plan, batch: Batch, lines: number, done: RewrittenChunk): Uint8Array {
  const text = done.deadLetters
    .map(({ line, code, rule }) =>
      JSON.stringify({
        input: batch.input + 1,
        line: lines + line + 1,
        ...('rejected' in batch && batch.rejected.records > 1 ? { records: batch.rejected.records } : {}),
        code: code satisfies string,
        ...(rule >= 0 ? { rule: plan.rules[rule]!.label } : {}),
        policy: `${plan.name}@${plan.version}#${plan.fingerprint}`,
      }),
    )
    .join('\n')
  return Buffer.from(`${text}\n`)
}

/** What is told of the inputs while they are read, by their position. */
interface Hears {
  read(input: number, bytes: number): void
  ended(input: number, digest: FileDigest): void
}

/** Reads the inputs one after the other, cut into batches. */
class BatchSource {
  readonly #run: BatchRun
  readonly #spares: Spares
  readonly #hears: Hears
  /** The first table written to each output. */
  readonly #tables = new Map<Output, Table>()

  constructor(run: BatchRun, spares: Spares, hears: Hears) {
    this.#run = run
    this.#spares = spares
    this.#hears = hears
  }

  async *batches(): AsyncGenerator<Batch> {
    for (const [index, input] of this.#run.inputs.entries()) {
      const pieces = this.#pieces(index, input)
      if (input.format === 'ndjson') {
        const layout: Layout = { format: 'ndjson' }
        for await (const piece of pieces)
          yield piece.kind === 'rejected'
            ? { input: index, rejected: piece }
            : {
                input: index,
                headerLines: 0,
                chunk: {
                  layoutId: index,
                  layout,
                  bytes: piece.bytes,
                  length: piece.length,
                  offset: piece.offset,
                },
              }
      } else yield* this.#csv(index, input, pieces)
    }
  }

  async *#pieces(index: number, input: Input): AsyncGenerator<Records | Rejected> {
    const { chunkBytes, maxRecordBytes, digests } = this.#run
    const digester = digests ? new Digester() : undefined
    const onRead = (data: Uint8Array): void => {
      digester?.add(data)
      this.#hears.read(index, data.length)
    }
    const allocate = (bytes: number) => this.#spares.take(bytes)
    const options = { chunkBytes, maxRecordBytes, allocate }
    const splitter =
      input.format === 'csv' ? new CsvSplitter(options, this.#delimiter(input)) : new LineSplitter(options)
    // What a read gives may be more than one chunk.
    for await (const data of readInput(input, onRead))
      for (let at = 0; at < data.length; at += chunkBytes)
        yield* splitter.push(data.subarray(at, at + chunkBytes))
    if (digester !== undefined) this.#hears.ended(index, digester.end())
    yield* splitter.end()
  }

  #delimiter(input: Input): string {
    return this.#run.delimiter ?? input.delimiter ?? ','
  }

  async *#csv(index: number, input: Input, pieces: AsyncIterable<Records | Rejected>): AsyncGenerator<Batch> {
    let layout: Layout | undefined
    for await (const piece of pieces) {
      if (piece.kind === 'rejected') {
        if (layout === undefined) throw headerError(input, piece.code)
        yield { input: index, rejected: piece }
        continue
      }
      let { bytes, length, offset } = piece
      let headerLines = 0
      if (layout === undefined) {
        const header = readHeader(input, this.#delimiter(input), piece)
        layout = {
          format: 'csv',
          header: header.names,
          style: {
            delimiter: this.#delimiter(input),
            // One output has one newline style: that of its first input.
            lineBreak: this.#tables.get(this.#run.outputs[index]!)?.style.lineBreak ?? header.lineBreak,
            escapeFormulas: this.#run.escapeFormulas,
          },
          input: input.name,
        }
        await this.#openTable(index, input, layout)
        headerLines = header.lines
        length -= header.bytes
        bytes = bytes.slice(header.bytes)
        offset += header.bytes
      }
      yield { input: index, headerLines, chunk: { layoutId: index, layout, bytes, length, offset } }
    }
  }

  /** Resolves the header, and writes the output's once. */
  async #openTable(index: number, input: Input, layout: Table): Promise<void> {
    const { plan, outputs } = this.#run
    const output = outputs[index]!
    const { header, style } = layout
    const columns = resolveColumns(plan, runShape(plan), header, input.name)
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

function headerError(input: Input, code: RecordCode): LetheError {
  const why: Partial<Record<RecordCode, string>> = {
    'csv-quote-unclosed': 'a quote in its header never closes',
    'csv-syntax': 'a quote or a lone carriage return stands in its header where RFC 4180 does not allow one',
    'record-too-large': 'its header is longer than a record may be',
    'bad-utf8': 'its header is not valid UTF-8',
  }
  return new LetheError(
    'header-invalid',
    `${input.name}: ${why[code] ?? 'its header cannot be read'}`,
    code === 'bad-utf8'
      ? 'convert the file first, e.g. with iconv -f WINDOWS-1252 -t UTF-8'
      : 'correct line 1',
  )
}

function readHeader(
  input: Input,
  delimiter: string,
  piece: Records,
): { names: string[]; lineBreak: '\n' | '\r\n'; bytes: number; lines: number } {
  const walker = new CsvWalker({ delimiter })
  const end = Math.min(walker.row(piece.bytes, 0, piece.length), piece.length)
  if (walker.code !== undefined) throw headerError(input, walker.code)
  const row = piece.bytes.subarray(0, walker.end)
  if (!isUtf8(row)) throw headerError(input, 'bad-utf8')
  const names: string[] = []
  for (let field = 0; field < walker.fields; field++) {
    const text = Buffer.from(row.subarray(walker.starts[field]!, walker.ends[field]!)).toString('utf8')
    names.push(walker.quoted[field] === 1 ? text.replaceAll('""', '"') : text)
  }
  checkHeader(names, input.name)
  const lines = Buffer.from(row).toString('latin1').split('\n').length
  return { names, lineBreak: piece.bytes[walker.end] === 0x0d ? '\r\n' : '\n', bytes: end, lines }
}
