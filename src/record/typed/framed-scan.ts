/**
 * Finds records in the frame of a schema registry, 0x00 and the id of the schema that wrote them, and gives each to the walk of its
 * format. It knows which schemas records may name; what a format makes of one, and how it walks a record, the format says.
 */
import type { RecordCode } from '../../errors.ts'
import type { Block } from '../block.ts'
import { BLOCK_RECORDS, type ScanCounts } from '../codec.ts'
import { newNames } from '../names.ts'
import { type KnownSchema, SchemaFault, type SchemaNews } from '../schema-text.ts'
import { FRAME_BYTES, MAGIC, schemaIdAt } from '../wire-form.ts'
import type { ManyRecords } from './many-records.ts'

const LF = 0x0a

/** Of the walker of a format: what any scan asks of it. */
export interface RecordWalk {
  /** Members met that no rule names. */
  unlisted: number
  names: Record<string, number> | undefined
  /** Starts a block over `bytes`. */
  open(bytes: Uint8Array, block: Block): void
}

export interface FramedFormat<Known> {
  readonly maxRecordBytes: number
  readonly showNames: boolean
  readonly walker: RecordWalk
  /** What the walk has noted so far: where the next record's part begins. */
  readonly noted: () => number
  /** What is made of a schema, or why records of it fail. May throw `SchemaFault`. */
  readonly learned: (schema: KnownSchema) => Known | RecordCode
  /** Walks the record of the block whose value is `[start, end)`, behind the id; why it fails, if it does. */
  readonly walk: (known: Known, start: number, end: number, record: number) => RecordCode | undefined
  /** What takes many records at once; undefined where none can. */
  readonly many: ManyRecords<Known> | undefined
}

export class FramedScan<Known extends object> {
  next = 0
  line = 0
  block!: Block
  bytes: Uint8Array = new Uint8Array(0)
  /** What was noted in front of each record of the block, and behind them what is noted now, once `noteEnd` was called. */
  readonly first: Int32Array<ArrayBuffer> = new Int32Array(BLOCK_RECORDS + 1)
  readonly #format: FramedFormat<Known>
  readonly #schemas = new Map<number, Known | RecordCode>()
  #length = 0

  constructor(format: FramedFormat<Known>) {
    this.#format = format
    if (format.showNames) format.walker.names = newNames()
  }

  /** Between two chunks: schemas that records may name from now on, and those that none will name. */
  learn({ known, forgotten }: SchemaNews): void {
    for (const { id, part } of forgotten) if (part === 'value') this.#schemas.delete(id)
    for (const schema of known)
      if (schema.part === 'value') this.#schemas.set(schema.id, this.#learned(schema))
  }

  #learned(schema: KnownSchema): Known | RecordCode {
    try {
      return this.#format.learned(schema)
    } catch (error) {
      if (!(error instanceof SchemaFault)) throw error
      return error.code
    }
  }

  open(block: Block, bytes: Uint8Array, length: number): void {
    this.block = block
    this.bytes = bytes
    this.#length = length
    this.next = 0
    this.line = 0
    this.#format.walker.open(bytes, block)
  }

  /** What stands in lines has no frame. */
  scan(): void {
    const start = this.next
    let end = this.bytes.indexOf(LF, start)
    if (end < 0 || end > this.#length) end = this.#length
    this.next = end + 1
    this.scanSpan(start, end, this.line++)
  }

  scanSpan(start: number, end: number, line: number): void {
    const { block } = this
    const record = block.addRecord(line)
    this.first[record] = this.#format.noted()
    const code = this.#scan(start, end, record)
    if (code !== undefined) block.fail(record, code, -1)
  }

  /** The same for the records `[starts[at], ends[at])` and those behind it, of which the first is line `line`; gives how many it took. */
  scanSpans(starts: Int32Array, ends: Int32Array, at: number, line: number): number {
    const { many, noted } = this.#format
    const { block } = this
    if (at === 0) many?.open(this.bytes, starts, ends, (index) => this.#knownAt(starts[index]!, ends[index]!))
    const [record, before] = [block.recordCount, noted()]
    const taken =
      many?.take(block, starts, at, Math.min(BLOCK_RECORDS - record, starts.length - at), line) ?? 0
    if (taken === 0) {
      this.scanSpan(starts[at]!, ends[at]!, line)
      return 1
    }
    for (let index = 0; index < taken; index++) this.first[record + index] = before + many!.firstNoted[index]!
    this.#format.walker.unlisted += many!.unlisted
    return taken
  }

  /** What is known of the schema of a record; undefined where it fails. */
  #knownAt(start: number, end: number): Known | undefined {
    if (end - start > this.#format.maxRecordBytes || end - start < FRAME_BYTES || this.bytes[start] !== MAGIC)
      return undefined
    const known = this.#schemas.get(schemaIdAt(this.bytes, start))
    return typeof known === 'string' ? undefined : known
  }

  #scan(start: number, end: number, record: number): RecordCode | undefined {
    if (end - start > this.#format.maxRecordBytes) return 'record-too-large'
    if (end - start < FRAME_BYTES || this.bytes[start] !== MAGIC) return 'not-framed'
    // A schema that is not known here was never read: nothing of the record can be told from it.
    const known = this.#schemas.get(schemaIdAt(this.bytes, start)) ?? 'schema-unknown'
    if (typeof known === 'string') return known
    return this.#format.walk(known, start + FRAME_BYTES, end, record)
  }

  /** The block is whole. */
  noteEnd(): void {
    this.first[this.block.recordCount] = this.#format.noted()
  }

  takeCounts(): ScanCounts {
    const { walker } = this.#format
    const { unlisted, names } = walker
    walker.unlisted = 0
    if (names !== undefined) walker.names = newNames()
    return { blank: 0, unlisted, names }
  }

  nextBlock(): void {
    this.#format.walker.open(this.bytes, this.block)
  }
}
