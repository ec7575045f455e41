/**
 * Messages of Protobuf in the frame of a schema registry: 0x00, the id of the schema that wrote them, which message of it they
 * are, and their bytes.
 */
import type { RecordCode } from '../../errors.ts'
import type { Plan } from '../../policy/plan.ts'
import type { Block } from '../block.ts'
import { ByteSink } from '../byte-sink.ts'
import { BLOCK_RECORDS, type Codec, type ScanCounts } from '../codec.ts'
import type { Format } from '../format.ts'
import { JsonRecords } from '../json/json-records.ts'
import { jsonFormat } from '../json/json-writer.ts'
import { maxResultBytes } from '../limits.ts'
import { newNames } from '../names.ts'
import { type KnownSchema, overTypes, SchemaFault, type SchemaNews, type SchemaText } from '../schema-text.ts'
import type { Shape } from '../shape.ts'
import { TypedProgram } from '../typed/typed-program.ts'
import { FRAME_BYTES, frameOf, MAGIC, schemaIdAt } from '../wire-form.ts'
import { readIndexes } from './message-indexes.ts'
import { type OutMessage, ProtoOutput } from './proto-output.ts'
import { protoOutputText } from './proto-output-text.ts'
import { readProtoSchema } from './proto-schema.ts'
import { messageAt, type ProtoFile, type ProtoType } from './proto-type.ts'
import { ProtoWalker, protoCode } from './proto-walker.ts'
import { ProtoWriter } from './proto-writer.ts'

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
  /** What leaves: JSON, which may be put into frames then, or Protobuf in its frames. */
  readonly output: 'json' | 'protobuf'
  /** Whether a WebAssembly kernel may write common records. What comes out is the same. */
  readonly kernels: boolean
}

/** @throws SchemaFault where the plan has no rule for what the message tags */
export const protoProgram = (type: ProtoType, shape: Shape, plan: Plan): TypedProgram<ProtoType> =>
  overTypes(() => new TypedProgram({ type, shape, plan, codeOf: protoCode, isTold: false }))

/**
 * What is written for messages of a type.
 * @throws SchemaFault where no schema says what the plan makes of them
 */
export const protoOutput = (type: ProtoType, shape: Shape, plan: Plan): ProtoOutput =>
  overTypes(
    () => new ProtoOutput(plan, new TypedProgram({ type, shape, plan, codeOf: protoCode, isTold: true })),
  )

/** A schema that is known here, with what was made of its messages, by their indexes. */
interface Known {
  readonly file: ProtoFile
  readonly programs: Map<string, TypedProgram<ProtoType> | RecordCode>
  /** What is written by, where that is Protobuf. */
  readonly written: Written | undefined
}

interface Written {
  /** The frame, and which message of its schema a record is: the first. */
  readonly frame: Uint8Array
  readonly root: OutMessage
}

/** Reads Protobuf, and writes JSON or Protobuf. */
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
  readonly #writer = new ProtoWriter()
  /** The records of a block as JSON, and where each ends. */
  readonly #text = new ByteSink(0)
  readonly #ends = new Int32Array(BLOCK_RECORDS)
  /** What each record of the block is written by. */
  readonly #writtenBy: (Written | undefined)[] = []

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
    for (const { id, part, schema, output } of known) {
      if (part !== 'value') continue
      try {
        this.#schemas.set(id, typeof schema === 'string' ? schema : this.#learned(schema, output))
      } catch (error) {
        if (!(error instanceof SchemaFault)) throw error
        this.#schemas.set(id, error.code)
      }
    }
  }

  #learned(schema: SchemaText, output: KnownSchema['output']): Known | RecordCode {
    const file = readProtoSchema(schema)
    const known = { file, programs: new Map(), written: undefined }
    if (this.#options.output === 'json') return known
    const made = protoOutput(file.messages[0]!.type, this.#shape, this.#options.plan)
    // What was registered has to be what is written.
    if (output === undefined || protoOutputText(made) !== output.text) return 'schema-refused'
    const frame = new Uint8Array([...frameOf(output.id), 0])
    return { ...known, written: { frame, root: made.root } }
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
    this.#writtenBy[record] = known.written
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
    const { ops } = this.#walker.typed
    this.#first[block.recordCount] = ops.count
    if (this.#options.output === 'json') {
      this.#json.write(block, ops, this.#first, passing, count, sink, ends)
      return
    }
    const text = this.#text
    text.length = 0
    const at = this.#ends
    this.#json.write(block, ops, this.#first, passing, count, text, at)
    for (let index = 0, start = 0; index < count; index++) {
      const record = passing[index]!
      if (record >= 0) {
        const { frame, root } = this.#writtenBy[record]!
        sink.append(frame)
        const code = this.#writer.write(text.bytes, start, root, sink)
        start = at[index]! + 1
        if (code === undefined) sink.byte(LF)
        else {
          sink.length -= frame.length
          block.fail(record, code, -1)
          passing[index] = -1
        }
      }
      if (ends !== undefined) ends[index] = sink.length - 1
    }
  }

  nextBlock(): void {
    this.#walker.typed.open(this.#bytes, this.#block)
  }
}
