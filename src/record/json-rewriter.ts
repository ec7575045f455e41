/** De-identifies NDJSON: one JSON object a line. */
import type { Plan } from '../policy/plan.ts'
import { countName, newNames } from './account.ts'
import { JsonWalker } from './json-walker.ts'
import { JsonWriter, jsonFormat } from './json-writer.ts'
import type { Outcome } from './outcome.ts'
import { BLOCK_RECORDS, padded, type RewriteOptions, Rewriter, type Rewritten } from './rewriter.ts'

export class JsonRewriter extends Rewriter {
  readonly #walker: JsonWalker
  readonly #writer: JsonWriter
  /** First operation of each record of the block. */
  readonly #firstOp: number[] = []

  constructor(plan: Plan, options: RewriteOptions) {
    super(plan, jsonFormat, options)
    this.#walker = new JsonWalker(this.shape, plan.unlisted === 'reject')
    if (options.showNames === true) this.#walker.names = newNames()
    this.#writer = new JsonWriter(this.shape, this.sink)
  }

  /**
   * Rewrites the lines of `bytes[0..length)`. A line break, or `PADDING` bytes that start with one, must follow.
   */
  rewrite(bytes: Uint8Array, length: number): Rewritten {
    this.openChunk(bytes)
    this.#walker.open(bytes, this.block)
    let line = 0
    let start = 0
    while (start < length) {
      let end = bytes.indexOf(0x0a, start)
      if (end < 0 || end > length) end = length
      this.#read(start, end, line++)
      start = end + 1
      if (this.block.recordCount >= BLOCK_RECORDS) this.#writeBlock(true)
    }
    this.#writeBlock(true)
    return { output: this.takeOutput(), deadLetters: this.deadLetters, lines: line }
  }

  /** Rewrites one record, which may span lines. The account counts it. */
  rewriteOne(record: Uint8Array): Outcome {
    this.openChunk(padded(record))
    this.#walker.open(this.bytes, this.block)
    const published = this.account.published
    this.#record(0, record.length, 0)
    this.#writeBlock(false)
    const value = this.takeOutput()
    const failed = this.deadLetters[0]
    if (failed !== undefined) {
      const rule = failed.rule < 0 ? undefined : this.plan.rules[failed.rule]!.label
      return { kind: 'dead-letter', code: failed.code, rule }
    }
    if (this.account.published === published) return { kind: 'suppress', rule: this.plan.retention!.label }
    return { kind: 'publish', value }
  }

  #read(start: number, end: number, line: number): void {
    // A line that is too long is a dead letter whatever it holds: often it is skipped unseen.
    if (end - start <= this.maxRecordBytes && isBlank(this.bytes, start, end)) {
      this.account.blank++
      return
    }
    this.#record(start, end, line)
  }

  #record(start: number, end: number, line: number): void {
    const { block } = this
    const record = block.addRecord(line)
    this.account.records++
    this.#firstOp[record] = this.#walker.opCount
    if (end - start > this.maxRecordBytes) block.fail(record, 'record-too-large', -1)
    else if (!this.isUtf8(start, end)) block.fail(record, 'bad-utf8', -1)
    else {
      const code = this.#walker.walk(start, end, block.recordScope[record]!)
      if (code !== undefined) block.fail(record, code, -1)
    }
  }

  #writeBlock(lineBreaks: boolean): void {
    const { block, sink } = this
    this.applier.run(block)
    this.#firstOp[block.recordCount] = this.#walker.opCount
    for (let record = 0; record < block.recordCount; record++) {
      if (this.withheld(record)) continue
      if (this.#writer.write(block, this.#walker, this.#firstOp[record]!, this.#firstOp[record + 1]!)) {
        this.account.published++
        if (lineBreaks) sink.byte(LF)
      } else this.deadLetter(record, 'map-name-collision', -1)
    }
    this.account.unlisted += this.#walker.unlisted
    this.#walker.unlisted = 0
    this.#takeNames()
    this.nextBlock()
    this.#walker.open(this.bytes, block)
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
