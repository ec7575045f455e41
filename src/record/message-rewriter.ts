/** De-identifies batches of messages: values as JSON, and what stands beside them. */
import { isUtf8 } from 'node:buffer'
import type { CompiledTransform } from '../../transforms/transform.ts'
import type { DeadLetterCode } from '../errors.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { ByteSink } from './byte-sink.ts'
import { Envelope, resultBytes, textOf } from './envelope.ts'
import { intervalStart } from './interval.ts'
import { JsonRewriter } from './json-rewriter.ts'
import type { Message, MessageOutcome } from './message.ts'
import { BLOCK_RECORDS, PADDING, type RewriteOptions } from './rewriter.ts'
import { Times } from './times.ts'
import { KeyTombstones } from './tombstones.ts'

export interface MessageOptions extends RewriteOptions {
  /**
   * The output keeps the last record of each key only. Then tombstones and suppressions are written under the token of
   * every enabled key, and nothing is published without a key.
   */
  readonly compacted: boolean
  /** The transform of `$key` under each key that may still be used; see `keyRules`. */
  readonly keyRules: readonly CompiledTransform[]
}

interface Result {
  kind: MessageOutcome['kind']
  value: Uint8Array | null
  key: Uint8Array | null
  headers: { readonly name: string; readonly value: string }[]
  timestamp: number | undefined
  tombstones: readonly Uint8Array[]
  code: DeadLetterCode | undefined
  rule: number
}

/** Most records have none of either; a list for each would be garbage. */
const NO_HEADERS: { readonly name: string; readonly value: string }[] = []
const NO_TOMBSTONES: readonly Uint8Array[] = []

const LF = 0x0a
const BRACE = 0x7b
const FRAMED = 0

/** Fields beside the value, numbered behind those of the value. */
const beside = (plan: Plan): PlanField[] =>
  plan.envelope.map((field) => ({ ...field, index: plan.fields.length + field.index }))

export class MessageRewriter extends JsonRewriter {
  readonly #envelopeFields: readonly PlanField[]
  readonly #envelope: Envelope
  readonly #timeField: PlanField | undefined
  readonly #compacted: boolean
  readonly #tombstones: KeyTombstones
  /** Values may hold line breaks where containers are copied as they are. */
  readonly #mayBreakLines: boolean
  /** The batch at hand. */
  #messages: readonly Message[] = []
  #results: Result[] = []
  /** Which message a line of the chunk is. */
  #messageOf = new Int32Array(0)
  #lines = 0
  /** What is published, three numbers each: which message, and where its value begins and ends in the output. */
  readonly #published: number[] = []
  /** Texts of event times, and what they mean: many records share one. */
  readonly #times: Times

  constructor(plan: Plan, options: MessageOptions) {
    const fields = beside(plan)
    super(plan, options, fields)
    this.#envelopeFields = fields
    this.#envelope = new Envelope(fields)
    this.#compacted = options.compacted
    this.#tombstones = new KeyTombstones(plan, options.keyRules, options.compacted)
    const time = plan.time?.path.text
    this.#timeField =
      plan.fields.find((field) => field.path.text === time && field.from.text === time) ??
      plan.fields.find((field) => field.from.text === time)
    const keepsTime = this.#timeField?.rulesByStep[0]?.[0]?.action.kind === 'keep'
    this.#times = new Times((text) => {
      const parse = plan.time?.parse
      return keepsTime ? parse?.(text) : (intervalStart(text) ?? parse?.(text))
    })
    this.#mayBreakLines = plan.rules.some((rule) => rule.action.kind === 'keep-subtree')
  }

  /** The instant that retention is judged at, ms since the epoch. */
  set now(now: number) {
    this.applier.now = now
  }

  /** What becomes of each message, in order. Never throws for what a message holds. */
  rewriteMessages(messages: readonly Message[]): readonly MessageOutcome[] {
    this.#messages = messages
    this.#results = messages.map(() => ({
      kind: 'dead-letter',
      value: null,
      key: null,
      headers: NO_HEADERS,
      timestamp: undefined,
      tombstones: NO_TOMBSTONES,
      code: undefined,
      rule: -1,
    }))
    if (this.#messageOf.length < messages.length) this.#messageOf = new Int32Array(messages.length)
    this.#lines = 0
    this.#published.length = 0
    this.#rewrite(this.#sort())
    for (const { record: _, line, code, rule } of this.deadLetters) {
      const result = this.#results[this.#messageOf[line]!]!
      result.kind = 'dead-letter'
      result.code = code
      result.rule = rule
    }
    this.deadLetters = []
    const results = this.#results
    this.#results = []
    this.#messages = []
    return results
  }

  /** Settles what needs no rules, and gives the other messages: those of one line first. */
  #sort(): { readonly lines: number[]; readonly others: number[] } {
    const lines: number[] = []
    const others: number[] = []
    for (let index = 0; index < this.#messages.length; index++) {
      const { value, key } = this.#messages[index]!
      if (value === null) this.#tombstone(index, key)
      else if (value.length > this.maxRecordBytes) this.#refuse(index, 'record-too-large')
      else if (value.length === 0) this.#refuse(index, 'value-empty')
      else if (value[0] === FRAMED) this.#refuse(index, 'schema-registry-framed')
      else if (value[0] === BRACE && !value.includes(LF)) lines.push(index)
      else others.push(index)
    }
    return { lines, others }
  }

  #refuse(index: number, code: DeadLetterCode, rule = -1): void {
    const { account } = this
    account.records++
    account.deadLettered[code] = (account.deadLettered[code] ?? 0) + 1
    this.#results[index]!.code = code
    this.#results[index]!.rule = rule
  }

  #tombstone(index: number, key: Uint8Array | null): void {
    const found = this.#tombstones.of(key)
    if (found.kind === 'refused') {
      this.#refuse(index, found.code, found.rule)
      return
    }
    const { account } = this
    const result = this.#results[index]!
    account.records++
    if (found.kind === 'none') {
      result.kind = 'suppress'
      account.suppressed[found.label] = (account.suppressed[found.label] ?? 0) + 1
      return
    }
    result.kind = 'tombstone'
    result.tombstones = found.keys
    account.tombstones++
    for (const rule of found.rules) account.rules[rule]!.applied++
  }

  #rewrite({
    lines,
    others,
  }: {
    readonly lines: readonly number[]
    readonly others: readonly number[]
  }): void {
    let bytes = PADDING
    for (const message of this.#messages)
      bytes += (message.value?.length ?? 0) + (message.key?.length ?? 0) + 8
    const chunk = new ByteSink(bytes)
    const put = (index: number): void => {
      const value = this.#messages[index]!.value!
      chunk.append(value)
      chunk.byte(LF)
      this.#messageOf[this.#lines++] = index
    }
    for (const index of lines) put(index)
    const length = chunk.length
    // What is no UTF-8 would have each record of the batch looked at one by one.
    if (!isUtf8(chunk.bytes.subarray(0, length))) {
      const isText = (index: number): boolean => isUtf8(this.#messages[index]!.value!)
      for (const index of lines) if (!isText(index)) this.#refuse(index, 'bad-utf8')
      this.#lines = 0
      this.#rewrite({ lines: lines.filter(isText), others })
      return
    }
    const starts = others.map((index) => {
      const start = chunk.length
      put(index)
      return start
    })
    this.#envelope.open(this.#messages.length)
    if (this.#envelopeFields.length > 0)
      for (const list of [lines, others])
        for (const index of list) this.#envelope.put(index, this.#messages[index]!, chunk)
    for (let i = 0; i < PADDING; i++) chunk.byte(LF)
    this.openChunk(chunk.take())
    this.rewriteLines(length)
    this.#rewriteOthers(others, starts, lines.length)
    const output = this.takeOutput()
    const published = this.#published
    for (let i = 0; i < published.length; i += 3) {
      const start = published[i + 1]!
      this.#results[published[i]!]!.value = new Uint8Array(
        output.buffer,
        output.byteOffset + start,
        published[i + 2]! - start,
      )
    }
  }

  #rewriteOthers(others: readonly number[], starts: readonly number[], line: number): void {
    for (const [at, index] of others.entries()) {
      const start = starts[at]!
      this.record(start, start + this.#messages[index]!.value!.length, line + at)
      if (this.#mayBreakLines || this.block.recordCount >= BLOCK_RECORDS) this.writeBlock(true)
    }
    if (this.block.recordCount > 0) this.writeBlock(true)
  }

  protected override scanned(): void {
    if (this.#envelopeFields.length > 0) this.#envelope.addSlots(this.block, this.#messageOf)
  }

  protected override ruled(): void {
    const { block } = this
    // The block's own memory is written over by the next one.
    const arena = block.arena.bytes.slice(0, block.arena.length)
    for (const field of this.#envelopeFields)
      this.#eachPassing(field, (record, slot) => this.#take(field, record, resultBytes(block, slot, arena)))
    if (this.#timeField !== undefined && !this.#envelopeFields.some(isTimestamp))
      this.#eachPassing(this.#timeField, (record, slot) => {
        this.#resultOf(record).timestamp = this.#times.of(block, slot, arena)
      })
    for (let record = 0; record < block.recordCount; record++) {
      if (block.recordCode[record] !== undefined) continue
      if (block.recordStep[record]! < 0) this.#suppressed(record)
      else if (this.#compacted && this.#resultOf(record).key === null) block.fail(record, 'key-missing', -1)
    }
  }

  #resultOf(record: number): Result {
    return this.#results[this.#messageOf[this.block.recordLine[record]!]!]!
  }

  #eachPassing(field: PlanField, take: (record: number, slot: number) => void): void {
    const { block } = this
    const slots = block.fieldSlots[field.index]!
    const count = block.fieldCount[field.index]!
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      const record = block.slotRecord[slot]!
      if (block.recordCode[record] === undefined && block.recordStep[record]! >= 0) take(record, slot)
    }
  }

  #take(field: PlanField, record: number, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) return
    const result = this.#resultOf(record)
    if (field.path.envelope === 'key') result.key = bytes
    else if (field.path.envelope === 'header') {
      const { name } = field.path.segments[0] as { readonly name: string }
      if (result.headers === NO_HEADERS) result.headers = []
      result.headers.push({ name, value: textOf(bytes) })
    } else result.timestamp = instant(textOf(bytes))
  }

  /** Suppressed records hide what was published under their key before, where the topic is compacted. */
  #suppressed(record: number): void {
    const index = this.#messageOf[this.block.recordLine[record]!]!
    const result = this.#results[index]!
    if (this.#compacted) {
      const found = this.#tombstones.of(this.#messages[index]!.key)
      if (found.kind === 'refused') {
        // A record without a key hides nothing, and nothing of it can be there.
        if (found.code !== 'tombstone-without-key') {
          this.block.fail(record, found.code, found.rule)
          return
        }
      } else if (found.kind === 'written') result.tombstones = found.keys
    }
    result.kind = 'suppress'
  }

  protected override wrote(records: Int32Array, count: number, from: number): void {
    const { sink } = this
    let start = from
    for (let i = 0; i < count; i++) {
      const record = records[i]!
      if (record < 0) continue
      const end = this.#mayBreakLines && count === 1 ? sink.length - 1 : sink.bytes.indexOf(LF, start)
      const message = this.#messageOf[this.block.recordLine[record]!]!
      this.#results[message]!.kind = 'publish'
      this.#published.push(message, start, end)
      start = end + 1
    }
  }
}

const isTimestamp = (field: PlanField): boolean => field.path.envelope === 'timestamp'

function instant(text: string): number | undefined {
  const start = intervalStart(text)
  return start === undefined || start < 0 ? undefined : start
}
