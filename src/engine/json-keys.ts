/**
 * Record keys that are JSON: `$key.id` names a member of the key, `$key` with `format: json` a scalar. The keys stand in the
 * chunk, behind the values; a walker of their own finds the listed members, so that the same rules run over them, and a
 * writer makes the output's key of the results. What no rule names in a key does not leave.
 */
import { isUtf8 } from 'node:buffer'
import type { DeadLetterCode } from '../errors.ts'
import type { Path } from '../policy/path.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import type { Block } from '../record/block.ts'
import { ByteSink } from '../record/byte-sink.ts'
import { BLOCK_RECORDS } from '../record/codec.ts'
import { JsonWalker } from '../record/json/json-walker.ts'
import { JsonWriter } from '../record/json/json-writer.ts'
import { type Shape, shapeOf } from '../record/shape.ts'
import type { MessageBatch } from './message-batch.ts'

const LF = 0x0a
/** Of a message: it has no key. */
const NONE = -1

/** Whether a field is of a key that is read as JSON. */
export const isOfJsonKey = ({ path, format }: PlanField): boolean =>
  path.envelope === 'key' && (path.segments.length > 0 || format === 'json')

/**
 * The rules of a JSON key as a plan of their own, of which the key is the record. No value of the record can be asked
 * for: of several rules, the one applies that needs none.
 */
export function keyPlanOf(plan: Plan, fields: readonly PlanField[]): Plan {
  return {
    ...plan,
    fields: fields.map((field) => {
      const path = withinKey(field.path)
      const rulesByStep = field.rulesByStep.map((rules) => rules.map((rule) => ({ ...rule, when: [] })))
      return { ...field, path, from: path, rulesByStep }
    }),
    // Fields of the key have rules by path alone.
    tags: undefined,
    envelope: [],
    carriers: plan.carriers.flatMap((carrier) =>
      carrier.path.envelope === 'key' ? [{ ...carrier, path: withinKey(carrier.path) }] : [],
    ),
    either: [],
    subject: undefined,
    time: undefined,
    retention: undefined,
    crowd: undefined,
    input: {},
    required: [],
  }
}

const withinKey = ({ text, segments }: Path): Path => ({ text: text.slice('$key.'.length), segments })

/** Why a key is none, in words of keys. */
export function codeOfKey(code: DeadLetterCode): DeadLetterCode {
  if (code === 'unlisted-field') return 'key-member-unlisted'
  return code.startsWith('json-') || SHAPES.has(code) ? 'key-not-json' : code
}

const SHAPES: ReadonlySet<DeadLetterCode> = new Set<DeadLetterCode>([
  'not-an-object',
  'array-length',
  'container-for-scalar',
  'scalar-for-container',
])

export class JsonKeys {
  readonly #shape: Shape
  readonly #walker: JsonWalker
  readonly #writer: JsonWriter
  readonly #sink = new ByteSink(0)
  /** By message: where its key stands in the chunk. */
  #starts = new Int32Array(0)
  #ends = new Int32Array(0)
  /** By message: its key is no text. */
  readonly #codes: (DeadLetterCode | undefined)[] = []
  /** First operation of each record of the block, and behind them where the last one's end. */
  readonly #firstOp = new Int32Array(BLOCK_RECORDS + 1)

  /** `fields`: those of the key, as they are numbered in blocks. `reject`: whether a member that no rule names fails. */
  constructor(plan: Plan, fields: readonly PlanField[], reject: boolean) {
    this.#shape = shapeOf(keyPlanOf(plan, fields))
    this.#walker = new JsonWalker(this.#shape, reject)
    this.#writer = new JsonWriter(this.#shape)
  }

  /** Starts a batch of so many messages. */
  open(messages: number): void {
    if (messages > this.#starts.length) {
      this.#starts = new Int32Array(messages)
      this.#ends = new Int32Array(messages)
    }
    this.#starts.fill(NONE, 0, messages)
    this.#codes.length = 0
  }

  /** Puts the key of a message into the chunk. */
  put(index: number, messages: MessageBatch, chunk: ByteSink): void {
    const key = messages.key(index)
    if (key === null) return
    if (!isUtf8(key)) {
      this.#codes[index] = 'key-not-utf8'
      return
    }
    this.#starts[index] = chunk.length
    chunk.append(key)
    this.#ends[index] = chunk.length
    chunk.byte(LF)
  }

  /** Adds the slots of the block's records. `messageOf` says by a record's line which message it is. */
  addSlots(block: Block, messageOf: Int32Array): void {
    this.#walker.open(block.bytes, block)
    for (let record = 0; record < block.recordCount; record++) {
      this.#firstOp[record] = this.#walker.ops.count
      const message = messageOf[block.recordLine[record]!]!
      const code = this.#codes[message] ?? this.#walk(block, record, message)
      if (code !== undefined) block.fail(record, code, -1)
    }
    this.#firstOp[block.recordCount] = this.#walker.ops.count
  }

  #walk(block: Block, record: number, message: number): DeadLetterCode | undefined {
    const start = this.#starts[message]!
    if (start === NONE) return undefined
    const slot = block.slotCount
    const code = this.#walker.walk(start, this.#ends[message]!, block.recordScope[record]!)
    block.slotRecord.fill(record, slot, block.slotCount)
    return code === undefined ? undefined : codeOfKey(code)
  }

  /** Members that no rule names, since the last call. */
  takeUnlisted(): number {
    const { unlisted } = this.#walker
    this.#walker.unlisted = 0
    return unlisted
  }

  /** The output's key for a record that passes, good until the next call; undefined where none may leave. */
  keyOf(block: Block, record: number): Uint8Array | undefined {
    const from = this.#firstOp[record]!
    const to = this.#firstOp[record + 1]!
    if (from === to) return undefined
    this.#sink.length = 0
    this.#writer.write(block, this.#walker.ops, from, to, this.#sink)
    return keyWritten(this.#sink.bytes.subarray(0, this.#sink.length))
  }
}

const NULL = Buffer.from('null')

/** A key that was dropped, or became null, is none. */
export const keyWritten = (key: Uint8Array): Uint8Array | undefined =>
  key.length === 0 || NULL.equals(key) ? undefined : key
