/** JSON objects: one a line in files, any in messages. */
import { isUtf8 } from 'node:buffer'
import type { RecordCode } from '../../errors.ts'
import type { Block } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import { BLOCK_RECORDS, type Codec, type CodecOptions, type ScanCounts } from '../codec.ts'
import type { Format } from '../format.ts'
import { type JsonKernel, JsonKernels } from '../kernel/json-kernel.ts'
import { newNames } from '../names.ts'
import type { Shape } from '../shape.ts'
import { FRAME_BYTES } from '../wire-form.ts'
import { JsonWalker } from './json-walker.ts'
import { JsonWriter, jsonFormat } from './json-writer.ts'
import type { TaggedFrames } from './tagged-frames.ts'

const LF = 0x0a

export interface JsonCodecOptions extends CodecOptions {
  /** Whether a member that no rule names makes a record fail. */
  readonly rejectUnlisted: boolean
  /** How many fields of the value the plan has. */
  readonly fields: number
  /** Records stand in frames, and the tags of the schemas that these name count. */
  readonly frames?: TaggedFrames | undefined
}

export class JsonCodec implements Codec {
  readonly format: Format = jsonFormat
  next = 0
  line = 0
  readonly #options: JsonCodecOptions
  readonly #walker: JsonWalker
  readonly #writer: JsonWriter
  readonly #kernels: JsonKernels | undefined
  /** The kernel, where it has the chunk at hand. */
  #usable: JsonKernel | undefined
  #block!: Block
  #bytes: Uint8Array = new Uint8Array(0)
  #length = 0
  #utf8 = true
  /** First operation of each record of the block, and behind them where the last one's end. */
  readonly #firstOp = new Int32Array(BLOCK_RECORDS + 1)
  /** Of each record to write, from which operation to which it goes. */
  readonly #ranges = new Int32Array(BLOCK_RECORDS * 2)
  #blank = 0
  #unlisted = 0

  constructor(shape: Shape, options: JsonCodecOptions) {
    this.#options = options
    this.#walker = new JsonWalker(shape, options.rejectUnlisted)
    if (options.showNames) this.#walker.names = newNames()
    this.#writer = new JsonWriter(shape)
    // The kernel counts what is unlisted, and cannot name it; and it knows neither patterns, tags nor JSON in texts.
    this.#kernels =
      options.kernels &&
      options.frames === undefined &&
      !options.showNames &&
      shape.openNodes === undefined &&
      !shape.hasForms
        ? new JsonKernels(shape, options.fields, options.rejectUnlisted, BLOCK_RECORDS)
        : undefined
  }

  open(block: Block, bytes: Uint8Array, length: number, utf8: boolean): void {
    this.#block = block
    this.#bytes = bytes
    this.#length = length
    this.#utf8 = utf8
    this.next = 0
    this.line = 0
    this.#walker.open(bytes, block)
    // Where bytes are no UTF-8, each record has to be checked.
    const kernel = length > 0 && utf8 ? this.#kernels?.for(length) : undefined
    this.#usable = kernel?.open(bytes, length) ? kernel : undefined
  }

  scan(): void {
    const records = this.#usable === undefined ? 0 : this.#scanUsual(this.#usable)
    if (records > 0) {
      this.next = this.#usable!.next
      this.line += records
      return
    }
    const start = this.next
    let end = this.#bytes.indexOf(LF, start)
    if (end < 0 || end > this.#length) end = this.#length
    this.next = end + 1
    const line = this.line++
    // A line that is too long is a dead letter whatever it holds: often it is skipped unseen.
    if (end - start <= this.#options.maxRecordBytes && isBlank(this.#bytes, start, end)) this.#blank++
    else this.#record(start, end, line)
  }

  /** Lets the kernel take the records from `next` on that it knows; gives how many. */
  #scanUsual(kernel: JsonKernel): number {
    const { ops } = this.#walker
    const record = this.#block.recordCount
    const op = ops.count
    const records = kernel.scan(this.#block, ops, this.next, this.line, this.#options.maxRecordBytes)
    if (records === 0) return 0
    this.#unlisted += kernel.unlisted
    for (let i = 0; i < records; i++) this.#firstOp[record + i] = op + kernel.firstOps[i]!
    return records
  }

  scanSpan(start: number, end: number, line: number): void {
    // The kernel has only what stands before `length`.
    this.#usable = undefined
    this.#record(start, end, line)
  }

  #record(start: number, end: number, line: number): void {
    const block = this.#block
    const record = block.addRecord(line)
    this.#firstOp[record] = this.#walker.ops.count
    const code =
      end - start > this.#options.maxRecordBytes
        ? 'record-too-large'
        : this.#walk(start, end, block.recordScope[record]!)
    if (code !== undefined) block.fail(record, code, -1)
  }

  #walk(start: number, end: number, scope: number): RecordCode | undefined {
    const { frames, notUtf8 } = this.#options
    if (frames !== undefined) {
      const program = frames.programAt(this.#bytes, start, end)
      if (typeof program === 'string') return program
      this.#walker.tagged = program.root
      start += FRAME_BYTES
    }
    if (!this.#utf8 && !isUtf8(this.#bytes.subarray(start, end))) return notUtf8
    return this.#walker.walk(start, end, scope)
  }

  takeCounts(): ScanCounts {
    const walker = this.#walker
    const { names } = walker
    const counts = { blank: this.#blank, unlisted: this.#unlisted + walker.unlisted, names }
    this.#blank = 0
    this.#unlisted = 0
    walker.unlisted = 0
    if (names !== undefined) walker.names = newNames()
    return counts
  }

  write(passing: Int32Array, count: number, sink: ByteSink, ends?: Int32Array): void {
    const block = this.#block
    const { ops } = this.#walker
    this.#firstOp[block.recordCount] = ops.count
    const ranges = this.#ranges
    for (let i = 0; i < count; i++) {
      ranges[i * 2] = this.#firstOp[passing[i]!]!
      ranges[i * 2 + 1] = this.#firstOp[passing[i]! + 1]!
    }
    const writeOne = (index: number): void => {
      if (this.#writer.write(block, ops, ranges[index * 2]!, ranges[index * 2 + 1]!, sink)) sink.byte(LF)
      else {
        block.fail(passing[index]!, 'map-name-collision', -1)
        passing[index] = -1
      }
    }
    if (this.#usable === undefined) {
      for (let index = 0; index < count; index++) {
        writeOne(index)
        if (ends !== undefined) ends[index] = sink.length - 1
      }
      return
    }
    const from = sink.length
    this.#usable.write(block, ops, ranges, count, sink, true, writeOne)
    if (ends === undefined) return
    // The kernel's records are one line each. Over the same memory a Buffer finds bytes faster.
    const written = Buffer.from(sink.bytes.buffer, sink.bytes.byteOffset, sink.length)
    for (let index = 0, start = from; index < count; index++) {
      if (passing[index]! < 0) continue
      ends[index] = written.indexOf(LF, start)
      start = ends[index]! + 1
    }
  }

  nextBlock(): void {
    this.#walker.open(this.#bytes, this.#block)
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) {
    const byte = bytes[p]!
    if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false
  }
  return true
}
