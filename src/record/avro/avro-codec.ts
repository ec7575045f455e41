/** Avro records in the frame of a schema registry: 0x00, the id of the schema that wrote them, and their bytes. */
import type { RecordCode } from '../../errors.ts'
import type { Plan } from '../../policy/plan.ts'
import type { Block } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import type { Codec, ScanCounts } from '../codec.ts'
import type { Format } from '../format.ts'
import { JsonRecords } from '../json/json-records.ts'
import { jsonFormat } from '../json/json-writer.ts'
import { maxResultBytes } from '../limits.ts'
import { type KnownSchema, overTypes, type SchemaNews, type SchemaText } from '../schema-text.ts'
import type { Shape } from '../shape.ts'
import { FramedScan } from '../typed/framed-scan.ts'
import { KernelRecords } from '../typed/many-records.ts'
import { TypedProgram } from '../typed/typed-program.ts'
import { frameOf } from '../wire-form.ts'
import { avroKernel } from './avro-kernel.ts'
import { type AvroType, readAvroSchema } from './avro-schema.ts'
import { codeOf } from './avro-values.ts'
import { AvroWalker } from './avro-walker.ts'
import { AvroWriter } from './avro-writer.ts'
import { outputSchemaText } from './output-schema.ts'
import { type Out, OutputTypes } from './output-type.ts'

const LF = 0x0a

export interface AvroCodecOptions {
  readonly maxRecordBytes: number
  readonly showNames: boolean
  /** Whether a member that no rule names makes a record fail. */
  readonly rejectUnlisted: boolean
  /** How many fields of the value the plan has. */
  readonly fields: number
  readonly plan: Plan
  readonly output: 'json' | 'avro'
  /** Whether a WebAssembly kernel may write common records. What comes out is the same. */
  readonly kernels: boolean
}

/** @throws SchemaFault where the text is no schema of Avro, or something tagged has no rule */
export const avroProgram = (
  schema: SchemaText,
  shape: Shape,
  plan: Plan,
  output: 'json' | 'avro',
): TypedProgram<AvroType> =>
  new TypedProgram({ type: readAvroSchema(schema), shape, plan, codeOf, isTold: output === 'avro' })

/** A schema that is known here. */
interface Known {
  readonly program: TypedProgram<AvroType>
  /** What is written by, where that is Avro: its frame, and the types. */
  readonly frame: Uint8Array | undefined
  readonly out: Out | undefined
}

/** Reads Avro, and writes JSON or Avro. */
export class AvroCodec implements Codec {
  readonly format: Format = jsonFormat
  readonly #shape: Shape
  readonly #options: AvroCodecOptions
  readonly #walker: AvroWalker
  readonly #scan: FramedScan<Known>
  readonly #json: JsonRecords
  readonly #writer: AvroWriter
  /** What each record of the block was written by. */
  readonly #writtenBy: (Known | undefined)[] = []

  constructor(shape: Shape, options: AvroCodecOptions) {
    this.#shape = shape
    this.#options = options
    const { maxRecordBytes, showNames } = options
    const walker = new AvroWalker({
      reject: options.rejectUnlisted,
      mostTextBytes: maxResultBytes(maxRecordBytes),
      isTold: options.output === 'avro',
    })
    this.#walker = walker
    const { typed } = walker
    // The kernel counts what is unlisted, and cannot name it; and it knows neither patterns nor tags.
    const canKernel =
      options.kernels && !showNames && shape.openNodes === undefined && options.plan.tags === undefined
    const many = new KernelRecords<Known, AvroType>(
      {
        format: avroKernel,
        fields: options.fields,
        watches: shape.watches.length,
        isTold: options.output === 'avro',
        rejects: options.rejectUnlisted,
        mostTextBytes: typed.mostTextBytes,
      },
      walker,
      ({ program }) => program,
      (known, record) => {
        this.#writtenBy[record] = known
      },
    )
    this.#scan = new FramedScan({
      ...{ maxRecordBytes, showNames, walker: typed, many: canKernel ? many : undefined },
      noted: options.output === 'json' ? () => typed.ops.count : () => typed.tokenCount,
      learned: (schema) => this.#learned(schema),
      walk: (known, start, end, record) => {
        this.#writtenBy[record] = known
        return walker.walk(known.program, start, end, this.#scan.block.recordScope[record]!)
      },
    })
    this.#json = new JsonRecords(shape, options.fields, options.kernels && options.output === 'json')
    this.#writer = new AvroWriter(walker)
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

  #learned({ schema, output }: KnownSchema): Known | RecordCode {
    if (typeof schema === 'string') return schema
    const { plan, output: form } = this.#options
    return overTypes(() => {
      const program = avroProgram(schema, this.#shape, plan, form)
      if (form === 'json') return { program, frame: undefined, out: undefined }
      const { root } = new OutputTypes(plan, program)
      // What was registered has to be what is written.
      if (output === undefined || outputSchemaText(root) !== output.text) return 'schema-refused'
      return { program, frame: frameOf(output.id), out: root }
    })
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

  scanSpans(starts: Int32Array, ends: Int32Array, at: number, line: number): number {
    return this.#scan.scanSpans(starts, ends, at, line)
  }

  takeCounts(): ScanCounts {
    return this.#scan.takeCounts()
  }

  write(passing: Int32Array, count: number, sink: ByteSink, ends?: Int32Array): void {
    const scan = this.#scan
    const { block, first } = scan
    scan.noteEnd()
    if (this.#options.output === 'json') {
      this.#json.write(block, this.#walker.typed.ops, first, passing, count, sink, ends)
      return
    }
    for (let index = 0; index < count; index++) {
      const record = passing[index]!
      const { program, frame, out } = this.#writtenBy[record]!
      sink.append(frame!)
      const code = this.#writer.write(block, program.root, out!, first[record]!, sink)
      if (code === undefined) sink.byte(LF)
      else {
        sink.length -= frame!.length
        block.fail(record, code, -1)
        passing[index] = -1
      }
      if (ends !== undefined) ends[index] = sink.length - 1
    }
  }

  nextBlock(): void {
    this.#scan.nextBlock()
  }
}
