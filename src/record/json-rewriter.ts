/** De-identifies NDJSON: one JSON object a line. */
import type { Plan, PlanField } from '../policy/plan.ts'
import { countName, newNames } from './account.ts'
import { JsonWalker } from './json-walker.ts'
import { JsonWriter, jsonFormat } from './json-writer.ts'
import { JsonKernel } from './kernel/json-kernel.ts'
import type { Outcome } from './outcome.ts'
import { BLOCK_RECORDS, padded, type RewriteOptions, Rewriter, type Rewritten } from './rewriter.ts'

export class JsonRewriter extends Rewriter {
  readonly #walker: JsonWalker
  readonly #writer: JsonWriter
  /** First operation of each record of the block, and behind them where the last one's end. */
  readonly #firstOp = new Int32Array(BLOCK_RECORDS + 1)
  /** The records of the block that pass, and from which operation to which each goes. */
  readonly #passing = new Int32Array(BLOCK_RECORDS)
  readonly #ranges = new Int32Array(BLOCK_RECORDS * 2)
  readonly #kernel: JsonKernel | undefined
  /** Of the next record that is rewritten alone: they count as lines of one input. */
  #offset = 0
  /** The kernel, where it has the chunk at hand. */
  #usable: JsonKernel | undefined

  constructor(plan: Plan, options: RewriteOptions, beside: readonly PlanField[] = []) {
    super(plan, jsonFormat, options, beside)
    const rejects = plan.unlisted === 'reject'
    this.#walker = new JsonWalker(this.shape, rejects)
    if (options.showNames === true) this.#walker.names = newNames()
    this.#writer = new JsonWriter(this.shape, this.sink)
    // The kernel counts what is unlisted, and cannot name it.
    this.#kernel =
      options.kernels === false || options.showNames === true
        ? undefined
        : JsonKernel.open(this.shape, plan.fields.length, rejects, BLOCK_RECORDS)
  }

  /**
   * Rewrites the lines of `bytes[0..length)`. A line break, or `PADDING` bytes that start with one, must follow.
   * `offset`: of the chunk's first byte in its input.
   */
  rewrite(bytes: Uint8Array, length: number, offset: number = 0): Rewritten {
    this.openChunk(bytes, offset)
    const lines = this.rewriteLines(length)
    // Of a block, names that collide are found last.
    this.deadLetters.sort((a, b) => a.record - b.record)
    return { output: this.takeOutput(), deadLetters: this.deadLetters, lines }
  }

  /** Rewrites the lines of `[0..length)` of the chunk at hand; gives how many there are. */
  protected rewriteLines(length: number): number {
    const { bytes } = this
    this.#walker.open(bytes, this.block)
    this.#open(length)
    let line = 0
    let start = 0
    while (start < length) {
      const records = this.#usable === undefined ? 0 : this.#scan(this.#usable, start, line)
      if (records > 0) {
        start = this.#usable!.next
        line += records
      } else {
        let end = bytes.indexOf(0x0a, start)
        if (end < 0 || end > length) end = length
        this.#read(start, end, line++)
        start = end + 1
      }
      if (this.block.recordCount >= BLOCK_RECORDS) this.writeBlock(true)
    }
    this.writeBlock(true)
    // What else a chunk holds, the kernel has not got.
    this.#usable = undefined
    return line
  }

  /** Rewrites one record, which may span lines. The account counts it. */
  rewriteOne(record: Uint8Array): Outcome {
    this.openChunk(padded(record), this.#offset)
    this.#offset += record.length + 1
    this.#walker.open(this.bytes, this.block)
    this.#open(record.length)
    const published = this.account.published
    // To the kernel a line break ends a record.
    const scanned = this.#usable !== undefined && !record.includes(LF) && this.#scan(this.#usable, 0, 0) > 0
    if (!scanned) this.record(0, record.length, 0)
    this.writeBlock(false)
    const value = this.sink.bytes.slice(0, this.sink.length)
    this.sink.length = 0
    const failed = this.deadLetters[0]
    if (failed !== undefined) {
      const rule = failed.rule < 0 ? undefined : this.plan.rules[failed.rule]!.label
      return { kind: 'dead-letter', code: failed.code, rule }
    }
    if (this.account.published === published) return { kind: 'suppress', rule: this.plan.retention!.label }
    return { kind: 'publish', value }
  }

  /** Offers the chunk to the kernel. Where bytes are no UTF-8, each record has to be asked. */
  #open(length: number): void {
    this.#usable = this.utf8 && this.#kernel?.open(this.bytes, length) ? this.#kernel : undefined
  }

  /** Lets the kernel take the records from `start` on that are as usual; gives how many. */
  #scan(kernel: JsonKernel, start: number, line: number): number {
    const { block, account } = this
    const { ops } = this.#walker
    const record = block.recordCount
    const op = ops.count
    const records = kernel.scan(block, ops, start, line, this.maxRecordBytes)
    if (records === 0) return 0
    account.records += records
    account.unlisted += kernel.unlisted
    for (let i = 0; i < records; i++) this.#firstOp[record + i] = op + kernel.firstOps[i]!
    return records
  }

  #read(start: number, end: number, line: number): void {
    // A line that is too long is a dead letter whatever it holds: often it is skipped unseen.
    if (end - start <= this.maxRecordBytes && isBlank(this.bytes, start, end)) {
      this.account.blank++
      return
    }
    this.record(start, end, line)
  }

  /** Walks one record, which may span lines; a byte that is no part of a string follows it. */
  protected record(start: number, end: number, line: number): void {
    const { block } = this
    const record = block.addRecord(line)
    this.account.records++
    this.#firstOp[record] = this.#walker.ops.count
    if (end - start > this.maxRecordBytes) block.fail(record, 'record-too-large', -1)
    else if (!this.isUtf8(start, end)) block.fail(record, 'bad-utf8', -1)
    else {
      const code = this.#walker.walk(start, end, block.recordScope[record]!)
      if (code !== undefined) block.fail(record, code, -1)
    }
  }

  /** Called when a block has been scanned: slots beside the values may be added. */
  protected scanned(): void {}

  /** Called when the rules have run over records `[from, to)`: their results are there until they are written. */
  protected ruled(_from: number, _to: number): void {}

  /** Called when a block is written: the first `count` of `records` that are not -1 stand in the sink from `from` on. */
  protected wrote(_records: Int32Array, _count: number, _from: number): void {}

  /** Runs the rules of the block at hand, writes the records that pass, and starts the next one. */
  protected writeBlock(lineBreaks: boolean): void {
    this.scanned()
    this.#firstOp[this.block.recordCount] = this.#walker.ops.count
    this.eachPart((from, to) => {
      this.ruled(from, to)
      this.#writeRecords(from, to, lineBreaks)
    })
    this.account.unlisted += this.#walker.unlisted
    this.#walker.unlisted = 0
    this.#takeNames()
    this.nextBlock()
    this.#walker.open(this.bytes, this.block)
  }

  #writeRecords(first: number, behind: number, lineBreaks: boolean): void {
    const { block, sink } = this
    const { ops } = this.#walker
    let count = 0
    for (let record = first; record < behind; record++) {
      if (this.withheld(record)) continue
      this.#passing[count] = record
      this.#ranges[count * 2] = this.#firstOp[record]!
      this.#ranges[count * 2 + 1] = this.#firstOp[record + 1]!
      count++
    }
    const from = sink.length
    const write = (index: number): void => this.#write(index, lineBreaks)
    if (this.#usable === undefined) for (let index = 0; index < count; index++) write(index)
    else {
      const written = this.#usable.write(block, ops, this.#ranges, count, sink, lineBreaks, write)
      this.account.published += written
    }
    this.wrote(this.#passing, count, from)
    this.quasiIdentifiers?.take(block, first, behind, this.#passing, count)
  }

  /** Writes one of the records that pass, of any kind. */
  #write(index: number, lineBreak: boolean): void {
    const { block, sink } = this
    const from = this.#ranges[index * 2]!
    const to = this.#ranges[index * 2 + 1]!
    if (this.#writer.write(block, this.#walker.ops, from, to)) {
      this.account.published++
      if (lineBreak) sink.byte(LF)
    } else {
      this.deadLetter(this.#passing[index]!, 'map-name-collision', -1)
      this.#passing[index] = -1
    }
  }

  #takeNames(): void {
    const { names } = this.#walker
    if (names === undefined) return
    this.account.unlistedNames ??= newNames()
    for (const [path, count] of Object.entries(names)) countName(this.account.unlistedNames, path, count)
    this.#walker.names = newNames()
  }
}

const LF = 0x0a

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) {
    const byte = bytes[p]!
    if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false
  }
  return true
}
