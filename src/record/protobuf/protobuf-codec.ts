/**
 * Messages of Protobuf in the frame of a schema registry: 0x00, the id of the schema that wrote them, which message of it they
 * are, and their bytes.
 */
import type { RecordCode } from '../../errors.ts'
import type { Plan } from '../../policy/plan.ts'
import type { Block } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import { BLOCK_RECORDS, type Codec, type ScanCounts } from '../codec.ts'
import type { Format } from '../format.ts'
import { JsonRecords } from '../json/json-records.ts'
import { jsonFormat } from '../json/json-writer.ts'
import { maxResultBytes } from '../limits.ts'
import { newNames } from '../names.ts'
import { overTypes, SchemaFault, type SchemaNews } from '../schema-text.ts'
import type { Shape } from '../shape.ts'
import { TypedProgram } from '../typed/typed-program.ts'
import { FRAME_BYTES, MAGIC, schemaIdAt } from '../wire-form.ts'
import { readIndexes } from './message-indexes.ts'
import { readProtoSchema } from './proto-schema.ts'
import { messageAt, type ProtoFile, type ProtoType } from './proto-type.ts'
import { ProtoWalker, protoCode } from './proto-walker.ts'

const LF = 0x0a

export interface ProtobufCodecOptions {
  readonly maxRecordBytes: number
  readonly showNames: boolean
  /** Whether a member that no rule names makes a record fail. */
  readonly rejectUnlisted: boolean
  /** How many fields of the value the plan has. */
  readonly fields: number
  readonly plan: Plan
  /** Whether a record may only be of the first message of its schema, since outputs have a schema that follows from that. */
  readonly firstOnly: boolean
  /** Whether a WebAssembly kernel may write common records. What comes out is the same. */
  readonly kernels: boolean
}

/** @throws SchemaFault where the plan has no rule for what the message tags */
export const protoProgram = (type: ProtoType, shape: Shape, plan: Plan): TypedProgram<ProtoType> =>
  overTypes(() => new TypedProgram({ type, shape, plan, codeOf: protoCode, isTold: false }))

/** A schema that is known here, with what was made of its messages, by their indexes. */
interface Known {
  readonly file: ProtoFile
  readonly programs: Map<string, TypedProgram<ProtoType> | RecordCode>
}

/** Reads Protobuf, and writes JSON. */
export class ProtobufCodec implements Codec {
  readonly format: Format = jsonFormat
  next = 0
  line = 0
  readonly #shape: Shape
  readonly #options: ProtobufCodecOptions
  readonly #walker: ProtoWalker
  readonly #json: JsonRecords
  readonly #schemas = new Map<number, Known | RecordCode>()
  #block!: Block
  #bytes: Uint8Array = new Uint8Array(0)
  #length = 0
  /** First operation of each record of the block, and behind them where the last one's end. */
  readonly #first = new Int32Array(BLOCK_RECORDS + 1)

  constructor(shape: Shape, options: ProtobufCodecOptions) {
    this.#shape = shape
    this.#options = options
    this.#walker = new ProtoWalker({
      reject: options.rejectUnlisted,
      mostTextBytes: maxResultBytes(options.maxRecordBytes),
      isTold: false,
    })
    if (options.showNames) this.#walker.typed.names = newNames()
    this.#json = new JsonRecords(shape, options.fields, options.kernels)
  }

  /** Between two chunks: schemas that records may name from now on, and those that none will name. */
  learn({ known, forgotten }: SchemaNews): void {
    for (const { id, part } of forgotten) if (part === 'value') this.#schemas.delete(id)
    for (const { id, part, schema } of known) {
      if (part !== 'value') continue
      try {
        this.#schemas.set(
          id,
          typeof schema === 'string' ? schema : { file: readProtoSchema(schema), programs: new Map() },
        )
      } catch (error) {
        if (!(error instanceof SchemaFault)) throw error
        this.#schemas.set(id, error.code)
      }
    }
  }

  open(block: Block, bytes: Uint8Array, length: number): void {
    this.#block = block
    this.#bytes = bytes
    this.#length = length
    this.next = 0
    this.line = 0
    this.#walker.typed.open(bytes, block)
  }

  /** What stands in lines has no frame. */
  scan(): void {
    const start = this.next
    let end = this.#bytes.indexOf(LF, start)
    if (end < 0 || end > this.#length) end = this.#length
    this.next = end + 1
    this.scanSpan(start, end, this.line++)
  }

  scanSpan(start: number, end: number, line: number): void {
    const block = this.#block
    const record = block.addRecord(line)
    this.#first[record] = this.#walker.typed.ops.count
    const code = this.#scan(start, end, record)
    if (code !== undefined) block.fail(record, code, -1)
  }

  #scan(start: number, end: number, record: number): RecordCode | undefined {
    const bytes = this.#bytes
    if (end - start > this.#options.maxRecordBytes) return 'record-too-large'
    if (end - start < FRAME_BYTES || bytes[start] !== MAGIC) return 'not-framed'
    // A schema that is not known here was never read: nothing of the record can be told from it.
    const known = this.#schemas.get(schemaIdAt(bytes, start)) ?? 'schema-unknown'
    if (typeof known === 'string') return known
    const indexes = readIndexes(bytes, start + FRAME_BYTES, end)
    if (indexes === undefined) return 'payload-malformed'
    if (this.#options.firstOnly && indexes.path !== '0') return 'output-unwritable'
    let program = known.programs.get(indexes.path)
    if (program === undefined) {
      const found = messageAt(known.file, indexes.path.split('.').map(Number))
      if (found === undefined) return 'payload-malformed'
      program = found === 'ambiguous' ? 'schema-refused' : this.#programOf(found)
      known.programs.set(indexes.path, program)
    }
    if (typeof program === 'string') return program
    return this.#walker.walk(program, indexes.end, end, this.#block.recordScope[record]!)
  }

  #programOf(type: ProtoType): TypedProgram<ProtoType> | RecordCode {
    try {
      return protoProgram(type, this.#shape, this.#options.plan)
    } catch (error) {
      if (!(error instanceof SchemaFault)) throw error
      return error.code
    }
  }

  takeCounts(): ScanCounts {
    const walker = this.#walker.typed
    const { unlisted, names } = walker
    walker.unlisted = 0
    if (names !== undefined) walker.names = newNames()
    return { blank: 0, unlisted, names }
  }

  write(passing: Int32Array, count: number, sink: ByteSink, ends?: Int32Array): void {
    const block = this.#block
    this.#first[block.recordCount] = this.#walker.typed.ops.count
    this.#json.write(block, this.#walker.typed.ops, this.#first, passing, count, sink, ends)
  }

  nextBlock(): void {
    this.#walker.typed.open(this.#bytes, this.#block)
  }
}
