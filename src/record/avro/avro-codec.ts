/** Avro records in the frame of a schema registry: 0x00, the id of the schema that wrote them, and their bytes. */
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
import { type KnownSchema, overTypes, SchemaFault, type SchemaNews, type SchemaText } from '../schema-text.ts'
import type { Shape } from '../shape.ts'
import { TypedProgram } from '../typed/typed-program.ts'
import { FRAME_BYTES, frameOf, MAGIC, schemaIdAt } from '../wire-form.ts'
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
  next = 0
  line = 0
  readonly #shape: Shape
  readonly #options: AvroCodecOptions
  readonly #walker: AvroWalker
  readonly #json: JsonRecords
  readonly #writer: AvroWriter
  readonly #schemas = new Map<number, Known | RecordCode>()
  #block!: Block
  #bytes: Uint8Array = new Uint8Array(0)
  #length = 0
  /** First operation or token of each record of the block, and behind them where the last one's end. */
  readonly #first = new Int32Array(BLOCK_RECORDS + 1)
  /** What each record of the block was written by. */
  readonly #writtenBy: (Known | undefined)[] = []

  constructor(shape: Shape, options: AvroCodecOptions) {
    this.#shape = shape
    this.#options = options
    const most = maxResultBytes(options.maxRecordBytes)
    this.#walker = new AvroWalker({
      reject: options.rejectUnlisted,
      mostTextBytes: most,
      isTold: options.output === 'avro',
    })
    if (options.showNames) this.#walker.typed.names = newNames()
    this.#json = new JsonRecords(shape, options.fields, options.kernels && options.output === 'json')
    this.#writer = new AvroWriter(this.#walker)
  }

  /** Between two chunks: schemas that records may name from now on, and those that none will name. */
  learn({ known, forgotten }: SchemaNews): void {
    for (const { id, part } of forgotten) if (part === 'value') this.#schemas.delete(id)
    for (const schema of known)
      if (schema.part === 'value') this.#schemas.set(schema.id, this.#learned(schema))
  }

  #learned({ schema, output }: KnownSchema): Known | RecordCode {
    if (typeof schema === 'string') return schema
    const { plan, output: form } = this.#options
    try {
      return overTypes(() => {
        const program = avroProgram(schema, this.#shape, plan, form)
        if (form === 'json') return { program, frame: undefined, out: undefined }
        const { root } = new OutputTypes(plan, program)
        // What was registered has to be what is written.
        if (output === undefined || outputSchemaText(root) !== output.text) return 'schema-refused'
        return { program, frame: frameOf(output.id), out: root }
      })
    } catch (error) {
      if (!(error instanceof SchemaFault)) throw error
      return error.code
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
    this.#first[record] = this.#noted
    const code = this.#scan(start, end, record)
    if (code !== undefined) block.fail(record, code, -1)
  }

  get #noted(): number {
    return this.#options.output === 'json' ? this.#walker.typed.ops.count : this.#walker.typed.tokenCount
  }

  #scan(start: number, end: number, record: number): RecordCode | undefined {
    this.#writtenBy[record] = undefined
    if (end - start > this.#options.maxRecordBytes) return 'record-too-large'
    if (end - start < FRAME_BYTES || this.#bytes[start] !== MAGIC) return 'not-framed'
    // A schema that is not known here was never read: nothing of the record can be told from it.
    const known = this.#schemas.get(schemaIdAt(this.#bytes, start)) ?? 'schema-unknown'
    if (typeof known === 'string') return known
    this.#writtenBy[record] = known
    return this.#walker.walk(known.program, start + FRAME_BYTES, end, this.#block.recordScope[record]!)
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
    this.#first[block.recordCount] = this.#noted
    if (this.#options.output === 'json')
      this.#json.write(block, this.#walker.typed.ops, this.#first, passing, count, sink, ends)
    else
      for (let index = 0; index < count; index++) {
        const record = passing[index]!
        const { program, frame, out } = this.#writtenBy[record]!
        sink.append(frame!)
        const code = this.#writer.write(block, program.root, out!, this.#first[record]!, sink)
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
    this.#walker.typed.open(this.#bytes, this.#block)
  }
}
