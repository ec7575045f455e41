/** What is written for a batch. */

import type { DeadLetterCode } from '../errors.ts'
import type { Plan } from '../policy/plan.ts'
import { frameOf } from '../record/wire-form.ts'
import type { TopicDeadLetter } from './dead-letter.ts'
import type { Polled } from './driver.ts'
import { type LetterDestination, LetterWriter, policyLabel } from './letter-writer.ts'
import type { PackedRecords } from './packed-records.ts'
import {
  type OutputHeader,
  type OutputRecord,
  type Outputs,
  partitionKey,
  type TopicPartition,
} from './record.ts'
import type { RoutedBatch } from './routed-batch.ts'
import { POLICY_HEADER, type SourceWriter, sourceHeader } from './source-header.ts'

const BRACE = 0x7b
/** Names the schema that wrote the input, by its id. */
export const SCHEMA_HEADER = 'lethe-schema'
const MOST_SCHEMA_HEADERS = 1024

/** Records written, by kind: apart from the account, which counts inputs. */
export interface Emitted {
  published: number
  tombstones: number
  deadLetters: number
  /** Of the dead letters, where originals are sealed: how many carry theirs, and how many do not. */
  sealed: number
  unsealed: number
  /** Of those published, how many have a timestamp so old that their topic may delete them at once. */
  pastRetention: number
  /** Of those published, how many lost their key because no rule names it, so that nothing tells their partition. */
  unkeyed: number
  /** Of those published, how many have a JSON object for a key, of which the rule of `$key` takes the whole text. */
  wholeKeys: number
  /** Headers of those published that stayed behind. */
  droppedHeaders: number
}

export const noneEmitted = (): Emitted => ({
  published: 0,
  tombstones: 0,
  deadLetters: 0,
  sealed: 0,
  unsealed: 0,
  pastRetention: 0,
  unkeyed: 0,
  wholeKeys: 0,
  droppedHeaders: 0,
})

export interface Destination extends LetterDestination {
  readonly topic: string
  readonly partition: 'key' | 'same'
  /** Whether values name their schemas: then outputs say which it was. */
  readonly hasSchemas?: boolean | undefined
  /** What keys are strings of, in frames: `frameKeys` says by which schema. Undefined: they leave as they are. */
  readonly framesKeys?: 'avro' | 'json' | 'protobuf' | undefined
}

/** What a batch writes, and for which of its records. */
export interface WrittenBatch extends Outputs {
  readonly counts: Emitted
  /** Which input an output is made of. */
  inputOf(output: number): number
  /** The input that all outputs are made of, if it is one. */
  readonly onlyInput: number | undefined
}

export interface BatchWriter {
  /** `oldest`: what has an older timestamp, in ms since the epoch, is not kept by the output topic. */
  write(batch: RoutedBatch, oldest: number): WrittenBatch
  /** Before the first batch, where keys are framed: the id of their schema. */
  frameKeys(id: number): void
  /** What a record of the batch is as a dead letter, without its original. */
  letter(batch: RoutedBatch, index: number): TopicDeadLetter
}

/** A text as a string of Avro, in the frame of a schema registry. */
export function framedString(id: number, text: Uint8Array): Uint8Array {
  const head: number[] = [0, (id >>> 24) & 0xff, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff]
  // A length is zigzag: twice itself.
  let rest = text.length * 2
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) head.push((rest & 0x7f) | 0x80)
  head.push(rest)
  const framed = new Uint8Array(head.length + text.length)
  framed.set(head)
  framed.set(text, head.length)
  return framed
}

/** A text as a string of JSON, in the frame of a schema registry. */
export const framedJsonString = (id: number, text: Uint8Array): Uint8Array =>
  new Uint8Array(
    Buffer.concat([frameOf(id), Buffer.from(JSON.stringify(Buffer.from(text).toString('utf8')))]),
  )

/** A text as the one field of the first message of a schema of Protobuf, in the frame of a schema registry. */
export function framedMessage(id: number, text: Uint8Array): Uint8Array {
  // Which message it is, the tag of the field, and the length.
  const head: number[] = [...frameOf(id), 0, 0x0a]
  let rest = text.length
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) head.push((rest & 0x7f) | 0x80)
  head.push(rest)
  return new Uint8Array(Buffer.concat([Uint8Array.from(head), text]))
}

const FRAMED = { avro: framedString, json: framedJsonString, protobuf: framedMessage } as const

/** Makes the records that a batch writes. */
export class OutputWriter implements BatchWriter {
  readonly #to: Destination
  readonly sources: SourceWriter
  readonly #letters: LetterWriter
  readonly #policyHeader: OutputHeader
  #keySchema: number | undefined
  readonly #schemaHeaders = new Map<number, OutputHeader>()
  /** Whether keys stay behind, and with them what chose a partition. */
  readonly leavesKeys: boolean
  /** Whether a transform takes keys as texts: of a JSON object, that is another text than any of its members. */
  readonly takesWholeKeys: boolean

  constructor(plan: Plan, to: Destination, sources: SourceWriter) {
    this.#to = to
    this.sources = sources
    this.#letters = new LetterWriter(plan, to)
    this.#policyHeader = { [POLICY_HEADER]: policyLabel(plan) }
    const hasRule = plan.envelope.some(({ from }) => from.envelope === 'key')
    this.leavesKeys = !hasRule && to.partition === 'key'
    this.takesWholeKeys = plan.envelope.some(
      ({ path, format, rulesByStep }) =>
        path.text === '$key' &&
        format === undefined &&
        rulesByStep.flat().some(({ action }) => action.kind === 'transform'),
    )
  }

  frameKeys(id: number): void {
    this.#keySchema = id
  }

  #key(key: Uint8Array | null): Uint8Array | null {
    const { framesKeys } = this.#to
    if (key === null || framesKeys === undefined) return key
    if (this.#keySchema === undefined) throw new Error('keys are written before their schema is known')
    return FRAMED[framesKeys](this.#keySchema, key)
  }

  write(batch: RoutedBatch, oldest: number): BatchOutputs {
    return new BatchOutputs(batch, this, oldest)
  }

  /** What a record becomes. `headers` begin with those that Lethe writes. */
  published({ records, outcomes }: RoutedBatch, index: number, source: string | undefined): OutputRecord {
    const listed = outcomes.headers(index)
    const id = this.#to.hasSchemas === true ? records.valueFrame(index) : -1
    const stamps = id < 0 ? this.#stamps(source) : [...this.#stamps(source), this.#schemaHeader(id)]
    return {
      topic: this.#to.topic,
      partition: this.#partition(records, index),
      key: this.#key(outcomes.key(index)),
      value: outcomes.value(index),
      headers:
        listed.length === 0 ? stamps : [...stamps, ...listed.map(({ name, value }) => ({ [name]: value }))],
      timestamp: outcomes.timestamp(index),
    }
  }

  tombstone(
    { records }: RoutedBatch,
    index: number,
    key: Uint8Array,
    source: string | undefined,
  ): OutputRecord {
    return {
      topic: this.#to.topic,
      partition: this.#partition(records, index),
      key: this.#key(key),
      value: null,
      headers: this.#stamps(source),
      timestamp: undefined,
    }
  }

  letter(batch: RoutedBatch, index: number): TopicDeadLetter {
    return this.#letters.letter(batch, index)
  }

  deadLetter(batch: RoutedBatch, index: number): OutputRecord {
    return this.#letters.record(batch, index)
  }

  #partition(records: PackedRecords, index: number): number | undefined {
    return this.#to.partition === 'same' ? records.partition(index) : undefined
  }

  /** One for all records of a schema. */
  #schemaHeader(id: number): OutputHeader {
    let header = this.#schemaHeaders.get(id)
    if (header === undefined) {
      if (this.#schemaHeaders.size >= MOST_SCHEMA_HEADERS) this.#schemaHeaders.clear()
      header = { [SCHEMA_HEADER]: String(id) }
      this.#schemaHeaders.set(id, header)
    }
    return header
  }

  #stamps(source: string | undefined): readonly OutputHeader[] {
    return source === undefined ? [this.#policyHeader] : [sourceHeader(source), this.#policyHeader]
  }
}

/** What a batch writes, each record made as it is asked for: few are ever held at once. */
export class BatchOutputs implements WrittenBatch {
  readonly counts: Emitted = noneEmitted()
  readonly #batch: RoutedBatch
  readonly #writer: OutputWriter
  readonly #source: ((index: number) => string) | undefined
  /** Of which input each is made. */
  readonly #inputs: number[] = []
  /** Keys of those that are tombstones. */
  readonly #tombstones: Map<number, Uint8Array> = new Map()

  constructor(batch: RoutedBatch, writer: OutputWriter, oldest: number) {
    this.#batch = batch
    this.#writer = writer
    this.#source = writer.sources.write(batch.records)
    const { outcomes } = batch
    const { counts } = this
    for (let index = 0; index < outcomes.length; index++) {
      const kind = outcomes.kind(index)
      if (kind === 'dead-letter') {
        this.#inputs.push(index)
        counts.deadLetters++
        if (batch.sealed !== undefined)
          counts[batch.sealed.get(index) === undefined ? 'unsealed' : 'sealed']++
        continue
      }
      if (kind === 'publish') {
        this.#inputs.push(index)
        counts.published++
        const timestamp = outcomes.timestamp(index)
        if (timestamp !== undefined && timestamp < oldest) counts.pastRetention++
        this.#countLosses(index)
      }
      for (const key of outcomes.tombstones(index)) {
        this.#tombstones.set(this.#inputs.length, key)
        this.#inputs.push(index)
        counts.tombstones++
      }
    }
  }

  /** Counts what stood beside the value of a record that is published, and does not leave with it. */
  #countLosses(index: number): void {
    const { counts } = this
    const { records, outcomes } = this.#batch
    const { leavesKeys, takesWholeKeys } = this.#writer
    if (leavesKeys && records.hasKey(index)) counts.unkeyed++
    if (takesWholeKeys && records.hasKey(index) && records.keys[records.keyStart(index)] === BRACE)
      if (records.keyEnd(index) > records.keyStart(index)) counts.wholeKeys++
    const headers = records.headers(index)
    if (headers !== undefined)
      counts.droppedHeaders += Math.max(0, headers.length - outcomes.headers(index).length)
  }

  get length(): number {
    return this.#inputs.length
  }

  inputOf(output: number): number {
    return this.#inputs[output]!
  }

  get onlyInput(): number | undefined {
    const inputs = this.#inputs
    return inputs.every((input) => input === inputs[0]) ? inputs[0] : undefined
  }

  at(output: number): OutputRecord | undefined {
    const input = this.#inputs[output]
    if (input === undefined) return undefined
    if (this.#batch.outcomes.kind(input) === 'dead-letter') return this.#writer.deadLetter(this.#batch, input)
    const source = this.#source?.(input)
    const key = this.#tombstones.get(output)
    return key === undefined
      ? this.#writer.published(this.#batch, input, source)
      : this.#writer.tombstone(this.#batch, input, key, source)
  }

  *[Symbol.iterator](): Generator<OutputRecord> {
    for (let output = 0; output < this.length; output++) yield this.at(output)!
  }
}

/** The batch with one record dead-lettered after all, because a broker refuses what was made of it. */
export function refuse(batch: RoutedBatch, index: number, code: DeadLetterCode): RoutedBatch {
  const { account, outcomes } = batch
  const kind = outcomes.kind(index)
  if (kind === 'publish') account.published--
  else if (kind === 'tombstone') account.tombstones--
  else throw new Error('what was written for a suppression or dead letter is refused')
  account.deadLettered[code] = (account.deadLettered[code] ?? 0) + 1
  outcomes.deadLetter(index, code, -1)
  return batch
}

/** Only what lies before `ends`, by topic/partition; a partition that is not among them is left out. */
export function before(polled: Polled, ends: ReadonlyMap<string, number>): Polled {
  const endOf = (at: TopicPartition): number => ends.get(partitionKey(at)) ?? -1
  return {
    epoch: polled.epoch,
    records: polled.records.before(endOf),
    next: polled.next.flatMap((position) => {
      const end = endOf(position)
      return end < 0 ? [] : [{ ...position, offset: Math.min(position.offset, end) }]
    }),
  }
}
