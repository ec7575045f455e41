/** De-identifies batches of messages: values as JSON, and what stands beside them. */
import { isUtf8 } from 'node:buffer'
import { intervalStart } from '../../transforms/calendar/interval.ts'
import type { DeadLetterCode } from '../errors.ts'
import type { KeyVariant } from '../policy/key-rules.ts'
import { IMAGES } from '../policy/path.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import { type Block, ResultKind } from '../record/block.ts'
import { ByteSink } from '../record/byte-sink.ts'
import { BLOCK_RECORDS, PADDING } from '../record/codec.ts'
import { DEFAULT_MAX_RECORD_BYTES } from '../record/limits.ts'
import type { SchemaNews } from '../record/schema-text.ts'
import { beginsFramed, type Opening } from '../record/wire-form.ts'
import type { Account } from './account.ts'
import { type Beside, Engine, type EngineOptions, type EngineParts } from './engine.ts'
import { Envelope, resultBytes, textOf } from './envelope.ts'
import { isOfJsonKey, JsonKeys } from './json-keys.ts'
import { MessageBatch } from './message-batch.ts'
import { openMessages } from './open-messages.ts'
import { OutcomeBatch } from './outcome-batch.ts'
import { type FramesOf, OutputFrames } from './output-frames.ts'
import { FIRST_RECORDS, ONE_IN } from './suspects.ts'
import { Times } from './times.ts'
import { DELETED, type KeyTombstones } from './tombstones.ts'

export interface MessageOptions {
  /**
   * The output keeps the last record of each key only. Then tombstones and suppressions are written under the token of
   * every enabled key, and nothing is published without a key.
   */
  readonly compacted: boolean
  /** The rules of the record key under each key that may still be used; see `keyRules`. */
  readonly keyRules: readonly KeyVariant[]
}

const LF = 0x0a

/** Fields beside the value, numbered behind those of the value. */
export const besideOf = (plan: Plan): PlanField[] =>
  plan.envelope
    // Those of change events have no counterpart in a row by itself.
    .filter(({ path }) => path.envelope !== 'change')
    .map((field, at) => ({ ...field, index: plan.fields.length + at }))

/** What a message engine is made of: a codec for values, what opens them, and what an engine needs. */
export interface MessageEngineParts extends Omit<EngineParts, 'beside'> {
  /** Undefined where values and keys are read as they stand. */
  readonly opening?: Opening | undefined
  /** Whether the codec reads the frame of a schema registry. */
  readonly isFramed?: boolean | undefined
  /** Where values leave as JSON in frames: by which schema. */
  readonly framesOf?: FramesOf | undefined
  /** Takes the schemas that values and keys name. */
  readonly learn?: ((news: SchemaNews) => void) | undefined
  readonly tombstones: KeyTombstones
}

/** Whether a member of a JSON key that no rule names makes a record fail: of a compacted topic, it may tell keys apart. */
export const rejectsKeyMembers = ({ unlisted }: Plan, { compacted }: MessageOptions): boolean =>
  compacted || unlisted === 'reject'

export class MessageEngine {
  readonly #engine: Engine
  readonly #maxRecordBytes: number
  readonly #opening: Opening | undefined
  readonly #isFramed: boolean
  readonly #frames: OutputFrames | undefined
  readonly #learn: ((news: SchemaNews) => void) | undefined
  readonly #envelopeFields: readonly PlanField[]
  /** Those that are texts, but for JSON keys. */
  readonly #texts: readonly PlanField[]
  readonly #envelope: Envelope
  readonly #keys: JsonKeys | undefined
  /** Fields made of the event time: one, or of change events one for each image. */
  readonly #timeFields: readonly PlanField[]
  readonly #compacted: boolean
  readonly #tombstones: KeyTombstones
  /** The batch at hand. */
  #messages: MessageBatch = new MessageBatch()
  #outcomes: OutcomeBatch = new OutcomeBatch(0)
  /** By message: why it could not be opened. */
  #codes: readonly (DeadLetterCode | undefined)[] | undefined
  /** Which message a line of the chunk is. */
  #messageOf = new Int32Array(0)
  /** By message of the batch, 1 where kept values are looked at; by record of the block the same. */
  #looked: Uint8Array = new Uint8Array(0)
  readonly #lookedRecords = new Uint8Array(BLOCK_RECORDS)
  /** Messages before this batch, where the caller does not say which are looked at. */
  #given = 0
  /** Texts of event times, and what they mean: many records share one. */
  readonly #times: Times

  constructor(parts: MessageEngineParts, options: EngineOptions & MessageOptions) {
    const { plan } = parts
    this.#maxRecordBytes = options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES
    this.#opening = parts.opening
    this.#isFramed = parts.isFramed === true
    this.#learn = parts.learn
    if (parts.framesOf !== undefined) this.#frames = new OutputFrames(parts.framesOf)
    this.#envelopeFields = besideOf(plan)
    this.#texts = this.#envelopeFields.filter((field) => !isOfJsonKey(field))
    this.#envelope = new Envelope(this.#texts)
    const ofKeys = this.#envelopeFields.filter(isOfJsonKey)
    if (ofKeys.length > 0) this.#keys = new JsonKeys(plan, ofKeys, rejectsKeyMembers(plan, options))
    this.#compacted = options.compacted
    this.#tombstones = parts.tombstones
    const row = parts.row ?? plan
    const time = row.time?.path.text
    const timeField =
      row.fields.find((field) => field.path.text === time && field.from.text === time) ??
      row.fields.find((field) => field.from.text === time)
    const images = parts.row === undefined ? [0] : IMAGES.keys()
    this.#timeFields =
      timeField === undefined
        ? []
        : [...images].map((image) => plan.fields[image * row.fields.length + timeField.index]!)
    const rule = timeField?.rulesByStep[0]?.[0]
    const keepsTime = rule?.action.kind === 'keep'
    // A shifted time is written as times are: four digits of it may be days.
    const keepsForm = keepsTime || rule?.use === 'shift.date'
    this.#times = new Times(!keepsTime, (text) => {
      const read = (): number | undefined => {
        const instant = row.time?.read(text, this.#engine.now)
        return typeof instant === 'number' ? instant : undefined
      }
      const start = (): number | undefined => (keepsTime ? undefined : intervalStart(text))
      return keepsForm ? (read() ?? start()) : (start() ?? read())
    })
    const beside: Beside = {
      fields: this.#envelopeFields,
      looked: this.#lookedRecords,
      addSlots: (block) => this.#addSlots(block),
      collect: (block, from, to) => this.#collect(block, from, to),
      written: (block, records, count, from, ends) => this.#written(block, records, count, from, ends),
    }
    this.#engine = new Engine({ ...parts, beside }, options)
  }

  /** Those of the plan: outcomes name them by their ids. */
  get rules(): readonly PlanRule[] {
    return this.#engine.plan.rules
  }

  get account(): Account {
    return this.#engine.account
  }

  takeAccount(): Account {
    return this.#engine.takeAccount()
  }

  /** The instant that records are judged at from now on, ms since the epoch. */
  set now(now: number) {
    this.#engine.now = now
  }

  /** Between two batches: schemas that messages may name from now on. */
  learn(news: SchemaNews): void {
    this.#learn?.(news)
  }

  /** Memory that the values of the next batch may be written into. */
  set memory(memory: ArrayBuffer | undefined) {
    this.#engine.memory = memory
  }

  /**
   * What becomes of each message, in order. Never throws for what a message holds. `looked`: by message, 1 where kept values
   * are looked at; otherwise the first 10,000 messages that this one is given, and then each 64th.
   */
  rewrite(messages: MessageBatch, looked?: Uint8Array): OutcomeBatch {
    this.#looked = looked ?? this.#nextLooked(messages.length)
    const outcomes = new OutcomeBatch(messages.length)
    const opened =
      this.#opening === undefined ? undefined : openMessages(messages, this.#opening, this.#maxRecordBytes)
    this.#messages = opened?.messages ?? messages
    this.#codes = opened?.codes
    this.#outcomes = outcomes
    this.#frames?.open(messages.length, (index) => messages.valueFrame(index))
    if (this.#messageOf.length < messages.length) this.#messageOf = new Int32Array(messages.length)
    this.#rewrite(this.#sort())
    return outcomes
  }

  #nextLooked(count: number): Uint8Array {
    const looked = new Uint8Array(count)
    for (let index = 0; index < count; index++, this.#given++)
      if (this.#given < FIRST_RECORDS || this.#given % ONE_IN === 0) looked[index] = 1
    return looked
  }

  /** Settles what needs no rules, and gives the other messages: those of one line first. */
  #sort(): Sorted {
    const messages = this.#messages
    const lines: number[] = []
    const others: number[] = []
    for (let index = 0; index < messages.length; index++) {
      const length = messages.valueLength(index)
      const code = this.#codes?.[index]
      if (code !== undefined) this.#refuse(index, code)
      else if (messages.isTombstone(index)) this.#tombstone(index, messages.key(index))
      else if (length > this.#maxRecordBytes) this.#refuse(index, 'record-too-large')
      else if (messages.isLine(index)) lines.push(index)
      else if (length === 0) this.#refuse(index, 'value-empty')
      else if (!this.#isFramed && this.#codes === undefined && beginsFramed(messages.value(index)!))
        this.#refuse(index, 'schema-registry-framed')
      else others.push(index)
    }
    return { lines, others }
  }

  #refuse(index: number, code: DeadLetterCode, rule = -1): void {
    const { account } = this.#engine
    account.records++
    account.deadLettered[code] = (account.deadLettered[code] ?? 0) + 1
    this.#outcomes.deadLetter(index, code, rule)
  }

  #tombstone(index: number, key: Uint8Array | null): void {
    const found = this.#tombstones.of(key, this.#engine.now)
    if (found.kind === 'refused') {
      this.#refuse(index, found.code, found.rule)
      return
    }
    const { account } = this.#engine
    account.records++
    if (found.kind === 'none') {
      this.#outcomes.suppress(index, found.label)
      account.suppressed[found.label] = (account.suppressed[found.label] ?? 0) + 1
      return
    }
    this.#outcomes.tombstone(index, found.keys)
    account.tombstones++
    for (const rule of found.rules) account.rules[rule]!.applied++
  }

  #rewrite({ lines, others }: Sorted): void {
    const messages = this.#messages
    const packed = lines.length === 0 ? undefined : this.#chunkOf(lines)
    const length = packed?.length ?? 0
    // What is not UTF-8 would have each record of the batch looked at one by one.
    if (packed !== undefined && !isUtf8(packed.bytes.subarray(0, length))) {
      const isText = (index: number): boolean => isUtf8(messages.value(index)!)
      for (const index of lines) if (!isText(index)) this.#refuse(index, 'bad-utf8')
      this.#rewrite({ lines: lines.filter(isText), others })
      return
    }
    for (let line = 0; line < lines.length; line++) this.#messageOf[line] = lines[line]!
    this.#messageOf.set(others, lines.length)
    const starts = new Int32Array(others.length)
    const chunk = messages.withOthers(others, packed, starts)
    this.#envelope.open(messages.length)
    if (this.#texts.length > 0)
      for (const list of [lines, others]) for (const index of list) this.#envelope.put(index, messages, chunk)
    this.#keys?.open(messages.length)
    if (this.#keys !== undefined)
      for (const list of [lines, others]) for (const index of list) this.#keys.put(index, messages, chunk)
    for (let i = 0; i < PADDING; i++) chunk.byte(LF)
    const engine = this.#engine
    engine.open(chunk.bytes.subarray(0, chunk.length), length, 0)
    engine.records()
    const ends = starts.map((start, at) => start + messages.valueLength(others[at]!))
    engine.spans(starts, ends, lines.length)
    const { output, deadLetters } = engine.close()
    this.#outcomes.values = this.#frames?.frame(this.#outcomes, output) ?? output
    for (const { line, code, rule, subject } of deadLetters)
      this.#outcomes.deadLetter(this.#messageOf[line]!, code, rule, subject)
  }

  /** The values of these messages, each ended by a line break; what stands behind them may be written. */
  #chunkOf(lines: readonly number[]): ByteSink {
    const { lines: packed, lineCount, linesEnd } = this.#messages
    if (lines.length === lineCount) {
      // Usually they stand there already, with nothing in between.
      packed.length = linesEnd
      return packed
    }
    const chunk = new ByteSink(linesEnd)
    for (const index of lines) {
      chunk.append(this.#messages.value(index)!)
      chunk.byte(LF)
    }
    return chunk
  }

  #addSlots(block: Block): void {
    const records = this.#lookedRecords
    for (let record = 0; record < block.recordCount; record++)
      records[record] = this.#looked[this.#messageAt(block, record)]!
    if (this.#texts.length > 0) this.#envelope.addSlots(block, this.#messageOf)
    if (this.#keys === undefined) return
    this.#keys.addSlots(block, this.#messageOf)
    this.#engine.account.unlisted += this.#keys.takeUnlisted()
  }

  #collect(block: Block, from: number, to: number): void {
    const outcomes = this.#outcomes
    for (const field of this.#texts)
      this.#eachPassing(block, field, from, to, (record, slot) =>
        this.#take(block, field, this.#messageAt(block, record), slot),
      )
    if (!this.#envelopeFields.some(isTimestamp))
      for (const field of this.#timeFields)
        this.#eachPassing(block, field, from, to, (record, slot) =>
          outcomes.setEarlier(this.#messageAt(block, record), this.#times.of(block, slot)),
        )
    this.#frames?.check(block, from, to, (record) => this.#messageAt(block, record))
    if (this.#keys !== undefined) this.#takeKeys(this.#keys, block, from, to)
    for (let record = from; record < to; record++) {
      if (block.isDeadLetter(record)) continue
      if (block.suppressedBy[record] === DELETED) this.#deleted(block, record)
      else if (block.suppressedBy[record] !== undefined) this.#suppressed(block, record)
      else if (this.#compacted && !outcomes.hasKey(this.#messageAt(block, record)))
        block.fail(record, 'key-missing', -1)
    }
  }

  #takeKeys(keys: JsonKeys, block: Block, from: number, to: number): void {
    for (let record = from; record < to; record++) {
      const key = block.recordOut[record] === 0 ? keys.keyOf(block, record) : undefined
      if (key !== undefined) this.#outcomes.setKey(this.#messageAt(block, record), key, 0, key.length)
    }
  }

  /** Which message a record of the block is. */
  #messageAt(block: Block, record: number): number {
    return this.#messageOf[block.recordLine[record]!]!
  }

  #eachPassing(
    block: Block,
    field: PlanField,
    from: number,
    to: number,
    take: (record: number, slot: number) => void,
  ): void {
    const slots = block.fieldSlots[field.index]!
    const end = block.placeOf(field.index, to)
    for (let i = block.placeOf(field.index, from); i < end; i++) {
      const slot = slots[i]!
      const record = block.slotRecord[slot]!
      if (block.recordOut[record] === 0) take(record, slot)
    }
  }

  #take(block: Block, field: PlanField, message: number, slot: number): void {
    const outcomes = this.#outcomes
    const { envelope } = field.path
    if (envelope === 'key' && block.resultKind[slot] === ResultKind.arena) {
      outcomes.setKey(message, block.arena.bytes, block.resultStart[slot]!, block.resultEnd[slot]!)
      return
    }
    const bytes = resultBytes(block, slot)
    if (bytes === undefined) return
    if (envelope === 'key') outcomes.setKey(message, bytes, 0, bytes.length)
    else if (envelope === 'header') {
      const { name } = field.path.segments[0] as { readonly name: string }
      outcomes.addHeader(message, name, textOf(bytes))
    } else outcomes.setTimestamp(message, instant(textOf(bytes)))
  }

  /** A delete in whose place a tombstone is written: no gate judges it, as it holds no value. */
  #deleted(block: Block, record: number): void {
    const index = this.#messageAt(block, record)
    const found = this.#tombstones.of(this.#messages.key(index), this.#engine.now)
    if (found.kind === 'refused') block.fail(record, found.code, found.rule)
    else if (found.kind === 'none') {
      block.suppressedBy[record] = found.label
      this.#outcomes.suppress(index, found.label)
    } else {
      block.tombstones.add(record)
      this.#outcomes.tombstone(index, found.keys)
      for (const rule of found.rules) this.#engine.account.rules[rule]!.applied++
    }
  }

  /** Suppressed records hide what was published under their key before, where the topic is compacted. */
  #suppressed(block: Block, record: number): void {
    const index = this.#messageAt(block, record)
    const reason = block.suppressedBy[record]!
    if (!this.#compacted) {
      this.#outcomes.suppress(index, reason)
      return
    }
    const found = this.#tombstones.of(this.#messages.key(index), this.#engine.now)
    if (found.kind === 'written') this.#outcomes.suppress(index, reason, found.keys)
    // A record without a key hides nothing, and nothing of it can be there.
    // Of a denied record neither: a key that no rule takes was never written.
    else if (found.kind === 'none' || found.code === 'tombstone-without-key' || block.isDenied(record))
      this.#outcomes.suppress(index, reason)
    else block.fail(record, found.code, found.rule)
  }

  #written(block: Block, records: Int32Array, count: number, from: number, ends: Int32Array): void {
    let start = from
    for (let i = 0; i < count; i++) {
      const record = records[i]!
      if (record < 0) continue
      this.#outcomes.publish(this.#messageAt(block, record), start, ends[i]!)
      start = ends[i]! + 1
    }
  }
}

interface Sorted {
  /** Messages whose value is one line. */
  readonly lines: readonly number[]
  readonly others: readonly number[]
}

const isTimestamp = (field: PlanField): boolean => field.path.envelope === 'timestamp'

function instant(text: string): number | undefined {
  const start = intervalStart(text)
  return start === undefined || start < 0 ? undefined : start
}
