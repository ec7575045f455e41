/**
 * Messages of Protobuf in the frame of a schema registry: 0x00, the id of the schema that wrote them, which message of it they
 * are, and their bytes.
 */
import type { RecordCode } from '../../errors.ts'
import type { Plan } from '../../policy/plan.ts'
import type { Block } from '../block.ts'
import { ByteSink } from '../byte-sink.ts'
import type { Codec, ScanCounts } from '../codec.ts'
import type { Format } from '../format.ts'
import { JsonRecords } from '../json/json-records.ts'
import { jsonFormat } from '../json/json-writer.ts'
import { maxResultBytes } from '../limits.ts'
import { type KnownSchema, overTypes, SchemaFault, type SchemaNews, type SchemaText } from '../schema-text.ts'
import type { Shape } from '../shape.ts'
import { FramedScan } from '../typed/framed-scan.ts'
import { KernelRecords } from '../typed/many-records.ts'
import { TypedProgram } from '../typed/typed-program.ts'
import { frameOf } from '../wire-form.ts'
import { readIndexes } from './message-indexes.ts'
import { OTHER, ProtoDirectWriter } from './proto-direct-writer.ts'
import { protoKernel } from './proto-kernel.ts'
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
  /** Whether kernels may scan and write common records, and Protobuf may be written without its JSON. What comes out is the same. */
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
  readonly #shape: Shape
  readonly #options: ProtobufCodecOptions
  readonly #walker: ProtoWalker
  readonly #scan: FramedScan<Known>
  readonly #json: JsonRecords
  readonly #writer = new ProtoWriter()
  readonly #direct: ProtoDirectWriter
  /** A record as JSON. */
  readonly #text = new ByteSink(0)
  /** What each record of the block is written by. */
  readonly #writtenBy: (Written | undefined)[] = []

  constructor(shape: Shape, options: ProtobufCodecOptions) {
    this.#shape = shape
    this.#options = options
    const { maxRecordBytes, showNames } = options
    this.#walker = new ProtoWalker({
      reject: options.rejectUnlisted,
      mostTextBytes: maxResultBytes(maxRecordBytes),
      isTold: false,
    })
    const { typed } = this.#walker
    // The kernel counts what is unlisted, and cannot name it; and it knows neither patterns nor tags.
    const canKernel =
      options.kernels && !showNames && shape.openNodes === undefined && options.plan.tags === undefined
    const many = new KernelRecords<Known, ProtoType>(
      {
        format: protoKernel,
        fields: options.fields,
        watches: shape.watches.length,
        isTold: false,
        rejects: options.rejectUnlisted,
        mostTextBytes: typed.mostTextBytes,
      },
      this.#walker,
      (known, bytes, start) => this.#firstProgram(known, bytes, start),
      (known, record) => {
        this.#writtenBy[record] = known.written
      },
    )
    this.#scan = new FramedScan({
      ...{ maxRecordBytes, showNames, walker: typed, many: canKernel ? many : undefined },
      noted: () => typed.ops.count,
      learned: ({ schema, output }) => (typeof schema === 'string' ? schema : this.#learned(schema, output)),
      walk: (known, start, end, record) => this.#walk(known, start, end, record),
    })
    this.#direct = new ProtoDirectWriter(shape, this.#writer)
    this.#json = new JsonRecords(shape, options.fields, options.kernels)
  }

  get next(): number {
    return this.#scan.next
  }

  get line(): number {
    return this.#scan.line
  }

  learn(news: SchemaNews): void {
    this.#scan.learn(news)
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
    this.#scan.open(block, bytes, length)
  }

  scan(): void {
    this.#scan.scan()
  }

  scanSpan(start: number, end: number, line: number): void {
    this.#scan.scanSpan(start, end, line)
  }

  #walk(known: Known, start: number, end: number, record: number): RecordCode | undefined {
    const { bytes, block } = this.#scan
    this.#writtenBy[record] = known.written
    const indexes = readIndexes(bytes, start, end)
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
    return this.#walker.walk(program, indexes.end, end, block.recordScope[record]!)
  }

  /** Most records are of the first message: one byte says so. */
  #firstProgram(known: Known, bytes: Uint8Array, start: number): TypedProgram<ProtoType> | undefined {
    if (bytes[start] !== 0) return undefined
    let program = known.programs.get('0')
    if (program === undefined) {
      program = this.#programOf(known.file.messages[0]!.type)
      known.programs.set('0', program)
    }
    return typeof program === 'string' ? undefined : program
  }

  #programOf(type: ProtoType): TypedProgram<ProtoType> | RecordCode {
    try {
      return protoProgram(type, this.#shape, this.#options.plan)
    } catch (error) {
      if (!(error instanceof SchemaFault)) throw error
      return error.code
    }
  }

  scanSpans(starts: Int32Array, ends: Int32Array, at: number, line: number): number {
    return this.#scan.scanSpans(starts, ends, at, line)
  }

  takeCounts(): ScanCounts {
    return this.#scan.takeCounts()
  }

  write(passing: Int32Array, count: number, sink: ByteSink, ends?: Int32Array): void {
    const scan = this.#scan
    const { block, first } = scan
    const { ops } = this.#walker.typed
    scan.noteEnd()
    if (this.#options.output === 'json') {
      this.#json.write(block, ops, first, passing, count, sink, ends)
      return
    }
    for (let index = 0; index < count; index++) {
      const record = passing[index]!
      const code = this.#writeOne(record, first[record]!, first[record + 1]!, sink)
      if (code !== undefined) {
        block.fail(record, code, -1)
        passing[index] = -1
      }
      if (ends !== undefined) ends[index] = sink.length - 1
    }
  }

  /** Writes a record as Protobuf from operations `[from, to)`; gives why it cannot be written, and nothing is then. */
  #writeOne(record: number, from: number, to: number, sink: ByteSink): RecordCode | undefined {
    const { block } = this.#scan
    const { ops } = this.#walker.typed
    const { frame, root } = this.#writtenBy[record]!
    const began = sink.length
    sink.append(frame)
    let code: RecordCode | typeof OTHER | undefined = OTHER
    if (this.#options.kernels) code = this.#direct.write(block, ops, from, to, root, sink)
    if (code === OTHER) {
      const text = this.#text
      text.length = 0
      if (!this.#json.one(block, ops, from, to, text)) code = 'map-name-collision'
      else code = this.#writer.write(text.bytes, 0, root, sink)
    }
    if (code === undefined) sink.byte(LF)
    else sink.length = began
    return code
  }

  nextBlock(): void {
    this.#scan.nextBlock()
  }
}
